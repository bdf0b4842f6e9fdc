"""A program written for globus-sdk: each missing name, and each habit, says what to write instead."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock  # noqa: TID251 -- that mocks work is what is tested

import globus_sdk
import globus_sdk.token_storage
import pytest

import globus_async
from globus_async import porting, token_storage
from tests.clients import CLIENTS, Client
from tests.parity.official import counterpart

COUNTERPARTS = {
    "": "",
    "authorizers": "authorizers",
    "config": "config",
    "exc": "errors",
    "gare": "gare",
    "globus_app": "globus_app",
    "login_flows": "login_flows",
    "paging": "paging",
    "response": "response",
    "scopes": "scopes",
    "services.auth": "services.auth",
    "services.flows": "services.flows",
    "services.transfer": "services.transfer",
    "testing": "testing",
    "token_storage": "token_storage",
    "token_storage.legacy": "token_storage",
    "transport": "transport",
}
"""The modules of globus-sdk that have a counterpart here."""

NOT_HERE = ("globus_app", "local_endpoint", "login_flows", "testing", "token_storage", "token_storage.legacy")
"""The modules of globus-sdk whose names are missing at the root."""


def _module(package: str, name: str) -> ModuleType:
    return importlib.import_module(f"{package}.{name}" if name else package)


def _names(module: ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None) or dir(module)
    return [name for name in listed if not name.startswith("_")]


def _is_missing(theirs: str, ours: str, name: str) -> bool:
    is_module = isinstance(getattr(_module("globus_sdk", theirs), name), ModuleType)
    return not is_module and name not in dir(_module("globus_async", ours))


_MISSING_MODULES = [
    ("", module.name)
    for module in pkgutil.iter_modules(globus_sdk.__path__)
    if module.name[0] != "_" and module.name not in {*dir(globus_async), "testing", "client"}
]
MISSING = [
    *_MISSING_MODULES,
    *(
        (ours, name)
        for theirs, ours in (*COUNTERPARTS.items(), *((module, "") for module in NOT_HERE))
        for name in _names(_module("globus_sdk", theirs))
        if _is_missing(theirs, ours, name)
    ),
]


def test_how_many() -> None:
    """All public names of globus-sdk are looked at, also those of its modules."""
    assert globus_sdk.__version__.startswith("4.")
    assert len(MISSING) > 100


@pytest.mark.parametrize(("module", "name"), MISSING, ids=lambda value: value or "root")
def test_a_missing_name(module: str, name: str) -> None:
    """It is an attribute error, as ``hasattr`` needs it; it says what to write, also where the name is imported."""
    ours = _module("globus_async", module)
    with pytest.raises(AttributeError, match=r"globus-sdk: .{20}"):
        getattr(ours, name)
    assert not hasattr(ours, name)
    assert getattr(ours, name, None) is None
    with pytest.raises(ImportError, match=r"globus-sdk: .{20}"):
        exec(f"from {ours.__name__} import {name}", {})


def test_errors_of_stored_tokens() -> None:
    """They are not at the root, which says where they are; globus-sdk has no public module for most of them."""
    for name in ("MissingTokenError", "ExpiredTokenError", "UnmetScopeRequirementsError", "IdentityMismatchError"):
        with pytest.raises(ImportError, match=r"import it from globus_async\.token_storage"):
            exec(f"from globus_async import {name}", {})
        assert hasattr(token_storage, name)


@pytest.mark.parametrize("home", porting.ELSEWHERE)
def test_names_of_subpackages(home: str) -> None:
    """They are not at the root, which says where they are."""
    for name in porting.ELSEWHERE[home].split():
        assert hasattr(importlib.import_module(f"globus_async.{home}"), name)
        statement = f"from globus_async.{home} import {name}"
        with pytest.raises(ImportError, match=f"has no '{name}': write '{statement}'"):
            exec(f"from globus_async import {name}", {})
        with pytest.raises(AttributeError, match=statement):
            getattr(globus_async, name)


def test_a_name_that_nobody_has() -> None:
    """The usual errors."""
    for module in COUNTERPARTS.values():
        ours = _module("globus_async", module)
        with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
            ours.no_such_name  # noqa: B018
        with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
            exec(f"from {ours.__name__} import no_such_name", {})


def test_no_advice_for_what_is_here() -> None:
    """A name that is added to the package is taken out of the list."""
    advised = {name for names, _ in porting._NAMES for name in names.split()}
    assert sorted(advised & {*globus_async.__all__, *dir(globus_async)}) == []
    assert len(advised) == sum(len(names.split()) for names, _ in porting._NAMES)


def test_a_module_that_is_patched() -> None:
    """Mocks can add and remove a name."""
    with mock.patch("globus_async.RetryConfig", 5, create=True):
        assert globus_async.RetryConfig == 5  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(globus_async, "RetryConfig")


def test_importing_costs_nothing() -> None:
    """The package does not load the advice's needs at import."""
    code = "import sys, globus_async; assert 'opcode' not in sys.modules or 'dis' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("client", [each for each in CLIENTS if each.service], ids=str)
def test_attributes_of_clients(client: Client) -> None:
    """Each public attribute of globus-sdk's client is here, or says what to write."""
    ours: Any = client.make()
    theirs = counterpart(client)
    for name in {*dir(theirs), "paginated", "retry_config", "environment", "app_scopes", "close", "attach_globus_app"}:
        if name.startswith("_") or hasattr(client.kind, name) or hasattr(ours, name):
            continue
        with pytest.raises(AttributeError, match=f"globus-sdk's '{name}': .{{20}}"):
            getattr(ours, name)
    assert not hasattr(ours, "paginated")
    with pytest.raises(AttributeError, match="has no attribute 'task_lists'"):
        ours.task_lists  # noqa: B018


ID = "5e1f2a4c-0000-4000-8000-000000000001"


def _authorizers(module: Any, **token: Any) -> list[Any]:
    app = module.ConfidentialAppAuthClient(ID, "secret")
    return [
        module.NullAuthorizer(),
        module.AccessTokenAuthorizer("AgX1"),
        module.BasicAuthorizer("user", "secret"),
        module.RefreshTokenAuthorizer("Ag1", app, **token),
        module.ClientCredentialsAuthorizer(app, "openid", **token),
    ]


def test_attributes_of_authorizers() -> None:
    """Each public attribute of globus-sdk's authorizers and flows is here, or says what to write."""
    token = {"access_token": "AgX1", "expires_at": 4e9}
    pairs = [*zip(_authorizers(globus_sdk, **token), _authorizers(globus_async), strict=True)]
    advised = 0
    for theirs, ours in pairs:
        for name in dir(theirs):
            if name.startswith("_") or hasattr(ours, name):
                continue
            with pytest.raises(AttributeError, match=f"globus-sdk's '{name}': .{{20}}"):
                getattr(ours, name)
            advised += 1
        with pytest.raises(AttributeError, match=r"has no attribute 'no_such_name'$"):
            ours.no_such_name  # noqa: B018
    assert advised > 5


@pytest.mark.parametrize("kind", ["MemoryTokenStorage", "JSONTokenStorage", "SQLiteTokenStorage"])
def test_attributes_of_storages(kind: str, tmp_path: Path) -> None:
    """Each public attribute of globus-sdk's storages is here, or says what to write; so does ``with``."""
    arguments = [] if kind == "MemoryTokenStorage" else [tmp_path / "tokens"]
    official: type[Any] = getattr(globus_sdk.token_storage, kind)
    ours: Any = getattr(token_storage, kind)(*arguments)
    missing = [name for name in dir(official) if name[0] != "_" and not hasattr(ours, name)]
    assert "close" in missing
    for name in missing:
        with pytest.raises(AttributeError, match=f"globus-sdk's '{name}': .{{20}}"):
            getattr(ours, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'no_such_name'$"):
        ours.no_such_name  # noqa: B018
    with pytest.raises(TypeError, match=r"use 'async with .*TokenStorage"), ours:
        pass


@pytest.mark.parametrize("kind", ["NativeAppAuthClient", "ConfidentialAppAuthClient"])
def test_attributes_of_flows(kind: str) -> None:
    """Each is here."""
    arguments = [ID] if kind == "NativeAppAuthClient" else [ID, "secret"]
    theirs, ours = getattr(globus_sdk, kind)(*arguments), getattr(globus_async, kind)(*arguments)
    options = {"redirect_uri": "https://a.example/", "requested_scopes": "openid"}
    flows = [client.oauth2_start_flow(**options) for client in (theirs, ours)]
    public = [name for name in dir(flows[0]) if not name.startswith("_")]
    assert [name for name in public if not hasattr(flows[1], name)] == []
    assert flows[1].client_id == flows[0].client_id == ID


def test_a_client_is_an_ordinary_object() -> None:
    """It is copied, mocked and listed as before."""
    client = globus_async.TransferClient()
    assert copy.copy(client).base_url == client.base_url
    assert "paginated" not in dir(client)
    double = mock.create_autospec(client, instance=True)
    assert not hasattr(double, "paginated")
    empty = globus_async.TransferClient.__new__(globus_async.TransferClient)
    with pytest.raises(AttributeError, match=r"'_root'|'transport'"):
        empty.transport  # noqa: B018
    for attribute in ("__getstate_", "__wrapped__", "__iter__", "_repr_html_"):
        assert not hasattr(client, attribute)
    with pytest.raises((TypeError, AttributeError)):
        pickle.dumps(globus_async.TransferClient(authorizer=globus_async.AccessTokenAuthorizer("AgX")))


def _listing() -> Any:
    return globus_async.TransferClient().task_list()


@pytest.mark.parametrize("loop", [list, iter, tuple, lambda listing: [*listing], lambda listing: 5 in listing])
def test_a_for_loop(loop: Any) -> None:
    """``for`` over a listing says ``async for``."""
    listing = _listing()
    assert not isinstance(listing, Iterable)
    assert not isinstance(listing, Sequence)
    with pytest.raises(TypeError, match="use 'async for', not 'for': Pages"):
        next(loop(listing))


def test_a_forgotten_await() -> None:
    """A member of a listing that was not awaited."""
    with pytest.raises(TypeError, match=r"await the Pages first: \(await ...\)\['DATA'\]"):
        _listing()["DATA"]
    for name in ("data", "get", "items", "http_status"):
        with pytest.raises(AttributeError, match="await the listing first"):
            getattr(_listing(), name)
    with pytest.raises(AttributeError, match=r"no attribute 'no_such_name'$"):
        _listing().no_such_name  # noqa: B018


def test_a_with_block() -> None:
    """``with`` says ``async with``."""
    things: list[Any] = [globus_async.TransferClient(), globus_async.Transport()]
    for thing in things:
        with pytest.raises(TypeError, match=f"use 'async with {type(thing).__name__}"), thing:
            pass


async def test_other_things_to_iterate(tmp_path: Path) -> None:
    """Pages, walks, watches, batches and bulks, too."""
    client = globus_async.TransferClient()
    pages = client.task_list()
    things: list[Any] = [
        client.task_watch(ID),
        client.operation_walk(ID),
        client.submit_items(globus_async.TransferData(ID, ID), [], journal=tmp_path / "journal"),
        client.wait_for_tasks([ID]),
        pages.pages(),
        pages.prefetch(),
        aiter(pages),
    ]
    for thing in things:
        with pytest.raises(TypeError, match=r"use 'async for', not 'for'|'async for outcome in outcomes:'"):
            list(thing)
        first = "await" if hasattr(thing, "__await__") else "use 'async for'"
        with pytest.raises(TypeError, match=rf"{first}.*{type(thing).__name__}.*'DATA'"):
            thing["DATA"]
    with pytest.raises(TypeError, match="use 'async with Prefetch"), things[5]:
        pass
