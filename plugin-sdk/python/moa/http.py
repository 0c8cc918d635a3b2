"""HTTP requests. Needs the request `http` with the origins that are wanted.

    answer = moa.http.get("https://api.example.com/menu", params={"day": "today"})
    dishes = answer.json()["dishes"]

Any status is a response; `raise_for_status` makes an exception of those from 400.
"""

from __future__ import annotations

import json as _json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Union
from urllib.parse import urlencode

from . import _host

__all__ = ["Aws", "Hmac", "Response", "StatusError", "delete", "fetch", "fetch_to_object", "get", "patch", "post", "put"]


@dataclass(frozen=True)
class Aws:
    """The host signs the request by AWS Signature Version 4; `secret` is the name of one whose value is `ID:KEY`."""

    secret: str
    region: str
    service: str


@dataclass(frozen=True)
class Hmac:
    """The host signs the body by HMAC-SHA-256 with the secret of this name; `header` carries it."""

    secret: str
    header: str


Headers = Union[Mapping[str, str], Sequence[tuple[str, str]]]


class StatusError(Exception):
    """A status from 400 on, by `Response.raise_for_status`."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.url} answered {response.status}")
        self.response = response


@dataclass(frozen=True)
class Response:
    """A response."""

    status: int
    headers: list[tuple[str, str]]
    """Names in lower case, in the order received."""
    body: bytes
    url: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is from 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text."""
        charset = "utf-8"
        for part in (self.header("content-type") or "").split(";")[1:]:
            key, _, value = part.strip().partition("=")
            if key.lower() == "charset" and value:
                charset = value.strip("\"'")
        try:
            return self.body.decode(charset, "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return _json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for known, value in self.headers if known == name.lower()), None)

    def raise_for_status(self) -> Response:
        """Raises `StatusError` for a status from 400 on, otherwise returns the response."""
        if self.status >= 400:
            raise StatusError(self)
        return self


def fetch(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Headers = (),
    body: bytes | str | None = None,
    json: Any = None,
    object: tuple[str, str] | None = None,
    timeout: timedelta | float | None = None,
    sign: Aws | Hmac | None = None,
) -> Response:
    """Sends and waits for the whole response.

    `{{secret:NAME}}` in a header's value is replaced on the way out. The body is `body`, or `json` as JSON, or the
    `object` (bucket, key), which does not pass through the plugin.
    """
    return _send(method, url, params, headers, body, json, object, timeout, sign, None)


def fetch_to_object(method: str, url: str, bucket: str, key: str, **options: Any) -> Response:
    """Sends, and stores the body of the response as an object without passing it through the plugin."""
    wanted = {"params": None, "headers": (), "body": None, "json": None, "object": None, "timeout": None, "sign": None}
    unknown = set(options) - set(wanted)
    if unknown:
        raise TypeError(f"fetch_to_object has no option {sorted(unknown)[0]!r}")
    chosen: dict[str, Any] = {**wanted, **options}
    return _send(method, url, **chosen, into=(bucket, key))


def get(url: str, **options: Any) -> Response:
    """GET. The options are those of `fetch`."""
    return fetch("GET", url, **options)


def post(url: str, **options: Any) -> Response:
    """POST. The options are those of `fetch`."""
    return fetch("POST", url, **options)


def put(url: str, **options: Any) -> Response:
    """PUT. The options are those of `fetch`."""
    return fetch("PUT", url, **options)


def patch(url: str, **options: Any) -> Response:
    """PATCH. The options are those of `fetch`."""
    return fetch("PATCH", url, **options)


def delete(url: str, **options: Any) -> Response:
    """DELETE. The options are those of `fetch`."""
    return fetch("DELETE", url, **options)


def _send(
    method: str,
    url: str,
    params: Mapping[str, Any] | None,
    headers: Headers,
    body: bytes | str | None,
    json: Any,
    object: tuple[str, str] | None,
    timeout: timedelta | float | None,
    sign: Aws | Hmac | None,
    into: tuple[str, str] | None,
) -> Response:
    if params:
        url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
    sent = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    content: bytes | tuple[str, str] | None = body.encode() if isinstance(body, str) else body
    if json is not None:
        content = _json.dumps(json, ensure_ascii=False).encode()
        if not any(name.lower() == "content-type" for name, _ in sent):
            sent.append(("Content-Type", "application/json"))
    elif object is not None:
        content = object
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout or 0
    signing: tuple[str, ...] | None = None
    if isinstance(sign, Aws):
        signing = (sign.secret, sign.region, sign.service)
    elif isinstance(sign, Hmac):
        signing = (sign.secret, sign.header)
    status, got, data = _host.current().http_fetch(
        method.upper(), url, sent, content, int(seconds * 1000), signing, into
    )
    return Response(status, got, data, url)
