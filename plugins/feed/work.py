"""The two kinds of work: verifying a file, and making and uploading one. Each ends as a report."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import history
import moa
import rules
import tsv
from feeds import Feed
from report import Failed, Report, text


def verify(feed: Feed, at: datetime, day: date) -> Report:
    """Looks at the file that is there. `at` is for when it was due."""
    report = Report(feed, "verify")
    with _noted(report, at, day):
        data, written = _file(feed)
        if written is not None:
            report.age = max(0.0, (moa.system.now() - written).total_seconds())
        tsv.check(report, data, history.before(feed, day))
    report.counts = list(history.rows(feed).values())[-14:]
    return report


def export(feed: Feed, at: datetime, day: date) -> Report:
    """Fetches, filters, transforms, uploads, and makes the cache forget the old file."""
    report = Report(feed, "export")
    with _noted(report, at, day):
        items = _items(feed)
        data, rows = tsv.made(feed, items)
        if rows == 0:
            raise Failed("empty", count=len(items))
        with _told(feed.bucket):
            moa.objects.put(feed.bucket, feed.file, data, f"text/tab-separated-values; charset={feed.encoding}")
        report.facts = [("items", f"{len(items):,}")]
        report.sized(len(data), rows)
        if feed.cache:
            answer = _asked(feed.cache.method, feed.cache.url, feed.cache.headers, feed.cache.body or None)
            report.facts.append(("cache", str(answer.status)))
    return report


@contextmanager
def _noted(report: Report, at: datetime, day: date) -> Iterator[None]:
    """Puts what fails into the report, and remembers how it ended."""
    try:
        yield
    except Failed as failed:
        report.problems.append(failed.problem)
    history.remember(report, at, day)


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
        items: Any = moa.pick(answer.json(), feed.items)
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
        raise Failed(name if name in text else "HostError", what=what) from error
