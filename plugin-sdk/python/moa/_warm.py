"""Runs a command that does nothing, again and again, while the component is made.

Python learns while it runs: which types an instruction meets, where a name was found, which modules a function imports
inside itself. Every call begins with a fresh copy of the interpreter as it was when the component was made, so what is
learned before that is there from the first instruction of each call on, and need not be written anew.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

from wit_world.exports import commands
from wit_world.imports import types as wit

from ._parts import Command, Parameter, Plugin

TIMES = 16
"""Instructions adapt themselves after a few times."""

_LINE = "moa: objects that stay are at "
"""What the line for the build begins with."""

_stays: tuple[Any, ...] = ()
"""All objects that are there when the component is made. While it holds them no other takes an address of theirs."""
_line = ""
"""The address of the tuple's first element and the number of its elements."""

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
    """What is there now is there for good: no call looks through it for what may go, and the build takes the counts of
    references from it, which would be changed wherever a call looks (`toolchain/lang/python/stay.rs`).
    """
    global _stays, _line
    gc.collect()
    _stays = _everything()
    first = id(_stays) + tuple.__basicsize__
    _line = f"{_LINE}{first:08x}{len(_stays):08x}"
    gc.collect()
    gc.freeze()


def _everything() -> tuple[Any, ...]:
    """All objects that there are."""
    # A bit for every eighth address. A set would leave its pieces all over the memory.
    seen = bytearray()
    found: list[Any] = []

    def find(some: Iterable[Any]) -> None:
        for one in some:
            place, bit = id(one) >> 6, 1 << (id(one) >> 3 & 7)
            if place >= len(seen):
                seen.extend(bytes(place + 1 - len(seen)))
            if not seen[place] & bit:
                seen[place] |= bit
                found.append(one)

    find(gc.get_objects())
    # It grows meanwhile.
    for one in found:
        find(gc.get_referents(one))
        if isinstance(one, CodeType):
            # Of these the collector knows nothing.
            find((one.co_consts, one.co_names, one.co_filename, one.co_name, one.co_qualname, one.co_linetable))
    # What is given back keeps what was in it, and would be carried along in the component.
    seen[:] = bytes(len(seen))
    seen.clear()
    everything = tuple(found)
    # It is one of them.
    found.clear()
    return everything
