"""The whole: an emulated Globus, a proxy, an application of several workers, and browsers."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import trustme

from tests.deployment import emulated_globus, tls_proxy
from tests.deployment.application import HEALTH_CHECK, Application, serving
from tests.deployment.browsers import Browser, Records
from tests.deployment.commanded import Commanded, running

__all__ = ("Fleet", "assembled")

KEYS = "a-random-text-of-43-characters-of-the-portal"


class Fleet:
    """
    A deployment.

    Attributes:
        globus: The emulated Globus.
        proxy: The proxy.
        url: The address of the application, in browsers.
    """

    def __init__(self, globus: Commanded, proxy: Commanded, url: str, tls: ssl.SSLContext, registered: Any) -> None:
        self.globus = globus
        self.proxy = proxy
        self.url = url
        self._tls = tls
        self._registered = registered

    @asynccontextmanager
    async def application(
        self, state: str, *, workers: int = 4, health_check: int = HEALTH_CHECK
    ) -> AsyncGenerator[Application]:
        """Run the application with its state somewhere, behind the proxy."""
        settings = {
            **self._registered["settings"],
            "PORTAL_URL": self.url,
            "PORTAL_KEYS": KEYS,
            "PORTAL_STATE": state,
        }
        with tempfile.TemporaryDirectory(prefix="fleet") as folder:  # the path of a socket must be short
            async with serving(Path(folder), settings, workers=workers, health_check=health_check) as application:
                await self.proxy.ask("point_to", application.socket_path)
                yield application

    @asynccontextmanager
    async def browsers(self, number: int, records: Records) -> AsyncGenerator[list[Browser]]:
        """Open a browser for each user."""
        people = list(zip(self._registered["identities"], self._registered["tokens"], strict=True))
        opened = [
            Browser(self.url, emulated_globus.username(each), identity, token, tls=self._tls, records=records)
            for each, (identity, token) in enumerate(people[:number])
        ]
        try:
            yield opened
        finally:
            await asyncio.gather(*(each.aclose() for each in opened))


@asynccontextmanager
async def assembled(folder: Path, *, users: int) -> AsyncGenerator[Fleet]:
    """Start an emulated Globus and a proxy."""
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "certificate.pem")
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    async with AsyncExitStack() as stack:
        globus = await stack.enter_async_context(running(emulated_globus.PROGRAM))
        proxy = await stack.enter_async_context(running(tls_proxy.PROGRAM, str(folder / "certificate.pem")))
        url = f"https://localhost:{await proxy.ask('port')}{tls_proxy.PATH}"
        registered = await globus.ask("register", f"{url}/callback", users)
        yield Fleet(globus, proxy, url, tls, registered)
