"""The endpoint manager: what monitors see, what managers may do, and rules that pause."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from globus_async.testing import Pace
from tests.emulator.transfer_stage import Stage, staged

EM = "/endpoint_manager"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(pace=Pace(start_delay=1, seconds_per_file=10)) as set_up:
        yield set_up


async def bobs_task(stage: Stage, **members: Any) -> str:
    """Start a transfer of Bob's between Ada's collections."""
    task_id = await stage.submit(stage.transfer(("/", f"/bob{len(stage.emulator.tasks)}"), **members), by=stage.bob)
    await stage.emulator.advance(2)
    return task_id


async def test_without_a_role(stage: Stage) -> None:
    """All of it is refused to those who monitor nothing."""
    task_id = await bobs_task(stage)
    for method, path, body in (
        ("GET", "/monitored_endpoints", None),
        ("GET", f"/endpoint/{stage.lab.id}", None),
        ("GET", f"/endpoint/{stage.lab.id}/hosted_endpoint_list", None),
        ("GET", f"/endpoint/{stage.lab.id}/access_list", None),
        ("GET", "/task_list?filter_status=ACTIVE", None),
        ("GET", f"/task/{task_id}", None),
        ("GET", f"/task/{task_id}/event_list", None),
        ("GET", f"/task/{task_id}/pause_info", None),
        ("GET", f"/task/{task_id}/successful_transfers", None),
        ("POST", "/admin_cancel", {"message": "m", "task_id_list": [task_id]}),
        ("POST", "/admin_pause", {"message": "m", "task_id_list": [task_id]}),
        ("POST", "/admin_resume", {"task_id_list": [task_id]}),
        ("POST", "/pause_rule", {"message": "m", "endpoint_id": stage.lab.id}),
    ):
        assert await stage.refused(method, EM + path, body, by=stage.eve) == (403, "PermissionDenied"), path
    assert await stage.refused("GET", f"{EM}/task/{NOBODY}") == (404, "TaskNotFound")


async def test_what_a_monitor_sees(stage: Stage) -> None:
    """A monitor sees collections and the tasks of others, with the fields for managers."""
    share = stage.emulator.add_collection("Share", host=stage.lab, host_path="/data", owner=stage.bob)
    task_id = await bobs_task(stage)
    monitored = await stage.ok("GET", f"{EM}/monitored_endpoints")
    assert {each["id"] for each in monitored["DATA"]} == {stage.lab.id, stage.archive.id, share.id}
    endpoint = await stage.ok("GET", f"{EM}/endpoint/{stage.lab.id}")
    assert endpoint["in_use"] is None
    hosted = await stage.ok("GET", f"{EM}/endpoint/{stage.lab.id}/hosted_endpoint_list")
    assert [each["id"] for each in hosted["DATA"]] == [share.id]
    assert await stage.refused("GET", f"{EM}/endpoint/{share.id}/hosted_endpoint_list") == (409, "Conflict")
    assert (await stage.ok("GET", f"{EM}/endpoint/{share.id}/access_list"))["length"] == 1
    task = await stage.ok("GET", f"{EM}/task/{task_id}")
    assert (task["owner_string"], task["source_local_user"], task["source_local_user_status"]) == (
        "bob@example.org",
        "bob",
        "OK",
    )
    assert task["source_host_endpoint_id"] is None
    assert (await stage.ok("GET", f"{EM}/task/{task_id}/event_list", filter_is_error="1"))["total"] == 0
    assert (await stage.ok("GET", f"{EM}/task/{task_id}/event_list"))["total"] == 1


async def test_paths_of_the_other_side_are_hidden(stage: Stage) -> None:
    """Who monitors one side only sees the paths of that side."""
    role = {"principal": stage.eve.id, "role": "activity_monitor"}
    await stage.ok("POST", f"/endpoint/{stage.archive.id}/role", role)
    stage.lab.deny("/data/b.txt")
    task_id = await bobs_task(stage, skip_source_errors=True)
    await stage.emulator.advance(100)
    arrived = await stage.ok("GET", f"{EM}/task/{task_id}/successful_transfers", by=stage.eve)
    assert {each["source_path"] for each in arrived["DATA"]} == {None}
    assert all(each["destination_path"].startswith("/bob") for each in arrived["DATA"])
    skipped = await stage.ok("GET", f"{EM}/task/{task_id}/skipped_errors", by=stage.eve)
    assert [each["source_path"] for each in skipped["DATA"]] == [None]


async def test_task_list(stage: Stage) -> None:
    """Managers list tasks by state, owner, collection, faults and time; those that run come first."""
    done = await bobs_task(stage)
    await stage.emulator.advance(100)
    faulty = await stage.submit(stage.transfer(("/nothing", "/n")))
    await stage.emulator.advance(1)
    running = await bobs_task(stage)
    other = stage.emulator.add_collection("Bob's", storage=stage.archive_files, owner=stage.bob)
    await stage.submit(
        stage.transfer(("/x", "/y"), source_endpoint=other.id, destination_endpoint=other.id), by=stage.bob
    )
    await stage.emulator.advance(2)

    async def found(**params: Any) -> list[str]:
        return [each["task_id"] for each in (await stage.ok("GET", f"{EM}/task_list", **params))["DATA"]]

    lab = stage.lab.id
    assert await found(filter_endpoint=lab) == [running, faulty, done]
    assert await found(filter_status="ACTIVE") == [running, faulty]
    assert await found(filter_status="SUCCEEDED,FAILED", filter_endpoint=lab) == [done]
    assert await found(filter_task_id=f"{done},{running}") == [running, done]
    assert await found(filter_status="ACTIVE", filter_owner_id=stage.bob.id) == [running]
    assert await found(filter_endpoint=lab, filter_endpoint_use="destination") == []
    assert await found(filter_endpoint=lab, filter_min_faults=1) == [faulty]
    assert await found(filter_status="ACTIVE", filter_is_paused="True") == []
    ended = (await stage.ok("GET", f"{EM}/task/{done}"))["completion_time"]
    assert await found(filter_endpoint=lab, filter_completion_time=f"{ended},") == [running, faulty, done]
    assert await found(filter_endpoint=lab, filter_completion_time=f",{ended}") == [done]
    page = await stage.ok("GET", f"{EM}/task_list", filter_endpoint=lab, limit=2)
    assert (page["has_next_page"], len(page["DATA"])) == (True, 2)
    rest = await stage.ok("GET", f"{EM}/task_list", filter_endpoint=lab, limit=2, last_key=page["last_key"])
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
        assert await stage.refused("GET", f"{EM}/task_list", **bad) == (400, "BadRequest"), bad
    unseen = {"filter_task_id": f"{done},{NOBODY}"}
    assert await stage.refused("GET", f"{EM}/task_list", **unseen) == (403, "PermissionDenied")
    nobody = {"filter_status": "ACTIVE", "filter_owner_id": NOBODY}
    assert await stage.refused("GET", f"{EM}/task_list", **nobody) == (404, "UserNotFound")


async def test_admin_cancel(stage: Stage) -> None:
    """A manager ends tasks with a message, and is told when they have ended."""
    task_id = await bobs_task(stage)
    body = {"message": "maintenance", "task_id_list": [task_id]}
    cancel = await stage.ok("POST", f"{EM}/admin_cancel", body)
    assert (cancel["DATA_TYPE"], cancel["done"]) == ("admin_cancel", True)
    assert await stage.ok("GET", f"{EM}/admin_cancel/{cancel['id']}") == cancel
    task = await stage.ok("GET", f"/task/{task_id}", by=stage.bob)
    assert (task["status"], task["canceled_by_admin"], task["canceled_by_admin_message"]) == (
        "FAILED",
        "BOTH",
        "maintenance",
    )
    assert await stage.refused("GET", f"{EM}/admin_cancel/{cancel['id']}", by=stage.bob) == (
        404,
        "ClientError.NotFound",
    )
    assert await stage.refused("POST", f"{EM}/admin_cancel", {"message": "m"}) == (400, "BadRequest")


async def test_admin_pause_and_resume(stage: Stage) -> None:
    """A paused task stays ACTIVE and moves nothing until it is resumed; its owner reads why."""
    task_id = await bobs_task(stage)
    body = {"message": "hold on", "task_id_list": [task_id]}
    assert (await stage.ok("POST", f"{EM}/admin_pause", body))["code"] == "PauseAccepted"
    task = await stage.ok("GET", f"/task/{task_id}", by=stage.bob)
    assert (task["status"], task["is_paused"]) == ("ACTIVE", True)
    info = await stage.ok("GET", f"/task/{task_id}/pause_info", by=stage.bob)
    assert (info["DATA_TYPE"], info["source_pause_message"], info["pause_rules"]) == (
        "pause_info_limited",
        "hold on",
        [],
    )
    await stage.emulator.advance(30)
    before = (await stage.ok("GET", f"/task/{task_id}", by=stage.bob))["files_transferred"]
    await stage.emulator.advance(48 * 3600)
    task = await stage.ok("GET", f"/task/{task_id}", by=stage.bob)
    assert (task["status"], task["files_transferred"]) == ("ACTIVE", before)
    assert (await stage.ok("POST", f"{EM}/admin_resume", {"task_id_list": [task_id]}))["code"] == "ResumeAccepted"
    assert (await stage.ok("GET", f"/task/{task_id}", by=stage.bob))["is_paused"] is False
    await stage.emulator.advance(100)
    assert (await stage.ok("GET", f"/task/{task_id}", by=stage.bob))["status"] == "SUCCEEDED"
    listed = await stage.ok("GET", f"/task/{task_id}/event_list", by=stage.bob)
    codes = [event["code"] for event in reversed(listed["DATA"])]
    assert [code for code in codes if code != "PROGRESS"] == ["STARTED", "PAUSED", "UNPAUSED", "SUCCEEDED"]


async def test_pause_rules_pause(stage: Stage) -> None:
    """A rule stops tasks and file operations of all, or of one; changing it lets them go on."""
    task_id = await bobs_task(stage)
    rule = {
        "DATA_TYPE": "pause_rule",
        "endpoint_id": stage.lab.id,
        "message": "no reading",
        "identity_id": stage.bob.id,
    }
    made = await stage.ok("POST", f"{EM}/pause_rule", rule)
    assert (made["editable"], made["pause_ls"], made["created_by_host_manager"]) == (True, True, False)
    listing = f"/operation/endpoint/{stage.lab.id}/ls"
    assert await stage.refused("GET", listing, by=stage.bob) == (409, "OperationPaused")
    await stage.ok("GET", listing)
    info = await stage.ok("GET", f"/task/{task_id}/pause_info", by=stage.bob)
    assert [each["message"] for each in info["pause_rules"]] == ["no reading"]
    assert "modified_by_id" not in info["pause_rules"][0]
    as_manager = await stage.ok("GET", f"{EM}/task/{task_id}/pause_info")
    assert as_manager["pause_rules"][0]["modified_by_id"] == stage.ada.id
    assert (await stage.ok("GET", f"/task/{task_id}", by=stage.bob))["is_paused"] is True
    mine = await stage.ok("GET", f"/endpoint/{stage.lab.id}/my_effective_pause_rule_list", by=stage.bob)
    assert [each["DATA_TYPE"] for each in mine["DATA"]] == ["pause_rule_limited"]
    assert (await stage.ok("GET", f"/endpoint/{stage.lab.id}/my_effective_pause_rule_list"))["DATA"] == []
    paused = await stage.ok("GET", f"{EM}/task_list", filter_status="ACTIVE", filter_is_paused="true")
    assert [each["task_id"] for each in paused["DATA"]] == [task_id]
    change = {"pause_ls": False, "pause_task_transfer_read": False, "endpoint_id": stage.archive.id}
    changed = await stage.ok("PUT", f"{EM}/pause_rule/{made['id']}", change)
    assert (changed["pause_ls"], changed["pause_mkdir"], changed["endpoint_id"]) == (False, True, stage.lab.id)
    await stage.ok("GET", listing, by=stage.bob)
    mkdir = f"/operation/endpoint/{stage.lab.id}/mkdir"
    assert await stage.refused("POST", mkdir, {"path": "/x"}, by=stage.bob) == (409, "OperationPaused")
    await stage.emulator.advance(100)
    assert (await stage.ok("GET", f"/task/{task_id}", by=stage.bob))["status"] == "SUCCEEDED"
    assert await stage.ok("GET", f"{EM}/pause_rule/{made['id']}") == changed
    listed = await stage.ok("GET", f"{EM}/pause_rule_list", filter_endpoint=stage.lab.id)
    assert listed["DATA"] == [changed]
    assert (await stage.ok("GET", f"{EM}/pause_rule_list", filter_host_endpoint=stage.lab.id))["DATA"] == []
    assert (await stage.ok("DELETE", f"{EM}/pause_rule/{made['id']}"))["code"] == "Deleted"
    assert await stage.refused("GET", f"{EM}/pause_rule/{made['id']}") == (404, "PauseRuleNotFound")
    await stage.ok("POST", mkdir, {"path": "/x"}, by=stage.bob)


async def test_a_rule_on_the_host_holds_its_guests(stage: Stage) -> None:
    """A rule on a collection also pauses what goes by the guest collections on it."""
    share = stage.emulator.add_collection("Share", host=stage.lab, host_path="/data", owner=stage.bob)
    await stage.ok("POST", f"{EM}/pause_rule", {"endpoint_id": stage.lab.id, "message": "closed"})
    refused = await stage.refused("GET", f"/operation/endpoint/{share.id}/ls", by=stage.bob)
    assert refused == (409, "OperationPaused")


async def test_a_queued_task_can_be_paused(stage: Stage) -> None:
    """A task is paused before it begins, if that is so when its turn comes."""
    await stage.ok("POST", f"{EM}/pause_rule", {"endpoint_id": stage.lab.id, "message": "closed"})
    task_id = await bobs_task(stage)
    task = await stage.ok("GET", f"/task/{task_id}", by=stage.bob)
    assert (task["is_paused"], task["files"]) == (True, 0)
    assert (await stage.ok("POST", f"/task/{task_id}/cancel", by=stage.bob))["code"] == "Canceled"
    ended = await stage.ok("GET", f"/task/{task_id}", by=stage.bob)
    assert (ended["status"], ended["is_paused"]) == ("FAILED", False)
