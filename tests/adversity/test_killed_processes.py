"""A submission of many files that is killed at any time, and started again, transfers every file exactly once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing.faults import drop_after, drop_before, status

pytestmark = pytest.mark.slow

FILES = 40

SUBMITTER = """
import asyncio, json, os, signal, sys, time
from globus_async import AccessTokenAuthorizer, RetryPolicy, TransferClient
from globus_async.services.transfer import TransferData
import globus_async.transport._attempt, globus_async.transport._aiohttp_transport

async def submit(parameters):
    authorizer = AccessTokenAuthorizer(parameters["token"])
    retry = RetryPolicy(base_delay=0.005)
    async with TransferClient(base_url=parameters["url"], authorizer=authorizer, rate_limit=None, retry=retry) as tc:
        data = TransferData(parameters["source"], parameters["destination"])
        pairs = ((f"/in/{number}", f"/out/{number}") for number in range(parameters["files"]))
        await tc.submit_items(data, pairs, journal=parameters["journal"], items_per_task=parameters["items_per_task"])

for line in sys.stdin:
    parameters = json.loads(line)
    child = os.fork()
    if child == 0:
        asyncio.run(submit(parameters))
        os._exit(0)
    if parameters["seconds"] is not None:
        time.sleep(parameters["seconds"])
        os.kill(child, signal.SIGKILL)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""For each line it reads, it starts the submission in a new process, and kills that after so many seconds."""


class Submitter:
    """The process that starts submissions and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SUBMITTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.killed = 0
        self.whole = 0.0
        """The seconds that a submission takes that is not killed."""

    def submit(self, **parameters: object) -> bool:
        """Start a submission; return whether it completed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(parameters), file=self._process.stdin, flush=True)
        status = int(self._process.stdout.readline())
        assert status in {0, signal.SIGKILL}
        self.killed += status == signal.SIGKILL
        return status == 0

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class World:
    """Two collections, and a submission of all files of the one to the other."""

    def __init__(self, items_per_task: int) -> None:
        self.emulator = GlobusEmulator()
        ada = self.emulator.add_identity("ada@example.org", name="Ada")
        storage = MemoryStorage({f"in/{number}": f"file {number}" for number in range(FILES)})
        self._told = {
            "source": self.emulator.add_collection("Instrument", storage=storage, owner=ada).id,
            "destination": self.emulator.add_collection("Archive", storage=MemoryStorage({"out/": None}), owner=ada).id,
            "token": self.emulator.access_token(ada),
            "files": FILES,
            "items_per_task": items_per_task,
        }

    def submission(self, url: str, folder: str) -> dict[str, object]:
        """Return the parameters of the submission, with a journal in a folder."""
        return {**self._told, "url": url, "journal": str(Path(folder, "journal"))}


@pytest.fixture(scope="module")
def submitter() -> Iterator[Submitter]:
    submitter = Submitter()
    for _ in range(2):  # the first is slower
        world = World(items_per_task=6)
        with TemporaryDirectory() as folder, world.emulator.serve_in_thread() as server:
            began = time.monotonic()
            assert submitter.submit(**world.submission(server.url, folder), seconds=None)
            submitter.whole = time.monotonic() - began
    yield submitter
    submitter.close()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    kills=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=8),
    items_per_task=st.integers(1, 12),
    faults=st.lists(st.tuples(st.sampled_from(["lost", "dropped", "503"]), st.integers(0, 6)), max_size=3),
)
def test_every_file_exactly_once(
    submitter: Submitter, kills: list[float], items_per_task: int, faults: list[tuple[str, int]]
) -> None:
    """Whenever it is killed, and whichever responses are lost, no file is submitted twice and none left out."""
    world = World(items_per_task)
    emulator = world.emulator
    for kind, after in faults:
        fault = {"lost": drop_after(), "dropped": drop_before(), "503": status(503)}[kind]
        emulator.faults.add("POST", "/v0.10/transfer", fault, times=1, after=after)
    with TemporaryDirectory() as folder, emulator.serve_in_thread() as server:
        parameters = world.submission(server.url, folder)
        for part in kills:
            submitter.submit(**parameters, seconds=part * submitter.whole)
        assert submitter.submit(**parameters, seconds=None)
        server.run(emulator.settle())
    submitted = Counter(item.destination for task in emulator.tasks for item in task.items)
    assert submitted == {("out", str(number)): 1 for number in range(FILES)}
    assert {task.status.value for task in emulator.tasks} == {"SUCCEEDED"}
    transferred = Counter(file.destination_path for task in emulator.tasks for file in task.successful)
    assert sorted(transferred.values()) == [1] * FILES


def test_the_kills_came_in_the_middle(submitter: Submitter, record_property: Callable[[str, object], None]) -> None:
    """Many of those submissions were killed before their end: the test above has tested something."""
    record_property("submissions killed", submitter.killed)
    assert submitter.killed > 20
