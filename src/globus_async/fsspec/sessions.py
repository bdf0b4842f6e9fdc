"""Clients and their connections, one set for each event loop that uses the file system."""

from __future__ import annotations

import asyncio
import atexit
import os
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final

from .._single_flight import SingleFlight
from ..scopes import GCSCollectionScopes, TransferScopes
from ..services.transfer import TransferClient
from ..transport import Transport

if TYPE_CHECKING:
    from ..credentials import CredentialChain
    from ..services.files import GCSCollectionClient
    from .recipe import Recipe

__all__ = ("MAX_CONNECTIONS", "Session", "Sessions")

MAX_CONNECTIONS: Final = 16
"""To one server: dozens of them exhaust its workers."""
_EXIT_SECONDS: Final = 2.0


class Session:
    """
    The clients of one event loop.

    Args:
        recipe: Where the credentials are.

    Attributes:
        loop: The event loop.
        pid: The process.
        transport: The connections.
        listings: Limits the listings at a time.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.loop = asyncio.get_running_loop()
        self.pid = os.getpid()
        self.transport = Transport(max_in_flight=MAX_CONNECTIONS)
        self._recipe = recipe
        self._files: dict[str, GCSCollectionClient] = {}
        self.listings = asyncio.Semaphore(MAX_CONNECTIONS)  # a call that waits for a connection would time out
        self._addresses: SingleFlight[str | None] = SingleFlight("search for the HTTPS server of a collection")
        self._end = _closing(self.transport)

    async def start(self) -> None:
        """Let the end of the event loop, or of this object, close the connections."""
        await anext(self._end)

    @cached_property
    def _credentials(self) -> CredentialChain:
        return self._recipe.credentials(self.transport)

    @cached_property
    def transfer(self) -> TransferClient:
        """The client of Globus Transfer."""
        authorizer = self._credentials.get_authorizer(TransferScopes.resource_server)
        return TransferClient(authorizer=authorizer, environment=self._recipe.environment, transport=self.transport)

    async def find_address(self, collection_id: str) -> str | None:
        """Return the address of the HTTPS server of a collection; ``None`` if it has none."""

        async def fetch() -> str | None:
            return (await self.transfer.get_endpoint(collection_id)).get("https_server")

        return await self._addresses.join(collection_id, fetch)

    def files(self, collection_id: str, address: str) -> GCSCollectionClient:
        """Return the client of the files of a collection; ``address`` is that of its HTTPS server."""
        client = self._files.get(collection_id)
        if client is None:
            from ..services.files import GCSCollectionClient  # noqa: PLC0415 -- most processes list only

            authorizer = None
            if not self._recipe.anonymous:
                scope = GCSCollectionScopes(collection_id).https
                authorizer = self._credentials.get_authorizer(collection_id, str(scope))
            client = self._files[collection_id] = GCSCollectionClient(
                collection_id, address, authorizer=authorizer, transport=self.transport
            )
        return client


async def _closing(transport: Transport) -> AsyncGenerator[None]:
    """Close a transport at the end: an event loop closes the asynchronous generators that it has begun."""
    try:
        yield
    finally:
        await transport.aclose()


class Sessions:
    """
    The sessions of a file system, by event loop.

    Args:
        recipe: Where the credentials are.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._by_loop: dict[asyncio.AbstractEventLoop, Session] = {}
        self._pid = os.getpid()
        self._inherited: list[object] = []

    async def here(self) -> Session:
        """Return the session of the running event loop; those of closed loops are dropped."""
        if self._pid != os.getpid():
            # after a fork: sockets and loops belong to the parent process, so they are neither used nor closed
            self._inherited.append(self._by_loop)
            self._by_loop, self._pid = {}, os.getpid()
        loop = asyncio.get_running_loop()
        session = self._by_loop.get(loop)
        if session is None:
            for other in [*self._by_loop]:
                if other.is_closed():
                    _discard(self._by_loop.pop(other, None))
            session = self._by_loop[loop] = Session(self._recipe)
            _open.add(session)
            await session.start()
        return session


_open: weakref.WeakSet[Session] = weakref.WeakSet()


def _discard(session: Session | None) -> None:
    """Mark the connections of a closed loop as closed, which a loop that was ended by force has not done."""
    if session is not None:
        session.transport.closed = True


@atexit.register
def _close_all() -> None:
    """Close the connections in loops of other threads, such as fsspec's, before the process ends."""
    closing = []
    for session in [*_open]:
        if session.pid == os.getpid() and session.loop.is_running():
            closing.append(asyncio.run_coroutine_threadsafe(session.transport.aclose(), session.loop))
        else:
            _discard(session)
    for future in closing:
        with suppress(Exception):
            future.result(_EXIT_SECONDS)
