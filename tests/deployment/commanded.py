"""Programs that a test starts beside itself: each reads a command per line, and writes its result, as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.source import ROOT

__all__ = ("Commanded", "obey", "running")


class Commanded:
    """A running program, as the test sees it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._turns = asyncio.Lock()

    async def ask(self, command: str, *arguments: Any) -> Any:
        """Have a command executed; return its result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turns:
            self._process.stdin.write(json.dumps([command, *arguments]).encode() + b"\n")
            line = await self._process.stdout.readline()
        assert line, f"the program has ended before {command}"
        return json.loads(line)


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncGenerator[Commanded]:
    """Run a module of the tests until the end of the block."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, cwd=ROOT, env=environ
    )
    try:
        yield Commanded(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def obey(commands: dict[str, Callable[..., Any]]) -> None:
    """Execute commands until the input ends; in the program."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            command, *arguments = json.loads(line)
            sys.stdout.write(json.dumps(commands[command](*arguments)) + "\n")
            sys.stdout.flush()
    finally:
        transport.close()
