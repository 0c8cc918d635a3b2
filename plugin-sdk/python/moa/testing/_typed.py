"""What is typed behind a command, as the host reads it; enough for unit tests, without its forgiving ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from .._arguments import Spec, seconds
from .._parts import Command
from ..errors import Usage
from ..types import Conversation, User

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^\s\\]|\\.)+)')
_TRUE = {"true": True, "yes": True, "on": True, "y": True, "1": True, "네": True, "예": True}
_FALSE = {"false": False, "no": False, "off": False, "n": False, "0": False, "아니오": False, "아니요": False}


class Typed:
    """A command that was found, and what it gets."""

    def __init__(self, people: Any) -> None:
        self._people = people
        self.command: Command | None = None
        self.path: list[str] = []
        self.args: dict[str, Any] = {}
        self.rest = ""
        self.tokens: list[str] = []

    def read(self, commands: Sequence[Command], text: str) -> bool:
        """Reads a line without its prefix. Whether there is such a command."""
        word, rest = _word(text)
        found = _find(commands, word)
        if found is None:
            return False
        self.command = found
        while True:
            rest = self._arguments(found, rest)
            if not found.subcommands:
                break
            word, after = _word(rest)
            below = _find(found.subcommands, word)
            if below is None:
                raise Usage(f"`{found.name}` needs one of: {', '.join(one.name for one in found.subcommands)}")
            self.path.append(below.name)
            found, rest = below, after
        self.rest = _word(text)[1]
        for name in self.path:
            before, mark, behind = self.rest.partition(name)
            self.rest = behind.strip() if mark and not before.strip() else self.rest
        self.tokens = _tokens(self.rest)
        return True

    def _arguments(self, command: Command, text: str) -> str:
        """Takes the command's arguments; what is left."""
        for spec in command.args:
            text = text.strip()
            if spec.kind in ("rest", "list"):
                given, text = text, ""
            else:
                given, text = _word(text)
            if not given:
                if not spec.optional:
                    raise Usage(f"`{spec.name}` is missing")
                if spec.default is not None:
                    self.args[spec.name] = self.value(spec, spec.default)
                continue
            self.args[spec.name] = self.value(spec, given)
        if text.strip() and not command.subcommands:
            raise Usage(f"`{text.strip()}` is too much")
        return text

    def value(self, spec: Spec, given: Any) -> Any:
        """What the host would hand over."""
        try:
            value = self._value(spec, given)
        except (ValueError, KeyError):
            raise Usage(f"`{given}` is no {spec.kind} for `{spec.name}`") from None
        low, high = spec.more.min, spec.more.max
        if low is not None and value < low or high is not None and value > high:
            raise Usage(f"`{spec.name}` has to be from {low} to {high}")
        return value

    def _value(self, spec: Spec, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if spec.kind == "int":
            return int(given)
        if spec.kind == "float":
            return float(given)
        if spec.kind == "bool":
            return {**_TRUE, **_FALSE}[given.lower()]
        if spec.kind == "user":
            return self._person(given)
        if spec.kind == "conversation":
            return self._conversation(given)
        if spec.kind == "duration":
            return seconds(given if given[-1:].isalpha() else given + "s")
        if spec.kind == "date":
            return date.fromisoformat(given)
        if spec.kind == "time":
            return time.fromisoformat(given)
        if spec.kind == "list":
            return [item for item in re.split(r"[,\s]+", given) if item]
        if spec.kind == "choice":
            return next(word for word in spec.choices if word.lower() == given.lower())
        return given

    def _person(self, given: str) -> User:
        user: User = self._people.user(given.lstrip("@"))
        return user

    def _conversation(self, given: str) -> Conversation:
        conversation: Conversation = self._people.conversation(given.lstrip("#"))
        return conversation


def _find(commands: Sequence[Command], word: str) -> Command | None:
    return next((one for one in commands if word.lower() in (one.name.lower(), *map(str.lower, one.aliases))), None)


def _word(text: str) -> tuple[str, str]:
    """The first token, and the rest."""
    text = text.strip()
    match = _TOKEN.match(text)
    return ("", "") if match is None else (_bare(match), text[match.end() :].strip())


def _tokens(text: str) -> list[str]:
    return [_bare(match) for match in _TOKEN.finditer(text)]


def _bare(match: re.Match[str]) -> str:
    return re.sub(r"\\(.)", r"\1", match.group(1) if match.group(1) is not None else match.group(2))
