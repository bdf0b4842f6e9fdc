"""
Guards, and the code without them.

A guard is addressed by its function and by a regular expression over the function's code as `ast.unparse` writes it: on
one line per statement, without comments and docstrings. Reformatting, comments and changes elsewhere leave it valid.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.source import ROOT

__all__ = ("PACKAGE", "Guard", "Kind", "always", "drop", "never", "swap")

PACKAGE = ROOT / "src" / "globus_async"

Kind = Literal["never", "always", "drop", "swap"]


@dataclass(frozen=True)
class Guard:
    """
    A piece of code that keeps a promise, and what replaces it in the mutant.

    Attributes:
        kind: ``never`` and ``always`` replace a condition by a constant, ``drop`` a statement by ``pass``, ``swap`` the
            matched code by other code.
        function: ``module/path.py:Class.method``; ``module/path.py:`` is the code of the module outside functions.
        pattern: A regular expression that matches in one condition, one statement, or one place of the function.
        code: The other code, for ``swap``.
        tests: Files and directories below ``tests``, one of whose tests must fail without the guard.
    """

    kind: Kind
    function: str
    pattern: str
    code: str = ""
    tests: str = ""

    @property
    def module(self) -> str:
        """The path of the module below the package."""
        return self.function.partition(":")[0]

    @property
    def path(self) -> Path:
        """The file of the module."""
        return PACKAGE / self.module

    def __str__(self) -> str:
        return f"{self.function}: {self.kind} {self.pattern}"

    def mutant(self, source: str) -> str:
        """
        Return the code of the module without the guard.

        Args:
            source: The code of the module.

        Raises:
            LookupError: The pattern matches nowhere, or in several places.
        """
        tree = ast.parse(source)
        scope = self._scope_in(tree)
        if self.kind == "swap":
            return _swapped(tree, scope, self._other_code(scope))
        self._place(scope).replace(ast.Pass() if self.kind == "drop" else ast.Constant(self.kind == "always"))
        return ast.unparse(ast.fix_missing_locations(tree))

    def check(self, tree: ast.Module) -> None:
        """
        Check that there is a mutant, without making it.

        Args:
            tree: The code of the module; its docstrings are removed.

        Raises:
            LookupError: The pattern matches nowhere, or in several places.
        """
        scope = self._scope_in(tree)
        if self.kind == "swap":
            self._other_code(scope)
        else:
            self._place(scope)

    def _scope_in(self, tree: ast.Module) -> ast.AST:
        scope = _scope(tree, self.function.partition(":")[2])
        _drop_docstrings(scope)
        return scope

    def _place(self, scope: ast.AST) -> _Place:
        matches = [*_conditions(scope)] if self.kind in {"never", "always"} else [*_statements(scope)]
        found = [each for each in matches if re.search(self.pattern, ast.unparse(each.node))]
        found = [each for each in found if not any(_contains(each.node, other.node) for other in found)]
        if len(found) != 1:
            raise LookupError(f"{self}: {len(found)} places match: {[ast.unparse(each.node) for each in found]}")
        return found[0]

    def _other_code(self, scope: ast.AST) -> ast.Module:
        whole = ast.unparse(scope)
        count = len(re.findall(self.pattern, whole))
        if count != 1:
            raise LookupError(f"{self}: {count} places match in\n{whole}")
        code = re.sub(self.pattern, self.code, whole)
        if code == whole:
            raise LookupError(f"{self}: the other code is the same")
        return ast.parse(code)


def never(function: str, pattern: str) -> Guard:
    """Replace the condition that the pattern matches by ``False``; in a chain of ``and`` or ``or``, the one operand."""
    return Guard("never", function, pattern)


def always(function: str, pattern: str) -> Guard:
    """Replace the condition that the pattern matches by ``True``; in a chain of ``and`` or ``or``, the one operand."""
    return Guard("always", function, pattern)


def drop(function: str, pattern: str) -> Guard:
    """Replace the statement that the pattern matches by ``pass``."""
    return Guard("drop", function, pattern)


def swap(function: str, pattern: str, code: str) -> Guard:
    """Replace the code that the pattern matches by other code, in which the groups of the pattern may stand."""
    return Guard("swap", function, pattern, code)


@dataclass(frozen=True)
class _Place:
    """A node and its place in the node above."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def replace(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(scope: ast.AST) -> Iterator[_Place]:
    for parent in ast.walk(scope):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield _Place(parent, field, None, value)
            elif isinstance(value, list):
                for index, each in enumerate(value):
                    if isinstance(each, ast.AST):
                        yield _Place(parent, field, index, each)


def _conditions(scope: ast.AST) -> Iterator[_Place]:
    for place in _places(scope):
        is_test = place.field == "test" and isinstance(place.parent, ast.If | ast.IfExp | ast.While)
        is_filter = place.field == "ifs" or isinstance(place.parent, ast.Return)
        is_operand = isinstance(place.parent, ast.BoolOp) and place.field == "values"
        if is_test or is_filter or is_operand:
            yield place


def _statements(scope: ast.AST) -> Iterator[_Place]:
    return (place for place in _places(scope) if isinstance(place.node, ast.stmt))


def _contains(outer: ast.AST, inner: ast.AST) -> bool:
    return outer is not inner and any(node is inner for node in ast.walk(outer))


def _scope(tree: ast.Module, name: str) -> ast.AST:
    scope: ast.AST = tree
    for part in name.split(".") if name else ():
        inner = [
            node
            for node in ast.walk(scope)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == part
            and not any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
        ]
        if len(inner) != 1:
            raise LookupError(f"{name}: {len(inner)} definitions of {part}")
        scope = inner[0]
    return scope


def _drop_docstrings(scope: ast.AST) -> None:
    for node in ast.walk(scope):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [each for each in body if not _is_docstring(each)] or [ast.Pass()]


def _is_docstring(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def _swapped(tree: ast.Module, scope: ast.AST, changed: ast.Module) -> str:
    if scope is tree:
        return ast.unparse(changed)
    for place in _places(tree):
        if place.node is scope:
            place.replace(changed.body[0])
    return ast.unparse(ast.fix_missing_locations(tree))
