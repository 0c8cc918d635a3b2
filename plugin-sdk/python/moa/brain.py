"""The plugin's durable memory.

    brain = ctx.brain
    brain.set("menu", ["soup", "rice"])
    visits = brain.increment("visits")

A write that returned is on disk. Each function is atomic by itself; several in a row are not, which is what `increment`,
`compare_and_swap` and `update` are for. Keys have 1 to 512 bytes, values up to 1 MiB.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from . import _host
from ._host import Scope, Stored, Write
from .errors import Conflict
from .system import instant

__all__ = ["Brain", "Entry", "conversation", "plugin", "shared", "user"]

T = TypeVar("T")

_TRIES = 100
"""Each try that fails means that another writer got through: this many mean that something else is wrong."""
_PAGE = 1000


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A value with what the host knows about it."""

    value: T
    version: str
    """For `compare_and_swap`. Changes with every write."""
    expires: Any
    """When it will be gone, a `datetime`; `None` if never."""


class Brain:
    """One scope of the plugin's memory. Values are anything that has a JSON form."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, key: str, default: Any = None) -> Any:
        """The value under a key; `default` if there is none."""
        stored = self._read(key)
        return default if stored is None else _value(key, stored.value)

    def get_bytes(self, key: str) -> bytes | None:
        """The bytes under a key; `None` if there are none."""
        stored = self._read(key)
        return None if stored is None else stored.value

    def get_text(self, key: str) -> str | None:
        """The text under a key, as `set_text` wrote it; `None` if there is none."""
        stored = self._read(key)
        return None if stored is None else stored.value.decode()

    def entry(self, key: str) -> Entry[Any] | None:
        """The value under a key with its version and expiry; `None` if there is none."""
        stored = self._read(key)
        return None if stored is None else _entry(stored, _value(key, stored.value))

    def entry_bytes(self, key: str) -> Entry[bytes] | None:
        """The bytes under a key with their version and expiry; `None` if there are none."""
        stored = self._read(key)
        return None if stored is None else _entry(stored, stored.value)

    def set(self, key: str, value: Any, *, ttl: timedelta | int | None = None) -> str:
        """Writes a value as JSON, whatever was there; with `ttl` (whole seconds) it is gone after a while. The version."""
        return _host.current().brain_set(self._scope, Write(key, _json(key, value), _seconds(ttl)))

    def set_bytes(self, key: str, value: bytes, *, ttl: timedelta | int | None = None) -> str:
        """Writes bytes, whatever was there. The version."""
        return _host.current().brain_set(self._scope, Write(key, bytes(value), _seconds(ttl)))

    def set_text(self, key: str, value: str, *, ttl: timedelta | int | None = None) -> str:
        """Writes text, whatever was there. The version."""
        return self.set_bytes(key, value.encode(), ttl=ttl)

    def delete(self, key: str) -> bool:
        """Deletes. Whether there was something to delete."""
        return _host.current().brain_delete(self._scope, key)

    def increment(self, key: str, by: int = 1) -> int:
        """Adds to a number and returns the sum, in one step: no two calls get the same. What is absent counts as 0."""
        return _host.current().brain_increment(self._scope, key, by)

    def compare_and_swap(
        self, key: str, value: Any, expected: str | None, *, ttl: timedelta | int | None = None
    ) -> str:
        """Writes only if the entry's version is still `expected`; `None` expects that there is no entry.

        Raises `moa.Conflict` if another writer was first.
        """
        write = Write(key, _json(key, value), _seconds(ttl))
        return _host.current().brain_compare_and_swap(self._scope, write, expected)

    def compare_and_swap_bytes(
        self, key: str, value: bytes, expected: str | None, *, ttl: timedelta | int | None = None
    ) -> str:
        """The same with bytes."""
        return _host.current().brain_compare_and_swap(self._scope, Write(key, bytes(value), _seconds(ttl)), expected)

    def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Changes a value, however many others do so at the same time, and returns the new one.

        `change` gets the value (`default` where there is none) and returns the new one; what it raises ends the update
        and nothing is written. It may run several times. An expiry is taken away.

            brain.update("names", lambda names: names + [name], [])
        """
        tries = 0
        while True:
            tries += 1
            entry = self.entry(key)
            # A copy: a change in place must not show in the caller's default.
            value = json.loads(_json(key, default)) if entry is None else entry.value
            new = change(value)
            try:
                self.compare_and_swap(key, new, None if entry is None else entry.version)
            except Conflict:
                if tries == _TRIES:
                    raise
            else:
                return new

    def keep(self, key: str, name: str, value: Any, most: int) -> None:
        """Puts a value under a name into a table, in which only the last `most` names stay, in their order: a history.

            brain.keep("rows", "2026-11-22", 49, 60)
            brain.get("rows", {})  # {…, "2026-11-21": 48, "2026-11-22": 49}
        """
        self.update(key, lambda table: dict(sorted({**table, name: value}.items())[-most:]), {})

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with `prefix`, ascending, fetched as they are needed."""
        cursor = None
        while True:
            keys, cursor = self.page(prefix, cursor)
            yield from keys
            if cursor is None:
                return

    def page(self, prefix: str = "", cursor: str | None = None, limit: int = _PAGE) -> tuple[list[str], str | None]:
        """Some of the keys, and where to go on; `None` if that was all."""
        return _host.current().brain_list_keys(self._scope, prefix, cursor, limit)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values under several keys (1,000 at most), as of one moment; keys without one are left out."""
        wanted = list(keys)
        stored = _host.current().brain_get_many(self._scope, wanted)
        return {key: _value(key, one.value) for key, one in zip(wanted, stored) if one is not None}

    def get_many_bytes(self, keys: Iterable[str]) -> list[bytes | None]:
        """The bytes under several keys (1,000 at most), as of one moment, in the order of the keys."""
        stored = _host.current().brain_get_many(self._scope, list(keys))
        return [None if one is None else one.value for one in stored]

    def set_many(self, values: Mapping[str, Any], *, ttl: timedelta | int | None = None) -> None:
        """Several writes at once (1,000 at most): all of them or none."""
        seconds = _seconds(ttl)
        writes = [Write(key, _json(key, value), seconds) for key, value in values.items()]
        _host.current().brain_set_many(self._scope, writes)

    def set_many_bytes(self, values: Iterable[tuple[str, bytes]], *, ttl: timedelta | int | None = None) -> None:
        """Several writes of bytes at once (1,000 at most): all of them or none."""
        seconds = _seconds(ttl)
        _host.current().brain_set_many(self._scope, [Write(key, value, seconds) for key, value in values])

    def _read(self, key: str) -> Stored | None:
        return _host.current().brain_get(self._scope, key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Brain) and self._scope == other._scope

    def __hash__(self) -> int:
        return hash(self._scope)

    def __repr__(self) -> str:
        return f"Brain{self._scope}"


def plugin() -> Brain:
    """The plugin's memory."""
    return Brain(("plugin", ""))


def conversation(id: str) -> Brain:
    """The plugin's memory about one conversation, by id."""
    return Brain(("conversation", id))


def user(id: str) -> Brain:
    """The plugin's memory about one person, by id."""
    return Brain(("user", id))


def shared() -> Brain:
    """The memory that plugins share. Needs the request `shared_brain`."""
    return Brain(("shared", ""))


def _json(key: str, value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(f"the value for {key!r} in the brain has no JSON form ({error}); or use set_bytes") from error


def _value(key: str, stored: bytes) -> Any:
    try:
        return json.loads(stored)
    except ValueError as error:
        raise ValueError(f"what the brain has under {key!r} is no JSON ({error}); use get_bytes or get_text") from error


def _entry(stored: Stored, value: T) -> Entry[T]:
    return Entry(value, stored.version, None if stored.expires is None else instant(stored.expires))


def _seconds(ttl: timedelta | int | None) -> int | None:
    if isinstance(ttl, timedelta):
        return max(0, int(ttl.total_seconds()))
    return ttl
