"""Processes that begin at the same time, forked after the imports, which cost more than their work."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

__all__ = ("run_forked",)

_PROGRAM: Final = """
import asyncio, os, sys

from globus_async import Secret
from globus_async.sql import SQLDatabase, SQLLeases, SQLSessionStore, SQLTokenStorage
from globus_async.token_storage import TokenStorageData

{body}

url, count = sys.argv[1], int(sys.argv[2])
waiting, ready = os.pipe()
children = []
for number in range(count):
    child = os.fork()
    if not child:
        os.close(ready)
        os.read(waiting, 1)  # until the parent closes it
        asyncio.run(work(url, number))
        sys.stdout.flush()
        os._exit(0)
    children.append(child)
os.close(ready)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))
"""


def run_forked(url: str, count: int, body: str) -> str:
    """
    Run ``async def work(url, number)`` in so many processes; return what they have printed.

    Args:
        url: The database.
        count: The number of processes.
        body: Python code that defines the coroutine.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has no fork")
    program = _PROGRAM.format(body=body)
    done = subprocess.run(
        [sys.executable, "-c", program, url, str(count)], capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
