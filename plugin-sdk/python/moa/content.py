"""Messages: text, cards, buttons and menus.

    Content("Who comes along?").card(Card("Menu").field("soup", "hot")).button("join", "I do", primary=True)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Union

__all__ = ["Action", "Audience", "Button", "Card", "Content", "Field", "LinkButton", "Menu", "Style", "content_of"]


class Audience(Enum):
    """Who sees a message, and where it stands."""

    EVERYONE = "everyone"
    """All, at the place itself."""
    THREAD = "thread"
    """All, in the thread of the message that the call answers."""
    BROADCAST = "broadcast"
    """As `THREAD`, and shown in the conversation too."""
    ASKER = "asker"
    """Only the person who caused the call."""


class Style(Enum):
    """How a button looks."""

    NORMAL = "normal"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True)
class Field:
    """A named value inside a card."""

    title: str
    value: str
    short: bool = True


@dataclass(frozen=True)
class Card:
    """A framed block below the text. Each method returns a changed copy."""

    title: str = ""
    """The heading, plain text."""
    text: str = ""
    """The body, portable markup."""
    pretext: str = ""
    """A line above the frame, portable markup."""
    link: str = ""
    """Where the heading leads."""
    color: str = ""
    """The colour of the frame: `#RRGGBB`, or `good`, `warning`, `danger`."""
    fields: tuple[Field, ...] = ()
    image: str = ""
    """The address of a picture."""
    footer: str = ""
    """A small line below, plain text."""

    def field(self, title: str, value: str, *, short: bool = True) -> Card:
        """Adds a named value; a short one may stand beside another."""
        return replace(self, fields=(*self.fields, Field(title, value, short)))


@dataclass(frozen=True)
class Button:
    """A button. A press arrives at the function with `@moa.action(id)`."""

    id: str
    label: str
    value: str = ""
    """Comes back with the press; at most 2,000 characters."""
    style: Style = Style.NORMAL
    confirm: str | None = None
    """A question that the person confirms before the press counts."""


@dataclass(frozen=True)
class Menu:
    """A menu. A choice arrives at the function with `@moa.action(id)`; its value is what was chosen."""

    id: str
    placeholder: str
    choices: tuple[tuple[str, str], ...]
    """Label and value of each choice."""


@dataclass(frozen=True)
class LinkButton:
    """A button that leads to an address. Nothing arrives."""

    label: str
    url: str


Action = Union[Button, Menu, LinkButton]
"""Something to press or to choose below a message."""


def choices_of(choices: Mapping[str, str] | Iterable[str | tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Label and value of each choice, of a dict `{label: value}`, pairs, or texts that are both."""
    items: Iterable[str | tuple[str, str]] = choices.items() if isinstance(choices, Mapping) else choices
    return tuple((item, item) if isinstance(item, str) else (str(item[0]), str(item[1])) for item in items)


@dataclass(frozen=True)
class Content:
    """One message. Each method returns a changed copy, so that they can be written in a row."""

    text: str = ""
    """Portable markup: `*bold*`, `_italic_`, `~strike~`, code, `[label](url)`, `{@USER}`, `{#CONVERSATION}`."""
    cards: tuple[Card, ...] = ()
    actions: tuple[Action, ...] = ()
    audience: Audience = Audience.EVERYONE
    native_json: str | None = None
    """A JSON object of the service's own message arguments, merged last."""
    sender_name: tuple[str, str] | None = field(default=None)
    """Another sender's name, and its icon."""

    def card(self, card: Card) -> Content:
        """Adds a card."""
        return replace(self, cards=(*self.cards, card))

    def action(self, action: Action) -> Content:
        """Adds a button or menu."""
        return replace(self, actions=(*self.actions, action))

    def button(
        self,
        id: str,
        label: str,
        value: str = "",
        *,
        primary: bool = False,
        danger: bool = False,
        confirm: str | None = None,
    ) -> Content:
        """Adds a button."""
        style = Style.PRIMARY if primary else Style.DANGER if danger else Style.NORMAL
        return self.action(Button(id, label, value, style, confirm))

    def menu(
        self, id: str, placeholder: str, choices: Mapping[str, str] | Iterable[str | tuple[str, str]]
    ) -> Content:
        """Adds a menu: `{"label": "value"}`, pairs, or texts."""
        return self.action(Menu(id, placeholder, choices_of(choices)))

    def link(self, label: str, url: str) -> Content:
        """Adds a button that leads to an address."""
        return self.action(LinkButton(label, url))

    def to(self, audience: Audience | str) -> Content:
        """Says who sees it: `everyone`, `thread`, `broadcast` or `asker`."""
        return replace(self, audience=Audience(audience))

    def sender(self, name: str, icon: str = "") -> Content:
        """Another sender's name, and the address of its icon or an `:emoji:`."""
        return replace(self, sender_name=(name, icon))

    def native(self, arguments: Mapping[str, Any]) -> Content:
        """The service's own message arguments, merged last."""
        return replace(self, native_json=json.dumps(dict(arguments), ensure_ascii=False))


Speakable = Union[str, Content, Card]
"""What can be said: text, a whole message, or a card alone."""


def content_of(what: Speakable) -> Content:
    """Text or a card as a message."""
    if isinstance(what, Content):
        return what
    if isinstance(what, Card):
        return Content().card(what)
    if isinstance(what, str):
        return Content(what)
    raise TypeError(f"a message is a str, moa.Content or moa.Card, not {type(what).__name__}")
