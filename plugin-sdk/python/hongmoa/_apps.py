"""Finds the apps of a folder and makes commands of them."""

from __future__ import annotations

import importlib
import inspect
import logging
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Optional

import moa

from . import _requests
from ._markup import build_message, content
from ._robot import Brain, RedisBrain, Robot, Run, place

_TOKENS = re.compile(r'["“](.+?)["”]|(\S+)')
_SUMMARY = 200
"""Characters that the host takes for a summary."""
_ALIASES = 20
"""Aliases that the host takes for a command."""

_apps: dict[str, Run] = {}
_docs: list[str] = []


def on_command(commands: Sequence[str] | str) -> Callable[[Run], Run]:
    """Makes a command of a module's `run`, under each of these words."""
    words = [commands] if isinstance(commands, str) else [str(word) for word in commands]

    def mark(function: Run) -> Run:
        function.hongmoa_commands = words  # type: ignore[attr-defined]
        return function

    return mark


def load(package: str, modules: Sequence[str], taken: Iterable[str] = (), requests: Mapping[str, Any] | None = None) -> None:
    """Imports the modules of the folder, and makes commands of those that are apps.

    `taken` are words that are the host's own: an app does not get them. `requests` is what the plugin asks for.
    """
    # Whatever its level: the operator chooses what is shown.
    logger = logging.getLogger("hongmoa")
    logger.handlers, logger.propagate = [moa.log.Handler()], False
    logger.setLevel(logging.DEBUG)
    moa.plugin(summary={"ko": "홍모아로 만든 앱", "en": "Apps written for hongmoa"}, requests=requests or {})
    _stand_in(package)
    used = {_folded(word) for word in taken}
    for name in modules:
        module = importlib.import_module(f"{package}.{name}")
        function = getattr(module, "run", None)
        words = getattr(function, "hongmoa_commands", None)
        if function is None or words is None:
            continue
        free = _free(words, used)
        for word in words:
            _apps.setdefault(word, function)
        _docs.append(f"{', '.join('!' + word for word in words)}: {' '.join((function.__doc__ or '').split())}")
        if free:
            _command(free, function)


def _free(words: Iterable[str], used: set[str]) -> list[str]:
    """The words that nobody has yet."""
    free = []
    for word in words:
        if word.split() == [word] and ":" not in word and _folded(word) not in used:
            used.add(_folded(word))
            free.append(word)
    return free[: _ALIASES + 1]


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()


def _command(words: list[str], function: Run) -> None:
    paragraphs = inspect.cleandoc(function.__doc__ or "").strip().split("\n", 1)
    summary = paragraphs[0].strip()
    rest = paragraphs[1].strip() if len(paragraphs) > 1 else ""
    if len(summary) > _SUMMARY:
        summary, rest = summary[: _SUMMARY - 1] + "…", f"{summary}\n{rest}".strip()

    def run(ctx: moa.Context, text: Optional[moa.Rest] = None) -> Optional[moa.Content]:
        return answer(ctx, function)

    run.__name__ = f"{function.__module__.rpartition('.')[2]}.run"
    moa.command(words[0], aliases=words[1:], summary=summary, help=rest, examples=[])(run)


def answer(ctx: moa.Context, function: Run) -> moa.Content | None:
    """Runs an app, in whichever of its forms it is written, and makes of what it returns a message."""
    robot = Robot(ctx, _apps, _docs)
    tokens = [quoted or bare for quoted, bare in _TOKENS.findall(ctx.rest) if (quoted or bare).strip()]
    channel, user = ctx.place.conversation, ctx.who.id
    given = (robot, channel, tokens) if _arity(function) == 3 else (robot, channel, user, tokens)
    returned = function(*given)
    if isinstance(returned, tuple):
        if len(returned) != 2:
            raise TypeError(f"run() returned {len(returned)} values; an app returns a message, or a channel and a message")
        where, message = returned
        if message is None or message == "":
            return None
        to = place(ctx, where)
        if to != ctx.place:
            _send_elsewhere(ctx, to, message)
            return None
        return content(message)
    return None if returned is None or returned == "" else content(returned)


def _send_elsewhere(ctx: moa.Context, to: moa.Place, message: Any) -> None:
    try:
        moa.chat.send(to, content(message))
    except moa.NotFound as error:
        moa.log.warn(f"not sent to {to.conversation}: {error}")
        text = {
            "ko": "그 대화에는 쓸 수 없어요. 봇이 거기에 있는지 확인하고 초대해 주세요.",
            "en": "I cannot write there. See whether the bot is in that conversation, and invite it.",
        }
        raise moa.Rejected(text["ko" if ctx.language == "ko" else "en"]) from error


def _arity(function: Run) -> int:
    """3 for `(robot, channel, tokens)`, 4 for `(robot, channel, user, tokens)`."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 4
    needed = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if len(needed) not in (3, 4):
        raise TypeError(f"run() takes {len(needed)} parameters; an app takes (robot, channel, user, tokens)")
    return len(needed)


def _stand_in(package: str) -> None:
    """Puts this package's modules where apps look for hongmoa's own."""
    own: dict[str, Any] = {"on_command": on_command, "build_message": build_message}
    brain: dict[str, Any] = {"RedisBrain": RedisBrain, "Brain": Brain}
    sys.modules.update(_requests.modules())
    stand_ins = {"decorators": _module("decorators", own), "redis_brain": _module("redis_brain", brain)}
    for name, module in stand_ins.items():
        for known in (name, f"{package}.{name}", f"apps.{name}"):
            sys.modules[known] = module
    # Its own `__init__` may import them already.
    folder = importlib.import_module(package)
    vars(folder).update(own, **stand_ins)
    sys.modules.setdefault("apps", folder)


def _module(name: str, values: Mapping[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(values)
    return module
