"""Every method of the Transfer clients of the unmodified official SDK, against the emulator on a socket."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import globus_sdk
import pytest
from globus_sdk.experimental import TransferClientV2
from globus_sdk.experimental.transfer_v2.data import (
    BookmarkCreateDocument,
    BookmarkUpdateDocument,
    TunnelCreateDocument,
    TunnelUpdateDocument,
)
from globus_sdk.services.transfer import CreateTunnelData

from globus_async.emulator.kit.directory import Identity
from globus_async.testing import Collection, GlobusEmulator, LoopbackServer, MemoryStorage

pytestmark = pytest.mark.slow

NO_REQUEST = {"add_app_data_access_scope"}
"""Methods that send no request."""


class Counting:
    """A client that records the names of the called methods."""

    def __init__(self, client: Any, called: set[str]) -> None:
        self._client = client
        self._called = called

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        @functools.wraps(method)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._called.add(name)
            return method(*args, **kwargs)

        return counted


class World:
    """An emulator on a socket with identities, and official clients for them."""

    def __init__(self, emulator: GlobusEmulator, server: LoopbackServer) -> None:
        self.emulator = emulator
        self.server = server
        self.ada = emulator.add_identity("ada@example.org")
        self.bob = emulator.add_identity("bob@example.org")
        self.lab_files = MemoryStorage({"data/a.txt": "one", "data/b.txt": "two", "c.txt": "three"})
        self.lab = emulator.add_collection(
            "Lab storage", storage=self.lab_files, entity_type="GCP_mapped_collection", is_globus_connect=True
        )
        self.archive = emulator.add_collection("Archive", storage=MemoryStorage())
        self.share = emulator.add_collection("Share", host=self.lab, host_path="/data")
        self.called: set[str] = set()
        self.clients: list[Any] = []

    def client(self, identity: Identity | None = None, kind: Callable[..., Any] = globus_sdk.TransferClient) -> Any:
        return Counting(self.plain_client(identity, kind), self.called)

    def plain_client(
        self, identity: Identity | None = None, kind: Callable[..., Any] = globus_sdk.TransferClient
    ) -> Any:
        token = self.emulator.access_token(identity or self.ada)
        self.clients.append(kind(authorizer=globus_sdk.AccessTokenAuthorizer(token)))
        return self.clients[-1]

    def submit(self, tc: Any, source: str, target: str, **options: Any) -> str:
        data = globus_sdk.TransferData(self.lab.id, self.archive.id, **options)
        data.add_item(source, target)
        return str(tc.submit_transfer(data)["task_id"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    emulator = GlobusEmulator()
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        made = World(emulator, server)
        yield made
        for client in made.clients:
            client.close()
        assert emulator.unknown_paths == {}


def methods_of(client: type) -> set[str]:
    return {
        name for name, value in vars(client).items() if isinstance(value, FunctionType) and not name.startswith("_")
    }


def test_every_method(world: World, summary: Callable[[str], None]) -> None:
    """Each method of TransferClient is called, with documented responses."""
    tc = world.client()
    collections(world, tc)
    permissions(world, tc)
    files(world, tc)
    tasks(world, tc)
    manager(world, tc)
    streams(world, tc)
    wanted = methods_of(globus_sdk.TransferClient) - NO_REQUEST
    missing = wanted - world.called
    summary(f"globus-sdk {globus_sdk.__version__}: {len(wanted)} methods of TransferClient")
    assert missing == set()


def collections(world: World, tc: Any) -> None:
    lab = world.lab.id
    assert tc.get_endpoint(lab)["display_name"] == "Lab storage"
    assert tc.update_endpoint(lab, {"description": "new"})["code"] == "Updated"
    assert [hit["id"] for hit in tc.endpoint_search("lab", filter_scope="my-endpoints")] == [lab]
    assert [each["id"] for each in tc.my_shared_endpoint_list(lab)] == [world.share.id]
    assert [each["id"] for each in tc.get_shared_endpoint_list(lab)] == [world.share.id]
    document = {"host_endpoint": lab, "host_path": "/", "display_name": "All"}
    made = tc.create_shared_endpoint(document)["id"]
    assert tc.delete_endpoint(made)["code"] == "Deleted"
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        tc.get_endpoint(made)
    assert (caught.value.http_status, caught.value.code) == (404, "EndpointDeleted")
    assert len(caught.value.request_id or "") == 9
    assert list(tc.endpoint_server_list(lab)) == []
    old = Collection(str(uuid.uuid4()), world.ada.id, {**world.lab.fields, "entity_type": "GCSv4_host"})
    old.servers[7] = {"DATA_TYPE": "server", "id": 7, "hostname": "h"}
    world.emulator.transfer.collections[old.id] = old
    assert tc.get_endpoint_server(old.id, 7)["hostname"] == "h"
    assert tc.set_subscription_id(lab, None)["code"] == "Updated"
    subscription = world.emulator.add_subscription(admins=[world.ada])
    tc.set_subscription_id(lab, "DEFAULT")
    assert tc.get_endpoint(lab)["subscription_id"] == subscription
    assert tc.set_subscription_admin_verified(lab, True)["code"] == "Updated"
    bookmark = tc.create_bookmark({"name": "b", "endpoint_id": lab, "path": "/data/"})["id"]
    assert tc.get_bookmark(bookmark)["path"] == "/data/"
    assert tc.update_bookmark(bookmark, {"name": "c"})["name"] == "c"
    assert [each["name"] for each in tc.bookmark_list()] == ["c"]
    assert tc.delete_bookmark(bookmark)["code"] == "Deleted"


def permissions(world: World, tc: Any) -> None:
    share = world.share.id
    role = tc.add_endpoint_role(
        share, {"principal_type": "identity", "principal": world.bob.id, "role": "access_manager"}
    )
    assert tc.get_endpoint_role(share, role["id"])["role"] == "access_manager"
    assert len(list(tc.endpoint_role_list(share))) == 2
    assert tc.delete_endpoint_role(share, role["id"])["code"] == "Deleted"
    rule = {
        "DATA_TYPE": "access",
        "principal_type": "identity",
        "principal": world.bob.id,
        "path": "/",
        "permissions": "r",
    }
    made = tc.add_endpoint_acl_rule(share, rule)["access_id"]
    assert tc.get_endpoint_acl_rule(share, made)["permissions"] == "r"
    assert tc.update_endpoint_acl_rule(share, made, {"permissions": "rw"})["code"] == "Updated"
    assert len(list(tc.endpoint_acl_list(share))) == 2
    assert [entry["name"] for entry in world.client(world.bob).operation_ls(share)] == ["a.txt", "b.txt"]
    assert tc.delete_endpoint_acl_rule(share, made)["code"] == "Deleted"


def files(world: World, tc: Any) -> None:
    lab = world.lab.id
    assert tc.operation_mkdir(lab, "/new")["code"] == "DirectoryCreated"
    assert tc.operation_rename(lab, "/new", "/renamed")["code"] == "FileRenamed"
    assert tc.operation_stat(lab, "/renamed")["type"] == "dir"
    listed = tc.operation_ls(lab, "/", filter={"type": "file"}, orderby=["size DESC"], limit=1, show_hidden=False)
    assert [entry["name"] for entry in listed] == ["c.txt"]


def tasks(world: World, tc: Any) -> None:
    assert uuid.UUID(tc.get_submission_id()["value"]).version == 1
    data = globus_sdk.TransferData(
        world.lab.id, world.archive.id, sync_level="checksum", verify_checksum=True, label="x"
    )
    data.add_item("/data/", "/data/", recursive=True)
    data.add_filter_rule("b.*", method="exclude", type="file")
    accepted = tc.submit_transfer(data)
    assert tc.submit_transfer(data)["code"] == "Duplicate"
    task_id = accepted["task_id"]
    assert tc.task_wait(task_id, timeout=5, polling_interval=1)
    task = tc.get_task(task_id)
    assert (task["status"], task["sync_level"], task["files"]) == ("SUCCEEDED", 3, 1)
    assert [each["code"] for each in tc.task_event_list(task_id)] == ["SUCCEEDED", "STARTED"]
    assert [each["source_path"] for each in tc.task_successful_transfers(task_id)] == ["/data/a.txt"]
    assert list(tc.task_skipped_errors(task_id)) == []
    assert tc.cancel_task(task_id)["code"] == "TaskComplete"
    removal = globus_sdk.DeleteData(world.lab.id, recursive=True)
    removal.add_item("/renamed")
    assert tc.task_wait(tc.submit_delete(removal)["task_id"], timeout=5, polling_interval=1)
    stuck = world.submit(tc, "/nothing", "/n", label="stuck")
    assert tc.update_task(stuck, {"label": "very"})["code"] == "Updated"
    assert tc.task_pause_info(stuck)["pause_rules"] == []
    listed = tc.task_list(filter={"type": ["TRANSFER", "DELETE"]}, orderby="request_time DESC", limit=2)
    assert [each["label"] for each in listed] == ["very", None]
    assert tc.cancel_task(stuck)["code"] == "Canceled"


def manager(world: World, tc: Any) -> None:
    lab = world.lab.id
    stuck = world.submit(world.client(world.bob), "/nothing", "/m")
    assert {each["id"] for each in tc.endpoint_manager_monitored_endpoints()} >= {lab}
    assert [each["id"] for each in tc.endpoint_manager_hosted_endpoint_list(lab)] == [world.share.id]
    assert tc.endpoint_manager_get_endpoint(lab)["in_use"] is None
    assert len(list(tc.endpoint_manager_acl_list(world.share.id))) == 1
    listed = tc.endpoint_manager_task_list(filter_status=["ACTIVE"], filter_endpoint=lab, filter_is_paused=False)
    assert [each["task_id"] for each in listed] == [stuck]
    assert tc.endpoint_manager_get_task(stuck)["owner_string"] == "bob@example.org"
    assert all(each["is_error"] for each in tc.endpoint_manager_task_event_list(stuck, filter_is_error=True))
    rule = tc.endpoint_manager_create_pause_rule({"endpoint_id": lab, "message": "closed"})["id"]
    assert tc.endpoint_manager_get_pause_rule(rule)["message"] == "closed"
    assert tc.endpoint_manager_update_pause_rule(rule, {"message": "shut"})["message"] == "shut"
    assert [each["id"] for each in tc.endpoint_manager_pause_rule_list(filter_endpoint=lab)] == [rule]
    assert [each["id"] for each in tc.my_effective_pause_rule_list(lab)] == [rule]
    assert len(tc.endpoint_manager_task_pause_info(stuck)["pause_rules"]) == 1
    assert tc.endpoint_manager_delete_pause_rule(rule)["code"] == "Deleted"
    assert tc.endpoint_manager_pause_tasks([stuck], "wait")["code"] == "PauseAccepted"
    assert tc.endpoint_manager_resume_tasks([stuck])["code"] == "ResumeAccepted"
    assert list(tc.endpoint_manager_task_successful_transfers(stuck)) == []
    assert list(tc.endpoint_manager_task_skipped_errors(stuck)) == []
    cancel = tc.endpoint_manager_cancel_tasks([stuck], "over")
    assert tc.endpoint_manager_cancel_status(cancel["id"])["done"] is True


def streams(world: World, tc: Any) -> None:
    points = [world.emulator.add_stream_access_point(f"P{n}", host_endpoint=world.lab.id) for n in range(2)]
    assert tc.get_stream_access_point(points[0])["data"]["id"] == points[0]
    tunnel = tc.create_tunnel(CreateTunnelData(*points, label="t"))["data"]["id"]
    assert tc.get_tunnel(tunnel)["data"]["attributes"]["label"] == "t"
    assert [each["id"] for each in tc.list_tunnels()] == [tunnel]
    change = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
    assert tc.update_tunnel(tunnel, change)["data"]["attributes"]["state"] == "STOPPING"
    assert len(list(tc.get_tunnel_events(tunnel)["data"])) == 2
    tc.delete_tunnel(tunnel)


def test_every_method_of_v2(world: World, summary: Callable[[str], None]) -> None:
    """Each method of the experimental client of v2 is called."""
    tc = world.client(kind=TransferClientV2)
    points = [world.emulator.add_stream_access_point(f"P{n}", host_endpoint=world.lab.id) for n in range(2)]
    assert tc.get_stream_access_point(points[0])["data"]["id"] == points[0]
    assert len(list(tc.list_stream_access_points())) == 2
    tunnel = tc.create_tunnel(TunnelCreateDocument(*points, label="t"))["data"]["id"]
    assert tc.get_tunnel(tunnel)["data"]["attributes"]["lifetime_mins"] == 360
    tc.update_tunnel(tunnel, TunnelUpdateDocument(state="STOPPING"))
    assert [each["attributes"]["code"] for each in tc.get_tunnel_events(tunnel)] == ["STARTED", "TUNNEL_STOPPED"]
    assert [each["id"] for each in tc.list_tunnels()] == [tunnel]
    tc.delete_tunnel(tunnel)
    made = tc.create_bookmark(BookmarkCreateDocument(world.lab.id, "b", "/data/"))
    assert made.http_status == 201
    bookmark = made["data"]["id"]
    tc.update_bookmark(bookmark, BookmarkUpdateDocument("c", "/x/"))
    assert tc.get_bookmark(bookmark)["data"]["attributes"] == {"name": "c", "path": "/x/"}
    assert [each["id"] for each in tc.list_bookmarks()] == [bookmark]
    assert "data" not in tc.delete_bookmark(bookmark).data
    wanted = methods_of(TransferClientV2)
    summary(f"globus-sdk {globus_sdk.__version__}: {len(wanted)} methods of TransferClientV2")
    assert wanted - world.called == set()


def test_pages(world: World) -> None:
    """The official paginators read each style of listing to the end."""
    client = world.plain_client()
    world.lab_files.make_directory(("many",))
    for number in range(250):
        world.lab_files.write(("many", f"{number:03}"), "x")
    for number in range(230):
        world.emulator.add_collection(f"Shelf {number}", host=world.archive)
    data = globus_sdk.TransferData(world.lab.id, world.archive.id)
    data.add_item("/many", "/many")
    task_id = client.submit_transfer(data)["task_id"]
    assert client.task_wait(task_id, timeout=10, polling_interval=1)
    assert len(list(client.paginated.task_successful_transfers(task_id).items())) == 250
    assert len(list(client.paginated.endpoint_manager_task_successful_transfers(task_id).items())) == 250
    assert len(list(client.paginated.endpoint_search("shelf").items())) == 230
    assert len(list(client.paginated.get_shared_endpoint_list(world.archive.id, max_results=50).items())) == 230
    assert len(list(client.paginated.task_list().items())) == 1
    assert len(list(client.paginated.task_event_list(task_id).items())) == 2
    listing = client.paginated.endpoint_manager_task_list(filter_endpoint=world.lab.id, query_params={"limit": 1})
    assert len(list(listing.items())) == 1
    for number in range(5):
        world.emulator.add_stream_access_point(f"P{number}", host_endpoint=world.lab.id)
    v2 = world.plain_client(kind=TransferClientV2)
    pages = list(v2.paginated.list_stream_access_points(query_params={"page[limit]": 2}))
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
