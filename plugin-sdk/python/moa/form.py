"""Forms.

    Form("order", "Lunch").text("dish", "Dish").number("bowls", "How many?", initial="1")
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .content import choices_of

__all__ = ["Form"]

_SHORT = 24
"""Slack shows this many characters of a form's heading and of its two buttons."""


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def _short(text: str) -> dict[str, Any]:
    return _plain(text if len(text) <= _SHORT else text[: _SHORT - 1] + "…")


class Form:
    """A form that opens before a person. What is submitted arrives at the function with `@moa.submit(id)`.

    Each method changes the form and returns it. A form is the service's own JSON (Slack's views), with at most 100
    blocks; what it has beyond this class goes through `block`.
    """

    def __init__(self, id: str, heading: str, *, submit: str = "OK", close: str | None = None, data: str = "") -> None:
        """`data` is seen by nobody and comes back as `press.value`; at most 2,000 characters."""
        self._view: dict[str, Any] = {
            "type": "modal",
            "callback_id": id,
            "title": _short(heading),
            "submit": _short(submit),
        }
        if close is not None:
            self._view["close"] = _short(close)
        if data:
            self._view["private_metadata"] = data
        self._blocks: list[dict[str, Any]] = []

    @classmethod
    def json(cls, view: Mapping[str, Any]) -> Form:
        """The service's own form, as it is."""
        form = cls.__new__(cls)
        form._view = {key: copy.deepcopy(value) for key, value in view.items() if key != "blocks"}
        form._blocks = copy.deepcopy(list(view.get("blocks", [])))
        return form

    @property
    def id(self) -> str:
        """The form's id."""
        return str(self._view.get("callback_id", ""))

    def to_json(self) -> str:
        """As the service takes it."""
        return json.dumps({**self._view, "blocks": self._blocks}, ensure_ascii=False)

    def text(self, name: str, label: str, **options: Any) -> Form:
        """A line of text. Options of every field: `optional`, `hint`, `placeholder`, `initial`."""
        return self._field(name, label, {"type": "plain_text_input"}, options)

    def long_text(self, name: str, label: str, **options: Any) -> Form:
        """Several lines of text."""
        return self._field(name, label, {"type": "plain_text_input", "multiline": True}, options)

    def number(self, name: str, label: str, *, decimal: bool = False, **options: Any) -> Form:
        """A number, whole unless `decimal`. Read it by `press.field(name, int)`."""
        return self._field(name, label, {"type": "number_input", "is_decimal_allowed": decimal}, options)

    def select(self, name: str, label: str, choices: Mapping[str, str] | Iterable[Any], **options: Any) -> Form:
        """One of a menu: `{"label": "value"}`, pairs, or texts."""
        return self._choose(name, label, "static_select", choices, options)

    def radio(self, name: str, label: str, choices: Mapping[str, str] | Iterable[Any], **options: Any) -> Form:
        """One of a few, all to be seen."""
        return self._choose(name, label, "radio_buttons", choices, options)

    def checkboxes(self, name: str, label: str, choices: Mapping[str, str] | Iterable[Any], **options: Any) -> Form:
        """Any of a few. Read them by `press.values(name)`."""
        return self._choose(name, label, "checkboxes", choices, options)

    def date(self, name: str, label: str, **options: Any) -> Form:
        """A date."""
        return self._field(name, label, {"type": "datepicker"}, options)

    def time(self, name: str, label: str, **options: Any) -> Form:
        """A time of day."""
        return self._field(name, label, {"type": "timepicker"}, options)

    def user(self, name: str, label: str, **options: Any) -> Form:
        """A person; the plugin gets the id."""
        return self._field(name, label, {"type": "users_select"}, options)

    def users(self, name: str, label: str, **options: Any) -> Form:
        """Several people; the plugin gets the ids, see `press.values`."""
        return self._field(name, label, {"type": "multi_users_select"}, options)

    def conversation(self, name: str, label: str, **options: Any) -> Form:
        """A conversation; the plugin gets the id."""
        return self._field(name, label, {"type": "conversations_select"}, options)

    def note(self, text: str) -> Form:
        """Text between the fields, in the service's own markup."""
        return self.block({"type": "section", "text": {"type": "mrkdwn", "text": text}})

    def block(self, block: Mapping[str, Any]) -> Form:
        """A block of the service's own."""
        self._blocks.append(dict(block))
        return self

    def _choose(
        self, name: str, label: str, kind: str, choices: Mapping[str, str] | Iterable[Any], options: dict[str, Any]
    ) -> Form:
        listed = [{"text": _plain(shown), "value": value} for shown, value in choices_of(choices)]
        return self._field(name, label, {"type": kind, "options": listed}, options)

    def _field(self, name: str, label: str, element: dict[str, Any], options: dict[str, Any]) -> Form:
        unknown = set(options) - {"optional", "hint", "placeholder", "initial"}
        if unknown:
            raise TypeError(f"a form's field has no option {sorted(unknown)[0]!r}")
        # Slack answers with both ids of a field; that both are its name makes errors and values easy to find.
        element = {**element, "action_id": name}
        block: dict[str, Any] = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
        if options.get("optional"):
            block["optional"] = True
        if "hint" in options:
            block["hint"] = _plain(options["hint"])
        if "placeholder" in options:
            block["element"]["placeholder"] = _plain(options["placeholder"])
        if options.get("initial") not in (None, ""):
            _begin_with(block["element"], options["initial"])
        self._blocks.append(block)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self.to_json() == other.to_json()

    def __repr__(self) -> str:
        return f"Form({self.to_json()})"


def _begin_with(element: dict[str, Any], initial: Any) -> None:
    """Puts the first value where the kind of field has it."""
    many = [str(value) for value in initial] if isinstance(initial, (list, tuple)) else str(initial).split(",")
    kind = element["type"]
    if kind in ("static_select", "radio_buttons", "checkboxes"):
        chosen = [option for option in element["options"] if option["value"] in many]
        if kind == "checkboxes" and chosen:
            element["initial_options"] = chosen
        elif chosen:
            element["initial_option"] = chosen[0]
        return
    keys = {
        "datepicker": "initial_date",
        "timepicker": "initial_time",
        "users_select": "initial_user",
        "multi_users_select": "initial_users",
        "conversations_select": "initial_conversation",
    }
    element[keys.get(kind, "initial_value")] = many if kind == "multi_users_select" else str(initial)
