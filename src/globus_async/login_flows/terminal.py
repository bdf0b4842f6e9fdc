"""Reading a line that the user enters, without blocking the event loop: at a terminal, or in a notebook."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from ..secret import Secret
from .errors import CommandLineLoginFlowEOFError

__all__ = ("Terminal",)

_MAX_LINE: Final = 16_384
_NO_TERMINAL: Final = (
    "there is no terminal at which to enter an authorization code. Run the program in a terminal once, so that it can"
    " store its tokens; on a machine with a browser use LocalServerLoginFlowManager; a service without users acts as"
    " itself, with ClientApp or ClientCredentialsAuthorizer"
)
_ENDED: Final = "the input ended before an authorization code was entered; start the login again"


class Terminal:
    """
    The terminal of this process, or the notebook that it runs for. Its lines are read one at a time.

    A cancelled read takes nothing: the next line goes to the next reader, of any kind. Where a thread has to wait for
    the line, and cannot be interrupted, that is the next read of this object.
    """

    def __init__(self) -> None:
        self._unfinished: _InputThread | None = None

    def check(self) -> None:
        """
        Check that there is somebody to ask.

        Raises:
            CommandLineLoginFlowEOFError: Standard input is not a terminal, and the process serves no notebook that can
                ask for input.
        """
        kernel = _notebook_kernel()
        if kernel is None:
            is_interactive = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        else:
            is_interactive = bool(getattr(kernel, "_allow_stdin", True))
        if not is_interactive:
            raise CommandLineLoginFlowEOFError(_NO_TERMINAL)

    async def read_line(self, prompt: str) -> Secret:
        """
        Show a prompt, and wait for a line; return it without blanks at its ends.

        Raises:
            CommandLineLoginFlowEOFError: The input ended, or there is no terminal.
        """
        self.check()
        if _notebook_kernel() is not None:
            return await self._from_thread(lambda: input(prompt), is_interruptible=True)
        print(prompt, end="", flush=True)  # noqa: T201 -- it is a prompt
        try:
            descriptor = _own_descriptor(sys.stdin.fileno())
        except (OSError, ValueError):  # such as the window of IDLE
            return await self._from_thread(input)
        is_complete = False
        try:
            try:
                line = await _read_when_ready(descriptor)
            except NotImplementedError:  # the event loop of Windows waits for sockets only
                line = await self._from_thread(_reader(descriptor))
            is_complete = True
            return line
        finally:
            os.close(descriptor)
            if not is_complete:
                print(flush=True)  # noqa: T201 -- what follows begins on a line of its own

    async def _from_thread(self, read: Callable[[], str], *, is_interruptible: bool = False) -> Secret:
        thread, self._unfinished = self._unfinished or _InputThread(read), None
        try:
            return await thread.line()
        except asyncio.CancelledError:
            if is_interruptible:
                thread.interrupt()
            else:
                self._unfinished = thread
            raise


class _InputThread:
    """A thread that waits for a line. It does not keep the process from ending."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._outcome: Secret | BaseException | None = None
        self._wake: Callable[[], object] | None = None
        self._lock = threading.Lock()
        context = contextvars.copy_context()  # by which a notebook finds the cell that asks
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="globus_async input", daemon=True)
        self._thread.start()

    async def line(self) -> Secret:
        """Wait for the line."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        with self._lock:
            self._wake = lambda: loop.call_soon_threadsafe(done.set)
            if self._outcome is not None:
                done.set()
        await done.wait()
        match self._outcome:
            case Secret() as line:
                return line
            case EOFError() | OSError() | NotImplementedError() | KeyboardInterrupt():
                raise CommandLineLoginFlowEOFError(_ENDED)
            case error:
                raise error or RuntimeError("no line was read")

    def interrupt(self) -> None:
        """Interrupt the kernel's ``input``, which polls: its thread ends at once and takes no reply."""
        if self._thread.ident is not None and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(KeyboardInterrupt)
            )

    def _run(self) -> None:
        outcome: Secret | BaseException
        try:
            outcome = Secret(self._read().strip())
        except BaseException as error:  # noqa: BLE001 -- raised where the line is awaited
            outcome = error.with_traceback(None)
        with self._lock:
            self._outcome = outcome
            wake = self._wake
        if wake is not None:
            with suppress(RuntimeError):  # the event loop has been closed
                wake()


def _own_descriptor(descriptor: int) -> int:
    """Open the terminal again: a mode or a registration of this descriptor is shared with nobody."""
    try:
        return os.open(os.ttyname(descriptor), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except (AttributeError, OSError):  # Windows; a container in which the terminal has no name
        return os.dup(descriptor)


class _Line:
    """The bytes of a line so far. Its representation does not show them."""

    __slots__ = ("_received", "is_complete")

    def __init__(self) -> None:
        self._received = bytearray()
        self.is_complete = False

    def read_from(self, descriptor: int) -> None:
        """Read what is there."""
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


def _reader(descriptor: int) -> Callable[[], str]:
    """Return a function that reads a line without ``sys.stdin``, whose lock would delay the end of the process."""

    def read() -> str:
        line = _Line()
        while not line.is_complete:
            line.read_from(descriptor)
        return line.secret().reveal()

    return read


def _notebook_kernel() -> Any:
    """Return the kernel of the notebook that this process runs for, if any."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return getattr(shell, "kernel", None)
