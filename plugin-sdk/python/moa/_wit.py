"""The real host: this package's types to those of the generated bindings and back.

Imported inside a component only; `wit_world` is made by componentize-py at build time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.imports import brain, chat, http, objects, schedule, sql, system, triggers
from wit_world.imports import types as wit

from . import content as contents
from . import errors, types
from ._host import Scope, Stored, Write
from .content import Content
from .system import instant, rfc3339

F = TypeVar("F", bound=Callable[..., Any])

_ERRORS: dict[type, type[errors.HostError]] = {
    wit.Error_AccessDenied: errors.AccessDenied,
    wit.Error_NotFound: errors.NotFound,
    wit.Error_Invalid: errors.Invalid,
    wit.Error_Conflict: errors.Conflict,
    wit.Error_OverLimit: errors.OverLimit,
    wit.Error_Unavailable: errors.Unavailable,
    wit.Error_Uncertain: errors.Uncertain,
    wit.Error_Unsupported: errors.Unsupported,
}


def _asked(function: F) -> F:
    """Makes this package's exceptions of the bindings'."""

    @functools.wraps(function)
    def ask(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Err as error:
            kind = _ERRORS.get(type(error.value))
            # `system.local` refuses with a sentence alone.
            raise errors.Invalid(str(error.value)) if kind is None else kind(error.value.value) from None

    return ask  # type: ignore[return-value]


class Wit:
    """The contract's functions, see `_host.HostApi`."""

    @_asked
    def brain_get(self, at: Scope, key: str) -> Stored | None:
        return _stored(brain.get(_scope(at), key))

    @_asked
    def brain_set(self, at: Scope, what: Write) -> str:
        return brain.set(_scope(at), _write(what))

    @_asked
    def brain_delete(self, at: Scope, key: str) -> bool:
        return brain.delete(_scope(at), key)

    @_asked
    def brain_list_keys(self, at: Scope, prefix: str, cursor: str | None, limit: int) -> tuple[list[str], str | None]:
        page = brain.list_keys(_scope(at), prefix, cursor, limit)
        return page.keys, page.next

    @_asked
    def brain_increment(self, at: Scope, key: str, by: int) -> int:
        return brain.increment(_scope(at), key, by)

    @_asked
    def brain_compare_and_swap(self, at: Scope, what: Write, expected: str | None) -> str:
        return brain.compare_and_swap(_scope(at), _write(what), expected)

    @_asked
    def brain_get_many(self, at: Scope, keys: Sequence[str]) -> list[Stored | None]:
        return [_stored(entry) for entry in brain.get_many(_scope(at), list(keys))]

    @_asked
    def brain_set_many(self, at: Scope, what: Sequence[Write]) -> None:
        brain.set_many(_scope(at), [_write(write) for write in what])

    @_asked
    def chat_send(self, to: types.Place, what: Content) -> types.MessageRef:
        return ref_in(chat.send(place_out(to), content_out(what)))

    @_asked
    def chat_edit(self, which: types.MessageRef, what: Content) -> None:
        chat.edit(ref_out(which), content_out(what))

    @_asked
    def chat_delete(self, which: types.MessageRef) -> None:
        chat.delete(ref_out(which))

    @_asked
    def chat_react(self, which: types.MessageRef, emoji: str) -> None:
        chat.react(ref_out(which), emoji)

    @_asked
    def chat_unreact(self, which: types.MessageRef, emoji: str) -> None:
        chat.unreact(ref_out(which), emoji)

    @_asked
    def chat_upload(self, to: types.Place, name: str, data: bytes, comment: str) -> str:
        return chat.upload(place_out(to), name, data, comment)

    @_asked
    def chat_download(self, file: str) -> bytes:
        return chat.download(file)

    @_asked
    def chat_open_direct(self, user: str) -> types.Place:
        return place_in(chat.open_direct(user))

    @_asked
    def chat_open_modal(self, trigger: str, view: str) -> None:
        chat.open_modal(trigger, view)

    @_asked
    def chat_get_user(self, id: str) -> types.User:
        return user_in(chat.get_user(id))

    @_asked
    def chat_get_conversation(self, id: str) -> types.Conversation:
        return conversation_in(chat.get_conversation(id))

    @_asked
    def chat_members(self, conversation: str, cursor: str | None) -> tuple[list[str], str | None]:
        page, following = chat.members(conversation, cursor)
        return page, following

    @_asked
    def chat_history(self, at: types.Place, before: str | None, limit: int) -> list[types.Message]:
        return [message_in(message) for message in chat.history(place_out(at), before, limit)]

    @_asked
    def chat_ask(self, to: types.Place, who: str, id: str, what: Content, wait_seconds: int) -> types.MessageRef:
        return ref_in(chat.ask(place_out(to), who, id, content_out(what), wait_seconds))

    @_asked
    def triggers_hear(
        self, id: str, kind: str, pattern: str, scopes: Sequence[str], conversation: str | None
    ) -> None:
        where = triggers.Scopes(0)
        for scope in scopes:
            where |= triggers.Scopes[scope.upper().replace("-", "_")]
        case = triggers.Pattern_Keyword if kind == "keyword" else triggers.Pattern_Regex
        triggers.hear(id, case(pattern), where, conversation)

    @_asked
    def triggers_forget(self, id: str) -> bool:
        return triggers.forget(id)

    @_asked
    def schedule_at(self, name: str, when: str, payload: str) -> None:
        schedule.at(name, when, payload)

    @_asked
    def schedule_every(self, name: str, cron: str, timezone: str, missed: str, payload: str) -> None:
        schedule.every(name, cron, timezone, schedule.Missed[missed.upper()], payload)

    @_asked
    def schedule_cancel(self, name: str) -> bool:
        return schedule.cancel(name)

    @_asked
    def schedule_list(self) -> list[tuple[str, str | None, str | None, str, str]]:
        return [(job.name, job.next, job.cron, job.timezone, job.payload) for job in schedule.list()]

    @_asked
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
        sent: http.Body = http.Body_Empty()
        if isinstance(body, tuple):
            sent = http.Body_Object(body)
        elif body is not None:
            sent = http.Body_Bytes(bytes(body))
        signing: http.Signing | None = None
        if sign is not None:
            signing = http.Signing_AwsSigv4(sign) if len(sign) == 3 else http.Signing_HmacSha256(sign)  # type: ignore[arg-type]
        request = http.Request(method, url, [(name, value) for name, value in headers], sent, timeout_ms, signing)
        got = http.fetch(request) if into is None else http.fetch_to_object(request, *into)
        return got.status, got.headers, got.body

    @_asked
    def sql_query(self, connection: str, text: str, params: Sequence[Any]) -> tuple[list[str], list[list[Any]], bool]:
        found = sql.query(connection, text, [_cell_out(value) for value in params])
        return found.columns, [[_cell_in(cell) for cell in row] for row in found.rows], found.truncated

    @_asked
    def sql_execute(self, connection: str, text: str, params: Sequence[Any]) -> int:
        return sql.execute(connection, text, [_cell_out(value) for value in params])

    @_asked
    def objects_get(self, bucket: str, key: str) -> bytes:
        return objects.get(bucket, key)

    @_asked
    def objects_put(self, bucket: str, key: str, data: bytes, mime: str) -> str:
        return objects.put(bucket, key, data, mime)

    @_asked
    def objects_list(
        self, bucket: str, prefix: str, cursor: str | None
    ) -> tuple[list[tuple[str, int, str, str]], str | None]:
        found, following = objects.list(bucket, prefix, cursor)
        return [(one.key, one.size, one.etag, one.modified) for one in found], following

    @_asked
    def objects_delete(self, bucket: str, key: str) -> None:
        objects.delete(bucket, key)

    @_asked
    def objects_sign(self, bucket: str, key: str, seconds: int) -> str:
        return objects.sign(bucket, key, seconds)

    def system_config(self) -> str:
        return system.config()

    def system_now(self) -> str:
        return system.now()

    @_asked
    def system_local(self, instant: str, timezone: str) -> str:
        return system.local(instant, timezone)

    def system_random(self, count: int) -> bytes:
        return system.random(count)

    def system_log(self, level: str, text: str) -> None:
        system.log(system.Level[level.upper()], text)


def _scope(at: Scope) -> brain.Scope:
    kind, id = at
    if kind == "plugin":
        return brain.Scope_Plugin()
    if kind == "conversation":
        return brain.Scope_Conversation(id)
    return brain.Scope_User(id) if kind == "user" else brain.Scope_Shared()


def _write(what: Write) -> brain.Write:
    return brain.Write(what.key, what.value, what.ttl_seconds)


def _stored(entry: brain.Entry | None) -> Stored | None:
    return None if entry is None else Stored(entry.value, entry.version, entry.expires)


def _cell_out(value: Any) -> sql.Cell:
    if value is None:
        return sql.Cell_Null()
    if isinstance(value, bool):
        return sql.Cell_Truth(value)
    if isinstance(value, int):
        return sql.Cell_Integer(value)
    if isinstance(value, float):
        return sql.Cell_Number(value)
    if isinstance(value, Decimal):
        return sql.Cell_Decimal(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return sql.Cell_Bytes(bytes(value))
    if isinstance(value, datetime):
        return sql.Cell_Time(rfc3339(value) if value.tzinfo else value.isoformat(" "))
    if isinstance(value, (date, time)):
        return sql.Cell_Time(value.isoformat())
    if isinstance(value, str):
        return sql.Cell_Text(value)
    raise TypeError(f"{type(value).__name__} can't be a parameter of SQL")


def _cell_in(cell: sql.Cell) -> Any:
    if isinstance(cell, sql.Cell_Null):
        return None
    if isinstance(cell, sql.Cell_Decimal):
        return Decimal(cell.value)
    if isinstance(cell, sql.Cell_Time) and "T" in cell.value and cell.value.endswith(("Z", "z")):
        return instant(cell.value)
    return cell.value


def place_in(place: wit.Place) -> types.Place:
    return types.Place(place.service, place.conversation, place.thread, types.PlaceKind[place.kind.name])


def place_out(place: types.Place) -> wit.Place:
    return wit.Place(place.service, place.conversation, place.thread, wit.PlaceKind[place.kind.name])


def ref_in(ref: wit.MessageRef) -> types.MessageRef:
    return types.MessageRef(place_in(ref.place), ref.id)


def ref_out(ref: types.MessageRef) -> wit.MessageRef:
    return wit.MessageRef(place_out(ref.place), ref.id)


def user_in(user: wit.User) -> types.User:
    return types.User(user.id, user.name, user.display_name, user.locale, user.timezone, user.bot)


def conversation_in(conversation: wit.Conversation) -> types.Conversation:
    kind = types.PlaceKind[conversation.kind.name]
    return types.Conversation(conversation.id, conversation.name, kind, conversation.topic)


def invocation_in(invocation: wit.Invocation) -> types.Invocation:
    return types.Invocation(
        invocation.id, instant(invocation.time), invocation.attempt, invocation.locale, invocation.timezone
    )


def message_in(message: wit.Message) -> types.Message:
    return types.Message(
        ref_in(message.ref),
        user_in(message.author),
        message.text,
        message.raw,
        [_mention_in(mention) for mention in message.mentions],
        [types.File(file.id, file.name, file.mime, file.size) for file in message.files],
        instant(message.time),
        message.edited,
    )


def _mention_in(mention: wit.Mention) -> types.Mention:
    if isinstance(mention, wit.Mention_Link):
        return types.Link(*mention.value)
    if isinstance(mention, wit.Mention_User):
        return types.UserMention(mention.value)
    if isinstance(mention, wit.Mention_Conversation):
        return types.ConversationMention(mention.value)
    return types.GroupMention(mention.value) if isinstance(mention, wit.Mention_Group) else types.Everyone(mention.value)


def value_in(value: wit.Value) -> Any:
    """An argument as Python has it."""
    given: Any = value.value
    if isinstance(value, wit.Value_User):
        return user_in(given)
    if isinstance(value, wit.Value_Conversation):
        return conversation_in(given)
    if isinstance(value, wit.Value_Seconds):
        return timedelta(seconds=given)
    if isinstance(value, wit.Value_Date):
        return date.fromisoformat(given)
    return time.fromisoformat(given) if isinstance(value, wit.Value_Time) else given


def content_out(content: Content) -> wit.Content:
    return wit.Content(
        content.text,
        [_card_out(card) for card in content.cards],
        [_action_out(action) for action in content.actions],
        wit.Audience[content.audience.name],
        content.native_json,
        content.sender_name,
    )


def _card_out(card: contents.Card) -> wit.Card:
    fields = [wit.Field(field.title, field.value, field.short) for field in card.fields]
    return wit.Card(card.pretext, card.title, card.link, card.text, card.color, fields, card.image, card.footer)


def _action_out(action: contents.Action) -> wit.Action:
    if isinstance(action, contents.Button):
        style = wit.Style[action.style.name]
        return wit.Action_Button(wit.Button(action.id, action.label, action.value, style, action.confirm))
    if isinstance(action, contents.Menu):
        choices = [wit.Choice(label, value) for label, value in action.choices]
        return wit.Action_Select(wit.Select(action.id, action.placeholder, choices))
    return wit.Action_Link((action.label, action.url))
