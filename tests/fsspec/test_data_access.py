"""Access to the data of mapped collections, which an application requests when a service demands it."""

from __future__ import annotations

import pytest

from globus_async.fsspec import GlobusFileSystem
from globus_async.testing import GlobusEmulator, MemoryStorage, faults


@pytest.fixture
def storage() -> MemoryStorage:
    """Return a storage with a file."""
    return MemoryStorage({"file": b"content"})


def scope_of(collection_id: str) -> str:
    """Return the scope for the data of a collection."""
    return f"https://auth.globus.org/scopes/{collection_id}/data_access"


def demand(*scopes: object) -> dict[str, object]:
    """Return the error document of a service that demands scopes."""
    return {"code": "ConsentRequired", "message": "Missing required data_access consent", "required_scopes": [*scopes]}


def nested(scope: str, depth: int = 3000) -> str:
    """Return a scope string with a scope as a dependency of many."""
    names = [f"scope{number}" for number in range(depth)]
    return "[".join([*names, scope]) + "]" * depth


@pytest.mark.parametrize("method", ["ls", "cat_file"])
def test_a_demand_with_deeply_nested_scopes(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, method: str
) -> None:
    """It is read like any other."""
    path, pattern = (root, "/*/ls") if method == "ls" else (f"{root}/file", "/file")
    emulator.faults.add("GET", pattern, faults.status(403, document=demand(nested(scope_of(root)))))
    assert getattr(filesystem, method)(path)
