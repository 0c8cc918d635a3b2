"""What every plugin may have without asking: its configuration, the time, chance.

Python's own `random`, `secrets`, `uuid` and `datetime.now()` are fresh in each call as well; there is no database of time
zones in the sandbox, so that `local` stands in for `zoneinfo`.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from . import _host

__all__ = ["config", "instant", "local", "now", "random_bytes", "rfc3339"]

_MOST = 65_536
"""As much chance as the host gives at once."""


def config() -> dict[str, Any]:
    """The plugin's own configuration, the operator's table `[plugin.NAME.config]`, with the defaults filled in."""
    table: dict[str, Any] = json.loads(_host.current().system_config() or "{}")
    return table


def now() -> datetime:
    """The present instant, in UTC. Never goes back within a call."""
    return instant(_host.current().system_now())


def local(when: datetime | str, zone: str) -> datetime:
    """An instant on the clock of a time zone (an IANA name)."""
    text = _host.current().system_local(when if isinstance(when, str) else rfc3339(when), zone)
    return instant(text.partition("[")[0])


def random_bytes(count: int) -> bytes:
    """So many bytes that nobody can foretell."""
    parts = []
    while count > 0:
        part = _host.current().system_random(min(count, _MOST))
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def instant(text: str) -> datetime:
    """RFC 3339 text as an aware `datetime`."""
    # Python 3.10 reads neither `Z` nor fractions of other than 3 or 6 digits.
    text = text.replace("Z", "+00:00").replace("z", "+00:00")
    whole, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{whole}.{rest[:digits][:6]:0<6}{rest[digits:]}"
    return datetime.fromisoformat(text)


def rfc3339(when: datetime) -> str:
    """An aware `datetime` as RFC 3339 text in UTC, to the millisecond."""
    if when.tzinfo is None:
        raise ValueError("this datetime has no time zone; use moa.system.now(), or datetime.now(timezone.utc)")
    text = when.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
