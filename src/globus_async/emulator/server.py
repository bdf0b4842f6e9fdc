"""The emulator on a loopback socket, by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .faults import CUT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
    from concurrent.futures import Future

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = (
    "LoopbackServer",
    "listen",
    "serving",
)


@dataclass(frozen=True, slots=True)
class LoopbackServer:
    """Where an emulator listens."""

    url: str
    """``http://host:port``, for both services."""
    loop: asyncio.AbstractEventLoop

    @property
    def environ(self) -> dict[str, str]:
        """The variables that point this package, globus-sdk and globus-cli here."""
        # globus-sdk puts the path of the page that shows codes right behind this, so it ends in a slash.
        return dict.fromkeys(("GLOBUS_SDK_SERVICE_URL_AUTH", "GLOBUS_SDK_SERVICE_URL_TRANSFER"), f"{self.url}/")

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine where the server runs, from another thread: ``server.run(emulator.advance(60))``."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result()


def listen(host: str, port: int) -> socket.socket:
    """Begin to listen on a port, 0 for a free one."""
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # asyncio does this for sockets that say they are TCP only, which these do not: without it an answer takes 40 ms
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncGenerator[LoopbackServer]:
    """Answer on a socket as long as the block lasts, and close it then."""
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        app,
        http=_CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
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
        yield LoopbackServer(f"http://{shown}:{port}", asyncio.get_running_loop())
    finally:
        server.should_exit = True
        await asyncio.wait({running})
        listener.close()


class _Server(uvicorn.Server):
    """A server that leaves signals alone and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the process that the emulator is a guest in."""
        yield


class _CuttableProtocol(H11Protocol):
    """HTTP/1.1 whose requests know how to cut their connection, for troubles."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: Callable[..., Any] = self.app

        async def with_cut(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), CUT: self._cut}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = with_cut

    def _cut(self, reset: bool) -> None:
        if reset:
            self.transport.abort()
        else:
            self.transport.close()
