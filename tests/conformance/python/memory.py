"""The commands about the brain."""

from collections.abc import Callable
from typing import Literal

import moa
from moa import Brain, Context, chat

CASES: dict[type[moa.HostError], str] = {
    moa.AccessDenied: "access-denied",
    moa.NotFound: "not-found",
    moa.Invalid: "invalid",
    moa.Conflict: "conflict",
    moa.OverLimit: "over-limit",
    moa.Unavailable: "unavailable",
    moa.Uncertain: "uncertain",
    moa.Unsupported: "unsupported",
}


def case(refused: moa.HostError) -> str:
    return f"error {CASES[type(refused)]}"


def outcome(what: Callable[[], object]) -> tuple[str, object]:
    try:
        return "ok", what()
    except moa.HostError as refused:
        return case(refused), None


def text(brain: Brain, key: str) -> str:
    found = brain.get_text(key)
    return "-" if found is None else found


def truth(value: bool) -> str:
    return str(value).lower()


def declare() -> None:
    """Puts the commands behind those before them: the manifest has an order."""
    for command in (brain, peek, number, bytes_, big):
        moa.command(command.__name__.strip("_"))(command)


def brain(ctx: Context, scope: Literal["plugin", "conversation", "user", "shared"]) -> str:
    places = {
        "plugin": ctx.brain,
        "conversation": ctx.conversation_brain,
        "user": ctx.user_brain,
        "shared": moa.brain.shared(),
    }
    try:
        return "\n".join(exercise(places[scope]))
    except moa.HostError as refused:
        return case(refused)


def exercise(brain: Brain) -> list[str]:
    lines = [f"get: {text(brain, 'nothing')}"]
    brain.set_text("a", "one")
    entry = brain.entry_bytes("a")
    assert entry is not None
    lines.append(f"set: {entry.value.decode()} {'-' if entry.expires is None else entry.expires}")
    brain.set_text("t", "two", ttl=60)
    entry = brain.entry_bytes("t")
    assert entry is not None
    lines.append(f"ttl: {entry.value.decode()} {truth(entry.expires is not None)}")
    lines.append(f"delete: {truth(brain.delete('a'))} {truth(brain.delete('a'))}")
    lines.append(f"increment: {brain.increment('n', 5)} {brain.increment('n', -7)} {text(brain, 'n')}")
    brain.set_text("w", "word")
    lines.append(f"word: {outcome(lambda: brain.increment('w'))[0]}")
    first, version = outcome(lambda: brain.compare_and_swap_bytes("c", b"1", None))
    second, _ = outcome(lambda: brain.compare_and_swap_bytes("c", b"3", None))
    third, _ = outcome(lambda: brain.compare_and_swap_bytes("c", b"2", str(version)))
    lines.append(f"cas: {first} {second} {third} {text(brain, 'c')}")
    many, _ = outcome(lambda: brain.set_many_bytes([("m1", b"x"), ("m2", b"y"), ("m3", b"z")]))
    got = brain.get_many_bytes(["m1", "m0", "m3"])
    lines.append(f"many: {many} {' '.join('-' if value is None else value.decode() for value in got)}")
    lines.append(f"twice: {outcome(lambda: brain.set_many_bytes([('d', b'1'), ('d', b'2')]))[0]}")
    keys, following = brain.page("m", limit=2)
    lines.append(f"pages: {' '.join(keys)} {truth(following is not None)}")
    keys, following = brain.page("m", following, limit=2)
    lines.append(f"more: {' '.join(keys)} {truth(following is not None)}")
    lines.append(f"all: {' '.join(brain.keys())}")
    return lines


def peek(ctx: Context, key: str) -> str:
    return text(ctx.brain, key)


def number(ctx: Context, n: int) -> str:
    ctx.brain.delete("number")
    total = ctx.brain.increment("number", n)
    return f"argument: {n}\nbrain: {total}\nstored: {text(ctx.brain, 'number')}"


def bytes_(ctx: Context) -> str:
    every = bytes(range(256))
    ctx.brain.set_bytes("bytes", every)
    got = ctx.brain.get_bytes("bytes") or b""
    return f"{len(got)} bytes, same {truth(got == every)}"


def big(ctx: Context) -> str:
    long = "가나다🙂" * 15_000
    ctx.brain.set_text("big", long)
    kept = ctx.brain.get_text("big")
    file = chat.download(chat.upload(ctx.place, "big.txt", long)).decode()
    sizes = f"{len(long.encode())} bytes, {len(long)} characters"
    return f"{sizes}, brain {truth(kept == long)}, file {truth(file == long)}"
