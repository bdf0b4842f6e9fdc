"""The examples of the seed's documentation run here, with ``await`` added and nothing else."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import io
import re
import types
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest

import globus_async
from globus_async import BaseClient
from globus_async.scopes import AuthScopes, TransferScopes
from globus_async.services.auth import AuthAPIError, ConfidentialAppAuthClient, NativeAppAuthClient
from tests.services.auth.differences import DIFFERENCES
from tests.services.auth.seed_examples import EXAMPLES
from tests.services.auth.world import World, world
from tests.services.transfer.seed_examples import SeedExample

pytestmark = pytest.mark.slow

CHECK = doctest.OutputChecker()
CALLBACK = "https://portal.example.org/callback"
AWAITED = {
    name
    for kind in (NativeAppAuthClient, ConfidentialAppAuthClient)
    for name, member in inspect.getmembers(kind, inspect.isfunction)
    if inspect.iscoroutinefunction(member) or str(inspect.signature(member).return_annotation).startswith("Pages")
}


class Port(ast.NodeTransformer):
    """Awaits the calls of our methods, and of functions that do."""

    def __init__(self, functions: set[str]) -> None:
        self.functions = functions
        self.awaits = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(attr=name) if name in AWAITED and name != "get":
                pass
            case ast.Name(id=name) if name in self.functions:
                pass
            case _:
                return node
        self.awaits += 1
        return ast.Await(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before = self.awaits
        self.generic_visit(node)
        if self.awaits == before:
            return node
        self.functions.add(node.name)
        return ast.AsyncFunctionDef(node.name, node.args, node.body, node.decorator_list)


def ported(source: str) -> ast.Module:
    """Port an example; again, until no function has become a coroutine function on the way."""
    functions = set[str]()
    while True:
        seen = set(functions)
        tree = ast.fix_missing_locations(Port(functions).visit(ast.parse(source)))
        if functions == seen:
            assert isinstance(tree, ast.Module)
            return tree


class Package(types.SimpleNamespace):
    """``import globus_sdk`` means this: our package, its clients led to the emulator."""

    def __init__(self, names: World) -> None:
        super().__init__()
        self._names = names

    def __getattr__(self, name: str) -> Any:
        thing: Any = getattr(globus_async, name)
        if not (isinstance(thing, type) and issubclass(thing, BaseClient)):
            return thing
        return lambda *args, **options: thing(*args, **options, transport=self._names["transport"])


def address_of(page: str, _external: bool = False) -> str:
    return {"login": CALLBACK if _external else "/login", "index": "/"}[page]


def prepared(names: World, printed: io.StringIO) -> World:
    """Make everything that an example may be given."""
    auth, package = names["emulator"].auth, Package(names)
    service = auth.registry.clients[names["client_id"]]
    ada = auth.directory.identities[names["identity_id"]]
    auth.add_client("Another", id="CID1001", secret="RAND2002")
    own = auth.access_token(service, scopes=[str(TransferScopes.all)])
    flows: dict[str, Any] = {}

    def browse(url: str) -> str:
        return str(auth.authorize(url).code)

    def code(_: str = "") -> str:
        return browse(re.findall(r"https://\S+", printed.getvalue())[-1])

    def resume_or_start(client: Any, redirect_uri: str) -> None:
        if "flow" in flows:
            client.current_oauth2_flow_manager = flows["flow"]
        else:
            flows["flow"] = client.oauth2_start_flow(redirect_uri)

    return names | {
        "app": types.SimpleNamespace(config={"PORTAL_CLIENT_ID": service.id}),
        "auth_refresh_token": auth.refresh_token(ada, scopes=[str(AuthScopes.openid), "profile"], client=service),
        "browse": browse,
        "code": code,
        "globus_sdk": package,
        "load_app_client": lambda: package.ConfidentialAppAuthClient(service.id, names["client_secret"]),
        "load_old_token": lambda _: "AgOldToken",
        "load_own_token": lambda: own,
        "native_id": names["native_client"].client_id,
        "own_token": own,
        "redirect": lambda url: url,
        "request": types.SimpleNamespace(args={}),
        "resume_or_start": resume_or_start,
        "session": {},
        "transfer_refresh_token": auth.refresh_token(ada, scopes=[str(TransferScopes.all)], client=service),
        "url_for": address_of,
    }


ALWAYS = (
    *("app", "browse", "globus_sdk", "load_app_client", "redirect"),
    *("request", "resume_or_start", "session", "url_for"),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_seed_example(example: SeedExample) -> None:
    """It runs, and its output and results are right."""
    code = compile(ported(example.source), example.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    refused: str | None = ""
    async with world() as names:
        everything = prepared(names, printed)
        package, real_import = everything["globus_sdk"], builtins.__import__
        given = {name: everything[name] for name in ALWAYS}
        given |= {name: everything[meaning] for name, meaning in example.given.items()}
        given |= {
            "ConfidentialAppAuthClient": package.ConfidentialAppAuthClient,
            "raw_input": everything["code"],
            "__name__": "example",
            "__builtins__": {
                **vars(builtins),
                "input": everything["code"],
                "__import__": lambda name, *args: package if name == "globus_sdk" else real_import(name, *args),
            },
        }
        with redirect_stdout(printed):
            try:
                result = types.FunctionType(code, given)()
                if inspect.isawaitable(result):
                    await result
            except AuthAPIError as error:
                refused = error.code
        assert refused == example.refused
        assert not refused or DIFFERENCES.reasons("pkce")
        assert CHECK.check_output(example.prints, printed.getvalue(), doctest.ELLIPSIS), printed.getvalue()
        assert not example.effect or eval(example.effect, given)


def test_porting_adds_only_await_and_async() -> None:
    """Removing ``await`` and ``async`` restores the example."""
    for example in EXAMPLES:
        text = ast.unparse(ported(example.source)).replace("await ", "").replace("async ", "")
        assert without_brackets(text) == without_brackets(ast.unparse(ast.parse(example.source)))


def without_brackets(text: str) -> str:
    """Take brackets out, of which an awaited expression needs some more."""
    return text.replace("(", "").replace(")", "")


def test_the_count(summary: Callable[[str], None]) -> None:
    """Report the number of examples."""
    summary(f"{len(EXAMPLES)} examples of the seed for Auth")
