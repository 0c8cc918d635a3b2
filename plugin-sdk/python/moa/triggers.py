"""Patterns taught at run time, beside those of `@moa.hear("…")`. What matches arrives at the `@moa.hear()` without one.

    moa.triggers.hear(word, keyword=word)
"""

from __future__ import annotations

from collections.abc import Sequence

from . import _host

__all__ = ["ALL", "forget", "hear"]

ALL = ("direct", "direct-mention", "mention", "ambient")
"""Every message that the bot sees."""


def hear(
    id: str,
    *,
    keyword: str | None = None,
    regex: str | None = None,
    scopes: Sequence[str] = ALL,
    conversation: str | None = None,
) -> None:
    """Teaches a word (or sequence of words), or a regular expression in Rust's syntax, under an id.

    It replaces the pattern that had the id. A plugin may have 1,000.
    """
    if (keyword is None) == (regex is None):
        raise TypeError("moa.triggers.hear takes either keyword=… or regex=…")
    kind, pattern = ("keyword", keyword) if keyword is not None else ("regex", regex)
    _host.current().triggers_hear(id, kind, pattern or "", list(scopes), conversation)


def forget(id: str) -> bool:
    """Unlearns a pattern. Whether there was one of this id."""
    return _host.current().triggers_forget(id)
