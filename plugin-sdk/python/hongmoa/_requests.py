"""The well-known `requests` over the host's HTTP: what apps use of it.

Each request needs the grant `http` for its origin; the build asks for those that stand in the sources.
"""

from __future__ import annotations

import base64
import json as _json
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import ModuleType
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import moa


class RequestException(IOError):
    """Whatever goes wrong with a request."""

    def __init__(self, *args: Any, response: Response | None = None) -> None:
        super().__init__(*args)
        self.response = response


class ConnectionError(RequestException):
    """The host refused the request, or nobody answered."""


class Timeout(RequestException):
    """Nobody answered in time."""


ConnectTimeout = ReadTimeout = Timeout


class HTTPError(RequestException):
    """A status from 400 on, by `raise_for_status`."""


class InvalidURL(RequestException, ValueError):
    """An address that is none."""


MissingSchema = InvalidSchema = InvalidURL


class JSONDecodeError(RequestException, ValueError):
    """A body that is no JSON."""


class Headers(dict[str, str]):
    """Headers; upper and lower case are the same."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        joined: dict[str, str] = {}
        for name, value in pairs:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        super().__init__(joined)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The header of this name."""
        return super().get(name.lower(), default)


class Response:
    """What came back."""

    def __init__(self, answer: moa.http.Response) -> None:
        self._answer = answer
        self.status_code = answer.status
        self.headers = Headers(answer.headers)
        self.content = answer.body
        self.url = answer.url
        self.reason = _reason(answer.status)
        self.encoding: str | None = None
        self.history: list[Response] = []
        self.cookies: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(self.encoding, "replace") if self.encoding else self._answer.text

    def json(self, **options: Any) -> Any:
        """The body as JSON."""
        try:
            return _json.loads(self.content, **options)
        except ValueError as error:
            raise JSONDecodeError(f"{self.url} answered no JSON: {error}", response=self) from error

    def raise_for_status(self) -> None:
        """Raises `HTTPError` for a status from 400 on."""
        if not self.ok:
            side = "Client" if self.status_code < 500 else "Server"
            raise HTTPError(f"{self.status_code} {side} Error: {self.reason} for url: {self.url}", response=self)

    def iter_lines(self, decode_unicode: bool = False) -> Iterator[Any]:
        """The body's lines."""
        yield from (self.text if decode_unicode else self.content).splitlines()

    def iter_content(self, chunk_size: int = 1024) -> Iterator[bytes]:
        """The body in pieces."""
        for begin in range(0, len(self.content), max(1, chunk_size)):
            yield self.content[begin : begin + chunk_size]

    def close(self) -> None:
        """Nothing is open."""

    def __bool__(self) -> bool:
        return self.ok

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class HTTPBasicAuth:
    """Name and password."""

    def __init__(self, username: str, password: str) -> None:
        self.username, self.password = username, password


class Session:
    """Headers, parameters and authentication that several requests share. There are no connections to keep."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.params: dict[str, Any] = {}
        self.auth: Any = None

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        json: Any = None,
        timeout: Any = None,
        files: Any = None,
        **ignored: Any,
    ) -> Response:
        """Sends, and waits for the whole response. Options that steer connections (`verify`, `stream`, `proxies`) are the
        host's to decide, and ignored."""
        if files:
            raise RequestException("`files` is not supported here; send the bytes as `data`, or use moa.chat.upload")
        if urlsplit(url).scheme not in ("http", "https"):
            raise InvalidURL(f"{url!r} is no http or https address")
        sent = {**self.headers, **(headers or {})}
        body, kind = _body(data)
        if json is not None and data is None:
            body, kind = _json.dumps(json).encode(), "application/json"
        if kind and not any(name.lower() == "content-type" for name in sent):
            sent["Content-Type"] = kind
        auth = auth or self.auth
        if auth is not None:
            name, password = auth if isinstance(auth, tuple) else (auth.username, auth.password)
            sent["Authorization"] = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        query = [*_pairs(self.params), *_pairs(params)]
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        seconds = max((one for one in timeout if one), default=None) if isinstance(timeout, tuple) else timeout
        began = time.monotonic()
        try:
            return Response(moa.http.fetch(method, url, headers=sent, body=body, timeout=seconds))
        except moa.Invalid as error:
            raise InvalidURL(str(error)) from error
        except (moa.Unavailable, moa.Uncertain) as error:
            is_late = seconds and time.monotonic() - began >= seconds
            raise (Timeout if is_late else ConnectionError)(f"{error.case}: {error}") from error
        except moa.HostError as error:
            raise ConnectionError(f"{error.case}: {error}") from error

    def get(self, url: str, **options: Any) -> Response:
        """GET."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Response:
        """HEAD."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Response:
        """OPTIONS."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> Response:
        """POST."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Response:
        """PUT."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Response:
        """PATCH."""
        return self.request("PATCH", url, data=data, **options)

    def delete(self, url: str, **options: Any) -> Response:
        """DELETE."""
        return self.request("DELETE", url, **options)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reason(status: int) -> str:
    """What a status is called."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _pairs(values: Any) -> list[tuple[str, str]]:
    """Parameters as `requests` takes them: a dict whose values may be lists, or pairs; `None` is left out."""
    items = values.items() if isinstance(values, Mapping) else values or []
    made: list[tuple[str, str]] = []
    for key, value in items:
        several = value if isinstance(value, (list, tuple)) else [value]
        made += [(str(key), str(one)) for one in several if one is not None]
    return made


def _body(data: Any) -> tuple[bytes | None, str]:
    if data is None:
        return None, ""
    if isinstance(data, bytes):
        return data, ""
    if isinstance(data, str):
        return data.encode(), ""
    if hasattr(data, "read"):
        return _body(data.read())
    return urlencode(_pairs(data)).encode(), "application/x-www-form-urlencoded"


def modules() -> dict[str, ModuleType]:
    """The modules that stand for `requests`."""
    top = ModuleType("requests", __doc__)
    exceptions = ModuleType("requests.exceptions")
    for one in (
        RequestException,
        ConnectionError,
        Timeout,
        HTTPError,
        InvalidURL,
        JSONDecodeError,
    ):
        setattr(exceptions, one.__name__, one)
        setattr(top, one.__name__, one)
    for alias, one in (
        ("ConnectTimeout", Timeout),
        ("ReadTimeout", Timeout),
        ("MissingSchema", InvalidURL),
        ("InvalidSchema", InvalidURL),
    ):
        setattr(exceptions, alias, one)
        setattr(top, alias, one)
    auth = ModuleType("requests.auth")
    auth.HTTPBasicAuth = HTTPBasicAuth  # type: ignore[attr-defined]
    compat = ModuleType("requests.compat")
    vars(compat).update(urljoin=urljoin, urlencode=urlencode, json=_json)

    def request(method: str, url: str, **options: Any) -> Response:
        """A request without a session."""
        return Session().request(method, url, **options)

    vars(top).update(request=request, Session=Session, session=Session, Response=Response, exceptions=exceptions)
    vars(top).update(auth=auth, compat=compat, codes=_Codes(), __version__="2", __path__=[])
    for name in ("get", "head", "options", "post", "put", "patch", "delete"):
        setattr(top, name, _alone(name))
    return {"requests": top, "requests.exceptions": exceptions, "requests.auth": auth, "requests.compat": compat}


def _alone(name: str) -> Any:
    def send(url: str, *args: Any, **options: Any) -> Response:
        # `requests.get(url, params)` names its second parameter so.
        if args and name in ("get", "head", "options", "delete"):
            options["params"], args = args[0], args[1:]
        return getattr(Session(), name)(url, *args, **options)

    send.__name__ = name
    return send


class _Codes:
    """`requests.codes.ok` and the like."""

    ok = 200
    created = 201
    accepted = 202
    no_content = 204
    bad_request = 400
    unauthorized = 401
    forbidden = 403
    not_found = 404
    too_many_requests = 429
    internal_server_error = 500
    bad_gateway = 502
    service_unavailable = 503
