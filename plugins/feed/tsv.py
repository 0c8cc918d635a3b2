"""The file: how it is made of items, and what may be wrong with one."""

from collections import Counter

import rules
from feeds import Feed
from report import Report


def made(feed: Feed, items: list[rules.Item]) -> tuple[bytes, int]:
    """The file of those items that the conditions keep, and how many they are."""
    kept = [item for item in items if all(keeps(item) for keeps in feed.conditions)]
    lines = ["\t".join(name for name, _ in feed.layout)]
    lines += ["\t".join(rules.cell(template, item) for _, template in feed.layout) for item in kept]
    # What the encoding lacks would otherwise stop the whole feed for one odd letter.
    return ("\n".join(lines) + "\n").encode(feed.encoding, "replace"), len(kept)


def check(report: Report, data: bytes, before: tuple[str, int] | None) -> None:
    """Looks at a file; `before` is how many rows it had on an earlier day."""
    feed = report.feed
    if report.age is not None and report.age > feed.max_age.total_seconds():
        report.wrong("old", age=_span(report.age), most=_span(feed.max_age.total_seconds()))
    try:
        text = data.decode(feed.encoding)
    except UnicodeDecodeError as error:
        report.wrong("encoding", encoding=feed.encoding, place=error.start)
        text = data.decode(feed.encoding, "replace")
    head, *lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    names = head.lstrip("\ufeff").split("\t")
    rows = [line.split("\t") for line in lines]
    report.sized(len(data), len(rows))
    missing = [name for name in feed.required if name not in names]
    if missing:
        report.wrong("columns", columns=", ".join(missing))
    odd = [number for number, row in enumerate(rows, 2) if len(row) != len(names)]
    if odd:
        report.wrong("ragged", count=len(odd), line=odd[0])
    id = feed.id or names[0]
    if id in names:
        at = names.index(id)
        counts = Counter(row[at] for row in rows if len(row) > at)
        twice = [one for one, count in counts.items() if count > 1]
        if twice:
            report.wrong("twice", count=len(twice), column=id, example=twice[0])
    if len(rows) < feed.rows_min:
        report.wrong("few", rows=len(rows), least=feed.rows_min)
    if before and before[1]:
        day, count = before
        change = round((len(rows) - count) * 100 / count)
        if change < -feed.fall or change > feed.rise:
            report.wrong("change", rows=len(rows), before=count, day=day, change=f"{change:+d}")


def _span(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}:{minutes:02}"
