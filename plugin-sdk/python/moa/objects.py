"""Object stores (buckets) that the operator named. Needs the request `objects` with their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import _host, system

__all__ = ["Object", "delete", "get", "objects", "page", "put", "sign"]


@dataclass(frozen=True)
class Object:
    """An object without its content."""

    key: str
    size: int
    etag: str
    modified: datetime


def get(bucket: str, key: str) -> bytes:
    """The content."""
    return _host.current().objects_get(bucket, key)


def put(bucket: str, key: str, data: bytes | str, mime: str = "application/octet-stream") -> str:
    """Writes, whatever was there. The new etag."""
    return _host.current().objects_put(bucket, key, data.encode() if isinstance(data, str) else bytes(data), mime)


def objects(bucket: str, prefix: str = "") -> Iterator[Object]:
    """The objects whose keys begin with `prefix`, ascending, fetched as they are needed."""
    cursor = None
    while True:
        found, cursor = page(bucket, prefix, cursor)
        yield from found
        if cursor is None:
            return


def page(bucket: str, prefix: str = "", cursor: str | None = None) -> tuple[list[Object], str | None]:
    """Some of the objects, and where to go on; `None` if that was all."""
    found, following = _host.current().objects_list(bucket, prefix, cursor)
    return [Object(key, size, etag, system.instant(modified)) for key, size, etag, modified in found], following


def delete(bucket: str, key: str) -> None:
    """Deletes. One that is not there is success."""
    _host.current().objects_delete(bucket, key)


def sign(bucket: str, key: str, valid: timedelta | int) -> str:
    """An address by which anybody can read the object for a while."""
    seconds = int(valid.total_seconds()) if isinstance(valid, timedelta) else valid
    return _host.current().objects_sign(bucket, key, seconds)
