"""Tasks that end together: the results of all, or the first error, or a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, Final, TypeVar

__all__ = ("all_of", "cancel_all", "run_to_end", "wait_to_end")

T = TypeVar("T")
_CANCELLED_PER_PASS: Final = 500
_MAX_REPETITIONS: Final = 3


async def all_of(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """
    Run calls concurrently; return their results, in order.

    After the first error the other calls are cancelled, and it is raised when they have ended. If the caller is
    cancelled at the same time, the cancellation is raised: ``asyncio.TaskGroup`` loses it before Python 3.13.

    Args:
        calls: One or more coroutines.
    """
    tasks = [asyncio.get_running_loop().create_task(call) for call in calls]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
    finally:
        await cancel_all(tasks)
    return [task.result() for task in failed or tasks]


async def cancel_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; a cancellation of the caller is raised afterwards."""
    cancelled: asyncio.CancelledError | None = None
    for number, task in enumerate(tasks, 1):
        task.cancel()
        if number % _CANCELLED_PER_PASS == 0:  # all that are cancelled here end in the same pass of the loop
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as error:
                cancelled = error
    cancelled = await wait_to_end(tasks) or cancelled
    for task in tasks:
        if not task.cancelled():
            task.exception()  # marks it as retrieved
    if cancelled is not None:
        raise cancelled


async def wait_to_end(tasks: Collection[asyncio.Task[Any]]) -> asyncio.CancelledError | None:
    """Wait until tasks have ended, even if the caller is cancelled; return the cancellation, to be raised."""
    cancelled: asyncio.CancelledError | None = None
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


async def run_to_end(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """
    Await a call to its end even if the caller is cancelled; raise the cancellation afterwards.

    The call must end by itself. If its own task is cancelled too, as all are at the end of a program, it is made again.

    Args:
        function: Makes the call; to do so twice must be harmless.
    """
    cancelled: asyncio.CancelledError | None = None
    repetitions = 0
    while True:
        task = asyncio.get_running_loop().create_task(function())
        cancelled = await wait_to_end([task]) or cancelled
        if not task.cancelled() or repetitions == _MAX_REPETITIONS:
            break
        repetitions += 1
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # marks it as retrieved
        raise cancelled
    return task.result()
