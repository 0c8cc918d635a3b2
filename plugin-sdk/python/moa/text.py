"""Text that somebody else wrote, inside the markup of a message; and tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["plain", "table", "width"]

_JOINER = "\u2060"
"""Invisible; behind a mark it makes the mark plain text, says the contract."""


def plain(text: object) -> str:
    """Makes foreign text plain: what would be markup or a mention in it is shown as it stands.

    Use it for names and other text that people chose, when it is put into a message.
    """
    return re.sub(r"([*_~`\[{])", r"\1" + _JOINER, str(text))


def width(text: str) -> int:
    """How many columns a text takes where letters are of one width: Korean letters and emoji take two."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    code = ord(character)
    if unicodedata.combining(character) or 0x1160 <= code <= 0x11FF or 0xFE00 <= code <= 0xFE0F:
        return 0
    if 0x200B <= code <= 0x200F or code == 0x2060:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def table(rows: Iterable[Iterable[object]]) -> str:
    """A table in a code block. The first row is the heading; a column of numbers is aligned to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    count = max((len(row) for row in cells), default=0)
    cells = [row + [""] * (count - len(row)) for row in cells]
    columns = []
    for at in range(count):
        below = [row[at] for row in cells[1:]]
        right = any(below) and all(not text or _is_number(text) for text in below)
        columns.append((max(width(row[at]) for row in cells), right))
    lines = ["```"]
    for number, row in enumerate(cells):
        parts = []
        for text, (wide, right) in zip(row, columns):
            gap = " " * (wide - width(text))
            parts.append(gap + text if right else text + gap)
        lines.append(" ".join(parts).rstrip())
        if number == 0:
            lines.append(" ".join("-" * wide for wide, _ in columns))
    return "\n".join([*lines, "```"])


def _cell(value: object) -> str:
    """One line, in which nothing ends the code block."""
    return re.sub(r"[\n\r\t]", " ", str(value).strip()).replace("`", "`" + _JOINER)


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.replace(",", "")) is not None
