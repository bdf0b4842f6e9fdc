"""Who may read and write files over HTTPS on the emulator: scopes, sessions, access rules and methods."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from globus_async.emulator.auth.models import Policy
from globus_async.gare import to_gare
from globus_async.testing import GlobusEmulator
from tests.emulator.files_world import FilesWorld, files_world


def requirement(response: httpx.Response) -> dict[str, Any]:
    """Return the authorization parameters in the text of a refusal."""
    assert response.status_code == 403
    assert "c=LOGIN_DENIED" in response.text
    line = next(each for each in response.text.splitlines() if "GridFTP-JSON-Result: " in each)
    document = json.loads(line.partition("GridFTP-JSON-Result: ")[2])
    assert (document["DATA_TYPE"], document["http_response_code"]) == ("result#1.0.0", 403)
    parameters: dict[str, Any] = document["authorization_parameters"]
    return parameters


async def share(world: FilesWorld, principal_type: str, principal: str = "", permissions: str = "r") -> None:
    """Add an access rule on the root of the guest collection."""
    rule = {
        "DATA_TYPE": "access",
        "principal_type": principal_type,
        "principal": principal,
        "path": "/",
        "permissions": permissions,
    }
    headers = {"Authorization": f"Bearer {world.emulator.access_token(world.ada)}"}
    url = f"https://transfer.api.globus.org/v0.10/endpoint/{world.guest.id}/access"
    assert (await world.http.post(url, json=rule, headers=headers)).is_success


async def test_guest_collections() -> None:
    """Access rules decide: for identities, groups, everybody who is logged in, and everybody."""
    async with files_world() as world:
        to = {"to": world.guest}
        assert await world.status("GET", "/b.csv", **to) == 200
        assert await world.status("GET", "/b.csv", by=world.bob, **to) == 403
        assert await world.status("GET", "/b.csv", token="", **to) == 302
        await share(world, "identity", world.bob.id)
        assert await world.status("GET", "/b.csv", by=world.bob, **to) == 200
        assert await world.status("PUT", "/c", by=world.bob, content=b"", **to) == 403
        await share(world, "group", world.emulator.add_group([world.bob]), "rw")
        assert await world.status("PUT", "/c", by=world.bob, content=b"", **to) == 200
        assert await world.status("GET", "/b.csv", by=world.eve, **to) == 403
        await share(world, "all_authenticated_users")
        assert await world.status("GET", "/b.csv", by=world.eve, **to) == 200
        assert await world.status("GET", "/b.csv", token="", **to) == 302
        await share(world, "anonymous")
        assert await world.status("GET", "/b.csv", token="", **to) == 200
        assert await world.status("DELETE", "/b.csv", token="", **to) == 302
        assert await world.status("GET", "/b.csv", token="expired", **to) == 401
        robot = world.emulator.add_client("Robot", secret="s")
        scope = f"https://auth.globus.org/scopes/{world.guest.id}/https"
        token = world.emulator.auth.access_token(robot, scopes=[scope])
        assert await world.status("GET", "/b.csv", token=token, **to) == 200


async def test_mapped_collections() -> None:
    """Those with an account; file system permissions; an endpoint that is away looks as if the file were missing."""
    async with files_world(members=None) as world:
        private = world.emulator.add_collection("Private", storage=world.storage, owner=world.ada, members=[world.bob])
        assert await world.status("GET", "/data/a.txt", to=private, by=world.bob) == 200
        assert await world.status("GET", "/data/a.txt", to=private, by=world.eve) == 403
        world.lab.deny("/data")
        denied = await world.send("GET", "/data/a.txt")
        assert (denied.status_code, "GridFTP-Errno: 13" in denied.text) == (403, True)
        world.lab.allow("/data")
        world.lab.storage = None
        away = await world.send("GET", "/data/a.txt")
        assert (away.status_code, "c=ENDPOINT_ERROR" in away.text) == (404, True)


async def test_scopes() -> None:
    """A token of another collection, or without ``data_access`` where that is needed, is refused with what to do."""
    async with files_world(needs_data_access=True) as world:
        prefix = f"https://auth.globus.org/scopes/{world.lab.id}"
        other = world.token(world.guest, world.ada)
        refused = await world.send("GET", "/data/a.txt", token=other)
        assert requirement(refused)["required_scopes"] == [f"{prefix}/https", f"{prefix}/data_access"]
        refused = await world.send("GET", "/data/a.txt")
        assert requirement(refused)["required_scopes"] == [f"{prefix}/data_access"]
        both = world.token(world.lab, world.ada, "https", "data_access")
        assert await world.status("GET", "/data/a.txt", token=both) == 200
        world.emulator.files.json_errors = True
        gare = to_gare((await world.send("GET", "/data/a.txt")).json())
        assert gare is not None
        assert gare.authorization_parameters.required_scopes == [f"{prefix}/data_access"]


async def test_sessions() -> None:
    """A login is good for eleven days, or for the time of the collection; high assurance needs one at all."""
    async with files_world(manual=True) as world:
        token = world.token(world.lab, world.ada)
        strict = world.emulator.add_collection(
            "Strict", storage=world.storage, owner=world.ada, high_assurance=True, authentication_timeout_mins=30
        )
        mfa = world.emulator.add_collection("Two factors", storage=world.storage, owner=world.ada, mfa_required=True)
        fresh = world.token(strict, world.ada)
        assert await world.status("GET", "/data/a.txt", to=strict, token=fresh) == 200
        assert requirement(await world.send("GET", "/data/a.txt", to=mfa))["session_required_mfa"] is True
        await world.emulator.advance(1801)
        parameters = requirement(await world.send("GET", "/data/a.txt", to=strict, token=fresh))
        assert (parameters["session_required_identities"], parameters["prompt"]) == ([world.ada.id], "login")
        assert await world.status("GET", "/data/a.txt", token=token) == 200
        await world.emulator.advance(11 * 86_400)
        assert requirement(await world.send("GET", "/data/a.txt", token=token))["prompt"] == "login"
        robot = world.emulator.add_client("Robot", secret="s")
        scope = f"https://auth.globus.org/scopes/{strict.id}/https"
        unknown = world.emulator.auth.access_token(robot, scopes=[scope])
        assert await world.status("GET", "/data/a.txt", to=strict, token=unknown) == 403


@pytest.mark.parametrize("on_host", [False, True])
async def test_methods(on_host: bool) -> None:
    """A collection can allow some methods, or none; a guest collection has at most those of its host."""
    async with files_world() as world:
        limited = world.lab if on_host else world.guest
        limited.https_methods = frozenset({"GET"})
        results = [await world.status(method, "/b.csv", to=world.guest) for method in ("GET", "HEAD", "PUT", "DELETE")]
        assert results == [200, 200, 405, 405]
        url = world.guest.https_url
        limited.https_enabled = False
        response = await world.http.get(f"{url}/b.csv")
        assert (response.status_code, response.text) == (
            403,
            "GlobusError: v=1 c=PERMISSION_DENIED\nThe collection does not allow HTTPS access\n",
        )
        assert (limited.https_url, world.lab.https_url is None) == (None, on_host)


async def test_a_deleted_collection() -> None:
    """Its host is none of the emulator's any more."""
    async with files_world() as world:
        assert await world.status("GET", "/data/a.txt") == 200
        url, token = world.lab.https_url, world.token(world.lab, world.ada)
        del world.emulator.transfer.collections[world.lab.id]
        response = await world.http.get(f"{url}/data/a.txt", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 501


async def test_a_policy_of_auth() -> None:
    """A collection with an authentication policy wants sessions that satisfy it."""
    async with GlobusEmulator() as emulator:
        world = FilesWorld(emulator.http_client(), emulator)
        policy = Policy(str(uuid4()), "project", "Staff", "", domain_constraints_include=["staff.example.org"])
        emulator.auth.registry.policies[policy.id] = policy
        world.lab.fields["authentication_policy_id"] = policy.id
        assert requirement(await world.send("GET", "/data/a.txt"))["session_required_policies"] == [policy.id]
        policy.domain_constraints_include = ["example.org"]
        assert await world.status("GET", "/data/a.txt") == 200
