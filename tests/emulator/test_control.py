"""The control plane: an emulator driven over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from globus_async import AccessTokenAuthorizer, NativeAppAuthClient, TransferClient
from globus_async.emulator.control.faults import _ARGUMENTS
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage, Pace, faults
from tests.source import ROOT

CONTROL = {"X-Emulator-Control": "1"}
TASKS = "/v0.10/task_list"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def emulator() -> AsyncIterator[GlobusEmulator]:
    async with GlobusEmulator(clock=ManualClock()) as made:
        made.add_identity("ada@example.org")
        made.add_collection("Lab", storage=MemoryStorage({"a.txt": "1"}))
        made.keep_seed()
        yield made


@pytest.fixture
async def http(emulator: GlobusEmulator) -> AsyncIterator[httpx.AsyncClient]:
    async with emulator.serve() as server, httpx.AsyncClient(base_url=server.url, headers=CONTROL) as client:
        yield client


async def test_the_seed(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """It is read, replaced as the same bytes, changed, and returned to."""
    seed = await http.get("/emulator/seed")
    headers = {"Content-Type": "application/json"}
    assert (await http.put("/emulator/seed", content=seed.content, headers=headers)).status_code == 204
    assert (await http.get("/emulator/seed")).content == seed.content
    document = seed.json()
    document["identities"].append({"username": "bob@example.org"})
    assert (await http.put("/emulator/seed", json=document)).status_code == 204
    assert emulator.directory.find("bob@example.org") is not None
    emulator.add_identity("carol@example.org")
    assert (await http.post("/emulator/reset")).status_code == 204
    assert emulator.directory.find("bob@example.org") is not None
    assert emulator.directory.find("carol@example.org") is None
    refused = await http.put("/emulator/seed", json={"people": []})
    assert (refused.status_code, refused.json()["code"]) == (400, "UNKNOWN_MEMBER")


async def test_a_seed_serves_no_further_directory(http: httpx.AsyncClient, tmp_path: Path) -> None:
    """Every user of this machine reaches the port: what is served, is decided where the emulator is started."""
    seed = (await http.get("/emulator/seed")).json()
    seed["collections"].append({"display_name": "All", "owner": "ada@example.org", "path": str(tmp_path)})
    refused = await http.put("/emulator/seed", json=seed)
    assert (refused.status_code, refused.json()["code"]) == (403, "DIRECTORY_NOT_SERVED")


async def test_faults(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """They are added, listed, removed, and do not apply to the control plane itself."""
    made = await http.post(
        "/emulator/faults", json={"path": "*", "fault": "status", "arguments": {"code": 503}, "times": 2}
    )
    expected = {"id": 1, "method": "*", "path": "*", "fault": "status", "times": 2, "after": 0}
    assert made.json() == {**expected, "host": "*", "share": 1.0, "sticky": False}
    other = {
        "method": "get",
        "path": TASKS,
        "fault": "status",
        "arguments": {"code": 429, "retry_after": 7},
        "after": 1,
    }
    number = (await http.post("/emulator/faults", json=other)).json()["id"]
    assert [each["id"] for each in (await http.get("/emulator/faults")).json()["faults"]] == [1, number]
    assert (await http.get(TASKS)).status_code == 503
    assert (await http.get("/emulator/faults")).json()["faults"][0]["times"] == 1
    assert (await http.delete("/emulator/faults/1")).status_code == 204
    assert (await http.delete("/emulator/faults/1")).status_code == 404
    refused = await http.get(TASKS)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    emulator.faults.add("*", "*", faults.latency(1))
    assert [each["fault"] for each in (await http.get("/emulator/faults")).json()["faults"]] == ["latency"]
    assert (await http.delete("/emulator/faults")).status_code == 204
    assert (await http.get("/emulator/faults")).json() == {"faults": []}


def test_every_fault_has_a_name() -> None:
    """All functions of `testing.faults` can be named."""
    assert set(_ARGUMENTS) == {name for name in faults.__all__ if name[0].islower()}


@pytest.mark.parametrize("name", sorted(_ARGUMENTS))
async def test_every_fault_is_injected(name: str, http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """With its arguments."""
    arguments = {"code": 500, "seconds": 0, "size": 3, "pause": 0, "retry_after": 1, "bytes_per_second": 1e9}
    given = {key: value for key, value in arguments.items() if key in _ARGUMENTS[name]}
    body = {"path": TASKS, "fault": name, "arguments": given}
    assert (await http.post("/emulator/faults", json=body)).status_code == 200
    headers = {"Authorization": f"Bearer {emulator.access_token()}"}
    try:
        async with asyncio.timeout(0.1 if name in {"stall", "throttle"} else None):
            seen: object = (await http.get(TASKS, headers=headers)).status_code
    except httpx.TransportError:
        seen = "dropped"
    except TimeoutError:
        seen = "stalled"
    dropped = {"cut", "cut_upload", "drop_after", "drop_before", "drop_within"}
    tokens = dict.fromkeys(("expire_token", "login_redirect", "revoke_token"), 401)
    expected = {
        "status": 500,
        "html": 500,
        "false_404": 404,
        "stall": "stalled",
        "throttle": "stalled",
        **tokens,
    } | dict.fromkeys(dropped, "dropped")
    assert seen == expected.get(name, 200)
    assert emulator.faults.triggered == [("GET", TASKS)]


@pytest.mark.parametrize(
    "body",
    [
        {"path": "*", "fault": "nothing"},
        {"path": "*"},
        {"fault": "status", "arguments": {"code": 500}},
        {"path": "*", "fault": "status"},
        {"path": "*", "fault": "status", "arguments": {"code": "500"}},
        {"path": "*", "fault": "status", "arguments": {"code": 500, "retry_after": []}},
        {"path": "*", "fault": "status", "arguments": {"code": 500, "status": 1}},
        {"path": "*", "fault": "drop_before", "times": 0},
        {"path": "*", "fault": "drop_before", "after": -1},
        {"path": "*", "fault": "drop_before", "patch": 1},
    ],
)
async def test_invalid_faults(body: dict[str, Any], http: httpx.AsyncClient) -> None:
    """They are refused, and none is added."""
    assert (await http.post("/emulator/faults", json=body)).status_code == 400
    assert (await http.get("/emulator/faults")).json() == {"faults": []}


async def test_the_clock(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """A manual clock is advanced; tokens expire, and tasks end before the response."""
    before = (await http.get("/emulator/clock")).json()
    assert before == {"now": 1_800_000_000.0, "manual": True}
    assert (await http.post("/emulator/clock/advance", json={"seconds": 90.5})).json()["now"] == 1_800_000_090.5
    for wrong in ({"seconds": -1}, {"seconds": "1"}, {}, {"seconds": 1, "minutes": 1}):
        assert (await http.post("/emulator/clock/advance", json=wrong)).status_code == 400
    assert emulator.clock.wall() == 1_800_000_090.5
    async with GlobusEmulator() as other, other.http_client(base_url="http://localhost", headers=CONTROL) as client:
        assert (await client.get("/emulator/clock")).json()["manual"] is False
        refused = await client.post("/emulator/clock/advance", json={"seconds": 1})
        assert (refused.status_code, "--clock manual" in refused.json()["message"]) == (409, True)


async def test_tasks(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """They are listed for all users, suspended, resumed, and run to their end."""
    emulator.task_runner.pace = Pace(start_delay=60)
    (lab,) = emulator.transfer.collections
    tc = TransferClient(authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=emulator.transport())
    task = (await tc.submit_delete({"endpoint": lab, "DATA": [{"path": "/a.txt"}]}))["task_id"]
    suspended = await http.post(f"/emulator/tasks/{task}/suspend", json={"code": "AUTH_POLICY_FAILED"})
    assert (suspended.json()["status"], suspended.json()["nice_status"]) == ("INACTIVE", "AUTH_POLICY_FAILED")
    await http.post("/emulator/clock/advance", json={"seconds": 600})
    assert (await http.get("/emulator/tasks")).json()["tasks"][0]["status"] == "INACTIVE"
    assert (await http.post(f"/emulator/tasks/{task}/resume")).status_code == 200
    await http.post("/emulator/clock/advance", json={"seconds": 600})
    assert (await http.post("/emulator/settle")).status_code == 204
    assert (await http.get("/emulator/tasks")).json()["tasks"][0]["status"] == "SUCCEEDED"
    listed = (await http.get("/emulator/work")).json()
    assert listed["tasks"] == (await http.get("/emulator/tasks")).json()["tasks"]
    for verb in ("suspend", "resume"):
        assert (await http.post(f"/emulator/tasks/none/{verb}")).status_code == 404


async def test_a_run_is_suspended_with_its_task(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """Not by itself, and the response says so."""
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    owner = emulator.auth.login_identity
    assert owner is not None
    flow = emulator.flows.add_flow("Wait", definition, owner=owner)
    scopes = [flow.scope]
    headers = {"Authorization": f"Bearer {emulator.access_token(owner, scopes=scopes)}"}
    run = (await http.post(f"/flows/{flow.id}/run", headers=headers, json={"body": {}})).json()["run_id"]
    refused = await http.post(f"/emulator/work/{run}/suspend")
    assert (refused.status_code, "suspend that task" in refused.json()["message"]) == (409, True)


async def test_tokens_and_logins(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """A token without a login, and the code of a login without a browser."""
    bob = emulator.add_identity("bob@example.org")
    scopes = ["openid", "profile"]
    token = (await http.post("/emulator/tokens", json={"identity": "bob@example.org", "scopes": scopes})).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    userinfo = (await http.get("/v2/oauth2/userinfo", headers=headers)).json()
    assert userinfo["sub"] == bob.id
    assert (await http.post("/emulator/tokens", json={})).status_code == 200
    app = emulator.add_client("App")
    native = NativeAppAuthClient(app.id, transport=emulator.transport())
    native.oauth2_start_flow(requested_scopes="openid")
    url = native.oauth2_get_authorize_url()
    login = (await http.post("/emulator/logins", json={"url": url, "identity": bob.id})).json()
    tokens = await native.oauth2_exchange_code_for_tokens(login["code"])
    issued = emulator.auth.tokens.find(tokens["access_token"])
    assert issued is not None
    assert issued.identity_id == bob.id
    for path, body in (
        ("tokens", {"identity": "nobody@example.org"}),
        ("tokens", {"scopes": ["unknown"]}),
        ("tokens", {"client": "none"}),
        ("tokens", {"lifetime": 0}),
        ("tokens", {"scope": "openid"}),
        ("logins", {"url": "https://auth.globus.org/v2/oauth2/authorize?client_id=x"}),
        ("logins", {}),
    ):
        assert (await http.post(f"/emulator/{path}", json=body)).status_code == 400


async def test_requests(http: httpx.AsyncClient) -> None:
    """Those to the services are listed, those to the control plane are not."""
    await http.get(TASKS, params={"limit": 1})
    listed = (await http.get("/emulator/requests")).json()["requests"]
    assert listed == [{"method": "GET", "path": TASKS, "query": {"limit": ["1"]}, "status": 401}]
    await http.delete("/emulator/requests")
    assert (await http.get("/emulator/requests")).json() == {"requests": []}


WRITES = [
    ("PUT", "seed"),
    ("POST", "reset"),
    ("POST", "faults"),
    ("DELETE", "faults"),
    ("DELETE", "faults/1"),
    ("POST", "clock/advance"),
    ("POST", "settle"),
    ("POST", "tasks/x/suspend"),
    ("POST", "tasks/x/resume"),
    ("POST", "work/x/suspend"),
    ("POST", "work/x/resume"),
    ("POST", "tokens"),
    ("POST", "logins"),
    ("DELETE", "requests"),
]


def test_all_operations_that_change_something_are_known(emulator: GlobusEmulator) -> None:
    """The next test is about each of them."""
    from globus_async.emulator.control.routes import ROUTES  # noqa: PLC0415 -- beside its use

    written = {(verb, re.sub(r"\{work_id\}", "x", path)[1:]) for verb, path, _ in ROUTES if verb != "GET"}
    assert {(verb, path.replace("{fault_id}", "1")) for verb, path in written} == set(WRITES)


@pytest.mark.parametrize(("verb", "path"), WRITES)
async def test_no_web_page_can_send_these(
    verb: str, path: str, http: httpx.AsyncClient, emulator: GlobusEmulator
) -> None:
    """Without the header, from another site, with a body of a form, or by a proxy: refused, without a CORS header."""
    seed = emulator.dump_seed()
    plain = {"Content-Type": "text/plain"}
    for headers, status in (
        ({**CONTROL, "Origin": "https://evil.example"}, 403),
        ({**CONTROL, "Host": "evil.example"}, 421),
        ({**CONTROL, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**CONTROL, "X-Forwarded-For": "192.0.2.1"}, 403),
        ({**CONTROL, **plain}, 415),
        ({**CONTROL, "Content-Type": "application/x-www-form-urlencoded"}, 415),
    ):
        response = await http.request(verb, f"/emulator/{path}", content=b"{}", headers=headers)
        assert response.status_code == status, headers
        assert not [name for name in response.headers if name.startswith("access-control-")]
    async with httpx.AsyncClient(base_url=http.base_url) as bare:
        for body in (b"", b"{}"):
            headers = {"Content-Type": "application/json"}
            response = await bare.request(verb, f"/emulator/{path}", content=body, headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "NO_CONTROL_HEADER")
    assert emulator.dump_seed() == seed


async def test_other_machines_are_refused(emulator: GlobusEmulator) -> None:
    """Even if the emulator listens for them."""
    for client, status in ((("192.0.2.1", 1), 403), (("::1", 1), 200), (("127.0.0.1", 1), 200)):
        transport = httpx.ASGITransport(emulator.app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for path in ("seed", "faults", "clock", "work", "tasks", "requests"):
                assert (await http.get(f"/emulator/{path}")).status_code == status


async def test_unknown_paths_and_parameters(http: httpx.AsyncClient) -> None:
    """They are refused in the format of the control plane, and not counted among those of the services."""
    assert (await http.get("/emulator/nothing")).json()["code"] == "NOT_IMPLEMENTED"
    assert (await http.get("/emulator/seed", params={"x": 1})).status_code == 400
    refused = await http.post("/emulator/seed")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, PUT")


def commands() -> list[str]:
    """Return the commands of the guide that drive an emulator."""
    guide = (ROOT / "docs" / "howto" / "testing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", guide, re.DOTALL)
    lines = re.findall(r"^\$ (curl .*(?:\n> .*)*)$", "\n".join(blocks), re.MULTILINE)
    return [line.replace("\n> ", "\n").replace("\\\n", " ") for line in lines]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The emulator of the guide, in a process of its own."""
    guide = (ROOT / "docs" / "howto" / "testing.md").read_text(encoding="utf-8")
    toml = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "seed.toml").write_text(toml[0], encoding="utf-8")
    command = [sys.executable, "-m", "globus_async.testing", "--seed", "seed.toml", "--clock", "manual"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None
        printed = ""
        while "# status page" not in printed:
            printed += running.stdout.readline()
        yield running, re.findall(r"# status page: (\S+)/\n", printed)[0]
        running.send_signal(signal.SIGTERM)


def test_the_commands_of_the_guide(process: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    """Each of them succeeds with curl, in their order."""
    curl = shutil.which("curl")
    assert curl, "this test needs curl"
    _, url = process
    found = commands()
    assert len(found) >= 6
    for line in found:
        words = shlex.split(line.replace("http://127.0.0.1:8080", url))
        done = subprocess.run(
            [curl, "-sS", "--fail-with-body", *words[1:]], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    seed = json.loads((tmp_path / "before.json").read_text(encoding="utf-8"))
    assert [each["username"] for each in seed["identities"]] == ["ada@example.org", "bob@example.org"]


def test_logins_of_other_programs(process: tuple[subprocess.Popen[str], str]) -> None:
    """Their id_tokens have the time of the machine, by which the programs check them, not that of the manual clock."""
    _, url = process
    with httpx.Client(base_url=url, headers={"X-Emulator-Control": "1"}) as http:
        portal = http.get("/emulator/seed").json()["clients"][0]
        query = {"client_id": portal["id"], "redirect_uri": portal["redirect_uris"][0], "scope": "openid"}
        opened = httpx.URL(f"{url}/v2/oauth2/authorize", params={**query, "response_type": "code", "state": "s"})
        code = http.post("/emulator/logins", json={"url": str(opened)}).json()["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": query["redirect_uri"]}
        tokens = http.post("/v2/oauth2/token", data=form, auth=(portal["id"], portal["secret"])).json()
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert abs(claims["iat"] - time.time()) < 60


def test_an_invalid_seed_on_the_command_line(tmp_path: Path) -> None:
    """It is reported, and nothing is served."""
    for name, text, code, words in (
        ("seed.toml", "x = ", 2, "neither JSON nor TOML"),
        ("none.json", None, 2, "cannot be read"),
        ("seed.json", '{"people": []}', 1, "no section 'people'"),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
        command = [sys.executable, "-m", "globus_async.testing", "--seed", str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, words in done.stderr, done.stdout) == (code, True, "")


class TestHostileInput:
    """What cannot be done is refused with the reason, and changes nothing."""

    @pytest.mark.parametrize("seconds", [10**400, 1e300, 300_000_000_000])
    async def test_times_that_cannot_be_written(self, http: httpx.AsyncClient, seconds: float) -> None:
        refused = await http.post("/emulator/clock/advance", content=f'{{"seconds": {seconds}}}', headers=JSON)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_FIELD")
        assert (await http.get("/emulator/clock")).json()["now"] == 1_800_000_000

    async def test_a_lifetime_of_many_digits(self, http: httpx.AsyncClient) -> None:
        refused = await http.post("/emulator/tokens", content=f'{{"lifetime": {10**400}}}', headers=JSON)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_FIELD")

    async def test_a_login_without_a_url(self, http: httpx.AsyncClient) -> None:
        refused = await http.post("/emulator/logins", json={"url": "http://["})
        assert (refused.status_code, refused.json()["code"]) == (400, "LOGIN_FAILED")

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("status", {"code": 100}),
            ("status", {"code": 503, "retry_after": "1\r\nX-More: 2"}),
            ("status", {"code": 503, "retry_after": "\u4e2d"}),
            ("status", {"code": 503, "retry_after": 1e300, "as_date": True}),
            ("html", {"code": 199}),
            ("latency", {"seconds": -1}),
            ("latency", {"seconds": 10**400}),
            ("slow_body", {"pause": -1}),
        ],
    )
    async def test_faults_that_cannot_be_injected(
        self, http: httpx.AsyncClient, name: str, arguments: dict[str, Any]
    ) -> None:
        document = json.dumps({"path": "*", "fault": name, "arguments": arguments})
        refused = await http.post("/emulator/faults", content=document, headers=JSON)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_FIELD")
        assert (await http.get("/emulator/faults")).json() == {"faults": []}

    @pytest.mark.parametrize("name", ["status", "html"])
    @pytest.mark.parametrize("code", [204, 304])
    async def test_statuses_without_a_body(self, http: httpx.AsyncClient, name: str, code: int) -> None:
        """The connection stays usable."""
        await http.post("/emulator/faults", json={"path": "*", "fault": name, "arguments": {"code": code}})
        response = await http.get(TASKS)
        assert (response.status_code, response.content) == (code, b"")
        assert "content-length" not in response.headers
        assert (await http.get("/emulator/faults")).json() == {"faults": []}


@pytest.mark.parametrize("name", sorted(_ARGUMENTS))
async def test_faults_are_listed_by_their_names(http: httpx.AsyncClient, name: str) -> None:
    required = {"latency": {"seconds": 1}, "status": {"code": 500}, "throttle": {"bytes_per_second": 1}}
    arguments = {**required, "truncated": {"size": 1}}.get(name, {})
    added = (await http.post("/emulator/faults", json={"path": "*", "fault": name, "arguments": arguments})).json()
    assert added["fault"] == name
    assert (await http.get("/emulator/faults")).json() == {"faults": [added]}


async def test_seeds_and_resets_at_once(http: httpx.AsyncClient, emulator: GlobusEmulator) -> None:
    """One after the other: the tasks of each are stopped before those of the next start, which go on."""
    emulator.add_collection("Copies", storage=MemoryStorage())
    seed = (await http.get("/emulator/seed")).json()
    source, destination = (each["id"] for each in seed["collections"])
    task = {"id": "0d6c8a4e-7c5f-4f0e-9f5e-0b5d4c3a2f10", "owner": "ada@example.org", "type": "TRANSFER"}
    items = [{"source": "/a.txt", "destination": "/a.txt"}]
    seed["tasks"] = [{**task, "source": source, "destination": destination, "items": items}]
    calls = [http.put("/emulator/seed", json=seed) if n % 2 else http.post("/emulator/reset") for n in range(8)]
    assert [each.status_code for each in await asyncio.gather(*calls)] == [204] * 8
    await emulator.advance(10)
    (ended,) = (await http.get("/emulator/tasks")).json()["tasks"]
    assert ended["status"] == "SUCCEEDED"
