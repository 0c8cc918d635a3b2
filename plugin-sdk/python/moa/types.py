"""The words that plugin and host share: people, places, messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Union

__all__ = [
    "Conversation",
    "Everyone",
    "File",
    "GroupMention",
    "ConversationMention",
    "Invocation",
    "Link",
    "Mention",
    "Message",
    "MessageRef",
    "Place",
    "PlaceKind",
    "User",
    "UserMention",
]


class PlaceKind(Enum):
    """What sort of conversation a place is in."""

    CHANNEL = "channel"
    GROUP = "group"
    DIRECT = "direct"


@dataclass(frozen=True)
class Place:
    """Where messages are. The conversation and each thread in it are different places."""

    service: str
    """The chat service, in lower case: `slack`, `jandi`, …; empty where the conversation's id tells it."""
    conversation: str
    """The service's id of the conversation."""
    thread: str | None = None
    """The id of the thread's first message; `None` for the conversation itself."""
    kind: PlaceKind = PlaceKind.CHANNEL
    """Channel, group or direct."""

    @classmethod
    def of(cls, conversation: str) -> Place:
        """A conversation by its id alone, as it stands in a configuration: `C012`, `jandi:lunch`, `incoming:ops`."""
        return cls("", conversation)


@dataclass(frozen=True)
class User:
    """A person, or a program with an account."""

    id: str
    """The service's id. Only this may decide what somebody is allowed to do: people choose the rest themselves."""
    name: str = ""
    """The account's name."""
    display_name: str = ""
    """The name that people see."""
    locale: str | None = None
    """The person's own language, where the service tells it."""
    timezone: str | None = None
    """The person's time zone, where the service tells it."""
    bot: bool = False
    """Whether this is a program."""

    @property
    def mention(self) -> str:
        """Markup that calls the person: `{@ID}`."""
        return "{@" + self.id + "}"


@dataclass(frozen=True)
class Conversation:
    """A channel, group or direct conversation."""

    id: str
    """The service's id."""
    name: str = ""
    """The name without a leading `#`; empty for direct conversations."""
    kind: PlaceKind = PlaceKind.CHANNEL
    """Channel, group or direct."""
    topic: str = ""
    """The topic; empty where none is set."""

    @property
    def mention(self) -> str:
        """Markup that links to the conversation: `{#ID}`."""
        return "{#" + self.id + "}"

    def place(self, service: str = "slack") -> Place:
        """The conversation as a place to speak in."""
        return Place(service, self.id, None, self.kind)


@dataclass(frozen=True)
class MessageRef:
    """The address of one message."""

    place: Place
    """Where it stands."""
    id: str
    """The service's id of it; empty where the service gives none."""


@dataclass(frozen=True)
class UserMention:
    """A person who was mentioned, by id."""

    id: str


@dataclass(frozen=True)
class ConversationMention:
    """A conversation that was mentioned, by id."""

    id: str


@dataclass(frozen=True)
class GroupMention:
    """A group of people that was mentioned, by id."""

    id: str


@dataclass(frozen=True)
class Everyone:
    """A call to everybody: `channel`, `here` or `everyone`."""

    word: str


@dataclass(frozen=True)
class Link:
    """An address; the label is the address where none was given."""

    url: str
    label: str


Mention = Union[UserMention, ConversationMention, GroupMention, Everyone, Link]
"""Something in a text that the service marked as more than text."""


@dataclass(frozen=True)
class File:
    """A file that hangs on a message. `moa.chat.download(file.id)` brings its content."""

    id: str
    name: str
    """As its owner gave it; not safe as a path."""
    mime: str = "application/octet-stream"
    size: int = 0


@dataclass(frozen=True)
class Message:
    """A message that somebody wrote."""

    ref: MessageRef
    """Its address, for editing and reacting."""
    author: User
    text: str = ""
    """The text, with mentions as plain names: repeating it calls nobody."""
    raw: str = ""
    """The text as the service sent it."""
    mentions: list[Mention] = field(default_factory=list)
    """The mentions and links, in the order in which they stand in the text."""
    files: list[File] = field(default_factory=list)
    time: datetime = datetime.fromtimestamp(0, timezone.utc)
    """When it was written."""
    edited: bool = False


@dataclass(frozen=True)
class Invocation:
    """What every call is told about itself."""

    id: str
    time: datetime
    attempt: int = 1
    locale: str = "en"
    timezone: str = "UTC"
