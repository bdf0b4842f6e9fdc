"""An app to log in to, and the ways in which tests open its login pages."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import globus_async
import tests.source
from globus_async import NativeAppAuthClient
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.testing import GlobusEmulator

if TYPE_CHECKING:
    from globus_async.emulator.auth.authorization_request import Redirect

__all__ = ("OPENID", "PYTHON_PATH", "Globus", "Settings", "is_open", "open_globus", "query_of", "send")

PYTHON_PATH = os.pathsep.join(str(Path(module).parents[1]) for module in (tests.source.__file__, globus_async.__file__))
"""By which the programs of tests import the same package as the tests."""

OPENID = GlobusAuthorizationParameters(required_scopes=["openid"])


@dataclass
class Globus:
    """The emulator, with a client of an app."""

    emulator: GlobusEmulator
    client: Any

    def redirect(self, url: str) -> Redirect:
        """Log in at a URL, as a user in a browser does."""
        return self.emulator.auth.authorize(url)

    @property
    def token_requests(self) -> int:
        """The number of requests for tokens so far."""
        return self.emulator.auth.token_requests.total()


@asynccontextmanager
async def open_globus() -> AsyncGenerator[Globus]:
    """Open an emulator with a user and a native app."""
    async with GlobusEmulator() as emulator:
        emulator.add_identity("ada@example.org", name="Ada")
        app = emulator.add_client("Laptop")
        transport = emulator.transport()
        async with transport, NativeAppAuthClient(app.id, transport=transport) as client:
            yield Globus(emulator, client)


@dataclass
class Settings:
    """The settings of an app."""

    login_redirect_uri: str | None = None
    request_refresh_tokens: bool = False


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


async def send(port: int, request: bytes) -> bytes:
    """Send bytes to a server on this machine; return everything that it sends until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        received = bytearray()
        try:
            while part := await reader.read(65_536):
                received += part
        except ConnectionResetError:
            pass
        return bytes(received)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def is_open(port: int) -> bool:
    """Return whether a server accepts connections."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.transport.abort()
    await asyncio.sleep(0)
    return True
