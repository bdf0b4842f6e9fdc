"""The first call of a process: the HTTP libraries are imported beside the event loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from tests.toolkit.raw_server import RawServer, Send, ok

PROGRAM = """
import asyncio, sys, threading
from globus_async import BaseClient, Transport

class Recorder:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is threading.main_thread():
            imported.append(name)

async def main():
    async with Transport() as transport:
        client = BaseClient(base_url=sys.argv[1], transport=transport)
        {before}
        await asyncio.gather(*(client.get("/") for _ in range(3)))

imported = []
sys.meta_path.insert(0, Recorder())
asyncio.run(main())
assert "httptools" in sys.modules
print(*imported)
"""

CANCEL = """
        for turns in range(4):
            task = asyncio.create_task(client.get("/"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
"""


@pytest.mark.parametrize("before", ["pass", CANCEL.strip()], ids=["alone", "after cancelled calls"])
async def test_the_loop_imports_nothing(before: str) -> None:
    """Neither an HTTP library nor anything that one needs, for one call or several; but what threads need."""
    async with RawServer([[Send(ok())] * 4]) as server:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM.format(before=before), server.url, stdout=subprocess.PIPE
        )
        printed = (await program.communicate())[0].decode()
    assert program.returncode == 0
    assert set(printed.split()) <= {"concurrent.futures.thread", "queue", "_queue"}
