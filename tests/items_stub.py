"""
Makes ``_document_items.pyi``, which gives members of responses the types that their documents declare.

``response["id"]`` of a `GlobusHTTPResponse` of a document has the type of the member ``id``, without a class for each
document: there is an overload for each document and type of its members.
"""

from __future__ import annotations

import ast
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import is_typeddict

from globus_async import services
from tests.source import MODULES, ROOT, Module

__all__ = ("STUB", "items_stub")

STUB = ROOT / "src" / "globus_async" / "_document_items.pyi"

_QUALIFIERS = frozenset({"NotRequired", "ReadOnly", "Required"})

_HEAD = """\
# Made by python -m tests.items_stub from the documents of the services.
# mypy: disable-error-code="overload-cannot-match, overload-overlap"
# pyright: reportOverlappingOverload=false
# A document that has all members of another one matches its overloads, too; the types are the same.

from typing import Any, Generic, Literal, overload

from typing_extensions import TypeVar
"""

_CLASS = """
D_co = TypeVar("D_co", bound=object, default=Any, covariant=True)

class _Unknown: ...

class DocumentItems(Generic[D_co]):
    @overload
    def __getitem__(self: DocumentItems[_Unknown], key: Any) -> Any: ...  # only Any is assignable to it
"""


def modules() -> Iterator[Module]:
    """Yield the modules that declare documents."""
    for service in pkgutil.iter_modules(services.__path__):
        package = f"{services.__name__}.{service.name}.documents"
        yield from (each for each in MODULES if each.name == package or each.name.startswith(f"{package}."))


def members(kind: type) -> dict[str, ast.expr]:
    """Return the types of the members of a document, as they are declared."""
    found: dict[str, ast.expr] = {}
    module = next(each for each in MODULES if each.name == kind.__module__)
    statement = next(
        node for node in module.tree().body if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    loaded = import_module(kind.__module__)
    for base in statement.bases:
        if isinstance(base, ast.Name) and is_typeddict(parent := getattr(loaded, base.id)):
            found |= members(parent)
    for node in statement.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                while isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in _QUALIFIERS:
                    annotation = annotation.slice
                found[name] = annotation
            case _:
                pass
    return found


def items_stub() -> str:
    """Return the text of the stub."""
    imports: dict[str, set[str]] = defaultdict(set)
    overloads: list[str] = []
    for module in modules():
        loaded = import_module(module.name)
        defined = [node.name for node in module.tree().body if isinstance(node, ast.ClassDef)]
        for document in filter(lambda name: is_typeddict(getattr(loaded, name)), defined):
            names: dict[str, list[str]] = defaultdict(list)
            for member, annotation in members(getattr(loaded, document)).items():
                names[ast.unparse(annotation)].append(member)
                for node in ast.walk(annotation):
                    if isinstance(node, ast.Name) and node.id in vars(loaded) and node.id not in {"Any", "Literal"}:
                        imports[module.name].add(node.id)
            if names:
                imports[module.name].add(document)
            for kind, keys in names.items():
                literal = ", ".join(f'"{key}"' for key in keys)
                overloads += [
                    "    @overload",
                    f"    def __getitem__(self: DocumentItems[{document}], key: Literal[{literal}]) -> {kind}: ...",
                ]
    lines = [f"from .{name.partition('.')[2]} import {', '.join(sorted(each))}" for name, each in imports.items()]
    rest = ["    @overload", "    def __getitem__(self, key: Any) -> Any: ...", ""]
    return "\n".join([_HEAD + "\n".join(lines) + "\n" + _CLASS + "\n".join([*overloads, *rest])])


if __name__ == "__main__":
    STUB.write_text(items_stub())
