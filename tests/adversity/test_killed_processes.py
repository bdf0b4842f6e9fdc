"""A submission of many files that is killed at any time, and started again, transfers every file exactly once."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
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
import globus_async.transport._attempt, globus_async.transport._asyncio_transport

async def submit(parameters):
    authorizer = AccessTokenAuthorizer(parameters["token"])
    retry = RetryPolicy(base_delay=0.005)
    async with TransferClient(base_url=parameters["url"], authorizer=authorizer, rate_limit=None, retry=retry) as tc:
        data = TransferData(parameters["source"], parameters["destination"])
        pairs = ((f"/in/{number}", f"/out/{number}") for number in range(parameters["files"]))
        await tc.submit_items(data, pairs, journal=parameters["journal"], items_per_task=parameters["items_per_task"])

def written(journal):
    try:
        with open(journal, "rb") as file:
            return file.read().count(b"\\n")
    except FileNotFoundError:
        return 0

for line in sys.stdin:
    parameters = json.loads(line)
    child = os.fork()
    if child == 0:
        asyncio.run(submit(parameters))
        os._exit(0)
    ended = 0, 0
    if parameters["kill"] is not None:
        lines, seconds = parameters["kill"]
        while ended[0] == 0 and written(parameters["journal"]) < lines:
            time.sleep(0.0005)
            ended = os.waitpid(child, os.WNOHANG)
        time.sleep(seconds)
        if ended[0] == 0:
            os.kill(child, signal.SIGKILL)
    print((ended if ended[0] else os.waitpid(child, 0))[1], flush=True)
"""
"""
For each line it reads, it starts the submission in a new process, and kills that some time after its journal has so
many lines: by its progress, whatever the speed of the machine.
"""


class Submitter:
    """The process that starts submissions and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SUBMITTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.killed = 0

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
        self._parameters = {
            "source": self.emulator.add_collection("Instrument", storage=storage, owner=ada).id,
            "destination": self.emulator.add_collection("Archive", storage=MemoryStorage({"out/": None}), owner=ada).id,
            "token": self.emulator.access_token(ada),
            "files": FILES,
            "items_per_task": items_per_task,
        }

    def submission(self, url: str, folder: str) -> dict[str, object]:
        """Return the parameters of the submission, with a journal in a folder."""
        return {**self._parameters, "url": url, "journal": str(Path(folder, "journal"))}


def test_every_file_exactly_once(record_property: Callable[[str, object], None]) -> None:
    """Whenever it is killed, and whichever responses are lost, no file is submitted twice and none left out."""
    submitter = Submitter()

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(
        kills=st.lists(st.tuples(st.floats(0, 0.9), st.floats(0, 0.02)), min_size=1, max_size=8),
        items_per_task=st.integers(1, 12),
        faults=st.lists(st.tuples(st.sampled_from(["lost", "dropped", "503"]), st.integers(0, 6)), max_size=3),
    )
    def run(kills: list[tuple[float, float]], items_per_task: int, faults: list[tuple[str, int]]) -> None:
        world = World(items_per_task)
        emulator = world.emulator
        for kind, after in faults:
            fault = {"lost": drop_after(), "dropped": drop_before(), "503": status(503)}[kind]
            emulator.faults.add("POST", "/v0.10/transfer", fault, times=1, after=after)
        lines = 1 + 2 * math.ceil(FILES / items_per_task)  # a header, and two lines for each task
        with TemporaryDirectory() as folder, emulator.serve_in_thread() as server:
            parameters = world.submission(server.url, folder)
            for part, seconds in kills:
                submitter.submit(**parameters, kill=(part * lines, seconds))
            assert submitter.submit(**parameters, kill=None)
            server.run(emulator.settle())
        submitted = Counter(item.destination for task in emulator.tasks for item in task.items)
        assert submitted == {("out", str(number)): 1 for number in range(FILES)}
        assert {task.status.value for task in emulator.tasks} == {"SUCCEEDED"}
        transferred = Counter(file.destination_path for task in emulator.tasks for file in task.successful)
        assert sorted(transferred.values()) == [1] * FILES

    try:
        run()
    finally:
        submitter.close()
    record_property("submissions killed", submitter.killed)
    assert submitter.killed > 20, "too few of the submissions were killed before their end: nothing was tested"
