"""Databases that the operator named. Needs the request `sql` with their names.

    rows = moa.sql.query("members", "SELECT name, born FROM people WHERE team = ?", team)

Parameters are bound, never pasted: `?` in SQLite and MySQL, `$1` in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Union

from . import _host

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

    def first(self) -> dict[str, Any] | None:
        """The first row, if there is one."""
        return next(iter(self), None)


def query(connection: str, text: str, *params: Cell) -> Rows:
    """Reads, in a read-only transaction."""
    return Rows(*_host.current().sql_query(connection, text, params))


def execute(connection: str, text: str, *params: Cell) -> int:
    """Writes, in a transaction of its own; the number of rows concerned."""
    return _host.current().sql_execute(connection, text, params)
