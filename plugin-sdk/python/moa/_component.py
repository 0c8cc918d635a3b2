"""The component's exports. The build writes a small module that calls `load` and names these classes."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import actions, commands, jobs, listener, webhooks
from wit_world.exports import events as wit_events
from wit_world.imports import types as wit

from . import _calls, _docs, _guard, _parts, _warm, errors, events, log, press
from ._preload import preload
from ._wit import (
    Wit,
    content_out,
    invocation_in,
    message_in,
    place_in,
    ref_in,
    user_in,
    value_in,
)
from .context import Context, Job, Request
from .press import Press, PressKind
from .system import instant

T = TypeVar("T")

_host = Wit()


def load(module: str, name: str, project: str) -> None:
    """Imports the author's module. Its decorators fill the plugin."""
    _guard.project = project
    plugin = _parts.current
    plugin.name = name
    logging.getLogger().addHandler(log.Handler())
    logging.getLogger().setLevel(logging.INFO)
    entry = importlib.import_module(module)
    if not plugin.summary:
        plugin.summary = _docs.read(entry.__doc__).summary
    # The build's order of folders: the author's, its own, the SDK's, the dependencies'.
    preload((project, "/3/"))
    _guard.keep_sources()
    _warm_up()


def _warm_up() -> None:
    """Runs a call of another plugin, without a host: nothing of the author's."""
    global _host
    kept = _host, _parts.current
    _host, _parts.current = _warm.Host(), _warm.plugin()  # type: ignore[assignment]
    try:
        _warm.warm(Commands().handle)
    finally:
        _host, _parts.current = kept
    _warm.settle()


def _call(run: Callable[[], T]) -> T:
    """Runs with the host; whatever escapes is a failure, never a trap."""
    with _guard.entered(_host):
        try:
            return run()
        except BaseException as error:  # noqa: BLE001 - also SystemExit and RecursionError
            failure = _failure_out(_guard.failure_of(error))
    raise Err(failure)


def _failure_out(failure: errors.Failure) -> wit.Failure:
    if isinstance(failure, errors.Usage):
        return wit.Failure_Usage(str(failure))
    if isinstance(failure, (errors.Rejected, errors.FieldErrors)):
        return wit.Failure_Rejected(str(failure))
    if isinstance(failure, errors.Retry):
        return wit.Failure_Retry(failure.seconds)
    return wit.Failure_Internal(str(failure))


def _content(content: Any) -> wit.Content | None:
    return None if content is None else content_out(content)


class Guest(exports.Guest):
    def describe(self) -> str:
        return json.dumps(_parts.current.manifest(), ensure_ascii=False)


class Commands(exports.Commands):
    def handle(self, what: commands.Call) -> wit.Content | None:
        def run() -> wit.Content | None:
            message = message_in(what.message)
            context = Context(
                invocation_in(what.invocation),
                message.author,
                message,
                command=what.command,
                path=what.path,
                rest=what.rest,
                tokens=what.tokens,
            )
            given = {arg.name: value_in(arg.value) for arg in what.args}
            return _content(_calls.handle(_parts.current, context, given))

        return _call(run)


class Listener(exports.Listener):
    def hear(self, what: listener.Heard) -> wit.Content | None:
        def run() -> wit.Content | None:
            message = message_in(what.message)
            invocation = invocation_in(what.invocation)
            context = Context(invocation, message.author, message, pattern=what.id, captures=what.captures)
            return _content(_calls.hear(_parts.current, context))

        return _call(run)


class Jobs(exports.Jobs):
    def run(self, what: jobs.Job) -> None:
        def run() -> None:
            job = Job(invocation_in(what.invocation), what.name, instant(what.due), what.payload)
            _calls.run(_parts.current, job)

        _call(run)


class Webhooks(exports.Webhooks):
    def serve(self, what: webhooks.Request) -> webhooks.Response:
        def run() -> webhooks.Response:
            request = Request(
                invocation_in(what.invocation), what.name, what.method, what.path, what.query, what.headers, what.body
            )
            answer = _calls.serve(_parts.current, request)
            body = answer.body.encode() if isinstance(answer.body, str) else bytes(answer.body)
            return webhooks.Response(answer.status, [(name, value) for name, value in answer.headers], body)

        return _call(run)


_KINDS = {
    actions.Kind_Button: PressKind.BUTTON,
    actions.Kind_Select: PressKind.SELECT,
    actions.Kind_Modal: PressKind.MODAL,
    actions.Kind_Shortcut: PressKind.SHORTCUT,
    actions.Kind_Answer: PressKind.ANSWER,
    actions.Kind_Timeout: PressKind.TIMEOUT,
}


class Actions(exports.Actions):
    def act(self, what: actions.Press) -> actions.Reply:
        def run() -> actions.Reply:
            pressed = Press(
                invocation_in(what.invocation),
                _KINDS[type(what.kind)],
                what.id,
                what.value,
                what.state,
                user_in(what.user),
                place_in(what.place),
                None if what.on is None else ref_in(what.on),
                what.trigger,
            )
            return _reply_out(_calls.act(_parts.current, pressed))

        return _call(run)


def _reply_out(reply: press.Reply) -> actions.Reply:
    if isinstance(reply, press.Say):
        return actions.Reply_Say(content_out(reply.content))
    if isinstance(reply, press.Update):
        return actions.Reply_Update(content_out(reply.content))
    if isinstance(reply, press.Errors):
        return actions.Reply_Errors(list(reply.fields.items()))
    if isinstance(reply, press.View):
        return actions.Reply_View(reply.form.to_json())
    return actions.Reply_Done()


class Events(exports.Events):
    def on(self, invocation: wit.Invocation, who: wit.User, what: wit_events.Event) -> None:
        def run() -> None:
            _calls.on(_parts.current, invocation_in(invocation), user_in(who), _event_in(what))

        _call(run)


def _event_in(event: wit_events.Event) -> events.Event:
    value: Any = event.value
    if isinstance(event, wit_events.Event_Reacted):
        return events.Reacted(ref_in(value[0]), value[1])
    if isinstance(event, wit_events.Event_Unreacted):
        return events.Unreacted(ref_in(value[0]), value[1])
    if isinstance(event, wit_events.Event_Joined):
        return events.Joined(place_in(value))
    if isinstance(event, wit_events.Event_Left):
        return events.Left(place_in(value))
    if isinstance(event, wit_events.Event_Topic):
        return events.Topic(place_in(value[0]), value[1])
    if isinstance(event, wit_events.Event_Edited):
        return events.Edited(message_in(value))
    return events.Deleted(ref_in(value))
