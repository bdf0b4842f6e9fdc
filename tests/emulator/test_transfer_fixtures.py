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

from tests.emulator.transfer_world import TransferWorld, transfer_world

pytestmark = pytest.mark.slow

Shape = set[str]

ADDED: dict[str, tuple[str, set[str] | None]] = {
    "get_endpoint": ("the fixture is of an endpoint of GCSv4; documents of today have many more fields", None),
    "get_submission_id": ("the fixture is cut to its value; the service has always sent the type", {"DATA_TYPE"}),
    "task_list": (
        "the fixture is a copy without the type; base paths and the key are in newer and older responses",
        {"DATA.[].DATA_TYPE", "DATA.[].source_base_path", "DATA.[].destination_base_path", "DATA.[].key"},
    ),
    "endpoint_manager_task_list": ("the key is in older responses; the limit is echoed", {"DATA.[].key", "limit"}),
    "endpoint_manager_task_successful_transfers": (
        "sizes and checksums are in newer responses",
        {f"DATA.[].{name}" for name in ("size", "checksum", "checksum_algorithm", "dynamic")},
    ),
}
"""Members of the emulator's documents that the fixtures lack, with reasons; ``None`` stands for any member."""


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


class Responses:
    """The response of the emulator to the request of each fixture."""

    def __init__(self, world: TransferWorld) -> None:
        self.world = world

    async def of(self, name: str) -> Any:
        response = await getattr(self, name.replace(".", "_"))()
        assert response.is_success, response.text
        return response.json()

    async def task(self) -> str:
        task_id = await self.world.submit(self.world.transfer(("/notes.md", "/n"), verify_checksum=True))
        await self.world.emulator.advance(2)
        return task_id

    async def get_endpoint(self) -> Any:
        made = await self.world.ok("POST", "/endpoint", {"display_name": "Old", "DATA": [{"hostname": "h"}]})
        return await self.world.send("GET", f"/endpoint/{made['id']}")

    async def update_endpoint(self) -> Any:
        return await self.world.send("PUT", f"/endpoint/{self.world.lab.id}", {"description": "x"})

    async def operation_mkdir(self) -> Any:
        return await self.world.send("POST", f"/operation/endpoint/{self.world.lab.id}/mkdir", {"path": "/x"})

    async def operation_rename(self) -> Any:
        body = {"old_path": "/notes.md", "new_path": "/y"}
        return await self.world.send("POST", f"/operation/endpoint/{self.world.lab.id}/rename", body)

    async def operation_stat(self) -> Any:
        return await self.world.send("GET", f"/operation/endpoint/{self.world.lab.id}/stat", path="/notes.md")

    async def get_submission_id(self) -> Any:
        return await self.world.send("GET", "/submission_id")

    async def submit_transfer(self) -> Any:
        return await self.world.send("POST", "/transfer", self.world.transfer(("/notes.md", "/n")))

    async def submit_delete(self) -> Any:
        return await self.world.send("POST", "/delete", self.world.delete("/notes.md"))

    async def cancel_task(self) -> Any:
        task_id = await self.world.submit(self.world.transfer(("/nothing", "/n")))
        return await self.world.send("POST", f"/task/{task_id}/cancel")

    async def task_list(self) -> Any:
        await self.task()
        return await self.world.send("GET", "/task_list")

    async def endpoint_manager_task_list(self) -> Any:
        await self.task()
        return await self.world.send("GET", "/endpoint_manager/task_list", filter_endpoint=self.world.lab.id)

    async def endpoint_manager_task_successful_transfers(self) -> Any:
        return await self.world.send("GET", f"/endpoint_manager/task/{await self.task()}/successful_transfers")

    async def set_subscription_id(self) -> Any:
        return await self.world.send("PUT", f"/endpoint/{self.world.lab.id}/subscription", {"subscription_id": None})

    async def set_subscription_admin_verified(self) -> Any:
        subscription = self.world.emulator.add_subscription(admins=[self.world.ada])
        self.world.lab.fields["subscription_id"] = subscription
        body = {"subscription_admin_verified": True}
        return await self.world.send("PUT", f"/endpoint/{self.world.lab.id}/subscription_admin_verified", body)

    async def create_tunnel(self) -> Any:
        points = [self.world.emulator.add_stream_access_point("P", host_endpoint=self.world.lab.id) for _ in range(2)]
        ends = {
            end: {"data": {"type": "StreamAccessPoint", "id": point}}
            for end, point in zip(("initiator", "listener"), points, strict=True)
        }
        attributes = {"label": "t", "submission_id": str(uuid.uuid4())}
        document = {"data": {"type": "Tunnel", "attributes": attributes, "relationships": ends}}
        return await self.world.send("POST", "/v2/tunnels", document)

    async def tunnel(self) -> str:
        return f"/v2/tunnels/{(await self.create_tunnel()).json()['data']['id']}"

    async def get_tunnel(self) -> Any:
        return await self.world.send("GET", await self.tunnel())

    async def list_tunnels(self) -> Any:
        await self.tunnel()
        return await self.world.send("GET", "/v2/tunnels")

    async def update_tunnel(self) -> Any:
        body = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
        return await self.world.send("PATCH", await self.tunnel(), body)

    async def get_tunnel_events(self) -> Any:
        return await self.world.send("GET", f"{await self.tunnel()}/events")

    async def delete_tunnel(self) -> Any:
        tunnel = await self.tunnel()
        await self.world.ok("PATCH", tunnel, {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}})
        return await self.world.send("DELETE", tunnel)

    async def get_stream_access_point(self) -> Any:
        point = self.world.emulator.add_stream_access_point("P", host_endpoint=self.world.lab.id)
        return await self.world.send("GET", f"/v2/stream_access_points/{point}")

    async def v2_list_stream_access_points(self) -> Any:
        await self.get_stream_access_point()
        return await self.world.send("GET", "/v2/stream_access_points")

    v2_create_tunnel = create_tunnel
    v2_get_tunnel = get_tunnel
    v2_list_tunnels = list_tunnels
    v2_update_tunnel = update_tunnel
    v2_get_tunnel_events = get_tunnel_events
    v2_delete_tunnel = delete_tunnel
    v2_get_stream_access_point = get_stream_access_point

    async def v2_create_bookmark(self) -> Any:
        place = {"collection": {"data": {"type": "Collection", "id": self.world.lab.id}}}
        attributes = {"name": "b", "path": "/"}
        document = {"data": {"type": "Bookmark", "attributes": attributes, "relationships": place}}
        return await self.world.send("POST", "/v2/bookmarks", document)

    async def bookmark(self) -> str:
        return f"/v2/bookmarks/{(await self.v2_create_bookmark()).json()['data']['id']}"

    async def v2_get_bookmark(self) -> Any:
        return await self.world.send("GET", await self.bookmark())

    async def v2_list_bookmarks(self) -> Any:
        await self.bookmark()
        return await self.world.send("GET", "/v2/bookmarks", include="collection")

    async def v2_update_bookmark(self) -> Any:
        body = {"data": {"type": "Bookmark", "attributes": {"name": "c"}}}
        return await self.world.send("PATCH", await self.bookmark(), body)

    async def v2_delete_bookmark(self) -> Any:
        return await self.world.send("DELETE", await self.bookmark())


@pytest.mark.parametrize("name", names())
async def test_same_fields(name: str) -> None:
    """Each successful document has all members of the fixture, and no others except the listed ones."""
    theirs = {case: document for case, status, document in cases(name) if status < 400}["default"]
    async with transfer_world() as world:
        ours = await Responses(world).of(name)
    assert shape(theirs) - shape(ours) == set()
    reason, allowed = ADDED.get(name, ("", set()))
    more = shape(ours) - shape(theirs)
    assert allowed is None or more == allowed, reason


def test_every_fixture_is_compared(summary: Callable[[str], None]) -> None:
    """Every fixture is compared, and every listed difference exists."""
    assert [name for name in names() if not hasattr(Responses, name.replace(".", "_"))] == []
    assert set(ADDED) <= set(names())
    summary(f"globus-sdk {globus_sdk.__version__}: {len(names())} fixtures, {len(ADDED)} with additions")
