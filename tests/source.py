"""The package's source as the tests of its architecture read it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

__all__ = ("MODULES", "ROOT", "Import", "Module", "calls", "find_circle", "import_graph", "name_of")

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


def import_graph() -> dict[str, set[str]]:
    """
    Return which modules of the package each module imports, for types and inside functions too.

    To import a module is to import the packages around it. Two kinds of edges are left out: those to the packages that
    a module is in itself, and those to the root, which loads nothing by itself.
    """
    names = {module.name for module in MODULES}
    graph: dict[str, set[str]] = {}
    for module in MODULES:
        targets: set[str] = set()
        for imported in module.imports() if module.name != _PACKAGE.name else ():
            found = {f"{imported.module}.{name}" for name in imported.names} & names
            targets |= found if len(found) == len(imported.names) > 0 else {*found, imported.module}
        around = {parent for target in targets for parent in _packages(target)}
        graph[module.name] = (targets | {parent for parent in around if parent not in _packages(module.name)}) & names
        graph[module.name] -= {module.name, _PACKAGE.name}
    return graph


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def find_circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the modules of a circle of imports, the first one again at the end; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


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
