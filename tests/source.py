"""The package's source as the tests of its architecture read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ("MODULES", "ROOT", "Import", "Module", "calls", "name_of")

ROOT = Path(__file__).parent.parent
_PACKAGE = ROOT / "src" / "globus_async"


@dataclass(frozen=True)
class Import:
    """One import statement's target: a module, and the names taken from it."""

    module: str
    names: tuple[str, ...]
    line: int
    for_types: bool
    """Under ``if TYPE_CHECKING``: not executed."""


@dataclass(frozen=True)
class Module:
    """One module of the package."""

    name: str
    path: Path

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.path.read_text().splitlines())

    @cache  # noqa: B019 -- modules live as long as the tests do
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.path.read_text())

    @property
    def all_names(self) -> tuple[str, ...]:
        """``__all__`` as it is written; empty if there is none, or if it is no tuple of strings."""
        for node in self.tree().body:
            match node:
                case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.Tuple() as value):
                    return tuple(ast.literal_eval(value))
                case _:
                    continue
        return ()

    def imports(self) -> Iterator[Import]:
        """Yield every import, wherever it stands."""
        for_types = {
            id(inner)
            for node in ast.walk(self.tree())
            if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING"
            for statement in node.body
            for inner in ast.walk(statement)
        }
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, (), node.lineno, id(node) in for_types)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names)
                yield Import(self._absolute(node), names, node.lineno, id(node) in for_types)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        base = self.package.split(".")
        base = base[: len(base) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


def _modules() -> Iterator[Module]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
        yield Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path)


MODULES = tuple(_modules())


def name_of(node: ast.expr) -> str:
    """Return the last name of a dotted expression or call, ``timeout`` for ``asyncio.timeout(3)``."""
    match node:
        case ast.Call(func=function):
            return name_of(function)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))
