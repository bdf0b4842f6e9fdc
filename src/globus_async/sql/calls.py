"""One call of a database: a connection, a transaction, and repetitions after conflicts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ..errors import GlobusError
from .engines import EngineSource, abort, is_stale
from .faults import Fault, fault_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ..clock import Clock

__all__ = ("Call", "Done")

R = TypeVar("R")

_MAX_CONFLICTS: Final = 10
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.2


@dataclass(frozen=True, slots=True, repr=False)
class Done(Generic[R]):
    """The result of a call."""

    value: R


class Call(Generic[R]):
    """
    A function that is given a connection, and what is needed to end it from outside.

    Args:
        source: The source of the engine.
        work: The function. It is called again after a conflict with another transaction.
        in_transaction: Whether it runs in a transaction; else each statement is one of its own.
        idempotent: Whether it may be called again after the connection was lost, so that it takes effect twice.
        clock: The clock of the pauses before repetitions.
    """

    def __init__(
        self,
        source: EngineSource,
        work: Callable[[AsyncConnection], Awaitable[R]],
        *,
        in_transaction: bool,
        idempotent: bool,
        clock: Clock,
    ) -> None:
        self._source = source
        self._work = work
        self._in_transaction = in_transaction
        self._may_repeat = idempotent
        self._clock = clock
        self._connection: AsyncConnection | None = None
        self._fault: Fault | None = None
        self.is_aborted: bool = False

    async def make(self) -> Done[R] | Fault | Exception:
        """Make the call; return its result, or why it failed, without a traceback, whose locals would hold secrets."""
        try:
            return await self._attempts()
        except asyncio.CancelledError:
            if not self.is_aborted:
                raise
            return self._fault or Fault("no response")

    async def _attempts(self) -> Done[R] | Fault | Exception:
        conflicts = 0
        for pause in _pauses():
            try:
                return Done(await self._attempt())
            except (GlobusError, ModuleNotFoundError) as error:
                return error.with_traceback(None)
            except Exception as error:  # noqa: BLE001 -- drivers raise errors of many kinds
                fault = fault_of(error)
            self._fault = fault
            conflicts += fault.is_conflict
            if self.is_aborted or conflicts == _MAX_CONFLICTS or not self._can_repeat(fault):
                return fault
            await self._clock.sleep(pause)
        raise AssertionError  # the pauses do not end

    def abort(self, task: asyncio.Task[object]) -> None:
        """End the call, which runs in a task, as fast as possible."""
        self.is_aborted = True
        if self._connection is None:
            task.cancel()
        else:
            # a cancelled statement would be cancelled on the server first, by another connection
            abort(self._connection)

    def _can_repeat(self, fault: Fault) -> bool:
        if fault.was_disconnected and self._may_repeat:
            self._may_repeat = False
            return True
        return fault.is_conflict or fault.is_busy

    async def _attempt(self) -> R:
        connection = await self._connect()
        self._connection = connection
        try:
            isolation = self._source.isolation
            if isolation is not None:
                if not self._in_transaction:
                    return await self._work(connection)
                await connection.execution_options(isolation_level=isolation)
            async with connection.begin():
                return await self._work(connection)
        finally:
            try:
                await connection.close()
            finally:
                self._connection = None

    async def _connect(self) -> AsyncConnection:
        """Return a connection that the server has not closed, as it does with all of them when it is restarted."""
        engine = await self._source.engine()
        while True:
            connection = await engine.connect()
            if not is_stale(connection):
                return connection
            await connection.invalidate()
            await connection.close()


def _pauses() -> Iterator[float]:
    """Yield the seconds before each repetition."""
    seconds = _FIRST_PAUSE
    while True:
        yield seconds * random.uniform(0.5, 1.0)  # noqa: S311 -- so that processes do not repeat at the same time
        seconds = min(2 * seconds, _LONGEST_PAUSE)
