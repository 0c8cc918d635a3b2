"""Other things that happen in chat. Functions with `@moa.on("joined")` learn of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .types import Message, MessageRef, Place

__all__ = ["Deleted", "Edited", "Event", "Joined", "Left", "Reacted", "Topic", "Unreacted"]


@dataclass(frozen=True)
class Reacted:
    """A reaction was added."""

    message: MessageRef
    emoji: str
    """Its name without colons."""


@dataclass(frozen=True)
class Unreacted:
    """A reaction was taken back."""

    message: MessageRef
    emoji: str


@dataclass(frozen=True)
class Joined:
    """Somebody joined a conversation."""

    place: Place


@dataclass(frozen=True)
class Left:
    """Somebody left a conversation."""

    place: Place


@dataclass(frozen=True)
class Topic:
    """A conversation has another topic; empty if it has none now."""

    place: Place
    topic: str


@dataclass(frozen=True)
class Edited:
    """A message was edited."""

    message: Message
    """As it is now."""


@dataclass(frozen=True)
class Deleted:
    """A message was deleted."""

    message: MessageRef


Event = Union[Reacted, Unreacted, Joined, Left, Topic, Edited, Deleted]

NAMES: dict[type, str] = {
    Reacted: "reacted",
    Unreacted: "unreacted",
    Joined: "joined",
    Left: "left",
    Topic: "topic",
    Edited: "edited",
    Deleted: "deleted",
}
"""The manifest's names."""


def message_of(event: Event) -> MessageRef:
    """The address of the message that an event is about; one without an id where it is about a place."""
    if isinstance(event, Edited):
        return event.message.ref
    if isinstance(event, (Reacted, Unreacted, Deleted)):
        return event.message
    return MessageRef(event.place, "")
