"""Every example is run as a user would run it: as a program, against an emulated Globus on a socket."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from globus_async import AccessTokenAuthorizer, DeleteData, TransferClient
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
        self.archive = emulator.add_collection("Archive", storage=self.target).id

    async def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Process:
        """Start an example."""
        environ = {
            **os.environ,
            **self.server.environ,
            "GLOBUS_ACCESS_TOKEN": self.emulator.access_token(self.ada),
            **(environment or {}),
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / name), *arguments, env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE
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
        assert process.returncode == status, told.decode()
        return out.decode()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    emulator = GlobusEmulator(pace=Pace(seconds_per_file=0.02, workers=1))
    async with emulator, emulator.serve() as server:
        yield World(emulator, server)


async def test_quickstart(world: World) -> None:
    """It needs nothing."""
    assert await world.run("quickstart.py") == "finished: True\na.csv 4 bytes\nb.csv 4 bytes\n"


async def test_login(world: World, tmp_path: Path) -> None:
    """The first run asks for a code and keeps a token that nobody else can read; the second asks nothing."""
    app = world.emulator.add_client("Example")
    tokens = tmp_path / "kept" / "tokens.json"
    environment = {"GLOBUS_CLIENT_ID": app.id, "GLOBUS_TOKENS": str(tokens)}
    way = (f"{world.lab}:/run1/", f"{world.archive}:/copy/")
    process = await world.start("login.py", *way, environment=environment)
    assert process.stdout is not None
    url = ""
    while not url.startswith("http"):
        url = (await process.stdout.readline()).decode().strip()
    out, told = await process.communicate(world.emulator.auth.authorize(url, world.ada).code.encode() + b"\n")
    assert process.returncode == 0, told.decode()
    assert re.search(r"\[#{40}\] 100% SUCCEEDED 0 faults", out.decode())
    assert world.target.tree()["copy/deep/b.csv"] == b"3,4\n"
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600
    again = await world.run("login.py", *way, environment=environment)
    assert "Log in here" not in again
    assert "SUCCEEDED" in again


async def test_login_renews(world: World, tmp_path: Path) -> None:
    """With a token that is over it renews, and keeps what it got."""
    app = world.emulator.add_client("Example")
    tokens = tmp_path / "tokens.json"
    refresh = world.emulator.auth.refresh_token(
        world.ada, scopes=["urn:globus:auth:scope:transfer.api.globus.org:all"], client=app
    )
    tokens.write_text(f'{{"refresh_token": "{refresh}", "access_token": "AgOver", "expires_at_seconds": 1}}')
    await world.run(
        "login.py",
        f"{world.lab}:/run1/",
        f"{world.archive}:/copy/",
        environment={"GLOBUS_CLIENT_ID": app.id, "GLOBUS_TOKENS": str(tokens)},
    )
    assert refresh in tokens.read_text()
    assert "AgOver" not in tokens.read_text()


async def test_service(world: World) -> None:
    """It mirrors, and exits with 1 when the task fails, with 2 when it cannot even begin."""
    app = world.emulator.add_client("Mirror", secret="s3cret")
    identity = {"GLOBUS_CLIENT_ID": app.id, "GLOBUS_CLIENT_SECRET": "s3cret"}
    out = await world.run("service.py", world.lab, world.archive, environment=identity)
    assert out.startswith("SUCCEEDED: 3 files, 13 bytes")
    assert world.target.tree()["mirror/notes.txt"] == b"hello"
    nowhere = "00000000-0000-4000-8000-000000000000"
    await world.run("service.py", nowhere, world.archive, status=2, environment=identity)


async def test_report(world: World) -> None:
    """Two thousand ids, one of which there is not, and a service that serves faster than Globus."""
    ids = [world.lab, world.archive] * 1000 + ["00000000-0000-4000-8000-000000000000"]
    out = await world.run("report.py", "1000", stdin="\n".join(ids))
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 2001
    assert {row["name"] for row in rows} == {"Lab", "Archive", ""}
    assert [row["problem"] for row in rows if row["problem"]] == [
        row["problem"] for row in rows if row["id"].startswith("00000000")
    ]


async def test_tree(world: World) -> None:
    """Every entry once, folders before what is in them."""
    out = await world.run("tree.py", world.lab)
    assert sorted(out.split()) == ["/notes.txt", "/run1/", "/run1/a.csv", "/run1/deep/", "/run1/deep/b.csv"]


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
    source = Path(__file__).read_text()
    programs = {path.name for path in EXAMPLES.glob("*.py")}
    assert {name for name in programs if f'"{name}"' not in source} == set()
    listed = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text()))
    assert listed == programs
