"""From type hints to what the manifest says about an argument, and from the host's values to parameters."""

from __future__ import annotations

import inspect
import types as python_types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum
from typing import Annotated, Any, Literal, Union

from .types import Conversation, User

Text = Union[str, Mapping[str, str]]
"""Text for people: a string, or one for each language."""


@dataclass(frozen=True)
class Arg:
    """More about an argument or setting than its type says: `Annotated[int, Arg(min=1, summary="how many")]`."""

    name: str | None = None
    """What people see; otherwise the parameter's name with `-` for `_`."""
    summary: Text | None = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] | list[str] | None = None
    type: str | None = None
    """The manifest's type where the hint does not tell, such as `conversation` for a setting that is its id."""


class _Rest:
    """Marks text that takes all that follows."""


Rest = Annotated[str, _Rest()]
"""All that follows, as typed. Only as the last argument; `Rest | None` where it may be missing."""

_KINDS: dict[Any, str] = {
    str: "string",
    int: "int",
    float: "float",
    bool: "bool",
    User: "user",
    Conversation: "conversation",
    timedelta: "duration",
    date: "date",
    time: "time",
    dict: "table",
    list: "list",
}

_KNOWN = (
    "str, int, float, bool, moa.User, moa.Conversation, timedelta, date, time, list[str], moa.Rest, Literal, "
    "an Enum, or one of these with `| None`"
)


@dataclass(frozen=True)
class Spec:
    """What the manifest says about an argument, and how the parameter gets it."""

    name: str
    kind: str
    optional: bool = False
    default: Any = None
    """As JSON; `None` for none."""
    more: Arg = Arg()
    choices: tuple[str, ...] = ()
    enum: type[Enum] | None = None
    python_default: Any = inspect.Parameter.empty

    def manifest(self) -> dict[str, Any]:
        """As the manifest has it."""
        spec: dict[str, Any] = {"type": self.kind}
        if self.more.summary is not None:
            spec["summary"] = self.more.summary
        if self.default is not None:
            spec["default"] = self.default
        elif self.optional:
            spec["optional"] = True
        for key, bound in (("min", self.more.min), ("max", self.more.max)):
            if bound is not None:
                spec[key] = bound
        if self.choices:
            spec["choices"] = list(self.choices)
        return spec

    def value(self, given: Any) -> Any:
        """What the function gets for what the host hands over."""
        if self.enum is not None and isinstance(given, str):
            return next(member for member in self.enum if _word(member) == given)
        return given

    def missing(self) -> Any:
        """What the function gets where nothing was given and the manifest has no default."""
        if self.python_default is not inspect.Parameter.empty:
            return self.python_default
        return None


def shown(name: str) -> str:
    """A Python name as people see it."""
    return name.strip("_").replace("_", "-")


def hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The function's hints, with what `Annotated` adds."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"a type hint of {function.__name__}() can't be read: {error}") from None


def spec(owner: str, name: str, hint: Any, default: Any = inspect.Parameter.empty) -> Spec:
    """Of a parameter or setting. `owner` is told where the hint is none of the known."""
    base, extras, optional = _undress(str if hint is inspect.Parameter.empty else hint)
    more = next((extra for extra in extras if isinstance(extra, Arg)), Arg())
    summary = next((extra for extra in extras if isinstance(extra, str)), None)
    if summary is not None and more.summary is None:
        more = Arg(more.name, summary, more.min, more.max, more.choices, more.type)
    kind, choices, enum = _kind(base)
    if more.choices is not None:
        kind, choices = "choice", tuple(more.choices)
    if any(isinstance(extra, _Rest) for extra in extras):
        kind = "rest"
    kind = more.type or kind
    if kind is None:
        raise TypeError(f"`{name}` of {owner} has a type that people can't type ({base!r}); use {_KNOWN}")
    if (more.min is not None or more.max is not None) and kind not in ("int", "float"):
        raise TypeError(f"`{name}` of {owner} has bounds, which only int and float have")
    no_default = default is inspect.Parameter.empty
    return Spec(
        name=more.name or shown(name),
        kind=kind,
        optional=optional or not no_default,
        default=None if no_default or default is None else _json(owner, name, kind, default),
        more=more,
        choices=choices,
        enum=enum,
        python_default=default,
    )


def _undress(hint: Any) -> tuple[Any, list[Any], bool]:
    """The type inside `Annotated` and `Optional`, what `Annotated` added, and whether `None` will do."""
    extras: list[Any] = []
    optional = False
    while True:
        origin = typing.get_origin(hint)
        if origin is Annotated:
            hint, *added = typing.get_args(hint)
            extras += added
        elif origin in (Union, python_types.UnionType):
            cases = [case for case in typing.get_args(hint) if case is not type(None)]
            if len(cases) == len(typing.get_args(hint)) or len(cases) != 1:
                return hint, extras, optional
            hint, optional = cases[0], True
        else:
            return hint, extras, optional


def _kind(base: Any) -> tuple[str | None, tuple[str, ...], type[Enum] | None]:
    origin = typing.get_origin(base)
    if origin is Literal:
        words = typing.get_args(base)
        return ("choice", words, None) if all(isinstance(word, str) for word in words) else (None, (), None)
    if origin is list:
        return ("list" if typing.get_args(base) == (str,) else None), (), None
    if origin is dict:
        return "table", (), None
    if isinstance(base, type) and issubclass(base, Enum):
        return "choice", tuple(_word(member) for member in base), base
    try:
        return _KINDS.get(base), (), None
    except TypeError:
        return None, (), None


def _word(member: Enum) -> str:
    """An enum's member as people type it: its value if that is text, otherwise its name."""
    return member.value if isinstance(member.value, str) else shown(member.name.lower())


def _json(owner: str, name: str, kind: str, default: Any) -> Any:
    """A default as the manifest writes it."""
    if isinstance(default, Enum):
        return _word(default)
    if isinstance(default, timedelta):
        return duration(default)
    if isinstance(default, (date, time)):
        return default.isoformat()
    if isinstance(default, tuple):
        default = list(default)
    fits = {
        "int": isinstance(default, int) and not isinstance(default, bool),
        "float": isinstance(default, (int, float)) and not isinstance(default, bool),
        "bool": isinstance(default, bool),
        "list": isinstance(default, list) and all(isinstance(item, str) for item in default),
        "table": isinstance(default, dict),
    }
    if not fits.get(kind, isinstance(default, str)):
        raise TypeError(f"`{name}` of {owner} is {kind}, and its default {default!r} is none")
    return default


def duration(span: timedelta) -> str:
    """A length of time as the configuration writes it."""
    whole = int(span.total_seconds())
    return f"{whole}s"


def seconds(text: str) -> timedelta:
    """A length of time that the configuration writes: `90s`, `1h30m`, `250ms`."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    total, number, unit = 0.0, "", ""
    for character in text.strip() + " ":
        if unit and (character.isdigit() or character in ". "):
            total += float(number or 0) * units[unit]
            number, unit = "", ""
        if character.isdigit() or character == ".":
            number += character
        elif not character.isspace():
            unit += character
    return timedelta(seconds=total)
