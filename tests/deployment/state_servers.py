"""The servers in which an application keeps its state, and how a test stops them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import make_url

from tests.deployment.application import FOLDER
from tests.source import ROOT
from tests.toolkit.postgres_server import OwnServer, own_server
from tests.toolkit.redis_server import RedisServer

__all__ = ("ENGINES", "SERVERS", "State", "StateServer", "state_in", "state_server")

SERVERS: Final = ("redis", "postgresql")
ENGINES: Final = ("sqlite", *SERVERS)
_OTHERS: Final = ("GLOBUS_CLIENT_ID", "GLOBUS_CLIENT_SECRET", "PORTAL_API_SCOPE", "PORTAL_KEYS")


class State(Protocol):
    """Where an application keeps its state."""

    @property
    def url(self) -> str:
        """``PORTAL_STATE``."""
        ...

    def size(self) -> int:
        """Return the bytes that the state takes, of memory or of a disk; blocks."""
        ...


class StateServer(State, Protocol):
    """A server that a test stops; the methods block."""

    def freeze(self) -> None:
        """Stop the server: connections stay open, and nothing is sent."""
        ...

    def thaw(self) -> None:
        """Let the stopped server go on."""
        ...

    def kill(self) -> None:
        """End the server as a crash does."""
        ...

    def start(self) -> object:
        """Start the server again, with its data."""
        ...


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = str(path)

    def size(self) -> int:
        with closing(sqlite3.connect(self._path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return self._path.stat().st_size


class _Redis:
    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.url = server.url
        self.freeze = server.freeze
        self.thaw = server.thaw
        self.kill = server.kill
        self.start = server.start

    def size(self) -> int:
        with self._server.client() as client:  # connections take memory, too
            return sum(client.memory_usage(key) for key in client.scan_iter())


class _Postgres:
    def __init__(self, server: OwnServer) -> None:
        self._server = server
        self._frozen = ExitStack()
        self.url = server.fresh_url()
        self.kill = server.kill
        self.start = server.start

    def freeze(self) -> None:
        self._frozen.enter_context(self._server.frozen())

    def thaw(self) -> None:
        self._frozen.close()

    def size(self) -> int:
        tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relowner = {}::regrole"
        user = make_url(self.url).username
        ((size,),) = self._server.execute(tables.format(f"'{user}'"))
        return int(size)


@asynccontextmanager
async def state_in(engine: str, folder: Path) -> AsyncGenerator[State]:
    """Have an empty state until the end of the block; skip the test where there is no such server."""
    if engine == "sqlite":
        yield _File(folder / "sessions.db")
        return
    async with state_server(engine) as server:
        yield server


@asynccontextmanager
async def state_server(engine: str) -> AsyncGenerator[StateServer]:
    """Run a server until the end of the block, which keeps its data when it is killed."""
    if engine == "redis":
        server = RedisServer("--appendonly", "yes", "--maxmemory-policy", "noeviction")
        try:
            await asyncio.to_thread(server.start)
            yield _Redis(server)
        finally:
            await asyncio.to_thread(server.aclose_now)
        return
    database = _Postgres(own_server())
    settings = {**dict.fromkeys(_OTHERS, "x" * 32), "PORTAL_STATE": database.url, "PORTAL_URL": "https://localhost"}
    environ = {**os.environ, **settings, "PYTHONPATH": str(ROOT / "src")}
    program = "import asyncio, portal; asyncio.run(portal.create_tables())"  # of the guide
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=FOLDER, env=environ)
    assert await process.wait() == 0
    yield database
