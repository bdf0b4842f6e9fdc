"""The portal and an emulated Globus on a thread of the test process, at a loopback port."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn

from examples.portal.emulated import emulated
from examples.portal.settings import Settings
from globus_async import Secret
from globus_async.testing import GlobusEmulator

__all__ = ("PortalServer", "running")


@dataclass
class PortalServer:
    """
    A running portal.

    Attributes:
        url: Its address.
        port: Its port.
        emulator: The emulated Globus.
    """

    url: str = ""
    port: int = 0
    emulator: GlobusEmulator = field(default_factory=GlobusEmulator)
    started: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None

    async def serve(self, listening: socket.socket, public_url: str | None, speed: float) -> None:
        """Serve until the server is asked to exit."""
        self.port = listening.getsockname()[1]
        self.url = public_url or f"http://localhost:{self.port}"
        async with emulated(self.url, megabytes_per_second=speed) as services:
            self.emulator = services.emulator
            settings = Settings(
                self.url, services.client_id, Secret(services.client_secret), services.url, Secret(""), Secret("k" * 43)
            )
            config = uvicorn.Config(settings.make_app(), log_level="warning", timeout_graceful_shutdown=2)
            self.server = uvicorn.Server(config)
            self.started.set()
            await self.server.serve([listening])


@contextmanager
def running(public_url: str | None = None, *, speed: float = 1.5) -> Generator[PortalServer]:
    """Run the portal until the end of the block."""
    portal = PortalServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: asyncio.run(portal.serve(listening, public_url, speed)), daemon=True)
        thread.start()
        assert portal.started.wait(20)
        try:
            yield portal
        finally:
            assert portal.server is not None
            portal.server.should_exit = True
            thread.join(20)
