"""The emulator on a loopback socket, served by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .faults import DROP
from .injection import CONNECTION, ZERO_COPY
from .kit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from concurrent.futures import Future

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = (
    "LoopbackServer",
    "listen",
    "serving",
)

_SYSTEM_CLOCK: Final = SystemClock()
_CONNECTIONS: Final = itertools.count(1)
_PASSES: Final = 5
"""Passes of the event loop in which an idle connection is closed."""


@dataclass(frozen=True, slots=True)
class LoopbackServer:
    """An emulator that listens on a socket."""

    url: str
    """``http://host:port``, for all services."""
    loop: asyncio.AbstractEventLoop = field(repr=False)
    """The event loop that serves the requests."""
    environ: dict[str, str] = field(repr=False)
    """The environment variables with which this package, globus-sdk and globus-cli find the emulator."""

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """
        Run a coroutine in the server's event loop, from another thread: ``server.run(emulator.advance(60))``.

        Args:
            coroutine: What to run.

        Returns:
            Its result.
        """
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on a port, 0 for a free one."""
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # asyncio sets this only on sockets with proto=IPPROTO_TCP, which this one lacks: without it a response takes 40 ms
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, now: Callable[[], float] = _SYSTEM_CLOCK.wall
) -> AsyncGenerator[str]:
    """
    Serve an application on a socket until the end of the block, where the socket is closed; yield its URL.

    Args:
        app: The application.
        listener: The socket.
        now: Returns the POSIX seconds of the ``Date`` of responses; those of the system's clock by default.
    """
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        _dated(app, now),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        headers=[("server", "nginx")],
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]), name=f"emulator on port {port}")
    try:
        ready = asyncio.create_task(server.ready.wait())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if running.done():
            running.result()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{port}"
    finally:
        server.should_exit = True
        server.end.set()
        await asyncio.wait({running})
        listener.close()


def _dated(app: ASGIApp, now: Callable[[], float]) -> ASGIApp:
    """Return an application whose responses have the date of a clock."""

    async def with_date(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(now(), usegmt=True).encode()
                message = {**message, "headers": [(b"date", date), *message["headers"]]}
            await send(message)

        await app(scope, receive, send_with_date)

    return with_date


class _Server(uvicorn.Server):
    """
    A uvicorn server that installs no signal handlers, sets an event when it listens, and ends at another one.

    uvicorn checks ten times a second whether it ends, and then its connections: too seldom for many short tests.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.end = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then set the event."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self.on_tick(0)
        await self.end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections, at once where none has a request."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_PASSES):
            if not self.server_state.connections and not self.server_state.tasks:
                return
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Install no signal handlers: those of the surrounding process stay in place."""
        yield


class _Protocol(H11Protocol):
    """
    HTTP/1.1 with extensions in the ASGI scope.

    They are the connection's number, a function that drops it, for fault injection, and messages with files that the
    operating system copies to the socket.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: Callable[..., Any] = self.app
        number = next(_CONNECTIONS)
        can_copy = isinstance(self.loop, asyncio.SelectorEventLoop) and hasattr(os, "sendfile")

        async def extended(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), DROP: self._drop, CONNECTION: number}
            if can_copy:
                extensions[ZERO_COPY] = {}

            async def send_or_copy(message: Message) -> None:
                if message["type"] == ZERO_COPY:
                    await self._copy(message["file"], message["offset"], message["count"])
                else:
                    await send(message)

            try:
                await app({**scope, "extensions": extensions}, receive, send_or_copy)
            except _ClientLeftError:
                self.transport.abort()
                while (await receive())["type"] != "http.disconnect":
                    pass

        self.app = extended

    def _drop(self, reset: bool) -> None:
        if reset:
            self.transport.abort()
        else:
            self.transport.close()

    async def _copy(self, file: BinaryIO, offset: int, count: int) -> None:
        """
        Send a part of a file as a part of the body.

        Raises:
            _ClientLeftError: The client has closed the connection.
            OSError: The file became shorter.
        """
        await self.flow.drain()
        if self.transport.is_closing():
            raise _ClientLeftError
        self.conn.send_with_data_passthrough(h11.Data(data=_Placeholder(count)))  # type: ignore[arg-type]  # its length
        try:
            sent = await self.loop.sendfile(self.transport, file, offset, count)
        except ConnectionError:
            raise _ClientLeftError from None
        if sent < count:
            self.transport.abort()
            raise OSError("the file became shorter while it was sent")


class _ClientLeftError(Exception):
    """The client has closed the connection: the rest of a response is not sent."""


class _Placeholder:
    """Data that the HTTP library counts and does not see."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size
