"""The client of a collection's files, with sizes from Globus Transfer."""

from __future__ import annotations

import errno
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from .._single_flight import SingleFlight
from ..credentials import NoCredentials
from ..errors import NetworkError, NotFound, TokenRefreshError
from ..services.files import GCSCollectionClient
from ..services.transfer.errors import ConsentRequired, TransferAPIError
from ..transport import RateLimit
from .entries import entry_of
from .known_files import Facts
from .stream_bytes import collect

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..clock import Clock
    from ..services.transfer import TransferClient
    from ..transport import Transport
    from .own_writes import OwnWrites

__all__ = ("LISTING_LIMIT", "Allowance", "CollectionFiles")

_MAX_CALLS: Final = 80
_SECONDS: Final = 10.0
LISTING_LIMIT: Final = RateLimit(calls=120, seconds=_SECONDS)
"""Transfer documents 200 calls in ten seconds: the rest is for sizes."""


class Allowance:
    """
    The requests for sizes that Transfer may get; further ones are for the HTTPS servers.

    Args:
        clock: The source of time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """Take one of the requests, if there is one left."""
        now = self._clock.monotonic()
        while self._taken and self._taken[0] <= now - _SECONDS:
            self._taken.popleft()
        if len(self._taken) >= _MAX_CALLS:
            return False
        self._taken.append(now)
        return True


class CollectionFiles(GCSCollectionClient):
    """
    The client of a collection's files, with sizes from Globus Transfer.

    A body whose length agrees with its headers may still be too short, so that another source is asked for the size, at
    the same time. Transfer also has the time of the last change.

    Args:
        collection_id: The collection.
        address: The URL of its HTTPS server.
        authorizer: Supplies the ``Authorization`` header; ``None`` for no credentials.
        transfer: The client of Transfer; ``None`` without credentials.
        allowance: The requests that Transfer may get.
        writes: The writes of the file system.
        transport: The connections.
    """

    def __init__(
        self,
        collection_id: str,
        address: str,
        *,
        authorizer: GlobusAuthorizer | None,
        transfer: TransferClient | None,
        allowance: Allowance,
        writes: OwnWrites,
        transport: Transport,
    ) -> None:
        super().__init__(collection_id, address, authorizer=authorizer, transport=transport)
        self._transfer = None if transfer is None else transfer.with_options(rate_limit=None)
        self._allowance = allowance
        self._writes = writes
        # a request whose waiter found out otherwise goes on: to end it would cost its connection
        self._facts: SingleFlight[Facts] = SingleFlight("request for the size of a file", owner=transport)

    async def facts(self, path: str) -> Facts:
        """
        Request the size and time of a file.

        Raises:
            NotFound: The file does not exist.
            IsADirectoryError: It is a directory.
        """
        key = path, self._writes.version(f"{self.collection_id}{path}")
        return await self._facts.join(key, partial(self._request_facts, path))

    async def _find_size(self, path: str) -> int:
        return (await self.facts(path)).size

    async def _request_facts(self, path: str) -> Facts:
        if self._transfer is not None and self._allowance.take():
            try:
                document = (await self._transfer.operation_stat(self.collection_id, path)).data
            except NotFound:
                raise
            except (NoCredentials, ConsentRequired):
                self._transfer = None
            except (TransferAPIError, NetworkError, TokenRefreshError):
                pass  # no permission for this, or not available: the server of the files has to say it
            else:
                entry = entry_of(f"{self.collection_id}{path}", document)
                if entry["type"] == "directory":
                    raise IsADirectoryError(errno.EISDIR, "a directory has no content", entry["name"])
                if (facts := Facts.of(entry)) is not None:
                    return facts
        return Facts(await super()._find_size(path))

    async def read_whole(self, path: str, expected: int | None) -> bytes:
        """
        Read a whole file.

        Args:
            path: The path on the collection.
            expected: Its size by a listing; another one is a reason to ask.
        """
        if expected is not None:
            async with self._stream(path, 0, None, None) as stream:
                data = await collect(stream, expected)
            if stream.position == expected:
                return data
        return await self.read(path)

    async def confirm_missing(self, path: str) -> None:
        """
        Ask Transfer whether a file is missing, if it can.

        Raises:
            NotFound: It is.
        """
        if self._transfer is not None:
            await self._transfer.operation_stat(self.collection_id, path)
