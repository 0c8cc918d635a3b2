"""A host in memory: brain, chat, clock, chance."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .._host import Scope, Stored, Write
from ..content import Button, Content, Menu
from ..errors import AccessDenied, Conflict, Invalid, NotFound, OverLimit, Unsupported
from ..system import instant, rfc3339
from ..types import Conversation, Message, MessageRef, Place, PlaceKind, User

_LIMIT = 1 << 20


@dataclass(frozen=True)
class Posted:
    """A message that the bot sent, as it now stands."""

    ref: MessageRef
    content: Content

    @property
    def text(self) -> str:
        """Its text."""
        return self.content.text


@dataclass(frozen=True)
class Uploaded:
    """A file that the plugin put into a place."""

    place: Place
    name: str
    data: bytes
    comment: str


@dataclass
class _Kept:
    value: bytes
    version: str
    expires: datetime | None


class Memory:
    """Implements the contract's functions, see `_host.HostApi`."""

    def __init__(self, now: datetime, seed: int, config: Mapping[str, Any]) -> None:
        self.clock = now
        self.chance = random.Random(seed)
        self.table = dict(config)
        self.kept: dict[tuple[Scope, str], _Kept] = {}
        self.writes = 0
        self.posted: list[Posted] = []
        self.deleted: list[Posted] = []
        self.heard: list[Message] = []
        self.reactions: list[tuple[MessageRef, str]] = []
        self.files: list[Uploaded] = []
        self.contents: dict[str, bytes] = {}
        self.log: list[str] = []
        self.people: dict[str, User] = {}
        self.channels: dict[str, Conversation] = {}
        self.taught: dict[str, tuple[str, str, list[str], str | None]] = {}
        self.questions: dict[str, tuple[str, MessageRef]] = {}
        self.form: dict[str, Any] | None = None
        self.jobs: dict[str, tuple[str | None, str | None, str, str]] = {}
        self.http: Callable[..., Any] | None = None
        self.count = 0

    # People and places by name; whoever is named exists.

    def user(self, name: str) -> User:
        """Whoever has this name or id."""
        known = next((user for user in self.people.values() if name in (user.id, user.display_name)), None)
        if known is None:
            known = User(f"U{len(self.people) + 1}", name.lower(), name)
            self.people[known.id] = known
        return known

    def conversation(self, name: str) -> Conversation:
        """The conversation of this name or id."""
        known = next((one for one in self.channels.values() if name in (one.id, one.name)), None)
        if known is None:
            known = Conversation(f"C{len(self.channels) + 1}", name)
            self.channels[known.id] = known
        return known

    def next_id(self) -> str:
        """An id that nobody had."""
        self.count += 1
        return str(self.count)

    # The brain.

    def _live(self, at: Scope, key: str) -> _Kept | None:
        if not 1 <= len(key.encode()) <= 512:
            raise Invalid(f"a key has 1 to 512 bytes, this one {len(key.encode())}")
        kept = self.kept.get((at, key))
        return None if kept is None or (kept.expires is not None and kept.expires <= self.clock) else kept

    def brain_get(self, at: Scope, key: str) -> Stored | None:
        kept = self._live(at, key)
        if kept is None:
            return None
        return Stored(kept.value, kept.version, None if kept.expires is None else rfc3339(kept.expires))

    def brain_set(self, at: Scope, what: Write) -> str:
        self._check(at, what)
        return self._put(at, what)

    def _check(self, at: Scope, what: Write) -> None:
        self._live(at, what.key)
        if len(what.value) > _LIMIT:
            raise OverLimit(f"the value of `{what.key}` has more than 1 MiB")
        if what.ttl_seconds == 0:
            raise Invalid(f"`{what.key}` would be gone after 0 seconds")

    def _put(self, at: Scope, what: Write) -> str:
        self.writes += 1
        expires = None if what.ttl_seconds is None else self.clock + timedelta(seconds=what.ttl_seconds)
        self.kept[at, what.key] = _Kept(what.value, str(self.writes), expires)
        return str(self.writes)

    def brain_delete(self, at: Scope, key: str) -> bool:
        there = self._live(at, key) is not None
        self.kept.pop((at, key), None)
        return there

    def brain_list_keys(self, at: Scope, prefix: str, cursor: str | None, limit: int) -> tuple[list[str], str | None]:
        if not 1 <= limit <= 1000:
            raise Invalid("a page has 1 to 1,000 keys")
        keys = [key for scope, key in self.kept if scope == at and key.startswith(prefix)]
        keys = [key for key in keys if self._live(at, key) is not None and (cursor is None or key > cursor)]
        keys.sort(key=str.encode)
        return keys[:limit], keys[limit - 1] if len(keys) > limit else None

    def brain_increment(self, at: Scope, key: str, by: int) -> int:
        kept = self._live(at, key)
        try:
            total = int(kept.value.decode() if kept is not None else "0") + by
        except ValueError:
            raise Invalid(f"`{key}` is no number") from None
        if not -(1 << 63) <= total < 1 << 63:
            raise Invalid("the sum does not fit into 64 bits")
        expires = None if kept is None else kept.expires
        self._put(at, Write(key, str(total).encode()))
        self.kept[at, key].expires = expires
        return total

    def brain_compare_and_swap(self, at: Scope, what: Write, expected: str | None) -> str:
        self._check(at, what)
        kept = self._live(at, what.key)
        if (None if kept is None else kept.version) != expected:
            raise Conflict(f"`{what.key}` was written meanwhile")
        return self._put(at, what)

    def brain_get_many(self, at: Scope, keys: Sequence[str]) -> list[Stored | None]:
        return [self.brain_get(at, key) for key in keys]

    def brain_set_many(self, at: Scope, what: Sequence[Write]) -> None:
        if len({write.key for write in what}) < len(what):
            raise Invalid("a key is written twice")
        for write in what:
            self._check(at, write)
        for write in what:
            self._put(at, write)

    # Chat.

    def chat_send(self, to: Place, what: Content) -> MessageRef:
        if not what.text and not what.cards and what.native_json is None:
            raise Invalid("there is nothing to show")
        if what.native_json is not None and not isinstance(json.loads(what.native_json), dict):
            raise Invalid("native is no JSON object")
        ref = MessageRef(to, self.next_id())
        self.posted.append(Posted(ref, what))
        return ref

    def _own(self, which: MessageRef) -> int:
        at = next((at for at, one in enumerate(self.posted) if one.ref.id == which.id), None)
        if at is not None:
            return at
        if any(message.ref.id == which.id for message in self.heard):
            raise AccessDenied("somebody else wrote this message")
        raise NotFound(f"there is no message {which.id}")

    def chat_edit(self, which: MessageRef, what: Content) -> None:
        at = self._own(which)
        before = self.posted[at]
        self.posted[at] = Posted(before.ref, replace(what, audience=before.content.audience))

    def chat_delete(self, which: MessageRef) -> None:
        if any(one.ref.id == which.id for one in self.deleted):
            return
        self.deleted.append(self.posted.pop(self._own(which)))

    def _there(self, which: MessageRef) -> None:
        ids = [posted.ref.id for posted in self.posted] + [message.ref.id for message in self.heard]
        if which.id not in ids:
            raise NotFound(f"there is no message {which.id}")

    def chat_react(self, which: MessageRef, emoji: str) -> None:
        self._there(which)
        if (which, emoji) not in self.reactions:
            self.reactions.append((which, emoji))

    def chat_unreact(self, which: MessageRef, emoji: str) -> None:
        self._there(which)
        if (which, emoji) in self.reactions:
            self.reactions.remove((which, emoji))

    def chat_upload(self, to: Place, name: str, data: bytes, comment: str) -> str:
        if not name:
            raise Invalid("a file needs a name")
        self.files.append(Uploaded(to, name, data, comment))
        id = f"F{self.next_id()}"
        self.contents[id] = data
        return id

    def chat_download(self, file: str) -> bytes:
        if file not in self.contents:
            raise NotFound(f"there is no file {file}")
        return self.contents[file]

    def chat_open_direct(self, user: str) -> Place:
        self.chat_get_user(user)
        return Place("test", f"D{user}", None, PlaceKind.DIRECT)

    def chat_open_modal(self, trigger: str, view: str) -> None:
        if not trigger:
            raise NotFound("there is no such trigger, or no more")
        self.form = json.loads(view)

    def chat_get_user(self, id: str) -> User:
        if id not in self.people:
            raise NotFound(f"there is nobody with the id {id}")
        return self.people[id]

    def chat_get_conversation(self, id: str) -> Conversation:
        if id not in self.channels:
            raise NotFound(f"there is no conversation with the id {id}")
        return self.channels[id]

    def chat_members(self, conversation: str, cursor: str | None) -> tuple[list[str], str | None]:
        self.chat_get_conversation(conversation)
        return [*self.people], None

    def chat_history(self, at: Place, before: str | None, limit: int) -> list[Message]:
        if not 1 <= limit <= 200:
            raise Invalid("a page has 1 to 200 messages")
        found = [message for message in self.heard if message.ref.place == at]
        if before is not None:
            found = [message for message in found if int(message.ref.id) < int(before)]
        return found[::-1][:limit]

    def chat_ask(self, to: Place, who: str, id: str, what: Content, wait_seconds: int) -> MessageRef:
        if not any(isinstance(action, (Button, Menu)) for action in what.actions):
            raise Invalid("a question needs a button or menu")
        ref = self.chat_send(to, what)
        self.questions[id] = (who, ref)
        return ref

    # The rest.

    def triggers_hear(
        self, id: str, kind: str, pattern: str, scopes: Sequence[str], conversation: str | None
    ) -> None:
        if not id or not pattern or not scopes:
            raise Invalid("a pattern needs an id, something to look for, and a scope")
        self.taught[id] = (kind, pattern, list(scopes), conversation)

    def triggers_forget(self, id: str) -> bool:
        return self.taught.pop(id, None) is not None

    def schedule_at(self, name: str, when: str, payload: str) -> None:
        self.jobs[name] = (when, None, "UTC", payload)

    def schedule_every(self, name: str, cron: str, timezone: str, missed: str, payload: str) -> None:
        self.jobs[name] = (None, cron, timezone, payload)

    def schedule_cancel(self, name: str) -> bool:
        return self.jobs.pop(name, None) is not None

    def schedule_list(self) -> list[tuple[str, str | None, str | None, str, str]]:
        return [(name, *self.jobs[name]) for name in sorted(self.jobs)]

    def http_fetch(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | tuple[str, str] | None,
        timeout_ms: int,
        sign: tuple[str, ...] | None,
        into: tuple[str, str] | None,
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.http is None:
            raise Unsupported("say what the web answers: Host(http=lambda method, url, headers, body: …)")
        answer = self.http(method, url, dict(headers), body)
        status = 200
        if isinstance(answer, tuple):
            status, answer = answer
        if isinstance(answer, (dict, list)):
            return status, [("content-type", "application/json")], json.dumps(answer).encode()
        data = answer.encode() if isinstance(answer, str) else bytes(answer or b"")
        return status, [("content-type", "text/plain; charset=utf-8")], data

    def sql_query(self, connection: str, text: str, params: Sequence[Any]) -> tuple[list[str], list[list[Any]], bool]:
        raise Unsupported(f"there is no database `{connection}` in unit tests; put a function around it and replace that")

    def sql_execute(self, connection: str, text: str, params: Sequence[Any]) -> int:
        raise Unsupported(f"there is no database `{connection}` in unit tests; put a function around it and replace that")

    def objects_get(self, bucket: str, key: str) -> bytes:
        return self.chat_download(f"{bucket}/{key}")

    def objects_put(self, bucket: str, key: str, data: bytes, mime: str) -> str:
        self.contents[f"{bucket}/{key}"] = data
        return hashlib.sha256(data).hexdigest()[:16]

    def objects_list(
        self, bucket: str, prefix: str, cursor: str | None
    ) -> tuple[list[tuple[str, int, str, str]], str | None]:
        keys = sorted(key for key in self.contents if key.startswith(f"{bucket}/{prefix}"))
        found = []
        for key in keys:
            data = self.contents[key]
            etag = hashlib.sha256(data).hexdigest()[:16]
            found.append((key[len(bucket) + 1 :], len(data), etag, rfc3339(self.clock)))
        return found, None

    def objects_delete(self, bucket: str, key: str) -> None:
        self.contents.pop(f"{bucket}/{key}", None)

    def objects_sign(self, bucket: str, key: str, seconds: int) -> str:
        return f"https://objects.example/{bucket}/{key}?seconds={seconds}"

    def system_config(self) -> str:
        return json.dumps(self.table, ensure_ascii=False)

    def system_now(self) -> str:
        return rfc3339(self.clock)

    def system_local(self, instant_: str, timezone: str) -> str:
        try:
            return f"{instant(instant_).astimezone(ZoneInfo(timezone)).isoformat()}[{timezone}]"
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise Invalid(str(error)) from None

    def system_random(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    def system_log(self, level: str, text: str) -> None:
        self.log.append(f"{level}: {text}")
