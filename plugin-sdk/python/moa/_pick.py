"""Values inside of JSON, by the path that an operator writes."""

from __future__ import annotations

from typing import Any


def pick(value: Any, path: str) -> Any:
    """What stands at `brand.name` or `images.0.url` in JSON; `None` where nothing does, the whole for an empty path.

        price = moa.pick(answer.json(), settings.price)

    A number is the place in a list, from 0.
    """
    for key in filter(None, path.split(".")):
        if isinstance(value, list) and key.isdecimal():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value
