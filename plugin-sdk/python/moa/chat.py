"""Speaking: messages, files, people. What is free of any grant is where the call came from, and its people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from . import _host, brain
from .content import Content, Speakable, content_of
from .errors import Conflict
from .form import Form
from .types import Conversation, Message, MessageRef, Place, User

__all__ = [
    "Progress",
    "ask",
    "conversation",
    "daily_thread",
    "delete",
    "download",
    "edit",
    "history",
    "members",
    "members_page",
    "open_direct",
    "open_modal",
    "react",
    "send",
    "unreact",
    "upload",
    "user",
]


def send(to: Place, what: Speakable) -> MessageRef:
    """Sends a message; its address."""
    return _host.current().chat_send(to, content_of(what))


def edit(which: MessageRef, what: Speakable) -> None:
    """Replaces a message that the bot sent."""
    _host.current().chat_edit(which, content_of(what))


def delete(which: MessageRef) -> None:
    """Deletes a message that the bot sent. One that is already gone is success."""
    _host.current().chat_delete(which)


def react(which: MessageRef, emoji: str) -> None:
    """Adds the bot's reaction: a name without colons (`thumbsup`) or a Unicode emoji (`👍`)."""
    _host.current().chat_react(which, emoji)


def unreact(which: MessageRef, emoji: str) -> None:
    """Takes the bot's own reaction back."""
    _host.current().chat_unreact(which, emoji)


def upload(to: Place, name: str, data: bytes | str, comment: str = "") -> str:
    """Puts a file into a place. Its id."""
    return _host.current().chat_upload(to, name, data.encode() if isinstance(data, str) else bytes(data), comment)


def download(file: str) -> bytes:
    """The content of a file, by its id."""
    return _host.current().chat_download(file)


def open_direct(user: str) -> Place:
    """The direct conversation with a person, by id."""
    return _host.current().chat_open_direct(user)


def open_modal(trigger: str, form: Form) -> None:
    """Opens a form before the person who pressed; `press.open(form)` is shorter."""
    _host.current().chat_open_modal(trigger, form.to_json())


def ask(to: Place, who: str, id: str, what: Content, wait: timedelta | int) -> MessageRef:
    """Asks a person something by the buttons or menus of a message. The answer arrives at `@moa.answer(id)`."""
    seconds = int(wait.total_seconds()) if isinstance(wait, timedelta) else wait
    return _host.current().chat_ask(to, who, id, content_of(what), seconds)


def user(id: str) -> User:
    """A person by id."""
    return _host.current().chat_get_user(id)


def conversation(id: str) -> Conversation:
    """A conversation by id."""
    return _host.current().chat_get_conversation(id)


def members(conversation: str) -> list[str]:
    """The ids of a conversation's members, the bot's own included."""
    everybody: list[str] = []
    cursor = None
    while True:
        page, cursor = members_page(conversation, cursor)
        everybody += page
        if cursor is None:
            return everybody


def members_page(conversation: str, cursor: str | None = None) -> tuple[list[str], str | None]:
    """Some of the members, and where to go on; `None` if that was all."""
    return _host.current().chat_members(conversation, cursor)


def daily_thread(at: Place, day: date | str, head: Speakable, guide: Speakable = "") -> Place:
    """The thread of a day in a conversation. The first call for a day sends `head`, and `guide` below it; every later one
    finds it in the plugin's brain.

        thread = chat.daily_thread(Place.of("C012"), due.date("Asia/Seoul"), "*Feed*", "Reports come here.")
        chat.send(thread, "all is well")
    """
    key = f"daily/{at.conversation}/{day}"
    thread = brain.plugin().get(key)
    if thread is None:
        first = send(at, head)
        try:
            brain.plugin().compare_and_swap(key, first.id, None)
        except Conflict:
            # Another call was first: one thread a day, not two.
            delete(first)
            thread = brain.plugin().get(key)
        else:
            thread = first.id
            if guide:
                send(replace(at, thread=thread), guide)
    return replace(at, thread=thread)


def history(at: Place, before: str | None = None, limit: int = 100) -> list[Message]:
    """Messages of a place, newest first; only those older than the message with the id `before`."""
    return _host.current().chat_history(at, before, limit)


class Progress:
    """A message that tells how far something is.

        progress = Progress(ctx.place, "0 %")
        progress.update("50 %")
    """

    def __init__(self, at: Place, what: Speakable) -> None:
        self._shown = content_of(what)
        self.message = send(at, self._shown)
        """The message's address."""

    def update(self, what: Speakable) -> None:
        """Shows something else. The same again costs nothing."""
        content = content_of(what)
        if content != self._shown:
            edit(self.message, content)
            self._shown = content
