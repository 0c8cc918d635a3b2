"""The `robot` that an app gets: brain, client, help lines and log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import moa
from moa.types import ConversationMention

from ._markup import content

Run = Callable[..., Any]


class Text(str):
    """Text from the brain. Older apps expect bytes and decode them."""

    def decode(self, *_: str) -> str:
        """The text itself."""
        return str(self)


class Brain:
    """hongmoa's brain over Moa's: durable, and the plugin's own. All apps of the folder share it, as they did there."""

    _LISTS = "list:"

    def get(self, key: str) -> Text:
        """The text under a key; empty if there is none."""
        return Text(moa.brain.plugin().get_text(str(key)) or "")

    def set(self, key: str, value: object) -> bool:
        """Writes a text."""
        moa.brain.plugin().set_text(str(key), _text(value))
        return True

    def lpush(self, key: str, value: object) -> int:
        """Puts a text at the front of a list; how many there are then."""
        new = [_text(value)]
        return len(moa.brain.plugin().update(self._LISTS + str(key), lambda texts: new + texts, []))

    def lpop(self, key: str) -> Text:
        """Takes the text at the front of a list; empty if there is none."""
        taken = [""]

        def change(texts: list[str]) -> list[str]:
            taken[0] = texts[0] if texts else ""
            return texts[1:]

        if moa.brain.plugin().get(self._LISTS + str(key)):
            moa.brain.plugin().update(self._LISTS + str(key), change, [])
        return Text(taken[0])


RedisBrain = Brain
"""The name it has in hongmoa's own module."""


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Client:
    """Slack's Web API as far as the host offers the same. Whatever else is asked answers `unknown_method`."""

    def __init__(self, ctx: moa.Context) -> None:
        self._ctx = ctx

    def rtm_send_message(self, channel: str, message: str) -> None:
        """Sends a text."""
        moa.chat.send(place(self._ctx, channel), content(message))

    def api_call(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method of Slack's; `{"ok": False, "error": …}` where the host refuses."""
        known = getattr(self, "_" + method.replace(".", "_").lower(), None)
        if known is None:
            moa.log.warn(f"robot.client.api_call({method!r}) has no counterpart in Moa; it was not done")
            return {"ok": False, "error": "unknown_method"}
        try:
            return {"ok": True, **known({key: value for key, value in params.items() if value is not None})}
        except moa.HostError as error:
            moa.log.warn(f"robot.client.api_call({method!r}): {error.case}: {error}")
            return {"ok": False, "error": error.case.replace("-", "_")}
        except KeyError as error:
            return {"ok": False, "error": f"no_{error.args[0]}"}

    def _chat_postmessage(self, given: dict[str, Any]) -> dict[str, Any]:
        to = place(self._ctx, given["channel"])
        if given.get("thread_ts"):
            to = moa.Place(to.service, to.conversation, str(given["thread_ts"]), to.kind)
        what = content(_message(given))
        if given.get("username"):
            what = what.sender(given["username"], given.get("icon_emoji") or given.get("icon_url") or "")
        ref = moa.chat.send(to, what)
        return {"channel": ref.place.conversation, "ts": ref.id, "message": {"text": given.get("text", ""), "ts": ref.id}}

    def _chat_update(self, given: dict[str, Any]) -> dict[str, Any]:
        moa.chat.edit(self._ref(given, "ts"), content(_message(given)))
        return {"channel": given["channel"], "ts": given["ts"], "text": given.get("text", "")}

    def _chat_delete(self, given: dict[str, Any]) -> dict[str, Any]:
        moa.chat.delete(self._ref(given, "ts"))
        return {"channel": given["channel"], "ts": given["ts"]}

    def _reactions_add(self, given: dict[str, Any]) -> dict[str, Any]:
        moa.chat.react(self._ref(given, "timestamp"), str(given["name"]).strip(":"))
        return {}

    def _reactions_remove(self, given: dict[str, Any]) -> dict[str, Any]:
        moa.chat.unreact(self._ref(given, "timestamp"), str(given["name"]).strip(":"))
        return {}

    def _files_upload(self, given: dict[str, Any]) -> dict[str, Any]:
        data = given.get("content")
        if data is None:
            data = given["file"]
        data = data.read() if hasattr(data, "read") else data
        where = given.get("channels") or given.get("channel") or self._ctx.place.conversation
        channels = where if isinstance(where, (list, tuple)) else str(where).split(",")
        name = given.get("filename") or given.get("title") or "file.txt"
        ids = [
            moa.chat.upload(place(self._ctx, one.strip()), name, data, given.get("initial_comment", "")) for one in channels
        ]
        return {"file": {"id": ids[0], "name": name}}

    def _users_info(self, given: dict[str, Any]) -> dict[str, Any]:
        user = moa.chat.user(str(given["user"]))
        profile = {"display_name": user.display_name, "real_name": user.display_name}
        about = {"id": user.id, "name": user.name, "real_name": user.display_name, "profile": profile, "is_bot": user.bot}
        return {"user": {**about, "tz": user.timezone, "locale": user.locale}}

    def _conversations_info(self, given: dict[str, Any]) -> dict[str, Any]:
        found = moa.chat.conversation(place(self._ctx, given["channel"]).conversation)
        return {"channel": {"id": found.id, "name": found.name, "topic": {"value": found.topic}}}

    def _conversations_members(self, given: dict[str, Any]) -> dict[str, Any]:
        members = moa.chat.members(place(self._ctx, given["channel"]).conversation)
        return {"members": members, "response_metadata": {"next_cursor": ""}}

    def _conversations_history(self, given: dict[str, Any]) -> dict[str, Any]:
        limit = min(200, max(1, int(given.get("limit") or given.get("count") or 100)))
        before = str(given["latest"]) if given.get("latest") else None
        found = moa.chat.history(place(self._ctx, given["channel"]), before, limit)
        said = [{"type": "message", "ts": one.ref.id, "user": one.author.id, "text": one.text} for one in found]
        return {"messages": said, "has_more": len(said) == limit}

    def _conversations_open(self, given: dict[str, Any]) -> dict[str, Any]:
        who = str(given.get("users") or given["user"])
        return {"channel": {"id": moa.chat.open_direct(who).conversation}}

    # Their older names.
    _channels_info = _groups_info = _conversations_info
    _channels_history = _groups_history = _im_history = _conversations_history
    _im_open = _conversations_open

    def _ref(self, given: dict[str, Any], key: str) -> moa.MessageRef:
        return moa.MessageRef(place(self._ctx, given["channel"]), str(given[key]))


METHODS = sorted(
    name[1:].replace("_", ".", 1) for name in vars(Client) if name.startswith("_") and "_" in name[1:] and name[1] != "_"
)
"""What `api_call` can do, in lower case."""


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: given[key] for key in ("text", "attachments", "unfurl_media") if key in given}
    if isinstance(made.get("attachments"), str):
        made["attachments"] = json.loads(made["attachments"])
    return made


class Robot:
    """What each app gets first."""

    def __init__(self, ctx: moa.Context, apps: Mapping[str, Run], docs: list[str]) -> None:
        self.brain = Brain()
        self.client = Client(ctx)
        self.apps = dict(apps)
        """The functions by their aliases."""
        self.docs = list(docs)
        """A line of help for each app."""
        self.logger = logging.getLogger("hongmoa")
        self.context = ctx
        """What Moa knows of the call; hongmoa had nothing of the kind."""


def place(ctx: moa.Context, channel: object) -> moa.Place:
    """Where `channel` is: an id, a mention, a name that the message mentions, or a person's id."""
    here = ctx.place
    named = str(channel).strip().strip("<>{}").partition("|")[0]
    if named in ("", here.conversation):
        return here
    if named.startswith(("@", "U", "W")) and named.lstrip("@")[1:].isalnum() and named.lstrip("@").isupper():
        return moa.chat.open_direct(named.lstrip("@"))
    wanted = named.lstrip("#")
    for mention in ctx.message.mentions:
        if isinstance(mention, ConversationMention):
            if mention.id == wanted or moa.chat.conversation(mention.id).name == wanted:
                return moa.Place(here.service, mention.id)
    if named.startswith("#") or not (wanted.isalnum() and wanted.isupper()):
        text = {
            "ko": f"`{wanted}` 대화를 찾을 수 없어요. `#{wanted}`처럼 멘션해 주세요.",
            "en": f"I don't find the conversation `{wanted}`. Mention it, like `#{wanted}`.",
        }
        raise moa.Rejected(text["ko" if ctx.language == "ko" else "en"])
    kind = moa.PlaceKind.DIRECT if wanted.startswith("D") else moa.PlaceKind.CHANNEL
    return moa.Place(here.service, wanted, None, kind)
