"""Imports what would otherwise be imported during a call, when there are no files any more."""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

_LAZY = (
    # `datetime.strptime` and `time.strptime`.
    "_strptime",
    # Encodings are modules that are looked for at their first use.
    *(f"encodings.{name}" for name in ("ascii", "latin_1", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32")),
    *(f"encodings.{name}" for name in ("euc_kr", "cp949", "cp1252", "iso8859_1", "idna", "punycode", "base64_codec")),
    *(f"encodings.{name}" for name in ("hex_codec", "unicode_escape", "raw_unicode_escape", "shift_jis", "gb18030")),
    # Tracebacks.
    "traceback",
    "linecache",
    "tokenize",
)


def preload(folders: tuple[str, ...]) -> None:
    """Imports the usual suspects, and what functions of the modules in the folders import inside themselves."""
    for name in _LAZY:
        _try(name)
    seen: set[str] = set()
    while True:
        new = [module for name, module in list(sys.modules.items()) if name not in seen and _is_in(module, folders)]
        if not new:
            return
        for module in new:
            seen.add(module.__name__)
            for name in _inner(module):
                _try(name)
        seen.update(name for name, module in list(sys.modules.items()) if module in new)


def _is_in(module: ModuleType, folders: tuple[str, ...]) -> bool:
    filename = getattr(module, "__file__", None)
    return isinstance(filename, str) and filename.startswith(folders) and filename.endswith(".py")


def _inner(module: ModuleType) -> Iterator[str]:
    """What the module imports elsewhere than at its top."""
    with contextlib.suppress(OSError, SyntaxError, ValueError), open(module.__file__ or "", encoding="utf-8") as file:
        tree = ast.parse(file.read())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
                parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*parts, *([node.module] if node.module else [])])
                yield base
                # A name may be a module of the package, or not.
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _try(name: str) -> None:
    """What can't be imported now is told when it is used."""
    if name and name not in sys.modules:
        parent = name.rpartition(".")[0]
        if parent and parent in sys.modules and not hasattr(sys.modules[parent], "__path__"):
            return
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
