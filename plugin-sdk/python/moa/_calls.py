"""From a call of the host to the author's function and back, in this package's own types."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import chat, events, press as presses
from ._parts import Command, Parameter, Part, Plugin
from .content import Content, content_of
from .context import Call, Context, Job, Request
from .errors import FieldErrors, Internal
from .press import Answer, Errors, Press, PressKind, Reply
from .types import Invocation, Message, User


@dataclass(frozen=True)
class WebResponse:
    """The answer to a request from outside."""

    body: bytes | str = b""
    status: int = 200
    headers: Sequence[tuple[str, str]] = field(default_factory=list)


def handle(plugin: Plugin, context: Context, given: Mapping[str, Any]) -> Content | None:
    """Runs a command."""
    level: list[Command] = plugin.commands
    command: Command | None = None
    for name in (context.command, *context.path):
        command = next((one for one in level if one.name == name), None)
        if command is None:
            raise Internal(f"this plugin has no command `{name}`")
        level = command.subcommands
    if command is None or command.function is None:
        raise Internal(f"the command `{context.command}` runs only with a subcommand")
    positional: list[Any] = []
    for parameter in command.parameters:
        if parameter.role == "context":
            positional.append(context)
        elif parameter.spec is not None:
            positional += _argument(parameter, given)
    return said(command.function.__name__, command.function(*positional))


def _argument(parameter: Parameter, given: Mapping[str, Any]) -> list[Any]:
    spec = parameter.spec
    assert spec is not None
    if parameter.variadic:
        return list(given.get(spec.name, ()))
    return [spec.value(given[spec.name]) if spec.name in given else spec.missing()]


def hear(plugin: Plugin, context: Context) -> Content | None:
    """Hears a message."""
    taught = next((part for part in plugin.hears if part.entry is None), None)
    part = next((part for part in plugin.hears if part.id == context.pattern and part.entry), taught)
    if part is None:
        raise Internal(f"this plugin has no pattern `{context.pattern}`")
    groups = iter(context.captures[1:])
    positional: list[Any] = []
    for parameter in part.parameters:
        if parameter.role == "context":
            positional.append(context)
        elif parameter.variadic:
            positional += list(groups)
        else:
            group = next(groups, None)
            missing = None if parameter.default is inspect.Parameter.empty else parameter.default
            positional.append(missing if group is None or parameter.convert is None else parameter.convert(group))
    return said(part.function.__name__, part.function(*positional))


def run(plugin: Plugin, job: Job) -> None:
    """Runs a job."""
    part, job.rest = _best(plugin.jobs, job.name, "job")
    part.function(*_others(part, job, job.rest))


def serve(plugin: Plugin, request: Request) -> WebResponse:
    """Serves a request."""
    part, _ = _best(plugin.webhooks, request.name, "webhook")
    returned = part.function(*_others(part, request, ""))
    if returned is None:
        return WebResponse(status=204)
    if isinstance(returned, WebResponse):
        return returned
    if isinstance(returned, (str, bytes)):
        return WebResponse(returned, 200, [("content-type", "text/plain; charset=utf-8")])
    return WebResponse(json.dumps(returned, ensure_ascii=False), 200, [("content-type", "application/json")])


_FOR = {
    PressKind.BUTTON: "action",
    PressKind.SELECT: "action",
    PressKind.MODAL: "submit",
    PressKind.SHORTCUT: "shortcut",
    PressKind.ANSWER: "answer",
    PressKind.TIMEOUT: "answer",
}


def act(plugin: Plugin, press: Press) -> Reply:
    """Answers a press."""
    parts = [part for of, part in plugin.presses if of == _FOR[press.kind]]
    part, press.rest = _best(parts, press.id, press.kind.value)
    answer = Answer(None if press.kind is PressKind.TIMEOUT else press.value)
    try:
        reply = presses.reply_of(part.function(*_others(part, press, press.rest, answer)))
    except FieldErrors as wrong:
        reply = Errors(wrong.fields)
    if isinstance(reply, Errors) and press.kind is not PressKind.MODAL:
        # Without a form there is nothing to show them at: the person is told.
        raise FieldErrors(reply.fields)
    return reply


def on(plugin: Plugin, invocation: Invocation, who: User, event: events.Event) -> None:
    """Tells an event. What the function returns is said where it happened."""
    name = events.NAMES[type(event)]
    part, _ = _best(plugin.events, name, "event")
    message = event.message if isinstance(event, events.Edited) else None
    context = Context(invocation, who, message or Message(events.message_of(event), User("")))
    content = said(part.function.__name__, part.function(*_others(part, context, "", event=event)))
    if content is not None:
        chat.send(context.place, content)


def said(name: str, returned: Any) -> Content | None:
    """What a function returned as a message."""
    if returned is None:
        return None
    try:
        return content_of(returned)
    except TypeError:
        got = type(returned).__name__
        raise TypeError(f"{name}() returned {got}; return str, moa.Content, moa.Card or nothing") from None


def _best(parts: Sequence[Part], id: str, what: str) -> tuple[Part, str]:
    """The function that names most of the id: an id in full before one with `*`. And what the `*` stands for."""
    fitting = [part for part in parts if part.id == id or part.id.endswith("*") and id.startswith(part.id[:-1])]
    if not fitting:
        raise Internal(f"this plugin has no function for the {what} `{id}`")
    best = max(fitting, key=lambda part: (part.id == id, len(part.id)))
    return best, "" if best.id == id else id[len(best.id) - 1 :]


def _others(
    part: Part, context: Call, rest: str, answer: Answer | None = None, event: events.Event | None = None
) -> list[Any]:
    made: list[Any] = []
    for parameter in part.parameters:
        if parameter.role == "context":
            made.append(context)
        elif parameter.role == "answer":
            made.append(answer)
        elif parameter.role == "event":
            made.append(event)
        else:
            made.append(rest if parameter.convert is None else parameter.convert(rest))
    return made
