"""Collections, permissions, roles, servers, activation, bookmarks, tunnels: who may see and change what."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from globus_async.emulator.auth.models import Policy
from globus_async.testing import Collection, DirectoryStorage, MemoryStorage, Storage
from tests.emulator.transfer_stage import Stage, staged

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as set_up:
        yield set_up


@pytest.fixture
def share(stage: Stage) -> Collection:
    """A guest collection of Bob's on a directory of Ada's lab."""
    return stage.emulator.add_collection("Share", host=stage.lab, host_path="/data", owner=stage.bob)


async def test_endpoint_document(stage: Stage, share: Collection) -> None:
    """A collection is described with its owner, its host and the reader's roles."""
    document = await stage.ok("GET", f"/endpoint/{share.id.upper()}")
    assert document["id"] == share.id
    assert document["entity_type"] == "GCSv5_guest_collection"
    assert document["owner_string"] == "bob@example.org"
    assert (document["host_endpoint_id"], document["host_path"]) == (stage.lab.id, "/data/")
    assert document["my_effective_roles"] == ["restricted_administrator", "activity_manager", "activity_monitor"]
    assert (document["acl_available"], document["acl_editable"]) == (True, False)
    as_owner = await stage.ok("GET", f"/endpoint/{share.id}", by=stage.bob)
    assert as_owner["my_effective_roles"][0] == "administrator"
    assert as_owner["acl_editable"] is True
    assert await stage.ok("GET", f"/endpoint/{share.id}", fields="id,display_name") == {
        "DATA_TYPE": "endpoint",
        "id": share.id,
        "display_name": "Share",
    }


async def test_unknown_and_deleted(stage: Stage, share: Collection) -> None:
    """An unknown id is EndpointNotFound; after its deletion it is EndpointDeleted, with the guests on it."""
    assert await stage.refused("GET", f"/endpoint/{NOBODY}") == (404, "EndpointNotFound")
    assert await stage.refused("DELETE", f"/endpoint/{stage.lab.id}", by=stage.bob) == (403, "PermissionDenied")
    deleted = await stage.ok("DELETE", f"/endpoint/{stage.lab.id}")
    assert (deleted["code"], deleted["resource"]) == ("Deleted", f"/v0.10/endpoint/{stage.lab.id}")
    for collection in (stage.lab, share):
        assert await stage.refused("GET", f"/endpoint/{collection.id}") == (404, "EndpointDeleted")


async def test_update_endpoint(stage: Stage) -> None:
    """Administrators change what can be changed; the rest of the document is ignored."""
    path = f"/endpoint/{stage.lab.id}"
    changed = await stage.ok("PUT", path, {"display_name": "New", "description": "d", "owner_id": NOBODY, "id": NOBODY})
    assert (changed["code"], changed["message"]) == ("Updated", "Endpoint updated successfully")
    document = await stage.ok("GET", path)
    assert (document["display_name"], document["description"], document["id"]) == ("New", "d", stage.lab.id)
    assert await stage.refused("PUT", path, {"description": "x"}, by=stage.bob) == (403, "PermissionDenied")
    assert await stage.refused("PUT", path, {"public": "maybe"}) == (400, "BadRequest")
    assert await stage.refused("PUT", path, {"display_name": ""}) == (400, "BadRequest")


@pytest.mark.parametrize(
    "changes", [{"display_name": 5}, {"keywords": {"a": 1}}, {"description": ["x"]}, {"default_directory": 7}]
)
async def test_texts_of_a_collection_are_texts(stage: Stage, changes: dict[str, Any]) -> None:
    """What is no text is refused and changes nothing."""
    before = await stage.ok("GET", f"/endpoint/{stage.lab.id}")
    assert await stage.refused("PUT", f"/endpoint/{stage.lab.id}", changes) == (400, "BadRequest")
    assert await stage.ok("GET", f"/endpoint/{stage.lab.id}") == before
    await stage.ok("PUT", f"/endpoint/{stage.lab.id}", {"max_concurrency": 8, "description": None})


async def test_default_directory(stage: Stage) -> None:
    """A listing without a path begins in the default directory."""
    await stage.ok("PUT", f"/endpoint/{stage.lab.id}", {"default_directory": "/data/"})
    listed = await stage.ok("GET", f"/operation/endpoint/{stage.lab.id}/ls")
    assert (listed["path"], listed["length"]) == ("/data/", 4)


async def test_search(stage: Stage, share: Collection) -> None:
    """Words are found by their beginning in many fields, all must be; scopes and filters narrow the result."""
    stage.emulator.add_collection(
        "Genome sequences", storage=MemoryStorage(), keywords="biology,sequencing", public=False
    )
    bobs = stage.emulator.add_collection("Bob's laptop", owner=stage.bob, entity_type="GCP_mapped_collection")

    async def found(text: str | None = None, **params: Any) -> list[str]:
        query = {**({} if text is None else {"filter_fulltext": text}), **params}
        return [hit["display_name"] for hit in (await stage.ok("GET", "/endpoint_search", **query))["DATA"]]

    assert await found("lab") == ["Lab storage"]
    assert await found("stor LAB!") == ["Lab storage"]
    assert await found("lab nothing") == []
    assert await found("sequence") == ["Genome sequences"]
    assert await found("biolog") == ["Genome sequences"]
    assert await found("bob") == ["Bob's laptop", "Share"]
    assert await found("share", by=stage.eve) == ["Share"]
    assert await found(filter_scope="my-endpoints") == ["Archive", "Genome sequences", "Lab storage"]
    assert await found(filter_scope="my-endpoints", by=stage.bob) == ["Bob's laptop", "Share"]
    assert await found(filter_scope="shared-by-me", by=stage.bob) == ["Share"]
    assert await found(filter_scope="administered-by-me", by=stage.eve) == []
    assert await found(filter_owner_id=stage.bob.id) == ["Bob's laptop", "Share"]
    assert await found("b", filter_entity_type="GCP_mapped_collection") == ["Bob's laptop"]
    assert await found(filter_host_endpoint=stage.lab.id) == ["Share"]
    await stage.ok("GET", f"/operation/endpoint/{stage.lab.id}/ls")
    assert await found(filter_scope="recently-used") == ["Lab storage"]
    assert await found("storage", fields="display_name") == ["Lab storage"]
    assert bobs.storage is None
    for bad in (
        {},
        {"filter_scope": "everything"},
        {"filter_scope": "my-endpoints", "filter_owner_id": stage.bob.id},
        {"filter_fulltext": "x", "colour": "red"},
        {"filter_fulltext": "x", "filter_entity_type": "y", "filter_non_functional": "1"},
    ):
        assert await stage.refused("GET", "/endpoint_search", **bad) == (400, "BadRequest")


async def test_search_pages(stage: Stage) -> None:
    """Pages follow each other until there is no next one, and never beyond a thousand results."""
    for number in range(1100):
        stage.emulator.add_collection(f"Many {number:04}")
    first = await stage.ok("GET", "/endpoint_search", filter_fulltext="many", limit=1000)
    assert (first["limit"], first["offset"], first["has_next_page"], len(first["DATA"])) == (100, 0, True, 100)
    assert first["DATA"][0]["_rank"] > 0
    last = await stage.ok("GET", "/endpoint_search", filter_fulltext="many", offset=950)
    assert (last["has_next_page"], len(last["DATA"])) == (False, 50)


async def test_private_collections(stage: Stage) -> None:
    """A private collection is hidden from all but those who have to do with it."""
    private = stage.emulator.add_collection("Private", storage=MemoryStorage(), public=False, members=[stage.bob])
    await stage.ok("GET", f"/endpoint/{private.id}", by=stage.bob)
    await stage.ok("GET", f"/operation/endpoint/{private.id}/ls", by=stage.bob)
    for path in (f"/endpoint/{private.id}", f"/operation/endpoint/{private.id}/ls"):
        assert await stage.refused("GET", path, by=stage.eve) == (403, "PermissionDenied")


async def test_accounts_on_a_mapped_collection(stage: Stage) -> None:
    """Who has no account on a mapped collection sees it, but none of its files."""
    closed = stage.emulator.add_collection("Closed", storage=MemoryStorage(), members=[stage.bob])
    await stage.ok("GET", f"/endpoint/{closed.id}", by=stage.eve)
    refused = await stage.refused("GET", f"/operation/endpoint/{closed.id}/ls", by=stage.eve)
    assert refused == (403, "EndpointPermissionDenied")


async def test_permissions_are_enforced(stage: Stage, share: Collection) -> None:
    """A rule opens a directory to somebody, for reading or writing, until it ends or is taken away."""
    base, files = f"/endpoint/{share.id}", f"/operation/endpoint/{share.id}"
    rule = {"DATA_TYPE": "access", "principal_type": "identity", "principal": stage.eve.id, "path": "/deep/"}
    denied = (403, "EndpointPermissionDenied")
    assert await stage.refused("GET", f"{files}/ls", path="/deep", by=stage.eve) == denied
    made = await stage.ok("POST", f"{base}/access", {**rule, "permissions": "r"}, by=stage.bob)
    assert (made["DATA_TYPE"], made["code"]) == ("access_create_result", "Created")
    listed = await stage.ok("GET", f"{files}/ls", path="/deep/", by=stage.eve)
    assert [entry["name"] for entry in listed["DATA"]] == ["c.bin"]
    assert await stage.refused("GET", f"{files}/stat", path="/a.txt", by=stage.eve) == denied
    assert await stage.refused("POST", f"{files}/mkdir", {"path": "/deep/new"}, by=stage.eve) == denied
    document = await stage.ok("GET", f"{base}/access/{made['access_id']}", by=stage.bob)
    assert {key: document[key] for key in ("path", "permissions", "principal", "role_id")} == {
        "path": "/deep/",
        "permissions": "r",
        "principal": stage.eve.id,
        "role_id": None,
    }
    updated = await stage.ok("PUT", f"{base}/access/{made['access_id']}", {"permissions": "rw"}, by=stage.bob)
    assert updated["code"] == "Updated"
    await stage.ok("POST", f"{files}/mkdir", {"path": "/deep/new"}, by=stage.eve)
    await stage.ok("DELETE", f"{base}/access/{made['access_id']}", by=stage.bob)
    assert await stage.refused("GET", f"{base}/access/{made['access_id']}", by=stage.bob) == (404, "AccessRuleNotFound")


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


async def test_links_do_not_lead_around_permissions(stage: Stage, storage: Storage) -> None:
    """A link in a directory that is open to somebody opens nothing else, whoever made it."""
    share = stage.emulator.add_collection("Share", storage=storage, entity_type="GCP_guest_collection")
    rule = {"principal_type": "identity", "principal": stage.eve.id, "path": "/open/", "permissions": "rw"}
    await stage.ok("POST", f"/endpoint/{share.id}/access", rule)
    base = f"/operation/endpoint/{share.id}"
    for path, target in (("/open/dir", "/closed"), ("/open/doc", "../closed/file"), ("/open/fine", "file")):
        await stage.ok("POST", f"{base}/symlink", {"symlink_target": target, "path": path}, by=stage.eve)
    denied = (403, "EndpointPermissionDenied")
    for path in ("/open/dir", "/open/doc", "/open/dir/file"):
        assert await stage.refused("GET", f"{base}/stat", path=path, by=stage.eve) == denied
    assert await stage.refused("GET", f"{base}/ls", path="/open/dir", by=stage.eve) == denied
    assert await stage.refused("POST", f"{base}/mkdir", {"path": "/open/dir/new"}, by=stage.eve) == denied
    listed = await stage.ok("GET", f"{base}/ls", path="/open", by=stage.eve)
    kinds = {entry["name"]: entry["type"] for entry in listed["DATA"]}
    assert kinds == {"dir": "invalid_symlink", "doc": "invalid_symlink", "fine": "file", "file": "file"}
    document = stage.transfer(("/open/doc", "/stolen"), source_endpoint=share.id)
    task_id = await stage.submit(document, by=stage.eve)
    back = stage.transfer(("/notes.md", "/open/doc"), destination_endpoint=share.id)
    await stage.submit(back, by=stage.eve)
    await stage.emulator.advance(2)
    assert (await stage.ok("GET", f"/task/{task_id}", by=stage.eve))["nice_status"] == "PERMISSION_DENIED"
    assert stage.archive_files.tree() == {}
    assert await asyncio.to_thread(content, storage, "closed", "file") == b"closed"
    as_owner = await stage.ok("GET", f"{base}/stat", path="/open/dir/file")
    assert as_owner["size"] == 6


async def test_permissions_of_groups_and_everybody(stage: Stage, share: Collection) -> None:
    """Rules may be for a group, for all who are logged in, and for everybody, and may end by themselves."""
    files = f"/operation/endpoint/{share.id}/ls"
    denied = (403, "EndpointPermissionDenied")
    group = stage.emulator.add_group([stage.eve])
    for kind, principal in (("group", group), ("all_authenticated_users", ""), ("anonymous", "")):
        assert await stage.refused("GET", files, path="/", by=stage.eve) == denied
        rule = {"principal_type": kind, "principal": principal, "path": "/", "permissions": "r"}
        made = await stage.ok("POST", f"/endpoint/{share.id}/access", rule, by=stage.bob)
        await stage.ok("GET", files, by=stage.eve)
        await stage.ok("DELETE", f"/endpoint/{share.id}/access/{made['access_id']}", by=stage.bob)
    ends = {"principal_type": "identity", "principal": stage.eve.id, "path": "/", "permissions": "r"}
    ends["expiration_date"] = "2027-01-16T00:00:00+00:00"
    await stage.ok("POST", f"/endpoint/{share.id}/access", ends, by=stage.bob)
    await stage.ok("GET", files, by=stage.eve)
    await stage.emulator.advance(2 * 86_400)
    assert await stage.refused("GET", files, by=stage.eve) == denied


async def test_bad_permissions(stage: Stage, share: Collection) -> None:
    """Rules that make no sense are refused, and so are rules on what goes by accounts."""
    rule = {"principal_type": "identity", "principal": stage.eve.id, "path": "/", "permissions": "r"}
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
        assert await stage.refused("POST", path, {**rule, **change}, by=stage.bob) == (400, "BadRequest")
    await stage.ok("POST", path, rule, by=stage.bob)
    assert await stage.refused("POST", path, rule, by=stage.bob) == (409, "Exists")
    assert await stage.refused("POST", path, rule, by=stage.eve) == (403, "PermissionDenied")
    assert await stage.refused("POST", f"/endpoint/{stage.lab.id}/access", rule) == (409, "Conflict")
    listed = await stage.ok("GET", f"/endpoint/{share.id}/access_list", by=stage.bob)
    assert (listed["length"], listed["endpoint"]) == (2, share.id)
    assert [each["role_type"] for each in listed["DATA"]] == ["administrator", None]


async def test_permissions_hold_for_tasks(stage: Stage, share: Collection) -> None:
    """A transfer reads and writes only where its owner may."""
    rule = {"principal_type": "identity", "principal": stage.eve.id, "path": "/deep/", "permissions": "r"}
    await stage.ok("POST", f"/endpoint/{share.id}/access", rule, by=stage.bob)
    document = stage.transfer(("/deep/c.bin", "/c"), ("/a.txt", "/a"), source_endpoint=share.id)
    task_id = await stage.submit(document, by=stage.eve)
    await stage.emulator.advance(1)
    task = await stage.ok("GET", f"/task/{task_id}", by=stage.eve)
    assert (task["status"], task["nice_status"], task["files_transferred"]) == ("ACTIVE", "PERMISSION_DENIED", 1)
    assert set(stage.archive_files.tree()) == {"c"}


async def test_roles(stage: Stage) -> None:
    """Administrators give and take roles; the owner's own cannot be taken."""
    path = f"/endpoint/{stage.lab.id}"
    made = await stage.ok("POST", f"{path}/role", {"principal": stage.bob.id, "role": "activity_manager"})
    assert {key: made[key] for key in ("DATA_TYPE", "principal_type", "role")} == {
        "DATA_TYPE": "role",
        "principal_type": "identity",
        "role": "activity_manager",
    }
    assert await stage.ok("GET", f"{path}/role/{made['id']}") == made
    listed = await stage.ok("GET", f"{path}/role_list", by=stage.bob)
    assert [each["role"] for each in listed["DATA"]] == ["administrator", "activity_manager"]
    document = await stage.ok("GET", path, by=stage.bob)
    assert document["my_effective_roles"] == ["activity_manager", "activity_monitor"]
    assert await stage.refused("GET", f"{path}/role_list", by=stage.eve) == (403, "PermissionDenied")
    assert await stage.refused("POST", f"{path}/role", {"principal": "x", "role": "administrator"}) == (
        400,
        "BadRequest",
    )
    assert await stage.refused("POST", f"{path}/role", {"principal": stage.eve.id, "role": "king"}) == (
        400,
        "BadRequest",
    )
    assert (await stage.ok("DELETE", f"{path}/role/{made['id']}"))["code"] == "Deleted"
    assert await stage.refused("GET", f"{path}/role/{made['id']}") == (404, "RoleNotFound")
    owners = listed["DATA"][0]["id"]
    assert await stage.refused("DELETE", f"{path}/role/{owners}") == (409, "Conflict")


async def test_created_endpoints(stage: Stage) -> None:
    """A Connect Personal endpoint has a setup key that only its administrator sees, and is offline until connected."""
    made = await stage.ok("POST", "/endpoint", {"display_name": "Laptop", "is_globus_connect": True})
    assert (made["DATA_TYPE"], made["code"]) == ("endpoint_create_result", "Created")
    assert made["globus_connect_setup_key"]
    assert made["canonical_name"].endswith(f"#{made['id']}")
    collection = stage.emulator.transfer.collections[made["id"]]
    collection.fields["public"] = True
    assert (await stage.ok("GET", f"/endpoint/{made['id']}"))["globus_connect_setup_key"]
    assert (await stage.ok("GET", f"/endpoint/{made['id']}", by=stage.bob))["globus_connect_setup_key"] is None
    offline = await stage.refused("GET", f"/operation/endpoint/{made['id']}/ls")
    assert offline == (502, "ExternalError.DirListingFailed.GCDisconnected")
    submitted = await stage.refused("POST", "/transfer", stage.transfer(("/a", "/a"), source_endpoint=made["id"]))
    assert submitted == (409, "GCDisconnectedException")
    collection.storage = MemoryStorage({"a": "1"})
    assert (await stage.ok("GET", f"/operation/endpoint/{made['id']}/ls"))["length"] == 1


async def test_shared_endpoints(stage: Stage) -> None:
    """A guest collection is made on a directory, once; it sees that directory as its root."""
    document = {"host_endpoint": stage.lab.id, "host_path": "/~/data/", "display_name": "S"}
    made = await stage.ok("POST", "/shared_endpoint", document)
    assert (made["code"], made["message"]) == ("Created", "Shared endpoint created")
    listed = await stage.ok("GET", f"/operation/endpoint/{made['id']}/ls")
    assert [entry["name"] for entry in listed["DATA"]] == [".hidden", "a.txt", "b.txt", "deep"]
    again = await stage.send("POST", "/shared_endpoint", document)
    assert "already exists" in again.json()["message"]
    assert await stage.refused("POST", "/shared_endpoint", {**document, "host_path": "/none"}) == (
        404,
        "ClientError.NotFound",
    )
    assert await stage.refused("POST", "/shared_endpoint", {**document, "host_endpoint": made["id"]}) == (
        409,
        "Conflict",
    )
    mine = await stage.ok("GET", f"/endpoint/{stage.lab.id}/my_shared_endpoint_list")
    assert [each["id"] for each in mine["DATA"]] == [made["id"]]
    assert (await stage.ok("GET", f"/endpoint/{stage.lab.id}/my_shared_endpoint_list", by=stage.bob))["DATA"] == []
    for number in range(4):
        stage.emulator.add_collection(f"Guest {number}", host=stage.lab, host_path="/empty")
    ids: list[str] = []
    token: str | None = None
    while True:
        params = {"max_results": 2, **({"next_token": token} if token else {})}
        page = await stage.ok("GET", f"/endpoint/{stage.lab.id}/shared_endpoint_list", **params)
        ids += [each["id"] for each in page["shared_endpoints"]]
        token = page["next_token"]
        if token is None:
            break
    assert (len(ids), len(set(ids))) == (5, 5)


async def test_subscriptions(stage: Stage) -> None:
    """A collection is put under a subscription by its administrator, and vouched for by the subscription's."""
    path = f"/endpoint/{stage.lab.id}"
    verify = {"subscription_admin_verified": True}
    assert await stage.refused("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"}) == (400, "BadRequest")
    mine = stage.emulator.add_subscription(members=[stage.ada], admins=[stage.bob])
    assert await stage.refused("PUT", f"{path}/subscription_admin_verified", verify) == (400, "BadRequest")
    assert (await stage.ok("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"}))["code"] == "Updated"
    assert (await stage.ok("GET", path))["subscription_id"] == mine
    assert await stage.refused("PUT", f"{path}/subscription_admin_verified", verify) == (403, "PermissionDenied")
    assert await stage.refused("PUT", f"{path}/subscription_admin_verified", {}, by=stage.bob) == (400, "BadRequest")
    await stage.ok("PUT", f"{path}/subscription_admin_verified", verify, by=stage.bob)
    assert (await stage.ok("GET", path))["subscription_admin_verified"] is True
    other = stage.emulator.add_subscription(members=[stage.ada])
    ambiguous = await stage.send("PUT", f"{path}/subscription", {"subscription_id": "DEFAULT"})
    assert other in ambiguous.json()["message"]
    assert await stage.refused("PUT", f"{path}/subscription", {"subscription_id": NOBODY}) == (403, "PermissionDenied")
    await stage.ok("PUT", f"{path}/subscription", {"subscription_id": None})
    assert (await stage.ok("GET", path))["subscription_id"] is None


async def test_servers(stage: Stage) -> None:
    """Servers of an old kind of endpoint are added, changed and deleted; those of others cannot be."""
    made = await stage.ok("POST", "/endpoint", {"display_name": "Old", "DATA": [{"hostname": "one.example.org"}]})
    path = f"/endpoint/{made['id']}"
    added = await stage.ok("POST", f"{path}/server", {"hostname": "two.example.org", "port": 2812})
    assert (added["DATA_TYPE"], added["code"]) == ("endpoint_server_add_result", "Created")
    listed = await stage.ok("GET", f"{path}/server_list")
    assert [each["hostname"] for each in listed["DATA"]] == ["one.example.org", "two.example.org"]
    await stage.ok("PUT", f"{path}/server/{added['id']}", {"subject": "/CN=two"})
    server = await stage.ok("GET", f"{path}/server/{added['id']}")
    assert (server["uri"], server["subject"]) == ("gsiftp://two.example.org:2812", "/CN=two")
    assert (await stage.ok("DELETE", f"{path}/server/{added['id']}"))["code"] == "Deleted"
    gone = await stage.refused("GET", f"{path}/server/{added['id']}")
    assert gone == (404, "ClientError.NotFound.ServerNotFound")
    assert await stage.refused("POST", f"/endpoint/{stage.lab.id}/server", {"hostname": "x"}) == (409, "Conflict")


async def test_activation(stage: Stage) -> None:
    """Endpoints of today activate by themselves; an old one wants credentials, and refuses work without them."""
    path = f"/endpoint/{stage.lab.id}"
    assert (await stage.ok("POST", f"{path}/autoactivate"))["code"] == "AutoActivated.GlobusOnlineCredential"
    assert (await stage.ok("POST", f"{path}/autoactivate"))["code"] == "AlreadyActivated"
    needs = await stage.ok("GET", f"{path}/activation_requirements")
    assert (needs["activated"], needs["expires_in"], needs["DATA"]) == (True, -1, [])
    assert (await stage.ok("POST", f"{path}/deactivate"))["code"] == "Deactivated"

    made = await stage.ok("POST", "/endpoint", {"display_name": "Old", "myproxy_server": "proxy.example.org"})
    old = f"/endpoint/{made['id']}"
    stage.emulator.transfer.collections[made["id"]].storage = MemoryStorage({"a": "1"})
    listing = f"/operation/endpoint/{made['id']}/ls"
    assert await stage.refused("GET", listing) == (400, "ClientError.ActivationRequired")
    submission = stage.transfer(("/a", "/a"), source_endpoint=made["id"])
    assert await stage.refused("POST", "/transfer", submission) == (409, "NoCredException")
    failed = await stage.ok("POST", f"{old}/autoactivate", if_expires_in=3600)
    assert (failed["code"], failed["length"]) == ("AutoActivationFailed", 3)
    filled = {"DATA_TYPE": "activation_requirements", "DATA": [{**each, "value": "x"} for each in failed["DATA"]]}
    assert await stage.refused("POST", f"{old}/activate", {"DATA": []}) == (400, "ClientError.BadRequest")
    activated = await stage.ok("POST", f"{old}/activate", filled)
    assert activated["expires_in"] == 12 * 3600
    assert (await stage.ok("GET", old))["activated"] is True
    await stage.ok("GET", listing)
    assert (await stage.ok("POST", f"{old}/autoactivate", if_expires_in=60))["code"] == "AlreadyActivated"
    await stage.emulator.advance(13 * 3600)
    assert await stage.refused("GET", listing) == (400, "ClientError.ActivationRequired")


async def test_data_access_consent(stage: Stage) -> None:
    """A collection may want a consent of its own; the refusal says which, in both forms."""
    mapped = stage.emulator.add_collection("Mapped", storage=MemoryStorage({"a": "1"}), needs_data_access=True)
    answer = await stage.send("GET", f"/operation/endpoint/{mapped.id}/ls")
    document = answer.json()
    scope = f"https://auth.globus.org/scopes/{mapped.id}/data_access"
    required = [f"urn:globus:auth:scope:transfer.api.globus.org:all[*{scope}]"]
    assert (answer.status_code, document["code"]) == (403, "ConsentRequired")
    assert document["required_scopes"] == document["authorization_parameters"]["required_scopes"] == required
    token = stage.emulator.access_token(scopes=required)
    headers = {"Authorization": f"Bearer {token}"}
    listed = await stage.http.get(f"/v0.10/operation/endpoint/{mapped.id}/ls", headers=headers)
    assert listed.json()["length"] == 1


async def test_authentication_policies(stage: Stage) -> None:
    """A collection may ask for a login of a certain kind; the refusal says which policy, and a login satisfies it."""
    policy = Policy(str(uuid.uuid4()), str(uuid.uuid4()), "Recent", "", True, 3600)
    stage.emulator.auth.registry.policies[policy.id] = policy
    strict = stage.emulator.add_collection("Strict", storage=MemoryStorage(), authentication_policy_id=policy.id)
    path = f"/operation/endpoint/{strict.id}/ls"
    await stage.ok("GET", path)
    await stage.emulator.advance(3601)
    answer = await stage.send("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (403, "AuthPolicyFailed")
    assert answer.json()["authorization_parameters"]["session_required_policies"] == [policy.id]
    submission = stage.transfer(("/notes.md", "/n"), destination_endpoint=strict.id)
    assert await stage.refused("POST", "/transfer", submission) == (403, "AuthPolicyFailed")
    headers = {"Authorization": f"Bearer {stage.emulator.access_token()}"}
    assert (await stage.http.get(f"/v0.10{path}", headers=headers)).status_code == 200


async def test_bookmarks(stage: Stage) -> None:
    """Bookmarks are a user's own, with unique names."""
    document = {"name": "home", "endpoint_id": stage.lab.id, "path": "/data/"}
    made = await stage.ok("POST", "/bookmark", document)
    assert made == {"DATA_TYPE": "bookmark", "id": made["id"], "pinned": False, **document}
    assert await stage.refused("POST", "/bookmark", document) == (409, "Conflict")
    renamed = await stage.ok("PUT", f"/bookmark/{made['id']}", {"name": "work", "pinned": True, "path": "/x"})
    assert (renamed["name"], renamed["pinned"], renamed["path"]) == ("work", True, "/data/")
    assert await stage.ok("GET", f"/bookmark/{made['id']}") == renamed
    assert (await stage.ok("GET", "/bookmark_list"))["DATA"] == [renamed]
    assert (await stage.ok("GET", "/bookmark_list", by=stage.bob))["DATA"] == []
    assert await stage.refused("GET", f"/bookmark/{made['id']}", by=stage.bob) == (404, "BookmarkNotFound")
    deleted = await stage.ok("DELETE", f"/bookmark/{made['id']}")
    assert deleted["message"] == f"Bookmark '{made['id']}' deleted successfully"


async def test_v2_bookmarks(stage: Stage) -> None:
    """The same bookmarks in the form of JSON:API, page by page."""

    def resource(name: str, path: str = "/data/") -> dict[str, Any]:
        place = {"collection": {"data": {"type": "Collection", "id": stage.lab.id}}}
        return {"data": {"type": "Bookmark", "attributes": {"name": name, "path": path}, "relationships": place}}

    made = await stage.send("POST", "/v2/bookmarks", resource("one"))
    assert made.status_code == 201
    name = made.json()["data"]["id"]
    read = await stage.ok("GET", f"/v2/bookmarks/{name}")
    assert read["included"][0]["attributes"] == {"display_name": "Lab storage", "high_assurance": False}
    changed = {"data": {"type": "Bookmark", "attributes": {"path": "/new/"}}}
    assert (await stage.ok("PATCH", f"/v2/bookmarks/{name}", changed))["data"]["attributes"]["path"] == "/new/"
    for number in range(4):
        await stage.send("POST", "/v2/bookmarks", resource(f"more {number}"))
    names: list[str] = []
    link: str | None = "/v2/bookmarks?page[limit]=2"
    while link:
        page = await stage.http.get(link, headers={"Authorization": f"Bearer {stage.emulator.access_token()}"})
        names += [each["attributes"]["name"] for each in page.json()["data"]]
        link = page.json().get("links", {}).get("next")
    assert names == ["one", "more 0", "more 1", "more 2", "more 3"]
    assert len((await stage.ok("GET", "/v2/bookmarks", include="collection"))["included"]) == 1
    assert await stage.refused("POST", "/v2/bookmarks", {"data": {"type": "Bookmark"}}) == (422, "UnprocessableEntity")
    assert await stage.refused("POST", "/v2/bookmarks", {}) == (422, "UnprocessableEntity")
    assert set(await stage.ok("DELETE", f"/v2/bookmarks/{name}")) == {"meta"}
    assert await stage.refused("GET", f"/v2/bookmarks/{name}") == (404, "BookmarkNotFound")


async def test_tunnels(stage: Stage) -> None:
    """A tunnel waits for its listener, runs once that is known, and stops when it is asked to."""
    points = [stage.emulator.add_stream_access_point(f"Point {n}", host_endpoint=stage.lab.id) for n in range(2)]
    assert len((await stage.ok("GET", "/v2/stream_access_points"))["data"]) == 2
    point = await stage.ok("GET", f"/v2/stream_access_points/{points[0]}")
    assert point["data"]["attributes"]["display_name"] == "Point 0"
    ends = {
        name: {"data": {"type": "StreamAccessPoint", "id": point}}
        for name, point in zip(("initiator", "listener"), points, strict=True)
    }
    submission = str(uuid.uuid4())
    document = {
        "data": {"type": "Tunnel", "attributes": {"label": "t", "submission_id": submission}, "relationships": ends}
    }
    made = (await stage.ok("POST", "/v2/tunnels", document))["data"]
    assert (made["attributes"]["state"], made["attributes"]["lifetime_mins"]) == ("AWAITING_LISTENER", 360)
    assert (await stage.ok("POST", "/v2/tunnels", document))["data"]["id"] == made["id"]
    path = f"/v2/tunnels/{made['id']}"
    listener = {"data": {"type": "Tunnel", "attributes": {"listener_ip_address": "127.0.0.1", "listener_port": 5000}}}
    assert (await stage.ok("PATCH", path, listener))["data"]["attributes"]["state"] == "RUNNING"
    stop = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
    assert (await stage.ok("PATCH", path, stop))["data"]["attributes"]["state"] == "STOPPING"
    events = await stage.ok("GET", f"{path}/events")
    assert [each["attributes"]["code"] for each in events["data"]] == ["STARTED", "TUNNEL_ACTIVE", "TUNNEL_STOPPED"]
    assert [each["id"] for each in (await stage.ok("GET", "/v2/tunnels"))["data"]] == [made["id"]]
    assert await stage.refused("GET", path, by=stage.bob) == (404, "NotFound")
    bad = {"data": {"type": "Tunnel", "attributes": {"state": "RUNNING"}}}
    assert await stage.refused("PATCH", path, bad) == (422, "UnprocessableEntity")
    assert (await stage.ok("DELETE", path))["data"] is None
    assert await stage.refused("GET", path) == (404, "NotFound")
