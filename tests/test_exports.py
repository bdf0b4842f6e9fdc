"""What a module offers is what its ``__all__`` says: all of it, and nothing else. Its order is ruff's business."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.root_stub import STUB, root_stub
from tests.source import MODULES, Module
from tests.toolkit.every_module import for_each

ROOT_NAME = "globus_async"
WITH_ALL = [module for module in MODULES if module.path.name != "__main__.py"]

everywhere = for_each(WITH_ALL)


def declared(module: Module) -> tuple[str, ...] | None:
    """Return ``__all__`` as it is written; ``None`` if there is none, or if it is no tuple of strings."""
    for node in module.tree().body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.Tuple() as value) if module.name != ROOT_NAME:
                return tuple(ast.literal_eval(value))
            case _:
                continue
    return None


def defined(module: Module) -> set[str]:
    """Return the public names that a module defines itself."""
    names: set[str] = set()
    for node in module.tree().body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _is_type_variable(value):
                names.add(name)
            case _:
                continue
    return {name for name in names if not name.startswith("_")}


def _is_type_variable(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in {"TypeVar", "ParamSpec"}
    )


@everywhere
def test_all_is_a_tuple(module: Module) -> None:
    """``__all__`` is a tuple of strings, none of them twice."""
    names = declared(module)
    if names is None:
        # the root computes its own from where the names live, and an empty package has none
        assert module.name == ROOT_NAME or not defined(module)
        return
    assert len(names) == len(set(names))


@everywhere
def test_all_is_exact(module: Module) -> None:
    """Every public name that is defined is in ``__all__``, and every name in it exists."""
    names = declared(module)
    if names is None:
        return
    loaded = importlib.import_module(module.name)
    assert [name for name in names if not hasattr(loaded, name)] == []
    assert sorted(defined(module) - set(names)) == []


def test_the_root_offers_what_it_lists() -> None:
    """Each name of the package can be imported from it, is listed by ``dir``, and no other is."""
    root = importlib.import_module(ROOT_NAME)
    assert len(root.__all__) == len(set(root.__all__))
    for name in root.__all__:
        assert getattr(root, name) is not None
    assert set(root.__all__) <= set(dir(root))
    with pytest.raises(AttributeError, match="no_such_name"):
        root.no_such_name  # noqa: B018 -- looking it up is the test


def test_the_stub_of_the_root_is_up_to_date() -> None:
    """Names are written in ``__init__.py`` only; the stub that type checkers read is made from it."""
    assert STUB.read_text() == root_stub(), "run: python -m tests.root_stub"


def test_import_star() -> None:
    """``from globus_async import *`` gives every name of ``__all__``."""
    namespace: dict[str, object] = {}
    exec("from globus_async import *", namespace)
    assert set(importlib.import_module(ROOT_NAME).__all__) <= set(namespace)


def test_no_module_hides_a_name_of_the_root() -> None:
    """Importing a module sets an attribute of the root, which would replace a function of the same name."""
    modules = {module.name.removeprefix(f"{ROOT_NAME}.").partition(".")[0] for module in MODULES}
    assert modules.isdisjoint(importlib.import_module(ROOT_NAME).__all__)
