"""A host for unit tests: everything in memory, with a clock that stands still and chance from a seed.

    import unittest
    import plugin  # the plugin's own file
    from moa.testing import Host

    class Greeting(unittest.TestCase):
        def test_it_counts(self):
            host = Host(speaker="Rosie")
            self.assertEqual(host.say("!hi"), ["Hello, Rosie! (number 1)"])

Run them by `python3 -m unittest` with `.moa/sdk` in `PYTHONPATH`. What a function raises, the test gets. Transcripts
(`moa test`) go through the real host; these tests are for what is inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from .. import _calls, _config, _guard, _parts
from .._calls import WebResponse
from ..content import Button, Content, Menu, content_of
from ..context import Context, Job, Request
from ..errors import Usage
from ..events import Event
from ..press import Errors, Press, PressKind, Reply, Say, Update, View
from ..system import instant
from ..types import File, Invocation, Message, MessageRef, Place, PlaceKind, User
from ._memory import Memory, Posted, Uploaded
from ._typed import Typed

__all__ = ["Host", "Posted", "Uploaded"]


class Host:
    """Stands in for the host. Speaks with the plugin that the decorators of the imported modules made."""

    def __init__(
        self,
        *,
        speaker: str = "tester",
        channel: str = "general",
        direct: bool = False,
        locale: str = "en",
        timezone: str = "UTC",
        now: str = "2026-11-20T03:00:00.000Z",
        seed: int = 0,
        config: Mapping[str, Any] | None = None,
        http: Callable[..., Any] | None = None,
    ) -> None:
        """`http` answers requests: a function of method, url, headers and body that returns what the web would: text, a
        dict or list (JSON), bytes, or a pair of status and one of these."""
        self._memory = Memory(instant(now), seed, self._defaults(config or {}))
        self._memory.http = http
        self.speaker = speaker
        """Whoever speaks and presses next, by name."""
        self.channel = channel
        """Where they do, by name."""
        self.direct = direct
        """Whether they do in a direct conversation."""
        self.locale = locale
        self.timezone = timezone
        self._attached: list[File] = []

    @staticmethod
    def _defaults(config: Mapping[str, Any]) -> dict[str, Any]:
        settings = _parts.current.settings
        known = {} if settings is None else _config.manifest(settings)
        return {**{key: spec["default"] for key, spec in known.items() if "default" in spec}, **config}

    # What people do.

    def say(self, text: str, *, attempt: int = 1) -> list[str]:
        """Somebody writes something: `!command …`, or what the plugin may hear. The texts that the bot said to it."""
        before = len(self._memory.posted)
        typed = Typed(self._memory)
        message = self._message(text)
        if text.startswith("!"):
            if not typed.read(_parts.current.commands, text[1:]) or typed.command is None:
                raise Usage(f"there is no command `{text}`")
            context = Context(
                self._invocation(attempt),
                message.author,
                message,
                command=typed.command.name,
                path=typed.path,
                rest=typed.rest,
                tokens=typed.tokens,
            )
            with self.entered():
                self._post(message.ref.place, _calls.handle(_parts.current, context, typed.args))
        else:
            for id, captures in self._matches(text):
                context = Context(
                    self._invocation(attempt), message.author, message, pattern=id, captures=captures
                )
                with self.entered():
                    self._post(message.ref.place, _calls.hear(_parts.current, context))
        return [one.text for one in self._memory.posted[before:]]

    def press(self, what: str) -> Reply:
        """Presses the last button with this label or id."""
        for posted in reversed(self._memory.posted):
            for action in posted.content.actions:
                if isinstance(action, Button) and what in (action.label, action.id):
                    return self._act(posted, action.id, action.value or "", PressKind.BUTTON, action.id)
        raise LookupError(f"the bot said nothing with a button `{what}`")

    def choose(self, what: str, label: str) -> Reply:
        """Chooses from the last menu with this placeholder or id."""
        for posted in reversed(self._memory.posted):
            for action in posted.content.actions:
                if isinstance(action, Menu) and what in (action.placeholder, action.id):
                    value = next(value for shown, value in action.choices if label in (shown, value))
                    return self._act(posted, action.id, value, PressKind.SELECT, value)
        raise LookupError(f"the bot said nothing with a menu `{what}`")

    def submit(self, fields: Mapping[str, str] | None = None, /, **more: str) -> Reply:
        """Submits the form that is open; fields that are not named have what they began with."""
        view = self._memory.form
        if view is None:
            raise LookupError("no form is open")
        filled = {**(fields or {}), **more}
        state = []
        for block in view.get("blocks", []):
            if block.get("type") == "input":
                name = block["block_id"]
                state.append((name, filled.pop(name, _initial(block["element"]))))
        if filled:
            raise LookupError(f"the form has no field `{next(iter(filled))}`")
        reply = self._do(PressKind.MODAL, view["callback_id"], view.get("private_metadata", ""), state, None)
        if not isinstance(reply, (Errors, View)):
            self._memory.form = None
        return reply

    def shortcut(self, id: str, text: str | None = None, author: str = "somebody") -> Reply:
        """Uses a shortcut: on a message of somebody that says `text`, or anywhere."""
        if text is None:
            return self._do(PressKind.SHORTCUT, id, "", [], None)
        writer = self._memory.user(author)
        state = [("text", text), ("author", writer.id)]
        return self._do(PressKind.SHORTCUT, id, "", state, MessageRef(self.place, self._memory.next_id()))

    def time_out(self, question: str) -> Reply:
        """Nobody answers a question in time."""
        who, ref = self._memory.questions.pop(question)
        return self._do(PressKind.TIMEOUT, question, "", [], ref, self._memory.people.get(who))

    def event(self, event: Event) -> None:
        """Something else happens."""
        with self.entered():
            _calls.on(_parts.current, self._invocation(), self.user(), event)

    def run_job(self, name: str, payload: str = "") -> None:
        """A job is due."""
        job = Job(self._invocation(), name, self._memory.clock, payload)
        with self.entered():
            _calls.run(_parts.current, job)

    def request(self, name: str, body: bytes | str = b"", **options: Any) -> WebResponse:
        """A request from outside. Options: `method`, `path`, `query`, `headers`."""
        data = body.encode() if isinstance(body, str) else body
        with self.entered():
            return _calls.serve(_parts.current, Request(self._invocation(), name, body=data, **options))

    def attach(self, name: str, data: bytes) -> None:
        """The next message has a file."""
        id = f"F{self._memory.next_id()}"
        self._memory.contents[id] = data
        self._attached.append(File(id, name, size=len(data)))

    def advance(self, time: timedelta) -> None:
        """Time passes."""
        self._memory.clock += time

    # What there is to see.

    @property
    def texts(self) -> list[str]:
        """The texts of the messages that the bot sent and that stand, oldest first."""
        return [one.text for one in self._memory.posted]

    @property
    def messages(self) -> list[Posted]:
        """The messages that the bot sent and that stand, oldest first."""
        return list(self._memory.posted)

    @property
    def deleted(self) -> list[Posted]:
        """The messages that the bot sent and deleted again."""
        return list(self._memory.deleted)

    @property
    def reactions(self) -> list[tuple[MessageRef, str]]:
        """The bot's reactions that stand."""
        return list(self._memory.reactions)

    @property
    def files(self) -> list[Uploaded]:
        """The files that the plugin put into places."""
        return list(self._memory.files)

    @property
    def log(self) -> list[str]:
        """The lines of the plugin's log, as `info: text`."""
        return list(self._memory.log)

    @property
    def form(self) -> dict[str, Any] | None:
        """The form that is open, as the service takes it."""
        return self._memory.form

    @property
    def place(self) -> Place:
        """Where people speak."""
        if self.direct:
            return Place("test", f"D{self.user().id}", None, PlaceKind.DIRECT)
        return Place("test", self._memory.conversation(self.channel).id)

    def user(self, name: str | None = None) -> User:
        """A person by name; whoever speaks, without one."""
        return self._memory.user(name or self.speaker)

    def context(self) -> Context:
        """The context of an empty message, for functions that take one."""
        message = self._message("")
        return Context(self._invocation(), message.author, message)

    @contextmanager
    def entered(self) -> Iterator[Context]:
        """A call without a message: to look into the brain, or to call a function of the plugin.

            with host.entered() as ctx:
                self.assertEqual(ctx.brain.get("size"), 3)
        """
        context = self.context()
        with _guard.entered(self._memory):
            yield context

    # Inside.

    def _invocation(self, attempt: int = 1) -> Invocation:
        return Invocation(self._memory.next_id(), self._memory.clock, attempt, self.locale, self.timezone)

    def _message(self, text: str) -> Message:
        ref = MessageRef(self.place, self._memory.next_id())
        files, self._attached = self._attached, []
        message = Message(ref, self.user(), text, text, [], files, self._memory.clock)
        if text:
            self._memory.heard.append(message)
        return message

    def _post(self, place: Place, content: Content | None) -> None:
        if content is not None:
            self._memory.chat_send(place, content)

    def _matches(self, text: str) -> Iterator[tuple[str, list[str | None]]]:
        scope = "direct" if self.direct else "ambient"
        known: list[tuple[str, str, list[str], str | None]] = []
        for part in _parts.current.hears:
            if part.entry is not None:
                known.append((part.id, part.entry["pattern"], part.entry.get("scopes", [scope]), None))
        for id, (kind, pattern, scopes, where) in self._memory.taught.items():
            regex = pattern if kind == "regex" else rf"(?<!\w){re.escape(pattern)}(?!\w)"
            known.append((id, regex, scopes, where))
        for id, regex, scopes, where in known:
            if scope not in scopes or where not in (None, self.place.conversation):
                continue
            match = re.search(regex, text, re.IGNORECASE)
            if match is not None:
                yield id, [match.group(), *match.groups()]

    def _act(self, posted: Posted, id: str, value: str, kind: PressKind, answer: str) -> Reply:
        for question, (who, ref) in list(self._memory.questions.items()):
            if ref == posted.ref:
                del self._memory.questions[question]
                asked = self._memory.people.get(who)
                return self._do(PressKind.ANSWER, question, value or answer, [], posted.ref, asked)
        return self._do(kind, id, value, [], posted.ref)

    def _do(
        self,
        kind: PressKind,
        id: str,
        value: str,
        state: list[tuple[str, str]],
        on: MessageRef | None,
        who: User | None = None,
    ) -> Reply:
        press = Press(self._invocation(), kind, id, value, state, who or self.user(), self.place, on, "trigger")
        with self.entered():
            reply = _calls.act(_parts.current, press)
            if isinstance(reply, Say) or isinstance(reply, Update) and on is None:
                self._post(self.place, content_of(reply.content))
            elif isinstance(reply, Update) and on is not None:
                self._memory.chat_edit(on, reply.content)
            elif isinstance(reply, View):
                self._memory.chat_open_modal("trigger", reply.form.to_json())
        return reply


def _initial(element: Mapping[str, Any]) -> str:
    """What a field begins with."""
    for key, value in element.items():
        if key.startswith("initial_"):
            if isinstance(value, dict):
                return str(value["value"])
            if isinstance(value, list):
                return ",".join(item["value"] if isinstance(item, dict) else item for item in value)
            return str(value)
    return ""
