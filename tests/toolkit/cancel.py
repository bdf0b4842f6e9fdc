"""
Cancel a call at each of its suspensions, one after another, and check what is left.

Three modes: ``pending``, while what is awaited is still pending; ``ready``, in the very pass of the loop in which it
completes; ``double``, a second time while the first is being dealt with, as cascading shutdowns do.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Literal, TypeVar

__all__ = ("MODES", "POINTS", "CancelAt", "Mode", "every_suspension")

T = TypeVar("T")
Mode = Literal["pending", "ready", "double"]
MODES: tuple[Mode, ...] = ("pending", "ready", "double")
POINTS = "cancellation points"
"""The property under which a test records their number; the run prints the sum."""


class CancelAt(Awaitable[T]):
    """Await something, and cancel the task that does so at its k-th suspension."""

    def __init__(self, call: Awaitable[T], k: int, mode: Mode) -> None:
        self._call = call
        self._k = k
        self._mode = mode
        self.suspensions = 0

    @property
    def fired(self) -> bool:
        """Whether the call got as far as its k-th suspension."""
        return self.suspensions >= self._k

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._call.__await__()
        to_send: Any = None
        to_throw: BaseException | None = None
        while True:
            try:
                awaited = steps.throw(to_throw) if to_throw is not None else steps.send(to_send)
            except StopIteration as end:
                result: T = end.value
                return result
            to_throw = None
            self.suspensions += 1
            if self.suspensions == self._k:
                self._cancel(awaited)
            try:
                to_send = yield awaited
            except BaseException as error:  # noqa: BLE001 -- whatever the task is sent goes on to the call
                to_throw = error

    def _cancel(self, awaited: asyncio.Future[object] | None) -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert task is not None
        if self._mode == "ready" and awaited is not None:
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            loop.call_soon(task.cancel)
        if self._mode == "double":
            loop.call_soon(lambda: loop.call_soon(task.cancel))


async def _wait_for_end(call: Awaitable[object]) -> None:
    await call


async def every_suspension(
    make_call: Callable[[], Awaitable[object]],
    invariants: Callable[[], Awaitable[None]],
    *,
    modes: Sequence[Mode] = MODES,
    patience: float = 5,
) -> int:
    """
    Cancel a fresh call at its first, second, third ... suspension, in each mode, until one ends before.

    Args:
        make_call: Makes the call anew; called once per point.
        invariants: Awaited after each point; raises an error if something is wrong.
        modes: Which modes.
        patience: Seconds after which a cancelled call that has not ended counts as hanging.

    Returns:
        The number of points at which a call was cancelled.
    """
    points = 0
    for mode in modes:
        for k in itertools.count(1):
            probe = CancelAt(make_call(), k, mode)
            task = asyncio.create_task(_wait_for_end(probe))
            where = f"cancelled at suspension {k}, mode {mode!r}"
            done, _ = await asyncio.wait({task}, timeout=patience)
            if not done:
                task.cancel()
                await asyncio.wait({task}, timeout=patience)
                raise AssertionError(f"{where}: the call hangs")
            if not probe.fired:
                task.result()
                break
            points += 1
            if not task.cancelled():
                outcome = task.exception() or "a result"
                raise AssertionError(f"{where}: the call ended with {outcome!r} instead of being cancelled")
            try:
                await invariants()
            except BaseException as error:
                error.add_note(where)
                raise
    return points
