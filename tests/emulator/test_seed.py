"""Seed documents: loading, dumping, and returning to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from globus_async import AccessTokenAuthorizer, TransferClient
from globus_async.emulator.control.seed import read_seed_file
from globus_async.emulator.control.seed_dump import encode
from globus_async.emulator.kit.background import Background
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.service import Platform, RouteTable, Service
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage, ServiceError
from tests.emulator.notes_service import NotesService

LAB = "11111111-1111-4111-8111-111111111111"
GUEST = "22222222-2222-4222-8222-222222222222"
GROUP = "33333333-3333-4333-8333-333333333333"
TASK = "44444444-4444-4444-8444-444444444444"
SEED: dict[str, Any] = {
    "identities": [
        {"username": "ada@example.org", "name": "Ada Lovelace"},
        {"username": "ada@work.example", "linked_to": "ada@example.org", "email": None},
        {"username": "bob@example.org", "status": "unused"},
    ],
    "clients": [
        {"name": "Portal", "secret": "not-so-secret", "redirect_uris": ["https://portal.example.org/login"]},
        {"name": "Script"},
    ],
    "groups": [{"id": GROUP, "name": "Lab", "members": ["bob@example.org"], "admins": ["ada@example.org"]}],
    "collections": [
        {
            "id": LAB,
            "display_name": "Lab storage",
            "owner": "ada@example.org",
            "files": {
                "/data/a.txt": "one",
                "/data/b.bin": {"base64": "AP8="},
                "/data/link": {"link": "a.txt"},
                "/empty/": None,
            },
            "home": "/data",
            "members": ["ada@example.org", "bob@example.org"],
            "denied": ["/data/secret"],
            "document": {"keywords": "physics"},
        },
        {"id": GUEST, "display_name": "Shared", "owner": "ada@example.org", "host": LAB, "host_path": "/data"},
        {"display_name": "Archive", "owner": "bob@example.org"},
    ],
    "roles": [{"collection": LAB, "role": "activity_monitor", "principal": GROUP, "principal_type": "group"}],
    "permissions": [
        {"collection": GUEST, "path": "/", "principal": "bob@example.org", "permissions": "r"},
        {
            "collection": GUEST,
            "path": "/in",
            "principal_type": "all_authenticated_users",
            "permissions": "rw",
            "expiration_date": "2099-01-01",
        },
    ],
    "tasks": [
        {
            "id": TASK,
            "owner": "ada@example.org",
            "type": "TRANSFER",
            "label": "last year",
            "source": LAB,
            "destination": GUEST,
            "items": [{"source": "/data/a.txt", "destination": "/copy.txt"}],
            "status": "FAILED",
            "request_time": 1_700_000_000,
            "completion_time": 1_700_003_600.5,
            "fatal_error": {"code": "EXPIRED", "description": "expired"},
            "counts": {"faults": 3, "files": 1, "total": 1, "expired": 1},
            "events": [{"code": "STARTED", "description": "started", "details": "{}", "time": 1_700_000_001}],
        }
    ],
}


async def test_a_dump_is_loaded_as_the_same_bytes() -> None:
    """Whatever was loaded, and whatever has changed since."""
    async with GlobusEmulator(clock=ManualClock()) as one, GlobusEmulator() as two:
        await one.load_seed(SEED)
        first = encode(one.dump_seed())
        await two.load_seed(json.loads(first))
        assert encode(two.dump_seed()) == first
        tc = TransferClient(authorizer=AccessTokenAuthorizer(one.access_token()), transport=one.transport())
        await tc.operation_mkdir(LAB, "/data/new")
        await tc.create_endpoint({"display_name": "Laptop", "is_globus_connect": True})
        one.directory.add("carol@example.org", status="unused")
        done = await tc.submit_delete({"endpoint": LAB, "DATA": [{"path": "/data/b.bin"}]})
        await one.advance(5)
        pending = await tc.submit_delete({"endpoint": LAB, "DATA": [{"path": "/data/a.txt"}]})
        second = encode(one.dump_seed())
        assert second != first
        await two.load_seed(json.loads(second))
        assert encode(two.dump_seed()) == second
        assert two.transfer.tasks[done["task_id"]].successful == one.transfer.tasks[done["task_id"]].successful
        await two.settle()
        assert two.transfer.tasks[pending["task_id"]].is_final  # it was executed again
        assert "a.txt" not in json.dumps(two.dump_seed()["collections"][0]["files"]).replace('"link": "a.txt"', "")


async def test_what_a_seed_contains() -> None:
    """Each resource is what a client finds."""
    async with GlobusEmulator(clock=ManualClock(start=1_700_010_000)) as emulator:
        await emulator.load_seed(SEED)
        ada, work, bob = (
            emulator.directory.find(name) for name in ("ada@example.org", "ada@work.example", "bob@example.org")
        )
        assert ada is not None
        assert work is not None
        assert bob is not None
        assert emulator.auth.login_identity is ada
        assert emulator.directory.linked(work.id) == [ada, work]
        assert (ada.name, work.email, bob.status) == ("Ada Lovelace", None, "unused")
        portal, script = (each for each in emulator.auth.registry.clients.values() if each.name in {"Portal", "Script"})
        assert (portal.is_public, script.is_public) == (False, True)
        assert portal.credentials[0].secret.reveal() == "not-so-secret"
        transport = emulator.transport()
        tc = TransferClient(authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=transport)
        assert [entry["name"] async for entry in tc.operation_ls(LAB)] == ["a.txt", "b.bin", "link"]
        assert [entry["name"] async for entry in tc.operation_ls(LAB, "/")] == ["data", "empty"]
        assert (await tc.get_endpoint(LAB))["keywords"] == "physics"
        task = await tc.get_task(TASK)
        fatal = task["fatal_error"]
        assert fatal is not None
        assert (task["status"], task["faults"], fatal["code"]) == ("FAILED", 3, "EXPIRED")
        assert task["completion_time"] == "2023-11-14T23:13:20+00:00"
        assert [event["code"] async for event in tc.task_event_list(TASK)] == ["STARTED"]
        bobs = TransferClient(authorizer=AccessTokenAuthorizer(emulator.access_token(bob)), transport=transport)
        assert [entry["name"] async for entry in bobs.operation_ls(GUEST, "/")] == ["a.txt", "b.bin", "link"]
        assert "activity_monitor" in (await bobs.get_endpoint(LAB))["my_effective_roles"]


async def test_ids_are_the_same_in_every_run() -> None:
    """Those that a document does not give are derived from the names in it."""
    seeds: list[dict[str, Any]] = []
    for _ in range(2):
        async with GlobusEmulator(clock=ManualClock()) as emulator:
            await emulator.load_seed(SEED)
            seeds.append(emulator.dump_seed())
    assert seeds[0] == seeds[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"people": []}, "no section 'people'"),
        ({"identities": {}}, "'identities': a list of objects"),
        ({"identities": [{"username": "ada@example.org", "nick": "a"}]}, "no member 'nick'"),
        ({"identities": [{"name": "Ada"}]}, r"'identities\[0\].username'"),
        ({"identities": [{"username": "a@b.c"}, {"username": "A@b.c"}]}, "there is an identity"),
        ({"identities": [{"username": "a@b.c", "linked_to": "x@b.c"}]}, "'linked_to'"),
        ({"clients": [{"name": "a"}, {"name": "a"}]}, "already a client"),
        ({"clients": [{"name": "a", "client_type": "x"}]}, "client_type"),
        ({"groups": [{"name": "g", "members": ["nobody@example.org"]}]}, "'members'"),
        ({"collections": [{"display_name": "x"}]}, "owner"),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org", "host": LAB}]}, "'host'"),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org", "files": {"../x": ""}}]}, r"Invalid file"),
        (
            {"collections": [{"display_name": "x", "owner": "ada@example.org", "files": {"a": "", "a/b": ""}}]},
            "Invalid file",
        ),
        (
            {"collections": [{"display_name": "x", "owner": "ada@example.org", "files": {"a": {"base64": "?"}}}]},
            "Invalid file",
        ),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org", "files": {"a": 1}}]}, r"files\.a"),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org", "document": {"x": 1}}]}, "no member 'x'"),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org"}] * 2}, "two collections"),
        ({"collections": [{"display_name": "x", "owner": "ada@example.org", "path": "/", "files": {}}]}, "not both"),
        ({"roles": [{"collection": GUEST, "role": "king", "principal": "bob@example.org"}]}, "role"),
        (
            {"permissions": [{"collection": LAB, "path": "/", "principal": "ada@example.org", "permissions": "r"}]},
            "guest",
        ),
        (
            {"permissions": [{"collection": GUEST, "path": "/..", "principal": GROUP, "permissions": "r"}]},
            "not allowed",
        ),
        ({"tasks": [{**SEED["tasks"][0], "status": "ACTIVE"}]}, "has not ended"),
        ({"tasks": [{**SEED["tasks"][0], "counts": {"files": "1"}}]}, "counts.files"),
        ({"tasks": [{**SEED["tasks"][0], "owner": LAB}]}, "'owner'"),
        ({"tasks": [SEED["tasks"][0]] * 2}, "two tasks"),
        ({"tasks": [{**SEED["tasks"][0], "request_time": 10**400}]}, "'tasks.0..request_time'"),
        ({"tasks": [{**SEED["tasks"][0], "completion_time": -1}]}, "'tasks.0..completion_time'"),
        ({"tasks": [{**SEED["tasks"][0], "deadline": 300_000_000_000}]}, "'tasks.0..deadline'"),
        ({"tasks": [{**SEED["tasks"][0], "start_time": float("nan")}]}, "'tasks.0..start_time'"),
        ({"tasks": [{**SEED["tasks"][0], "counts": {"bytes_transferred": 10**400}}]}, "counts.bytes_transferred"),
        (
            {
                "tasks": [
                    {
                        **SEED["tasks"][0],
                        "events": [{"time": 1e300, "code": "x", "is_error": False, "description": "", "details": ""}],
                    }
                ]
            },
            r"events\[0\]\.time",
        ),
        (
            {"collections": [{"display_name": "x", "owner": "ada@example.org", "document": {"default_directory": 5}}]},
            "document.default_directory",
        ),
        (
            {
                "collections": [
                    {"display_name": "x", "owner": "ada@example.org", "document": {"default_directory": ".."}}
                ]
            },
            "not allowed",
        ),
    ],
)
async def test_invalid_documents(change: dict[str, Any], words: str) -> None:
    """The error names the member, and nothing has changed."""
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        await emulator.load_seed(SEED)
        before = emulator.dump_seed()
        token = emulator.access_token()
        with pytest.raises(ServiceError, match=words):
            await emulator.load_seed({**SEED, **change})
        assert emulator.dump_seed() == before
        assert emulator.auth.tokens.find(token) is not None
        others: list[Any] = [[], "x", None]
        for other in others:
            with pytest.raises(ServiceError, match="must be an object"):
                await emulator.load_seed(other)


async def test_return_to_the_seed() -> None:
    """Resources, tokens, requests and faults are those of the beginning; the signing key and the clock stay."""
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        await emulator.load_seed(SEED)
        before, keys = emulator.dump_seed(), emulator.auth.keys
        token = emulator.access_token()
        tc = TransferClient(authorizer=AccessTokenAuthorizer(token), transport=emulator.transport())
        await tc.operation_mkdir(LAB, "/new")
        await tc.submit_delete({"endpoint": LAB, "DATA": [{"path": "/data/a.txt"}]})
        emulator.faults.add("*", "*", lambda *_: None)  # type: ignore[arg-type]  # never called
        await emulator.advance(100)
        now = emulator.clock.wall()
        await emulator.reset()
        assert emulator.dump_seed() == before
        assert (emulator.requests, emulator.faults.pending, emulator.clock.wall()) == ([], [], now)
        assert emulator.auth.tokens.find(token) is None
        assert emulator.auth.keys is keys
        renewed = TransferClient(
            authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=emulator.transport()
        )
        assert [task["task_id"] async for task in renewed.task_list(num_results=None)] == [TASK]


async def test_a_request_during_a_return() -> None:
    """A request that starts work in a state which has been replaced gets a 503, and the work is not done."""

    async def handle(state: Background, _request: Request) -> dict[str, Any]:
        await emulator.reset()
        state.start("work", never)
        return {}

    async def never() -> None:
        raise AssertionError

    class Slow(Service[Background]):
        name, title, hosts, errors = "slow", "Slow", ("slow.example.org",), ServiceError

        def __init__(self, platform: Platform) -> None:
            background = Background(platform.clock)
            super().__init__(platform, background, background=background)

        def tables(self) -> Mapping[str, RouteTable[Background]]:
            return {"": [("POST", "/slow", handle)]}

    async with GlobusEmulator(services=[Slow]) as emulator, emulator.http_client() as http:
        response = await http.post("https://slow.example.org/slow")
        assert (response.status_code, response.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        await emulator.settle()


async def test_a_request_between_the_parts_of_a_return() -> None:
    """A task that is submitted while the old services are closed is executed once."""

    class Late(NotesService):
        async def aclose(self) -> None:
            authorizer = AccessTokenAuthorizer(emulator.access_token())
            tc = TransferClient(authorizer=authorizer, transport=emulator.transport())
            submitted.append((await tc.submit_delete({"endpoint": LAB, "DATA": [{"path": "/data/a.txt"}]}))["task_id"])

    submitted: list[str] = []
    emulator = GlobusEmulator(services=[Late])
    await emulator.load_seed(SEED)
    await emulator.settle()
    assert emulator.transfer.tasks[submitted[0]].is_final


async def test_return_to_resources_that_a_test_has_added() -> None:
    """Without a seed document, those that were there at `keep_seed`, or none."""
    async with GlobusEmulator() as emulator:
        emulator.add_identity("ada@example.org")
        lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
        emulator.keep_seed()
        emulator.add_collection("Other")
        await emulator.reset()
        assert list(emulator.transfer.collections) == [lab.id]
    async with GlobusEmulator() as emulator:
        emulator.add_collection("Lab")
        await emulator.reset()
        assert emulator.transfer.collections == {}


async def test_directories(tmp_path: Path) -> None:
    """They are named by their path; a storage of one's own cannot be written."""
    (tmp_path / "a").write_text("1")
    async with GlobusEmulator() as emulator:
        emulator.add_collection("Real", path=tmp_path)
        (collection,) = emulator.dump_seed()["collections"]
        assert (collection["path"], "files" in collection) == (str(tmp_path), False)
        await emulator.load_seed(emulator.dump_seed(), trusted=False)
        for path in (str(tmp_path.parent), f"{tmp_path}/..", "/"):
            seed = emulator.dump_seed()
            seed["collections"][0]["path"] = path
            with pytest.raises(ServiceError, match="does not serve the directory"):
                await emulator.load_seed(seed, trusted=False)

        class Own(MemoryStorage):
            pass

        emulator.add_collection("Own", storage=Own({"a": "1"}))
        assert emulator.dump_seed()["collections"][1]["files"] == {"/a": "1"}
        emulator.add_collection("Strange", storage=object())  # type: ignore[arg-type]
        with pytest.raises(ServiceError, match="neither as files nor as a directory"):
            emulator.dump_seed()


def test_seed_files(tmp_path: Path) -> None:
    """TOML by its suffix, and JSON."""
    toml = tmp_path / "seed.toml"
    toml.write_text('[[identities]]\nusername = "ada@example.org"\n')
    other = tmp_path / "seed.json"
    other.write_text('{"identities": [{"username": "ada@example.org"}]}')
    assert read_seed_file(toml) == read_seed_file(other) == {"identities": [{"username": "ada@example.org"}]}
    for path, text in ((toml, "{}"), (other, "a = 1"), (other, '"\\ud800"')):
        path.write_text(text)
        with pytest.raises(ValueError):
            read_seed_file(path)


async def test_a_deep_tree() -> None:
    """Deeper than the stack of calls: it is loaded, dumped, and loaded again."""
    deep = f"/{'a/' * 2000}b"
    collection = {"display_name": "Deep", "owner": "ada@example.org", "files": {deep: "1"}}
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        await emulator.load_seed({"identities": [{"username": "ada@example.org"}], "collections": [collection]})
        dumped = emulator.dump_seed()
        assert dumped["collections"][0]["files"] == {deep: "1"}
        await emulator.load_seed(dumped)
        assert emulator.dump_seed() == dumped
