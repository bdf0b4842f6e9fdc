"""Query parameters: unknown ones, wrong values, filters of events and local users."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from globus_async.testing import MemoryStorage
from tests.emulator.transfer_world import TransferWorld, transfer_world

NOBODY = "00000000-0000-4000-8000-000000000000"
AUTH_SCOPES = ["openid", "urn:globus:auth:scope:auth.globus.org:manage_projects"]


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


async def test_unknown_parameters_are_refused(world: TransferWorld) -> None:
    """Every reading operation of Transfer, and of the API of Auth, refuses a parameter that it does not have."""
    guest = world.emulator.add_collection("Guest", host=world.lab, host_path="/data/")
    rule = {"endpoint_id": world.lab.id, "message": "Later", "start_time": "2099-01-01"}
    rule_id = (await world.ok("POST", "/endpoint_manager/pause_rule", rule))["id"]
    bookmark = {"name": "b", "endpoint_id": world.lab.id, "path": "/"}
    bookmark_id = (await world.ok("POST", "/bookmark", bookmark))["id"]
    access = {"principal_type": "identity", "principal": world.bob.id, "path": "/", "permissions": "r"}
    access_id = (await world.ok("POST", f"/endpoint/{guest.id}/access", access))["access_id"]
    task = await world.done(world.transfer(("/notes.md", "/notes.md")))
    ids = {
        "endpoint_id": world.lab.id,
        "task_id": task["task_id"],
        "bookmark_id": bookmark_id,
        "pause_rule_id": rule_id,
        "role_id": next(iter(world.lab.roles)),
        "rule_id": access_id,
        "identity_id": world.ada.id,
        "client_id": world.emulator.add_client("App").id,
    }
    needed = {
        "/v0.10/endpoint_search": {"filter_fulltext": "lab"},
        "/v0.10/endpoint_manager/task_list": {"filter_status": "ACTIVE"},
        "/v2/api/identities": {"ids": world.ada.id},
        "/v2/api/identity_providers": {"domains": "example.org"},
    }
    headers = {"Authorization": f"Bearer {world.emulator.access_token(scopes=AUTH_SCOPES)}"}
    checked: list[str] = []
    for template in _readable(world):
        path = re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], NOBODY), template)
        if "/access" in template:
            path = path.replace(world.lab.id, guest.id)
        responses: list[Any] = []
        for params in (needed.get(path, {}), {**needed.get(path, {}), "filter_unknown": "1"}):
            if path.startswith("/v2/api"):
                responses.append(await world.http.get(path, params=params, headers=headers))
            else:
                responses.append(await world.send("GET", path.removeprefix("/v0.10"), **params))
        plain, refused = responses
        if plain.status_code == 200:  # others have nothing to read
            assert (path, refused.status_code) == (path, 400)
            assert "filter_unknown" in refused.text
            checked.append(path)
    assert len(checked) > 35


def _readable(world: TransferWorld) -> Iterator[str]:
    """Yield the paths of all reading operations that are not of OAuth 2.0, which requires to ignore parameters."""
    for name in ("transfer", "auth"):
        service: Any = world.emulator.services[name]
        for prefix, table in service.tables().items():
            if name == "transfer" or prefix == "/v2/api":
                yield from (prefix + path for verb, path, _ in table if verb == "GET")


@pytest.mark.parametrize(
    "limit", ["x", "1.0", "1_0", "\u0661", "\uff11", " 1", "1 ", "+1", "0x1", "--1", "-1", "1e1", "9" * 30, "0"]
)
async def test_integers(limit: str, world: TransferWorld) -> None:
    """They are ASCII digits within the limits of the service."""
    assert await world.refused("GET", "/task_list", limit=limit) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/operation/endpoint/{lab}/ls", "show_hidden"),
        ("/endpoint_search", "filter_non_functional"),
        ("/endpoint_manager/task_list", "filter_is_paused"),
        ("/endpoint_manager/task/{task}/event_list", "filter_is_error"),
    ],
)
async def test_booleans(path: str, name: str, world: TransferWorld) -> None:
    """They are ``1``, ``0``, or words, and nothing else."""
    task = await world.done(world.transfer(("/notes.md", "/notes.md")))
    needed = {"filter_fulltext": "Lab"} if "search" in path else {}
    needed |= {"filter_status": "ACTIVE"} if "task_list" in path else {}
    path = path.format(lab=world.lab.id, task=task["task_id"])
    for value in ("0", "1", "true", "False", "no"):
        await world.ok("GET", path, **{name: value}, **needed)
    for value in ("2", "maybe", "-1", "truee"):
        assert await world.refused("GET", path, **{name: value}, **needed) == (400, "BadRequest")


async def test_filters_of_events(world: TransferWorld) -> None:
    """Errors only, or all others; what the service does not filter by is refused, not ignored."""
    task_id = await world.submit(world.transfer(("/missing", "/x")))
    await world.emulator.advance(2)
    everything = await world.events(task_id)

    async def codes(path: str, **params: str) -> set[str]:
        return {event["code"] for event in (await world.ok("GET", path, **params))["DATA"]}

    mine, managed = f"/task/{task_id}/event_list", f"/endpoint_manager/task/{task_id}/event_list"
    errors = await codes(mine, filter="is_error:1")
    assert errors == {"FILE_NOT_FOUND"}
    assert await codes(mine, filter="is_error:0") == set(everything) - errors
    assert await codes(managed, filter_is_error="1") == errors
    assert await codes(managed, filter_is_error="0") == set(everything) - errors
    assert await codes(mine) == await codes(managed) == set(everything)
    for wrong in (
        "is_error:true",
        "is_error:",
        "is_error",
        "code:FILE_NOT_FOUND",
        "is_error:1/code:STARTED",
        "code:1",
        "x",
    ):
        assert await world.refused("GET", mine, filter=wrong) == (400, "BadRequest")
    assert await world.refused("GET", mine, filter_is_error="0") == (400, "BadRequest")
    assert await world.refused("GET", managed, filter="is_error:1") == (400, "BadRequest")


async def test_local_users(world: TransferWorld) -> None:
    """A mapped collection maps an identity to the local user of its name; other collections have no local users."""
    personal = world.emulator.add_collection(
        "Laptop", storage=MemoryStorage({"a": "1"}), entity_type="GCP_mapped_collection"
    )
    guest = world.emulator.add_collection("Guest", host=world.lab, host_path="/data/")
    operations = (
        ("GET", "ls", {"path": "/"}),
        ("GET", "stat", {"path": "/notes.md"}),
        ("POST", "mkdir", {"path": "/new"}),
        ("POST", "rename", {"old_path": "/new", "new_path": "/newer"}),
    )
    for method, name, arguments in operations:
        for collection, user, expected in (
            (world.lab, "bob", (403, "EndpointPermissionDenied")),
            (personal, "ada", (400, "BadRequest")),
            (guest, "ada", (400, "BadRequest")),
            (world.lab, "ada", None),
        ):
            path, sent = f"/operation/endpoint/{collection.id}/{name}", {**arguments, "local_user": user}
            body, params = (sent, dict[str, str]()) if method == "POST" else (None, sent)
            if expected is None:
                await world.ok(method, path, body, **params)
            else:
                assert await world.refused(method, path, body, **params) == expected
    for document in (
        world.transfer(("/notes.md", "/x"), source_local_user="bob"),
        world.transfer(("/notes.md", "/x"), destination_local_user="bob"),
        world.delete("/notes.md", local_user="bob"),
    ):
        refused = await world.refused("POST", f"/{document['DATA_TYPE']}", document)
        assert refused == (403, "EndpointPermissionDenied")
    await world.submit(world.transfer(("/notes.md", "/x"), source_local_user="ada"))
