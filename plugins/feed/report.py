"""What came of a verification or an upload, and how it is told."""

from dataclasses import dataclass, field

import moa
from feeds import Feed

text = moa.texts("texts.toml")


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
    """Each the name of a text and what is filled in there."""
    facts: list[tuple[str, str]] = field(default_factory=list)
    """Each the name of a text and its value."""
    rows: int | None = None
    """How many there are; `None` where there is no file."""
    age: float | None = None
    """Of the file in seconds; `None` where nobody tells."""
    counts: list[int] = field(default_factory=list)
    """The rows of the last days."""

    def wrong(self, problem: str, **what: object) -> None:
        """Something is wrong."""
        self.problems.append((problem, what))

    def sized(self, size: int, rows: int) -> None:
        """There is a file, of so many bytes and rows."""
        self.rows = rows
        self.facts += [("rows", f"{rows:,}"), ("size", f"{max(1, size // 1024):,} KiB")]

    def content(self, language: str, note: str = "", call: bool = True) -> moa.Content:
        """As a message: who has to look is called where something failed."""
        outcome = "failed" if self.problems else "ok"
        calls = "".join("{@" + person + "} " for person in self.feed.mention) if self.problems and call else ""
        lines = [calls + text(language, f"{self.what}-{outcome}", feed=self.feed.title) + note]
        lines += [f"• {text(language, name, **what)}" for name, what in self.problems]
        if len(self.counts) > 1:
            bars = moa.text.sparkline(self.counts)
            lines.append(text(language, "days", count=len(self.counts), bars=bars))
        card = moa.Card(color="danger" if self.problems else "good")
        for name, value in self.facts:
            card = card.field(text(language, name), value)
        if self.age is not None:
            card = card.field(text(language, "age"), text(language, "minutes", count=f"{self.age / 60:,.0f}"))
        content = moa.Content("\n".join(lines))
        return content.card(card) if card.fields else content
