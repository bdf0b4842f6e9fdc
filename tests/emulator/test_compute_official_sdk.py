"""Every method of the unmodified official SDK's clients of Compute and of version 2 of Transfer, on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

import globus_sdk
import globus_sdk.experimental
import pytest
from globus_sdk.gare import to_gare

from globus_async.emulator.compute.models import COMPUTE_SCOPE
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage

UNKNOWN = "5e1f2a4c-0000-4000-8000-000000000009"
OWN_ID = "5e1f2a4c-0000-4000-8000-000000000001"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlobusEmulator]:
    emulator = GlobusEmulator(clock=ManualClock())
    emulator.add_identity("ada@example.org")
    emulator.add_identity("bob@example.org")
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield emulator
    assert emulator.unknown_paths == {}


def make(emulator: GlobusEmulator, kind: Any, username: str = "ada@example.org") -> Any:
    """Make a client of an identity that counts the methods that are called."""
    identity = emulator.directory.find(username)
    assert identity is not None
    scopes = None if "Transfer" in kind.__name__ else [COMPUTE_SCOPE]
    token = emulator.access_token(identity, scopes=scopes, lifetime=10**9)
    return kind(authorizer=globus_sdk.AccessTokenAuthorizer(token))


def methods_of(kind: type) -> set[str]:
    return {name for name, each in vars(kind).items() if isinstance(each, FunctionType) and name[0] != "_"}


def refused(call: Any, status: int, code: str | None = None) -> globus_sdk.GlobusAPIError:
    """Require that a call gets an error of the service."""
    with pytest.raises(globus_sdk.GlobusAPIError) as caught:
        call()
    assert caught.value.http_status == status
    assert code is None or caught.value.code == code, caught.value.text
    return caught.value


@pytest.mark.slow
def test_every_method_of_compute(emulator: GlobusEmulator) -> None:
    """Endpoints, functions, submissions of both versions, tasks that the test ends, groups, locks and refusals."""
    v2, v3 = make(emulator, globus_sdk.ComputeClientV2), make(emulator, globus_sdk.ComputeClientV3)
    bob = make(emulator, globus_sdk.ComputeClientV3, "bob@example.org")
    assert v2.get_version().data == "1.23.0"
    assert v2.get_version("all")["api"] == "1.23.0"
    assert v2.get_result_amqp_url()["connection_url"].startswith("amqps://")

    registered = v2.register_endpoint({"endpoint_name": "own", "endpoint_uuid": OWN_ID})
    assert set(registered.data) == {"endpoint_id", "task_queue_info", "result_queue_info", "warnings"}
    newer = v3.register_endpoint({"endpoint_name": "multi", "multi_user": True, "metadata": {}})
    assert set(newer.data) >= {"endpoint_id", "command_queue_info", "result_queue_info", "heartbeat_queue_info"}
    multi = newer["endpoint_id"]
    assert v3.update_endpoint(multi, {"endpoint_name": "m", "multi_user": True, "metadata": {}})["endpoint_id"] == multi
    changed = {"endpoint_name": "m", "multi_user": False, "metadata": {}}
    refused(lambda: v3.update_endpoint(multi, changed), 400)
    assert {each["uuid"] for each in v2.get_endpoints()} == {OWN_ID, multi}
    assert {each["name"] for each in v2.get_endpoints("any")} == {"own", "m"}
    assert v2.get_endpoint(multi)["multi_user"] is True
    assert v2.get_endpoint_status(OWN_ID)["status"] == "online"

    function = v2.register_function({"function_name": "f", "function_code": "gASV"})["function_uuid"]
    meta = {"python_version": "3.13.3", "sdk_version": "3.1.1", "serde_identifier": "01"}
    document = {"function_name": "g", "function_code": "gASV", "meta": meta}
    public = v3.register_function({**document, "public": True})["function_uuid"]
    assert v2.get_function(function)["function_code"] == "gASV"
    refused(lambda: v3.register_function({**document, "public": True, "ha_endpoint_id": OWN_ID}), 422)

    submitted = v3.submit(OWN_ID, {"tasks": {function: ["1", "2"]}})
    first, second = submitted["tasks"][function]
    assert v2.get_task(first)["status"] == "waiting-for-nodes"
    emulator.compute.complete_task(first, "one", details={"python_version": "3.13.3"})
    emulator.compute.fail_task(second, "ValueError: 2", reason="the function raised")
    assert v2.get_task(first)["result"] == "one"
    batch = v2.get_task_batch([first, second, UNKNOWN])["results"]
    assert [batch[each]["status"] for each in (first, second, UNKNOWN)] == ["success", "failed", "failed"]
    assert batch[second]["reason"] == "the function raised"
    group = submitted["task_group_id"]
    older = v2.submit({"task_group_id": group, "tasks": [[function, OWN_ID, "3"], [UNKNOWN, OWN_ID, "4"]]})
    assert [each["http_status_code"] for each in older["results"]] == [200, 404]
    assert len(v2.get_task_group(group)["tasks"]) == 3
    refused(lambda: v3.submit(OWN_ID, {"task_group_id": UNKNOWN, "tasks": {}}), 404, "TASK_GROUP_NOT_FOUND")
    assert v2.submit({"task_group_id": UNKNOWN, "tasks": []})["task_group_id"] == UNKNOWN  # a new one

    refused(lambda: bob.submit(OWN_ID, {"tasks": {public: ["x"]}}), 403, "ENDPOINT_ACCESS_FORBIDDEN")
    refused(lambda: bob.submit(multi, {"tasks": {function: ["x"]}}), 403, "FUNCTION_ACCESS_FORBIDDEN")
    emulator.compute.endpoints[multi].allowed_functions = [function]
    assert v3.get_endpoint_allowlist(multi)["functions"] == [function]
    error = refused(lambda: bob.submit(multi, {"tasks": {public: ["x"]}}), 403, "FUNCTION_NOT_PERMITTED")
    assert public in str(error.message)
    emulator.compute.endpoints[multi].allowed_functions = None
    policy = emulator.compute.endpoints[multi].authentication_policy = UNKNOWN
    gare = to_gare(refused(lambda: bob.submit(multi, {"tasks": {public: ["x"]}}), 403))
    assert gare is not None
    assert gare.authorization_parameters.session_required_policies == [policy]
    refused(lambda: v3.submit(OWN_ID, {"tasks": {function: ["x" * (10 << 20)]}}), 413, "TASK_PAYLOAD_TOO_LARGE")
    listed = refused(lambda: v2.submit({"tasks": [["no id", OWN_ID, "x"]]}), 422)
    assert isinstance(listed.raw_json, dict)
    assert listed.raw_json["detail"][0]["loc"] == ["body", "tasks"]

    assert v2.lock_endpoint(OWN_ID)["lock_expiration_timestamp"].startswith("20")
    assert v3.lock_endpoint(OWN_ID)["lock_expiration_timestamp"] > emulator.compute.now()
    again = {"endpoint_name": "own", "endpoint_uuid": OWN_ID}
    refused(lambda: v2.register_endpoint(again), 423, "ENDPOINT_LOCKED")
    assert v2.get_endpoint_status(OWN_ID)["status"] == "offline"
    emulator.compute.endpoints[OWN_ID].locked_until = 0
    assert v2.register_endpoint(again)["endpoint_id"] == OWN_ID
    assert v2.delete_function(function)["result"] == 302
    assert v2.delete_endpoint(OWN_ID)["result"] == 302
    refused(lambda: v2.get_endpoint(OWN_ID), 404, "ENDPOINT_NOT_FOUND")
    for client in (v2, v3, bob):
        client.close()

    called = {(each.method, each.path.replace(OWN_ID, "ID").replace(multi, "ID")) for each in emulator.requests}
    assert len(called) >= len(methods_of(globus_sdk.ComputeClientV2)) + len(methods_of(globus_sdk.ComputeClientV3)) - 1


@pytest.mark.slow
def test_every_method_of_transfer_v2(emulator: GlobusEmulator) -> None:
    """Bookmarks are those of version 0.10, and so are tunnels."""
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
    ends = [emulator.add_stream_access_point(name, host_endpoint=lab.id) for name in ("initiator", "listener")]
    v2: Any = make(emulator, globus_sdk.experimental.TransferClientV2)
    old: Any = make(emulator, globus_sdk.TransferClient)
    documents: Any = globus_sdk.experimental

    created = v2.create_bookmark(documents.BookmarkCreateDocument(lab.id, "home", "/~/"))
    bookmark_id = created["data"]["id"]
    assert old.get_bookmark(bookmark_id)["name"] == "home"
    old.update_bookmark(bookmark_id, {"name": "renamed", "pinned": True})
    renamed = v2.get_bookmark(bookmark_id)
    assert renamed["data"]["attributes"] == {"name": "renamed", "path": "/~/"}
    assert renamed["included"][0]["attributes"]["display_name"] == "Lab"
    moved = v2.update_bookmark(bookmark_id, documents.BookmarkUpdateDocument("renamed", "/moved/"))
    assert moved["data"]["attributes"]["path"] == old.get_bookmark(bookmark_id)["path"] == "/moved/"
    listed = v2.list_bookmarks(query_params={"include": "collection"})
    assert [each["id"] for each in listed] == [bookmark_id]
    assert len(listed["included"]) == 1
    refused(lambda: v2.create_bookmark(documents.BookmarkCreateDocument(lab.id, "renamed", "/")), 409)
    assert "meta" in v2.delete_bookmark(bookmark_id).data
    refused(lambda: v2.get_bookmark(bookmark_id), 404)

    tunnel = documents.TunnelCreateDocument(*ends, label="camera", listener_port=5000, listener_ip_address="10.0.0.1")
    tunnel_id = v2.create_tunnel(tunnel)["data"]["id"]
    assert v2.create_tunnel(tunnel)["data"]["id"] == tunnel_id  # by its submission id
    assert v2.get_tunnel(tunnel_id)["data"]["attributes"]["state"] == "ACTIVE"
    assert [each["id"] for each in v2.list_tunnels()] == [tunnel_id]
    stopped = v2.update_tunnel(tunnel_id, documents.TunnelUpdateDocument(state="STOPPING"))
    assert stopped["data"]["attributes"]["state"] == "STOPPING"
    assert len(list(v2.get_tunnel_events(tunnel_id))) == 3
    assert {each["id"] for page in v2.paginated.list_stream_access_points() for each in page} == set(ends)
    assert v2.get_stream_access_point(ends[0])["data"]["id"] == ends[0]
    assert v2.delete_tunnel(tunnel_id)["data"] is None
    for client in (v2, old):
        client.close()

    paths = {"create", "update", "get", "delete", "list"}
    assert {name.partition("_")[0] for name in methods_of(globus_sdk.experimental.TransferClientV2)} == paths
