"""Reading a line that the user enters, without blocking the event loop: at a terminal, or in a notebook."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

from .._concurrency.daemon_call import DaemonCall
from ..secret import Secret
from .errors import CommandLineLoginFlowEOFError

__all__ = ("Terminal", "show")

_MAX_LINE: Final = 16_384
_WAKING_INTERVAL: Final = 0.2
_NO_TERMINAL: Final = (
    "there is no terminal at which to enter an authorization code. Run the program in a terminal once, so that it can"
    " store its tokens; on a machine with a browser use LocalServerLoginFlowManager; a service without users acts as"
    " itself, with ClientApp or ClientCredentialsAuthorizer"
)
_ENDED: Final = "the input ended before an authorization code was entered; start the login again"
_END_OF_INPUT: Final = (EOFError, OSError, NotImplementedError, KeyboardInterrupt)
"""What ``input`` raises in its thread if no line comes; a notebook that cannot ask has a `NotImplementedError`."""


class Terminal:
    """
    The terminal of this process, or the notebook that it runs for. Its lines are read one at a time.

    A cancelled read takes nothing: the next line goes to the next reader, of any kind. Where a thread has to wait for
    the line, and cannot be interrupted, that is the next read of this object.
    """

    def __init__(self) -> None:
        self._unfinished: DaemonCall[Secret] | None = None

    def check(self) -> None:
        """
        Check that there is a user to ask.

        Raises:
            CommandLineLoginFlowEOFError: Standard input is not a terminal, and the process serves no notebook that can
                ask for input.
        """
        kernel = _notebook_kernel()
        if not (_is_terminal(sys.stdin) if kernel is None else getattr(kernel, "_allow_stdin", True)):
            raise CommandLineLoginFlowEOFError(_NO_TERMINAL)

    async def read_line(self, prompt: str) -> Secret:
        """
        Show a prompt, and wait for a line; return it without blanks at its ends.

        Raises:
            CommandLineLoginFlowEOFError: The input ended, or there is no terminal.
        """
        self.check()
        if _notebook_kernel() is not None:
            with _waking_the_loop():
                return await self._from_thread(lambda: _line_of_notebook(prompt), is_interruptible=True)
        show(prompt, end="")
        is_complete = False
        try:
            line = await self._line_of_terminal()
            is_complete = True
            return line
        finally:
            if not is_complete:
                show("")  # what follows begins on a line of its own

    async def _line_of_terminal(self) -> Secret:
        try:
            descriptor = _own_descriptor(sys.stdin.fileno())
        except (OSError, ValueError):  # such as the window of IDLE
            return await self._from_thread(lambda: Secret(input().strip()))
        try:
            if os.name == "posix":
                with suppress(NotImplementedError):  # an event loop that waits for sockets only, as all do on Windows
                    return await _read_when_ready(descriptor)
            return await self._from_thread(_reader(sys.stdin.fileno()))
        finally:
            os.close(descriptor)

    async def _from_thread(self, read: Callable[[], Secret], *, is_interruptible: bool = False) -> Secret:
        call, self._unfinished = self._unfinished or DaemonCall(read, name="globus_async input"), None
        try:
            return await call.result()
        except asyncio.CancelledError:
            if is_interruptible:
                call.interrupt()
            else:
                self._unfinished = call
            raise
        except _END_OF_INPUT:
            raise CommandLineLoginFlowEOFError(_ENDED) from None


def show(text: str, *, end: str = "\n") -> None:
    """Print a text for the user: to standard error if only that is a terminal, as in a pipeline."""
    stream = sys.stdout
    if not _is_terminal(stream) and _is_terminal(sys.stderr):
        stream = sys.stderr
    print(text, end=end, file=stream, flush=True)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


class _Line:
    """The bytes of a line so far. Its representation does not show them."""

    __slots__ = ("_received", "is_complete")

    def __init__(self) -> None:
        self._received = bytearray()
        self.is_complete = False

    def read_from(self, descriptor: int) -> None:
        """Read what there is."""
        try:
            received = os.read(descriptor, 4096)
        except (BlockingIOError, InterruptedError):
            return  # another reader was faster
        except OSError:  # the terminal was closed
            received = b""
        self._received += received
        self.is_complete = not received or b"\n" in received or len(self._received) > _MAX_LINE

    def secret(self) -> Secret:
        """Return the line."""
        if not self._received:
            raise CommandLineLoginFlowEOFError(_ENDED)
        return Secret(self._received.decode("utf-8", "replace").strip())


async def _read_when_ready(descriptor: int) -> Secret:
    loop = asyncio.get_running_loop()
    line, done = _Line(), asyncio.Event()

    def read() -> None:
        line.read_from(descriptor)
        if line.is_complete:
            done.set()

    loop.add_reader(descriptor, read)
    try:
        await done.wait()
    finally:
        loop.remove_reader(descriptor)
    return line.secret()


def _reader(descriptor: int) -> Callable[[], Secret]:
    """Return a function that reads a line without ``sys.stdin``, whose lock would delay the end of the process."""

    def read() -> Secret:
        line = _Line()
        while not line.is_complete:
            line.read_from(descriptor)
        return line.secret()

    return read


def _own_descriptor(descriptor: int) -> int:
    """Open the terminal again, so that its mode and its registration with the event loop are our own."""
    try:
        return os.open(os.ttyname(descriptor), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except (AttributeError, OSError):  # Windows; a container in which the terminal has no name
        return os.dup(descriptor)


def _line_of_notebook(prompt: str) -> Secret:
    return Secret(input(prompt).strip())


@contextmanager
def _waking_the_loop() -> Generator[None]:
    """Wake the event loop again and again: only then does a kernel notice that its cell has been interrupted."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def wake() -> None:
        nonlocal timer
        timer = loop.call_later(_WAKING_INTERVAL, wake)

    wake()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


def _notebook_kernel() -> Any:
    """Return the kernel of the notebook that this process runs for, if any."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return getattr(shell, "kernel", None)
