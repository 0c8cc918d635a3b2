"""What goes wrong, and who is told.

A plugin raises a `Failure`; the host raises a `HostError`. Anything else that a plugin lets escape becomes
`Internal`: the operator sees what it was, with file and line, and the person sees the call's id.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "AccessDenied",
    "ConfigError",
    "Conflict",
    "Failure",
    "FieldErrors",
    "HostError",
    "Internal",
    "Invalid",
    "NotFound",
    "OverLimit",
    "Rejected",
    "Retry",
    "Unavailable",
    "Uncertain",
    "Unsupported",
    "Usage",
]


class Failure(Exception):
    """Why the plugin did not do it. Raise one of its kinds."""


class Usage(Failure):
    """Used wrongly. The person is shown the text, followed by the command's right form."""


class Rejected(Failure):
    """Understood and refused. The person is shown the text."""


class ConfigError(Rejected):
    """Something in the plugin's configuration is wrong: the key, and what to write instead."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"config.{key}: {problem}")
        self.key = key


class Retry(Failure):
    """To be tried again in so many seconds, as the same call. The host gives up after a few attempts."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class Internal(Failure):
    """Something inside went wrong. The operator is shown the text; the person is shown the call's id."""


class FieldErrors(Failure):
    """What is wrong with a form's fields, by their names: the form stays open and shows it.

        raise FieldErrors(bowls="from 1 to 20")
    """

    def __init__(self, fields: Mapping[str, str] | None = None, /, **more: str) -> None:
        self.fields = {**(fields or {}), **more}
        super().__init__("\n".join(f"{name}: {text}" for name, text in self.fields.items()))


class HostError(Exception):
    """Why the host did not do it. The text is for the operator and may change: decide by the class."""

    case = "error"


class AccessDenied(HostError):
    """Not requested in the manifest, or not granted. The text carries the line that would allow it."""

    case = "access denied"


class NotFound(HostError):
    """What the call names is not there."""

    case = "not found"


class Invalid(HostError):
    """The request makes no sense. Trying again is useless."""

    case = "invalid"


class Conflict(HostError):
    """Another writer was first. Read again and decide anew."""

    case = "conflict"


class OverLimit(HostError):
    """Past a limit of size, number or rate."""

    case = "over a limit"


class Unavailable(HostError):
    """Not now; later may help."""

    case = "unavailable"


class Uncertain(HostError):
    """It may already have been done, by this attempt or an earlier one, and it is not safe to do twice."""

    case = "perhaps done already"


class Unsupported(HostError):
    """This host, or the chat service behind it, has no such thing."""

    case = "unsupported"
