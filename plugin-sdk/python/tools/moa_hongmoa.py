"""Makes a project for Moa of a folder of apps for hongmoa: `moa build --hongmoa` runs it.

    python3 moa_hongmoa.py APPS PROJECT NAME [WORD…]

APPS is the folder, PROJECT where the project goes, NAME the plugin's name; WORDs are the host's own, which no app gets.
Prints a JSON object a line for each difference to hongmoa that shows in the sources: severity, file, line, column, message,
help. Files are named as seen from the folder that APPS lies in.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
OURS = ("decorators", "redis_brain")
"""Modules of hongmoa itself that lie among its apps: the compatibility package has its own."""
ROBOT = ("brain", "client", "docs", "apps", "logger", "context")
BRAIN = ("get", "set", "lpush", "lpop")
NOT_NEEDED = re.compile(r"^(requests|slackclient|slack[-_]sdk|redis|gevent|greenlet|websocket-client|hongmoa)\b", re.I)
"""What hongmoa's own requirements.txt names, and a plugin does not need."""
ORIGIN = re.compile(r"https?://(?![^/\s'\"]*@)[A-Za-z0-9.-]+(?::\d+)?")
"""Of an address without a user and a password."""
MUTATORS = ("append", "extend", "insert", "pop", "remove", "clear", "update", "add", "setdefault", "discard", "popitem")
SKIPPED = ("__pycache__", "node_modules")
"""Folders that nobody expects in a plugin."""
LEFT_OUT = ("venv", "dist")
"""Folders that are left out, and it is told."""
TAKEN = ("plugin", "moa", "hongmoa", "settings")
"""Modules of the project: a folder of apps with such a name would stand in their place."""
LARGEST = 4 << 20
"""Bytes of a file that is taken along."""

STATE = "nothing in memory outlives a call; keep it in robot.brain"
CLIENT = "robot.client reaches the chat; robot.brain is the memory"
ZONE = "the sandbox's clock shows UTC; add the hours of your zone, or use moa.system.local(moa.system.now(), 'Asia/Seoul')"


def beside(name: str) -> ModuleType:
    """A script beside this one."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its classes look for it there.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


lint = beside("moa_lint")
secrets = beside("moa_secrets")


def methods() -> list[str]:
    """What `robot.client.api_call` can do, in lower case."""
    sys.path.insert(0, str(HERE.parent))
    from hongmoa._robot import METHODS

    return METHODS


class App:
    """A module with `@on_command` above its `run`."""

    def __init__(self, module: str, file: Path, words: list[tuple[str, ast.AST]]) -> None:
        self.module, self.file, self.words = module, file, words


class Folder(lint.Lint):
    """The folder of apps."""

    def __init__(self, apps: Path, taken: list[str]) -> None:
        super().__init__(apps / "__init__.py", [])
        self.apps, self.base = apps, apps.parent
        self.package = apps.name if apps.name.isidentifier() and apps.name not in TAKEN else "apps"
        self.taken = {word.casefold() for word in taken}
        self.methods = methods()
        self.settings = next((file for file in (self.base / "settings.py", apps / "settings.py") if file.is_file()), None)
        self.settings_names: set[str] = set()
        self.settings_text: str | None = None
        self.left_out: set[Path] = set()
        self.found: list[App] = []
        self.origins: set[str] = set()
        self.asks_web = False
        self.failed = False

    def tell(self, severity: str, file: Path, where: tuple[int, int], message: str, help: str) -> None:
        self.failed = self.failed or severity == "error"
        shown = file.relative_to(self.base) if file.is_relative_to(self.base) else file
        line, column = where
        found = {"severity": severity, "file": str(shown), "line": line, "column": column}
        print(json.dumps({**found, "message": message, "help": help}, ensure_ascii=False), flush=True)

    def files(self) -> Iterator[Path]:
        """Everything that people wrote and that is taken along, in order."""
        waiting = [self.apps]
        while waiting:
            for path in sorted(waiting.pop(0).iterdir()):
                if path.name.startswith(".") or path.name in SKIPPED or path.suffix in (".pyc", ".wasm"):
                    continue
                if path.is_symlink():
                    self.leave_out(path, "is a link", "put what it leads to in its place")
                elif path.is_dir():
                    if path.name in LEFT_OUT:
                        self.leave_out(path, "is not the apps' own, by its name", "give the folder another name if it is")
                    else:
                        waiting.append(path)
                elif path.is_file():
                    if path.stat().st_size > LARGEST:
                        self.leave_out(path, f"is larger than {LARGEST >> 20} MiB", "a component is no place for so much")
                    else:
                        yield path

    def leave_out(self, path: Path, reason: str, help: str) -> None:
        """Tells it once."""
        if path not in self.left_out:
            self.left_out.add(path)
            self.tell("warning", path, (0, 0), f"`{path.name}` {reason}, and is left out", help)

    def own(self, file: Path) -> bool:
        """Whether a file is not copied as it is: hongmoa's own modules, the settings and the list of packages."""
        ours = file.parent == self.apps and file.stem in OURS
        return ours or file == self.settings or file.name == "requirements.txt"

    def run(self) -> None:
        """Looks at all sources."""
        if self.settings is not None:
            self.seen.add(self.settings)
            self.look_at_settings(self.settings)
        for file in self.files():
            if not self.own(file):
                if file.suffix == ".py" and file not in self.seen:
                    self.seen.add(file)
                    self.look(file)
                self.look_for_secrets(file)
        for file in self.requirements():
            try:
                file.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError as error:
                self.tell("error", file, (1, 0), f"this is no UTF-8 ({error.reason})", "save the file as UTF-8")
        self.words()

    def requirements(self) -> list[Path]:
        """The lists of packages."""
        files = (self.apps / "requirements.txt", self.base / "requirements.txt")
        return [file for file in files if file.is_file()]

    def look_at_settings(self, file: Path) -> None:
        """settings.py without secrets: a component is no place for them, and the host has the bot's own."""
        failed, self.failed = self.failed, False
        # Syntax and encoding; as for any other file.
        self.look(file)
        broken, self.failed = self.failed, self.failed or failed
        if broken:
            return
        try:
            tree = ast.parse(file.read_text(encoding="utf-8-sig"))
        except SyntaxError as error:
            # One that a newer Python can read, so that it was let pass.
            message = f"Python {sys.version_info[0]}.{sys.version_info[1]} cannot read this, so no secrets can be found"
            self.tell("error", file, (error.lineno or 1, error.offset or 0), message, "build with a newer Python")
            return
        self.settings_names = set(assigned(tree))
        found = list(secrets.find(tree))
        told: set[int] = set()
        for secret in sorted(found, key=lambda one: (one.node.lineno, not one.name)):
            line = secret.node.lineno
            if secret.name or line not in told:
                what = f"`{secret.name}`" if secret.name else "what looks like a secret"
                self.tell("warning", file, (line, 1), f"{what} is empty in the plugin", "a component is no place for secrets")
            told.add(line)
        self.settings_text = secrets.without(tree, found)
        self.origins.update(ORIGIN.findall(self.settings_text))

    def look_for_secrets(self, file: Path) -> None:
        """Tells of secrets in a file that is taken along as it is."""
        text = file.read_bytes().decode("utf-8-sig", "replace")
        lines = {line for line, words in enumerate(text.split("\n"), 1) if secrets.VALUE.search(words)}
        if file.suffix == ".py":
            try:
                lines.update(secret.node.lineno for secret in secrets.find_in_app(ast.parse(text)))
            except (SyntaxError, ValueError):
                pass  # It is told already, where it matters.
        for line in sorted(lines):
            help = "move it into settings.py, where it is made empty, or into the operator's configuration"
            self.tell("warning", file, (line, 1), "this secret becomes part of the component", help)

    def look(self, file: Path) -> None:
        super_look = lint.Lint.look
        # What the general script knows, and then what is hongmoa's.
        lint.Visitor, before = Compatible, lint.Visitor
        try:
            super_look(self, file)
        finally:
            lint.Visitor = before

    def local(self, name: str) -> bool:
        """Whether a module is the folder's, or one that the compatibility package has."""
        top = name.partition(".")[0]
        if top in (*OURS, "apps", self.package, "requests"):
            return True
        if top == "settings":
            return self.settings is not None
        return any((folder / f"{top}.py").is_file() or (folder / top).is_dir() for folder in (self.apps,))

    def words(self) -> None:
        """Tells which words an app does not get."""
        first: dict[str, App] = {}
        for app in self.found:
            left = 0
            for word, node in app.words:
                where = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)
                folded = word.casefold()
                if word.split() != [word] or ":" in word or len(word) > 64:
                    self.tell("warning", app.file, where, f"`{word}` cannot be a command's name", "it is left out")
                elif folded in self.taken:
                    help = "it is left out; people get the host's own help, which knows all apps" if "help" in folded else ""
                    self.tell("warning", app.file, where, f"`{word}` is a word of the host's own", help or "it is left out")
                elif folded in first:
                    other = first[folded].file.relative_to(self.base)
                    message = f"`{word}` is a command of {other} already"
                    self.tell("warning", app.file, where, message, "the first keeps it; give one of them another alias")
                else:
                    first[folded] = app
                    left += 1
            if not left:
                self.tell("warning", app.file, (1, 0), "no word is left for this app", "it cannot be called")
            elif left > 21:
                self.tell("warning", app.file, (1, 0), "a command has at most 20 aliases", "those after them are left out")
        if not self.found and not self.failed:
            message = "no module here has `@on_command` above a function named `run`"
            self.tell("error", self.apps, (0, 0), message, "give the folder that hongmoa's apps lie in")


class Compatible(lint.Visitor):
    """Looks at one file: what can't work in the sandbox, and what differs from hongmoa."""

    def __init__(self, folder: Folder, file: Path) -> None:
        super().__init__(folder, file)
        self.folder = folder
        self.state: set[str] = set()
        self.robots: set[str] = set()
        self.web = False

    def lint_provides(self, top: str) -> bool:
        return top == "requests"

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.List, ast.Dict, ast.Set, ast.Call)):
                self.state.update(target.id for target in targets if isinstance(target, ast.Name))
        self.generic_visit(node)

    def module(self, node: ast.AST, name: str) -> bool:
        top = name.partition(".")[0]
        if top == "requests":
            self.web = self.folder.asks_web = True
        if top == "settings":
            if self.folder.settings is None and not self.forgiven:
                help = f"put a settings.py beside {self.folder.apps.name}/ with what the apps take from it"
                self.tell("error", node, "there is no settings.py", help)
            return True
        if top in ("slackclient", "slack_sdk", "slack", "redis", "gevent", "greenlet") and not self.forgiven:
            self.tell("error", node, f"`{top}` can't work in the sandbox", CLIENT)
            return False
        return bool(super().module(node, name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module == "settings" and self.folder.settings is not None:
            for alias in node.names:
                if alias.name != "*" and alias.name not in self.folder.settings_names:
                    self.tell("error", node, f"settings.py has no `{alias.name}`", "add it there")
        if node.level == 0:
            super().visit_ImportFrom(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        marks = [one for one in node.decorator_list if isinstance(one, ast.Call) and last(one.func) == "on_command"]
        if marks:
            self.app(node, marks[0])
            if node.args.args:
                self.robots.add(node.args.args[0].arg)
        super().visit_FunctionDef(node)

    def app(self, node: ast.FunctionDef, mark: ast.Call) -> None:
        """A function with `@on_command`."""
        if node.name != "run" or self.file.parent != self.folder.apps:
            self.tell("warning", node, f"`{node.name}` is no app", "hongmoa takes the function `run` of modules in the folder")
            return
        takes = len(node.args.args)
        if node.args.vararg is None and takes not in (3, 4):
            help = "an app is run(robot, channel, user, tokens) or run(robot, channel, tokens)"
            self.tell("error", node, f"`run` takes {takes} parameters", help)
        value = mark.args[0] if mark.args else None
        items = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
        words = [(one.value, one) for one in items if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if len(words) != len(items):
            self.tell("warning", mark, "the aliases are not all written out", "whether one is taken shows only when it runs")
        self.folder.found.append(App(self.file.stem, self.file, words))

    def visit_Global(self, node: ast.Global) -> None:
        names = ", ".join(f"`{name}`" for name in node.names)
        self.tell("warning", node, f"{names} is as at the beginning in each call", STATE)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.changed(node.targets)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.changed([node.target])
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        self.changed(node.targets)
        self.generic_visit(node)

    def changed(self, targets: list[ast.expr]) -> None:
        for target in targets:
            if self.depth and isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                if target.value.id in self.state:
                    self.tell("warning", target, f"`{target.value.id}` is as at the beginning in each call", STATE)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        of = node.value
        if isinstance(of, ast.Name) and of.id in self.robots and node.attr not in ROBOT:
            self.tell("warning", node, f"`{of.id}.{node.attr}` is not there", f"there are {', '.join(ROBOT)}")
        if isinstance(of, ast.Attribute) and of.attr == "brain" and self.is_robot(of.value) and node.attr not in BRAIN:
            self.tell("warning", node, f"the brain has no `{node.attr}`", f"it has {', '.join(BRAIN)}")
        if self.full(node) in ("os.environ", "os.getenv"):
            self.tell("warning", node, "the environment is empty", "write what is needed into settings.py")
        super().visit_Attribute(node)

    def is_robot(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self.robots

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = self.full(function)
        if isinstance(function, ast.Attribute):
            of = function.value
            if self.depth and isinstance(of, ast.Name) and of.id in self.state and function.attr in MUTATORS:
                self.tell("warning", node, f"`{of.id}` is as at the beginning in each call", STATE)
            if function.attr == "api_call":
                self.api_call(node)
        local = ("datetime.datetime.now", "datetime.datetime.today", "datetime.date.today", "time.localtime", "time.ctime")
        if name in local and not node.args and not node.keywords:
            self.tell("warning", node, f"`{name.partition('.')[2]}()` is in UTC", ZONE)
        if name in ("time.sleep",):
            self.tell("warning", node, "a call that sleeps may run into its time limit", "5 s by default")
        super().visit_Call(node)

    def api_call(self, node: ast.Call) -> None:
        method = node.args[0] if node.args else None
        if isinstance(method, ast.Constant) and isinstance(method.value, str):
            if method.value.lower() not in self.folder.methods:
                known = ", ".join(self.folder.methods)
                self.tell("warning", node, f"api_call({method.value!r}) does nothing and answers unknown_method", f"known: {known}")
        else:
            self.tell("warning", node, "which method is called shows only when it runs", "others than the known do nothing")

    def visit_Constant(self, node: ast.Constant) -> None:
        if self.web and isinstance(node.value, str):
            self.folder.origins.update(ORIGIN.findall(node.value))


def last(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def assigned(tree: ast.Module) -> Iterator[str]:
    """The names that a module makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)


def stage(folder: Folder, project: Path, name: str, taken: list[str]) -> None:
    """Writes the project; only what differs, so that what has not changed is not built again."""
    wanted: dict[Path, bytes] = {}
    package = folder.package
    for file in folder.files():
        if not folder.own(file):
            wanted[Path(package) / file.relative_to(folder.apps)] = file.read_bytes()
    wanted.setdefault(Path(package) / "__init__.py", b"")
    if folder.settings_text is not None:
        wanted[Path("settings.py")] = folder.settings_text.encode()
    needed = [
        line.strip()
        for file in folder.requirements()
        for line in file.read_text(encoding="utf-8-sig").splitlines()
        if line.strip() and not line.lstrip().startswith("#") and not NOT_NEEDED.match(line.strip())
    ]
    if needed:
        wanted[Path("requirements.txt")] = "\n".join(dict.fromkeys(needed)).encode() + b"\n"
    requests: dict[str, object] = {"conversations": ["*"], "users": True}
    if folder.asks_web and folder.origins:
        requests["http"] = sorted(folder.origins)
    modules = sorted(app.module for app in folder.found)
    wanted[Path("plugin.toml")] = f'name = "{name}"\nlanguage = "python"\n'.encode()
    wanted[Path("plugin.py")] = (
        '"""Made by `moa build --hongmoa`, at each build."""\n\n'
        "import hongmoa\n\n"
        f"hongmoa.load({package!r}, {modules!r}, {sorted(taken)!r}, {requests!r})\n"
    ).encode()
    for path, data in wanted.items():
        path = project / path
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for path in project.rglob("*"):
        below = path.relative_to(project)
        if path.is_file() and below not in wanted and not below.parts[0].startswith("."):
            path.unlink()


def main(apps: str, project: str, name: str, *taken: str) -> None:
    """See above."""
    folder = Folder(Path(apps).resolve(), list(taken))
    folder.run()
    if folder.asks_web and not folder.origins:
        help = "write the origins that are asked into settings.py, such as ORIGINS = ['https://api.example.com']"
        folder.tell("warning", folder.apps, (0, 0), "which addresses are asked is not written in the sources", help)
    if not folder.failed:
        stage(folder, Path(project), name, list(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
