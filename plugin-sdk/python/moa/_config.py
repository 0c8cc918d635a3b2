"""Settings: a class whose annotations are the keys of the operator's table."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from datetime import date, time
from typing import Any, TypeVar

from . import _arguments
from ._arguments import Spec

C = TypeVar("C")

_SPECS = "__moa_settings__"


def declare(settings: type[C]) -> type[C]:
    """Makes a dataclass of the class and remembers what its annotations say."""
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
