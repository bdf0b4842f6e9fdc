"""A simulated token storage that processes share over a network, with leases and compare-and-set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, TypeVar

from globus_async.token_storage import Lease, TokenStorage, TokenStorageData, TokenStorageUnavailable
from tests.simulation.world import Process, World

__all__ = ("SimulatedServer", "SimulatedStorage")

T = TypeVar("T")
NEVER: Final = float("inf")
_ERRORS: Final = (TokenStorageUnavailable, ConnectionError, asyncio.CancelledError)
"""What failing calls raise: a storage of one's own may raise anything, and its pool may cancel a call."""


@dataclass(eq=False)
class Grant:
    """A lease as the server has granted it."""

    process: Process
    ends_at: float
    granted_at: float
    granted: asyncio.Future[Grant]
    """What the process waits for."""


@dataclass(eq=False, repr=False)
class SimulatedServer:
    """
    The server of a storage: one entry, one lease.

    Attributes:
        fault: Returns what happens to a call, given whether it writes: ``""``, ``"unsent"``, ``"lost"``, ``"hangs"``,
            ``"late"``.
        frees_dead: Whether the lease of a process that has died is released at once, as a lock of a file is.
        replaced: Called when an entry is replaced, with the old one, the new one, and the process if it is known.
        superseded: When each refresh token of a former entry was replaced.
    """

    world: World
    fault: Callable[[bool], str] = lambda _: ""
    frees_dead: bool = False
    entry: TokenStorageData | None = None
    replaced: Callable[[TokenStorageData | None, TokenStorageData], None] = lambda *_: None
    superseded: dict[str, float] = field(default_factory=dict)
    grant: Grant | None = None
    waiting: list[tuple[Process, asyncio.Future[Grant], float]] = field(default_factory=list)

    def read(self) -> TokenStorageData | None:
        """Return the entry."""
        return self.entry

    def store(self, new: TokenStorageData) -> None:
        """Replace the entry."""
        old, self.entry = self.entry, new
        if old is not None and old.refresh_token is not None and old.refresh_token != new.refresh_token:
            self.superseded.setdefault(old.refresh_token.reveal(), self.world.now)
        self.replaced(old, new)

    def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the entry if it is the old one."""
        if self.entry != old:
            return False
        self.store(new)
        return True

    def holds(self, process: Process) -> Grant | None:
        """Return the lease, if a process has it and its time has not run out."""
        grant = self.grant
        return grant if grant is not None and grant.process is process and grant.ends_at > self.world.now else None

    def acquire(self, process: Process, granted: asyncio.Future[Grant], seconds: float) -> None:
        """Grant the lease, as soon as it is free."""
        self.waiting.append((process, granted, seconds))
        self._next()

    def release(self, grant: Grant | None) -> None:
        """Free the lease, unless another one has it."""
        if self.grant is grant:
            self.grant = None
            self._next()

    def process_died(self, process: Process) -> None:
        """Free its lease, if the lease is of that kind."""
        if self.frees_dead and self.grant is not None and self.grant.process is process:
            self.release(self.grant)

    def _next(self) -> None:
        while self.grant is None and self.waiting:
            number = int(self.world.random.random() * len(self.waiting))
            process, granted, seconds = self.waiting.pop(number)
            if granted.done() or not process.is_alive:
                continue
            self._grant(process, granted, seconds)

    def _grant(self, process: Process, granted: asyncio.Future[Grant], seconds: float) -> None:
        grant = self.grant = Grant(process, self.world.now + seconds, self.world.now, granted)
        self.world.after(seconds, lambda: self.release(grant))
        self.world.after(0.05, lambda: None if granted.done() else granted.set_result(grant))


class SimulatedStorage(TokenStorage):
    """
    The storage as one process sees it.

    Args:
        server: The server.
        process: The process.
    """

    def __init__(self, server: SimulatedServer, process: Process) -> None:
        super().__init__(clock=process)
        self._server = server
        self._process = process
        self.failures = 0
        """The number of calls that failed, or had no response in time."""

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """Read the entry."""
        return await self._call(self._server.read)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Read all entries."""
        entry = await self._call(self._server.read)
        return {} if entry is None else {entry.resource_server: entry}

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Replace the entry."""
        for new in token_data_by_resource_server.values():
            await self._call(lambda new=new: self._server.store(new), writes=True)  # type: ignore[misc]

    async def remove_token_data(self, resource_server: str) -> bool:
        """Not simulated."""
        raise NotImplementedError

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the entry if it is the old one."""
        return await self._call(lambda: self._server.compare_and_set(old, new), writes=True)

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return the lease."""
        return _SimulatedLease(self._server, self._process, name, seconds)

    def _error(self) -> BaseException:
        return self._server.world.random.choice(_ERRORS)("the storage is down")

    async def _call(self, effect: Callable[[], T], *, writes: bool = False) -> T:
        world, fault = self._server.world, self._server.fault(writes)
        before, after = world.random.uniform(0.005, 0.1), world.random.uniform(0.005, 0.1)
        if fault:
            self.failures += 1
        match fault:
            case "unsent":
                await self._process.sleep(before)
                raise self._error()
            case "lost":
                await world.call(self._process, effect, before=before, after=after)
                raise self._error()
            case "hangs":
                before = NEVER
            case "late":
                before = world.random.uniform(1, 60)
            case _:
                pass
        return await world.call(self._process, effect, before=before, after=after)


class _SimulatedLease:
    def __init__(self, server: SimulatedServer, process: Process, name: str, seconds: float) -> None:
        self._server = server
        self._process = process
        self._name = name
        self._seconds = seconds
        self._grant: Grant | None = None

    async def __aenter__(self) -> Lease:
        world, fault = self._server.world, self._server.fault(False)
        if fault == "unsent":
            await self._process.sleep(0.05)
            raise TokenStorageUnavailable("the storage is down")
        granted: asyncio.Future[Grant] = self._process.loop.create_future()
        if fault != "hangs":
            world.after(0.05, lambda: self._server.acquire(self._process, granted, self._seconds))
        try:
            self._grant = await granted
        except asyncio.CancelledError:
            self._release_soon(granted)
            raise
        return Lease(self._name, self._grant.ends_at - world.now, self._process)

    def _release_soon(self, granted: asyncio.Future[Grant]) -> None:
        """Return a lease that was granted while its process gave up waiting for it."""
        server = self._server

        def release() -> None:
            if server.grant is not None and server.grant.granted is granted:
                server.release(server.grant)

        server.world.after(0.1, release)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        grant: Any = self._grant
        before = 0.05
        match self._server.fault(False):
            case "unsent" | "lost":
                raise ConnectionError
            case "hangs" | "late":
                before = NEVER
            case _:
                pass
        await self._server.world.call(self._process, lambda: self._server.release(grant), before=before, after=0.05)
