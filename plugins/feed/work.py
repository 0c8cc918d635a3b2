"""The two kinds of work: verifying a file, and making and uploading one. Each ends as a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import history
import moa
import rules
import tsv
from feeds import Feed
from texts import KNOWN, text


class Failed(Exception):
    """Something did not work: the name of a text, and what is filled in there."""

    def __init__(self, problem: str, **what: object) -> None:
        super().__init__(problem)
        self.problem = (problem, what)


@dataclass
class Report:
    """What came of it."""

    feed: Feed
    what: str
    """`verify` or `export`"""
    problems: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    """Each the name of a text and its value."""
    counts: list[int] = field(default_factory=list)
    """The rows of the last days."""

    def content(self, language: str, note: str = "") -> moa.Content:
        """As a message: who has to look is called where something failed."""
        titles = {"verify": ("verified", "unverified"), "export": ("exported", "unexported")}
        title = text(language, titles[self.what][bool(self.problems)], feed=self.feed.title) + note
        lines = [f"• {text(language, name, **what)}" for name, what in self.problems]
        card = moa.Card(color="danger" if lines else "good", text="\n".join(lines))
        for name, value in self.facts:
            card = card.field(text(language, name), value)
        if len(self.counts) > 1:
            card = card.field(text(language, "days", count=len(self.counts)), history.sparkline(self.counts))
        calls = "".join("{@" + person + "} " for person in self.feed.mention) if lines else ""
        return moa.Content(calls + title).card(card)


def verify(feed: Feed, at: datetime, day: date, language: str) -> Report:
    """Looks at the file that is there. `at` is for when it was due."""
    report = Report(feed, "verify")
    rows = None
    try:
        data, written = _file(feed)
        found = tsv.checked(feed, data, written, moa.system.now(), history.before(feed.key, day))
        report.problems, rows = found.problems, found.rows
        report.facts = [("rows", f"{found.rows:,}"), ("size", f"{max(1, found.size // 1024):,} KiB")]
        if found.age is not None:
            report.facts.append(("age", text(language, "minutes", count=f"{found.age / 60:,.0f}")))
    except Failed as failed:
        report.problems = [failed.problem]
    # A day whose file was broken is no measure for the next one.
    good = rows if not report.problems else None
    history.remember(feed.key, "verify", at, day, ok=not report.problems, count=good)
    report.counts = list(history.rows(feed.key).values())[-14:]
    return report


def export(feed: Feed, at: datetime, day: date) -> Report:
    """Fetches, filters, transforms, uploads, and makes the cache forget the old file."""
    report = Report(feed, "export")
    rows = None
    try:
        items = _items(feed)
        data, rows = tsv.made(feed, items)
        if rows == 0:
            raise Failed("empty", count=len(items))
        with _told(feed.bucket):
            moa.objects.put(feed.bucket, feed.file, data, f"text/tab-separated-values; charset={feed.encoding}")
        report.facts = [("items", f"{len(items):,}"), ("rows", f"{rows:,}"), ("size", f"{max(1, len(data) // 1024):,} KiB")]
        if feed.cache:
            answer = _asked(feed.cache.method, feed.cache.url, feed.cache.headers, feed.cache.body or None)
            report.facts.append(("cache", str(answer.status)))
    except Failed as failed:
        report.problems = [failed.problem]
    history.remember(feed.key, "export", at, day, ok=not report.problems, count=None)
    return report


def _file(feed: Feed) -> tuple[bytes, datetime | None]:
    """The file and when it was written."""
    if feed.address:
        answer = _asked("GET", feed.address, {}, None)
        try:
            return answer.body, parsedate_to_datetime(answer.header("last-modified") or "")
        except ValueError:
            return answer.body, None
    with _told(feed.bucket):
        known = (one for one in moa.objects.objects(feed.bucket, feed.file) if one.key == feed.file)
        found = next(known, None)
        if found is None:
            raise Failed("NotFound", what=feed.file)
        return moa.objects.get(feed.bucket, feed.file), found.modified


def _items(feed: Feed) -> list[rules.Item]:
    """What the outside system has."""
    if not feed.url or not feed.columns:
        raise Failed("unset")
    answer = _asked("GET", feed.url, feed.headers, None)
    try:
        items: Any = rules.value(answer.json(), feed.items)
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise Failed("json", url=feed.url)
    return [item for item in items if isinstance(item, dict)]


def _asked(method: str, url: str, headers: dict[str, str], body: str | None) -> moa.http.Response:
    with _told(url):
        answer = moa.http.fetch(method, url, headers=headers, body=body)
    if not answer.ok:
        raise Failed("status", url=url, status=answer.status)
    return answer


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turns what the host refuses into something for people; the log has the host's own words."""
    try:
        yield
    except moa.HostError as error:
        moa.log.warn(f"{what}: {error}")
        name = type(error).__name__
        raise Failed(name if name in KNOWN else "HostError", what=what) from error
