"""Clients and their connections, one set for each event loop that uses the file system."""

from __future__ import annotations

import asyncio
import atexit
import errno
import os
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from .._single_flight import SingleFlight
from ..credentials import NoCredentials
from ..scopes import GCSCollectionScopes, TransferScopes
from ..services.transfer import TransferClient
from ..transport import Transport
from .collection_files import LISTING_LIMIT, Allowance, CollectionFiles
from .data_access import DataAccessAuthorizer
from .file_reader import FileReader
from .known_files import KnownFiles
from .own_writes import OwnWrites
from .paths import split_path

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..credentials import CredentialChain
    from .known_files import Facts
    from .recipe import Recipe

__all__ = ("MAX_CONNECTIONS", "Session", "Sessions")

MAX_CONNECTIONS: Final = 16
"""To one server: dozens of them exhaust its workers."""
_EXIT_SECONDS: Final = 2.0
_IDLE_SECONDS: Final = 30.0


class Session:
    """
    The clients of one event loop.

    Args:
        recipe: Where the credentials are.
        addresses: The addresses of HTTPS servers by collection id, shared by all sessions of a file system.
        cache_bytes: Maximum number of bytes of files that are kept.
        writes: The writes of the file system.

    Attributes:
        loop: The event loop.
        pid: The process.
        transport: The connections.
        known_files: What is known of files.
        listings: Limits the listings at a time.
        creations: The creations of directories that are under way.
    """

    def __init__(self, recipe: Recipe, addresses: dict[str, str], cache_bytes: int, writes: OwnWrites) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.pid: int = os.getpid()
        self.transport: Transport = Transport(max_in_flight=MAX_CONNECTIONS, read_timeout=_IDLE_SECONDS)
        self._recipe = recipe
        self._writes = writes
        self.known_files: KnownFiles = KnownFiles(self.transport.clock, cache_bytes)
        self._allowance = Allowance(self.transport.clock)
        self._addresses = addresses
        self._files: dict[str, CollectionFiles] = {}
        # a call that waits for a connection would time out
        self.listings: asyncio.Semaphore = asyncio.Semaphore(MAX_CONNECTIONS)
        self.creations: SingleFlight[bool] = SingleFlight("creation of a directory")
        self._searches: SingleFlight[object] = SingleFlight("search for the HTTPS server of a collection")
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
        authorizer: GlobusAuthorizer
        if self._recipe.is_application:
            authorizer = DataAccessAuthorizer(self._credentials)
        else:
            authorizer = self._credentials.get_authorizer(TransferScopes.resource_server)
        return TransferClient(
            authorizer=authorizer,
            environment=self._recipe.environment,
            transport=self.transport,
            rate_limit=LISTING_LIMIT if self.transport.default_rate_limits else None,
        )

    async def files(self, collection_id: str) -> CollectionFiles:
        """
        Return the client of the files of a collection.

        Raises:
            OSError: The collection has no HTTPS server.
        """
        client = self._files.get(collection_id)
        if client is None:
            address = self._addresses.get(collection_id) or await self._find_address(collection_id)
            client = self._files.get(collection_id) or self._new_client(collection_id, address)
            self._files[collection_id] = client
        return client

    async def _find_address(self, collection_id: str) -> str:
        address = await self._searches.join(collection_id, partial(self._request_address, collection_id))
        if not isinstance(address, str):
            raise OSError(
                errno.ENOTSUP,
                "the collection has no HTTPS server, over which files are read: it is of Globus Connect Personal, or"
                " its administrator has not enabled HTTPS",
                collection_id,
            )
        self._addresses[collection_id] = address
        return address

    async def _request_address(self, collection_id: str) -> object:
        try:
            return (await self.transfer.get_endpoint(collection_id)).get("https_server")
        except NoCredentials as error:
            if not self._recipe.anonymous:
                raise
            raise PermissionError(
                errno.EACCES,
                "without a login, the address of the collection's HTTPS server is not known: pass it, as in"
                f" https_servers={{'{collection_id}': 'https://g-....data.globus.org'}}; each link to a file of it"
                " begins with it, and 'https_server' of the collection's document is it",
                collection_id,
            ) from error

    def _new_client(self, collection_id: str, address: str) -> CollectionFiles:
        authorizer: GlobusAuthorizer | None = None
        transfer = None
        if not self._recipe.anonymous:
            if self._recipe.is_application:
                authorizer = DataAccessAuthorizer(self._credentials, collection_id)
            else:
                authorizer = self._credentials.get_authorizer(collection_id, GCSCollectionScopes(collection_id).https)
            transfer = self.transfer
        return CollectionFiles(
            collection_id,
            address,
            authorizer=authorizer,
            transfer=transfer,
            allowance=self._allowance,
            writes=self._writes,
            transport=self.transport,
        )

    @cached_property
    def reader(self) -> FileReader:
        """Reads ranges of files."""
        return FileReader(self.known_files, client_of=self.client_of, facts_of=self._request_facts, writes=self._writes)

    async def client_of(self, path: str) -> tuple[CollectionFiles, str]:
        """Return the client of the collection of a path, and the path on it."""
        collection_id, inner = split_path(path)
        return await self.files(collection_id), inner

    async def _request_facts(self, path: str) -> Facts:
        client, inner = await self.client_of(path)
        return await client.facts(inner)


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
        addresses: The addresses of HTTPS servers by collection id.
        cache_bytes: Maximum number of bytes of files that each session keeps.

    Attributes:
        writes: The writes of the file system.
    """

    def __init__(self, recipe: Recipe, addresses: dict[str, str], cache_bytes: int) -> None:
        self._recipe = recipe
        self._addresses = addresses
        self._cache_bytes = cache_bytes
        self._by_loop: dict[asyncio.AbstractEventLoop, Session] = {}
        self.writes: OwnWrites = OwnWrites()
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
            session = self._by_loop[loop] = Session(self._recipe, self._addresses, self._cache_bytes, self.writes)
            _open.add(session)
            await session.start()
        return session

    def discard(self, path: str | None) -> None:
        """Discard what is known of a file, or of all in a directory; of all files without a path."""
        for session in [*self._by_loop.values()]:
            session.known_files.discard_below(path)


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
