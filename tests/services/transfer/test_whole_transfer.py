"""A whole transfer against the emulator: search, list, copy, watch, compare, delete; and errors by class."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from globus_async import AccessTokenAuthorizer, RetryPolicy, TransferClient, TransferData
from globus_async.services.transfer import (
    AuthenticationFailed,
    Conflict,
    ConsentRequired,
    DeleteData,
    EndpointDisconnected,
    EndpointError,
    EndpointNotFound,
    NotFound,
    OperationPaused,
    PathExists,
    PermissionDenied,
    RateLimited,
    TooManyPendingJobs,
    TransferAPIError,
)
from globus_async.testing import GlobusEmulator, Limits, MemoryStorage
from tests.services.transfer.world import World, world

UNKNOWN_ID = "5e1f2a4c-0000-4000-8000-00000000dead"


async def test_transfer_and_deletion(tmp_path: Path) -> None:
    """A directory tree is found, listed, copied byte by byte, and deleted again."""
    source, destination = tmp_path / "source", tmp_path / "destination"
    destination.mkdir()
    for number in range(20):
        folder = source / f"folder{number % 4}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}.bin").write_bytes(os.urandom(1000 * number))
    async with GlobusEmulator() as emulator:
        here = emulator.add_collection("Here", path=source)
        there = emulator.add_collection("There", path=destination)
        async with TransferClient(
            authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=emulator.transport()
        ) as tc:
            found = {endpoint["display_name"]: endpoint["id"] async for endpoint in tc.endpoint_search("here")}
            assert found == {"Here": here.id}
            listed = [entry["path"] async for entry in tc.operation_walk(here.id, "/") if entry["type"] == "file"]
            assert len(listed) == 20
            await tc.operation_mkdir(there.id, "/copy/")
            data = TransferData(here.id, there.id, label="whole tree", verify_checksum=True)
            data.add_item("/", "/copy/", recursive=True)
            task_id = (await tc.submit_transfer(data))["task_id"]
            assert (await tc.submit_transfer(dict(data)))["task_id"] == task_id
            await emulator.settle()
            assert await tc.task_wait(task_id, timeout=60)
            *_, task = [task async for task in tc.task_watch(task_id)]
            assert (task["status"], task["files_transferred"], task["faults"]) == ("SUCCEEDED", 20, 0)
            arrived = [info["destination_path"] async for info in tc.task_successful_transfers(task_id)]
            assert set(arrived) == {f"/copy{path}" for path in listed}
            assert {event["code"] async for event in tc.task_event_list(task_id)} >= {"STARTED", "SUCCEEDED"}
            assert contents(destination / "copy") == contents(source)
            assert len(await tc.task_list().list()) == 1

            deletion = DeleteData(there.id, recursive=True)
            deletion.add_item("/copy/")
            deletion_id = (await tc.submit_delete(deletion))["task_id"]
            await emulator.settle()
            assert await tc.task_wait(deletion_id, timeout=60)
            assert contents(destination) == {}
        assert emulator.unknown_paths == {}


def contents(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


@pytest.mark.slow
async def test_a_thousand_concurrent_calls() -> None:
    """Each of a thousand concurrent calls gets its own response."""
    async with GlobusEmulator() as emulator:
        ids = [emulator.add_collection(f"number {number}", storage=MemoryStorage()).id for number in range(1000)]
        authorizer, transport = AccessTokenAuthorizer(emulator.access_token()), emulator.transport()
        async with TransferClient(authorizer=authorizer, transport=transport, rate_limit=None) as tc:
            endpoints = await asyncio.gather(*map(tc.get_endpoint, ids))
        assert [endpoint["display_name"] for endpoint in endpoints] == [f"number {number}" for number in range(1000)]


@pytest.fixture
async def names() -> AsyncGenerator[World]:
    async with world() as names:
        yield names


def without_identity(w: World) -> TransferClient:
    authorizer = AccessTokenAuthorizer("n0b0dy")
    return TransferClient(authorizer=authorizer, transport=w["transport"])


REFUSED: list[tuple[type[TransferAPIError], Callable[[World], Awaitable[Any]]]] = [
    (EndpointNotFound, lambda w: w["tc"].get_endpoint(UNKNOWN_ID)),
    (NotFound, lambda w: w["tc"].get_task(UNKNOWN_ID)),
    (NotFound, lambda w: w["tc"].operation_ls(w["endpoint_id"], "/not/there/")),
    (NotFound, lambda w: w["tc"].get_endpoint_acl_rule(w["guest_collection_id"], UNKNOWN_ID)),
    (NotFound, lambda w: w["tc"].get_bookmark(UNKNOWN_ID)),
    (NotFound, lambda w: w["tc"].get_endpoint_server(w["gridftp_endpoint_id"], 4711)),
    (NotFound, lambda w: w["tc"].endpoint_manager_get_pause_rule(UNKNOWN_ID)),
    (NotFound, lambda w: w["tc"].get_tunnel(UNKNOWN_ID)),
    (PathExists, lambda w: w["tc"].operation_mkdir(w["endpoint_id"], "/project1/")),
    (EndpointError, lambda w: w["tc"].operation_ls(w["endpoint_id"], "/file1.txt")),
    (Conflict, lambda w: w["tc"].update_task(w["task_id"], {"label": "too late"})),
    (OperationPaused, lambda w: w["tc"].operation_ls(w["paused_id"], "/")),
    (AuthenticationFailed, lambda w: without_identity(w).get_endpoint(w["endpoint_id"])),
]


@pytest.mark.parametrize(("kind", "call"), REFUSED)
async def test_errors(names: World, kind: type[TransferAPIError], call: Callable[[World], Awaitable[Any]]) -> None:
    """Each error has its class, and the service's message."""
    with pytest.raises(kind) as caught:
        await call(names)
    assert type(caught.value) is kind
    assert caught.value.message
    assert caught.value.request_id


async def test_other_errors() -> None:
    """Errors that need a special collection or service."""
    limits = Limits(pending_tasks=1)
    async with GlobusEmulator(rate_limit=2, limits=limits) as emulator:
        ada, bob = (emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob"))
        offline = emulator.add_collection("Offline")
        mine = emulator.add_collection("Mine", storage=MemoryStorage({"a": "x"}))
        mapped = emulator.add_collection("Mapped", storage=MemoryStorage(), needs_data_access=True)
        mine.deny("/secret/")
        async with emulator.transport() as transport:
            once = RetryPolicy(max_retries=0)
            tokens = [AccessTokenAuthorizer(emulator.access_token(person)) for person in (ada, bob)]
            adas, bobs = (TransferClient(authorizer=token, transport=transport, retry=once) for token in tokens)
            with pytest.raises(EndpointDisconnected):
                await adas.operation_ls(offline.id)
            with pytest.raises(PermissionDenied):
                await adas.operation_ls(mine.id, "/secret/")
            with pytest.raises(ConsentRequired) as caught:
                await adas.operation_ls(mapped.id)
            assert caught.value.required_scopes == [str(TransferClient.data_access_scope(mapped.id))]
            with pytest.raises(PermissionDenied):
                await bobs.update_endpoint(mine.id, {"description": "his"})
            for number in range(2):
                data = DeleteData(mine.id)
                data.add_item("/a")
                data["submission_id"] = f"5e1f2a4c-0000-4000-8000-{number:012d}"
                if number == 0:
                    await adas.endpoint_manager_create_pause_rule({"endpoint_id": mine.id, "message": "not now"})
                    await adas.submit_delete(data)
                else:
                    with pytest.raises(TooManyPendingJobs):
                        await adas.submit_delete(data)
            with pytest.raises(RateLimited) as limited:  # noqa: PT012 -- any of the calls may be refused
                for _ in range(100):
                    await bobs.get_endpoint(mine.id)
            assert limited.value.retry_after
