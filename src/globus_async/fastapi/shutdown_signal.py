"""The signal to shut down: noted at once, and passed on to the server after a delay."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

__all__ = ("delayed_shutdown",)

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


@contextmanager
def delayed_shutdown(begin: Callable[[], object], *, seconds: float) -> Generator[None]:
    """
    Call a function at the first ``SIGTERM`` or ``SIGINT``, and pass ``SIGTERM`` on to its handler after a delay.

    A second signal, and ``SIGINT``, are passed on at once. Nothing is changed outside the main thread, in which Python
    has no signals.

    Args:
        begin: Called in the event loop.
        seconds: Seconds between ``SIGTERM`` and the handler of the server.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous: dict[int, _Handler] = {}
    has_begun = False

    def pass_on(number: int) -> None:
        if number in previous:
            signal.signal(number, previous.pop(number))
            signal.raise_signal(number)

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal has_begun
        is_first, has_begun = not has_begun, True
        if is_first:
            loop.call_soon_threadsafe(begin)
        if is_first and number == signal.SIGTERM and seconds > 0:
            loop.call_soon_threadsafe(loop.call_later, seconds, pass_on, number)
        else:
            pass_on(number)

    for each in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(each) is not None:  # else it could not be set again: it was not set by Python
            previous[each] = signal.signal(each, handle)
    try:
        yield
    finally:
        while previous:
            signal.signal(*previous.popitem())
