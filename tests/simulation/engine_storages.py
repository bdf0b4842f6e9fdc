"""
Storages over a simulated engine: the protocol of the SQL one, and the real one for the tokens of a session.

SQLAlchemy cannot run in a simulated event loop. So `SimulatedSQLStorage` follows `SQLTokenStorage` and `SQLLeases` call
by call: rows with a random holder and an end by the engine's clock, polled; a lease that was taken without a response
is asked for again by the same holder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from globus_async._concurrency.loop_locks import LoopLocks
from globus_async.fastapi.revocations import Revocations
from globus_async.fastapi.session_tokens import SessionTokenStorage
from globus_async.fastapi.sessions import Session, dump_tokens, tokens_key
from globus_async.secret import Secret
from globus_async.session_store import SessionStoreUnavailable
from globus_async.token_storage import Lease, TokenStorage, TokenStorageData, TokenStorageUnavailable
from globus_async.token_storage.stored_tokens import decode_entry, encode_entry
from tests.simulation.auth import SERVER
from tests.simulation.engine import Connection, SimulatedEngine
from tests.simulation.world import Process, World

__all__ = ("SimulatedSQLStorage", "session_engine", "session_storage", "sql_engine", "sql_storage", "store_session")

T = TypeVar("T")
_TIMEOUT: Final = 2.0
_LEASE: Final = "lease"
_TOKENS: Final = "tokens"


def sql_engine(world: World) -> SimulatedEngine:
    """Return an engine that has a row of tokens, and one of a lease."""
    return SimulatedEngine(world, tokens=_TOKENS, decode=lambda value: value)


def sql_storage(engine: SimulatedEngine, process: Process) -> tuple[Connection, SimulatedSQLStorage]:
    """Return the storage of a process."""
    connection = Connection(engine, process, (lambda: TokenStorageUnavailable("the connection was lost"),))
    return connection, SimulatedSQLStorage(connection)


class SimulatedSQLStorage(TokenStorage):
    """The tokens in a row, and the lease in another one."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(clock=connection.process)
        self._connection = connection
        self._engine = connection.engine
        self._waiting = LoopLocks()
        self._unknown: str | None = None
        self._holders = 0

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """Read the row."""
        text = await self._call(lambda: self._engine.get(_TOKENS), writes=False)
        return None if text is None else decode_entry(text)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Read all rows."""
        data = await self.get_token_data(SERVER)
        return {} if data is None else {SERVER: data}

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Replace the row."""
        for data in token_data_by_resource_server.values():
            await self._call(partial(self._engine.set, _TOKENS, bytes(encode_entry(data))), writes=True)

    async def remove_token_data(self, resource_server: str) -> bool:
        """Not simulated."""
        raise NotImplementedError

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the row if it is as it was read."""

        def replace() -> bool:
            text = self._engine.get(_TOKENS)
            if (None if text is None else decode_entry(text)) != old:
                return False
            self._engine.set(_TOKENS, bytes(encode_entry(new)))
            return True

        return await self._call(replace, writes=True)

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return the lease."""
        return _SQLLease(self, name, seconds)

    async def take(self, name: str, seconds: float) -> tuple[Lease, str]:
        """Wait for the lease; return it, and its holder."""
        async with self._waiting.of(name):
            for pause in _pauses():
                lease = Lease(name, seconds, self._clock)
                self._holders += 1
                holder, self._unknown = self._unknown or f"{self._connection.process.name}-{self._holders}", None
                try:
                    taken = await self._call(partial(self._grant, holder, seconds), writes=True)
                except TokenStorageUnavailable:
                    self._unknown = holder
                    raise
                except asyncio.CancelledError:
                    await self.release(holder)
                    raise
                if taken:
                    return lease, holder
                await self._clock.sleep(pause)
        raise AssertionError

    def _grant(self, holder: str, seconds: float) -> bool:
        if self._engine.get(_LEASE) not in {None, holder}:
            return False
        self._engine.set(_LEASE, holder, seconds)
        self._engine.granted(self._connection.process, holder, seconds)
        return True

    async def release(self, holder: str) -> None:
        """End the lease, unless another holder has it."""

        def release() -> None:
            if self._engine.get(_LEASE) == holder:
                self._engine.delete(_LEASE)
            self._engine.released(self._connection.process, holder)

        with suppress(TokenStorageUnavailable):
            await self._call(release, writes=True)

    async def _call(self, effect: Callable[[], T], *, writes: bool) -> T:
        try:
            async with self._clock.timeout(_TIMEOUT):
                return await self._connection.call(effect, writes=writes)
        except TimeoutError:
            raise TokenStorageUnavailable("no response within 2 s") from None


class _SQLLease:
    def __init__(self, storage: SimulatedSQLStorage, name: str, seconds: float) -> None:
        self._storage = storage
        self._name = name
        self._seconds = seconds
        self._holder = ""

    async def __aenter__(self) -> Lease:
        lease, self._holder = await self._storage.take(self._name, self._seconds)
        return lease

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._storage.release(self._holder)


def _pauses() -> Iterator[float]:
    seconds = 0.05
    while True:
        yield seconds
        seconds = min(1.5 * seconds, 0.5)


# sessions

_SESSION: Final = Session(
    key="session:of-the-user",
    identity_id=UUID(int=1),
    username="ada@example.org",
    name=None,
    email=None,
    csrf_token=Secret("csrf"),
    expires_at=9e11,
    resource_servers=(SERVER,),
)


def session_engine(world: World) -> SimulatedEngine:
    """Return an engine that has a session, its tokens and their lease."""
    engine = SimulatedEngine(
        world, tokens=tokens_key(_SESSION.key, SERVER), decode=lambda value: value.reveal().encode()
    )
    engine.log_in(lambda: engine.set(_SESSION.key, _SESSION.dump()))
    return engine


def store_session(engine: SimulatedEngine, data: TokenStorageData) -> None:
    """Store the tokens of a login in the session."""
    engine.log_in(lambda: engine.set(engine.tokens, dump_tokens(data)))


def session_storage(engine: SimulatedEngine, process: Process) -> tuple[Connection, SessionTokenStorage]:
    """Return the real storage of a process, over a store that is simulated."""
    connection = Connection(engine, process, (lambda: SessionStoreUnavailable("reset"), ConnectionResetError))
    revocations = cast("Revocations", _NoRevocations(process))
    return connection, SessionTokenStorage(
        _SESSION, _SimulatedSessionStore(connection), clock=process, revocations=revocations
    )


class _NoRevocations:
    """What revokes the tokens of ended sessions; here none ends."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def start(self, tokens: Iterable[Secret]) -> None:
        self._process.world.violated(f"{len([*tokens])} tokens of a session that has not ended were revoked")

    def run(self, work: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[Any]:
        del name
        return self._process.start(work)


class _SimulatedSessionStore:
    """The session store of one process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._engine = connection.engine

    async def get(self, key: str) -> Secret | None:
        found: Secret | None = await self._connection.call(lambda: self._engine.get(key), writes=False)
        return found

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await self._connection.call(lambda: self._engine.set(key, value, seconds), writes=True)

    async def pop(self, key: str) -> Secret | None:
        def pop() -> Secret | None:
            value: Secret | None = self._engine.get(key)
            self._engine.delete(key)
            return value

        return await self._connection.call(pop, writes=True)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        return await self._connection.call(partial(self._replace, key, old, new, seconds), writes=True)

    def _replace(self, key: str, old: Secret | None, new: Secret | None, seconds: float) -> bool:
        if self._engine.get(key) != old:
            return False
        if new is None:
            self._engine.delete(key)
        else:
            self._engine.set(key, new, seconds)
        if key.startswith("lease:"):
            if new is None:
                assert old is not None
                self._engine.released(self._connection.process, old.reveal())
            else:
                self._engine.granted(self._connection.process, new.reveal(), seconds)
        return True
