"""
An ingest that is killed at random moments and resumed: every entry is in the index once, and little is sent twice.

``INGEST_ENTRIES=100000 INGEST_KILLS=20`` makes it the full one; ``-s`` shows its figures.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from globus_async import AccessTokenAuthorizer, SearchClient, Transport
from globus_async.scopes import SearchScopes
from globus_async.testing import GlobusEmulator
from tests.services.search import ingesting_process

ENTRIES = int(os.environ.get("INGEST_ENTRIES", "2000"))
KILLS = int(os.environ.get("INGEST_KILLS", "3"))
BATCH = max(100, ENTRIES // 200)


async def killed(process: Process, has_come: Callable[[], bool], delay: float) -> bool:
    """Kill a process a little after something has come; return whether it was still running."""
    while not has_come() and process.returncode is None:  # noqa: ASYNC110 -- of other threads and processes
        await asyncio.sleep(0.002)
    await asyncio.sleep(delay)
    if process.returncode is not None:
        return False
    process.send_signal(signal.SIGKILL)
    return await process.wait() == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_killed_and_resumed(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The index has every entry once; at each kill, no more than one batch had been sent that is sent again."""
    chance = random.Random(ENTRIES)
    began, kills = time.monotonic(), 0
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        owner = emulator.add_identity("owner@example.edu")
        index = emulator.search.add_index("Samples", owner=owner)
        token = emulator.access_token(owner, scopes=[str(SearchScopes.all)])
        url = server.environ["GLOBUS_SDK_SERVICE_URL_SEARCH"]
        command = (ingesting_process.__file__, url, token, index.id, tmp_path / "journal", str(ENTRIES), str(BATCH))
        tasks = emulator.search.tasks

        def has_tasks(number: int) -> bool:
            return len(tasks) >= number

        while True:
            process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE)
            if kills == KILLS:
                break
            target = len(tasks) + chance.randint(0, max(1, (ENTRIES // BATCH - len(tasks)) // (KILLS - kills)))
            delay = chance.choice((0, chance.uniform(0, 0.05)))
            if not await killed(process, partial(has_tasks, target), delay):
                break
            kills += 1
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        async with Transport(default_rate_limits=False) as transport:
            sc = SearchClient(base_url=url, authorizer=AccessTokenAuthorizer(token), transport=transport)
            found = [hit async for hit in sc.scroll(index.id, {"q": "*", "limit": 1000})]
    assert kills > 0 or not KILLS
    assert [hit["subject"] for hit in found] == [each["subject"] for each in ingesting_process.entries(ENTRIES)]
    assert all(len(hit["entries"]) == 1 for hit in found)
    batches = -(-ENTRIES // BATCH)
    assert batches <= len(tasks) <= batches + kills
    record_property("entries ingested by processes that were killed", ENTRIES)
    figures = f"{kills} kills, {len(tasks) - batches} batches sent again, {time.monotonic() - began:.1f} s"
    sys.stdout.write(f"{figures}; resident size of the last process after each tenth, KiB: {out.decode()}\n")
