"""What was found, day by day.

In the brain: `rows/FEED` is `{date: rows}` of the last 60 days, `runs/FEED` the last 100 runs, newest last:
`{"at", "what": "verify" or "export", "ok", "rows"}`. The day's thread is kept by `moa.chat.daily_thread`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import moa
from feeds import Feed

_DAYS = 60
_RUNS = 100
_BARS = "▁▂▃▄▅▆▇█"


def rows(feed: str) -> dict[str, int]:
    """How many rows there were on each day, oldest first."""
    known: dict[str, int] = moa.brain.plugin().get(f"rows/{feed}", {})
    return dict(sorted(known.items()))


def before(feed: str, day: date) -> int | None:
    """How many rows there were on the last day before this one of which it is known."""
    earlier = [count for known, count in rows(feed).items() if known < day.isoformat()]
    return earlier[-1] if earlier else None


def runs(feed: str) -> list[dict[str, Any]]:
    """The last runs, newest last."""
    known: list[dict[str, Any]] = moa.brain.plugin().get(f"runs/{feed}", [])
    return known


def verified(feed: Feed) -> dict[str, list[bool]]:
    """How the verifications of each day in the feed's zone ended."""
    days: dict[str, list[bool]] = {}
    for run in runs(feed.key):
        if run["what"] == "verify":
            day = moa.system.local(run["at"], feed.timezone).date().isoformat()
            days.setdefault(day, []).append(run["ok"])
    return days


def remember(feed: str, what: str, at: datetime, day: date, *, ok: bool, count: int | None) -> None:
    """Writes a run down. The same run again takes the place of what is there."""
    run = {"at": moa.system.rfc3339(at), "what": what, "ok": ok, "rows": count}

    def added(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        others = [one for one in known if (one["at"], one["what"]) != (run["at"], what)]
        return [*others, run][-_RUNS:]

    moa.brain.plugin().update(f"runs/{feed}", added, [])
    if count is not None:
        days = {**rows(feed), day.isoformat(): count}
        moa.brain.plugin().set(f"rows/{feed}", dict(sorted(days.items())[-_DAYS:]))


def sparkline(counts: list[int]) -> str:
    """A row of bars: the least is the lowest, the most the highest."""
    least, most = min(counts, default=0), max(counts, default=0)
    return "".join(_BARS[(count - least) * (len(_BARS) - 1) // max(1, most - least)] for count in counts)
