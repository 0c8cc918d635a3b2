"""What a call is told about itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any, TypeVar, overload
from urllib.parse import parse_qsl

from . import brain, chat, system
from ._config import read as read_config
from .brain import Brain
from .content import Speakable
from .types import Invocation, Message, MessageRef, Place, User

__all__ = ["Call", "Context", "Job", "Request"]

C = TypeVar("C")


class Call:
    """What every call has."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation

    @property
    def id(self) -> str:
        """The same however often the call is repeated: good as a key against doing something twice."""
        return self.invocation.id

    @property
    def time(self) -> datetime:
        """When the event of the call arrived; the same on a repetition."""
        return self.invocation.time

    @property
    def attempt(self) -> int:
        """1 for the first try, one more for each repetition."""
        return self.invocation.attempt

    @property
    def locale(self) -> str:
        """The language to answer in, such as `ko` or `en-GB`."""
        return self.invocation.locale

    @property
    def language(self) -> str:
        """The language alone: `en` of `en-GB`."""
        return self.locale.replace("_", "-").partition("-")[0].lower()

    @property
    def timezone(self) -> str:
        """The time zone to speak of, an IANA name."""
        return self.invocation.timezone

    @property
    def now(self) -> datetime:
        """The present on the clock of that time zone."""
        return system.local(system.now(), self.timezone)

    def date(self, timezone: str) -> Date:
        """The date of `time`, on the calendar of a time zone (an IANA name)."""
        return system.local(self.time, timezone).date()

    @property
    def brain(self) -> Brain:
        """The plugin's memory."""
        return brain.plugin()

    @overload
    def config(self) -> dict[str, Any]: ...
    @overload
    def config(self, settings: type[C]) -> C: ...
    def config(self, settings: type[C] | None = None) -> C | dict[str, Any]:
        """The plugin's configuration: a dict, or an instance of the class with `@moa.config`."""
        table = system.config()
        return table if settings is None else read_config(settings, table)


class Context(Call):
    """Everything about one command, message that was heard, press or event. Take it as a parameter, anywhere."""

    def __init__(
        self,
        invocation: Invocation,
        who: User,
        message: Message,
        *,
        command: str = "",
        path: Sequence[str] = (),
        rest: str = "",
        tokens: Sequence[str] = (),
        pattern: str = "",
        captures: Sequence[str | None] = (),
    ) -> None:
        super().__init__(invocation)
        self.who = who
        """Who wrote the message, pressed, or did what the event tells. Only the id may decide what they may do."""
        self.message = message
        """The message that carried the command or was heard. Of a press or event often only the address is known."""
        self.command = command
        """The command's name in the manifest, whatever alias was typed."""
        self.path = list(path)
        """The names of the subcommands, outermost first."""
        self.rest = rest
        """Everything behind the command words as typed, with mentions as plain names."""
        self.tokens = list(tokens)
        """The same split at white space, with quotes and back-slashes undone."""
        self.pattern = pattern
        """The id of the pattern that was heard."""
        self.captures = list(captures)
        """What the pattern captured: the whole match, then each group; `None` for one that took no part."""

    @property
    def place(self) -> Place:
        """Where it was written, pressed or done."""
        return self.message.ref.place

    @property
    def conversation_brain(self) -> Brain:
        """The plugin's memory about this conversation."""
        return brain.conversation(self.place.conversation)

    @property
    def user_brain(self) -> Brain:
        """The plugin's memory about `who`."""
        return brain.user(self.who.id)

    def reply(self, what: Speakable) -> MessageRef:
        """Sends a message to where the call came from, at once. What the function returns is sent after it."""
        return chat.send(self.place, what)

    def react(self, emoji: str) -> None:
        """Reacts to the message that carried the call."""
        chat.react(self.message.ref, emoji)


class Job(Call):
    """A run that is due."""

    def __init__(self, invocation: Invocation, name: str, due: datetime, payload: str = "", rest: str = "") -> None:
        super().__init__(invocation)
        self.name = name
        """The job's name."""
        self.due = due
        """The instant for which it was due, which may be long ago if it was missed."""
        self.payload = payload
        """What `moa.schedule` was given."""
        self.rest = rest
        """What the `*` of the function's name stands for."""

    def date(self, timezone: str) -> Date:
        """The date on which it was due, on the calendar of a time zone (an IANA name)."""
        return system.local(self.due, timezone).date()


class Request(Call):
    """A request from outside that passed the check."""

    def __init__(
        self,
        invocation: Invocation,
        name: str,
        method: str = "POST",
        path: str = "",
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        super().__init__(invocation)
        self.name = name
        """The hook's name."""
        self.method = method
        self.path = path
        """What follows the hook's own address; empty or beginning with `/`."""
        self.query = query
        """The query without the `?`."""
        self.headers = list(headers)
        """Names in lower case, in the order received."""
        self.body = body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for known, value in self.headers if known == name.lower()), None)

    @property
    def params(self) -> dict[str, str]:
        """The query's parameters; of several with one name the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))
