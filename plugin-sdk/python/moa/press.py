"""Presses: what somebody did with a button, a menu, a form, a shortcut or a question; and what may follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import Any, TypeVar, Union, overload

from . import chat
from .content import Content, Speakable, content_of
from .context import Context
from .errors import FieldErrors
from .form import Form
from .types import Invocation, Message, MessageRef, Place, User

__all__ = ["Answer", "Done", "Errors", "Press", "PressKind", "Reply", "Say", "Update", "View"]

T = TypeVar("T")


class PressKind(Enum):
    """What somebody did."""

    BUTTON = "button"
    SELECT = "select"
    MODAL = "modal"
    SHORTCUT = "shortcut"
    ANSWER = "answer"
    TIMEOUT = "timeout"


_SAID = {
    ("ko", True): "이 칸을 채워 주세요.",
    ("ko", False): "여기에 맞지 않는 값이에요.",
    ("en", True): "Please fill this in.",
    ("en", False): "This does not fit.",
}


class Press(Context):
    """What somebody did, with everything about it: also a `Context`."""

    def __init__(
        self,
        invocation: Invocation,
        kind: PressKind,
        id: str,
        value: str,
        state: Sequence[tuple[str, str]],
        user: User,
        place: Place,
        on: MessageRef | None,
        trigger: str | None,
    ) -> None:
        # A shortcut on a message brings along who wrote it and what it says.
        brought = dict(state) if kind is PressKind.SHORTCUT else {}
        author = User(brought.get("author", ""))
        super().__init__(invocation, user, Message(on or MessageRef(place, ""), author, brought.get("text", "")))
        self.kind = kind
        self._id = id
        self.rest = ""
        """What of the id the `*` of the function's id stands for."""
        self.value = value
        """The value of the button or of the choice; of a form, its data."""
        self.state = list(state)
        """The form's fields, or the other menus of the message: name and value."""
        self.on = on
        """The message that carried it, if there is one."""
        self.trigger = trigger
        """Opens a form, once."""
        self._where = place

    @property
    def id(self) -> str:
        """The id of the button, menu, form, shortcut or question, whole. The call's own is `invocation.id`."""
        return self._id

    @property
    def place(self) -> Place:
        """Where it was; of a form where it was opened."""
        return self._where

    @overload
    def field(self, name: str) -> str: ...
    @overload
    def field(self, name: str, to: Callable[[str], T]) -> T: ...
    def field(self, name: str, to: Callable[[str], Any] | None = None) -> Any:
        """The value of a field by its name, as it is or as a number, date, or whatever `to` makes of it.

        What does not fit is told at the field in the person's language, and the form stays open.
        """
        text = next((value for known, value in self.state if known == name), "")
        if to is None:
            return text
        return self._read(name, text.strip(), to)

    def optional(self, name: str, to: Callable[[str], T]) -> T | None:
        """The same for a field that may be left empty."""
        text: str = self.field(name).strip()
        return self._read(name, text, to) if text else None

    def values(self, name: str) -> list[str]:
        """The values of a field that has several."""
        return [value for value in self.field(name).split(",") if value]

    def open(self, form: Form) -> None:
        """Opens a form before the person."""
        chat.open_modal(self.trigger or "", form)

    def _read(self, name: str, text: str, to: Callable[[str], T]) -> T:
        try:
            known: Any = to
            made: T = known.fromisoformat(text) if known in (date, time) else to(text)
            return made
        except (ValueError, ArithmeticError):
            language = "ko" if self.language == "ko" else "en"
            raise FieldErrors({name: _SAID[language, not text]}) from None


@dataclass(frozen=True)
class Answer:
    """How a question of `moa.chat.ask` ended."""

    value: str | None
    """What was pressed or chosen; `None` if nobody answered in time."""

    @property
    def timed_out(self) -> bool:
        """Whether nobody answered in time."""
        return self.value is None


@dataclass(frozen=True)
class Done:
    """Nothing to be seen. A form closes."""


@dataclass(frozen=True)
class Say:
    """A new message, where the press was."""

    content: Content


class Update:
    """New content for the message that carried the press: text, cards and actions are all replaced.

        return moa.Update("confirmed")
    """

    def __init__(self, what: Speakable) -> None:
        self.content = content_of(what)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Update) and self.content == other.content

    def __repr__(self) -> str:
        return f"Update({self.content!r})"


@dataclass(frozen=True)
class Errors:
    """A form stays open and shows these: name of the field, and what is wrong with it."""

    fields: dict[str, str]


@dataclass(frozen=True)
class View:
    """A form opens, or takes the place of the one that was submitted."""

    form: Form


Reply = Union[Done, Say, Update, Errors, View]
"""What follows a press."""


def reply_of(returned: object) -> Reply:
    """What a function for presses returned, as what follows."""
    if returned is None:
        return Done()
    if isinstance(returned, (Done, Say, Update, Errors, View)):
        return returned
    if isinstance(returned, Form):
        return View(returned)
    if isinstance(returned, FieldErrors):
        return Errors(returned.fields)
    return Say(content_of(returned))  # type: ignore[arg-type]
