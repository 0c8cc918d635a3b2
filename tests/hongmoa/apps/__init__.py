from .decorators import on_command
