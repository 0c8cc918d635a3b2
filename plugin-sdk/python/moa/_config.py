"""Settings: a class whose annotations are the keys of the operator's table."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Collection, Mapping
from copy import copy
from datetime import date, time
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from . import _arguments
from ._arguments import Spec
from .errors import ConfigError

C = TypeVar("C")

_SPECS = "__moa_settings__"


def declare(settings: type[C]) -> type[C]:
    """Makes a dataclass of the class and remembers what its annotations say."""
    for name in settings.__annotations__:
        default = settings.__dict__.get(name)
        if isinstance(default, (list, dict)):
            # Each instance gets its own.
            setattr(settings, name, dataclasses.field(default_factory=partial(copy, default)))
    made = settings if dataclasses.is_dataclass(settings) else dataclasses.dataclass(kw_only=True)(settings)
    hints = typing.get_type_hints(made, include_extras=True)
    specs = {}
    for field in dataclasses.fields(made):  # type: ignore[arg-type]
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if default is dataclasses.MISSING:
            default = inspect.Parameter.empty
        specs[field.name] = _arguments.spec(f"the settings {made.__name__}", field.name, hints[field.name], default)
    setattr(made, _SPECS, specs)
    return made


def manifest(settings: type) -> dict[str, Any]:
    """What the manifest says about the keys."""
    return {spec.name: spec.manifest() for spec in _specs(settings).values()}


def read(settings: type[C], table: Mapping[str, Any]) -> C:
    """An instance with what the operator wrote."""
    values = {}
    for name, spec in _specs(settings).items():
        if spec.name in table and table[spec.name] is not None:
            values[name] = _value(spec, table[spec.name])
        elif spec.python_default is inspect.Parameter.empty:
            values[name] = None
    return settings(**values)


_WANTED = {
    "string": (str, "a text in quotes"),
    "user": (str, "a person's id"),
    "conversation": (str, "a conversation's id"),
    "duration": (str, 'a length of time such as "90s"'),
    "date": (str, 'a date such as "2026-11-21"'),
    "time": (str, 'a time of day such as "09:30"'),
    "int": (int, "a whole number"),
    "float": ((int, float), "a number"),
    "bool": (bool, "`true` or `false`"),
    "list": (list, "a list of texts"),
    "table": (dict, "a table"),
}


def read_table(settings: type[C], given: Any, at: str, besides: Collection[str] = ()) -> C:
    """An instance of a class with `@moa.table` of a table inside the configuration, which the host has not looked into.

        shop = moa.read_table(Feed, table, "feeds.shop")

    Raises `moa.ConfigError` with the key that is wrong; keys in `besides` are somebody else's.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(at, "must be a table")
    specs = {spec.name: spec for spec in _specs(settings).values()}
    for key, value in given.items():
        spec = specs.get(key)
        if spec is None and key not in besides:
            near = get_close_matches(key, specs, 1)
            raise ConfigError(f"{at}.{key}", "there is no such key" + (f"; did you mean `{near[0]}`?" if near else ""))
        if spec is not None:
            _check(spec, value, f"{at}.{key}")
    for spec in specs.values():
        if spec.name not in given and not spec.optional:
            raise ConfigError(f"{at}.{spec.name}", f"is missing; it must be {_WANTED.get(spec.kind, (str, 'there'))[1]}")
    return read(settings, {key: value for key, value in given.items() if key in specs})


def _check(spec: Spec, value: Any, at: str) -> None:
    kind, wanted = _WANTED.get(spec.kind, (str, f"one of {', '.join(spec.choices)}"))
    fits = isinstance(value, kind) and isinstance(value, bool) == (spec.kind == "bool")
    if spec.choices:
        fits = value in spec.choices
    if fits and spec.kind in ("int", "float"):
        fits = (spec.more.min is None or value >= spec.more.min) and (spec.more.max is None or value <= spec.more.max)
        bounds = f" from {spec.more.min}" if spec.more.min is not None else ""
        wanted += bounds + (f" up to {spec.more.max}" if spec.more.max is not None else "")
    if not fits:
        raise ConfigError(at, f"must be {wanted}, but is {value!r}")
    try:
        _value(spec, value)
    except (KeyError, ValueError):
        raise ConfigError(at, f"must be {wanted}, but is {value!r}") from None


def _specs(settings: type) -> dict[str, Spec]:
    specs: dict[str, Spec] | None = settings.__dict__.get(_SPECS)
    if specs is None:
        raise TypeError(f"{settings.__name__} declares no settings; write @moa.config above the class")
    return specs


def _value(spec: Spec, given: Any) -> Any:
    if spec.kind == "duration":
        return _arguments.seconds(given)
    if spec.kind == "date":
        return date.fromisoformat(given)
    if spec.kind == "time":
        return time.fromisoformat(given)
    if spec.kind == "float":
        return float(given)
    return spec.value(given)
