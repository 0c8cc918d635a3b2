"""The file: how it is made of items, and what may be wrong with one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import rules
from feeds import Feed


@dataclass
class Check:
    """What was found in a file."""

    rows: int = 0
    size: int = 0
    age: float | None = None
    """In seconds; `None` where nobody tells."""
    problems: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    """Each the name of a text and what is filled in there."""

    def wrong(self, problem: str, **what: object) -> None:
        """Something is wrong."""
        self.problems.append((problem, what))


def made(feed: Feed, items: list[rules.Item]) -> tuple[bytes, int]:
    """The file of those items that the conditions keep, and how many they are."""
    kept = [item for item in items if all(keeps(item) for keeps in feed.conditions)]
    lines = ["\t".join(column.name for column in feed.layout)]
    lines += ["\t".join(column.of(item) for column in feed.layout) for item in kept]
    # What the encoding lacks would otherwise stop the whole feed for one odd letter.
    return ("\n".join(lines) + "\n").encode(feed.encoding, "replace"), len(kept)


def checked(feed: Feed, data: bytes, written: datetime | None, now: datetime, before: int | None) -> Check:
    """Looks at a file; `before` is how many rows it had the day before."""
    found = Check(size=len(data))
    if written is not None:
        found.age = max(0.0, (now - written).total_seconds())
        if found.age > feed.max_age.total_seconds():
            found.wrong("old", hours=round(found.age / 3600), most=round(feed.max_age.total_seconds() / 3600))
    try:
        text = data.decode(feed.encoding)
    except UnicodeDecodeError as error:
        found.wrong("encoding", encoding=feed.encoding, place=error.start)
        text = data.decode(feed.encoding, "replace")
    head, *lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    names = head.lstrip("\ufeff").split("\t")
    rows = [line.split("\t") for line in lines]
    found.rows = len(rows)
    missing = [name for name in feed.required if name not in names]
    if missing:
        found.wrong("columns", columns=", ".join(missing))
    odd = [number for number, row in enumerate(rows, 2) if len(row) != len(names)]
    if odd:
        found.wrong("ragged", count=len(odd), line=odd[0])
    id = feed.id or names[0]
    if id in names:
        at = names.index(id)
        ids = [row[at] for row in rows if len(row) > at]
        twice = [one for one, count in Counter(ids).items() if count > 1]
        if twice:
            found.wrong("twice", count=len(twice), column=id, example=twice[0])
    if found.rows < feed.rows_min:
        found.wrong("few", rows=found.rows, least=feed.rows_min)
    if before:
        change = round((found.rows - before) * 100 / before)
        if change < -feed.fall or change > feed.rise:
            found.wrong("change", rows=found.rows, before=before, change=f"{change:+d}")
    return found
