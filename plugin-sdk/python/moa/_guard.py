"""Around each call: fresh chance, `print` into the log, and nothing escapes but failures."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import random
import sys
import traceback
from collections.abc import Iterator

from . import _host
from ._host import HostApi
from .errors import Failure, HostError, Internal

PACKAGE = os.path.dirname(os.path.abspath(__file__))

project = ""
"""The folder of the author's files, which a component has under another name; empty natively."""


class _Lines(io.TextIOBase):
    """A stream whose lines go to the plugin's log."""

    def __init__(self, host: HostApi, level: str) -> None:
        self._host, self._level, self._rest = host, level, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._host.system_log(self._level, line)
        return len(text)

    def finish(self) -> None:
        if self._rest:
            self._host.system_log(self._level, self._rest)
            self._rest = ""


@contextlib.contextmanager
def entered(host: HostApi) -> Iterator[None]:
    """A call with this host."""
    out, err = _Lines(host, "info"), _Lines(host, "warn")
    before = sys.stdout, sys.stderr
    _host.enter(host)
    # The generator is as it was when the component was made; each call would draw the same.
    # By a number: of bytes it would make a digest first, with a module that it imports then.
    random.seed(int.from_bytes(host.system_random(32), "big"))
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        out.finish()
        err.finish()
        _host.leave()


def failure_of(error: BaseException) -> Failure:
    """What the host is told of an exception. Inside a call: the whole traceback goes to the log."""
    if isinstance(error, Failure):
        return error
    what = f"{error.case}: {error}" if isinstance(error, HostError) else told(error)
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if is_own(frame.filename)), frames[-1] if frames else None)
    where = "" if frame is None else f" ({shown(frame.filename)}:{frame.lineno} in {frame.name})"
    with contextlib.suppress(Exception):
        _host.current().system_log("error", trace(error))
    return Internal(what + where)


def told(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    if project and isinstance(error, ModuleNotFoundError):
        text += "; import it at the top of the file, there are no files when a call runs"
    return text


def trace(error: BaseException) -> str:
    """The traceback, from the author's first line on."""
    begin = error.__traceback__
    while begin is not None and not is_own(begin.tb_frame.f_code.co_filename):
        begin = begin.tb_next
    lines = traceback.format_exception(type(error), error, begin or error.__traceback__)
    text = "".join(lines).rstrip()
    return text.replace(f'File "{project}', 'File "') if project else text


def is_own(filename: str) -> bool:
    """Whether a file is the author's."""
    if project:
        return filename.startswith(project)
    return not filename.startswith((PACKAGE, os.path.dirname(os.__file__), "<"))


def shown(filename: str) -> str:
    """A file as its author knows it."""
    return filename[len(project) :] if project and filename.startswith(project) else os.path.basename(filename)


def keep_sources() -> None:
    """Reads the author's files while there is a file system, so that tracebacks show their lines."""
    for module in list(sys.modules.values()):
        filename = getattr(module, "__file__", None)
        if not filename or not is_own(filename):
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError), open(filename, encoding="utf-8") as file:
            lines = file.readlines()
            # Without a time of change nobody compares it with the file, which is gone later.
            linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)

