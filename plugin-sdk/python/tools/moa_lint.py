"""Finds what can't work in the sandbox before anything is built: `moa build` runs it.

    python3 moa_lint.py ENTRY [FOLDER…]

Looks at ENTRY and at the files beside it that it imports; FOLDERs hold the SDK and the dependencies, which are not looked
at. Prints a JSON object a line: severity, file, line, column, message, help.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

HTTP = "use moa.http, which goes through the host: moa.http.get(url).json()"
ALONE = "a call runs alone and ends with what it returns; for later work use moa.schedule or @moa.job"
NATIVE = "the sandbox runs no native code; use a pure-Python package, or moa's own functions"
FILES = "there is no file system when a call runs; keep data in the brain, or read files at the top of the module"

NO_MODULES = {
    **dict.fromkeys(("socket", "socketserver", "ssl", "select", "selectors", "_socket", "_ssl"), HTTP),
    **dict.fromkeys(("http.client", "http.server", "urllib.request", "urllib3", "ftplib", "xmlrpc"), HTTP),
    **dict.fromkeys(("requests", "httpx", "aiohttp", "websocket", "websockets"), HTTP),
    **dict.fromkeys(("smtplib", "imaplib", "poplib", "nntplib", "telnetlib"), "the sandbox has no sockets; " + HTTP),
    **dict.fromkeys(("subprocess", "multiprocessing", "pty"), "the sandbox starts no programs; " + ALONE),
    **dict.fromkeys(("asyncio", "trio", "anyio", "sched"), "write plain functions: " + ALONE),
    **dict.fromkeys(("ctypes", "cffi", "_ctypes"), NATIVE),
    **dict.fromkeys(("fcntl", "mmap", "grp", "pwd", "resource", "termios", "tty", "syslog", "curses"), FILES),
    **dict.fromkeys(("readline", "tkinter", "turtle"), "people talk to the plugin in chat only"),
    **dict.fromkeys(("bz2", "lzma"), "use zlib or gzip"),
    **dict.fromkeys(("dbm", "shelve"), FILES),
}
NO_NAMES = {
    **dict.fromkeys(("threading.Thread", "threading.Timer", "_thread.start_new_thread"), ALONE),
    **dict.fromkeys(("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"), ALONE),
    **dict.fromkeys(("os.system", "os.popen", "os.fork", "os.execv", "os.spawnv"), "the sandbox starts no programs"),
}
WARNED = {
    "zoneinfo": "there are no time zones in the sandbox; use moa.system.local(instant, zone) or ctx.now",
    "pytz": "use moa.system.local(instant, zone) or ctx.now, which need no package",
}
NATIVE_PACKAGES = (
    "numpy pandas scipy matplotlib PIL cv2 lxml cryptography bcrypt psycopg2 pymysql MySQLdb grpc torch orjson ujson "
    "msgpack pydantic regex greenlet gevent redis"
).split()
NEWER = re.compile(r"""\b[fFtT][rR]?['"]|\b[rR][fFtT]['"]|^\s*type\s+\w|\b(def|class)\s+\w+\[|^\s*except\b.*,""")
"""Lines that a newer Python reads; the one in the sandbox is 3.14."""


class Lint:
    """One run."""

    def __init__(self, entry: Path, folders: list[Path]) -> None:
        self.entry = entry
        self.root = entry.parent
        self.folders = folders
        self.seen: set[Path] = set()
        self.todo = [entry]

    def run(self) -> None:
        while self.todo:
            file = self.todo.pop()
            if file not in self.seen:
                self.seen.add(file)
                self.look(file)

    def tell(self, severity: str, file: Path, where: tuple[int, int], message: str, help: str) -> None:
        line, column = where
        found = {"severity": severity, "file": str(file), "line": line, "column": column}
        print(json.dumps({**found, "message": message, "help": help}, ensure_ascii=False), flush=True)

    def look(self, file: Path) -> None:
        try:
            text = file.read_text(encoding="utf-8-sig")
            tree = ast.parse(text, str(file))
        except UnicodeDecodeError as error:
            self.tell("error", file, (1, 0), f"this is no UTF-8 ({error.reason})", "save the file as UTF-8")
            return
        except (SyntaxError, ValueError) as error:
            line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 0
            # What an older Python can't read the one in the sandbox may: it decides.
            lines = text.splitlines()
            newer = sys.version_info < (3, 14) and line <= len(lines) and NEWER.search(lines[line - 1])
            if not newer:
                message = f"syntax error: {getattr(error, 'msg', None) or error}"
                self.tell("error", file, (line, column), message, "")
            return
        Visitor(self, file).visit(tree)

    def local(self, name: str) -> bool:
        """Whether a module lies beside the entry; then it is looked at as well."""
        path = self.root.joinpath(*name.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                self.todo.append(file)
                return True
        return path.is_dir()

    def provided(self, name: str) -> bool:
        return any((folder / name).is_dir() or (folder / f"{name}.py").is_file() for folder in self.folders)


class Visitor(ast.NodeVisitor):
    """Looks at one file."""

    def __init__(self, lint: Lint, file: Path) -> None:
        self.lint, self.file = lint, file
        self.names: dict[str, str] = {}
        self.depth = 0
        self.forgiven = 0

    def tell(self, severity: str, node: ast.AST, message: str, help: str) -> None:
        where = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)
        self.lint.tell(severity, self.file, where, message, help)

    def visit_Try(self, node: ast.Try) -> None:
        # `try: import x / except ImportError` knows what it does.
        caught = [ast.dump(handler.type) for handler in node.handlers if handler.type] + [
            "Exception" for handler in node.handlers if handler.type is None
        ]
        forgives = any(re.search("ImportError|ModuleNotFoundError|Exception", kind) for kind in caught)
        self.forgiven += forgives
        for statement in node.body:
            self.visit(statement)
        self.forgiven -= forgives
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(other)

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" in ast.dump(node.test):
            for statement in node.orelse:
                self.visit(statement)
            return
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)  # type: ignore[arg-type]

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            self.module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            folder = self.file.parent
            for _ in range(node.level - 1):
                folder = folder.parent
            parts = node.module.split(".") if node.module else []
            for parts in ([*parts], *([*parts, alias.name] for alias in node.names)):
                for file in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
                    if file.is_file():
                        self.lint.todo.append(file)
            return
        module = node.module or ""
        if self.module(node, module):
            for alias in node.names:
                full = f"{module}.{alias.name}"
                self.names[alias.asname or alias.name] = full
                if not self.known(node, full) and full in NO_NAMES and not self.forgiven:
                    self.tell("error", node, f"`{full}` can't work in the sandbox", NO_NAMES[full])
                self.lint.local(full)

    def module(self, node: ast.AST, name: str) -> bool:
        """Looks at an import; whether it is one that can be had."""
        top = name.partition(".")[0]
        if self.lint.local(name) or self.lint.local(top):
            return True
        if self.known(node, name):
            return False
        if name in WARNED or top in WARNED:
            self.tell("warning", node, f"`{top}` does not work in the sandbox", WARNED[top])
        if top in sys.stdlib_module_names or self.lint.provided(top) or self.forgiven:
            return True
        if top in NATIVE_PACKAGES:
            self.tell("error", node, f"`{top}` can't work in the sandbox: it has native code", NATIVE)
        else:
            self.tell("error", node, f"there is no module `{top}`", f"add its package to requirements.txt, or a file {top}.py")
        return False

    def known(self, node: ast.AST, name: str) -> bool:
        """Tells of a module that can't work."""
        top = name.partition(".")[0]
        for known in (name, ".".join(name.split(".")[:2]), top):
            # The SDK may bring a module of its own in the place of one that can't work.
            if known in NO_MODULES and not self.forgiven and not self.lint_provides(top):
                self.tell("error", node, f"`{known}` can't work in the sandbox", NO_MODULES[known])
                return True
        return False

    def lint_provides(self, top: str) -> bool:
        folders = self.lint.folders[:1]
        return any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in folders)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self.full(node)
        if full in NO_NAMES:
            self.tell("error", node, f"`{full}` can't work in the sandbox", NO_NAMES[full])
        self.generic_visit(node)

    def full(self, node: ast.expr) -> str:
        """The dotted name of an expression, with imports undone."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            before = self.full(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def visit_Call(self, node: ast.Call) -> None:
        if self.depth and isinstance(node.func, ast.Name) and node.func.id == "open" and "open" not in self.names:
            self.tell("warning", node, "`open` finds nothing when a call runs", FILES)
        if self.depth and self.full(node.func) == "moa.texts":
            self.tell("error", node, "`moa.texts` finds nothing when a call runs", "write it at the top of the module")
        if isinstance(node.func, ast.Name) and node.func.id == "input":
            self.tell("error", node, "`input` can't work in the sandbox", "ask in chat: moa.chat.ask")
        self.generic_visit(node)


if __name__ == "__main__":
    Lint(Path(sys.argv[1]).resolve(), [Path(folder) for folder in sys.argv[2:]]).run()
