"""Every example is run as a user would run it: as a program, against an emulated Globus on a socket."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import pty
import re
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jupyter_client.manager import AsyncKernelManager

from globus_async import AccessTokenAuthorizer, DeleteData, TransferClient
from globus_async.scopes import GCSCollectionScopes, GroupsScopes, SearchScopes
from globus_async.testing import GlobusEmulator, LoopbackServer, MemoryStorage, Pace
from globus_async.testing.faults import drop_after
from tests.source import ROOT

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples"
FILES = {"run1/a.csv": "1,2\n", "run1/deep/b.csv": "3,4\n", "notes.txt": "hello"}


class World:
    """A Globus with two collections and a user."""

    def __init__(self, emulator: GlobusEmulator, server: LoopbackServer) -> None:
        self.emulator = emulator
        self.server = server
        self.ada = emulator.add_identity("ada@example.org", name="Ada")
        self.target = MemoryStorage()
        self.lab = emulator.add_collection("Lab", storage=MemoryStorage(FILES)).id
        self.told = ""
        """What the last example printed to its standard error."""
        self.archive = emulator.add_collection("Archive", storage=self.target).id

    async def start(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: int = PIPE,
        stdout: int = PIPE,
    ) -> Process:
        """Start an example."""
        environ = {
            **os.environ,
            **self.server.environ,
            "GLOBUS_ACCESS_TOKEN": self.emulator.access_token(self.ada),
            **(environment or {}),
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / name), *arguments, env=environ, stdin=stdin, stdout=stdout, stderr=PIPE
        )

    async def run(
        self,
        name: str,
        *arguments: str,
        stdin: str = "",
        status: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run an example to its end; return what it printed."""
        process = await self.start(name, *arguments, environment=environment)
        out, told = await process.communicate(stdin.encode())
        self.told = told.decode()
        assert process.returncode == status, self.told
        return out.decode()


@contextmanager
def at_terminal() -> Generator[tuple[int, int]]:
    """Open a terminal: the end of its user, and the end of a program."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    emulator = GlobusEmulator(pace=Pace(seconds_per_file=0.02, workers=1))
    async with emulator, emulator.serve() as server:
        yield World(emulator, server)


async def test_quickstart(world: World) -> None:
    """It needs nothing."""
    assert await world.run("quickstart.py") == "finished: succeeded\na.csv 4 bytes\nb.csv 4 bytes\n"


def tokens_below(folder: Path) -> Path:
    """Return the one file of tokens."""
    (tokens,) = folder.rglob("tokens.json")
    return tokens


async def log_in_at_terminal(world: World, process: Process, terminal: int) -> bytes:
    """Log in at the URL that a program prints, type the code, and return what else it printed."""
    assert process.stdout is not None
    url = ""
    while not url.startswith("http"):
        url = (await process.stdout.readline()).decode().strip()
    os.write(terminal, f"{world.emulator.auth.authorize(url, world.ada).code}\n".encode())
    out, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    return out


async def test_login(world: World, tmp_path: Path) -> None:
    """The first run asks for a code and stores tokens that nobody else can read; the second asks nothing."""
    client = world.emulator.add_client("Example")
    environment = {"GLOBUS_CLIENT_ID": client.id, "HOME": str(tmp_path)}
    way = (f"{world.lab}:/run1/", f"{world.archive}:/copy/")
    with at_terminal() as (ours, theirs):
        process = await world.start("login.py", *way, environment=environment, stdin=theirs)
        out = await log_in_at_terminal(world, process, ours)
    assert re.search(r"\[#{40}\] 100% SUCCEEDED: 2 of 2 files, 8 B", out.decode())
    assert world.target.tree()["copy/deep/b.csv"] == b"3,4\n"
    tokens = tokens_below(tmp_path)
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600
    assert "SUCCEEDED" in await world.run("login.py", *way, environment=environment)  # without a terminal


async def test_login_refreshes(world: World, tmp_path: Path) -> None:
    """With an expired token it refreshes, and stores the new one."""
    client = world.emulator.add_client("Example")
    environment = {"GLOBUS_CLIENT_ID": client.id, "HOME": str(tmp_path)}
    way = (f"{world.lab}:/run1/", f"{world.archive}:/copy/")
    with at_terminal() as (ours, theirs):
        process = await world.start("login.py", *way, environment=environment, stdin=theirs)
        await log_in_at_terminal(world, process, ours)
    tokens = tokens_below(tmp_path)
    document = json.loads(tokens.read_text())
    stored = document["data"]["DEFAULT"]["transfer.api.globus.org"]
    stored["expires_at_seconds"], stored["access_token"] = 1, "AgExpired"
    tokens.write_text(json.dumps(document))
    assert "SUCCEEDED" in await world.run("login.py", *way, environment=environment)
    assert "AgExpired" not in tokens.read_text()


@pytest.mark.parametrize("options", [(), ("--every", "24")])
async def test_login_without_a_terminal(options: Sequence[str], world: World, tmp_path: Path) -> None:
    """In a job that nobody watches the first run says what to do, at once, and does not try again."""
    environment = {"GLOBUS_CLIENT_ID": world.emulator.add_client("Example").id, "HOME": str(tmp_path)}
    way = (f"{world.lab}:/", f"{world.archive}:/copy/")
    process = await world.start("login.py", *way, *options, environment=environment)
    _, told = await process.communicate()
    assert process.returncode == 1
    assert b"CommandLineLoginFlowEOFError" in told


async def test_the_notebook(world: World, tmp_path: Path) -> None:
    """Each cell of the notebook runs in a kernel, whose user enters a code."""
    environment = {**os.environ, **world.server.environ, "HOME": str(tmp_path)}
    environment["GLOBUS_CLIENT_ID"] = world.emulator.add_client("Notebook").id
    environment["LAB"], environment["ARCHIVE"] = world.lab, world.archive
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    shown = await run_cells(code, environment, lambda url: world.emulator.auth.authorize(url).code)
    for part in ("<td>a.csv</td>", "Pages of operation_ls", "('a.csv', 4)"):
        assert part in shown, part
    assert re.search(r'<b>41 of 41 done</b><br/><progress value="1.0000".*<td>failed</td><td>1</td>', shown)
    assert "EndpointNotFound" in shown, "the last outcome"
    assert "<b>from a notebook: SUCCEEDED</b>" in shown
    assert "<b>Task succeeded</b>" in shown
    assert not [cell for cell in cells if cell.get("outputs")], "the notebook is stored without outputs"


async def run_cells(code: list[str], environment: dict[str, str], log_in: Callable[[str], str]) -> str:
    """Run cells in a new kernel, and enter the code of a login when it asks; return what they showed."""
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    printed = ""

    def output(message: Any) -> None:
        nonlocal printed
        content = message["content"]
        assert message["msg_type"] != "error", content
        data = content.get("data", {})
        printed += content.get("text", "") + str(data.get("text/html", data.get("text/plain", "")))

    async def answer(_: object) -> None:
        while (url := re.search(r"^http\S+$", printed, re.MULTILINE)) is None:
            output(await client.get_iopub_msg(timeout=40))  # the printed text has a channel of its own
        client.input(log_in(url[0]))

    try:
        await client.wait_for_ready(timeout=40)
        for cell in code:
            await client.execute_interactive(cell, allow_stdin=True, stdin_hook=answer, output_hook=output, timeout=40)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    return printed


async def test_copy(world: World) -> None:
    """It shows bytes and files, on a terminal and elsewhere, and says how the task ended."""
    arguments = ("copy_files.py", world.lab, world.archive, "/run1/=/copy/", "/notes.txt=/notes.txt")
    assert "succeeded: SUCCEEDED: 3 of 3 files, 13 B" in (await world.run(*arguments)).splitlines()[-1]
    assert world.target.tree()["copy/deep/b.csv"] == b"3,4\n"
    shown = await on_a_terminal(world, *arguments)
    assert "100%" in shown
    assert "SUCCEEDED: 3 of 3 files, 13 B of 13 B" in shown


async def test_copy_is_interrupted() -> None:
    """Ctrl-C cancels the task at Globus, too."""
    emulator = GlobusEmulator(pace=Pace(start_delay=1000))
    async with emulator, emulator.serve() as server:
        world = World(emulator, server)
        process = await world.start("copy_files.py", world.lab, world.archive, "/run1/=/copy/")
        while not emulator.tasks:  # noqa: ASYNC110 -- another process submits it
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = await process.communicate()
    assert (process.returncode, told.decode().splitlines()[-1]) == (1, "canceled")
    assert [task.status.value for task in emulator.tasks] == ["FAILED"]


async def on_a_terminal(world: World, *arguments: str) -> str:
    """Run an example whose output is a terminal; return what it shows."""
    with at_terminal() as (ours, theirs):
        environment = {"TERM": "xterm-256color", "COLUMNS": "160"}
        process = await world.start(*arguments, environment=environment, stdout=theirs)
        os.set_blocking(ours, False)
        shown = b""
        while process.returncode is None:
            with suppress(BlockingIOError):
                shown += os.read(ours, 65536)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await process.wait()
        with suppress(BlockingIOError):
            shown += os.read(ours, 65536)
    return shown.decode()


async def test_service(world: World) -> None:
    """It mirrors, and exits with 1 when the task fails, with 2 when it cannot even begin."""
    app = world.emulator.add_client("Mirror", secret="s3cret")
    identity = {"GLOBUS_CLIENT_ID": app.id, "GLOBUS_CLIENT_SECRET": "s3cret"}
    out = await world.run("service.py", world.lab, world.archive, environment=identity)
    assert out.startswith("SUCCEEDED: 3 files, 13 bytes")
    assert world.target.tree()["mirror/notes.txt"] == b"hello"
    nowhere = "00000000-0000-4000-8000-000000000000"
    await world.run("service.py", nowhere, world.archive, status=2, environment=identity)


async def test_flow_run(world: World, tmp_path: Path) -> None:
    """It logs in, shows the log, logs in again where the run requires it, and prints the output."""
    url, flows = "https://mover.example.org/move", world.emulator.flows
    flows.register_action(url, lambda _: {"moved": 2})
    move = {"Type": "Action", "ActionUrl": url, "Parameters": {}, "ResultPath": "$.moved", "End": True}
    flow = flows.add_flow("Move files", {"StartAt": "Move", "States": {"Move": move}}, owner=world.ada)
    parameters = {"session_message": "again", "prompt": "login"}
    requirement = {"code": "Other", "description": "Log in again", "authorization_parameters": parameters}
    flows.suspend_next_action(url, requirement)
    environment = {"GLOBUS_CLIENT_ID": world.emulator.add_client("Example").id, "HOME": str(tmp_path)}
    with at_terminal() as (ours, theirs):
        process = await world.start("flow_run.py", flow.id, '{"a": 1}', environment=environment, stdin=theirs)
        assert process.stdout is not None
        shown = ""
        for _ in range(2):
            line = ""
            while not line.startswith("http"):
                line = (await process.stdout.readline()).decode()
                shown += line
            os.write(ours, f"{world.emulator.auth.authorize(line.strip(), world.ada).code}\n".encode())
        out, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    shown += out.decode()
    for part in ("Move files", "ActionStarted Move", "The run is inactive: Log in again", "SUCCEEDED", '"moved": 2'):
        assert part in shown, part


async def test_report(world: World) -> None:
    """Two thousand ids, one of which there is not, and a service that serves faster than Globus."""
    ids = [world.lab, world.archive] * 1000 + ["00000000-0000-4000-8000-000000000000"]
    out = await world.run("report.py", "1000", stdin="\n".join(ids))
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 2001
    assert world.told.splitlines()[-1].startswith("2,001 done, 1 failed")
    assert {row["name"] for row in rows} == {"Lab", "Archive", ""}
    assert [row["problem"] for row in rows if row["problem"]] == [
        row["problem"] for row in rows if row["id"].startswith("00000000")
    ]


async def test_group_report(world: World) -> None:
    """A row for each group, with numbers of those that the user manages, and names where the user sees them."""
    emulator, ada = world.emulator, world.ada
    bob = emulator.add_identity("bob@example.org")
    lab = emulator.groups.group(emulator.add_group([bob], admins=[ada], name="Lab"))
    for number, status in enumerate(("pending", "pending", "invited")):
        person = emulator.add_identity(f"person{number}@example.org")
        emulator.groups.add_membership(lab, person.id, status=status)  # type: ignore[arg-type]  # one of these
    emulator.add_group([ada], admins=[bob], name="Private")
    token = emulator.access_token(ada, scopes=[str(GroupsScopes.all)])
    out = await world.run("group_report.py", environment={"GLOBUS_ACCESS_TOKEN": token, "COLUMNS": "160"})
    rows = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in out.splitlines() if "│" in line]
    assert rows == [
        ["Lab", "admin", "ada@example.org", "", "bob@example.org", "2", "1"],
        ["Private", "member", "", "", "", "", ""],
    ]
    assert world.told.splitlines()[-1] == "admin of 1, member of 1"


async def test_tree(world: World) -> None:
    """Every entry once, folders before what is in them."""
    out = await world.run("tree.py", world.lab)
    assert sorted(out.split()) == ["/notes.txt", "/run1/", "/run1/a.csv", "/run1/deep/", "/run1/deep/b.csv"]


async def test_download_and_upload_of_trees(world: World, tmp_path: Path) -> None:
    """All files of a directory, there and back; a second download finds them complete."""
    collection = world.emulator.transfer.collections[world.lab]
    token = world.emulator.access_token(world.ada, scopes=[str(GCSCollectionScopes(collection.id).https)])
    environment = {"GLOBUS_HTTPS_TOKEN": token}
    out = ""
    for _ in range(2):
        out = await world.run("download_tree.py", world.lab, "/run1/", str(tmp_path / "run1"), environment=environment)
        assert out.startswith("2 files, ")
    assert sorted(each.name for each in (tmp_path / "run1").rglob("*")) == ["a.csv", "b.csv", "deep"]
    back = await world.run("upload_tree.py", str(tmp_path / "run1"), world.lab, "/back/", environment=environment)
    assert back == out
    assert "/back/deep/b.csv" in await world.run("tree.py", world.lab)


async def test_trees_that_cannot_be_copied(world: World, tmp_path: Path) -> None:
    """The programs say why, or how they are used, without a traceback."""
    here, absent = str(tmp_path / "here"), str(tmp_path / "absent")
    token = {"GLOBUS_HTTPS_TOKEN": "of-another-collection"}
    for name, arguments, environment, reason in (
        ("download_tree.py", (world.lab, "/absent/", here), token, "No such file or directory"),
        ("download_tree.py", (str(uuid4()), "/run1/", here), token, "EndpointNotFound"),
        ("download_tree.py", (world.lab, "/run1/", here), None, "GLOBUS_HTTPS_TOKEN=..."),
        ("upload_tree.py", (absent, world.lab, "/back/"), token, "No such file or directory"),
        ("upload_tree.py", (here, world.lab, "/back/"), None, "GLOBUS_HTTPS_TOKEN=..."),
    ):
        assert await world.run(name, *arguments, status=1, environment=environment) == ""
        assert reason in world.told
        assert "Traceback" not in world.told


async def test_submit_once(world: World, tmp_path: Path) -> None:
    """Lost answers and further runs make no second task."""
    journal = tmp_path / "journal.json"
    world.emulator.faults.add("POST", "/v0.10/transfer", drop_after(), times=2)
    first = await world.run("submit_once.py", str(journal), world.lab, world.archive)
    second = await world.run("submit_once.py", str(journal), world.lab, world.archive)
    assert first.split()[1] == second.split()[1]
    assert second.startswith("Duplicate")
    assert len(world.emulator.tasks) == 1


@pytest.mark.parametrize("content", ['{"precious": 1}', "notes", "[]"])
async def test_submit_once_keeps_other_files(world: World, tmp_path: Path, content: str) -> None:
    """A file of other content is refused and kept, as is every file beside the journal."""
    other, neighbour = tmp_path / "results.json", tmp_path / "run.new"
    other.write_text(content)
    neighbour.write_text("mine")
    await world.run("submit_once.py", str(other), world.lab, world.archive, status=1)
    await world.run("submit_once.py", str(tmp_path / "run.json"), world.lab, world.archive)
    assert (other.read_text(), neighbour.read_text()) == (content, "mine")
    assert len(world.emulator.tasks) == 1


async def test_ingest(world: World, tmp_path: Path) -> None:
    """Every record is found; a second run sends nothing, and a bad line is reported."""
    index = world.emulator.search.add_index("Samples", owner=world.ada)
    environment = {"GLOBUS_ACCESS_TOKEN": world.emulator.access_token(world.ada, scopes=[str(SearchScopes.all)])}
    file = tmp_path / "samples.jsonl"
    file.write_text(await world.run("ingest.py", "--make", "7000"))
    for _ in range(2):
        assert await world.run("ingest.py", index.id, str(file), environment=environment) == ""
        assert len(world.emulator.search.tasks) == 2
    other = tmp_path / "other.jsonl"
    other.write_text('{"subject": "good", "visible_to": ["public"], "content": {}}\n{"subject": "bad"}\n')
    out = await world.run("ingest.py", index.id, str(other), environment=environment, status=1)
    assert "lines 2 to 2: item 1 of entries is invalid: visible_to" in out
    assert "1 records failed" in world.told


async def test_observed(world: World) -> None:
    """A line for each span, and all metrics; it needs nothing."""
    out = await world.run("observed.py")
    lines, _, metrics = out.partition("\n{\n")
    names = [line.split(" s ")[1].split(" {")[0] for line in lines.splitlines()]
    assert names.count("TransferClient.get_endpoint") == 30
    assert names.count("GET /v0.10/endpoint/{endpoint_id}") == 21, "one was repeated"
    assert names.count("token refresh") == 3
    assert names[-1] == "nightly report"
    resource = json.loads("{" + metrics)["resource_metrics"][0]
    found = {metric["name"] for scope in resource["scope_metrics"] for metric in scope["metrics"]}
    assert len(found) == 7


async def test_wait_many(world: World) -> None:
    """A line for each task, as it ends."""
    authorizer = AccessTokenAuthorizer(world.emulator.access_token(world.ada))
    async with TransferClient(authorizer=authorizer, base_url=world.server.url) as tc:
        ids = []
        for number in range(30):
            data = DeleteData(endpoint=world.lab, ignore_missing=True, label=f"task {number}")
            data.add_item(f"/nothing-{number}")
            ids.append((await tc.submit_delete(data))["task_id"])
        out = await world.run("wait_many.py", *ids)
    assert sorted(re.findall(r"task (\d+)", out), key=int) == [str(number) for number in range(30)]
    assert out.count("succeeded") == 30


def test_every_example_is_run() -> None:
    """A new example needs a test."""
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    programs = {path.name for path in EXAMPLES.glob("*.py")}
    assert {
        name for name in programs if f'"{name}"' not in source and f"import {Path(name).stem}" not in source
    } == set()
    listed = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text()))
    assert listed == programs


async def test_files_for_readers(world: World, tmp_path: Path) -> None:
    """pandas, pyarrow, xarray, zarr and dask write and read on a collection; the last one draws a picture of it."""
    job = world.emulator.add_client("Job", secret="a secret of the job")
    environment = {"GLOBUS_ASYNC_CLIENT_ID": job.id, "GLOBUS_ASYNC_CLIENT_SECRET": "a secret of the job"}
    printed = await world.run("tables.py", world.archive, environment=environment)
    assert "S3    19.0" in printed
    assert "above 25 degrees in 46 hours" in printed
    printed = await world.run("climate.py", world.archive, environment=environment)
    assert "one place, 60 days: -2.5 to 3.5 degrees" in printed
    printed = await world.run("dask_workers.py", world.archive, "2", environment=environment)
    assert printed == "60 days, from 14.96 to 15.03 degrees\nall stations: 14.49 degrees\n"
    picture = tmp_path / "map.png"
    await world.run("plot_collection.py", world.archive, str(picture), environment=environment)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 30_000
    assert [path for path in world.target.tree() if path.endswith(".globus-part")] == []
