"""Databases that the operator named. Needs the request `sql` with their names.

    rows = moa.sql.query("members", "SELECT name, born FROM people WHERE team = ?", team)

Parameters are bound, never pasted: `?` in SQLite and MySQL, `$1` in PostgreSQL.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Union

from . import _host, chat
from . import text as _text
from .types import Place

__all__ = ["Cell", "Rows", "execute", "query"]

Cell = Union[None, bool, int, float, Decimal, str, bytes, datetime]
"""A value of a column or parameter. A date or time without a zone comes as text."""


@dataclass(frozen=True)
class Rows:
    """What a query found. Iterating over it gives a dict for each row."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool
    """Whether there was more than the connection's limit."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def table(self) -> str:
        """The rows as a table in a code block, the columns' names above them: an answer as it is."""
        more = [["…"]] if self.truncated else []
        return _text.table([self.columns, *([_shown(cell) for cell in row] for row in self.rows), *more])

    def csv(self) -> str:
        """The rows as a CSV file (RFC 4180), the columns' names in the first line."""
        lines = [self.columns, *([_shown(cell) for cell in row] for row in self.rows)]
        return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)

    def send_csv(self, to: Place, name: str, comment: str = "") -> str:
        """Puts the rows into a place as a CSV file. Its id.

            moa.sql.query("team", "SELECT * FROM members").send_csv(ctx.place, "members.csv")
        """
        return chat.upload(to, name, self.csv(), comment)

    def first(self) -> dict[str, Any] | None:
        """The first row, if there is one."""
        return next(iter(self), None)


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return _digits(cell)
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime) and cell.tzinfo:
        text = cell.astimezone(timezone.utc).replace(tzinfo=None).isoformat()
        return (text.rstrip("0") if "." in text else text) + "Z"
    return cell.hex() if isinstance(cell, bytes) else str(cell)


def _digits(number: float) -> str:
    """As few digits as tell it from its neighbours, without an exponent: 3, 0.1."""
    if not math.isfinite(number):
        return str(number).replace("nan", "NaN")
    return format(Decimal(repr(number)), "f").removesuffix(".0")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def query(connection: str, text: str, *params: Cell) -> Rows:
    """Reads, in a read-only transaction."""
    return Rows(*_host.current().sql_query(connection, text, params))


def execute(connection: str, text: str, *params: Cell) -> int:
    """Writes, in a transaction of its own; the number of rows concerned."""
    return _host.current().sql_execute(connection, text, params)
