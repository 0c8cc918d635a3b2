"""Databases that the operator named. Needs the request `sql` with their names.

    rows = moa.sql.query("members", "SELECT name, born FROM people WHERE team = ?", team)

Parameters are bound, never pasted: `?` in SQLite and MySQL, `$1` in PostgreSQL.
"""

from __future__ import annotations

import math
import re
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

    def csv(self, *, bom: bool = False, disarm: bool = True) -> str:
        """The rows as a CSV file (RFC 4180), the columns' names in the first line.

        `bom` begins it with a byte-order mark, without which Excel shows Hangul as rubbish. `disarm` makes a text (by a `'`)
        of a cell that a spreadsheet would run as a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a line end, and
        is no number.
        """
        lines = [self.columns, *([_shown(cell) for cell in row] for row in self.rows)]
        made = "".join(",".join(_quoted(_disarmed(cell) if disarm else cell) for cell in line) + "\r\n" for line in lines)
        return "\ufeff" + made if bom else made

    def send_csv(self, to: Place, name: str, comment: str = "", *, bom: bool = True, disarm: bool = True) -> str:
        """Puts the rows into a place as a CSV file for a spreadsheet (see `csv`). Its id.

            moa.sql.query("team", "SELECT * FROM members").send_csv(ctx.place, "members.csv")
        """
        return chat.upload(to, name, self.csv(bom=bom, disarm=disarm), comment)

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


_SIGNED = re.compile(r"[+-]([0-9]+(\.[0-9]+)?|inf)?")


def _disarmed(text: str) -> str:
    return "'" + text if text.startswith(tuple("=+-@\t\r\n＝＋－＠")) and not _SIGNED.fullmatch(text) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def query(connection: str, text: str, *params: Cell) -> Rows:
    """Reads, in a read-only transaction."""
    return Rows(*_host.current().sql_query(connection, text, params))


def execute(connection: str, text: str, *params: Cell) -> int:
    """Writes, in a transaction of its own; the number of rows concerned."""
    return _host.current().sql_execute(connection, text, params)
