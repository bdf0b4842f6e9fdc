"""What a module offers is what its ``__all__`` says: all of it, nothing else, and in order."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.source import MODULES, Module

WITH_ALL = [module for module in MODULES if module.path.name != "__main__.py"]

everywhere = pytest.mark.parametrize("module", WITH_ALL, ids=str)


def declared(module: Module) -> tuple[str, ...] | None:
    """Return ``__all__`` as it is written; ``None`` if there is none, or if it is no tuple of strings."""
    for node in module.tree().body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.Tuple() as value):
                return tuple(ast.literal_eval(value))
            case _:
                continue
    return None


def in_order(name: str) -> tuple[int, str]:
    """Order constants first, then classes, then the rest, as ruff does."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


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
def test_all_is_a_sorted_tuple(module: Module) -> None:
    """``__all__`` is a tuple of strings in order, without repetitions."""
    names = declared(module)
    if names is None:
        # the root computes its own from where the names live, and an empty package has none
        assert module.name == "globus_async" or not defined(module)
        return
    assert list(names) == sorted(set(names), key=in_order)


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
    root = importlib.import_module("globus_async")
    assert isinstance(root.__all__, tuple)
    assert list(root.__all__) == sorted(set(root.__all__), key=in_order)
    for name in root.__all__:
        assert getattr(root, name) is not None
    assert set(root.__all__) <= set(dir(root))
    with pytest.raises(AttributeError, match="no_such_name"):
        root.no_such_name  # noqa: B018 -- looking it up is the test
