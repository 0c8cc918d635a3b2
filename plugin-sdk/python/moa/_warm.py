"""Runs a command that does nothing, again and again, while the component is made.

Python learns while it runs: which types an instruction meets, where a name was found, which modules a function imports
inside itself. Every call begins with a fresh copy of the interpreter as it was when the component was made, so what is
learned before that is there from the first instruction of each call on, and need not be written anew.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from wit_world.exports import commands
from wit_world.imports import types as wit

from ._parts import Command, Parameter, Plugin

TIMES = 16
"""Instructions adapt themselves after a few times."""

_TIME = "2026-01-02T03:04:05.678Z"


class Host:
    """What the little command asks of a host: there is none yet."""

    def system_random(self, count: int) -> bytes:
        return bytes(count)

    def system_log(self, level: str, text: str) -> None:
        pass


def plugin() -> Plugin:
    """A plugin of one command."""
    return Plugin(commands=[Command("warm", _warm, parameters=[Parameter("context", "context")])])


def _warm(context: Any) -> str:
    return f"{context.command} {context.rest}"


def call() -> commands.Call:
    """A call of it, as the host makes them."""
    place = wit.Place("slack", "C1", "1.0", wit.PlaceKind.CHANNEL)
    author = wit.User("U1", "rosie", "Rosie", "ko-KR", "Asia/Seoul", False)
    message = wit.Message(wit.MessageRef(place, "2.0"), author, "!warm up", "!warm up", [], [], _TIME, False)
    invocation = wit.Invocation("1", _TIME, 1, "ko-KR", "Asia/Seoul")
    arguments = [wit.Arg("text", wit.Value_Text("up"))]
    return commands.Call(invocation, "warm", [], arguments, "up", ["up"], message)


def warm(handle: Callable[[commands.Call], Any]) -> None:
    """Runs it."""
    for _ in range(TIMES):
        handle(call())


def settle() -> None:
    """What is there now is there for good: no call looks through it for what may go."""
    gc.collect()
    gc.freeze()
