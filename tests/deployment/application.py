"""An application in several uvicorn workers, started as systemd does: with a socket that is listening already."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.source import ROOT

__all__ = ("COMMAND", "FOLDER", "HEALTH_CHECK", "Application", "serving")

FOLDER = ROOT / "examples" / "deployment"
_SERVICE = (FOLDER / "portal.service").read_text()
COMMAND = next(line for line in _SERVICE.splitlines() if line.startswith("ExecStart=")).partition(".venv/bin/")[2]
"""The command of the guide."""
HEALTH_CHECK = int(COMMAND.rpartition("--timeout-worker-healthcheck ")[2])
_STARTED = re.compile(r"Started server process \[(\d+)\]")
_COMPLETE = "Application startup complete."
_PAUSE = 0.02
_chance = random.Random(14)


class Application:
    """
    Workers and their parent.

    Args:
        folder: Where the socket and the log are.
        settings: The environment variables of the application.
        workers: The number of workers.
        health_check: Seconds that uvicorn waits for a worker that may have died; by default those of the guide.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *, workers: int = 4, health_check: int = HEALTH_CHECK
    ) -> None:
        self.log = folder / "uvicorn.log"
        self.workers = workers
        self.killed: list[int] = []
        """The processes that `kill_a_worker` has killed."""
        self._settings = settings
        self._health_check = health_check
        self._socket = socket.socket(socket.AF_UNIX)
        self.socket_path = str(folder / "portal.sock")
        self._socket.bind(self.socket_path)
        self._socket.listen(1000)
        self._parent: Process | None = None

    async def start(self) -> None:
        """Start the parent, and wait until its workers serve."""
        before = self.started()
        descriptor = self._socket.fileno()
        command = COMMAND.replace("--fd 3", f"--fd {descriptor}").replace("--workers 4", f"--workers {self.workers}")
        command = command.replace(f"healthcheck {HEALTH_CHECK}", f"healthcheck {self._health_check}")
        environ = {**os.environ, **self._settings, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(FOLDER)))}
        with self.log.open("ab") as log:
            self._parent = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *command.split()),
                pass_fds=(descriptor,),
                env=environ,
                cwd=FOLDER,
                stdout=log,
                stderr=log,
            )
        await self.has_started(before + self.workers)

    def started(self) -> int:
        """Return how many workers have started so far."""
        return self._read().count(_COMPLETE)

    async def has_started(self, number: int) -> None:
        """Wait until so many workers have started, since the first one."""
        assert self._parent is not None
        while self.started() < number:
            assert self._parent.returncode is None, self._read()
            await asyncio.sleep(_PAUSE)

    def pids(self) -> list[int]:
        """Return the processes of the workers that run and have not been killed."""
        started = map(int, _STARTED.findall(self._read()))
        return [pid for pid in started if pid not in self.killed and _runs(pid)]

    def kill_a_worker(self) -> None:
        """Kill a worker, so that it cannot clean up; the parent starts another one."""
        if pids := self.pids():
            self.killed.append(_chance.choice(pids))
            os.kill(self.killed[-1], signal.SIGKILL)

    def replace_workers(self) -> None:
        """Have the parent replace its workers, one after the other."""
        assert self._parent is not None
        self._parent.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Let all workers complete their requests and end."""
        if self._parent is not None and self._parent.returncode is None:
            self._parent.terminate()
            await self._parent.wait()

    async def aclose(self) -> None:
        """Stop, and close the socket."""
        await self.stop()
        self._socket.close()

    def _read(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _runs(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@asynccontextmanager
async def serving(
    folder: Path, settings: Mapping[str, str], *, workers: int = 4, health_check: int = HEALTH_CHECK
) -> AsyncGenerator[Application]:
    """Run an application until the end of the block."""
    application = Application(folder, settings, workers=workers, health_check=health_check)
    try:
        await application.start()
        yield application
    finally:
        await application.aclose()
