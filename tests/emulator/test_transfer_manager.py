"""The endpoint manager: operations of activity monitors and managers, and pause rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from globus_async.testing import Pace
from tests.emulator.transfer_world import TransferWorld, transfer_world

EM = "/endpoint_manager"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world(pace=Pace(start_delay=1, seconds_per_file=10)) as set_up:
        yield set_up


async def bobs_task(world: TransferWorld, **members: Any) -> str:
    """Start a transfer of Bob's between Ada's collections."""
    task_id = await world.submit(world.transfer(("/", f"/bob{len(world.emulator.tasks)}"), **members), by=world.bob)
    await world.emulator.advance(2)
    return task_id


async def test_without_a_role(world: TransferWorld) -> None:
    """All operations are refused to users without a role."""
    task_id = await bobs_task(world)
    for method, path, body in (
        ("GET", "/monitored_endpoints", None),
        ("GET", f"/endpoint/{world.lab.id}", None),
        ("GET", f"/endpoint/{world.lab.id}/hosted_endpoint_list", None),
        ("GET", f"/endpoint/{world.lab.id}/access_list", None),
        ("GET", "/task_list?filter_status=ACTIVE", None),
        ("GET", f"/task/{task_id}", None),
        ("GET", f"/task/{task_id}/event_list", None),
        ("GET", f"/task/{task_id}/pause_info", None),
        ("GET", f"/task/{task_id}/successful_transfers", None),
        ("POST", "/admin_cancel", {"message": "m", "task_id_list": [task_id]}),
        ("POST", "/admin_pause", {"message": "m", "task_id_list": [task_id]}),
        ("POST", "/admin_resume", {"task_id_list": [task_id]}),
        ("POST", "/pause_rule", {"message": "m", "endpoint_id": world.lab.id}),
    ):
        assert await world.refused(method, EM + path, body, by=world.eve) == (403, "PermissionDenied"), path
    assert await world.refused("GET", f"{EM}/task/{NOBODY}") == (404, "TaskNotFound")


async def test_documents_for_monitors(world: TransferWorld) -> None:
    """A monitor reads collections and the tasks of other users, with the members for managers."""
    share = world.emulator.add_collection("Share", host=world.lab, host_path="/data", owner=world.bob)
    task_id = await bobs_task(world)
    monitored = await world.ok("GET", f"{EM}/monitored_endpoints")
    assert {each["id"] for each in monitored["DATA"]} == {world.lab.id, world.archive.id, share.id}
    endpoint = await world.ok("GET", f"{EM}/endpoint/{world.lab.id}")
    assert endpoint["in_use"] is None
    hosted = await world.ok("GET", f"{EM}/endpoint/{world.lab.id}/hosted_endpoint_list")
    assert [each["id"] for each in hosted["DATA"]] == [share.id]
    assert await world.refused("GET", f"{EM}/endpoint/{share.id}/hosted_endpoint_list") == (409, "Conflict")
    assert (await world.ok("GET", f"{EM}/endpoint/{share.id}/access_list"))["length"] == 1
    task = await world.ok("GET", f"{EM}/task/{task_id}")
    assert (task["owner_string"], task["source_local_user"], task["source_local_user_status"]) == (
        "bob@example.org",
        "bob",
        "OK",
    )
    assert task["source_host_endpoint_id"] is None
    assert (await world.ok("GET", f"{EM}/task/{task_id}/event_list", filter_is_error="1"))["total"] == 0
    assert (await world.ok("GET", f"{EM}/task/{task_id}/event_list"))["total"] == 1


async def test_paths_of_the_other_side_are_hidden(world: TransferWorld) -> None:
    """A monitor of one side reads the paths of that side only."""
    role = {"principal": world.eve.id, "role": "activity_monitor"}
    await world.ok("POST", f"/endpoint/{world.archive.id}/role", role)
    world.lab.deny("/data/b.txt")
    task_id = await bobs_task(world, skip_source_errors=True)
    await world.emulator.advance(100)
    arrived = await world.ok("GET", f"{EM}/task/{task_id}/successful_transfers", by=world.eve)
    assert {each["source_path"] for each in arrived["DATA"]} == {None}
    assert all(each["destination_path"].startswith("/bob") for each in arrived["DATA"])
    skipped = await world.ok("GET", f"{EM}/task/{task_id}/skipped_errors", by=world.eve)
    assert [each["source_path"] for each in skipped["DATA"]] == [None]


async def test_task_list(world: TransferWorld) -> None:
    """Managers list tasks by status, owner, collection, faults and time; unfinished tasks come first."""
    done = await bobs_task(world)
    await world.emulator.advance(100)
    faulty = await world.submit(world.transfer(("/nothing", "/n")))
    await world.emulator.advance(1)
    running = await bobs_task(world)
    other = world.emulator.add_collection("Bob's", storage=world.archive_files, owner=world.bob)
    await world.submit(
        world.transfer(("/x", "/y"), source_endpoint=other.id, destination_endpoint=other.id), by=world.bob
    )
    await world.emulator.advance(2)

    async def found(**params: Any) -> list[str]:
        return [each["task_id"] for each in (await world.ok("GET", f"{EM}/task_list", **params))["DATA"]]

    lab = world.lab.id
    assert await found(filter_endpoint=lab) == [running, faulty, done]
    assert await found(filter_status="ACTIVE") == [running, faulty]
    assert await found(filter_status="SUCCEEDED,FAILED", filter_endpoint=lab) == [done]
    assert await found(filter_task_id=f"{done},{running}") == [running, done]
    assert await found(filter_status="ACTIVE", filter_owner_id=world.bob.id) == [running]
    assert await found(filter_endpoint=lab, filter_endpoint_use="destination") == []
    assert await found(filter_endpoint=lab, filter_min_faults=1) == [faulty]
    assert await found(filter_status="ACTIVE", filter_is_paused="True") == []
    ended = (await world.ok("GET", f"{EM}/task/{done}"))["completion_time"]
    assert await found(filter_endpoint=lab, filter_completion_time=f"{ended},") == [running, faulty, done]
    assert await found(filter_endpoint=lab, filter_completion_time=f",{ended}") == [done]
    page = await world.ok("GET", f"{EM}/task_list", filter_endpoint=lab, limit=2)
    assert (page["has_next_page"], len(page["DATA"])) == (True, 2)
    rest = await world.ok("GET", f"{EM}/task_list", filter_endpoint=lab, limit=2, last_key=page["last_key"])
    assert (rest["has_next_page"], [each["task_id"] for each in rest["DATA"]]) == (False, [done])
    for bad in (
        {},
        {"filter_status": "SUCCEEDED"},
        {"filter_status": "DONE", "filter_endpoint": lab},
        {"filter_task_id": done, "filter_status": "ACTIVE"},
        {"filter_task_id": ",".join([done] * 50 + [f"{n}" for n in range(51)])},
        {"filter_status": "ACTIVE", "filter_endpoint_use": "source"},
        {"filter_endpoint": lab, "filter_is_paused": "true"},
        {"filter_endpoint": lab, "filter_completion_time": "never,"},
        {"filter_status": "ACTIVE", "last_key": "x"},
    ):
        assert await world.refused("GET", f"{EM}/task_list", **bad) == (400, "BadRequest"), bad
    unseen = {"filter_task_id": f"{done},{NOBODY}"}
    assert await world.refused("GET", f"{EM}/task_list", **unseen) == (403, "PermissionDenied")
    nobody = {"filter_status": "ACTIVE", "filter_owner_id": NOBODY}
    assert await world.refused("GET", f"{EM}/task_list", **nobody) == (404, "UserNotFound")


async def test_admin_cancel(world: TransferWorld) -> None:
    """A manager cancels tasks with a message and reads when they have ended."""
    task_id = await bobs_task(world)
    body = {"message": "maintenance", "task_id_list": [task_id]}
    cancel = await world.ok("POST", f"{EM}/admin_cancel", body)
    assert (cancel["DATA_TYPE"], cancel["done"]) == ("admin_cancel", True)
    assert await world.ok("GET", f"{EM}/admin_cancel/{cancel['id']}") == cancel
    task = await world.ok("GET", f"/task/{task_id}", by=world.bob)
    assert (task["status"], task["canceled_by_admin"], task["canceled_by_admin_message"]) == (
        "FAILED",
        "BOTH",
        "maintenance",
    )
    assert await world.refused("GET", f"{EM}/admin_cancel/{cancel['id']}", by=world.bob) == (
        404,
        "ClientError.NotFound",
    )
    assert await world.refused("POST", f"{EM}/admin_cancel", {"message": "m"}) == (400, "BadRequest")


async def test_admin_pause_and_resume(world: TransferWorld) -> None:
    """A paused task stays ACTIVE without progress until it is resumed; its owner reads the reason."""
    task_id = await bobs_task(world)
    body = {"message": "hold on", "task_id_list": [task_id]}
    assert (await world.ok("POST", f"{EM}/admin_pause", body))["code"] == "PauseAccepted"
    task = await world.ok("GET", f"/task/{task_id}", by=world.bob)
    assert (task["status"], task["is_paused"]) == ("ACTIVE", True)
    info = await world.ok("GET", f"/task/{task_id}/pause_info", by=world.bob)
    assert (info["DATA_TYPE"], info["source_pause_message"], info["pause_rules"]) == (
        "pause_info_limited",
        "hold on",
        [],
    )
    await world.emulator.advance(30)
    before = (await world.ok("GET", f"/task/{task_id}", by=world.bob))["files_transferred"]
    await world.emulator.advance(48 * 3600)
    task = await world.ok("GET", f"/task/{task_id}", by=world.bob)
    assert (task["status"], task["files_transferred"]) == ("ACTIVE", before)
    assert (await world.ok("POST", f"{EM}/admin_resume", {"task_id_list": [task_id]}))["code"] == "ResumeAccepted"
    assert (await world.ok("GET", f"/task/{task_id}", by=world.bob))["is_paused"] is False
    await world.emulator.advance(100)
    assert (await world.ok("GET", f"/task/{task_id}", by=world.bob))["status"] == "SUCCEEDED"
    listed = await world.ok("GET", f"/task/{task_id}/event_list", by=world.bob)
    codes = [event["code"] for event in reversed(listed["DATA"])]
    assert [code for code in codes if code != "PROGRESS"] == ["STARTED", "PAUSED", "UNPAUSED", "SUCCEEDED"]


async def test_pause_rules_pause(world: TransferWorld) -> None:
    """A rule pauses tasks and file operations of all identities or of one, until it is changed."""
    task_id = await bobs_task(world)
    rule = {
        "DATA_TYPE": "pause_rule",
        "endpoint_id": world.lab.id,
        "message": "no reading",
        "identity_id": world.bob.id,
    }
    made = await world.ok("POST", f"{EM}/pause_rule", rule)
    assert (made["editable"], made["pause_ls"], made["created_by_host_manager"]) == (True, True, False)
    listing = f"/operation/endpoint/{world.lab.id}/ls"
    assert await world.refused("GET", listing, by=world.bob) == (409, "OperationPaused")
    await world.ok("GET", listing)
    info = await world.ok("GET", f"/task/{task_id}/pause_info", by=world.bob)
    assert [each["message"] for each in info["pause_rules"]] == ["no reading"]
    assert "modified_by_id" not in info["pause_rules"][0]
    as_manager = await world.ok("GET", f"{EM}/task/{task_id}/pause_info")
    assert as_manager["pause_rules"][0]["modified_by_id"] == world.ada.id
    assert (await world.ok("GET", f"/task/{task_id}", by=world.bob))["is_paused"] is True
    mine = await world.ok("GET", f"/endpoint/{world.lab.id}/my_effective_pause_rule_list", by=world.bob)
    assert [each["DATA_TYPE"] for each in mine["DATA"]] == ["pause_rule_limited"]
    assert (await world.ok("GET", f"/endpoint/{world.lab.id}/my_effective_pause_rule_list"))["DATA"] == []
    paused = await world.ok("GET", f"{EM}/task_list", filter_status="ACTIVE", filter_is_paused="true")
    assert [each["task_id"] for each in paused["DATA"]] == [task_id]
    change = {"pause_ls": False, "pause_task_transfer_read": False, "endpoint_id": world.archive.id}
    changed = await world.ok("PUT", f"{EM}/pause_rule/{made['id']}", change)
    assert (changed["pause_ls"], changed["pause_mkdir"], changed["endpoint_id"]) == (False, True, world.lab.id)
    await world.ok("GET", listing, by=world.bob)
    mkdir = f"/operation/endpoint/{world.lab.id}/mkdir"
    assert await world.refused("POST", mkdir, {"path": "/x"}, by=world.bob) == (409, "OperationPaused")
    await world.emulator.advance(100)
    assert (await world.ok("GET", f"/task/{task_id}", by=world.bob))["status"] == "SUCCEEDED"
    assert await world.ok("GET", f"{EM}/pause_rule/{made['id']}") == changed
    listed = await world.ok("GET", f"{EM}/pause_rule_list", filter_endpoint=world.lab.id)
    assert listed["DATA"] == [changed]
    assert (await world.ok("GET", f"{EM}/pause_rule_list", filter_host_endpoint=world.lab.id))["DATA"] == []
    assert (await world.ok("DELETE", f"{EM}/pause_rule/{made['id']}"))["code"] == "Deleted"
    assert await world.refused("GET", f"{EM}/pause_rule/{made['id']}") == (404, "PauseRuleNotFound")
    await world.ok("POST", mkdir, {"path": "/x"}, by=world.bob)


async def test_a_pause_rule_on_the_host_applies_to_its_guests(world: TransferWorld) -> None:
    """A rule on a mapped collection also pauses tasks on its guest collections."""
    share = world.emulator.add_collection("Share", host=world.lab, host_path="/data", owner=world.bob)
    await world.ok("POST", f"{EM}/pause_rule", {"endpoint_id": world.lab.id, "message": "closed"})
    refused = await world.refused("GET", f"/operation/endpoint/{share.id}/ls", by=world.bob)
    assert refused == (409, "OperationPaused")


async def test_a_queued_task_can_be_paused(world: TransferWorld) -> None:
    """A queued task that was paused does not start."""
    await world.ok("POST", f"{EM}/pause_rule", {"endpoint_id": world.lab.id, "message": "closed"})
    task_id = await bobs_task(world)
    task = await world.ok("GET", f"/task/{task_id}", by=world.bob)
    assert (task["is_paused"], task["files"]) == (True, 0)
    assert (await world.ok("POST", f"/task/{task_id}/cancel", by=world.bob))["code"] == "Canceled"
    ended = await world.ok("GET", f"/task/{task_id}", by=world.bob)
    assert (ended["status"], ended["is_paused"]) == ("FAILED", False)
