"""The decorators that make a plugin of functions. The functions stay what they are: call them in tests as ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from . import _arguments, _config, _docs, _parts
from ._arguments import Spec, Text
from ._parts import Command, Part
from .events import NAMES

__all__ = [
    "Group",
    "action",
    "answer",
    "command",
    "config",
    "group",
    "hear",
    "job",
    "on",
    "plugin",
    "shortcut",
    "submit",
    "table",
    "webhook",
]

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C")


def plugin(
    name: str | None = None,
    *,
    version: str | None = None,
    summary: Text | None = None,
    requests: Mapping[str, Any] | None = None,
) -> None:
    """What the plugin is, and what it asks the operator to allow. Not needed where nothing is to be said.

        moa.plugin(summary={"ko": "점심", "en": "Lunch"}, requests={"http": ["https://api.example.com"], "users": True})

    The name is that in plugin.toml, the summary otherwise the first paragraph of the module's documentation. Requests:
    `http`, `conversations`, `sql`, `objects` and `secrets` with names, or with where they stand in the configuration
    (`config:feeds.*.url`); `users`, `shared_brain`, `schedule` and `broadcast` with `True`.
    """
    current = _parts.current
    if name is not None:
        current.name = name
    if version is not None:
        current.version = version
    if summary is not None:
        current.summary = summary
    if requests is not None:
        known = {
            "http",
            "conversations",
            "users",
            "sql",
            "objects",
            "secrets",
            "shared-brain",
            "schedule",
            "broadcast",
        }
        wanted = {key.replace("_", "-"): value for key, value in requests.items()}
        if set(wanted) - known:
            raise ValueError(f"there is no request {sorted(set(wanted) - known)[0]!r}; those are {sorted(known)}")
        current.requests = {key: value if isinstance(value, bool) else list(value) for key, value in wanted.items()}


def config(settings: type[C]) -> type[C]:
    """Declares the plugin's settings: a class, of which a dataclass is made.

        @moa.config
        class Settings:
            team_size: Annotated[int, moa.Arg(min=2, summary="How many make a team")] = 4
            place: Annotated[str | None, moa.Arg(type="conversation")] = None

    A function reads them by `ctx.config(Settings)`.
    """
    made = _config.declare(settings)
    _parts.current.settings = made
    return made


def table(settings: type[C]) -> type[C]:
    """Declares what stands in a table inside the plugin's configuration, as `config` does; `moa.read_table` reads one."""
    return _config.declare(settings)


class _Commands:
    """What `command` and `group` put their commands into."""

    def _add(self, made: Command) -> None:
        raise NotImplementedError

    def _parents(self) -> dict[str, Spec]:
        raise NotImplementedError

    @overload
    def command(self, name: F, /) -> F: ...
    @overload
    def command(
        self,
        name: str | None = None,
        /,
        *,
        aliases: Sequence[str] = (),
        summary: Text | None = None,
        help: Text | None = None,
        examples: Sequence[str] | None = None,
        restricted: bool = False,
        confirm: str = "none",
    ) -> Callable[[F], F]: ...
    def command(
        self,
        name: Any = None,
        /,
        *,
        aliases: Sequence[str] = (),
        summary: Text | None = None,
        help: Text | None = None,
        examples: Sequence[str] | None = None,
        restricted: bool = False,
        confirm: str = "none",
    ) -> Any:
        """Makes a command of a function.

            @moa.command("점심팀", aliases=["lunch"])
            def lunch(size: Annotated[int, moa.Arg(min=1)], *names: str) -> str:
                \"\"\"오늘의 점심 팀을 알려드립니다.

                예) !점심팀 3 로지,샐리
                \"\"\"

        The docstring's first paragraph is the summary, the rest the help; lines after `Example:` or `예)` are examples,
        which `moa test` runs. Parameters are arguments by their type hints, a `moa.Context` may stand anywhere.
        `restricted` is for admins; `confirm` is `none`, `self` or `second`. Return `str`, `moa.Content`, `moa.Card` or
        nothing.
        """

        def add(function: F) -> F:
            made = _parts.command(
                function,
                name if isinstance(name, str) else None,
                aliases=aliases,
                summary=summary,
                help=help,
                examples=examples,
                restricted=restricted,
                confirm=confirm,
                parents=self._parents(),
                runs=True,
            )
            self._add(made)
            return function

        return add(name) if callable(name) else add

    @overload
    def group(self, name: Callable[..., Any], /) -> Group: ...
    @overload
    def group(
        self,
        name: str | None = None,
        /,
        *,
        aliases: Sequence[str] = (),
        summary: Text | None = None,
        help: Text | None = None,
        restricted: bool = False,
        confirm: str = "none",
        default: str | None = None,
    ) -> Callable[[Callable[..., Any]], Group]: ...
    def group(
        self,
        name: Any = None,
        /,
        *,
        aliases: Sequence[str] = (),
        summary: Text | None = None,
        help: Text | None = None,
        restricted: bool = False,
        confirm: str = "none",
        default: str | None = None,
    ) -> Any:
        """Makes a command that only holds subcommands of a function, which is never called.

            @moa.group(aliases=["s"])
            def server(name: str):
                \"\"\"Looks after servers: `!server build-1 restart 10m`.\"\"\"

            @server.command(aliases=["r"])
            def restart(name: str, after: timedelta | None = None) -> str: ...

        Its parameters are the arguments before the subcommand's name; a subcommand gets one by naming it. `default` is the
        name of the subcommand that runs where none is typed.
        """

        def add(function: Callable[..., Any]) -> Group:
            parents = self._parents()
            made = _parts.command(
                function,
                name if isinstance(name, str) else None,
                aliases=aliases,
                summary=summary,
                help=help,
                examples=None,
                restricted=restricted,
                confirm=confirm,
                parents=parents,
                runs=False,
            )
            made.default = default
            self._add(made)
            own = {parameter.name: parameter.spec for parameter in made.parameters if parameter.spec is not None}
            return Group(made, {**parents, **own})

        return add(name) if callable(name) else add


class Group(_Commands):
    """A command with subcommands; see `moa.group`."""

    def __init__(self, made: Command, parents: dict[str, Spec]) -> None:
        self._made = made
        self._known = parents

    def _add(self, made: Command) -> None:
        _parts.add_command(self._made.subcommands, made)

    def _parents(self) -> dict[str, Spec]:
        return self._known


class _Top(_Commands):
    def _add(self, made: Command) -> None:
        _parts.add_command(_parts.current.commands, made)

    def _parents(self) -> dict[str, Spec]:
        return {}


_top = _Top()
command = _top.command
group = _top.group


def hear(
    pattern: str | None = None, *, id: str | None = None, scopes: Sequence[str] | None = None
) -> Callable[[F], F]:
    """Calls a function with every message that fits a pattern.

        @moa.hear(r"(\\w+) 빌려 ?줘", scopes=["ambient", "direct"])
        def borrow(ctx: moa.Context, thing: str) -> str: ...

    The pattern is a regular expression in the syntax of Rust's `regex`, matched anywhere and without regard to upper and
    lower case; the parameters are its groups (`str | None` for one that may take no part). Scopes: `direct`,
    `direct-mention`, `mention`, `ambient`; all if none is given. Without a pattern the function hears what was taught by
    `moa.triggers.hear`; `ctx.pattern` says which it was.
    """

    def add(function: F) -> F:
        _parts.plain_function(function, "hear")
        known = id or ("" if pattern is None else _arguments.shown(function.__name__))
        entry: dict[str, Any] | None = None
        if pattern is not None:
            entry = {"id": known, "pattern": pattern}
            if scopes is not None:
                entry["scopes"] = [scope.replace("_", "-") for scope in scopes]
        part = Part(known, function, _parts.parameters(function, "capture"), entry)
        _parts.add_part(_parts.current.hears, part, "pattern")
        return function

    return add


def job(
    name: str | None = None,
    *,
    cron: str | None = None,
    on: str | None = None,
    timezone: str | None = None,
    except_days: Sequence[str] | None = None,
    missed: str | None = None,
    jitter: str | None = None,
    after: str | None = None,
) -> Callable[[F], F]:
    """Calls a function at the times of a cron expression, or for the jobs that `moa.schedule` made.

        @moa.job(cron="0 9 * * 1-5", timezone="Asia/Seoul")
        def morning(job: moa.Job) -> None: ...

    `cron` has five fields, or six with seconds first; or it is weekdays and times: `mon-fri 09:50,18:00`; or it says where
    these stand in the configuration: `@moa.job("verify:*", cron="config:feeds.*.verify")` is a job for each feed, and
    `job.rest` the feed's key. `on="load"` instead is when the plugin begins to serve: the host starts, or another version
    takes its place. `except_days` are left out: `2026-12-25`, or `12-25` of every year. Where
    the job `after` is due too, this one begins when it has ended.

    Without `cron` and `on` the name is that given to `moa.schedule`; one that ends with `:*` stands for all that begin so.
    """

    def add(function: F) -> F:
        _parts.plain_function(function, "job")
        known = name or _arguments.shown(function.__name__)
        entry: dict[str, Any] | None = None
        if cron is not None or on is not None:
            entry = {"id": known}
            days = None if except_days is None else list(except_days)
            given = {"cron": cron, "on": on, "timezone": timezone, "except": days, "missed": missed, "jitter": jitter, "after": after}
            entry.update({key: value for key, value in given.items() if value is not None})
        part = Part(known, function, _parts.parameters(function, "star"), entry)
        _parts.add_part(_parts.current.jobs, part, "job")
        return function

    return add


def webhook(
    name: str, *, methods: Sequence[str] | None = None, verify: str = "hmac-sha256"
) -> Callable[[F], F]:
    """Calls a function with the requests to `/hooks/PLUGIN/NAME`.

    `verify` is `hmac-sha256` (a signature by the operator's secret), `bearer` (a token in a header), `slack`,
    `jandi`, or `none`. Return `str` (text), a dict or list (JSON),
    `moa.WebResponse`, or nothing (204).
    """

    def add(function: F) -> F:
        _parts.plain_function(function, "webhook")
        entry: dict[str, Any] = {"name": name, "verify": verify}
        if methods is not None:
            entry["methods"] = [method.upper() for method in methods]
        part = Part(name, function, _parts.parameters(function, "none"), entry)
        _parts.add_part(_parts.current.webhooks, part, "webhook")
        return function

    return add


def _press(of: str, id: str, entry: Callable[[Callable[..., Any]], dict[str, Any]] | None = None) -> Callable[[F], F]:
    def add(function: F) -> F:
        _parts.plain_function(function, of)
        made = None if entry is None else entry(function)
        part = Part(id, function, _parts.parameters(function, "star"), made)
        same = [other for kind, other in _parts.current.presses if kind == of]
        _parts.add_part(same, part, of)
        _parts.current.presses.append((of, part))
        return function

    return add


def action(id: str) -> Callable[[F], F]:
    """Calls a function when somebody presses the button, or chooses from the menu, with this id.

    One that ends with `:*` stands for all that begin so, and what the `*` stands for is a parameter of its own. The
    function may take a `moa.Press`. Return nothing, `str` or `moa.Content` (a new message), `moa.Update` (new content for
    the message) or `moa.Form` (opens).
    """
    return _press("action", id)


def submit(id: str) -> Callable[[F], F]:
    """Calls a function when somebody submits the form with this id. `raise moa.FieldErrors(…)` keeps it open."""
    return _press("submit", id)


def shortcut(id: str, *, name: Text, on: str = "message", description: Text | None = None) -> Callable[[F], F]:
    """Calls a function when somebody uses a shortcut: of a message (`on="message"`), or `on="anywhere"`.

    `name` is what people see, at most 24 characters; the description otherwise the docstring's first paragraph. Of a
    message `press.field("text")` is what it says and `press.field("author")` who wrote it.
    """

    def entry(function: Callable[..., Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"id": id, "on": on, "name": name}
        about = _docs.read(function.__doc__).summary if description is None else description
        if about:
            made["description"] = about
        return made

    return _press("shortcut", id, entry)


def answer(id: str) -> Callable[[F], F]:
    """Calls a function when a question of `moa.chat.ask` with this id was answered, or was not in time: exactly once.

    It takes a `moa.Answer`.
    """
    return _press("answer", id)


def on(event: str) -> Callable[[F], F]:
    """Calls a function when something else happens: `reacted`, `unreacted`, `joined`, `left`, `topic`, `edited`, `deleted`.

    It may take the event as its type of `moa.events`. What it returns is said where it happened.
    """

    def add(function: F) -> F:
        if event not in NAMES.values():
            raise ValueError(f"there is no event {event!r}; those are {', '.join(NAMES.values())}")
        _parts.plain_function(function, "on")
        part = Part(event, function, _parts.parameters(function, "none"))
        _parts.add_part(_parts.current.events, part, "event")
        return function

    return add
