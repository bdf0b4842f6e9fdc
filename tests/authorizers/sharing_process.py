"""
A program whose processes share the tokens of a login; `SharingProcesses` starts, commands and kills them.

It forks a process for each line that it reads. Each connects to the test, reads how far the clock has advanced,
requests the header several times at once, and writes what it got.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from globus_async import SystemClock, Transport
from globus_async.authorizers import RefreshTokenAuthorizer
from globus_async.errors import GlobusError
from globus_async.services.auth import NativeAppAuthClient
from globus_async.token_storage import EncryptedTokenStorage, JSONTokenStorage, SQLiteTokenStorage, TokenStorage
from tests.source import ROOT

__all__ = ("SERVER", "STORAGES", "SharingProcess", "SharingProcesses")

SERVER = "transfer.api.globus.org"
CLIENT_ID = "00000000-0000-4000-8000-000000000001"
CALLERS = 3
_SECONDS = 20.0


def _redis(place: str) -> TokenStorage:
    from globus_async.redis import RedisDatabase, RedisTokenStorage  # noqa: PLC0415 -- imports redis-py

    class OwnRedisTokenStorage(RedisTokenStorage):
        async def aclose(self) -> None:
            await self._database.aclose()

    url, prefix = place.split()
    return OwnRedisTokenStorage(RedisDatabase.from_url(url, prefix=prefix, timeout=_SECONDS))


def _postgresql(place: str) -> TokenStorage:
    from globus_async.sql import SQLDatabase, SQLTokenStorage  # noqa: PLC0415 -- imports SQLAlchemy

    class OwnSQLTokenStorage(SQLTokenStorage):
        async def aclose(self) -> None:
            await self._database.aclose()

    url, namespace = place.split()
    return OwnSQLTokenStorage(SQLDatabase.from_url(url, timeout=_SECONDS), namespace=namespace)


STORAGES: dict[str, Callable[[str], TokenStorage]] = {
    "json": JSONTokenStorage,
    "sqlite": SQLiteTokenStorage,
    "encrypted": lambda path: EncryptedTokenStorage(JSONTokenStorage(path), "the key of all the processes, shared"),
    "redis": _redis,
    "postgresql": _postgresql,
}
"""Make storages from a path; or from a URL, and a prefix or namespace."""


class SharingProcess:
    """One of the processes, as the test sees it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer

    async def headers(self, seconds: float) -> list[str]:
        """
        Return the headers that its callers get; the texts of their errors, if they get none.

        Args:
            seconds: How far its clock is advanced.

        Raises:
            EOFError: It was killed.
        """
        try:
            self._writer.write(f"{seconds}\n".encode())
            line = await self._reader.readline()
        except ConnectionError:
            line = b""
        if not line:
            raise EOFError
        found: list[str] = json.loads(line)
        return found

    def kill(self) -> None:
        """Kill it, so that it cannot clean up."""
        os.kill(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Stop it, as a machine that is suspended does."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def aclose(self) -> None:
        """Let it end, if it still runs, and wait until it has."""
        with suppress(ConnectionError):
            self._writer.write_eof()
            await self._reader.read()
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class SharingProcesses:
    """
    Any number of processes that share a storage; ``async with`` it.

    Args:
        kind: The kind of storage, a key of `STORAGES`.
        place: Where the storage is.
        url: The URL of the Auth service.
    """

    def __init__(self, kind: str, place: str, url: str) -> None:
        self._arguments = kind, place, url
        self._processes: list[SharingProcess] = []
        self._connected: asyncio.Queue[SharingProcess] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = str(self._server.sockets[0].getsockname()[1])
        self._program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, port, *self._arguments, stdin=asyncio.subprocess.PIPE, cwd=ROOT
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            await process.aclose()
        self._server.close()
        self._program.kill()
        await self._program.wait()
        self._program._transport.close()  # type: ignore[attr-defined]

    async def start(self) -> SharingProcess:
        """Start a process."""
        assert self._program.stdin is not None
        self._program.stdin.write(b"\n")
        return await self._connected.get()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        process = SharingProcess(int(await reader.readline()), reader, writer)
        self._processes.append(process)
        self._connected.put_nowait(process)


class _AdvancedClock(SystemClock):
    advanced = 0.0

    def wall(self) -> float:
        return super().wall() + self.advanced


async def _serve(port: int, kind: str, place: str, url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{os.getpid()}\n".encode())
    clock = _AdvancedClock()
    async with Transport(clock=clock) as transport, STORAGES[kind](place) as storage:
        client = NativeAppAuthClient(CLIENT_ID, base_url=url, transport=transport)
        authorizer = RefreshTokenAuthorizer(None, client, storage=storage, resource_server=SERVER)
        while line := await reader.readline():
            clock.advanced = float(line)
            found = await asyncio.gather(*(_header(authorizer) for _ in range(CALLERS)))
            writer.write(json.dumps(found).encode() + b"\n")


async def _header(authorizer: RefreshTokenAuthorizer) -> str:
    try:
        return (await authorizer.get_authorization_header()).reveal()
    except GlobusError as error:
        return f"{type(error).__name__}: {error}"


def _main(port: str, kind: str, place: str, url: str) -> None:
    STORAGES[kind](place)  # imports what it needs, once for all processes
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that no process is left as a zombie
    while sys.stdin.buffer.readline():
        if os.fork() == 0:
            sys.stdin.close()
            asyncio.run(_serve(int(port), kind, place, url))
            os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
