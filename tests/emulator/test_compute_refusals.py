"""What the emulated Compute refuses: members of other types than the service's schemas have, and unknown ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from globus_async.emulator.compute.models import COMPUTE_SCOPE
from globus_async.testing import GlobusEmulator

UNKNOWN = "5e1f2a4c-0000-4000-8000-000000000009"
META = {"python_version": "3.13.3", "sdk_version": "3.1.1", "serde_identifier": "01"}


class World:
    """An endpoint, a function and a container of Ada's."""

    def __init__(self) -> None:
        self.emulator = GlobusEmulator()
        self.ada = self.emulator.add_identity("ada@example.org")
        state = self.emulator.compute
        self.ids = {
            "endpoint": state.add_endpoint("laptop", owner_id=self.ada.id).id,
            "function": state.add_function("f", owner_id=self.ada.id).id,
            "container": state.add_container("tools", owner_id=self.ada.id).id,
        }

    async def send(self, verb: str, path: str, document: Any = None) -> httpx.Response:
        token = self.emulator.access_token(self.ada, scopes=[COMPUTE_SCOPE])
        async with self.emulator.http_client(base_url="https://compute.api.globus.org") as http:
            return await http.request(verb, path, json=document, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with made.emulator:
        yield made


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("user_runtime", "3.13", ["body", "user_runtime"]),
        ("result_serializers", "JSONData", ["body", "result_serializers"]),
        ("result_serializers", [5], ["body", "result_serializers"]),
        ("resource_specification", {}, ["body", "resource_specification", "num_nodes"]),
        ("resource_specification", {"num_nodes": "2"}, ["body", "resource_specification", "num_nodes"]),
        (
            "resource_specification",
            {"num_nodes": 2, "launcher_options": 1},
            ["body", "resource_specification", "launcher_options"],
        ),
    ],
)
async def test_submissions(world: World, member: str, value: Any, place: list[str]) -> None:
    """The error has the place of the wrong member; nothing is submitted."""
    document = {"tasks": {world.ids["function"]: ["x"]}, member: value}
    response = await world.send("POST", f"/v3/endpoints/{world.ids['endpoint']}/submit", document)
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, place)
    assert not world.emulator.compute.tasks
    right: dict[str, Any] = {
        "user_runtime": {},
        "result_serializers": ["JSONData"],
        "resource_specification": {"num_nodes": 2, "num_ranks": None},
    }
    document[member] = right[member]
    response = await world.send("POST", f"/v3/endpoints/{world.ids['endpoint']}/submit", document)
    assert response.status_code == 200


@pytest.mark.parametrize("metadata", [{"ip_address": 5}, {"endpoint_config": {}}, {"user_config_schema": "{}"}])
async def test_metadata_of_endpoints(world: World, metadata: dict[str, Any]) -> None:
    """They have types, with both versions of the API."""
    document = {"endpoint_name": "lab", "metadata": metadata, "endpoint_uuid": UNKNOWN}
    for version in ("v2", "v3"):
        assert (await world.send("POST", f"/{version}/endpoints", document)).status_code == 422


async def test_functions(world: World) -> None:
    """Their group and their endpoint must exist."""
    document = {"function_name": "f", "function_code": "gASV"}
    for version, change, status in (
        ("v2", {"group": UNKNOWN}, 404),
        ("v3", {"group": UNKNOWN}, 404),
        ("v3", {"ha_endpoint_id": UNKNOWN}, 404),
        ("v2", {"metadata": {"python_version": 3}}, 422),
        ("v2", {"metadata": {"python_version": "3.13"}}, 200),
        ("v2", {"metadata": None}, 200),
    ):
        meta = {"meta": META} if version == "v3" else {}
        response = await world.send("POST", f"/{version}/functions", {**document, **meta, **change})
        assert response.status_code == status


async def test_types_of_containers(world: World) -> None:
    """There are two."""
    for kind, status in (("docker", 200), ("singularity", 200), ("podman", 422)):
        assert (await world.send("GET", f"/v2/containers/{world.ids['container']}/{kind}")).status_code == status
