"""The small language of the configuration: conditions that an item has to meet, and columns that are made of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
Condition = Callable[[Item], bool]


def value(item: Any, path: str) -> Any:
    """What stands at `price.sale` in an item; `None` where nothing does. A number is the place in a list, from 0."""
    for key in filter(None, path.split(".")):
        if isinstance(item, list) and key.isdigit():
            item = item[int(key)] if int(key) < len(item) else None
        else:
            item = item.get(key) if isinstance(item, dict) else None
    return item


def condition(text: str) -> Condition:
    """`stock > 0`, `category in shoes, hats`, `title ~ sale`, `title !~ test`, `image` (is there), `!hidden`."""
    found = re.fullmatch(r"\s*([\w.-]+)\s*(>=|<=|!=|!~|=|>|<|~|\bin\b)\s*(.*?)\s*", text)
    if found:
        path, sign, wanted = found.groups()
        test = _TESTS[sign]
        if sign in ("~", "!~"):
            _pattern(wanted)
        return lambda item: test(value(item, path), wanted)
    found = re.fullmatch(r"\s*(!?)\s*([\w.-]+)\s*", text)
    if not found:
        raise ValueError(f'"{text}" is no condition; write "stock > 0", "category in shoes, hats" or "image"')
    absent, path = found.groups()
    return lambda item: bool(value(item, path)) != bool(absent)


def _number(what: Any) -> float | None:
    try:
        return float(what)
    except (TypeError, ValueError):
        return None


def _compare(test: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    def compared(have: Any, wanted: str) -> bool:
        one, other = _number(have), _number(wanted)
        return one is not None and other is not None and test(one, other)

    return compared


def _equal(have: Any, wanted: str) -> bool:
    one, other = _number(have), _number(wanted)
    return shown(have) == wanted.strip("\"'") or (one is not None and one == other)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f'"{text}" is no regular expression: {error}') from None


_TESTS: dict[str, Callable[[Any, str], bool]] = {
    "=": _equal,
    "!=": lambda have, wanted: not _equal(have, wanted),
    ">": _compare(lambda one, other: one > other),
    "<": _compare(lambda one, other: one < other),
    ">=": _compare(lambda one, other: one >= other),
    "<=": _compare(lambda one, other: one <= other),
    "~": lambda have, wanted: bool(_pattern(wanted).search(shown(have))),
    "!~": lambda have, wanted: not _pattern(wanted).search(shown(have)),
    "in": lambda have, wanted: any(_equal(have, one.strip()) for one in wanted.split(",")),
}


@dataclass(frozen=True)
class Column:
    """A column of the file."""

    name: str
    template: str

    def of(self, item: Item) -> str:
        """What stands in it: on one line, without what would begin another column."""
        text = re.sub(_FIELD, lambda found: _filled(item, *found.groups()), self.template)
        return re.sub(r"\s+", " ", text).strip()


_FIELD = r"\{([\w.-]+)(?:\|(\w+))?\}"
_FILTERS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "int": lambda text: str(round(_number(text) or 0)),
    "text": lambda text: re.sub(r"<[^>]*>", " ", text),
    "day": lambda text: text[:10],
}


def column(text: str) -> Column:
    """`price_pc = {price|int}`; a name alone is the field of that name."""
    name, sign, template = (part.strip() for part in text.partition("="))
    template = template if sign else "{" + name + "}"
    for _, wanted in re.findall(_FIELD, template):
        if wanted and wanted not in _FILTERS:
            raise ValueError(f'"{text}": there is no "{wanted}"; those are {", ".join(_FILTERS)}')
    if not name or re.sub(_FIELD, "", template).count("{"):
        raise ValueError(f'"{text}" is no column; write "title = {{brand}} {{title}}"')
    return Column(name, template)


def _filled(item: Item, path: str, wanted: str | None) -> str:
    text = shown(value(item, path))
    return _FILTERS[wanted](text) if wanted else text


def shown(what: Any) -> str:
    """A value of the JSON as text."""
    if isinstance(what, bool):
        return str(what).lower()
    if isinstance(what, list):
        return ",".join(shown(one) for one in what)
    return "" if what is None else str(what)
