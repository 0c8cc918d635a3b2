"""The small language of the configuration: conditions that an item has to meet, and columns that are made of it."""

import math
import re
from collections.abc import Callable
from typing import Any

import moa

Item = dict[str, Any]
Condition = Callable[[Item], bool]


def condition(text: str) -> Condition:
    """`stock > 0`, `category in shoes, hats`, `title ~ sale`, `title !~ test`, `image` (is there), `!hidden`."""
    found = re.fullmatch(r"\s*([\w.-]+)\s*(>=|<=|!=|!~|=|>|<|~|\bin\b)\s*(.*?)\s*", text)
    if found:
        path, sign, wanted = found.groups()
        test = _TESTS[sign]
        if "~" in sign:
            try:
                re.compile(wanted)
            except re.error as error:
                raise ValueError(f'"{wanted}" is no regular expression: {error}') from None
        return lambda item: test(moa.pick(item, path), wanted)
    found = re.fullmatch(r"\s*(!?)\s*([\w.-]+)\s*", text)
    if not found:
        raise ValueError(f'"{text}" is no condition; write "stock > 0", "category in shoes, hats" or "image"')
    absent, path = found.groups()
    return lambda item: bool(moa.pick(item, path)) != bool(absent)


def _number(what: Any) -> float:
    """A value as a number; what is none is neither equal to, nor less or more than, anything."""
    try:
        return float(what)
    except (TypeError, ValueError):
        return math.nan


def _equal(have: Any, wanted: str) -> bool:
    return shown(have) == wanted.strip("\"'") or _number(have) == _number(wanted)


_TESTS: dict[str, Callable[[Any, str], bool]] = {
    "=": _equal,
    "!=": lambda have, wanted: not _equal(have, wanted),
    ">": lambda have, wanted: _number(have) > _number(wanted),
    "<": lambda have, wanted: _number(have) < _number(wanted),
    ">=": lambda have, wanted: _number(have) >= _number(wanted),
    "<=": lambda have, wanted: _number(have) <= _number(wanted),
    "~": lambda have, wanted: bool(re.search(wanted, shown(have), re.IGNORECASE)),
    "!~": lambda have, wanted: not re.search(wanted, shown(have), re.IGNORECASE),
    "in": lambda have, wanted: any(_equal(have, one.strip()) for one in wanted.split(",")),
}


_FIELD = r"\{([\w.-]+)(?:\|(\w+))?\}"
_FILTERS: dict[str | None, Callable[[str], str]] = {
    None: str,
    "upper": str.upper,
    "lower": str.lower,
    "int": lambda text: str(round(_number(text))) if math.isfinite(_number(text)) else "0",
    "text": lambda text: re.sub(r"<[^>]*>", " ", text),
    "day": lambda text: text[:10],
}


def column(text: str) -> tuple[str, str]:
    """A column's name and what stands in it: `price_pc = {price|int}`; a name alone is the field of that name."""
    name, sign, template = (part.strip() for part in text.partition("="))
    template = template if sign else "{" + name + "}"
    for _, wanted in re.findall(_FIELD, template):
        if wanted and wanted not in _FILTERS:
            raise ValueError(f'"{text}": there is no "{wanted}"; those are {", ".join(filter(None, _FILTERS))}')
    if not name or "{" in re.sub(_FIELD, "", template):
        raise ValueError(f'"{text}" is no column; write "title = {{brand}} {{title}}"')
    return name, template


def cell(template: str, item: Item) -> str:
    """What stands in a column: on one line, without what would begin another column."""
    text = re.sub(_FIELD, lambda found: _FILTERS[found[2]](shown(moa.pick(item, found[1]))), template)
    return " ".join(text.split())


def shown(what: Any) -> str:
    """A value of the JSON as text."""
    if isinstance(what, bool):
        return str(what).lower()
    if isinstance(what, list):
        return ",".join(shown(one) for one in what)
    return "" if what is None else str(what)
