"""The execution of transfer and delete tasks, and their documents."""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
import time
import uuid
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
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
from tests.emulator.transfer_world import TransferWorld, transfer_world

pytestmark = pytest.mark.slow


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


async def test_recursive_transfer(world: TransferWorld) -> None:
    """A recursive transfer copies and counts files and directories, including empty and hidden ones."""
    task = await world.done(world.transfer(("/", "/copy/"), recursive=True, verify_checksum=True, label="all"))
    assert world.archive_files.tree() == {f"copy/{path}": content for path, content in world.lab_files.tree().items()}
    assert task["status"] == "SUCCEEDED"
    assert (task["files"], task["files_transferred"], task["directories"]) == (5, 5, 4)
    assert task["subtasks_total"] == task["subtasks_succeeded"] == 1 + 5 + 4
    assert task["bytes_transferred"] == task["bytes_checksummed"] == 1017
    assert (task["label"], task["is_ok"], task["nice_status"], task["faults"]) == ("all", None, None, 0)
    assert await world.events(task["task_id"]) == ["STARTED", "SUCCEEDED"]


async def test_one_file_has_two_subtasks(world: TransferWorld) -> None:
    """One file counts as two subtasks; its checksum is listed among the successful transfers."""
    task = await world.done(world.transfer(("/notes.md", "/new/dir/n.md"), verify_checksum=True))
    assert task["subtasks_total"] == 2
    listed = await world.ok("GET", f"/task/{task['task_id']}/successful_transfers")
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


async def test_a_task_starts_when_the_clock_is_advanced(world: TransferWorld) -> None:
    """With a manual clock a task starts a second after its submission, and not before."""
    task_id = await world.submit(world.transfer(("/notes.md", "/n")))
    await world.emulator.settle()
    assert ((await world.task(task_id))["status"], world.archive_files.tree()) == ("ACTIVE", {})
    await world.emulator.advance(1)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"


async def test_submission_is_exactly_once(world: TransferWorld) -> None:
    """A repeated submission id returns Duplicate with the first task, even after its end."""
    document = world.transfer(("/notes.md", "/n"))
    first = await world.ok("POST", "/transfer", document)
    again = await world.ok("POST", "/transfer", document)
    await world.emulator.advance(10)
    later = await world.ok("POST", "/transfer", document)
    assert first["code"] == "Accepted"
    assert {again["code"], later["code"]} == {"Duplicate"}
    assert {first["task_id"]} == {again["task_id"], later["task_id"]}
    assert len(world.emulator.tasks) == 1
    removal = world.delete("/notes.md")
    assert (await world.ok("POST", "/delete", removal))["code"] == "Accepted"
    assert (await world.ok("POST", "/delete", removal))["code"] == "Duplicate"


async def test_concurrent_submissions(world: TransferWorld) -> None:
    """The same document submitted twenty times concurrently creates one task; twenty documents create twenty."""
    document = world.transfer(("/notes.md", "/n"))
    responses = await asyncio.gather(*(world.ok("POST", "/transfer", document) for _ in range(20)))
    assert sorted(response["code"] for response in responses) == ["Accepted"] + ["Duplicate"] * 19
    assert len({response["task_id"] for response in responses}) == 1
    others = [world.transfer(("/notes.md", f"/{n}")) for n in range(20)]
    responses = await asyncio.gather(*(world.ok("POST", "/transfer", each) for each in others))
    assert {response["code"] for response in responses} == {"Accepted"}
    assert len(world.emulator.tasks) == 21


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
async def test_sync_levels(world: TransferWorld, level: int | None, copied: set[str]) -> None:
    """The sync levels copy files that are missing, differ in size, are newer, or differ in checksum."""
    files = {"same": "1", "larger": "22", "newer": "3", "other": "4", "missing": "5"}
    world.lab_files.make_directory(("s",))
    world.archive_files.make_directory(("d",))
    for name, content in files.items():
        world.lab_files.write(("s", name), content)
        world.lab_files.set_mtime(("s", name), 2000 if name == "newer" else 1000)
        if name != "missing":
            world.archive_files.write(("d", name), {"larger": "2", "other": "x"}.get(name, content))
            world.archive_files.set_mtime(("d", name), 1000)
    task = await world.done(world.transfer(("/s", "/d"), recursive=True, sync_level=level))
    listed = await world.ok("GET", f"/task/{task['task_id']}/successful_transfers")
    assert {each["source_path"].removeprefix("/s/") for each in listed["DATA"]} == copied
    assert task["files_skipped"] == len(files) - len(copied)
    assert task["files_transferred"] == len(copied)


async def test_preserve_timestamp(world: TransferWorld) -> None:
    """A copy has the modification time of its source only if requested."""
    world.lab_files.set_mtime(("notes.md",), 12345)
    await world.done(world.transfer(("/notes.md", "/kept"), preserve_timestamp=True))
    await world.done(world.transfer(("/notes.md", "/new")))
    assert world.archive_files.stat(("kept",)).mtime == 12345
    assert world.archive_files.stat(("new",)).mtime == world.clock.wall()


async def test_missing_source_is_retried_until_the_deadline(world: TransferWorld) -> None:
    """With a missing source a task stays ACTIVE with increasing faults, until it expires."""
    task_id = await world.submit(world.transfer(("/nothing", "/n")))
    await world.emulator.advance(1)
    task = await world.task(task_id)
    assert (task["status"], task["faults"], task["nice_status"], task["is_ok"]) == (
        "ACTIVE",
        1,
        "FILE_NOT_FOUND",
        False,
    )
    assert task["subtasks_retrying"] == 1
    await world.emulator.advance(3600)
    later = await world.task(task_id)
    assert later["faults"] > task["faults"]
    errors = await world.ok("GET", f"/task/{task_id}/event_list", filter="is_error:1")
    assert errors["total"] == later["faults"]
    await world.emulator.advance(24 * 3600)
    ended = await world.task(task_id)
    assert (ended["status"], ended["subtasks_expired"], ended["subtasks_pending"]) == ("FAILED", 1, 0)
    assert (await world.events(task_id))[-1] == "EXPIRED"
    assert ended["completion_time"] == ended["deadline"]


async def test_a_source_that_appears_is_copied(world: TransferWorld) -> None:
    """A task with a fault succeeds when the missing source appears."""
    task_id = await world.submit(world.transfer(("/later", "/l")))
    await world.emulator.advance(1)
    world.lab_files.write(("later",), "here")
    await world.emulator.advance(60)
    task = await world.task(task_id)
    assert (task["status"], task["faults"]) == ("SUCCEEDED", 1)
    assert world.archive_files.tree() == {"l": b"here"}


async def test_skip_source_errors(world: TransferWorld) -> None:
    """Missing and unreadable sources are skipped and listed, and the task succeeds."""
    world.lab.deny("/data/b.txt")
    pairs = (("/data", "/d"), ("/nothing", "/n"))
    task = await world.done(world.transfer(*pairs, skip_source_errors=True))
    assert (task["status"], task["subtasks_skipped_errors"], task["faults"]) == ("SUCCEEDED", 2, 0)
    listed = await world.ok("GET", f"/task/{task['task_id']}/skipped_errors")
    assert {(each["error_code"], each["source_path"]) for each in listed["DATA"]} == {
        ("PERMISSION_DENIED", "/data/b.txt"),
        ("FILE_NOT_FOUND", "/nothing"),
    }
    assert "SKIPPED_ERRORS" in await world.events(task["task_id"])


async def test_without_skipping_a_refused_source_is_a_fault(world: TransferWorld) -> None:
    """An unreadable file delays the task, but not the other files."""
    world.lab.deny("/data/b.txt")
    task = await world.done(world.transfer(("/data", "/d")), seconds=1)
    assert (task["status"], task["nice_status"], task["files_transferred"]) == ("ACTIVE", "PERMISSION_DENIED", 3)
    world.lab.allow("/data/b.txt")
    await world.emulator.advance(60)
    assert (await world.task(task["task_id"]))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("fail", [True, False])
async def test_quota(fail: bool) -> None:
    """An exceeded quota ends the task with ``fail_on_quota_errors``, and is retried without."""
    async with transfer_world() as world:
        world.archive.storage = MemoryStorage(quota=5)
        task = await world.done(world.transfer(("/notes.md", "/n"), fail_on_quota_errors=fail), seconds=1)
        if fail:
            assert (task["status"], task["fatal_error"]["code"]) == ("FAILED", "QUOTA_EXCEEDED")
        else:
            assert (task["status"], task["nice_status"]) == ("ACTIVE", "QUOTA_EXCEEDED")
        assert world.archive.storage.tree() == {}


async def test_delete_destination_extra(world: TransferWorld) -> None:
    """Extra entries of the destination are deleted, unless a source could not be read."""
    world.archive_files.write(("x",), "extra")
    await world.done(world.transfer(("/data", "/"), delete_destination_extra=True))
    assert set(world.archive_files.tree()) == {"a.txt", "b.txt", ".hidden", "deep/c.bin"}
    world.archive_files.write(("x",), "extra")
    world.lab.deny("/data/a.txt")
    task = await world.done(world.transfer(("/data", "/"), delete_destination_extra=True, skip_source_errors=True))
    assert "x" in world.archive_files.tree()
    assert "DELETE_DESTINATION_EXTRA_SKIPPED" in await world.events(task["task_id"])


async def test_filter_rules(world: TransferWorld) -> None:
    """The first matching rule decides; excluded directories are not entered; other entries are included."""
    rules = [
        {"DATA_TYPE": "filter_rule", "method": "include", "type": "file", "name": "a.*"},
        {"DATA_TYPE": "filter_rule", "method": "exclude", "type": "file", "name": "*.txt"},
        {"DATA_TYPE": "filter_rule", "method": "exclude", "type": "dir", "name": "[d]eep"},
    ]
    task = await world.done(world.transfer(("/data", "/d"), filter_rules=rules))
    assert set(world.archive_files.tree()) == {"d/a.txt", "d/.hidden"}
    assert task["filter_rules"] == rules


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("ignore", {"f": b"1"}),
        ("keep", {"f": b"1", "file": b"f", "dir": b"../data", "broken": b"nowhere"}),
    ],
)
async def test_symlinks(world: TransferWorld, links: str, expected: dict[str, bytes]) -> None:
    """Links inside a directory are ignored or recreated, and counted."""
    world.lab_files.make_directory(("s",))
    world.lab_files.write(("s", "f"), "1")
    for name, target in (("file", "f"), ("dir", "../data"), ("broken", "nowhere")):
        world.lab_files.make_link(target, ("s", name))
    task = await world.done(world.transfer(("/s", "/"), recursive_symlinks=links))
    assert world.archive_files.tree() == expected
    assert (task["symlinks"], task["status"]) == (3, "SUCCEEDED")


async def test_symlinks_copied(world: TransferWorld) -> None:
    """Links can be followed; the link of an item always is."""
    world.lab_files.make_directory(("s",))
    world.lab_files.make_link("../data", ("s", "dir"))
    world.lab_files.make_link("../notes.md", ("s", "file"))
    await world.done(world.transfer(("/s", "/copied"), recursive_symlinks="copy"))
    await world.done(world.transfer(("/s/file", "/named")))
    tree = world.archive_files.tree()
    assert tree["named"] == tree["copied/file"] == b"# notes"
    assert tree["copied/dir/a.txt"] == b"one"


async def test_a_loop_of_links_is_a_fault(world: TransferWorld) -> None:
    """Following a link to a parent directory ends with a fault."""
    world.lab_files.make_link("..", ("data", "up"))
    task = await world.done(world.transfer(("/data", "/d"), recursive_symlinks="copy"))
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "ENDPOINT_ERROR")


async def test_external_checksum(world: TransferWorld) -> None:
    """A file without the expected checksum is not copied."""
    good = hashlib.sha256(b"# notes").hexdigest()
    document = world.transfer(("/notes.md", "/n"))
    document["DATA"][0] |= {"external_checksum": good, "checksum_algorithm": "SHA256"}
    assert (await world.done(document))["status"] == "SUCCEEDED"
    wrong = world.transfer(("/notes.md", "/w"))
    wrong["DATA"][0] |= {"external_checksum": "0" * 32}
    task = await world.done(wrong)
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "VERIFY_CHECKSUM")
    assert set(world.archive_files.tree()) == {"n"}


async def test_a_copy_that_is_read_differently(world: TransferWorld) -> None:
    """It is a fault, and what was at its place stays there; the next attempt succeeds."""

    class Damaging(MemoryStorage):
        damages = True

        def create(self, path: Parts) -> Any:
            upload = super().create(path)
            if self.damages:
                upload.read_back = lambda: io.BytesIO(b"# n0tes")  # type: ignore[method-assign]
            return upload

    world.archive.storage = storage = Damaging({"n": "old"}, clock=world.clock)
    task_id = await world.submit(world.transfer(("/notes.md", "/n"), verify_checksum=True))
    await world.emulator.advance(1)
    task = await world.task(task_id)
    assert (task["status"], task["nice_status"], task["faults"]) == ("ACTIVE", "VERIFY_CHECKSUM", 1)
    assert storage.tree() == {"n": b"old"}
    storage.damages = False
    await world.emulator.advance(60)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"
    assert storage.tree() == {"n": b"# notes"}


async def test_many_small_files_take_few_threads_and_few_switches(world: TransferWorld) -> None:
    """A worker thread copies many files at a time, and opens their directory once for them; two threads at once."""
    lock = threading.Lock()
    opened = working = most = 0

    class Counting(MemoryStorage):
        @contextmanager
        def keeping_open(self, directory: Parts) -> Generator[Counting]:
            nonlocal opened, working, most
            with lock:
                opened += 1
                working += 1
                most = max(most, working)
            time.sleep(0.05)  # so that all the others begin
            try:
                yield self
            finally:
                with lock:
                    working -= 1

    world.lab.storage = Counting({"all": {f"{number:03}": "x" for number in range(400)}}, clock=world.clock)
    task = await world.done(world.transfer(("/all", "/all"), recursive=True))
    assert (task["status"], task["files_transferred"]) == ("SUCCEEDED", 400)
    assert most == 2
    assert opened <= 8


async def test_a_batch_of_files_of_several_directories(world: TransferWorld) -> None:
    """Each is copied to its place, and access is checked for each file, although directories stay open."""
    world.lab.deny("/data/b.txt")
    pairs = [("/data/a.txt", "/x/1"), ("/data/b.txt", "/x/2"), ("/notes.md", "/y/3"), ("/data/.hidden", "/x/4")]
    task = await world.done(world.transfer(*pairs, skip_source_errors=True))
    assert (task["status"], task["files_transferred"]) == ("SUCCEEDED", 3)
    assert world.archive_files.tree() == {"x/1": b"one", "y/3": b"# notes", "x/4": b"x"}


async def test_a_collection_that_disconnects_during_a_batch(world: TransferWorld) -> None:
    """The remaining files are faults, although their directory stays open."""

    class Disconnecting(MemoryStorage):
        def open(self, path: Parts) -> BinaryIO:
            world.lab.storage = None
            return super().open(path)

    world.lab.storage = Disconnecting({"a/1": "1", "a/2": "2"}, clock=world.clock)
    task = await world.done(world.transfer(("/a", "/a"), recursive=True))
    assert (task["status"], task["files_transferred"], task["faults"]) == ("ACTIVE", 1, 1)


@pytest.mark.parametrize(
    ("path", "recursive", "code"), [("/data", False, "NOT_A_FILE"), ("/notes.md", True, "NOT_A_DIRECTORY")]
)
async def test_recursive_must_match_the_source(world: TransferWorld, path: str, recursive: bool, code: str) -> None:
    """A file with ``recursive`` true, or a directory with false, ends the task."""
    task = await world.done(world.transfer((path, "/x"), recursive=recursive))
    assert (task["status"], task["fatal_error"]["code"], task["subtasks_failed"]) == ("FAILED", code, 1)
    assert world.archive_files.tree() == {}


async def test_cancel(world: TransferWorld) -> None:
    """A cancelled task is FAILED with a CANCELED event; a second cancellation returns TaskComplete."""
    world.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await world.submit(world.transfer(("/", "/c")))
    await world.emulator.advance(11)
    running = await world.task(task_id)
    assert running["status"] == "ACTIVE"
    assert 0 < running["files_transferred"] < 5
    cancelled = await world.ok("POST", f"/task/{task_id}/cancel")
    assert (cancelled["code"], cancelled["DATA_TYPE"]) == ("Canceled", "result")
    files = world.archive_files.tree()
    await world.emulator.advance(100)
    task = await world.task(task_id)
    assert (task["status"], task["subtasks_pending"], task["is_paused"]) == ("FAILED", 0, False)
    assert task["subtasks_canceled"] > 0
    assert world.archive_files.tree() == files
    assert (await world.ok("POST", f"/task/{task_id}/cancel"))["code"] == "TaskComplete"
    assert (await world.events(task_id))[-1] == "CANCELED"


async def test_suspended_tasks(world: TransferWorld) -> None:
    """A suspended task is INACTIVE without progress until it is resumed."""
    world.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await world.submit(world.transfer(("/", "/c")))
    await world.emulator.advance(5)
    world.emulator.suspend(task_id)
    await world.emulator.advance(1000)
    task = await world.task(task_id)
    assert (task["status"], task["nice_status"], task["is_ok"]) == ("INACTIVE", "CONSENT_REQUIRED", False)
    assert task["files_transferred"] < 5
    assert [each["task_id"] for each in (await world.ok("GET", "/task_list", filter="status:INACTIVE"))["DATA"]] == [
        task_id
    ]
    world.emulator.resume(task_id)
    await world.emulator.advance(100)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"


async def test_activation_that_expires_during_a_task(world: TransferWorld) -> None:
    """A task on a legacy endpoint becomes INACTIVE when its activation expires, and continues after a new one."""
    world.emulator.task_runner.pace.seconds_per_file = 3600
    world.lab.needs_activation = True
    filled = {"DATA": [{"name": name, "value": "x"} for name in ("hostname", "username", "passphrase")]}
    await world.ok("POST", f"/endpoint/{world.lab.id}/activate", filled)
    task_id = await world.submit(world.transfer(*((f"/data/{name}", f"/{n}") for n, name in enumerate(["a.txt"] * 60))))
    await world.emulator.advance(14 * 3600)
    assert (await world.task(task_id))["status"] == "INACTIVE"
    await world.ok("POST", f"/endpoint/{world.lab.id}/activate", filled)
    assert (await world.task(task_id))["status"] == "ACTIVE"
    await world.emulator.advance(6 * 3600)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"


async def test_consent_that_is_rescinded_during_a_task(world: TransferWorld) -> None:
    """A task becomes INACTIVE when a required consent is rescinded, and continues after a login with it."""
    world.archive.needs_data_access = True
    scope = f"https://auth.globus.org/scopes/{world.archive.id}/data_access"
    world.emulator.task_runner.pace = Pace(seconds_per_file=10, workers=1)
    token = world.emulator.access_token(world.ada, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    task_id = await world.submit(world.transfer(("/", "/c")), token=token)
    consents = world.emulator.auth.consents
    (given,) = [each for each in consents.of(frozenset({world.ada.id})) if each.scope.scope_string == scope]
    await world.emulator.advance(15)
    consents.rescind(given.id)
    task = await world.task(task_id)
    assert (task["status"], task["nice_status"], task["is_ok"]) == ("INACTIVE", "CONSENT_REQUIRED", False)
    await world.emulator.advance(3600)
    assert (await world.task(task_id))["files_transferred"] < 5
    world.emulator.access_token(world.bob, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    assert (await world.task(task_id))["status"] == "INACTIVE"
    world.emulator.access_token(world.ada, scopes=[f"{TRANSFER_SCOPE}[{scope}]"])
    assert (await world.task(task_id))["status"] == "ACTIVE"
    await world.emulator.advance(100)
    task = await world.task(task_id)
    assert (task["status"], task["files_transferred"]) == ("SUCCEEDED", 5)


async def test_token_that_is_revoked_during_a_task(world: TransferWorld) -> None:
    """A task continues after its token was revoked: Transfer has dependent tokens."""
    world.emulator.task_runner.pace.seconds_per_file = 10
    token = world.emulator.access_token(world.ada)
    task_id = await world.submit(world.transfer(("/", "/c")), token=token)
    world.emulator.auth.revoke(token)
    await world.emulator.advance(100)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"


async def test_session_that_expires_during_a_task(world: TransferWorld) -> None:
    """A task on a high-assurance collection becomes INACTIVE when the login is too old, until the next login."""
    policy = Policy(str(uuid.uuid4()), "", "P", "D", high_assurance=True, authentication_assurance_timeout=60)
    world.emulator.auth.registry.policies[policy.id] = policy
    world.archive.fields["authentication_policy_id"] = policy.id
    world.emulator.task_runner.pace = Pace(seconds_per_file=50, workers=1)
    task_id = await world.submit(world.transfer(("/data", "/c"), ("/notes.md", "/n")))
    await world.emulator.advance(3600)
    task = await world.task(task_id)
    assert (task["status"], task["nice_status"]) == ("INACTIVE", "AUTH_POLICY_FAILED")
    world.emulator.access_token(world.ada)
    assert (await world.task(task_id))["status"] == "ACTIVE"
    for _ in range(10):
        await world.emulator.advance(30)
        world.emulator.access_token(world.ada)
    assert (await world.task(task_id))["status"] == "SUCCEEDED"


def test_tasks_are_resumed_by_the_next_server() -> None:
    """Unfinished tasks of a stopped server, including queued ones and deletes, are resumed by the next one."""
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


async def test_suspend_and_resume_from_another_thread(world: TransferWorld) -> None:
    """Tasks can be suspended and resumed from a thread without an event loop."""
    world.emulator.task_runner.pace.seconds_per_file = 10
    task_id = await world.submit(world.transfer(("/", "/c")))
    await asyncio.to_thread(world.emulator.suspend, task_id)
    assert (await world.task(task_id))["status"] == "INACTIVE"
    await asyncio.to_thread(world.emulator.resume, task_id)
    assert (await world.task(task_id))["status"] == "ACTIVE"


@pytest.mark.parametrize("deadline", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_deadlines_outside_the_calendar(world: TransferWorld, deadline: str) -> None:
    """A deadline outside the years 1 to 9999 in UTC is refused."""
    document = world.transfer(("/notes.md", "/n"), deadline=deadline)
    assert await world.refused("POST", "/transfer", document) == (400, "ClientError.BadRequest")
    assert (await world.ok("GET", "/task_list"))["DATA"] == []


async def test_progress_within_a_file() -> None:
    """With a limited rate, the byte counter increases within a file."""
    async with transfer_world(pace=Pace(bytes_per_second=100)) as world:
        task_id = await world.submit(world.transfer(("/data/deep/c.bin", "/c")))
        seen: list[int] = []
        for _ in range(5):
            await world.emulator.advance(2)
            seen.append((await world.task(task_id))["bytes_transferred"])
        assert seen == sorted(set(seen))
        await world.emulator.advance(5)
        assert (await world.task(task_id))["status"] == "SUCCEEDED"
        assert world.archive_files.tree() == {"c": b"\0" * 1000}


async def test_three_running_tasks_of_each_type() -> None:
    """Three transfers and three deletes of a user run concurrently; further ones of that user are queued."""
    async with transfer_world(pace=Pace(start_delay=10)) as world:
        transfers = [await world.submit(world.transfer(("/notes.md", f"/{n}"))) for n in range(5)]
        deletes = [await world.submit(world.delete(f"/none{n}", ignore_missing=True)) for n in range(4)]
        bobs = await world.submit(world.transfer(("/notes.md", "/bob")), by=world.bob)
        await world.emulator.advance(0)
        states = [(await world.task(each))["nice_status"] for each in transfers + deletes]
        assert states == ["OK"] * 3 + ["Queued"] * 2 + ["OK"] * 3 + ["Queued"]
        assert (await world.ok("GET", f"/task/{bobs}", by=world.bob))["nice_status"] == "OK"
        await world.emulator.advance(11)
        assert [(await world.task(each))["status"] for each in transfers] == ["SUCCEEDED"] * 3 + ["ACTIVE"] * 2
        await world.emulator.advance(10)
        assert {(await world.task(each))["status"] for each in transfers + deletes} == {"SUCCEEDED"}


async def test_pending_limit(world: TransferWorld) -> None:
    """A submission above the limit of pending tasks is refused, until a task has ended."""
    world.emulator.task_runner.pace.start_delay = 10
    world.emulator.transfer.limits.pending_tasks = 5
    for number in range(5):
        await world.submit(world.transfer(("/notes.md", f"/{number}")))
    refused = await world.refused("POST", "/transfer", world.transfer(("/notes.md", "/more")))
    assert refused == (409, "ClientError.Conflict.TooManyPendingJobs")
    await world.emulator.advance(11)
    await world.submit(world.transfer(("/notes.md", "/more")))


async def test_changed_deadline(world: TransferWorld) -> None:
    """A deadline in the past ends a running task; an ended task cannot be changed."""
    task_id = await world.submit(world.transfer(("/nothing", "/n")))
    await world.emulator.advance(1)
    response = await world.ok(
        "PUT", f"/task/{task_id}", {"DATA_TYPE": "task", "deadline": "2000-01-01", "label": "over"}
    )
    assert (response["code"], response["message"]) == ("Updated", "Updated task deadline and label successfully")
    await world.emulator.advance(0)
    task = await world.task(task_id)
    assert (task["status"], task["label"]) == ("FAILED", "over")
    assert await world.refused("PUT", f"/task/{task_id}", {"label": "x"}) == (409, "Conflict")


async def test_queued_tasks_do_not_expire(world: TransferWorld) -> None:
    """The deadline of a queued task is extended, and that of a task with progress."""
    world.emulator.task_runner.pace.start_delay = 60 * 3600
    tasks = [await world.submit(world.transfer(("/notes.md", f"/{n}"), deadline="2030-01-01")) for n in range(3)]
    queued = await world.submit(world.transfer(("/notes.md", "/queued")))
    await world.emulator.advance(59 * 3600)
    assert (await world.task(queued))["status"] == "ACTIVE"
    assert (await world.task(queued))["nice_status"] == "Queued"
    world.emulator.task_runner.pace.start_delay = 0
    await world.emulator.advance(2 * 3600)
    assert {(await world.task(each))["status"] for each in [*tasks, queued]} == {"SUCCEEDED"}


async def test_delete(world: TransferWorld) -> None:
    """A delete removes files and, recursively, directories."""
    task = await world.done(world.delete("/notes.md"))
    assert (task["status"], task["type"], task["files"], task["subtasks_total"]) == ("SUCCEEDED", "DELETE", 1, 1)
    assert task["destination_endpoint"] is None
    assert task["bytes_transferred"] == 0
    await world.done(world.delete("/data", "/empty", recursive=True))
    assert world.lab_files.tree() == {}


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
    world: TransferWorld, paths: list[str], members: dict[str, Any], status: str, code: str | None
) -> None:
    """Missing paths, directories and patterns are handled according to the options of the delete."""
    task = await world.done(world.delete(*paths, **members))
    assert task["status"] == status
    assert (task["fatal_error"] or {"code": None})["code"] == code


async def test_delete_with_a_pattern(world: TransferWorld) -> None:
    """A pattern in the last component deletes the matching entries only."""
    await world.done(world.delete("/data/?.txt", interpret_globs=True))
    assert set(world.lab_files.tree()) == {"data/.hidden", "data/deep/c.bin", "notes.md", "empty/"}


async def test_delete_does_not_follow_links(world: TransferWorld) -> None:
    """A link is removed, not its target."""
    world.lab_files.make_link("data", ("link",))
    await world.done(world.delete("/link", recursive=True))
    assert "link" not in world.lab_files.tree()
    assert "data/a.txt" in world.lab_files.tree()


async def test_delete_is_retried(world: TransferWorld) -> None:
    """A storage error is a fault and retried; the deadline of a delete is fixed."""
    world.lab.deny("/data/deep")
    task = await world.done(world.delete("/data", recursive=True), seconds=1)
    assert (task["status"], task["nice_status"]) == ("ACTIVE", "PERMISSION_DENIED")
    world.lab.allow("/data/deep")
    await world.emulator.advance(60)
    assert (await world.task(task["task_id"]))["status"] == "SUCCEEDED"
    world.lab.deny("/notes.md")
    stuck = await world.submit(world.delete("/notes.md"))
    await world.emulator.advance(23 * 3600)
    assert (await world.task(stuck))["status"] == "ACTIVE"
    await world.emulator.advance(2 * 3600)
    assert (await world.task(stuck))["status"] == "FAILED"


async def test_history_is_deleted(world: TransferWorld) -> None:
    """The history of a task is deleted a month after its end."""
    task = await world.done(world.transfer(("/notes.md", "/n")))
    await world.emulator.advance(31 * 86_400)
    later = await world.task(task["task_id"])
    assert later["history_deleted"] is True
    assert (await world.ok("GET", f"/task/{task['task_id']}/event_list"))["total"] == 0
    assert (await world.ok("GET", f"/task/{task['task_id']}/successful_transfers"))["DATA"] == []


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
async def test_invalid_submissions(world: TransferWorld, change: dict[str, Any], status: int, code: str) -> None:
    """An invalid document is refused and creates no task."""
    document = {**world.transfer(("/notes.md", "/n")), **change}
    assert await world.refused("POST", "/transfer", document) == (status, code)
    assert world.emulator.tasks == []


async def test_conflicting_transfers(world: TransferWorld) -> None:
    """A transfer of the same paths as a running one, or into its own source, is refused."""
    await world.submit(world.transfer(("/nothing", "/n")))
    assert await world.refused("POST", "/transfer", world.transfer(("/nothing", "/n"))) == (409, "Conflict")
    inside = world.transfer(("/data", "/data/deep/x"), destination_endpoint=world.lab.id)
    assert await world.refused("POST", "/transfer", inside) == (400, "ClientError.BadRequest")


async def test_only_the_owner_sees_a_task(world: TransferWorld) -> None:
    """The task of another user is not found."""
    task_id = await world.submit(world.transfer(("/notes.md", "/n")))
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/event_list"), ("GET", "/successful_transfers")):
        assert await world.refused(method, f"/task/{task_id}{path}", by=world.bob) == (404, "ClientError.NotFound")


async def test_task_list(world: TransferWorld) -> None:
    """Tasks are listed newest first, and can be filtered, ordered, paged and reduced to fields."""
    for number in range(3):
        await world.done(world.transfer(("/notes.md", f"/{number}"), label=f"run {number}"), seconds=60)
    await world.done(world.delete("/none", ignore_missing=True))
    stuck = await world.submit(world.transfer(("/nothing", "/n"), label="stuck"))
    await world.emulator.advance(1)

    async def labels(**params: Any) -> list[str]:
        return [each["label"] for each in (await world.ok("GET", "/task_list", **params))["DATA"]]

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
    start = (await world.task(stuck))["request_time"].replace("T", " ")[:19]
    assert await labels(filter=f"request_time:{start},") == ["stuck"]
    assert await labels(filter=f"request_time:,{start}") == ["stuck", "run 2", "run 1", "run 0"]
    page = await world.ok("GET", "/task_list", limit=2, offset=1, fields="label")
    assert page == {
        "DATA_TYPE": "task_list",
        "length": 2,
        "limit": 2,
        "offset": 1,
        "total": 4,
        "DATA": [{"DATA_TYPE": "task", "label": "run 2"}, {"DATA_TYPE": "task", "label": "run 1"}],
    }
    for bad in ("colour:red", "status:DONE", "request_time:never", "nonsense"):
        assert await world.refused("GET", "/task_list", filter=bad) == (400, "BadRequest")
    assert await world.refused("GET", "/task_list", orderby="colour") == (400, "BadRequest")
    assert await world.refused("GET", "/task_list", limit="many") == (400, "BadRequest")


async def test_outcomes_have_no_tracebacks(world: TransferWorld) -> None:
    """The error of a failed unit has no traceback, whose frames would keep large tasks in memory."""
    await world.submit(world.transfer(("/none", "/n"), ("/notes.md/below", "/m")))
    work = TransferWork(world.emulator.transfer, world.emulator.tasks[0], is_stopped=lambda: False)
    outcomes = work.perform(work.next_batch(single=False, is_idle=True))
    assert [outcome.error and outcome.error.__traceback__ for outcome in outcomes] == [None, None]
    assert all(outcome.error for outcome in outcomes)


async def test_close_waits_for_a_reading_thread(world: TransferWorld) -> None:
    """A copy is closed only after a reading thread has finished, since its descriptor may be reused."""
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
        kind(world.emulator.transfer, world.lab, frozenset({world.ada.id})) for kind in (Source, AuthorizedStorage)
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
