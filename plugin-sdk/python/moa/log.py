"""The plugin's log, for the operator. `print` and the module `logging` write to it as well."""

from __future__ import annotations

import logging

from . import _host

__all__ = ["Handler", "debug", "error", "info", "trace", "warn"]


def trace(text: object) -> None:
    """Each step."""
    _host.current().system_log("trace", str(text))


def debug(text: object) -> None:
    """For finding a fault."""
    _host.current().system_log("debug", str(text))


def info(text: object) -> None:
    """What happened, for everyday reading."""
    _host.current().system_log("info", str(text))


def warn(text: object) -> None:
    """Something is odd, and work goes on."""
    _host.current().system_log("warn", str(text))


def error(text: object) -> None:
    """Something failed."""
    _host.current().system_log("error", str(text))


class Handler(logging.Handler):
    """Brings what `logging` is told into the plugin's log. A component has it on the root logger."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        levels = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"), (logging.DEBUG, "debug"))
        level = next((name for least, name in levels if record.levelno >= least), "trace")
        try:
            _host.current().system_log(level, self.format(record))
        except RuntimeError:
            # At a module's top level there is no log yet.
            pass
