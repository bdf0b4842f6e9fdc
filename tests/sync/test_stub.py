"""The stub of `globus_async.sync` has the blocking form of all that clients have."""

from __future__ import annotations

import ast
import inspect
from functools import cache

import pytest

import globus_async.sync
from globus_async import BaseClient
from globus_async.sync.proxy import Blocking
from tests.clients import CLIENTS, Client
from tests.sync_stub import CLIENTS as CLIENT_KINDS
from tests.sync_stub import KINDS, STUB, blocking_name, sync_stub


def test_the_stub_is_up_to_date() -> None:
    """It is what the clients are now."""
    assert STUB.read_text() == sync_stub(), "run python -m tests.sync_stub"


def test_every_client_has_a_blocking_form() -> None:
    """A new client is added to `CLIENTS` of tests/sync_stub.py."""
    assert {client.kind for client in CLIENTS} == set(CLIENT_KINDS)


def test_names_of_the_stub_are_there_at_run_time() -> None:
    """For annotations, also where they are evaluated."""
    names = ast.literal_eval(STUB.read_text().rpartition("__all__ = ")[2])
    assert sorted(names) == sorted(globus_async.sync.__all__)
    assert all(hasattr(globus_async.sync, name) for name in names)


@cache
def members() -> dict[str, set[str]]:
    """Return the names of the members of each class in the stub, with those it inherits."""
    found: dict[str, set[str]] = {}
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).partition("[")[0] for base in node.bases]
            own = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
            own |= {ast.unparse(member.target) for member in node.body if isinstance(member, ast.AnnAssign)}
            found[node.name] = own.union(*(found.get(base, set()) for base in bases))
    return found


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_the_stub_has_all_members(client: Client) -> None:
    """Methods, properties and attributes; `aclose` is `close`."""
    instance = client.make()
    public = {name for name in (*dir(client.kind), *vars(instance)) if not name.startswith("_")}
    missing = public - members()[blocking_name(client.kind)] - {"aclose"}
    assert missing == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_own_names_hide_none(kind: type) -> None:
    """No class has a member whose name `Blocking` uses for something else."""
    own = {name for name in vars(Blocking) if not name.startswith("_")}
    assert own & set(dir(kind)) == set()


def test_no_blocking_method_is_a_coroutine() -> None:
    """Each ``async def`` became a plain one."""
    tree = ast.parse(STUB.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)]
    assert inspect.iscoroutinefunction(BaseClient.get)
