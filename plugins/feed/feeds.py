"""What the operator says about each feed: the tables `[plugin.feed.config.feeds.NAME]`."""

from datetime import timedelta
from typing import Annotated, Self

import moa
import rules

TIMES = {"thread", "verify", "export", "except", "missed", "jitter", "secrets"}
"""Keys of the same table that the host reads: when jobs are due, and what is asked for."""


@moa.table
class Invalidate:
    """A request that makes a cache forget the old file."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    body: str = ""


@moa.table
class Feed:
    """One feed. What has no default must be there."""

    channel: Annotated[str, moa.Arg(type="conversation")]
    bucket: str
    file: str
    """The object's key in the bucket."""
    name: str = ""
    timezone: str = "Asia/Seoul"
    mention: list[str] = []
    """Who is called when something fails: ids of people."""
    head: str = ""
    guide: str = ""
    """The first message of the day's thread and the comment below it; our own texts where they are empty."""

    url: str = ""
    """Where the JSON comes from. Without it nothing is exported, only verified."""
    headers: dict[str, str] = {}
    items: str = ""
    """The path to the list in the JSON; empty where the whole is the list."""
    filter: list[str] = []
    columns: list[str] = []
    encoding: str = "utf-8"
    invalidate: dict[str, object] | None = None

    address: str = ""
    """What customers read, to be verified there; otherwise what is in the bucket is."""
    required: list[str] = []
    """The columns that must be there; all of `columns` where it is empty."""
    id: str = ""
    """The column in which nothing may be twice; the first where it is empty."""
    rows_min: Annotated[int, moa.Arg(min=0)] = 1
    fall: Annotated[int, moa.Arg(min=0)] = 20
    rise: Annotated[int, moa.Arg(min=0)] = 100
    """By how many per cent there may be fewer or more rows than the day before."""
    max_age: timedelta = timedelta(hours=26)

    def read(self, key: str) -> Self:
        """Reads what is text in the table, and remembers the table's key."""
        at = f"feeds.{key}"
        self.key, self.title = key, self.name or key
        self.place = moa.Place.of(self.channel)
        self.cache = moa.read_table(Invalidate, self.invalidate, f"{at}.invalidate") if self.invalidate else None
        try:
            "".encode(self.encoding)
            self.conditions = [rules.condition(text) for text in self.filter]
            self.layout = [rules.column(text) for text in self.columns]
        except LookupError:
            raise moa.ConfigError(f"{at}.encoding", f'"{self.encoding}" is unknown; write "utf-8" or "euc-kr"') from None
        except ValueError as error:
            raise moa.ConfigError(at, str(error)) from None
        self.required = self.required or [name for name, _ in self.layout]
        return self


@moa.config
class Settings:
    feeds: dict[str, object] = {}


def feed_of(tables: dict[str, object], key: str) -> Feed:
    """The feed of a table; `moa.ConfigError` says what is wrong there."""
    return moa.read_table(Feed, tables.get(key), f"feeds.{key}", TIMES).read(key)
