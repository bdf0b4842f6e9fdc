"""The servers in which an application keeps its state, and how a test stops them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from globus_async.sql import SQLDatabase
from tests.toolkit.postgres_server import OwnServer, own_server
from tests.toolkit.redis_server import RedisServer

__all__ = ("ENGINES", "SERVERS", "State", "StateServer", "state_in", "state_server")

SERVERS: Final = ("redis", "postgresql")
ENGINES: Final = ("sqlite", *SERVERS)


class State(Protocol):
    """Where an application keeps its state."""

    @property
    def url(self) -> str:
        """``PORTAL_STATE``."""
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
        self.url = str(path)


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
            yield server
        finally:
            await asyncio.to_thread(server.aclose_now)
        return
    database = _Postgres(own_server())
    async with SQLDatabase.from_url(database.url, timeout=30) as tables:
        await tables.create_tables()
    yield database
