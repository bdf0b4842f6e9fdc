"""Collections, permissions, roles, servers, activation, bookmarks, tunnels."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from globus_async.emulator.auth.models import Policy
from globus_async.testing import Collection, DirectoryStorage, MemoryStorage, Storage
from tests.emulator.transfer_world import TransferWorld, transfer_world

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


@pytest.fixture
def share(world: TransferWorld) -> Collection:
    """A guest collection of Bob's on a directory of Ada's lab."""
    return world.emulator.add_collection("Share", host=world.lab, host_path="/data", owner=world.bob)


async def test_endpoint_document(world: TransferWorld, share: Collection) -> None:
    """The document of a collection has its owner, its host and the roles of the reader."""
    document = await world.ok("GET", f"/endpoint/{share.id.upper()}")
    assert document["id"] == share.id
    assert document["entity_type"] == "GCSv5_guest_collection"
    assert document["owner_string"] == "bob@example.org"
    assert (document["host_endpoint_id"], document["host_path"]) == (world.lab.id, "/data/")
    assert document["my_effective_roles"] == ["restricted_administrator", "activity_manager", "activity_monitor"]
    assert (document["acl_available"], document["acl_editable"]) == (True, False)
    as_owner = await world.ok("GET", f"/endpoint/{share.id}", by=world.bob)
    assert as_owner["my_effective_roles"][0] == "administrator"
    assert as_owner["acl_editable"] is True
    assert await world.ok("GET", f"/endpoint/{share.id}", fields="id,display_name") == {
        "DATA_TYPE": "endpoint",
        "id": share.id,
        "display_name": "Share",
    }


async def test_unknown_and_deleted(world: TransferWorld, share: Collection) -> None:
    """An unknown id is EndpointNotFound; a deleted collection and its guests are EndpointDeleted."""
    assert await world.refused("GET", f"/endpoint/{NOBODY}") == (404, "EndpointNotFound")
    assert await world.refused("DELETE", f"/endpoint/{world.lab.id}", by=world.bob) == (403, "PermissionDenied")
    deleted = await world.ok("DELETE", f"/endpoint/{world.lab.id}")
    assert (deleted["code"], deleted["resource"]) == ("Deleted", f"/v0.10/endpoint/{world.lab.id}")
    for collection in (world.lab, share):
        assert await world.refused("GET", f"/endpoint/{collection.id}") == (404, "EndpointDeleted")


async def test_update_endpoint(world: TransferWorld) -> None:
    """Administrators change some members; the others of the document are ignored."""
    path = f"/endpoint/{world.lab.id}"
    changed = await world.ok("PUT", path, {"display_name": "New", "description": "d", "owner_id": NOBODY, "id": NOBODY})
    assert (changed["code"], changed["message"]) == ("Updated", "Endpoint updated successfully")
    document = await world.ok("GET", path)
    assert (document["display_name"], document["description"], document["id"]) == ("New", "d", world.lab.id)
    assert await world.refused("PUT", path, {"description": "x"}, by=world.bob) == (403, "PermissionDenied")
    assert await world.refused("PUT", path, {"public": "maybe"}) == (400, "BadRequest")
    assert await world.refused("PUT", path, {"display_name": ""}) == (400, "BadRequest")


@pytest.mark.parametrize(
    "changes", [{"display_name": 5}, {"keywords": {"a": 1}}, {"description": ["x"]}, {"default_directory": 7}]
)
async def test_invalid_members_of_a_collection(world: TransferWorld, changes: dict[str, Any]) -> None:
    """A member of the wrong type is refused and changes nothing."""
    before = await world.ok("GET", f"/endpoint/{world.lab.id}")
    assert await world.refused("PUT", f"/endpoint/{world.lab.id}", changes) == (400, "BadRequest")
    assert await world.ok("GET", f"/endpoint/{world.lab.id}") == before
    await world.ok("PUT", f"/endpoint/{world.lab.id}", {"max_concurrency": 8, "description": None})


async def test_default_directory(world: TransferWorld) -> None:
    """A listing without a path is of the default directory."""
    await world.ok("PUT", f"/endpoint/{world.lab.id}", {"default_directory": "/data/"})
    listed = await world.ok("GET", f"/operation/endpoint/{world.lab.id}/ls")
    assert (listed["path"], listed["length"]) == ("/data/", 4)


async def test_search(world: TransferWorld, share: Collection) -> None:
    """All words must be prefixes of words in some members; scopes and filters restrict the result."""
    world.emulator.add_collection(
        "Genome sequences", storage=MemoryStorage(), keywords="biology,sequencing", public=False
    )
    bobs = world.emulator.add_collection("Bob's laptop", owner=world.bob, entity_type="GCP_mapped_collection")

    async def found(text: str | None = None, **params: Any) -> list[str]:
        query = {**({} if text is None else {"filter_fulltext": text}), **params}
        return [hit["display_name"] for hit in (await world.ok("GET", "/endpoint_search", **query))["DATA"]]

    assert await found("lab") == ["Lab storage"]
    assert await found("stor LAB!") == ["Lab storage"]
    assert await found("lab nothing") == []
    assert await found("sequence") == ["Genome sequences"]
    assert await found("biolog") == ["Genome sequences"]
    assert await found("bob") == ["Bob's laptop", "Share"]
    assert await found("share", by=world.eve) == ["Share"]
    assert await found(filter_scope="my-endpoints") == ["Archive", "Genome sequences", "Lab storage"]
    assert await found(filter_scope="my-endpoints", by=world.bob) == ["Bob's laptop", "Share"]
    assert await found(filter_scope="shared-by-me", by=world.bob) == ["Share"]
    assert await found(filter_scope="administered-by-me", by=world.eve) == []
    assert await found(filter_owner_id=world.bob.id) == ["Bob's laptop", "Share"]
    assert await found("b", filter_entity_type="GCP_mapped_collection") == ["Bob's laptop"]
    assert await found(filter_host_endpoint=world.lab.id) == ["Share"]
    await world.ok("GET", f"/operation/endpoint/{world.lab.id}/ls")
    assert await found(filter_scope="recently-used") == ["Lab storage"]
    assert await found("storage", fields="display_name") == ["Lab storage"]
    assert bobs.storage is None
    for bad in (
        {},
        {"filter_scope": "everything"},
        {"filter_scope": "my-endpoints", "filter_owner_id": world.bob.id},
        {"filter_fulltext": "x", "colour": "red"},
        {"filter_fulltext": "x", "filter_entity_type": "y", "filter_non_functional": "1"},
    ):
        assert await world.refused("GET", "/endpoint_search", **bad) == (400, "BadRequest")


async def test_search_pages(world: TransferWorld) -> None:
    """Pages are read to the last one, up to a thousand results."""
    for number in range(1100):
        world.emulator.add_collection(f"Many {number:04}")
    first = await world.ok("GET", "/endpoint_search", filter_fulltext="many", limit=1000)
    assert (first["limit"], first["offset"], first["has_next_page"], len(first["DATA"])) == (100, 0, True, 100)
    assert first["DATA"][0]["_rank"] > 0
    last = await world.ok("GET", "/endpoint_search", filter_fulltext="many", offset=950)
    assert (last["has_next_page"], len(last["DATA"])) == (False, 50)


async def test_private_collections(world: TransferWorld) -> None:
    """A private collection is visible only to identities with roles, permissions or accounts."""
    private = world.emulator.add_collection("Private", storage=MemoryStorage(), public=False, members=[world.bob])
    await world.ok("GET", f"/endpoint/{private.id}", by=world.bob)
    await world.ok("GET", f"/operation/endpoint/{private.id}/ls", by=world.bob)
    for path in (f"/endpoint/{private.id}", f"/operation/endpoint/{private.id}/ls"):
        assert await world.refused("GET", path, by=world.eve) == (403, "PermissionDenied")


async def test_accounts_on_a_mapped_collection(world: TransferWorld) -> None:
    """A user without an account on a mapped collection sees the collection, but not its files."""
    closed = world.emulator.add_collection("Closed", storage=MemoryStorage(), members=[world.bob])
    await world.ok("GET", f"/endpoint/{closed.id}", by=world.eve)
    refused = await world.refused("GET", f"/operation/endpoint/{closed.id}/ls", by=world.eve)
    assert refused == (403, "EndpointPermissionDenied")


async def test_permissions_are_enforced(world: TransferWorld, share: Collection) -> None:
    """An access rule allows reading or writing a directory until it expires or is deleted."""
    base, files = f"/endpoint/{share.id}", f"/operation/endpoint/{share.id}"
    rule = {"DATA_TYPE": "access", "principal_type": "identity", "principal": world.eve.id, "path": "/deep/"}
    denied = (403, "EndpointPermissionDenied")
    assert await world.refused("GET", f"{files}/ls", path="/deep", by=world.eve) == denied
    made = await world.ok("POST", f"{base}/access", {**rule, "permissions": "r"}, by=world.bob)
    assert (made["DATA_TYPE"], made["code"]) == ("access_create_result", "Created")
    listed = await world.ok("GET", f"{files}/ls", path="/deep/", by=world.eve)
    assert [entry["name"] for entry in listed["DATA"]] == ["c.bin"]
    assert await world.refused("GET", f"{files}/stat", path="/a.txt", by=world.eve) == denied
    assert await world.refused("POST", f"{files}/mkdir", {"path": "/deep/new"}, by=world.eve) == denied
    document = await world.ok("GET", f"{base}/access/{made['access_id']}", by=world.bob)
    assert {key: document[key] for key in ("path", "permissions", "principal", "role_id")} == {
        "path": "/deep/",
        "permissions": "r",
        "principal": world.eve.id,
        "role_id": None,
    }
    updated = await world.ok("PUT", f"{base}/access/{made['access_id']}", {"permissions": "rw"}, by=world.bob)
    assert updated["code"] == "Updated"
    await world.ok("POST", f"{files}/mkdir", {"path": "/deep/new"}, by=world.eve)
    await world.ok("DELETE", f"{base}/access/{made['access_id']}", by=world.bob)
    assert await world.refused("GET", f"{base}/access/{made['access_id']}", by=world.bob) == (404, "AccessRuleNotFound")


@pytest.fixture(params=["memory", "real"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Two directories with a file in each."""
    made: Storage = MemoryStorage() if request.param == "memory" else DirectoryStorage(tmp_path)
    for name in ("open", "closed"):
        made.make_directory((name,))
        upload = made.create((name, "file"))
        upload.write(name.encode())
        upload.commit()
    return made


def content(storage: Storage, *path: str) -> bytes:
    with storage.open(path) as file:
        return file.read()


async def test_links_do_not_bypass_permissions(world: TransferWorld, storage: Storage) -> None:
    """A link in a shared directory gives no access to other directories."""
    share = world.emulator.add_collection("Share", storage=storage, entity_type="GCP_guest_collection")
    rule = {"principal_type": "identity", "principal": world.eve.id, "path": "/open/", "permissions": "rw"}
    await world.ok("POST", f"/endpoint/{share.id}/access", rule)
    base = f"/operation/endpoint/{share.id}"
    for path, target in (("/open/dir", "/closed"), ("/open/doc", "../closed/file"), ("/open/fine", "file")):
        await world.ok("POST", f"{base}/symlink", {"symlink_target": target, "path": path}, by=world.eve)
    denied = (403, "EndpointPermissionDenied")
    for path in ("/open/dir", "/open/doc", "/open/dir/file"):
        assert await world.refused("GET", f"{base}/stat", path=path, by=world.eve) == denied
    assert await world.refused("GET", f"{base}/ls", path="/open/dir", by=world.eve) == denied
    assert await world.refused("POST", f"{base}/mkdir", {"path": "/open/dir/new"}, by=world.eve) == denied
    listed = await world.ok("GET", f"{base}/ls", path="/open", by=world.eve)
    kinds = {entry["name"]: entry["type"] for entry in listed["DATA"]}
    assert kinds == {"dir": "invalid_symlink", "doc": "invalid_symlink", "fine": "file", "file": "file"}
    document = world.transfer(("/open/doc", "/stolen"), source_endpoint=share.id)
    task_id = await world.submit(document, by=world.eve)
    back = world.transfer(("/notes.md", "/open/doc"), destination_endpoint=share.id)
    await world.submit(back, by=world.eve)
    await world.emulator.advance(2)
    assert (await world.ok("GET", f"/task/{task_id}", by=world.eve))["nice_status"] == "PERMISSION_DENIED"
    assert world.archive_files.tree() == {}
    assert await asyncio.to_thread(content, storage, "closed", "file") == b"closed"
    as_owner = await world.ok("GET", f"{base}/stat", path="/open/dir/file")
    assert as_owner["size"] == 6


async def test_permissions_of_groups_and_all_users(world: TransferWorld, share: Collection) -> None:
    """Access rules may be for a group, all authenticated users or anonymous users, and may expire."""
    files = f"/operation/endpoint/{share.id}/ls"
    denied = (403, "EndpointPermissionDenied")
    group = world.emulator.add_group([world.eve])
    for kind, principal in (("group", group), ("all_authenticated_users", ""), ("anonymous", "")):
        assert await world.refused("GET", files, path="/", by=world.eve) == denied
        rule = {"principal_type": kind, "principal": principal, "path": "/", "permissions": "r"}
        made = await world.ok("POST", f"/endpoint/{share.id}/access", rule, by=world.bob)
        await world.ok("GET", files, by=world.eve)
        await world.ok("DELETE", f"/endpoint/{share.id}/access/{made['access_id']}", by=world.bob)
    ends = {"principal_type": "identity", "principal": world.eve.id, "path": "/", "permissions": "r"}
    ends["expiration_date"] = "2027-01-16T00:00:00+00:00"
    await world.ok("POST", f"/endpoint/{share.id}/access", ends, by=world.bob)
    await world.ok("GET", files, by=world.eve)
    await world.emulator.advance(2 * 86_400)
    assert await world.refused("GET", files, by=world.eve) == denied


async def test_invalid_permissions(world: TransferWorld, share: Collection) -> None:
    """Invalid access rules, and rules on mapped collections, are refused."""
    rule = {"principal_type": "identity", "principal": world.eve.id, "path": "/", "permissions": "r"}
    path = f"/endpoint/{share.id}/access"
    for change in (
        {"principal_type": "robot"},
        {"principal": "eve"},
        {"permissions": "w"},
        {"path": "data"},
        {"path": "/../"},
        {"principal_type": "anonymous"},
        {"expiration_date": "soon"},
        {"expiration_date": "2000-01-01"},
    ):
        assert await world.refused("POST", path, {**rule, **change}, by=world.bob) == (400, "BadRequest")
    await world.ok("POST", path, rule, by=world.bob)
    assert await world.refused("POST", path, rule, by=world.bob) == (409, "Exists")
    assert await world.refused("POST", path, rule, by=world.eve) == (403, "PermissionDenied")
    assert await world.refused("POST", f"/endpoint/{world.lab.id}/access", rule) == (409, "Conflict")
    listed = await world.ok("GET", f"/endpoint/{share.id}/access_list", by=world.bob)
    assert (listed["length"], listed["endpoint"]) == (2, share.id)
    assert [each["role_type"] for each in listed["DATA"]] == ["administrator", None]


async def test_permissions_of_tasks(world: TransferWorld, share: Collection) -> None:
    """A transfer reads and writes only where its owner has permission."""
    rule = {"principal_type": "identity", "principal": world.eve.id, "path": "/deep/", "permissions": "r"}
    await world.ok("POST", f"/endpoint/{share.id}/access", rule, by=world.bob)
    document = world.transfer(("/deep/c.bin", "/c"), ("/a.txt", "/a"), source_endpoint=share.id)
    task_id = await world.submit(document, by=world.eve)
    await world.emulator.advance(1)
    task = await world.ok("GET", f"/task/{task_id}", by=world.eve)
    assert (task["status"], task["nice_status"], task["files_transferred"]) == ("ACTIVE", "PERMISSION_DENIED", 1)
    assert set(world.archive_files.tree()) == {"c"}


async def test_roles(world: TransferWorld) -> None:
    """Administrators add and delete roles, except that of the owner."""
    path = f"/endpoint/{world.lab.id}"
    made = await world.ok("POST", f"{path}/role", {"principal": world.bob.id, "role": "activity_manager"})
    assert {key: made[key] for key in ("DATA_TYPE", "principal_type", "role")} == {
        "DATA_TYPE": "role",
        "principal_type": "identity",
        "role": "activity_manager",
    }
    assert await world.ok("GET", f"{path}/role/{made['id']}") == made
    listed = await world.ok("GET", f"{path}/role_list", by=world.bob)
    assert [each["role"] for each in listed["DATA"]] == ["administrator", "activity_manager"]
    document = await world.ok("GET", path, by=world.bob)
    assert document["my_effective_roles"] == ["activity_manager", "activity_monitor"]
    assert await world.refused("GET", f"{path}/role_list", by=world.eve) == (403, "PermissionDenied")
    assert await world.refused("POST", f"{path}/role", {"principal": "x", "role": "administrator"}) == (
        400,
        "BadRequest",
    )
    assert await world.refused("POST", f"{path}/role", {"principal": world.eve.id, "role": "king"}) == (
        400,
        "BadRequest",
    )
    assert (await world.ok("DELETE", f"{path}/role/{made['id']}"))["code"] == "Deleted"
    assert await world.refused("GET", f"{path}/role/{made['id']}") == (404, "RoleNotFound")
    owners = listed["DATA"][0]["id"]
    assert await world.refused("DELETE", f"{path}/role/{owners}") == (409, "Conflict")


async def test_created_endpoints(world: TransferWorld) -> None:
    """A Connect Personal endpoint has a setup key visible to its administrator, and is offline until connected."""
    made = await world.ok("POST", "/endpoint", {"display_name": "Laptop", "is_globus_connect": True})
    assert (made["DATA_TYPE"], made["code"]) == ("endpoint_create_result", "Created")
    assert made["globus_connect_setup_key"]
    assert made["canonical_name"].endswith(f"#{made['id']}")
    collection = world.emulator.transfer.collections[made["id"]]
    collection.fields["public"] = True
    assert (await world.ok("GET", f"/endpoint/{made['id']}"))["globus_connect_setup_key"]
    assert (await world.ok("GET", f"/endpoint/{made['id']}", by=world.bob))["globus_connect_setup_key"] is None
    offline = await world.refused("GET", f"/operation/endpoint/{made['id']}/ls")
    assert offline == (502, "ExternalError.DirListingFailed.GCDisconnected")
    submitted = await world.refused("POST", "/transfer", world.transfer(("/a", "/a"), source_endpoint=made["id"]))
    assert submitted == (409, "GCDisconnectedException")
    collection.storage = MemoryStorage({"a": "1"})
    assert (await world.ok("GET", f"/operation/endpoint/{made['id']}/ls"))["length"] == 1


async def test_shared_endpoints(world: TransferWorld) -> None:
    """A guest collection is created once on a directory, which is its root."""
    document = {"host_endpoint": world.lab.id, "host_path": "/~/data/", "display_name": "S"}
    made = await world.ok("POST", "/shared_endpoint", document)
    assert (made["code"], made["message"]) == ("Created", "Shared endpoint created")
    listed = await world.ok("GET", f"/operation/endpoint/{made['id']}/ls")
    assert [entry["name"] for entry in listed["DATA"]] == [".hidden", "a.txt", "b.txt", "deep"]
    again = await world.send("POST", "/shared_endpoint", document)
    assert "already exists" in again.json()["message"]
    assert await world.refused("POST", "/shared_endpoint", {**document, "host_path": "/none"}) == (
        404,
        "ClientError.NotFound",
    )
    assert await world.refused("POST", "/shared_endpoint", {**document, "host_endpoint": made["id"]}) == (
        409,
        "Conflict",
    )
    mine = await world.ok("GET", f"/endpoint/{world.lab.id}/my_shared_endpoint_list")
    assert [each["id"] for each in mine["DATA"]] == [made["id"]]
    assert (await world.ok("GET", f"/endpoint/{world.lab.id}/my_shared_endpoint_list", by=world.bob))["DATA"] == []
    for number in range(4):
        world.emulator.add_collection(f"Guest {number}", host=world.lab, host_path="/empty")
    ids: list[str] = []
    token: str | None = None
    while True:
        params = {"max_results": 2, **({"next_token": token} if token else {})}
        page = await world.ok("GET", f"/endpoint/{world.lab.id}/shared_endpoint_list", **params)
        ids += [each["id"] for each in page["shared_endpoints"]]
        token = page["next_token"]
        if token is None:
            break
    assert (len(ids), len(set(ids))) == (5, 5)


async def test_subscriptions(world: TransferWorld) -> None:
    """A collection is associated with a subscription by its administrator, and verified by the subscription's."""
    path = f"/endpoint/{world.lab.id}"
    verify = {"subscription_admin_verified": True}
    assert await world.refused("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"}) == (400, "BadRequest")
    mine = world.emulator.add_subscription(members=[world.ada], admins=[world.bob])
    assert await world.refused("PUT", f"{path}/subscription_admin_verified", verify) == (400, "BadRequest")
    assert (await world.ok("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"}))["code"] == "Updated"
    assert (await world.ok("GET", path))["subscription_id"] == mine
    assert await world.refused("PUT", f"{path}/subscription_admin_verified", verify) == (403, "PermissionDenied")
    assert await world.refused("PUT", f"{path}/subscription_admin_verified", {}, by=world.bob) == (400, "BadRequest")
    await world.ok("PUT", f"{path}/subscription_admin_verified", verify, by=world.bob)
    assert (await world.ok("GET", path))["subscription_admin_verified"] is True
    other = world.emulator.add_subscription(members=[world.ada])
    ambiguous = await world.send("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"})
    assert other in ambiguous.json()["message"]
    assert await world.refused("PUT", f"{path}/subscription", {"subscription_id": NOBODY}) == (403, "PermissionDenied")
    await world.ok("PUT", f"{path}/subscription", {"subscription_id": None})
    assert (await world.ok("GET", path))["subscription_id"] is None


async def test_servers(world: TransferWorld) -> None:
    """Servers of Globus Connect Server 4 endpoints are added, changed and deleted; those of others cannot be."""
    made = await world.ok("POST", "/endpoint", {"display_name": "Old", "DATA": [{"hostname": "one.example.org"}]})
    path = f"/endpoint/{made['id']}"
    added = await world.ok("POST", f"{path}/server", {"hostname": "two.example.org", "port": 2812})
    assert (added["DATA_TYPE"], added["code"]) == ("endpoint_server_add_result", "Created")
    listed = await world.ok("GET", f"{path}/server_list")
    assert [each["hostname"] for each in listed["DATA"]] == ["one.example.org", "two.example.org"]
    await world.ok("PUT", f"{path}/server/{added['id']}", {"subject": "/CN=two"})
    server = await world.ok("GET", f"{path}/server/{added['id']}")
    assert (server["uri"], server["subject"]) == ("gsiftp://two.example.org:2812", "/CN=two")
    assert (await world.ok("DELETE", f"{path}/server/{added['id']}"))["code"] == "Deleted"
    gone = await world.refused("GET", f"{path}/server/{added['id']}")
    assert gone == (404, "ClientError.NotFound.ServerNotFound")
    assert await world.refused("POST", f"/endpoint/{world.lab.id}/server", {"hostname": "x"}) == (409, "Conflict")


async def test_activation(world: TransferWorld) -> None:
    """Current endpoints activate automatically; a legacy endpoint requires credentials."""
    path = f"/endpoint/{world.lab.id}"
    assert (await world.ok("POST", f"{path}/autoactivate"))["code"] == "AutoActivated.GlobusOnlineCredential"
    assert (await world.ok("POST", f"{path}/autoactivate"))["code"] == "AlreadyActivated"
    needs = await world.ok("GET", f"{path}/activation_requirements")
    assert (needs["activated"], needs["expires_in"], needs["DATA"]) == (True, -1, [])
    assert (await world.ok("POST", f"{path}/deactivate"))["code"] == "Deactivated"

    made = await world.ok("POST", "/endpoint", {"display_name": "Old", "myproxy_server": "proxy.example.org"})
    old = f"/endpoint/{made['id']}"
    world.emulator.transfer.collections[made["id"]].storage = MemoryStorage({"a": "1"})
    listing = f"/operation/endpoint/{made['id']}/ls"
    assert await world.refused("GET", listing) == (400, "ClientError.ActivationRequired")
    submission = world.transfer(("/a", "/a"), source_endpoint=made["id"])
    assert await world.refused("POST", "/transfer", submission) == (409, "NoCredException")
    failed = await world.ok("POST", f"{old}/autoactivate", if_expires_in=3600)
    assert (failed["code"], failed["length"]) == ("AutoActivationFailed", 3)
    filled = {"DATA_TYPE": "activation_requirements", "DATA": [{**each, "value": "x"} for each in failed["DATA"]]}
    assert await world.refused("POST", f"{old}/activate", {"DATA": []}) == (400, "ClientError.BadRequest")
    activated = await world.ok("POST", f"{old}/activate", filled)
    assert activated["expires_in"] == 12 * 3600
    assert (await world.ok("GET", old))["activated"] is True
    await world.ok("GET", listing)
    assert (await world.ok("POST", f"{old}/autoactivate", if_expires_in=60))["code"] == "AlreadyActivated"
    await world.emulator.advance(13 * 3600)
    assert await world.refused("GET", listing) == (400, "ClientError.ActivationRequired")


async def test_data_access_consent(world: TransferWorld) -> None:
    """A collection may require a consent; the error names it in both formats."""
    mapped = world.emulator.add_collection("Mapped", storage=MemoryStorage({"a": "1"}), needs_data_access=True)
    response = await world.send("GET", f"/operation/endpoint/{mapped.id}/ls")
    document = response.json()
    scope = f"https://auth.globus.org/scopes/{mapped.id}/data_access"
    required = [f"urn:globus:auth:scope:transfer.api.globus.org:all[*{scope}]"]
    assert (response.status_code, document["code"]) == (403, "ConsentRequired")
    assert document["required_scopes"] == document["authorization_parameters"]["required_scopes"] == required
    token = world.emulator.access_token(scopes=required)
    headers = {"Authorization": f"Bearer {token}"}
    listed = await world.http.get(f"/v0.10/operation/endpoint/{mapped.id}/ls", headers=headers)
    assert listed.json()["length"] == 1


async def test_authentication_policies(world: TransferWorld) -> None:
    """A collection may require an authentication policy; the error names it, and a login satisfies it."""
    policy = Policy(str(uuid.uuid4()), str(uuid.uuid4()), "Recent", "", True, 3600)
    world.emulator.auth.registry.policies[policy.id] = policy
    strict = world.emulator.add_collection("Strict", storage=MemoryStorage(), authentication_policy_id=policy.id)
    path = f"/operation/endpoint/{strict.id}/ls"
    await world.ok("GET", path)
    await world.emulator.advance(3601)
    response = await world.send("GET", path)
    assert (response.status_code, response.json()["code"]) == (403, "AuthPolicyFailed")
    assert response.json()["authorization_parameters"]["session_required_policies"] == [policy.id]
    submission = world.transfer(("/notes.md", "/n"), destination_endpoint=strict.id)
    assert await world.refused("POST", "/transfer", submission) == (403, "AuthPolicyFailed")
    headers = {"Authorization": f"Bearer {world.emulator.access_token()}"}
    assert (await world.http.get(f"/v0.10{path}", headers=headers)).status_code == 200


async def test_bookmarks(world: TransferWorld) -> None:
    """Bookmarks belong to one user and have unique names."""
    document = {"name": "home", "endpoint_id": world.lab.id, "path": "/data/"}
    made = await world.ok("POST", "/bookmark", document)
    assert made == {"DATA_TYPE": "bookmark", "id": made["id"], "pinned": False, **document}
    assert await world.refused("POST", "/bookmark", document) == (409, "Conflict")
    renamed = await world.ok("PUT", f"/bookmark/{made['id']}", {"name": "work", "pinned": True, "path": "/x"})
    assert (renamed["name"], renamed["pinned"], renamed["path"]) == ("work", True, "/data/")
    assert await world.ok("GET", f"/bookmark/{made['id']}") == renamed
    assert (await world.ok("GET", "/bookmark_list"))["DATA"] == [renamed]
    assert (await world.ok("GET", "/bookmark_list", by=world.bob))["DATA"] == []
    assert await world.refused("GET", f"/bookmark/{made['id']}", by=world.bob) == (404, "BookmarkNotFound")
    deleted = await world.ok("DELETE", f"/bookmark/{made['id']}")
    assert deleted["message"] == f"Bookmark '{made['id']}' deleted successfully"


async def test_v2_bookmarks(world: TransferWorld) -> None:
    """The same bookmarks as JSON:API documents, with pages."""

    def resource(name: str, path: str = "/data/") -> dict[str, Any]:
        place = {"collection": {"data": {"type": "Collection", "id": world.lab.id}}}
        return {"data": {"type": "Bookmark", "attributes": {"name": name, "path": path}, "relationships": place}}

    made = await world.send("POST", "/v2/bookmarks", resource("one"))
    assert made.status_code == 201
    name = made.json()["data"]["id"]
    read = await world.ok("GET", f"/v2/bookmarks/{name}")
    assert read["included"][0]["attributes"] == {"display_name": "Lab storage", "high_assurance": False}
    changed = {"data": {"type": "Bookmark", "attributes": {"path": "/new/"}}}
    assert (await world.ok("PATCH", f"/v2/bookmarks/{name}", changed))["data"]["attributes"]["path"] == "/new/"
    for number in range(4):
        await world.send("POST", "/v2/bookmarks", resource(f"more {number}"))
    names: list[str] = []
    link: str | None = "/v2/bookmarks?page[limit]=2"
    while link:
        page = await world.http.get(link, headers={"Authorization": f"Bearer {world.emulator.access_token()}"})
        names += [each["attributes"]["name"] for each in page.json()["data"]]
        link = page.json().get("links", {}).get("next")
    assert names == ["one", "more 0", "more 1", "more 2", "more 3"]
    assert len((await world.ok("GET", "/v2/bookmarks", include="collection"))["included"]) == 1
    assert await world.refused("POST", "/v2/bookmarks", {"data": {"type": "Bookmark"}}) == (422, "UnprocessableEntity")
    assert await world.refused("POST", "/v2/bookmarks", {}) == (422, "UnprocessableEntity")
    assert set(await world.ok("DELETE", f"/v2/bookmarks/{name}")) == {"meta"}
    assert await world.refused("GET", f"/v2/bookmarks/{name}") == (404, "BookmarkNotFound")


async def test_tunnels(world: TransferWorld) -> None:
    """A tunnel waits for the address of its listener, is active, is stopped, and only then deleted."""
    points = [world.emulator.add_stream_access_point(f"Point {n}", host_endpoint=world.lab.id) for n in range(2)]
    assert len((await world.ok("GET", "/v2/stream_access_points"))["data"]) == 2
    point = await world.ok("GET", f"/v2/stream_access_points/{points[0]}")
    assert point["data"]["attributes"]["display_name"] == "Point 0"
    ends = {
        name: {"data": {"type": "StreamAccessPoint", "id": point}}
        for name, point in zip(("initiator", "listener"), points, strict=True)
    }
    submission = str(uuid.uuid4())
    document = {
        "data": {"type": "Tunnel", "attributes": {"label": "t", "submission_id": submission}, "relationships": ends}
    }
    made = (await world.ok("POST", "/v2/tunnels", document))["data"]
    assert (made["attributes"]["state"], made["attributes"]["lifetime_mins"]) == ("AWAITING_LISTENER", 360)
    assert (await world.ok("POST", "/v2/tunnels", document))["data"]["id"] == made["id"]
    path = f"/v2/tunnels/{made['id']}"
    listener = {"data": {"type": "Tunnel", "attributes": {"listener_ip_address": "127.0.0.1", "listener_port": 5000}}}
    assert (await world.ok("PATCH", path, listener))["data"]["attributes"]["state"] == "ACTIVE"
    assert await world.refused("DELETE", path) == (409, "Conflict")
    stop = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
    assert (await world.ok("PATCH", path, stop))["data"]["attributes"]["state"] == "STOPPING"
    assert (await world.ok("GET", path))["data"]["attributes"]["state"] == "STOPPED"
    again = await world.ok("PATCH", path, stop)
    assert again["data"]["attributes"]["state"] == "STOPPED"
    assert [each["attributes"]["state"] for each in (await world.ok("GET", "/v2/tunnels"))["data"]] == ["STOPPED"]
    events = await world.ok("GET", f"{path}/events")
    assert [each["attributes"]["code"] for each in events["data"]] == ["STARTED", "TUNNEL_ACTIVE", "TUNNEL_STOPPED"]
    assert [each["id"] for each in (await world.ok("GET", "/v2/tunnels"))["data"]] == [made["id"]]
    assert await world.refused("GET", path, by=world.bob) == (404, "NotFound")
    bad = {"data": {"type": "Tunnel", "attributes": {"state": "RUNNING"}}}
    assert await world.refused("PATCH", path, bad) == (422, "UnprocessableEntity")
    assert (await world.ok("DELETE", path))["data"] is None
    assert await world.refused("GET", path) == (404, "NotFound")
