"""Access to the data of mapped collections, which an application requests when a service demands it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

import pytest

from globus_async import TransferClient
from globus_async.credentials import CredentialChain, EnvironmentCredentials
from globus_async.fsspec import GlobusFileSystem
from globus_async.fsspec.data_access import DataAccessAuthorizer
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage, faults
from tests.toolkit.cancel import MODES, CancelAt, Mode


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


def refuse_scope(emulator: GlobusEmulator, collection_id: str) -> None:
    """Let Globus Auth refuse each request for the scope of a collection, as after its deletion."""
    refusal = json.dumps({"error": "invalid_scope", "error_description": "unknown scope"}).encode()

    async def refuse(app: Any, scope: Any, receive: Any, send: Any) -> None:
        request = await receive()
        assert not request.get("more_body")
        if collection_id.encode() not in request["body"]:
            requests = iter([request])

            async def again() -> Any:
                return next(requests, None) or await receive()

            await app(scope, again, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(refusal))]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": refusal})

    emulator.faults.add("POST", "/v2/oauth2/token", refuse, times=None)


def test_a_collection_that_is_deleted(filesystem: GlobusFileSystem, emulator: GlobusEmulator, lab: Collection) -> None:
    """Its scope, which Globus Auth refuses from then on, does not stand in the way of the access to other data."""
    gone, other = (
        emulator.add_collection(name, storage=MemoryStorage({"x": b""}), owner=lab.owner_id, needs_data_access=True).id
        for name in ("Gone", "Other")
    )
    assert filesystem.ls(gone, detail=False) == [f"{gone}/x"]
    refuse_scope(emulator, gone)
    for _ in range(2):
        assert filesystem.ls(other, detail=False) == [f"{other}/x"]
        filesystem.invalidate_cache()
        assert filesystem.ls(gone, detail=False) == [f"{gone}/x"]  # by the token that it has


@pytest.mark.parametrize("fault", [faults.status(503), faults.drop_before()], ids=["503", "no response"])
def test_globus_auth_is_not_available(
    filesystem: GlobusFileSystem, emulator: GlobusEmulator, lab: Collection, fault: Any
) -> None:
    """The error says so, instead of a consent that is missing: a later call may succeed, with sizes from Transfer."""
    storage = MemoryStorage({"x": b"content"})
    mapped = emulator.add_collection("Mapped", storage=storage, owner=lab.owner_id, needs_data_access=True).id
    emulator.faults.add("POST", "/v2/oauth2/token", fault, times=None, after=2)
    for _ in range(3):
        with pytest.raises(OSError, match="the access token could not be refreshed") as caught:
            filesystem.cat_file(f"{mapped}/x")
        assert not isinstance(caught.value, PermissionError)
    emulator.faults.clear()
    time.sleep(0.15)  # a second of the file system's clock
    before = len(emulator.requests)
    assert filesystem.cat_file(f"{mapped}/x") == b"content"
    assert any(request.path.endswith("/stat") for request in emulator.requests[before:])


@pytest.mark.parametrize("mode", MODES)
async def test_calls_that_are_cancelled(mode: Mode) -> None:
    """Whenever a call is cancelled that requests access, the next one gets it, and no other is kept waiting."""
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        job = emulator.add_client("Job", secret="secret of the job")
        environ = {"GLOBUS_ASYNC_CLIENT_ID": job.id, "GLOBUS_ASYNC_CLIENT_SECRET": "secret of the job"}
        chain = CredentialChain([EnvironmentCredentials(environ)], transport=transport)
        tc = TransferClient(authorizer=DataAccessAuthorizer(chain), transport=transport)
        for k in itertools.count(1):
            storage = MemoryStorage({"x": b""})
            mapped = emulator.add_collection("Mapped", storage=storage, owner=job, needs_data_access=True)
            call = CancelAt(tc.operation_ls(mapped.id), k, mode)
            (end,) = await asyncio.gather(asyncio.ensure_future(awaited(call)), return_exceptions=True)
            if not call.fired:
                assert (end, k > 4) == (None, True)
                break
            async with asyncio.timeout(5):
                assert [entry["name"] for entry in await tc.operation_ls(mapped.id)] == ["x"]


async def awaited(call: CancelAt[Any]) -> None:
    """Await a call."""
    await call


OTHER = "aaaaaaaa-0000-4000-8000-000000000000"


def test_globus_auth_is_not_available_for_transfer(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator
) -> None:
    """Files are read with the token for their server, which has their sizes as well."""
    assert filesystem.cat_file(f"{root}/file") == b"content"
    filesystem.invalidate_cache()
    emulator.faults.add("GET", "/*/stat", faults.revoke_token(emulator.auth))
    emulator.faults.add("POST", "/v2/oauth2/token", faults.status(503), times=None)
    assert filesystem.cat_file(f"{root}/file") == b"content"


def test_a_server_that_demands_access_to_the_data_of_others(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator
) -> None:
    """No token for its files has that, so that none is requested, and the call is not repeated."""
    assert filesystem.cat_file(f"{root}/file") == b"content"
    filesystem.invalidate_cache()
    emulator.faults.add("GET", "/file", faults.status(403, document=demand(scope_of(OTHER))), times=None)
    before = len(emulator.requests)
    with pytest.raises(PermissionError, match=f"ConsentRequired.*{OTHER}/data_access"):
        filesystem.cat_file(f"{root}/file")
    assert [request.method for request in emulator.requests[before:] if request.path.endswith("/file")] == ["GET"]
    assert not [request for request in emulator.requests[before:] if request.path == "/v2/oauth2/token"]


def test_a_demand_for_thousands_of_collections(
    filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator
) -> None:
    """Nothing is requested: no operation is on so many."""
    assert filesystem.ls(root)
    filesystem.invalidate_cache()
    scopes = [scope_of(f"{number:08x}{OTHER[8:]}") for number in range(5000)]
    emulator.faults.add("GET", "/*/ls", faults.status(403, document=demand(*scopes)), times=None)
    before = len(emulator.requests)
    with pytest.raises(PermissionError, match="403"):
        filesystem.ls(root)
    assert len(emulator.requests[before:]) == 1
