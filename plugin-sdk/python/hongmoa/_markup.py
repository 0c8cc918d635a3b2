"""Between Slack's own markup, which hongmoa's apps write, and the portable markup of Moa."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from moa import Content

_TOKEN = re.compile(r"<([^<>\n]+)>")


def build_message(
    text: str = "", attachments: Sequence[Mapping[str, Any]] = (), unfurl_media: bool = True, as_user: bool = True
) -> dict[str, Any]:
    """A message with attachments, as an app returns it. `as_user` has no meaning any more: the bot is always itself."""
    return {
        "text": text,
        "attachments": [dict(one) for one in attachments],
        "unfurl_media": unfurl_media,
        "as_user": as_user,
    }


def content(message: Any) -> Content:
    """A message of an app, text or what `build_message` made, as Moa sends it."""
    if not isinstance(message, Mapping):
        return Content(portable(str(message)))
    made = Content(portable(str(message.get("text") or "")))
    native: dict[str, Any] = {}
    if message.get("attachments"):
        native["attachments"] = list(message["attachments"])
    if message.get("unfurl_media") is False:
        native["unfurl_media"] = False
    return made.native(native) if native else made


def portable(text: str) -> str:
    """Slack's `<@U1>`, `<#C1|lunch>`, `<https://x|label>` and `&amp;` in portable markup. Calls to everybody become words."""

    def token(found: re.Match[str]) -> str:
        inner, _, label = found.group(1).partition("|")
        if inner.startswith("@"):
            return "{@" + inner[1:] + "}"
        if inner.startswith("#"):
            return "{#" + inner[1:] + "}"
        if inner.startswith("!"):
            return label or "@" + inner[1:].partition("^")[0]
        if re.match(r"[a-z][a-z0-9+.-]*:", inner):
            return f"[{label}]({inner})" if label and label != inner else inner
        return found.group()

    return html.unescape(_TOKEN.sub(token, text))
