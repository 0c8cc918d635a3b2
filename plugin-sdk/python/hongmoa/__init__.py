"""Lets a folder of apps that were written for the chat bot hongmoa run as one plugin, without an edit.

    moa build --hongmoa apps/

The build writes a small module that calls `load`. It puts modules of this package where the apps look for hongmoa's:
`on_command` and `build_message` in the folder's own package, in `decorators` and in `apps.decorators`, `requests` over the
host's HTTP, `settings` where there is none. Each module with `@on_command` above its `run` becomes a command.
"""

from ._apps import load, on_command
from ._markup import build_message

__all__ = ["build_message", "load", "on_command"]
