"""Finds secrets in sources, and empties them: a component is no place for them. `moa_hongmoa.py` uses it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|REDIS_URL|WEBHOOK|DSN|CREDENTIAL", re.I
)
VALUE = re.compile(
    r"""\bxox[abeprs][-.][\w-]|\bxapp-\d|hooks\.slack\.com/(services|workflows|triggers)/\w|://[^/\s:@'"]*:[^/\s@'"]+@"""
)
"""Tokens of Slack, addresses that take messages from whoever knows them, and addresses with a password."""
SHORTEST = 8
"""Characters of what is taken for a secret by its name alone where names are often of something else."""


class Secret(NamedTuple):
    """A place in a tree."""

    node: ast.expr
    name: str
    """What it is given to; empty if it shows itself."""
    width: int = 0
    """How many it is unpacked into, where that can't be seen part by part."""


def find(tree: ast.Module) -> Iterator[Secret]:
    """Those of settings: everything that is given to a name like a secret's, and what looks like one."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]
    inner = {id(below) for function in functions for below in ast.walk(function)}
    for node in ast.walk(tree):
        for secret in given(node):
            # In a function `tokens` may be anything.
            if written(secret.node) if id(node) in inner else not empty(secret.node):
                yield secret
        if isinstance(node, ast.Constant) and VALUE.search(text_of(node)):
            yield Secret(node, "")


def find_in_app(tree: ast.Module) -> Iterator[Secret]:
    """Those of a module where words such as `token` are seldom a secret's."""
    for node in ast.walk(tree):
        for secret in given(node):
            if any(len(text) >= SHORTEST and not text.split()[1:] for text in written(secret.node)):
                yield secret
        if isinstance(node, ast.Constant) and VALUE.search(text_of(node)):
            yield Secret(node, "")


def given(node: ast.AST) -> Iterator[Secret]:
    """What the node gives to names like a secret's."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from bound(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
        yield from bound(node.target, node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            if key is not None:
                yield from bound(key, value)
    elif isinstance(node, ast.keyword) and NAME.search(node.arg or ""):
        yield Secret(node.value, node.arg or "")
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        first = len(positional) - len(node.defaults)
        for argument, value in (*zip(positional[first:], node.defaults), *zip(node.kwonlyargs, node.kw_defaults)):
            if value is not None and NAME.search(argument.arg):
                yield Secret(value, argument.arg)


def bound(target: ast.expr, value: ast.expr) -> Iterator[Secret]:
    """What of a value goes to names like a secret's."""
    if not isinstance(target, (ast.Tuple, ast.List)):
        name = named(target)
        if NAME.search(name):
            yield Secret(value, name)
        return
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    if len(parts) == len(target.elts) and not any(isinstance(one, ast.Starred) for one in (*target.elts, *parts)):
        for one, part in zip(target.elts, parts):
            yield from bound(one, part)
        return
    names = [named(one) for one in ast.walk(target) if isinstance(one, ast.expr) and NAME.search(named(one))]
    if names:
        yield Secret(value, names[0], len(target.elts))


def named(node: ast.expr) -> str:
    """The name of what is given something."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return named(node.slice)
    if isinstance(node, ast.Starred):
        return named(node.value)
    return text_of(node)


def text_of(node: ast.AST) -> str:
    """A text that is written out."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def written(value: ast.expr) -> list[str]:
    """The texts that a value is written with; none if something is called for it."""
    below = list(ast.walk(value))
    return [] if any(isinstance(one, ast.Call) for one in below) else [text for one in below if (text := text_of(one))]


def empty(value: ast.expr) -> bool:
    """Whether there is nothing in it."""
    if isinstance(value, ast.Constant):
        return value.value in ("", b"", None) or isinstance(value.value, bool)
    if isinstance(value, (ast.List, ast.Tuple)):
        return not value.elts
    return isinstance(value, ast.Dict) and not value.keys


class Blank(ast.NodeTransformer):
    """Puts nothing in the place of secrets, and of texts that nobody is given, which are comments."""

    def __init__(self, secrets: list[Secret]) -> None:
        self.widths: dict[int, int] = {}
        for secret in secrets:
            self.widths.setdefault(id(secret.node), secret.width)

    def visit(self, node: ast.AST) -> ast.AST:
        if id(node) in self.widths:
            nothing = b"" if isinstance(node, ast.Constant) and isinstance(node.value, bytes) else ""
            parts = [ast.Constant(nothing) for _ in range(self.widths[id(node)])]
            return ast.Tuple(parts, ast.Load()) if parts else ast.Constant(nothing)
        if isinstance(node, ast.Expr) and text_of(node.value):
            return ast.Expr(ast.Constant(""), lineno=node.lineno)
        return self.generic_visit(node)


def without(tree: ast.Module, secrets: list[Secret]) -> str:
    """The source without its secrets and comments. A statement stays at its line as far as that can be."""
    lines: list[str] = []
    begins = [min([one.lineno, *(mark.lineno for mark in getattr(one, "decorator_list", ()))]) for one in tree.body]
    for begin, statement in zip(begins, Blank(secrets).visit(tree).body):
        lines += [""] * (begin - 1 - len(lines))
        lines += ast.unparse(statement).split("\n")
    return "\n".join(lines) + "\n"
