"""Write plugins for the chat bot Moa in Python.

    import moa

    @moa.command("점심팀", aliases=["lunch"])
    def lunch(size: int, *names: str) -> str:
        \"\"\"오늘의 점심 팀을 알려드립니다.

        예) !점심팀 3 로지,샐리,앨리
        \"\"\"

The host reads what people type, checks it against the type hints, explains mistakes, and shows the docstring as help.
"""

from . import brain, chat, events, http, log, objects, schedule, sql, system, text, triggers, types
from ._arguments import Arg, Rest
from ._calls import WebResponse
from ._config import read_table
from ._pick import pick
from ._texts import Texts, texts
from .brain import Brain
from .content import Action, Audience, Button, Card, Content, Field, LinkButton, Menu, Style
from .context import Call, Context, Job, Request
from .decorators import (
    Group,
    action,
    answer,
    command,
    config,
    group,
    hear,
    job,
    on,
    plugin,
    shortcut,
    submit,
    table,
    webhook,
)
from .errors import (
    AccessDenied,
    ConfigError,
    Conflict,
    Failure,
    FieldErrors,
    HostError,
    Internal,
    Invalid,
    NotFound,
    OverLimit,
    Rejected,
    Retry,
    Unavailable,
    Uncertain,
    Unsupported,
    Usage,
)
from .form import Form
from .press import Answer, Done, Press, PressKind, Update
from .types import Conversation, File, Invocation, Message, MessageRef, Place, PlaceKind, User

__all__ = [
    "AccessDenied",
    "Action",
    "Answer",
    "Arg",
    "Audience",
    "Brain",
    "Button",
    "Call",
    "Card",
    "ConfigError",
    "Conflict",
    "Content",
    "Context",
    "Conversation",
    "Done",
    "Failure",
    "Field",
    "FieldErrors",
    "File",
    "Form",
    "Group",
    "HostError",
    "Internal",
    "Invalid",
    "Invocation",
    "Job",
    "LinkButton",
    "Menu",
    "Message",
    "MessageRef",
    "NotFound",
    "OverLimit",
    "Place",
    "PlaceKind",
    "Press",
    "PressKind",
    "Rejected",
    "Request",
    "Rest",
    "Retry",
    "Style",
    "Texts",
    "Unavailable",
    "Uncertain",
    "Unsupported",
    "Update",
    "Usage",
    "User",
    "WebResponse",
    "action",
    "answer",
    "brain",
    "chat",
    "command",
    "config",
    "events",
    "group",
    "hear",
    "http",
    "job",
    "log",
    "objects",
    "on",
    "pick",
    "plugin",
    "read_table",
    "schedule",
    "shortcut",
    "sql",
    "submit",
    "system",
    "table",
    "text",
    "texts",
    "triggers",
    "types",
    "webhook",
]
