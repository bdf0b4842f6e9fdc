"""Path restrictions of storage gateways, mapped collections and sharing policies: which files they leave to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from globus_async.emulator.gcs.restrictions import access_to
from globus_async.emulator.kit.clock import ManualClock
from globus_async.testing import GlobusEmulator

TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"


@pytest.mark.parametrize(
    ("restrictions", "path", "access"),
    [
        (None, "/a", "read_write"),
        ({}, "/a", "read_write"),
        ({"none": ["/a"]}, "/a", "none"),
        ({"none": ["/a/"]}, "/a/b/c", "none"),
        ({"none": ["/a"]}, "/ab", "read_write"),
        ({"read": ["/a"]}, "/b", "none"),
        ({"read": ["/a"]}, "/", "none"),
        ({"read": ["/"]}, "/b", "read"),
        # the longer one decides, in the order of the service's documentation
        ({"read_write": ["/a/b"], "read": ["/a"]}, "/a/b/c", "read_write"),
        ({"read_write": ["/a/b"], "none": ["/a"]}, "/a/b/c", "read_write"),
        ({"read": ["/a/b"], "read_write": ["/a"]}, "/a/b/c", "read_write"),
        ({"read": ["/a/b"], "none": ["/a"]}, "/a/b/c", "read"),
        ({"none": ["/a/b"], "read_write": ["/a"]}, "/a/b/c", "none"),
        ({"none": ["/a/b"], "read": ["/a"]}, "/a/b/c", "none"),
        # literal characters before brackets, those before ?, and those before *
        ({"none": ["/a/*"], "read": ["/a/?"]}, "/a/b", "read"),
        ({"none": ["/a/?"], "read": ["/a/[a-c]"]}, "/a/b", "read"),
        ({"none": ["/a/[a-c]"], "read": ["/a/b"]}, "/a/b", "read"),
        ({"none": ["/a/[a-c]"], "read": ["/a/b"]}, "/a/c", "none"),
        ({"none": ["/*/private"]}, "/x/y/private/z", "none"),
        ({"none": ["/["]}, "/[/x", "none"),
        ({"read_write": ["/home/$USER"]}, "/home/ada/x", "read_write"),
        ({"read_write": ["/home/$USER"]}, "/home/bob", "none"),
        ({"read": ["~/shared"]}, "/shared", "read"),
        ({"read": ["$HOME/shared"]}, "/shared/x", "read"),
    ],
)
def test_precedence(restrictions: dict[str, Any] | None, path: str, access: str) -> None:
    """The most specific restriction decides; a shorter one adds the right to write."""
    assert access_to(path, restrictions, "ada") == access


class World:
    """An endpoint of Ada's, with a mapped and a guest collection."""

    def __init__(self) -> None:
        self.emulator = GlobusEmulator(clock=ManualClock())
        self.ada, self.bob = (self.emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob"))
        self.state = self.emulator.gcs
        self.endpoint = self.state.add_endpoint("Laboratory", owner=self.ada)
        files = {"home/ada/a.txt": "1", "home/bob/b.txt": "2", "open/x.txt": "3", "open/in/y.txt": "4"}
        self.gateway = self.state.add_storage_gateway(self.endpoint, files=files)
        self.mapped = self.state.add_mapped_collection(self.gateway, "Disks")
        self.guest = self.state.add_guest_collection(self.mapped, "Shared", owner=self.ada, base_path="/open")
        self.http = self.emulator.http_client()

    async def manage(self, verb: str, path: str, document: Any = None) -> httpx.Response:
        """Send a request of Ada to the Manager."""
        token = self.emulator.access_token(self.ada, scopes=[self.endpoint.scope])
        url = f"https://{self.endpoint.host}/api{path}"
        return await self.http.request(verb, url, json=document, headers={"Authorization": f"Bearer {token}"})

    async def restrict(self, **restrictions: list[str]) -> None:
        """Change the restrictions of the gateway."""
        document = {
            "DATA_TYPE": "storage_gateway#1.0.0",
            "restrict_paths": {"DATA_TYPE": "path_restrictions#1.0.0", **restrictions} if restrictions else None,
        }
        assert (await self.manage("PATCH", f"/storage_gateways/{self.gateway.id}", document)).status_code == 200

    async def ls(self, collection: Any, path: str, who: Any = None) -> int:
        """List a directory with Transfer; return the status."""
        consent = "" if collection.is_guest else f"[*https://auth.globus.org/scopes/{collection.id}/data_access]"
        token = self.emulator.access_token(who or self.ada, scopes=[TRANSFER + consent])
        url = f"https://transfer.api.globus.org/v0.10/operation/endpoint/{collection.id}/ls"
        response = await self.http.get(url, params={"path": path}, headers={"Authorization": f"Bearer {token}"})
        return response.status_code

    async def https(self, verb: str, path: str) -> int:
        """Send a request of Ada to the HTTPS server of the guest collection; return the status."""
        scope = f"https://auth.globus.org/scopes/{self.guest.id}/https"
        headers = {"Authorization": f"Bearer {self.emulator.access_token(self.ada, scopes=[scope])}"}
        url = f"{self.emulator.transfer.collections[self.guest.id].https_url}{path}"
        content = b"5" if verb == "PUT" else None
        return (await self.http.request(verb, url, content=content, headers=headers)).status_code


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with made.emulator:
        yield made


async def test_restrictions_of_a_gateway(world: World) -> None:
    """They hold for Transfer and HTTPS, for mapped and guest collections, from their change on."""
    assert await world.ls(world.mapped, "/home/bob") == 200
    assert await world.https("PUT", "/new.txt") == 200
    await world.restrict(read=["/open"], read_write=["/home/$USER"])
    for path, who, status in (
        ("/home/ada", world.ada, 200),
        ("/home/bob", world.ada, 403),
        ("/home/bob", world.bob, 200),
        ("/open", world.bob, 200),
        ("/", world.ada, 403),
    ):
        assert await world.ls(world.mapped, path, who) == status
    assert await world.https("GET", "/x.txt") == 200
    assert await world.https("PUT", "/new.txt") == 403
    assert await world.https("DELETE", "/x.txt") == 403
    await world.restrict()
    assert await world.https("PUT", "/new.txt") == 200


async def test_restrictions_of_sharing(world: World) -> None:
    """Those of the mapped collection and of policies for the owner of a guest collection hold for its files."""
    change = {"DATA_TYPE": "collection#1.0.0", "sharing_restrict_paths": {"none": ["/open/in"]}}
    assert (await world.manage("PATCH", f"/collections/{world.mapped.id}", change)).status_code == 200
    assert await world.https("GET", "/in/y.txt") == 403
    assert await world.https("GET", "/x.txt") == 200
    assert await world.ls(world.mapped, "/open/in") == 200
    policy = {
        "DATA_TYPE": "sharing_policy#1.0.0",
        "collection_id": world.mapped.id,
        "sharing_restrict_paths": {"DATA_TYPE": "path_restrictions#1.0.0", "read": ["/open"]},
    }
    await world.manage("POST", "/sharing_policies", {**policy, "users": ["bob"]})
    assert await world.https("PUT", "/new.txt") == 200
    made = await world.manage("POST", "/sharing_policies", {**policy, "users": ["ada"]})
    assert await world.https("PUT", "/new.txt") == 403
    await world.manage("DELETE", f"/sharing_policies/{made.json()['data'][0]['id']}")
    assert await world.https("PUT", "/new.txt") == 200


async def test_guest_collections_need_their_mapped_collection_and_credential(world: World) -> None:
    """Without either their files cannot be read; nor over HTTPS, if the mapped collection has no HTTPS access."""
    path = f"/collections/{world.mapped.id}"
    for allowed, status in ((False, 403), (True, 200)):
        change = {"DATA_TYPE": "collection#1.0.0", "allow_guest_collections": allowed}
        assert (await world.manage("PATCH", path, change)).status_code == 200
        assert await world.ls(world.guest, "/") == status
        assert await world.https("GET", "/x.txt") == status
    url = world.emulator.transfer.collections[world.guest.id].https_url
    await world.manage("PATCH", path, {"DATA_TYPE": "collection#1.1.0", "enable_https": False})
    assert world.emulator.transfer.collections[world.guest.id].https_url is None
    enabled = {"DATA_TYPE": "collection#1.1.0", "enable_https": True}
    assert (await world.manage("PATCH", f"/collections/{world.guest.id}", enabled)).status_code == 422
    await world.manage("PATCH", path, enabled)
    assert world.emulator.transfer.collections[world.guest.id].https_url == url
    await world.manage("DELETE", f"/user_credentials/{world.guest.fields['user_credential_id']}")
    assert await world.ls(world.guest, "/") == 403


async def test_members_of_guest_collections(world: World) -> None:
    """Messages, encryption and the policy of logins are those of the mapped collection."""
    gateway = world.state.add_storage_gateway(world.endpoint, high_assurance=True, files={"open/": None})
    mapped = world.state.add_mapped_collection(gateway, "Protected")
    guest = world.state.add_guest_collection(mapped, "Shared", owner=world.ada, base_path="/open")
    policy_id = "5e1f2a4c-0000-4000-8000-000000000001"
    change = {
        "DATA_TYPE": "collection#1.6.0",
        "user_message": "Maintenance on Monday",
        "force_encryption": True,
        "guest_auth_policy_id": policy_id,
    }
    assert (await world.manage("PATCH", f"/collections/{mapped.id}", change)).status_code == 200
    shown = (await world.manage("GET", f"/collections/{guest.id}")).json()["data"][0]
    assert (shown["user_message"], shown["force_encryption"]) == ("Maintenance on Monday", True)
    fields = world.emulator.transfer.collections[guest.id].fields
    assert (fields["user_message"], fields["force_encryption"]) == ("Maintenance on Monday", True)
    assert fields["authentication_policy_id"] == policy_id
    assert world.emulator.transfer.collections[mapped.id].fields["authentication_policy_id"] is None


async def test_what_collections_keep(world: World) -> None:
    """Neither their base path nor their name can be changed; removed directories of guests do not hinder changes."""
    path = f"/collections/{world.mapped.id}"
    for change in ({"collection_base_path": "/open"}, {"domain_name": f"other.{world.endpoint.host}"}):
        assert (await world.manage("PATCH", path, {"DATA_TYPE": "collection#1.0.0", **change})).status_code == 422
    same = {"DATA_TYPE": "collection#1.0.0", "collection_base_path": "/", "department": "Optics"}
    assert (await world.manage("PATCH", path, same)).status_code == 200
    storage: Any = world.gateway.storage
    storage.remove(("open", "in", "y.txt"))
    storage.remove(("open", "x.txt"))
    storage.remove_directory(("open", "in"))
    storage.remove_directory(("open",))
    assert (await world.manage("PATCH", path, same)).status_code == 200
    assert await world.ls(world.guest, "/") in {200, 404}
    document = {**same, "collection_type": "mapped", "storage_gateway_id": world.gateway.id, "display_name": "File"}
    for wrong in ("/home/ada/a.txt", "/home/ada/a.txt/x", "/" + "x" * 300):
        made = await world.manage("POST", "/collections", {**document, "collection_base_path": wrong})
        assert made.status_code == 422
