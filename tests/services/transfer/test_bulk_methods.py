"""Bulk methods, against the emulator."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.services.transfer import EndpointNotFound, NotFound
from tests.services.transfer.world import World, world

UNKNOWN_ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


@pytest.fixture
async def names() -> AsyncGenerator[World]:
    async with world() as names:
        yield names


async def test_endpoints(names: World) -> None:
    """Each endpoint's document, or its error, in the order of the input."""
    ids = [names["endpoint_id"], UNKNOWN_ID, names["source_id"], "no id"]
    outcomes = await names["tc"].get_endpoints(iter(ids), fields=["display_name"])
    assert [outcome.item for outcome in outcomes] == ids
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        EndpointNotFound,
        type(None),
        GlobusSDKUsageError,
    ]
    assert [outcomes[0].value["display_name"], outcomes[2].value["display_name"]] == ["Lab storage", "Instrument"]


async def test_tasks_share_requests(names: World) -> None:
    """One request fetches fifty tasks; a task that does not exist has its own error."""
    tc, emulator = names["tc"], names["emulator"]
    ids = [names["task_id"], names["active_task_id"], UNKNOWN_ID] * 30
    before = len(emulator.requests)
    outcomes = await tc.get_tasks(ids)
    requests = emulator.requests[before:]
    assert [request.path for request in requests if request.path.endswith("task_list")] == ["/v0.10/task_list"]
    assert len(requests) == 2
    for outcome in outcomes:
        if outcome.item == UNKNOWN_ID:
            assert isinstance(outcome.error, NotFound)
        else:
            assert outcome.value["task_id"] == outcome.item


async def test_ids_in_capitals(names: World) -> None:
    """A UUID in capitals is part of the same request."""
    tc, emulator = names["tc"], names["emulator"]
    before = len(emulator.requests)
    tasks = await tc.get_tasks([names["task_id"].upper(), UUID(names["active_task_id"])]).values()
    assert [task["task_id"] for task in tasks] == [names["task_id"], names["active_task_id"]]
    assert len(emulator.requests) == before + 1


async def test_access_rules(names: World) -> None:
    """The rules of each collection."""
    (rules,) = await names["tc"].endpoint_acl_lists([names["guest_collection_id"]]).values()
    assert names["rule_id"] in [rule["id"] for rule in rules]


async def test_directories(names: World) -> None:
    """The entries of each directory; a directory that does not exist has its own error."""
    progress: list[Any] = []
    directories = [(names["endpoint_id"], path) for path in ("/project1/", "/nowhere/", "/dataset0/")]
    outcomes = await names["tc"].operation_ls_many(directories, filter="type:file", progress=progress.append)
    assert [entry["name"] for entry in outcomes[0].value] == ["file1.txt"]
    assert isinstance(outcomes[1].error, NotFound)
    assert [entry["name"] for entry in outcomes[2].value] == ["readme"]
    assert (progress[-1].done, progress[-1].failed, progress[-1].total) == (3, 1, 3)


@pytest.mark.parametrize("directory", ["/project1/", ("/project1/",), ("a", "b", "c"), None, 5])
async def test_a_directory_that_is_no_pair(names: World, directory: Any) -> None:
    """It is refused like any other bad argument, and the others are listed."""
    directories = [directory, (names["endpoint_id"], "/project1/")]
    refused, listed = await names["tc"].operation_ls_many(directories)
    assert isinstance(refused.error, GlobusSDKUsageError)
    assert "pair" in str(refused.error)
    assert [entry["name"] for entry in listed.value] == ["data", "file1.txt"]


async def test_one_by_one_in_order(names: World) -> None:
    """An entered bulk yields one outcome after the other, in order with ``ordered=True``."""
    ids = [names["endpoint_id"], names["source_id"]] * 20
    async with names["tc"].get_endpoints(ids, ordered=True, concurrency=3) as outcomes:
        assert [outcome.value["id"] async for outcome in outcomes] == ids
