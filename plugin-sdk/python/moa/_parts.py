"""What a plugin is made of, as data: the decorators write it, the manifest and the calls read it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from . import _arguments, _config, _docs, events
from ._arguments import Spec, Text
from .context import Call, Context, Job, Request
from .press import Answer, Press

Function = Callable[..., Any]


@dataclass
class Parameter:
    """How a function gets one of its parameters."""

    name: str
    role: str
    """`context`, `event`, `answer`, `arg`, `parent`, `capture` or `star`."""
    variadic: bool = False
    spec: Spec | None = None
    convert: Callable[[str], Any] | None = None
    default: Any = inspect.Parameter.empty


@dataclass
class Command:
    """A command, or one that only groups others."""

    name: str
    function: Function | None
    aliases: Sequence[str] = ()
    summary: Text = ""
    help: Text = ""
    examples: Sequence[str] = ()
    args: list[Spec] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    restricted: bool = False
    confirm: str = "none"
    subcommands: list[Command] = field(default_factory=list)
    default: str | None = None

    def manifest(self) -> dict[str, Any]:
        """As the manifest has it."""
        made: dict[str, Any] = {"name": self.name}
        for key in ("aliases", "summary", "help", "examples"):
            value = getattr(self, key)
            if value:
                made[key] = list(value) if key in ("aliases", "examples") else value
        if self.args:
            made["args"] = [{"name": spec.name, **spec.manifest()} for spec in self.args]
        if self.subcommands:
            made["subcommands"] = [command.manifest() for command in self.subcommands]
        if self.default is not None:
            if all(command.name != self.default for command in self.subcommands):
                raise ValueError(f"the default `{self.default}` of `{self.name}` is none of its subcommands")
            made["default"] = self.default
        if self.restricted:
            made["restricted"] = True
        if self.confirm != "none":
            made["confirm"] = self.confirm
        return made


@dataclass
class Part:
    """A function for anything but a command: under which id, and what the manifest says of it, if anything."""

    id: str
    function: Function
    parameters: list[Parameter]
    entry: dict[str, Any] | None = None


@dataclass
class Plugin:
    """All parts of a plugin."""

    name: str = "plugin"
    version: str = ""
    summary: Text = ""
    requests: dict[str, Any] = field(default_factory=dict)
    settings: type | None = None
    commands: list[Command] = field(default_factory=list)
    hears: list[Part] = field(default_factory=list)
    jobs: list[Part] = field(default_factory=list)
    webhooks: list[Part] = field(default_factory=list)
    presses: list[tuple[str, Part]] = field(default_factory=list)
    """`action`, `submit`, `shortcut` or `answer`, and the function."""
    events: list[Part] = field(default_factory=list)

    def manifest(self) -> dict[str, Any]:
        """What `describe` tells."""
        made: dict[str, Any] = {"name": self.name}
        if self.version:
            made["version"] = self.version
        if self.summary:
            made["summary"] = self.summary
        parts = {
            "commands": [command.manifest() for command in self.commands],
            "hears": [part.entry for part in self.hears if part.entry],
            "jobs": [part.entry for part in self.jobs if part.entry],
            "webhooks": [part.entry for part in self.webhooks if part.entry],
            "events": [part.id for part in self.events],
            "shortcuts": [part.entry for of, part in self.presses if of == "shortcut"],
            "config": _config.manifest(self.settings) if self.settings is not None else {},
            "requests": self.requests,
        }
        made.update({key: value for key, value in parts.items() if value})
        return made


current = Plugin()
"""The plugin that the decorators fill: one component is one plugin."""


def described(function: Function) -> str:
    """A function as an error names it."""
    return f"{function.__name__}()"


def plain_function(function: Function, decorator: str) -> None:
    """Refuses what the host can't call."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{described(function)} is async; a plugin's call runs alone, write `def` without `async`")
    if not inspect.isroutine(function):
        raise TypeError(f"@moa.{decorator} goes above a function, not above {function!r}")


def parameters(function: Function, role: str, parents: Mapping[str, Spec] | None = None) -> list[Parameter]:
    """How a function gets its parameters. `role` is what those are that are neither context nor the like."""
    hints = _arguments.hints(function)
    made = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            raise TypeError(f"{described(function)} takes **{parameter.name}, which nobody can type")
        hint = hints.get(parameter.name, inspect.Parameter.empty)
        made.append(_parameter(function, parameter, hint, role, parents or {}))
    return made


def _parameter(
    function: Function, parameter: inspect.Parameter, hint: Any, role: str, parents: Mapping[str, Spec]
) -> Parameter:
    name, default = parameter.name, parameter.default
    base, _, optional = _arguments._undress(hint)
    special = _special(base, name if hint is inspect.Parameter.empty else "")
    if special is not None:
        return Parameter(name, special)
    if role == "arg":
        if parameter.kind is parameter.VAR_POSITIONAL:
            one = _arguments.spec(described(function), name, hint)
            listed = Spec(one.name, "list", optional=True, more=one.more)
            return Parameter(name, "arg", variadic=True, spec=listed)
        if name in parents:
            return Parameter(name, "parent", spec=parents[name])
        return Parameter(name, "arg", spec=_arguments.spec(described(function), name, hint, default))
    if role == "none":
        raise TypeError(f"{described(function)} has a parameter `{name}` that is none of what it can get")
    return Parameter(name, role, parameter.kind is parameter.VAR_POSITIONAL, None, _converter(base), default)


def _special(base: Any, unhinted: str) -> str | None:
    """The role of a parameter that is no argument: by its type, or by its usual name where it has no type."""
    if base is Answer or unhinted == "answer":
        return "answer"
    if isinstance(base, type) and issubclass(base, (Call, Context, Press, Job, Request)):
        return "context"
    if isinstance(base, type) and base in events.NAMES or base == events.Event or unhinted == "event":
        return "event"
    return "context" if unhinted in ("ctx", "context", "press", "job", "request") else None


def _converter(base: Any) -> Callable[[str], Any]:
    if base in (date, time):
        made: Callable[[str], Any] = base.fromisoformat
        return made
    return base if base in (int, float) else str


def command(
    function: Function,
    name: str | None,
    *,
    aliases: Sequence[str],
    summary: Text | None,
    help: Text | None,
    examples: Sequence[str] | None,
    restricted: bool,
    confirm: str,
    parents: Mapping[str, Spec],
    runs: bool,
) -> Command:
    """A command of a function."""
    plain_function(function, "command" if runs else "group")
    docs = _docs.read(function.__doc__)
    taken = parameters(function, "arg", parents)
    args = [parameter.spec for parameter in taken if parameter.role == "arg" and parameter.spec is not None]
    for before, after in zip(args, args[1:]):
        if before.kind in ("list", "rest"):
            raise TypeError(f"`{before.name}` of {described(function)} takes all that follows; it has to be the last")
        if before.optional and not after.optional:
            raise TypeError(f"`{after.name}` of {described(function)} is required and stands behind an optional one")
    return Command(
        name=name or _arguments.shown(function.__name__),
        function=function if runs else None,
        aliases=aliases,
        summary=docs.summary if summary is None else summary,
        help=docs.help if help is None else help,
        examples=docs.examples if examples is None else examples,
        args=args,
        parameters=taken,
        restricted=restricted,
        confirm=confirm,
    )


def add_command(siblings: list[Command], made: Command) -> None:
    """Adds a command whose words nobody has."""
    for other in siblings:
        for word in {made.name, *made.aliases} & {other.name, *other.aliases}:
            raise ValueError(f"two commands have the name or alias `{word}`; give one of them another")
    siblings.append(made)


def add_part(siblings: list[Part], made: Part, what: str) -> None:
    """Adds a function whose id nobody has."""
    if any(other.id == made.id for other in siblings):
        raise ValueError(f"two functions are for the {what} `{made.id}`; give one of them another id")
    siblings.append(made)
