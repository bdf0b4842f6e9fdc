"""What the emulated Groups has beyond the model: subgroups, high assurance, preferences, subscriptions, and seeds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from globus_async.emulator.groups.permissions import ALL, VIEW
from globus_async.emulator.kit.directory import Identity
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage


@dataclass
class World:
    """People, and calls of Groups as one of them."""

    emulator: GlobusEmulator
    people: dict[str, Identity]
    http: httpx.AsyncClient

    def token(self, who: str, scope: str = ALL) -> str:
        return self.emulator.access_token(self.people[who], scopes=[scope])

    async def call(
        self, who: str, method: str, path: str, document: Any = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.token(who)}"}
        response = await self.http.request(method, f"/v2{path}", json=document, headers=headers)
        return response.status_code, response.json()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        people = {name: emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob", "eve")}
        yield World(emulator, people, emulator.http_client(base_url="https://groups.api.globus.org"))


async def test_members_of_a_subgroup_are_members_of_all_services(world: World) -> None:
    """In its parent they are implied members, whom Transfer lets in too."""
    emulator, bob = world.emulator, world.people["bob"]
    lab = emulator.add_group(admins=[world.people["ada"]])
    sub = emulator.add_group([bob], admins=[world.people["ada"]], parent=lab, name="Sub")
    _, mine = await world.call("bob", "GET", "/groups/my_groups")
    assert {each["id"]: each["my_memberships"][0].get("source_group_id") for each in mine} == {lab: sub, sub: None}
    _, found = await world.call("ada", "GET", f"/groups/{lab}?include=memberships&include=child_ids")
    assert [each["identity_id"] for each in found["memberships"] if "source_group_id" in each] == [bob.id]
    assert found["child_ids"] == [sub]
    status, refused = await world.call("bob", "POST", f"/groups/{lab}", {"leave": [{"identity_id": bob.id}]})
    assert (status, refused["code"]) == (403, "FORBIDDEN")
    _, children = await world.call("eve", "GET", f"/groups/{lab}/children")
    assert children == {"code": "NOT_FOUND", "detail": f"Group {lab} not found"}
    host = emulator.add_collection("Host", storage=MemoryStorage({"a.txt": "1"}))
    share = emulator.add_collection("Share", host=host, owner=world.people["ada"])
    token = emulator.access_token(world.people["ada"])
    rule = {"DATA_TYPE": "access", "principal_type": "group", "principal": lab, "path": "/", "permissions": "r"}
    async with emulator.http_client(base_url="https://transfer.api.globus.org/v0.10") as http:
        path = f"/endpoint/{share.id}/access"
        await http.post(path, json=rule, headers={"Authorization": f"Bearer {token}"})
        headers = {"Authorization": f"Bearer {emulator.access_token(bob)}"}
        assert (await http.get(f"/operation/endpoint/{share.id}/ls", headers=headers)).status_code == 200
        emulator.groups.group(sub).memberships[bob.id].status = "removed"
        assert (await http.get(f"/operation/endpoint/{share.id}/ls", headers=headers)).status_code == 403


async def test_high_assurance(world: World) -> None:
    """Logins count for some time, which the document shows; after it a new one is required."""
    ada = world.people["ada"]
    group = world.emulator.add_group(admins=[ada], is_high_assurance=True, authentication_assurance_timeout=600)
    token = world.token("ada")
    _, found = await world.call("ada", "GET", f"/groups/{group}", token=token)
    assert (found["enforce_session"], found["session_limit"]) == (True, 600)
    assert found["session_timeouts"][ada.id]["expires_in"] == 600
    await world.emulator.advance(601)
    for method, path, document in (
        ("GET", f"/groups/{group}?include=memberships", None),
        ("PUT", f"/groups/{group}", {"name": "x"}),
        ("POST", f"/groups/{group}", {"leave": [{"identity_id": ada.id}]}),
    ):
        status, error = await world.call("ada", method, path, document, token=token)
        assert (status, error["authorization_parameters"]["session_required_identities"]) == (401, [ada.id])
    assert (await world.call("ada", "GET", f"/groups/{group}?include=memberships"))[0] == 200


async def test_scopes_and_tokens(world: World) -> None:
    """The lesser scope reads only; tokens of other services, and no token, are refused."""
    group = world.emulator.add_group(admins=[world.people["ada"]])
    token = world.token("ada", VIEW)
    assert (await world.call("ada", "GET", "/groups/my_groups", token=token))[0] == 200
    for method, path, document in (
        ("POST", "/groups", {"name": "x"}),
        ("PUT", f"/groups/{group}/policies", {}),
        ("DELETE", f"/groups/{group}", None),
        ("GET", "/preferences", None),
    ):
        status, error = await world.call("ada", method, path, document, token=token)
        assert (status, error["provided_scopes"]) == (403, [VIEW])
    other = world.emulator.access_token(world.people["ada"])
    status, error = await world.call("ada", "GET", "/groups/my_groups", token=other)
    assert (status, error["code"]) == (401, "INVALID_TOKEN")
    assert (await world.http.get("/v2/preferences")).json()["code"] == "AUTHENTICATION_ERROR"


async def test_invalid_requests(world: World) -> None:
    """Each problem is named with its place; nothing changes."""
    group = world.emulator.add_group(admins=[world.people["ada"]])
    own = world.people["ada"].id
    cases: list[tuple[str, str, Any, list[Any]]] = [
        ("POST", "/groups", {"name": 5}, ["body", "name"]),
        ("GET", "/groups/x", None, ["path", "group_id"]),
        ("GET", f"/groups/{group}?include=policies,all", None, ["query", "include", 1]),
        ("GET", "/groups/my_groups?statuses=new", None, ["query", "statuses", 0]),
        ("PUT", f"/groups/{group}/policies", {"signup_fields": ["hobby"]}, ["body", "signup_fields"]),
        ("POST", f"/groups/{group}", {"expel": []}, ["body", "expel"]),
        ("POST", f"/groups/{group}", {"change_role": [{"identity_id": own}]}, ["body", "change_role", 0, "role"]),
        ("PUT", "/preferences", {"allow_add": False}, ["body", "allow_add"]),
        ("PUT", f"/groups/{group}/membership_fields", {own: {"hobby": "x"}}, ["body", own, "hobby"]),
    ]
    for method, path, document, location in cases:
        status, error = await world.call("ada", method, path, document)
        assert (status, error["detail"][0]["loc"]) == (422, location), path
    status, error = await world.call("ada", "PUT", "/preferences", {world.people["bob"].id: {"allow_add": False}})
    assert (status, error["code"]) == (403, "FORBIDDEN")
    world.emulator.groups.max_memberships = 1
    assert (await world.call("ada", "POST", "/groups", {"name": "x"}))[0] == 403


async def test_subscriptions(world: World) -> None:
    """Administrators of the old and the new one may change what a group is verified for; its members have it."""
    state, ada, bob = world.emulator.groups, world.people["ada"], world.people["bob"]
    first = state.add_subscription_group("First", admins=[ada.id], members=[bob.id], is_high_assurance=True)
    second = state.add_subscription_group("Second", admins=[bob.id])
    group = world.emulator.add_group(admins=[ada, bob])
    path = f"/groups/{group}/subscription_admin_verified"
    for who, subscription, expected in (
        ("bob", first.id, 403),
        ("ada", first.id, 200),
        ("bob", second.id, 403),
        ("ada", None, 200),
        ("bob", second.id, 200),
    ):
        status, _ = await world.call(who, "PUT", path, {"subscription_admin_verified_id": subscription})
        assert status == expected, (who, subscription)
    cleared = await world.call("ada", "PUT", f"/groups/{group}", {"subscription_admin_verified_id": None})
    assert cleared[1]["subscription_admin_verified_id"] is None
    assert first.has_member(bob.id)
    assert not first.has_admin(bob.id)
    assert first.group is not None
    _, found = await world.call("ada", "GET", f"/groups/{first.group.id}")
    assert (found["group_type"], found["subscription_info"]["is_high_assurance"]) == ("plus", True)


async def test_a_deleted_group_is_gone_everywhere(world: World) -> None:
    """A project that it administered has no such administrator any more."""
    ada = world.people["ada"]
    group = world.emulator.add_group(admins=[ada])
    scope = "urn:globus:auth:scope:auth.globus.org:manage_projects"
    headers = {"Authorization": f"Bearer {world.emulator.access_token(ada, scopes=[scope])}"}
    async with world.emulator.http_client(base_url="https://auth.globus.org/v2/api") as http:
        project = {"display_name": "x", "contact_email": "a@example.org", "admin_ids": [ada.id]}
        made = await http.post("/projects", json={"project": {**project, "admin_group_ids": [group]}}, headers=headers)
        assert made.status_code == 200
        assert (await world.call("ada", "DELETE", f"/groups/{group}"))[0] == 200
        read = await http.get("/projects", headers=headers)
    assert read.json()["projects"][0]["admins"]["groups"] == []


async def test_seeds(world: World) -> None:
    """A dump with memberships of all statuses loads again, to the same bytes."""
    emulator, ada, bob = world.emulator, world.people["ada"], world.people["bob"]
    lab = emulator.groups.group(emulator.add_group([bob], admins=[ada], name="Lab", join_requests=True))
    lab.policies.signup_fields, lab.terms_and_conditions, lab.description = ["city"], "Be kind", None
    invite = [{"identity_id": world.people["eve"].id, "invite_email_address": "e@example.org", "status_reason": "new"}]
    assert (await world.call("ada", "POST", f"/groups/{lab.id}", {"invite": invite}))[0] == 200
    lab.memberships[ada.id].fields["city"] = "London"
    emulator.add_group(parent=lab.id, name="Sub", group_visibility="authenticated")
    subscription = emulator.groups.add_subscription_group("Engines", admins=[ada.id])
    subscription.connectors["c"] = {"is_ha": True, "is_baa": False}
    lab.verified_subscription_id = subscription.id
    emulator.add_subscription(members=[bob], admins=[ada])
    await world.call("bob", "PUT", "/preferences", {bob.id: {"allow_add": False}})
    dumped = json.dumps(emulator.dump_seed(), sort_keys=True)
    async with GlobusEmulator() as other:
        await other.load_seed(json.loads(dumped))
        assert json.dumps(other.dump_seed(), sort_keys=True) == dumped
        again = other.groups.group(lab.id)
        assert (again.policies.join_requests, again.policies.signup_fields) == (True, ["city"])
        assert {each.status for each in again.memberships.values()} == {"active", "invited"}
        assert other.directory.subscriptions[subscription.id].has_admin(ada.id)
        assert other.groups.refuses_add == {bob.id}
