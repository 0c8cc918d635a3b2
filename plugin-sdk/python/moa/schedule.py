"""Work at a later time, made at run time. Needs the request `schedule`. Runs arrive at `@moa.job(name)`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from . import _host, system

__all__ = ["Scheduled", "at", "cancel", "every", "jobs"]


@dataclass(frozen=True)
class Scheduled:
    """A job that waits."""

    name: str
    next: datetime | None
    """When it is due next; `None` if it will not be."""
    cron: str | None
    timezone: str
    payload: str


def at(name: str, when: datetime | timedelta, payload: str = "") -> None:
    """Once, at an instant, or after so long. Replaces the job of that name."""
    due = system.now() + when if isinstance(when, timedelta) else when
    _host.current().schedule_at(name, system.rfc3339(due), payload)


def every(name: str, cron: str, *, timezone: str = "UTC", missed: str = "once", payload: str = "") -> None:
    """Again and again, by a cron expression of 5 fields, or 6 with seconds first, or by weekdays and times of day
    (`mon-fri 09:50; sat 11:00`).

    `missed` says what happens to due times that nobody could run: `skip`, `once` (one run for all) or `all`.
    """
    _host.current().schedule_every(name, cron, timezone, missed, payload)


def cancel(name: str) -> bool:
    """Cancels. Whether the job was there."""
    return _host.current().schedule_cancel(name)


def jobs() -> list[Scheduled]:
    """The plugin's jobs, those of the manifest included."""
    return [
        Scheduled(name, None if next is None else system.instant(next), cron, timezone, payload)
        for name, next, cron, timezone, payload in _host.current().schedule_list()
    ]
