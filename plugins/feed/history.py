"""What was found, day by day.

In the brain: `rows/FEED` is `{date: rows}` of the last 60 days, `ended/FEED` is `{"instant verify": whether it was fine}` (or
`export`) of the last 100 runs. The day's thread is kept by `moa.chat.daily_thread`.
"""

from datetime import date, datetime
from typing import NamedTuple

import moa
from feeds import Feed
from report import Report


class Run(NamedTuple):
    """A verification or an upload."""

    at: datetime
    """On the clock of the feed's zone."""
    what: str
    """`verify` or `export`"""
    ok: bool


def rows(feed: Feed) -> dict[str, int]:
    """How many rows there were on each day, oldest first."""
    known: dict[str, int] = moa.brain.plugin().get(f"rows/{feed.key}", {})
    return known


def before(feed: Feed, day: date) -> tuple[str, int] | None:
    """The last day before this one of which it is known how many rows there were, and how many."""
    return max((known for known in rows(feed).items() if known[0] < day.isoformat()), default=None)


def runs(feed: Feed) -> list[Run]:
    """The last runs, oldest first."""
    known: dict[str, bool] = moa.brain.plugin().get(f"ended/{feed.key}", {})
    each = ((*key.partition(" "), ok) for key, ok in known.items())
    return [Run(moa.system.local(at, feed.timezone), what, ok) for at, _, what, ok in each]


def remember(report: Report, at: datetime, day: date) -> None:
    """Writes a run down. The same run again takes the place of what is there."""
    brain = moa.brain.plugin()
    brain.keep(f"ended/{report.feed.key}", f"{moa.system.rfc3339(at)} {report.what}", not report.problems, 100)
    # A broken file is no measure for the days after it. One whose rows became more or fewer is: it is told once, that day.
    if report.what == "verify" and report.rows is not None and all(name == "change" for name, _ in report.problems):
        brain.keep(f"rows/{report.feed.key}", day.isoformat(), report.rows, 60)
