"""What a plugin says, in several languages, in a file beside its code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from .text import fill, holes


class Texts:
    """The texts of a file, by `texts`."""

    def __init__(self, languages: Mapping[str, Mapping[str, str]], file: str) -> None:
        self._languages, self._file = languages, file

    def __call__(self, locale: str, key: str, /, **values: object) -> str:
        """A text in the language of a locale (`ko`, `en-GB`; English where there is no such language), with its holes filled in.

        Values are put in as plain text. Those that the text has no hole for are left out; one that it lacks is a `TypeError`.
        """
        language = locale.replace("_", "-").partition("-")[0].lower()
        known = self._languages.get(language) or self._languages.get("en") or next(iter(self._languages.values()))
        text = known[key]
        lacking = sorted(holes(text) - values.keys())
        if lacking:
            raise TypeError(f"{self._file}: the text `{key}` needs {', '.join(lacking)}")
        return fill(text, **values)

    def __contains__(self, key: object) -> bool:
        return any(key in known for known in self._languages.values())


def texts(file: str) -> Texts:
    """Reads texts from a TOML file beside the module that asks, with a table for each language:

        [ko]
        no-time = "`{time}`은 시각이 아닙니다."
        [en]
        no-time = "`{time}` is no time of day."

    To be called at the top of a module, once: `text = moa.texts("texts.toml")`. Then `text(ctx.locale, "no-time", time=typed)`
    is the text in the caller's language. What is put in is plain, whatever people typed; `{name:markup}` puts it in as it
    stands. Raises `ValueError` where a language lacks a key or a hole that another one has.
    """
    # Python 3.10, which may run unit tests, has none; plugins that read no texts do without.
    import tomllib

    beside = os.path.dirname(sys._getframe(1).f_globals.get("__file__") or "")
    with open(os.path.join(beside, file), "rb") as opened:
        languages = tomllib.load(opened)
    _check(languages, file)
    return Texts(languages, file)


def _check(languages: Mapping[str, Mapping[str, str]], file: str) -> None:
    if not languages:
        raise ValueError(f"{file} is empty; write a table for each language, such as [ko] and [en]")
    first, *others = languages
    for other in others:
        for key in {**languages[first], **languages[other]}:
            for one in (first, other):
                if key not in languages[one]:
                    raise ValueError(f"{file}: [{one}] lacks the text `{key}`")
            if holes(languages[first][key]) != holes(languages[other][key]):
                raise ValueError(f"{file}: `{key}` has not the same holes in [{first}] and [{other}]")
