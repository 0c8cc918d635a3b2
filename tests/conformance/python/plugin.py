"""The conformance plugin in Python; what it does is told in tests/conformance/README.md."""

import random
import sys
import time as clock
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Annotated, Literal

import moa
from moa import Arg, Card, Content, Context, Conversation, Form, Press, Rest, User, chat, events, log, system

import memory  # noqa: F401 - its commands

moa.plugin(
    version="1.0.0",
    summary={"ko": "모든 기능을 한 번씩 씁니다", "en": "Uses everything once"},
    requests={
        "http": ["https://example.com", "http://127.0.0.1:*"],
        "users": True,
        "sql": ["main"],
        "objects": ["files"],
        "shared_brain": True,
        "schedule": True,
    },
)


@moa.config
class Settings:
    greeting: Annotated[str, "What it says"] = "hello"
    limit: Annotated[int, Arg(min=1, max=10)] = 3


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def shown(value: object) -> str:
    """A value as the specification writes it."""
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    if isinstance(value, Enum):
        return str(value.value)
    return "|".join(map(shown, value)) if isinstance(value, list) else str(value)


def lines(**values: object) -> str:
    return "\n".join(f"{name}: {shown(value)}" for name, value in values.items())


def result(what: Callable[[], object]) -> str:
    """`ok`, or how the host refused."""
    try:
        what()
    except moa.HostError as refused:
        return memory.case(refused)
    return "ok"


@moa.command(
    aliases=["메아리"],
    summary={"ko": "그대로 말합니다", "en": "Says it again"},
    help={"ko": "적은 글을 *그대로* 돌려줍니다.", "en": "Gives the text back *as it is*."},
)
def echo(text: Rest) -> str:
    """Says it again.

    예) !echo 안녕
    !메아리 hello
    """
    return text


@moa.command
def types(
    word: str,
    count: Annotated[int, Arg(min=1, max=100)],
    ratio: Annotated[float, Arg(min=0, max=10)],
    loud: bool,
    wait: timedelta,
    day: date,
    at: time,
    size: Size,
    items: list[str],
) -> str:
    return lines(
        word=word, count=count, ratio=ratio, loud=loud, wait=wait, day=day, at=at.isoformat(), size=size, items=items
    )


@moa.command
def maybe(
    name: str | None = None,
    times: int = 2,
    ratio: float = 0.5,
    loud: bool = False,
    size: Size = Size.SMALL,
    wait: timedelta = timedelta(seconds=90),
    *tags: str,
) -> str:
    return lines(name=name, times=times, ratio=ratio, loud=loud, size=size, wait=wait, tags=list(tags))


@moa.command
def meet(who: User, where: Conversation) -> str:
    return f"who: {who.display_name} {who.id} bot={shown(who.bot)}\nwhere: {where.name} {where.id} {where.kind.value}"


@moa.group(default="members")
def team(label: str) -> None:
    pass


@team.command
def add(label: str, name: str, count: int = 1) -> str:
    """Adds somebody"""
    return f"team {label}: add {name} {count}"


@team.command(aliases=["ls"])
def members(label: str) -> str:
    return f"team {label}: members"


@moa.command
def raw(ctx: Context, text: Rest | None = None) -> str:
    return lines(rest=ctx.rest, tokens=ctx.tokens)


@moa.command
def context(ctx: Context) -> str:
    return lines(
        command=ctx.command,
        locale=ctx.locale,
        timezone=ctx.timezone,
        attempt=ctx.attempt,
        time=system.rfc3339(ctx.time),
        id=bool(ctx.id),
        service=ctx.place.service,
        kind=ctx.place.kind.value,
    )


def mention(one: moa.types.Mention) -> str:
    if isinstance(one, moa.types.UserMention):
        return f"user {one.id}"
    if isinstance(one, moa.types.ConversationMention):
        return f"conversation {one.id}"
    if isinstance(one, moa.types.GroupMention):
        return f"group {one.id}"
    return f"link {one.url} {one.label}" if isinstance(one, moa.types.Link) else f"everyone {one.word}"


@moa.command
def message(ctx: Context, text: Rest | None = None) -> str:
    said = ctx.message
    author = said.author
    return lines(
        text=said.text,
        raw=said.raw,
        mentions=", ".join(map(mention, said.mentions)),
        files=", ".join(f"{file.name} {file.mime} {file.size}" for file in said.files),
        thread=ctx.place.thread is not None,
        edited=said.edited,
        author=f"{author.display_name} {author.id} bot={shown(author.bot)}",
        time=system.rfc3339(said.time),
    )


@moa.command
def nothing() -> None:
    pass


@moa.command
def plain(text: Rest) -> str:
    return moa.text.plain(text).replace("\u2060", "|")


@moa.command(restricted=True)
def secret() -> str:
    return "opened"


@moa.command(confirm="self")
def deploy(target: str) -> str:
    return f"deployed {target}"


@moa.command
def teach(ctx: Context, kind: Literal["keyword", "regex", "here", "nowhere", "taken"], text: Rest) -> str:
    here = ctx.place.conversation
    how = {
        "keyword": lambda: moa.triggers.hear("word", keyword=text),
        "regex": lambda: moa.triggers.hear("pattern", regex=text, scopes=["ambient"]),
        "here": lambda: moa.triggers.hear("here", keyword=text, conversation=here),
        "nowhere": lambda: moa.triggers.hear("nowhere", keyword=text, scopes=[]),
        "taken": lambda: moa.triggers.hear("order", keyword=text),
    }
    answer = result(how[kind])
    return "taught" if answer == "ok" else answer


@moa.command
def forget(id: str) -> str:
    return shown(moa.triggers.forget(id))


def heard(ctx: Context) -> str:
    return f"heard {ctx.pattern}: {'|'.join(shown(capture) for capture in ctx.captures)}"


@moa.hear(r"^order (\d+)( please)?$", scopes=["ambient"])
def order(ctx: Context) -> str:
    return heard(ctx)


@moa.hear("good job")
def thumb(ctx: Context) -> None:
    ctx.react("👍")


@moa.hear()
def taught(ctx: Context) -> str:
    return heard(ctx)


@moa.job(on="load")
def loaded() -> None:
    moa.triggers.hear("loaded", keyword="just loaded")


memory.declare()


@moa.command
def talk(ctx: Context) -> str:
    sent = ctx.reply("one")
    chat.edit(sent, "two")
    for _ in range(2):
        chat.react(sent, "👍")
    for _ in range(2):
        chat.unreact(sent, "👍")
    for _ in range(2):
        chat.delete(sent)
    return "done"


@moa.command
def upload(ctx: Context) -> str:
    data = chat.download(chat.upload(ctx.place, "점심.csv", b"a,b", "a *file*"))
    return f"{len(data)} bytes: {data.decode()}"


@moa.command
def fetch(ctx: Context) -> str:
    try:
        if not ctx.message.files:
            return chat.download("F404").decode()
        return "\n".join(f"{file.name}: {chat.download(file.id).decode()}" for file in ctx.message.files)
    except moa.HostError as refused:
        return memory.case(refused)


@moa.command
def direct(ctx: Context) -> str:
    place = chat.open_direct(ctx.who.id)
    chat.send(place, "psst")
    return f"direct: {place.kind.value}"


@moa.command
def lookup(kind: Literal["user", "conversation", "members"], id: str) -> str:
    try:
        if kind == "user":
            user = chat.user(id)
            return f"user {user.display_name} bot={shown(user.bot)}"
        if kind == "conversation":
            found = chat.conversation(id)
            return f"conversation {found.name} {found.kind.value} {shown(found.topic)}"
        return " ".join(["members", *chat.members(id)])
    except moa.HostError as refused:
        return memory.case(refused)


@moa.command
def past(ctx: Context) -> str:
    found: list[moa.Message] = []
    before = ctx.message.ref.id
    while len(found) < 6:
        page = chat.history(ctx.place, before, 2)
        if not page:
            break
        found += page
        before = page[-1].ref.id
    return "\n".join(f"{one.author.display_name}: {one.text}" for one in found) or "-"


@moa.command
def ask(ctx: Context, who: User) -> None:
    question = Content("Tea or coffee?").button("tea", "Tea", "t").button("coffee", "Coffee")
    chat.ask(ctx.place, who.id, "q1", question, 60)


def form(data: str = "d1") -> Form:
    made = Form("form", "Form", submit="Send", data=data)
    return made.text("dish", "Dish").select("size", "Size", {"Small": "s", "Large": "l"})


@moa.command
def refused(ctx: Context) -> str:
    here, said = ctx.place, ctx.message.ref
    gone = moa.MessageRef(here, "0")
    elsewhere = moa.Place(here.service, "C404")
    tried: dict[str, Callable[[], object]] = {
        "edit-other": lambda: chat.edit(said, "x"),
        "delete-other": lambda: chat.delete(said),
        "edit-gone": lambda: chat.edit(gone, "x"),
        "react-gone": lambda: chat.react(gone, "👍"),
        "react-unknown": lambda: chat.react(said, "no such emoji"),
        "send-empty": lambda: chat.send(here, ""),
        "send-elsewhere": lambda: chat.send(elsewhere, "x"),
        "send-native": lambda: chat.send(here, Content("x", native_json="[]")),
        "history-zero": lambda: chat.history(here, None, 0),
        "ask-nothing": lambda: chat.ask(here, ctx.who.id, "q2", Content("?"), 60),
        "modal-gone": lambda: chat.open_modal("gone", form()),
        "upload-nameless": lambda: chat.upload(here, "", b"x"),
        "download-gone": lambda: chat.download("F404"),
        "direct-nobody": lambda: chat.open_direct("U404"),
        "brain-key": lambda: ctx.brain.get_bytes(""),
        "brain-ttl": lambda: ctx.brain.set_text("x", "x", ttl=0),
    }
    return "\n".join(f"{name}: {result(what)}" for name, what in tried.items())


@moa.command
def show(
    what: Literal["card", "native", "sender", "everyone", "thread", "broadcast", "asker"],
) -> Content | Card:
    if what == "card":
        card = Card(
            "title",
            "*body*",
            pretext="pre",
            link="https://example.com/t",
            color="good",
            image="https://example.com/i.png",
            footer="foot",
        )
        return card.field("f", "v").field("g", "w", short=False)
    if what == "native":
        return Content().native({"text": "native text"})
    if what == "sender":
        return Content("I am a robot").sender("Robot", ":robot_face:")
    return Content(f"to {what}").to(what)


@moa.command
def panel() -> Content:
    return (
        Content("panel")
        .button("ok", "OK", "1", primary=True)
        .button("no", "No", danger=True, confirm="Sure?")
        .button("quiet", "Quiet", "q")
        .button("form", "Form")
        .button("modal", "Modal")
        .menu("size", "Size", {"Small": "s", "Large": "l"})
        .link("Docs", "https://example.com/docs")
    )


@moa.action("ok")
def pressed_ok(press: Press) -> moa.Update:
    has = f"message {shown(press.on is not None)}, trigger {shown(press.trigger is not None)}"
    return moa.Update(f"pressed ok {shown(press.value)} by {press.who.display_name}, {has}")


@moa.action("no")
def pressed_no(press: Press) -> str:
    return f"pressed no {shown(press.value)} by {press.who.display_name}"


@moa.action("quiet")
def pressed_quiet() -> None:
    pass


@moa.action("form")
def pressed_form() -> Form:
    return form()


@moa.action("modal")
def pressed_modal(press: Press) -> None:
    press.open(form())


@moa.action("size")
def chose_size(press: Press) -> str:
    return f"chose size {press.value} by {press.who.display_name}"


@moa.submit("form")
def submitted(press: Press) -> str | Form | moa.Update:
    dish = press.field("dish")
    if dish == "bad":
        raise moa.FieldErrors(dish="no such dish")
    if dish == "again":
        return form("d2")
    if dish == "update":
        return moa.Update("ordered")
    return f"form {press.value}: dish={shown(dish)} size={shown(press.field('size'))} by {press.who.display_name}"


@moa.shortcut(
    "note",
    name={"ko": "적어 두기", "en": "Note it"},
    description={"ko": "메시지를 적어 둡니다", "en": "Notes a message"},
)
def note(press: Press) -> str:
    return f"noted {press.field('text')} by {press.field('author')}"


@moa.shortcut("start", on="anywhere", name="Start")
def start(press: Press) -> str:
    return f"started by {press.who.display_name}"


@moa.answer("q1")
def answered(press: Press, answer: moa.Answer) -> str:
    said = "timeout q1" if answer.timed_out else f"answer q1 {answer.value}"
    return f"{said} by {press.who.display_name}"


@moa.on("reacted")
def reacted(ctx: Context, what: events.Reacted) -> str:
    return f"reacted {what.emoji} by {ctx.who.display_name}"


@moa.on("unreacted")
def unreacted(ctx: Context, what: events.Unreacted) -> str:
    return f"unreacted {what.emoji} by {ctx.who.display_name}"


@moa.on("joined")
def joined(ctx: Context) -> str:
    return f"joined by {ctx.who.display_name}"


@moa.on("left")
def left(ctx: Context) -> str:
    return f"left by {ctx.who.display_name}"


@moa.on("topic")
def topic(ctx: Context, what: events.Topic) -> str:
    return f"topic {shown(what.topic)} by {ctx.who.display_name}"


@moa.on("edited")
def edited(ctx: Context, what: events.Edited) -> str:
    return f"edited {what.message.text} edited={shown(what.message.edited)} by {ctx.who.display_name}"


@moa.on("deleted")
def deleted(ctx: Context) -> str:
    return f"deleted by {ctx.who.display_name}"


@moa.command("system")
def about_system(ctx: Context) -> str:
    settings = ctx.config(Settings)
    instant = datetime(2026, 11, 21, 0, 50, tzinfo=timezone.utc)
    try:
        nowhere = system.local(instant, "Nowhere").isoformat()
    except moa.Invalid:
        nowhere = "error"
    first, second = system.random_bytes(16), system.random_bytes(16)
    return lines(
        config=f"{settings.greeting} {settings.limit}",
        now=system.rfc3339(system.now()),
        local=f"{system.local(instant, 'Asia/Seoul').isoformat()}[Asia/Seoul]",
        nowhere=nowhere,
        random=f"{len(first)} {shown(first != second)}",
    )


@moa.command("log")
def log_all(text: Rest) -> str:
    for level in ("trace", "debug", "info", "warn", "error"):
        getattr(log, level)(f"{level} {text}")
    return "logged"


@moa.command("print")
def print_both(text: Rest) -> str:
    print(f"out {text}")
    print(f"err {text}", file=sys.stderr)
    return "printed"


@moa.command
def fresh(ctx: Context) -> str:
    now, number = int(clock.time()), random.randrange(2**31)
    before = ctx.brain.get("fresh")
    ctx.brain.set("fresh", [now, number])
    if before is None:
        return "first"
    return f"clock +{now - before[0]}, random {'same' if number == before[1] else 'different'}"


calls = 0


@moa.command("global")
def global_variable() -> str:
    global calls
    calls += 1
    return str(calls)


@moa.command
def absent(area: Literal["http", "sql", "objects", "schedule"]) -> str:
    later = datetime(2026, 11, 21, 0, 50, tzinfo=timezone.utc)
    url = "https://example.com/"
    tried: dict[str, dict[str, Callable[[], object]]] = {
        "http": {
            "http.fetch": lambda: moa.http.get(url),
            "http.fetch-to-object": lambda: moa.http.fetch_to_object("GET", url, "files", "k"),
        },
        "sql": {
            "sql.query": lambda: moa.sql.query("main", "SELECT 1"),
            "sql.execute": lambda: moa.sql.execute("main", "DELETE FROM t WHERE a = ?", 1),
        },
        "objects": {
            "objects.get": lambda: moa.objects.get("files", "k"),
            "objects.put": lambda: moa.objects.put("files", "k", b"x", "text/plain"),
            "objects.list": lambda: list(moa.objects.objects("files")),
            "objects.delete": lambda: moa.objects.delete("files", "k"),
            "objects.sign": lambda: moa.objects.sign("files", "k", 60),
        },
        "schedule": {
            "schedule.at": lambda: moa.schedule.at("later", later, "p"),
            "schedule.every": lambda: moa.schedule.every(
                "often", "0 9 * * *", timezone="Asia/Seoul", missed="once", payload="p"
            ),
            "schedule.cancel": lambda: moa.schedule.cancel("later"),
            "schedule.list": moa.schedule.jobs,
        },
    }
    return "\n".join(f"{name}: {result(what)}" for name, what in tried[area].items())


@moa.command
def fail(
    ctx: Context,
    how: Literal["usage", "rejected", "retry", "internal", "uncaught", "loop"],
    text: Rest | None = None,
) -> str:
    said = text or ""
    if how == "usage":
        raise moa.Usage(said)
    if how == "rejected":
        raise moa.Rejected(said)
    if how == "internal":
        raise moa.Internal(said)
    if how == "uncaught":
        raise ValueError(f"uncaught {said}")
    while how == "loop":
        pass
    if ctx.attempt == 1:
        raise moa.Retry(1)
    return f"attempt {ctx.attempt}"


@moa.webhook("told", methods=["POST", "PUT"])
def told(request: moa.Request) -> str:
    failures = {"/usage": moa.Usage, "/rejected": moa.Rejected, "/internal": moa.Internal}
    if request.path in failures:
        raise failures[request.path](request.text)
    kind = dict(request.headers).get("content-type", "")
    return "|".join(part or "-" for part in (request.method, request.path, request.query, kind, request.text))


import data  # noqa: E402, F401 - its commands come behind those here
