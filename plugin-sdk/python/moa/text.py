"""Text that somebody else wrote, inside the markup of a message; templates, tables, and numbers as a line of bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["fill", "holes", "plain", "sparkline", "table", "width"]

_JOINER = "\u2060"
"""Invisible; behind a mark it makes the mark plain text, says the contract."""


def plain(text: object) -> str:
    """Makes foreign text plain: what would be markup or a mention in it is shown as it stands.

    Use it for names and other text that people chose, when it is put into a message.
    """
    return re.sub(r"([*_~`\[{])", r"\1" + _JOINER, str(text))


_HOLE = re.compile(r"\{([a-z][a-z0-9_-]*)(:markup)?\}")


def holes(template: str) -> set[str]:
    """The names of the holes in a template, as `fill` takes them: with `_` for `-`."""
    return {name.replace("-", "_") for name, _ in _HOLE.findall(template)}


def fill(template: str, /, **values: object) -> str:
    """Fills the holes `{name}` of a text, such as one that the operator wrote. Where there is no value the hole stays.

    Values are put in as plain text, at `{name:markup}` as they stand.
    """

    def filled(hole: re.Match[str]) -> str:
        name, as_markup = hole[1].replace("-", "_"), hole[2]
        if name not in values:
            return hole[0]
        return str(values[name]) if as_markup else plain(values[name])

    return _HOLE.sub(filled, template)


def width(text: str) -> int:
    """How many columns a text takes where letters are of one width: Korean letters and emoji take two."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    code = ord(character)
    if code < 0x300:
        return 1
    if _among(code, _NONE):
        return 0
    return 2 if _among(code, _TWO) else 1


def _among(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


# The same in the SDKs of all languages, so that their tables are.
_NONE = ((0x300, 0x36F), (0x1160, 0x11FF), (0x200B, 0x200F), (0x2060, 0x2060), (0xFE00, 0xFE0F))
"""Marks that combine, joiners, and the vowels and finals of decomposed Hangul."""
_TWO = (
    *((0x1100, 0x115F), (0x231A, 0x231B), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x2614, 0x2615)),
    *((0x26A1, 0x26A1), (0x26BD, 0x26BE), (0x26D4, 0x26D4), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728)),
    *((0x274C, 0x274C), (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x2B50, 0x2B50)),
    *((0x2B55, 0x2B55), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF)),
    *((0xFE30, 0xFE6F), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF)),
    *((0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x20000, 0x3FFFD)),
)
"""Hangul, Chinese and Japanese letters, full-width forms, and what is shown as an emoji."""


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


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(numbers: Sequence[float]) -> str:
    """Numbers as a line of bars, `▁▃█`: the least is the lowest, the most the highest. All are low where all are the same."""
    least, most = min(numbers, default=0), max(numbers, default=0)
    scale = (len(_BARS) - 1) / ((most - least) or 1)
    return "".join(_BARS[round((number - least) * scale)] for number in numbers)
