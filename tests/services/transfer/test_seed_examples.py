"""The examples in the documentation of release 1 run, with ``await`` and ``async for`` added and nothing else."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import io
import logging
import sys
import types
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest

import globus_async
from globus_async import BaseClient, TransferAPIError, TransferClient
from globus_async.scopes import TransferScopes
from tests.services.transfer.seed_examples import EXAMPLES, SeedExample
from tests.services.transfer.world import World, world

pytestmark = pytest.mark.slow

COROUTINES = {name for name, _ in inspect.getmembers(TransferClient, inspect.iscoroutinefunction)}
LISTINGS = {
    name
    for name, member in inspect.getmembers(TransferClient, inspect.isfunction)
    if str(inspect.signature(member).return_annotation).startswith("Pages")
}
CHECK = doctest.OutputChecker()


class Port(ast.NodeTransformer):
    """
    Adds ``await`` and ``async``, and nothing else.

    Calls of coroutine methods and listings that are used as responses are awaited, loops over listings become
    ``async for``, and functions that await become coroutine functions.
    """

    def __init__(self, coroutine_functions: set[str]) -> None:
        self.coroutine_functions = coroutine_functions
        self.listings: set[str] = set()
        self.awaits = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(attr=name) if name in COROUTINES:
                pass
            case ast.Name(id=name) if name in self.coroutine_functions:
                pass
            case _:
                return node
        self.awaits += 1
        return ast.Await(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        match node.iter:
            case ast.Call(func=ast.Attribute(attr=name)) if name in LISTINGS:
                pass
            case ast.Name(id=name) if name in self.listings:
                pass
            case _:
                return node
        self.awaits += 1
        return ast.AsyncFor(node.target, node.iter, node.body, node.orelse)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr=method))) if (
                method in LISTINGS
            ):
                if name == "r":  # used as a response
                    self.awaits += 1
                    node.value = ast.Await(node.value)
                else:
                    self.listings.add(name)
            case _:
                pass
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before = self.awaits
        self.generic_visit(node)
        if self.awaits == before:
            return node
        self.coroutine_functions.add(node.name)
        return ast.AsyncFunctionDef(node.name, node.args, node.body, node.decorator_list)


def ported(source: str) -> ast.Module:
    """Port an example; repeated until no further function becomes a coroutine function."""
    known = {"func"}  # the function that is retried is a coroutine function
    while True:
        seen = set(known)
        tree = ast.fix_missing_locations(Port(known).visit(ast.parse(source)))
        if known == seen:
            assert isinstance(tree, ast.Module)
            return tree


class Package(types.SimpleNamespace):
    """The module that ``import globus_sdk`` imports: this package, with clients that use the emulator."""

    def __init__(self, names: World) -> None:
        super().__init__()
        self._names = names

    def __getattr__(self, name: str) -> Any:
        thing = getattr(globus_async, name)
        if not (isinstance(thing, type) and issubclass(thing, BaseClient)):
            return thing

        def client(*args: object, **options: Any) -> Any:
            if name == "TransferClient":
                assert args in {(), (...,)}
                options.setdefault("authorizer", self._names["authorizer"])
                args = ()
            made: Any = thing
            return made(*args, **options, transport=self._names["transport"])

        return client


def prepared(names: World, example: SeedExample) -> dict[str, Any]:
    """Return the globals of an example."""
    package = Package(names)
    token = names["emulator"].access_token()
    extra: World = {
        "client_id": "5e1f2a4c-0000-4000-8000-000000000001",
        "client_secret": "5ecret",
        "display_name": "My endpoint",
        "host_path": "/project1/",
        "native_client": package.NativeAppAuthClient("5e1f2a4c-0000-4000-8000-000000000001"),
        "scopes": TransferScopes.all,
        "seconds": 3600,
        "session": {"tokens": {"transfer.api.globus.org": {"access_token": token}}},
        "token": token,
        "token_response": types.SimpleNamespace(
            by_resource_server={
                "transfer.api.globus.org": {"refresh_token": token, "access_token": token, "expires_at_seconds": 2**32}
            }
        ),
    }
    everything = names | extra
    real_import = builtins.__import__

    def importing(name: str, *args: Any) -> Any:
        return package if name == "globus_sdk" else real_import(name, *args)

    own = {name: names[name] for name in ("endpoint_id", "identity_id", "task_id")}
    return {
        **own,
        **{name: everything[meaning] for name, meaning in example.given.items()},
        "TransferClient": package.TransferClient,
        "globus_sdk": package,
        "sys": sys,
        "__name__": "example",
        "__builtins__": {**vars(builtins), "__import__": importing},
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_seed_example(example: SeedExample, caplog: pytest.LogCaptureFixture) -> None:
    """It runs, prints the expected text, and has the expected effect."""
    caplog.set_level(logging.CRITICAL + 1)
    code = compile(ported(example.source), example.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    async with world() as names:
        given = prepared(names, example)
        printed = io.StringIO()
        refused: str | None = ""
        with redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                result = types.FunctionType(code, given)()
                if inspect.isawaitable(result):
                    await result
            except TransferAPIError as error:
                refused = error.code
        assert refused == example.refused
        assert CHECK.check_output(example.prints, printed.getvalue(), doctest.ELLIPSIS), printed.getvalue()
        assert not example.effect or eval(example.effect, given)


def test_porting_adds_nothing_else() -> None:
    """Without ``await`` and ``async`` a ported example equals the original."""
    for example in EXAMPLES:
        text = ast.unparse(ported(example.source)).replace("await ", "").replace("async ", "")
        assert text == ast.unparse(ast.parse(example.source))


def test_the_count(summary: Callable[[str], None]) -> None:
    """Report the number of examples."""
    summary(f"{len(EXAMPLES)} examples of release 1")
