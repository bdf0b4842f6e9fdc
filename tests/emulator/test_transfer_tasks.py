"""The task machine: what transfers and deletes do to files, and what their documents tell."""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
import uuid
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

import httpx
import pytest

from globus_async.emulator.auth.models import Policy
from globus_async.emulator.transfer.authorized_storage import AuthorizedStorage
from globus_async.emulator.transfer.models import Counts
from globus_async.emulator.transfer.service import TRANSFER_SCOPE
from globus_async.emulator.transfer.storage.paths import Parts
from globus_async.emulator.transfer.work.file_copy import FileCopy
from globus_async.emulator.transfer.work.transfer import TransferWork
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage, Pace
from tests.emulator.transfer_stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as set_up:
        yield set_up


async def test_a_tree_arrives(stage: Stage) -> None:
    """A recursive transfer copies files and directories, also empty and hidden ones, and counts them."""
    task = await stage.done(stage.transfer(("/", "/copy/"), recursive=True, verify_checksum=True, label="all"))
    assert stage.archive_files.tree() == {f"copy/{path}": content for path, content in stage.lab_files.tree().items()}
    assert task["status"] == "SUCCEEDED"
    assert (task["files"], task["files_transferred"], task["directories"]) == (5, 5, 4)
    assert task["subtasks_total"] == task["subtasks_succeeded"] == 1 + 5 + 4
    assert task["bytes_transferred"] == task["bytes_checksummed"] == 1017
    assert (task["label"], task["is_ok"], task["nice_status"], task["faults"]) == ("all", None, None, 0)
    assert await stage.events(task["task_id"]) == ["STARTED", "SUCCEEDED"]


async def test_one_file_has_two_subtasks(stage: Stage) -> None:
    """One file counts as two subtasks; its checksum is listed among the successful transfers."""
    task = await stage.done(stage.transfer(("/notes.md", "/new/dir/n.md"), verify_checksum=True))
    assert task["subtasks_total"] == 2
    listed = await stage.ok("GET", f"/task/{task['task_id']}/successful_transfers")
    assert listed["DATA"] == [
        {
            "DATA_TYPE": "successful_transfer",
            "source_path": "/notes.md",
            "destination_path": "/new/dir/n.md",
            "size": 7,
            "checksum": hashlib.md5(b"# notes", usedforsecurity=False).hexdigest(),
            "checksum_algorithm": "MD5",
            "dynamic": False,
        }
    ]
    assert (listed["marker"], listed["next_marker"]) == (0, None)


async def test_nothing_happens_while_time_stands_still(stage: Stage) -> None:
    """By a manual clock a task begins a second after its submission, and not before."""
    task_id = await stage.submit(stage.transfer(("/notes.md", "/n")))
    await stage.emulator.settle()
    assert ((await stage.task(task_id))["status"], stage.archive_files.tree()) == ("ACTIVE", {})
    await stage.emulator.advance(1)
    assert (await stage.task(task_id))["status"] == "SUCCEEDED"


async def test_submission_is_exactly_once(stage: Stage) -> None:
    """The same submission id again answers Duplicate with the first task, also when that has ended."""
    document = stage.transfer(("/notes.md", "/n"))
    first = await stage.ok("POST", "/transfer", document)
    again = await stage.ok("POST", "/transfer", document)
    await stage.emulator.advance(10)
    later = await stage.ok("POST", "/transfer", document)
    assert first["code"] == "Accepted"
    assert {again["code"], later["code"]} == {"Duplicate"}
    assert {first["task_id"]} == {again["task_id"], later["task_id"]}
    assert len(stage.emulator.tasks) == 1
    removal = stage.delete("/notes.md")
    assert (await stage.ok("POST", "/delete", removal))["code"] == "Accepted"
    assert (await stage.ok("POST", "/delete", removal))["code"] == "Duplicate"


async def test_of_many_at_once_one_is_the_first(stage: Stage) -> None:
    """The same document sent twenty times at once makes one task; twenty documents make twenty."""
    document = stage.transfer(("/notes.md", "/n"))
    answers = await asyncio.gather(*(stage.ok("POST", "/transfer", document) for _ in range(20)))
    assert sorted(answer["code"] for answer in answers) == ["Accepted"] + ["Duplicate"] * 19
    assert len({answer["task_id"] for answer in answers}) == 1
    others = [stage.transfer(("/notes.md", f"/{n}")) for n in range(20)]
    answers = await asyncio.gather(*(stage.ok("POST", "/transfer", each) for each in others))
    assert {answer["code"] for answer in answers} == {"Accepted"}
    assert len(stage.emulator.tasks) == 21


@pytest.mark.parametrize(
    ("level", "copied"),
    [
        (None, {"same", "larger", "newer", "other", "missing"}),
        (0, {"missing"}),
        (1, {"larger", "missing"}),
        (2, {"newer", "missing"}),
        (3, {"larger", "other", "missing"}),
    ],
)
async def test_sync_levels(stage: Stage, level: int | None, copied: set[str]) -> None:
    """Each sync level copies what it says: what is missing, has another size, is newer, has another checksum."""
    files = {"same": "1", "larger": "22", "newer": "3", "other": "4", "missing": "5"}
    stage.lab_files.make_directory(("s",))
    stage.archive_files.make_directory(("d",))
    for name, content in files.items():
        stage.lab_files.write(("s", name), content)
        stage.lab_files.set_mtime(("s", name), 2000 if name == "newer" else 1000)
        if name != "missing":
            stage.archive_files.write(("d", name), {"larger": "2", "other": "x"}.get(name, content))
            stage.archive_files.set_mtime(("d", name), 1000)
    task = await stage.done(stage.transfer(("/s", "/d"), recursive=True, sync_level=level))
    listed = await stage.ok("GET", f"/task/{task['task_id']}/successful_transfers")
    assert {each["source_path"].removeprefix("/s/") for each in listed["DATA"]} == copied
    assert task["files_skipped"] == len(files) - len(copied)
    assert task["files_transferred"] == len(copied)


async def test_preserve_timestamp(stage: Stage) -> None:
    """A copy is as new as its source only if that was asked for."""
    stage.lab_files.set_mtime(("notes.md",), 12345)
    await stage.done(stage.transfer(("/notes.md", "/kept"), preserve_timestamp=True))
    await stage.done(stage.transfer(("/notes.md", "/new")))
    assert stage.archive_files.stat(("kept",)).mtime == 12345
    assert stage.archive_files.stat(("new",)).mtime == stage.clock.wall()


async def test_missing_source_is_tried_until_the_deadline(stage: Stage) -> None:
    """A missing source leaves the task ACTIVE with faults that grow, until it expires."""
    task_id = await stage.submit(stage.transfer(("/nothing", "/n")))
    await stage.emulator.advance(1)
    task = await stage.task(task_id)
    assert (task["status"], task["faults"], task["nice_status"], task["is_ok"]) == (
        "ACTIVE",
        1,
        "FILE_NOT_FOUND",
        False,
    )
    assert task["subtasks_retrying"] == 1
    await stage.emulator.advance(3600)
    later = await stage.task(task_id)
    assert later["faults"] > task["faults"]
    errors = await stage.ok("GET", f"/task/{task_id}/event_list", filter="is_error:1")
    assert errors["total"] == later["faults"]
    await stage.emulator.advance(24 * 3600)
    ended = await stage.task(task_id)
    assert (ended["status"], ended["subtasks_expired"], ended["subtasks_pending"]) == ("FAILED", 1, 0)
    assert (await stage.events(task_id))[-1] == "EXPIRED"
    assert ended["completion_time"] == ended["deadline"]


async def test_a_source_that_appears_is_copied(stage: Stage) -> None:
    """A task that meets what it lacked gets over its trouble."""
    task_id = await stage.submit(stage.transfer(("/later", "/l")))
    await stage.emulator.advance(1)
    stage.lab_files.write(("later",), "here")
    await stage.emulator.advance(60)
    task = await stage.task(task_id)
    assert (task["status"], task["faults"]) == ("SUCCEEDED", 1)
    assert stage.archive_files.tree() == {"l": b"here"}


async def test_skip_source_errors(stage: Stage) -> None:
    """Sources that are missing or refused are skipped and listed, and do not spoil the task."""
    stage.lab.deny("/data/b.txt")
    pairs = (("/data", "/d"), ("/nothing", "/n"))
    task = await stage.done(stage.transfer(*pairs, skip_source_errors=True))
    assert (task["status"], task["subtasks_skipped_errors"], task["faults"]) == ("SUCCEEDED", 2, 0)
    listed = await stage.ok("GET", f"/task/{task['task_id']}/skipped_errors")
    assert {(each["error_code"], each["source_path"]) for each in listed["DATA"]} == {
        ("PERMISSION_DENIED", "/data/b.txt"),
        ("FILE_NOT_FOUND", "/nothing"),
    }
    assert "SKIPPED_ERRORS" in await stage.events(task["task_id"])


async def test_without_skipping_a_refused_source_is_a_fault(stage: Stage) -> None:
    """A refused file holds the task up, not the other files."""
    stage.lab.deny("/data/b.txt")
    task = await stage.done(stage.transfer(("/data", "/d")), seconds=1)
    assert (task["status"], task["nice_status"], task["files_transferred"]) == ("ACTIVE", "PERMISSION_DENIED", 3)
    stage.lab.allow("/data/b.txt")
    await stage.emulator.advance(60)
    assert (await stage.task(task["task_id"]))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("fail", [True, False])
async def test_quota(fail: bool) -> None:
    """A full destination ends the task if it is to, and is tried again otherwise."""
    async with staged() as stage:
        stage.archive.storage = MemoryStorage(quota=5)
        task = await stage.done(stage.transfer(("/notes.md", "/n"), fail_on_quota_errors=fail), seconds=1)
        if fail:
            assert (task["status"], task["fatal_error"]["code"]) == ("FAILED", "QUOTA_EXCEEDED")
        else:
            assert (task["status"], task["nice_status"]) == ("ACTIVE", "QUOTA_EXCEEDED")
        assert stage.archive.storage.tree() == {}


async def test_delete_destination_extra(stage: Stage) -> None:
    """What only the destination has goes; nothing goes if a source could not be read."""
    stage.archive_files.write(("x",), "extra")
    await stage.done(stage.transfer(("/data", "/"), delete_destination_extra=True))
    assert set(stage.archive_files.tree()) == {"a.txt", "b.txt", ".hidden", "deep/c.bin"}
    stage.archive_files.write(("x",), "extra")
    stage.lab.deny("/data/a.txt")
    task = await stage.done(stage.transfer(("/data", "/"), delete_destination_extra=True, skip_source_errors=True))
    assert "x" in stage.archive_files.tree()
    assert "DELETE_DESTINATION_EXTRA_SKIPPED" in await stage.events(task["task_id"])


async def test_filter_rules(stage: Stage) -> None:
    """The first rule that matches decides; an excluded directory hides all below; what no rule matches is taken."""
    rules = [
        {"DATA_TYPE": "filter_rule", "method": "include", "type": "file", "name": "a.*"},
        {"DATA_TYPE": "filter_rule", "method": "exclude", "type": "file", "name": "*.txt"},
        {"DATA_TYPE": "filter_rule", "method": "exclude", "type": "dir", "name": "[d]eep"},
    ]
    task = await stage.done(stage.transfer(("/data", "/d"), filter_rules=rules))
    assert set(stage.archive_files.tree()) == {"d/a.txt", "d/.hidden"}
    assert task["filter_rules"] == rules


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("ignore", {"f": b"1"}),
        ("keep", {"f": b"1", "file": b"f", "dir": b"../data", "broken": b"nowhere"}),
    ],
)
async def test_symlinks(stage: Stage, links: str, expected: dict[str, bytes]) -> None:
    """Links inside a directory are left out or made again, and counted."""
    stage.lab_files.make_directory(("s",))
    stage.lab_files.write(("s", "f"), "1")
    for name, target in (("file", "f"), ("dir", "../data"), ("broken", "nowhere")):
        stage.lab_files.make_link(target, ("s", name))
    task = await stage.done(stage.transfer(("/s", "/"), recursive_symlinks=links))
    assert stage.archive_files.tree() == expected
    assert (task["symlinks"], task["status"]) == (3, "SUCCEEDED")


async def test_symlinks_copied(stage: Stage) -> None:
    """Links can be followed as well; one that is named by an item always is."""
    stage.lab_files.make_directory(("s",))
    stage.lab_files.make_link("../data", ("s", "dir"))
    stage.lab_files.make_link("../notes.md", ("s", "file"))
    await stage.done(stage.transfer(("/s", "/copied"), recursive_symlinks="copy"))
    await stage.done(stage.transfer(("/s/file", "/named")))
    tree = stage.archive_files.tree()
    assert tree["named"] == tree["copied/file"] == b"# notes"
    assert tree["copied/dir/a.txt"] == b"one"


async def test_a_loop_of_links_ends(stage: Stage) -> None:
    """Following a link to a directory above ends as a fault, not never."""
    stage.lab_files.make_link("..", ("data", "up"))
    task = await stage.done(stage.transfer(("/data", "/d"), recursive_symlinks="copy"))
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "ENDPOINT_ERROR")


async def test_external_checksum(stage: Stage) -> None:
    """A file that does not have the checksum it should have does not arrive."""
    good = hashlib.sha256(b"# notes").hexdigest()
    document = stage.transfer(("/notes.md", "/n"))
    document["DATA"][0] |= {"external_checksum": good, "checksum_algorithm": "SHA256"}
    assert (await stage.done(document))["status"] == "SUCCEEDED"
    wrong = stage.transfer(("/notes.md", "/w"))
    wrong["DATA"][0] |= {"external_checksum": "0" * 32}
    task = await stage.done(wrong)
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "VERIFY_CHECKSUM")
    assert set(stage.archive_files.tree()) == {"n"}


@pytest.mark.parametrize(
    ("path", "recursive", "code"), [("/data", False, "NOT_A_FILE"), ("/notes.md", True, "NOT_A_DIRECTORY")]
)
async def test_recursive_must_fit(stage: Stage, path: str, recursive: bool, code: str) -> None:
    """An item that is not what ``recursive`` says ends the task."""
    task = await stage.done(stage.transfer((path, "/x"), recursive=recursive))
    assert (task["status"], task["fatal_error"]["code"], task["subtasks_failed"]) == ("FAILED", code, 1)
    assert stage.archive_files.tree() == {}


async def test_cancel(stage: Stage) -> None:
    """A cancelled task is FAILED with a CANCELED event and moves no more; cancelling again says it is complete."""
    stage.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await stage.submit(stage.transfer(("/", "/c")))
    await stage.emulator.advance(11)
    running = await stage.task(task_id)
    assert running["status"] == "ACTIVE"
    assert 0 < running["files_transferred"] < 5
    cancelled = await stage.ok("POST", f"/task/{task_id}/cancel")
    assert (cancelled["code"], cancelled["DATA_TYPE"]) == ("Canceled", "result")
    files = stage.archive_files.tree()
    await stage.emulator.advance(100)
    task = await stage.task(task_id)
    assert (task["status"], task["subtasks_pending"], task["is_paused"]) == ("FAILED", 0, False)
    assert task["subtasks_canceled"] > 0
    assert stage.archive_files.tree() == files
    assert (await stage.ok("POST", f"/task/{task_id}/cancel"))["code"] == "TaskComplete"
    assert (await stage.events(task_id))[-1] == "CANCELED"


async def test_suspended_tasks(stage: Stage) -> None:
    """A task whose owner must log in again is INACTIVE and moves nothing until that is done."""
    stage.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await stage.submit(stage.transfer(("/", "/c")))
    await stage.emulator.advance(5)
    stage.emulator.suspend(task_id)
    await stage.emulator.advance(1000)
    task = await stage.task(task_id)
    assert (task["status"], task["nice_status"], task["is_ok"]) == ("INACTIVE", "CONSENT_REQUIRED", False)
    assert task["files_transferred"] < 5
    assert [each["task_id"] for each in (await stage.ok("GET", "/task_list", filter="status:INACTIVE"))["DATA"]] == [
        task_id
    ]
    stage.emulator.resume(task_id)
    await stage.emulator.advance(100)
    assert (await stage.task(task_id))["status"] == "SUCCEEDED"


async def test_credentials_that_end_meanwhile(stage: Stage) -> None:
    """A task on an endpoint of old becomes INACTIVE when its activation ends, and goes on after a new one."""
    stage.emulator.task_runner.pace.seconds_per_file = 3600
    stage.lab.needs_activation = True
    filled = {"DATA": [{"name": name, "value": "x"} for name in ("hostname", "username", "passphrase")]}
    await stage.ok("POST", f"/endpoint/{stage.lab.id}/activate", filled)
    task_id = await stage.submit(stage.transfer(*((f"/data/{name}", f"/{n}") for n, name in enumerate(["a.txt"] * 60))))
    await stage.emulator.advance(14 * 3600)
    assert (await stage.task(task_id))["status"] == "INACTIVE"
    await stage.ok("POST", f"/endpoint/{stage.lab.id}/activate", filled)
    assert (await stage.task(task_id))["status"] == "ACTIVE"
    await stage.emulator.advance(6 * 3600)
    assert (await stage.task(task_id))["status"] == "SUCCEEDED"


async def test_a_consent_that_is_taken_back_meanwhile(stage: Stage) -> None:
    """A task becomes INACTIVE when the consent it needs is rescinded, and goes on after a login that gives it again."""
    stage.archive.needs_data_access = True
    scope = f"https://auth.globus.org/scopes/{stage.archive.id}/data_access"
    stage.emulator.task_runner.pace = Pace(seconds_per_file=10, workers=1)
    token = stage.emulator.access_token(stage.ada, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    task_id = await stage.submit(stage.transfer(("/", "/c")), token=token)
    consents = stage.emulator.auth.consents
    (given,) = [each for each in consents.of(frozenset({stage.ada.id})) if each.scope.scope_string == scope]
    await stage.emulator.advance(15)
    consents.rescind(given.id)
    task = await stage.task(task_id)
    assert (task["status"], task["nice_status"], task["is_ok"]) == ("INACTIVE", "CONSENT_REQUIRED", False)
    await stage.emulator.advance(3600)
    assert (await stage.task(task_id))["files_transferred"] < 5
    stage.emulator.access_token(stage.bob, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    assert (await stage.task(task_id))["status"] == "INACTIVE"
    stage.emulator.access_token(stage.ada, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    assert (await stage.task(task_id))["status"] == "ACTIVE"
    await stage.emulator.advance(100)
    task = await stage.task(task_id)
    assert (task["status"], task["files_transferred"]) == ("SUCCEEDED", 5)


async def test_a_token_that_is_revoked_meanwhile(stage: Stage) -> None:
    """A task goes on without the token it was submitted with: Transfer has tokens of its own."""
    stage.emulator.task_runner.pace.seconds_per_file = 10
    token = stage.emulator.access_token(stage.ada)
    task_id = await stage.submit(stage.transfer(("/", "/c")), token=token)
    stage.emulator.auth.revoke(token)
    await stage.emulator.advance(100)
    assert (await stage.task(task_id))["status"] == "SUCCEEDED"


async def test_a_session_that_ends_meanwhile(stage: Stage) -> None:
    """A task on a collection of high assurance becomes INACTIVE when the login is too old, and waits for another."""
    policy = Policy(str(uuid.uuid4()), "", "P", "D", high_assurance=True, authentication_assurance_timeout=60)
    stage.emulator.auth.registry.policies[policy.id] = policy
    stage.archive.fields["authentication_policy_id"] = policy.id
    stage.emulator.task_runner.pace = Pace(seconds_per_file=50, workers=1)
    task_id = await stage.submit(stage.transfer(("/data", "/c"), ("/notes.md", "/n")))
    await stage.emulator.advance(3600)
    task = await stage.task(task_id)
    assert (task["status"], task["nice_status"]) == ("INACTIVE", "AUTH_POLICY_FAILED")
    stage.emulator.access_token(stage.ada)
    assert (await stage.task(task_id))["status"] == "ACTIVE"
    for _ in range(10):
        await stage.emulator.advance(30)
        stage.emulator.access_token(stage.ada)
    assert (await stage.task(task_id))["status"] == "SUCCEEDED"


def test_tasks_go_on_when_the_emulator_is_served_again() -> None:
    """What has not ended when a server stops goes on where it was with the next one, queued tasks and deletes too."""
    clock = ManualClock()
    emulator = GlobusEmulator(clock=clock, pace=Pace(seconds_per_file=10, workers=2))
    files = {f"{n}.txt": "x" for n in range(10)}
    lab = emulator.add_collection("Lab", storage=MemoryStorage({**files, "old/a": "", "old/b": ""}))
    archive = emulator.add_collection("Archive", storage=(stored := MemoryStorage()))
    headers = {"Authorization": f"Bearer {emulator.access_token(lifetime=1e9)}"}

    def submit(http: httpx.Client, kind: str, **members: Any) -> str:
        document = {"submission_id": str(uuid.uuid4()), **members}
        return str(http.post(f"/v0.10/{kind}", json=document).raise_for_status().json()["task_id"])

    with emulator.serve_in_thread() as server, httpx.Client(base_url=server.url, headers=headers) as http:
        items = [{"source_path": f"/{name}", "destination_path": f"/{name}"} for name in (*files, "none")]
        sides = {"source_endpoint": lab.id, "destination_endpoint": archive.id}
        first = submit(http, "transfer", DATA=items, **sides)
        delete = submit(http, "delete", endpoint=lab.id, recursive=True, DATA=[{"path": "/old"}])
        small = [submit(http, "transfer", DATA=[{**items[0], "destination_path": f"/s{n}"}], **sides) for n in range(3)]
        server.run(emulator.advance(25))
        task = http.get(f"/v0.10/task/{first}").json()
        assert (task["status"], 0 < task["files_transferred"] < 10) == ("ACTIVE", True)
    arrived = task["files_transferred"]
    for _ in range(3):
        with emulator.serve_in_thread() as server, httpx.Client(base_url=server.url, headers=headers) as http:
            server.run(emulator.advance(15))
            task = http.get(f"/v0.10/task/{first}").json()
            assert task["files_transferred"] >= arrived
            arrived = task["files_transferred"]
    with emulator.serve_in_thread() as server, httpx.Client(base_url=server.url, headers=headers) as http:
        lab.storage.create(("none",)).commit()  # type: ignore[union-attr]
        server.run(emulator.advance(2000))
        for task_id in (first, delete, *small):
            assert http.get(f"/v0.10/task/{task_id}").json()["status"] == "SUCCEEDED"
        task = http.get(f"/v0.10/task/{first}").json()
        assert (task["files"], task["files_transferred"], task["subtasks_total"]) == (11, 11, 22)
        assert task["subtasks_succeeded"] == 22
        events = http.get(f"/v0.10/task/{first}/event_list").json()["DATA"]
        assert [event["code"] for event in events].count("STARTED") == 1
    assert set(stored.tree()) == {*files, "none", "s0", "s1", "s2"}


async def test_holds_can_change_from_another_thread(stage: Stage) -> None:
    """A test that has no loop suspends and resumes tasks too."""
    stage.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await stage.submit(stage.transfer(("/", "/c")))
    await asyncio.to_thread(stage.emulator.suspend, task_id)
    assert (await stage.task(task_id))["status"] == "INACTIVE"
    await asyncio.to_thread(stage.emulator.resume, task_id)
    assert (await stage.task(task_id))["status"] == "ACTIVE"


@pytest.mark.parametrize("deadline", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_deadlines_that_no_document_can_show(stage: Stage, deadline: str) -> None:
    """A time that has no year in UTC is refused; it would break every list of tasks."""
    document = stage.transfer(("/notes.md", "/n"), deadline=deadline)
    assert await stage.refused("POST", "/transfer", document) == (400, "ClientError.BadRequest")
    assert (await stage.ok("GET", "/task_list"))["DATA"] == []


async def test_progress_can_be_watched() -> None:
    """With a bandwidth the byte counter moves with time, also within a file."""
    async with staged(pace=Pace(bytes_per_second=100)) as stage:
        task_id = await stage.submit(stage.transfer(("/data/deep/c.bin", "/c")))
        seen: list[int] = []
        for _ in range(5):
            await stage.emulator.advance(2)
            seen.append((await stage.task(task_id))["bytes_transferred"])
        assert seen == sorted(set(seen))
        await stage.emulator.advance(5)
        assert (await stage.task(task_id))["status"] == "SUCCEEDED"
        assert stage.archive_files.tree() == {"c": b"\0" * 1000}


async def test_three_of_each_kind_at_a_time() -> None:
    """Three transfers and three deletes of a user work at a time; others wait as Queued, of other users they do not."""
    async with staged(pace=Pace(start_delay=10)) as stage:
        transfers = [await stage.submit(stage.transfer(("/notes.md", f"/{n}"))) for n in range(5)]
        deletes = [await stage.submit(stage.delete(f"/none{n}", ignore_missing=True)) for n in range(4)]
        bobs = await stage.submit(stage.transfer(("/notes.md", "/bob")), by=stage.bob)
        await stage.emulator.advance(0)
        states = [(await stage.task(each))["nice_status"] for each in transfers + deletes]
        assert states == ["OK"] * 3 + ["Queued"] * 2 + ["OK"] * 3 + ["Queued"]
        assert (await stage.ok("GET", f"/task/{bobs}", by=stage.bob))["nice_status"] == "OK"
        await stage.emulator.advance(11)
        assert [(await stage.task(each))["status"] for each in transfers] == ["SUCCEEDED"] * 3 + ["ACTIVE"] * 2
        await stage.emulator.advance(10)
        assert {(await stage.task(each))["status"] for each in transfers + deletes} == {"SUCCEEDED"}


async def test_pending_limit(stage: Stage) -> None:
    """A hundred tasks may be pending; one more is refused, until one has ended."""
    stage.emulator.task_runner.pace.start_delay = 10
    stage.emulator.transfer.limits.pending_tasks = 5
    for number in range(5):
        await stage.submit(stage.transfer(("/notes.md", f"/{number}")))
    refused = await stage.refused("POST", "/transfer", stage.transfer(("/notes.md", "/more")))
    assert refused == (409, "ClientError.Conflict.TooManyPendingJobs")
    await stage.emulator.advance(11)
    await stage.submit(stage.transfer(("/notes.md", "/more")))


async def test_deadline_can_be_moved(stage: Stage) -> None:
    """A deadline in the past ends a running task at once; an ended one cannot be changed."""
    task_id = await stage.submit(stage.transfer(("/nothing", "/n")))
    await stage.emulator.advance(1)
    answer = await stage.ok("PUT", f"/task/{task_id}", {"DATA_TYPE": "task", "deadline": "2000-01-01", "label": "over"})
    assert (answer["code"], answer["message"]) == ("Updated", "Updated task deadline and label successfully")
    await stage.emulator.advance(0)
    task = await stage.task(task_id)
    assert (task["status"], task["label"]) == ("FAILED", "over")
    assert await stage.refused("PUT", f"/task/{task_id}", {"label": "x"}) == (409, "Conflict")


async def test_queued_tasks_do_not_expire(stage: Stage) -> None:
    """The deadline of a task that waits for its turn is pushed; that of one that progresses too."""
    stage.emulator.task_runner.pace.start_delay = 60 * 3600
    tasks = [await stage.submit(stage.transfer(("/notes.md", f"/{n}"), deadline="2030-01-01")) for n in range(3)]
    queued = await stage.submit(stage.transfer(("/notes.md", "/queued")))
    await stage.emulator.advance(59 * 3600)
    assert (await stage.task(queued))["status"] == "ACTIVE"
    assert (await stage.task(queued))["nice_status"] == "Queued"
    stage.emulator.task_runner.pace.start_delay = 0
    await stage.emulator.advance(2 * 3600)
    assert {(await stage.task(each))["status"] for each in [*tasks, queued]} == {"SUCCEEDED"}


async def test_delete(stage: Stage) -> None:
    """A delete removes files and, recursively, directories."""
    task = await stage.done(stage.delete("/notes.md"))
    assert (task["status"], task["type"], task["files"], task["subtasks_total"]) == ("SUCCEEDED", "DELETE", 1, 1)
    assert task["destination_endpoint"] is None
    assert task["bytes_transferred"] == 0
    await stage.done(stage.delete("/data", "/empty", recursive=True))
    assert stage.lab_files.tree() == {}


@pytest.mark.parametrize(
    ("paths", "members", "status", "code"),
    [
        (["/none"], {}, "FAILED", "FILE_NOT_FOUND"),
        (["/none"], {"ignore_missing": True}, "SUCCEEDED", None),
        (["/data"], {}, "FAILED", "NOT_A_FILE"),
        (["/"], {"recursive": True}, "FAILED", "PERMISSION_DENIED"),
        (["/data/*.txt"], {}, "FAILED", "FILE_NOT_FOUND"),
        (["/data/*.txt"], {"interpret_globs": True}, "SUCCEEDED", None),
        (["/data/\\*.txt"], {"interpret_globs": True}, "FAILED", "FILE_NOT_FOUND"),
    ],
)
async def test_delete_outcomes(
    stage: Stage, paths: list[str], members: dict[str, Any], status: str, code: str | None
) -> None:
    """What is missing, a directory, or a pattern is dealt with as the delete says."""
    task = await stage.done(stage.delete(*paths, **members))
    assert task["status"] == status
    assert (task["fatal_error"] or {"code": None})["code"] == code


async def test_globs_delete_what_they_match(stage: Stage) -> None:
    """A pattern in the last component deletes what it matches, and nothing else."""
    await stage.done(stage.delete("/data/?.txt", interpret_globs=True))
    assert set(stage.lab_files.tree()) == {"data/.hidden", "data/deep/c.bin", "notes.md", "empty/"}


async def test_delete_does_not_follow_links(stage: Stage) -> None:
    """A link is removed, not what it leads to."""
    stage.lab_files.make_link("data", ("link",))
    await stage.done(stage.delete("/link", recursive=True))
    assert "link" not in stage.lab_files.tree()
    assert "data/a.txt" in stage.lab_files.tree()


async def test_delete_is_tried_again(stage: Stage) -> None:
    """What the storage refuses is a fault, and is tried again; the deadline of a delete is fixed."""
    stage.lab.deny("/data/deep")
    task = await stage.done(stage.delete("/data", recursive=True), seconds=1)
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "PERMISSION_DENIED")
    stage.lab.allow("/data/deep")
    await stage.emulator.advance(60)
    assert (await stage.task(task["task_id"]))["status"] == "SUCCEEDED"
    stage.lab.deny("/notes.md")
    stuck = await stage.submit(stage.delete("/notes.md"))
    await stage.emulator.advance(23 * 3600)
    assert (await stage.task(stuck))["status"] == "ACTIVE"
    await stage.emulator.advance(2 * 3600)
    assert (await stage.task(stuck))["status"] == "FAILED"


async def test_history_ends(stage: Stage) -> None:
    """A month after its end, the details of a task are gone."""
    task = await stage.done(stage.transfer(("/notes.md", "/n")))
    await stage.emulator.advance(31 * 86_400)
    later = await stage.task(task["task_id"])
    assert later["history_deleted"] is True
    assert (await stage.ok("GET", f"/task/{task['task_id']}/event_list"))["total"] == 0
    assert (await stage.ok("GET", f"/task/{task['task_id']}/successful_transfers"))["DATA"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"DATA": []}, 400, "ClientError.BadRequest.NoTransferItems"),
        ({"DATA": {}}, 400, "ClientError.BadRequest"),
        ({"DATA": [{"source_path": "/x"}]}, 400, "BadRequest"),
        ({"submission_id": "x"}, 400, "ClientError.BadRequest"),
        ({"submission_id": None}, 400, "BadRequest"),
        ({"label": "x" * 129}, 400, "ClientError.BadRequest"),
        ({"label": " x"}, 400, "ClientError.BadRequest"),
        ({"label": "a\nb"}, 400, "ClientError.BadRequest"),
        ({"deadline": "soon"}, 400, "ClientError.BadRequest"),
        ({"sync_level": 4}, 400, "ClientError.BadRequest"),
        ({"sync_level": "size"}, 400, "ClientError.BadRequest"),
        ({"verify_checksum": "yes"}, 400, "BadRequest"),
        ({"recursive_symlinks": "eat"}, 400, "ClientError.BadRequest"),
        ({"filter_rules": [{"method": "maybe", "name": "x"}]}, 400, "ClientError.BadRequest"),
        ({"source_endpoint": "00000000-0000-0000-0000-000000000000"}, 404, "EndpointNotFound"),
    ],
)
async def test_bad_submissions(stage: Stage, change: dict[str, Any], status: int, code: str) -> None:
    """A bad document is refused before there is a task."""
    document = {**stage.transfer(("/notes.md", "/n")), **change}
    assert await stage.refused("POST", "/transfer", document) == (status, code)
    assert stage.emulator.tasks == []


async def test_transfers_that_get_in_each_others_way(stage: Stage) -> None:
    """Identical paths under way, and copying something into itself, are refused."""
    await stage.submit(stage.transfer(("/nothing", "/n")))
    assert await stage.refused("POST", "/transfer", stage.transfer(("/nothing", "/n"))) == (409, "Conflict")
    inside = stage.transfer(("/data", "/data/deep/x"), destination_endpoint=stage.lab.id)
    assert await stage.refused("POST", "/transfer", inside) == (400, "ClientError.BadRequest")


async def test_only_the_owner_sees_a_task(stage: Stage) -> None:
    """A task of somebody else looks like none."""
    task_id = await stage.submit(stage.transfer(("/notes.md", "/n")))
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/event_list"), ("GET", "/successful_transfers")):
        assert await stage.refused(method, f"/task/{task_id}{path}", by=stage.bob) == (404, "ClientError.NotFound")


async def test_task_list(stage: Stage) -> None:
    """Tasks are listed newest first, filtered, ordered, cut and reduced to fields."""
    for number in range(3):
        await stage.done(stage.transfer(("/notes.md", f"/{number}"), label=f"run {number}"), seconds=60)
    await stage.done(stage.delete("/none", ignore_missing=True))
    stuck = await stage.submit(stage.transfer(("/nothing", "/n"), label="stuck"))
    await stage.emulator.advance(1)

    async def labels(**params: Any) -> list[str]:
        return [each["label"] for each in (await stage.ok("GET", "/task_list", **params))["DATA"]]

    assert await labels() == ["stuck", "run 2", "run 1", "run 0"]
    assert await labels(filter="status:SUCCEEDED") == ["run 2", "run 1", "run 0"]
    assert await labels(filter="type:TRANSFER,DELETE/status:SUCCEEDED") == [None, "run 2", "run 1", "run 0"]
    assert await labels(filter=f"task_id:{stuck}") == ["stuck"]
    assert await labels(filter="label:~run*") == ["run 2", "run 1", "run 0"]
    assert await labels(filter="label:!~run*") == ["stuck"]
    assert await labels(filter="label:=run 1,run 2") == ["run 2", "run 1"]
    assert await labels(filter="label:!run 1") == ["stuck", "run 2", "run 0"]
    assert await labels(orderby="request_time ASC") == ["run 0", "run 1", "run 2", "stuck"]
    assert await labels(orderby="label DESC", limit=1) == ["stuck"]
    start = (await stage.task(stuck))["request_time"].replace("T", " ")[:19]
    assert await labels(filter=f"request_time:{start},") == ["stuck"]
    assert await labels(filter=f"request_time:,{start}") == ["stuck", "run 2", "run 1", "run 0"]
    page = await stage.ok("GET", "/task_list", limit=2, offset=1, fields="label")
    assert page == {
        "DATA_TYPE": "task_list",
        "length": 2,
        "limit": 2,
        "offset": 1,
        "total": 4,
        "DATA": [{"DATA_TYPE": "task", "label": "run 2"}, {"DATA_TYPE": "task", "label": "run 1"}],
    }
    for bad in ("colour:red", "status:DONE", "request_time:never", "nonsense"):
        assert await stage.refused("GET", "/task_list", filter=bad) == (400, "BadRequest")
    assert await stage.refused("GET", "/task_list", orderby="colour") == (400, "BadRequest")
    assert await stage.refused("GET", "/task_list", limit="many") == (400, "BadRequest")


async def test_errors_do_not_keep_what_they_passed(stage: Stage) -> None:
    """The outcome of a unit that failed is no cycle with the frames of its error, of which large tasks have many."""
    await stage.submit(stage.transfer(("/none", "/n"), ("/notes.md/below", "/m")))
    work = TransferWork(stage.emulator.transfer, stage.emulator.tasks[0], is_stopped=lambda: False)
    outcomes = work.perform(work.next_batch(single=False, is_idle=True))
    assert [outcome.error and outcome.error.__traceback__ for outcome in outcomes] == [None, None]
    assert all(outcome.error for outcome in outcomes)


async def test_files_are_not_closed_under_a_thread(stage: Stage) -> None:
    """A copy that is closed while a thread still reads is closed after that: its descriptor may be another file's."""
    reading, go_on = threading.Event(), threading.Event()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            reading.set()
            assert go_on.wait(5)
            return super().read(size)

    file = Slow(b"content")

    class Source(AuthorizedStorage):
        def open(self, path: Parts) -> BinaryIO:
            return file

    source, destination = (
        kind(stage.emulator.transfer, stage.lab, frozenset({stage.ada.id})) for kind in (Source, AuthorizedStorage)
    )
    copy = FileCopy(
        source, ("a",), destination, ("b",), counts=Counts(), is_stopped=bool, verify=False, mtime=None, item=None
    )
    step = asyncio.create_task(asyncio.to_thread(copy.step, 3))
    await asyncio.to_thread(reading.wait, 5)
    close = asyncio.create_task(asyncio.to_thread(copy.close))
    await asyncio.sleep(0.05)
    assert not file.closed
    go_on.set()
    await asyncio.gather(step, close)
    assert file.closed
