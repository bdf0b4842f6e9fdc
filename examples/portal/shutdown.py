"""The end of endless responses when the server stops."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

__all__ = ("termination",)


@contextmanager
def termination() -> Generator[asyncio.Event]:
    """
    Provide an event that is set when the process is asked to stop.

    A server first waits for open responses and then ends the lifespan of the application, so a stream must learn of
    the stop in another way. The server's own handlers of the signals are called as well.
    """
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():  # only that one may set handlers
        yield event
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(event.set)
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in previous.items():
        if callable(handler):  # a server handles the signal; otherwise its default is right
            signal.signal(number, stop)
    try:
        yield event
    finally:
        for number, handler in previous.items():
            if callable(handler):
                signal.signal(number, handler)
