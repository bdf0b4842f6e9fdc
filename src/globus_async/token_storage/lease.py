"""Leases: the exclusive right to refresh a token, for a limited time."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from ..errors import WrongEventLoopError
from ..errors.arguments import check_members, check_number, check_text
from .errors import LeaseLost

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Lease", "Leases", "LocalLeases", "check_leases")


class Lease:
    """
    The exclusive right to refresh a token, which ends when it is released, or when its time runs out.

    A holder that was paused for longer than that no longer has the right, and another one may have it. So what it then
    stores is compared with what is stored: see `TokenStorage.compare_and_set`.

    Args:
        name: What the lease is for.
        seconds: How long it is held at most, from now on.
        clock: The clock.
    """

    __slots__ = ("_clock", "_ends_at", "name")

    def __init__(self, name: str, seconds: float, clock: Clock) -> None:
        self.name: str = name
        self._clock = clock
        self._ends_at = clock.monotonic() + seconds

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name!r} for {self.seconds_left:.1f} s>"

    @property
    def seconds_left(self) -> float:
        """The seconds until its time runs out; 0 afterwards."""
        return max(0.0, self._ends_at - self._clock.monotonic())

    def check(self) -> None:
        """
        Check that its time has not run out.

        Raises:
            LeaseLost: It has.
        """
        if not self.seconds_left:
            raise LeaseLost(f"the lease of {self.name!r} ran out before the token was refreshed")


class Leases(Protocol):
    """Exclusive rights for a limited time: those of a database, or of a token storage."""

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return a context in which no other holder has the lease of this name; see `TokenStorage.lease`."""
        ...


def check_leases(leases: object) -> None:
    """Check the argument ``leases``."""
    check_members("leases", leases, ("lease",), "an object with leases, such as RedisLeases(database)")


@dataclass(eq=False, slots=True)
class _Held:
    """A lease that is held, and the event loop of its holder."""

    lease: Lease
    is_released: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def seconds_left(self) -> float:
        """The seconds until it ends: with its event loop, if that is closed."""
        return 0.0 if self.loop.is_closed() else self.lease.seconds_left


class LocalLeases:
    """The leases of one event loop, by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def lease(self, name: str, seconds: float) -> _LocalLease:
        """Return the context in which a lease is held."""
        check_text("name", name)
        check_number("seconds", seconds, positive=True)
        return _LocalLease(self._held, name, seconds, self._clock)


class _LocalLease:
    """The context in which a lease of one event loop is held."""

    __slots__ = ("_clock", "_held", "_lease", "_name", "_seconds")

    def __init__(self, held: dict[str, _Held], name: str, seconds: float, clock: Clock) -> None:
        self._held = held
        self._name = name
        self._seconds = seconds
        self._clock = clock

    async def __aenter__(self) -> Lease:
        while (found := self._held.get(self._name)) is not None and (seconds := found.seconds_left):
            if found.loop is not asyncio.get_running_loop():
                raise WrongEventLoopError(
                    f"the lease of {self._name!r} is held in another event loop; give each its own token storage, or"
                    " one in a file"
                )
            try:
                async with self._clock.timeout(seconds):
                    await found.is_released.wait()
            except TimeoutError:
                continue
        self._lease = Lease(self._name, self._seconds, self._clock)
        self._held[self._name] = _Held(self._lease)
        return self._lease

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        held = self._held.get(self._name)
        if held is not None and held.lease is self._lease:
            del self._held[self._name]
            held.is_released.set()
