"""The emulator in process, on a socket and in a thread: authentication, unknown paths, recorded requests."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

import globus_async.emulator
from globus_async import AccessTokenAuthorizer, TransferClient
from globus_async.emulator.auth.service import AuthService
from globus_async.emulator.kit.status import Column, StatusTable
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage, Pace
from tests.emulator.notes_service import NotesService
from tests.emulator.transfer_world import TransferWorld, transfer_world

TASKS = "/v0.10/task_list"


@pytest.fixture
async def world() -> AsyncIterator[TransferWorld]:
    async with transfer_world() as set_up:
        yield set_up


async def test_in_process() -> None:
    """A client with the emulator's transport reaches it without a socket, whatever its base URL."""
    async with GlobusEmulator() as emulator:
        lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"a.txt": "1"}))
        async with TransferClient(
            authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=emulator.transport()
        ) as tc:
            assert (await tc.get_endpoint(lab.id))["display_name"] == "Lab storage"
            assert [entry["name"] async for entry in tc.operation_ls(lab.id)] == ["a.txt"]


async def test_on_a_socket() -> None:
    """Two emulators listen at once, each with its own resources, URL, environment and issuer."""
    async with GlobusEmulator() as one, GlobusEmulator() as two, one.serve() as first, two.serve() as second:
        assert first.url != second.url
        assert {first.environ[f"GLOBUS_SDK_SERVICE_URL_{name}"] for name in ("AUTH", "TRANSFER")} == {f"{first.url}/"}
        assert all(url.startswith(f"{first.url}/") for url in first.environ.values())
        lab = one.add_collection("Lab")
        for emulator, server, status in ((one, first, 200), (two, second, 404)):
            headers = {"Authorization": f"Bearer {emulator.access_token()}"}
            async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
                assert (await http.get(f"/v0.10/endpoint/{lab.id}")).status_code == status
                issuer = (await http.get("/.well-known/openid-configuration")).json()["issuer"]
                assert issuer == server.url


async def test_a_taken_port() -> None:
    """A port in use is an `OSError` at once."""
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with emulator.serve(port=port):
                pass


def test_in_a_thread() -> None:
    """Synchronous code has its emulator in a thread, and advances its clock through `LoopbackServer.run`."""
    emulator = GlobusEmulator(clock=ManualClock())
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
    with emulator.serve_in_thread() as server, httpx.Client(base_url=server.url) as http:
        http.headers["Authorization"] = f"Bearer {emulator.access_token()}"
        submission = http.get("/v0.10/submission_id").json()["value"]
        document = {"submission_id": submission, "endpoint": lab.id, "DATA": [{"path": "/a"}]}
        task = http.post("/v0.10/delete", json=document).json()["task_id"]
        assert http.get(f"/v0.10/task/{task}").json()["status"] == "ACTIVE"
        server.run(emulator.advance(5))
        assert http.get(f"/v0.10/task/{task}").json()["status"] == "SUCCEEDED"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


async def test_only_a_manual_clock_can_be_advanced() -> None:
    """The system's clock cannot be advanced."""
    async with GlobusEmulator() as emulator:
        with pytest.raises(TypeError, match="ManualClock"):
            await emulator.advance(1)


@pytest.mark.parametrize("status", [401, 400])
async def test_without_credentials(status: int) -> None:
    """Without a token the error code is always the same; the status is configurable."""
    async with transfer_world(missing_credentials_status=status) as world:
        response = await world.http.get(TASKS)
        assert (response.status_code, response.json()["code"]) == (status, "ClientError.AuthenticationFailed")
        assert response.json()["message"] == "No credentials supplied"


async def test_bad_credentials(world: TransferWorld) -> None:
    """Unknown tokens, expired tokens and those for another service are refused."""
    other = world.emulator.access_token(scopes=["openid"])
    short = world.emulator.access_token(lifetime=60)
    await world.emulator.advance(61)
    for token, status, code in (
        ("nonsense", 401, "AuthenticationFailed"),
        (short, 401, "AuthenticationFailed"),
        (other, 403, "PermissionDenied"),
    ):
        response = await world.http.get(TASKS, headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["x-transfer-api-error"] == code


async def test_rate_limit() -> None:
    """Requests above the limit of ten seconds get a 429 with ``Retry-After``; each identity has its own limit."""
    async with transfer_world(rate_limit=2) as world:
        for _ in range(20):
            await world.ok("GET", "/task_list")
        response = await world.send("GET", "/task_list")
        assert response.status_code == 429
        assert response.headers["retry-after"] == "10"
        await world.ok("GET", "/task_list", by=world.bob)
        await world.emulator.advance(10)
        await world.ok("GET", "/task_list")


async def test_a_service_of_ones_own() -> None:
    """A further service has its paths, its variables for clients and its tables on the status page."""
    async with GlobusEmulator(services=[NotesService]) as emulator, emulator.serve() as server:
        notes = emulator.services["notes"]
        assert server.environ["GLOBUS_SDK_SERVICE_URL_NOTES"] == f"{server.url}/"
        client = emulator.add_client("Notes", id="00000000-0000-4000-8000-000000000001", secret="s")
        emulator.auth.add_scope(client, "all")
        token = emulator.access_token(scopes=[f"https://auth.globus.org/scopes/{client.id}/all"])
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            refused = await http.post("/v1/notes", json={"text": "x"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
            assert (await http.get("/notes.api.globus.org/v1/other")).json()["error"]["code"] == "NOT_IMPLEMENTED"
            assert '<tbody id="notes">' in (await http.get("/")).text
            assert (await http.get("/emulator/state")).json()["notes"] == notes.snapshot()["notes"] == []


@pytest.mark.parametrize("name", ["tasks", "recent", "requests", "environ"])
def test_a_table_with_the_name_of_another(name: str) -> None:
    """A table of the status page cannot replace another one, or a member of the page's data."""

    class Other(NotesService):
        def status_tables(self) -> Sequence[StatusTable]:
            return [StatusTable(name, "Other", (Column("Note", "text"),), list)]

    with pytest.raises(ValueError, match=f"name of its own, got {name}"):
        GlobusEmulator(services=[Other])


@pytest.mark.parametrize("twice", [[NotesService, NotesService], [AuthService]])
def test_a_service_given_twice(twice: list[Any]) -> None:
    """The second would hide the state of the first, which still responds."""
    with pytest.raises(ValueError, match="one service of each name"):
        GlobusEmulator(services=twice)


async def test_serving_again_in_a_thread() -> None:
    """A thread ends without an error although the tasks run in the event loop of an earlier block."""
    emulator = GlobusEmulator()
    failures: list[object] = []

    def serve() -> None:
        with emulator.serve_in_thread() as server:
            assert httpx.get(f"{server.url}/v0.10/nothing").status_code == 501

    before = threading.excepthook
    threading.excepthook = failures.append
    try:
        for _ in range(2):
            async with emulator.serve():
                pass
            await asyncio.to_thread(serve)
    finally:
        threading.excepthook = before
    assert failures == []
    await emulator.aclose()


async def test_closing_in_another_event_loop() -> None:
    """Tasks cannot be ended from there, and the error says so."""
    async with GlobusEmulator() as emulator:
        async with emulator.serve():
            pass
        with pytest.raises(RuntimeError, match="close it in that event loop"):
            await asyncio.to_thread(lambda: asyncio.run(emulator.aclose()))


async def test_the_address_of_overlapping_blocks() -> None:
    """It is one that still listens, in whatever order the blocks end."""
    emulator = GlobusEmulator()
    first, second = emulator.serve(), emulator.serve()
    await first.__aenter__()
    server = await second.__aenter__()
    await first.__aexit__(None, None, None)
    assert emulator.platform.url == server.url
    await second.__aexit__(None, None, None)
    assert emulator.platform.url is None


async def test_auth_issues_tokens_for_the_scopes_of_a_further_service() -> None:
    """The service is a resource server in token documents; scopes of a Globus service keep their owner."""

    class Scoped(NotesService):
        scopes = ("notes:all", "urn:globus:auth:scope:groups.api.globus.org:all")
        default_scopes = ("notes:all", "notes:delete")

    async with GlobusEmulator(services=[Scoped]) as emulator:
        headers = {"Authorization": f"Bearer {emulator.access_token(scopes=['notes:all'])}"}
        async with emulator.http_client(base_url="https://notes.api.globus.org/v1", headers=headers) as http:
            note = (await http.post("/notes", json={"text": "x"})).json()
            refused = await http.delete(f"/notes/{note['id']}")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
        registry = emulator.auth.registry
        servers = [registry.resource_server(registry.definition(each)) for each in Scoped.scopes]
        assert servers == ["notes.api.globus.org", "groups.api.globus.org"]


def test_a_token_for_an_unknown_scope() -> None:
    """The error says how to register one."""
    with pytest.raises(ValueError, match=r"Unknown scopes: notes:all: .*Service\.scopes"):
        GlobusEmulator(services=[NotesService]).access_token(scopes=["notes:all"])


async def test_groups_are_shared_by_all_services(world: TransferWorld) -> None:
    """A group administers a project of Auth, and its members have a role on a collection of Transfer."""
    group = world.emulator.add_group([world.bob], name="Lab")
    scopes = ["openid", "urn:globus:auth:scope:auth.globus.org:manage_projects"]
    project = {"display_name": "P", "contact_email": "a@example.org", "admin_group_ids": [group]}
    ada, bob, eve = (
        {"Authorization": f"Bearer {world.emulator.access_token(identity, scopes=scopes)}"}
        for identity in (world.ada, world.bob, world.eve)
    )
    created = (await world.http.post("/v2/api/projects", json={"project": project}, headers=ada)).json()["project"]
    assert created["admins"]["groups"][0]["name"] == "Lab"
    for headers, status in ((bob, 200), (eve, 403)):
        read = await world.http.get(f"/v2/api/projects/{created['id']}", headers=headers)
        assert read.status_code == status
    role = {"principal_type": "group", "principal": group, "role": "administrator"}
    await world.ok("POST", f"/endpoint/{world.lab.id}/role", role)
    assert (await world.ok("GET", f"/endpoint/{world.lab.id}", by=world.bob))["my_effective_roles"]


def test_the_emulator_is_a_package_of_its_own(tmp_path: Path) -> None:
    """A copy of the emulator under another name works where the client cannot be imported."""
    package = Path(globus_async.emulator.__file__ or "").parent
    shutil.copytree(package, tmp_path / "alone", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "import sys; sys.modules['globus_async'] = None\n"
        "from alone import GlobusEmulator, MemoryStorage\n"
        "emulator = GlobusEmulator()\n"
        "emulator.add_collection('Lab', storage=MemoryStorage())\n"
        "print(len(emulator.snapshot()['collections']), *sorted(emulator.services)[-3:])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "search", "timers", "transfer"]


async def test_unknown_paths() -> None:
    """An unknown path is a 501 in the format of its service, since the real one may have it; and counted."""
    async with GlobusEmulator() as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://globus") as http:
            response = await http.get("/v0.10/nothing")
            assert (response.status_code, response.json()["code"]) == (501, "NotImplemented")
            assert response.headers["x-transfer-api-error"] == "NotImplemented"
            assert "does not implement GET /v0.10/nothing of Globus Transfer" in response.json()["message"]
            refused = await http.patch("/v0.10/task/1")
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, PUT")
            elsewhere = await http.get("/api/info", headers={"Host": "no.such.data.globus.org"})
            assert elsewhere.status_code == 501
            message = "The emulator has no Globus Connect Server at the host 'no.such.data.globus.org'"
            assert elsewhere.json()["message"] == message
        assert emulator.unknown_paths == {"GET /v0.10/nothing": 1, "PATCH /v0.10/task/1": 1, "GET /api/info": 1}


async def test_an_internal_error(world: TransferWorld) -> None:
    """An exception of a handler is raised in process, and is an InternalError in the service's format on a socket."""
    world.lab.storage = cast("MemoryStorage", object())
    path = f"/v0.10/operation/endpoint/{world.lab.id}/ls"
    with pytest.raises(AttributeError):
        await world.ok("GET", path.removeprefix("/v0.10"))
    headers = {"Authorization": f"Bearer {world.emulator.access_token()}"}
    async with world.emulator.serve() as server, httpx.AsyncClient(base_url=server.url, headers=headers) as http:
        response = await http.get(path)
        assert (response.status_code, response.json()["code"]) == (500, "InternalError")
        assert (await http.get(TASKS)).status_code == 200


async def test_requests_are_recorded(world: TransferWorld) -> None:
    """Requests are recorded with fingerprints in place of secrets: equal tokens have equal fingerprints."""
    await world.ok("GET", "/task_list", limit=5, filter="type:DELETE")
    await world.ok("GET", "/task_list")
    await world.ok("GET", "/task_list", by=world.bob)
    await world.ok("POST", f"/operation/endpoint/{world.lab.id}/mkdir", {"path": "/new"})
    form = {"grant_type": "refresh_token", "refresh_token": "very-secret", "client_id": "x"}
    await world.http.post("/v2/oauth2/token", data=form, auth=("id", "secret"))
    first, second, third, fourth, fifth = world.emulator.requests
    assert (first.method, first.path, first.status) == ("GET", TASKS, 200)
    assert first.query == {"limit": ["5"], "filter": ["type:DELETE"]}
    assert first.headers["authorization"] == second.headers["authorization"] != third.headers["authorization"]
    assert fourth.json == {"path": "/new"}
    assert fifth.form["grant_type"] == "refresh_token"
    everything = repr([(each, dict(each.headers), each.body) for each in world.emulator.requests])
    for secret in ("very-secret", "secret", world.emulator.access_token(world.bob)):
        assert not re.search(rf"\b{secret}\b", everything.replace("refresh_token", "").replace("client_secret", ""))


async def test_closing_stops_the_work(world: TransferWorld) -> None:
    """Closing stops all tasks and leaves nothing running; a closed emulator refuses new tasks."""
    world.emulator.task_runner.pace = Pace(seconds_per_file=1000)
    task_id = await world.submit(world.transfer(("/data", "/d")))
    await world.emulator.advance(10)
    await world.emulator.aclose()
    assert (await world.task(task_id))["status"] == "ACTIVE"
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("globus task")]
    refused = await world.refused("POST", "/transfer", world.transfer(("/notes.md", "/n")), by=world.ada)
    assert refused == (503, "ServiceUnavailable")


async def test_arguments_are_checked() -> None:
    """Contradictory and unknown arguments are a `TypeError`."""
    emulator = GlobusEmulator()
    with pytest.raises(TypeError, match="not both"):
        emulator.add_collection("X", path="/", storage=MemoryStorage())
    with pytest.raises(TypeError, match="colour"):
        emulator.add_collection("X", colour="red")
    await emulator.aclose()
