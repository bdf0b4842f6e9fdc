"""The emulator's documents have the fields of the official SDK's own fixtures; differences are listed with reasons."""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import globus_sdk
import globus_sdk.testing.data.transfer as fixtures
import pytest

from tests.emulator.transfer_stage import Stage, staged

Shape = set[str]

ADDED: dict[str, tuple[str, set[str] | None]] = {
    "get_endpoint": ("the fixture is of an endpoint of GCSv4; documents of today have many more fields", None),
    "get_submission_id": ("the fixture is cut to its value; the service has always sent the type", {"DATA_TYPE"}),
    "task_list": (
        "the fixture is a copy without the type; base paths and the key are in newer and older answers",
        {"DATA.[].DATA_TYPE", "DATA.[].source_base_path", "DATA.[].destination_base_path", "DATA.[].key"},
    ),
    "endpoint_manager_task_list": ("the key is in older answers; the limit is echoed", {"DATA.[].key", "limit"}),
    "endpoint_manager_task_successful_transfers": (
        "sizes and checksums are in newer answers",
        {f"DATA.[].{name}" for name in ("size", "checksum", "checksum_algorithm", "dynamic")},
    ),
}
"""What the emulator's documents have beyond the fixtures, and why; ``None`` stands for anything."""


def names() -> list[str]:
    """Return all fixture modules, those of v2 with their package."""
    plain = [module.name for module in pkgutil.iter_modules(fixtures.__path__)]
    v2 = importlib.import_module(f"{fixtures.__name__}.v2")
    below = [f"v2.{module.name}" for module in pkgutil.iter_modules(v2.__path__)]
    return sorted(name for name in plain + below if name not in {"_common", "v2"})


def cases(name: str) -> Iterator[tuple[str, int, Any]]:
    """Yield the cases of a fixture: its name, status and document."""
    responses = importlib.import_module(f"{fixtures.__name__}.{name}").RESPONSES
    for case in responses.cases():
        response = responses.lookup(case)
        yield case, response.status, response.json


def shape(value: Any, prefix: str = "") -> Shape:
    """Return the paths of all members of a document; lists count as their first entry."""
    if isinstance(value, dict):
        return {path for key, item in value.items() for path in {f"{prefix}{key}"} | shape(item, f"{prefix}{key}.")}
    if isinstance(value, list) and value:
        return shape(value[0], f"{prefix}[].")
    return set()


class Answers:
    """What the emulator answers to the call of each fixture."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def of(self, name: str) -> Any:
        answer = await getattr(self, name.replace(".", "_"))()
        assert answer.is_success, answer.text
        return answer.json()

    async def task(self) -> str:
        task_id = await self.stage.submit(self.stage.transfer(("/notes.md", "/n"), verify_checksum=True))
        await self.stage.emulator.advance(2)
        return task_id

    async def get_endpoint(self) -> Any:
        made = await self.stage.ok("POST", "/endpoint", {"display_name": "Old", "DATA": [{"hostname": "h"}]})
        return await self.stage.send("GET", f"/endpoint/{made['id']}")

    async def update_endpoint(self) -> Any:
        return await self.stage.send("PUT", f"/endpoint/{self.stage.lab.id}", {"description": "x"})

    async def operation_mkdir(self) -> Any:
        return await self.stage.send("POST", f"/operation/endpoint/{self.stage.lab.id}/mkdir", {"path": "/x"})

    async def operation_rename(self) -> Any:
        body = {"old_path": "/notes.md", "new_path": "/y"}
        return await self.stage.send("POST", f"/operation/endpoint/{self.stage.lab.id}/rename", body)

    async def operation_stat(self) -> Any:
        return await self.stage.send("GET", f"/operation/endpoint/{self.stage.lab.id}/stat", path="/notes.md")

    async def get_submission_id(self) -> Any:
        return await self.stage.send("GET", "/submission_id")

    async def submit_transfer(self) -> Any:
        return await self.stage.send("POST", "/transfer", self.stage.transfer(("/notes.md", "/n")))

    async def submit_delete(self) -> Any:
        return await self.stage.send("POST", "/delete", self.stage.delete("/notes.md"))

    async def cancel_task(self) -> Any:
        task_id = await self.stage.submit(self.stage.transfer(("/nothing", "/n")))
        return await self.stage.send("POST", f"/task/{task_id}/cancel")

    async def task_list(self) -> Any:
        await self.task()
        return await self.stage.send("GET", "/task_list")

    async def endpoint_manager_task_list(self) -> Any:
        await self.task()
        return await self.stage.send("GET", "/endpoint_manager/task_list", filter_endpoint=self.stage.lab.id)

    async def endpoint_manager_task_successful_transfers(self) -> Any:
        return await self.stage.send("GET", f"/endpoint_manager/task/{await self.task()}/successful_transfers")

    async def set_subscription_id(self) -> Any:
        return await self.stage.send("PUT", f"/endpoint/{self.stage.lab.id}/subscription", {"subscription_id": None})

    async def set_subscription_admin_verified(self) -> Any:
        subscription = self.stage.emulator.add_subscription(admins=[self.stage.ada])
        self.stage.lab.fields["subscription_id"] = subscription
        body = {"subscription_admin_verified": True}
        return await self.stage.send("PUT", f"/endpoint/{self.stage.lab.id}/subscription_admin_verified", body)

    async def create_tunnel(self) -> Any:
        points = [self.stage.emulator.add_stream_access_point("P", host_endpoint=self.stage.lab.id) for _ in range(2)]
        ends = {
            end: {"data": {"type": "StreamAccessPoint", "id": point}}
            for end, point in zip(("initiator", "listener"), points, strict=True)
        }
        attributes = {"label": "t", "submission_id": str(uuid.uuid4())}
        document = {"data": {"type": "Tunnel", "attributes": attributes, "relationships": ends}}
        return await self.stage.send("POST", "/v2/tunnels", document)

    async def tunnel(self) -> str:
        return f"/v2/tunnels/{(await self.create_tunnel()).json()['data']['id']}"

    async def get_tunnel(self) -> Any:
        return await self.stage.send("GET", await self.tunnel())

    async def list_tunnels(self) -> Any:
        await self.tunnel()
        return await self.stage.send("GET", "/v2/tunnels")

    async def update_tunnel(self) -> Any:
        body = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
        return await self.stage.send("PATCH", await self.tunnel(), body)

    async def get_tunnel_events(self) -> Any:
        return await self.stage.send("GET", f"{await self.tunnel()}/events")

    async def delete_tunnel(self) -> Any:
        return await self.stage.send("DELETE", await self.tunnel())

    async def get_stream_access_point(self) -> Any:
        point = self.stage.emulator.add_stream_access_point("P", host_endpoint=self.stage.lab.id)
        return await self.stage.send("GET", f"/v2/stream_access_points/{point}")

    async def v2_list_stream_access_points(self) -> Any:
        await self.get_stream_access_point()
        return await self.stage.send("GET", "/v2/stream_access_points")

    v2_create_tunnel = create_tunnel
    v2_get_tunnel = get_tunnel
    v2_list_tunnels = list_tunnels
    v2_update_tunnel = update_tunnel
    v2_get_tunnel_events = get_tunnel_events
    v2_delete_tunnel = delete_tunnel
    v2_get_stream_access_point = get_stream_access_point

    async def v2_create_bookmark(self) -> Any:
        place = {"collection": {"data": {"type": "Collection", "id": self.stage.lab.id}}}
        attributes = {"name": "b", "path": "/"}
        document = {"data": {"type": "Bookmark", "attributes": attributes, "relationships": place}}
        return await self.stage.send("POST", "/v2/bookmarks", document)

    async def bookmark(self) -> str:
        return f"/v2/bookmarks/{(await self.v2_create_bookmark()).json()['data']['id']}"

    async def v2_get_bookmark(self) -> Any:
        return await self.stage.send("GET", await self.bookmark())

    async def v2_list_bookmarks(self) -> Any:
        await self.bookmark()
        return await self.stage.send("GET", "/v2/bookmarks", include="collection")

    async def v2_update_bookmark(self) -> Any:
        body = {"data": {"type": "Bookmark", "attributes": {"name": "c"}}}
        return await self.stage.send("PATCH", await self.bookmark(), body)

    async def v2_delete_bookmark(self) -> Any:
        return await self.stage.send("DELETE", await self.bookmark())


@pytest.mark.parametrize("name", names())
async def test_same_fields(name: str) -> None:
    """Each successful document has all fields of the fixture, and no others but those listed."""
    theirs = {case: document for case, status, document in cases(name) if status < 400}["default"]
    async with staged() as stage:
        ours = await Answers(stage).of(name)
    assert shape(theirs) - shape(ours) == set()
    reason, allowed = ADDED.get(name, ("", set()))
    more = shape(ours) - shape(theirs)
    assert allowed is None or more == allowed, reason


def test_every_fixture_is_compared(summary: Callable[[str], None]) -> None:
    """No fixture is left out, and no reason stands for nothing."""
    assert [name for name in names() if not hasattr(Answers, name.replace(".", "_"))] == []
    assert set(ADDED) <= set(names())
    summary(f"globus-sdk {globus_sdk.__version__}: {len(names())} fixtures, {len(ADDED)} with additions")
