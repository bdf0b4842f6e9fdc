"""The client of a collection's files, with sizes from Globus Transfer."""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING, Final

from .._single_flight import SingleFlight
from ..credentials import NoCredentials
from ..errors import NetworkError, NotFound
from ..services.files import GCSCollectionClient
from ..services.transfer.errors import TransferAPIError
from .entries import entry_of
from .known_files import Facts

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..services.transfer import TransferClient
    from ..transport import Transport

__all__ = ("CollectionFiles",)

_MAX_STATS: Final = 12
"""So many requests at a time go to Transfer, which limits their rate; further ones to the HTTPS server."""


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
        transport: The connections.
    """

    def __init__(
        self,
        collection_id: str,
        address: str,
        *,
        authorizer: GlobusAuthorizer | None,
        transfer: TransferClient | None,
        transport: Transport,
    ) -> None:
        super().__init__(collection_id, address, authorizer=authorizer, transport=transport)
        self._transfer = transfer
        # a request whose waiter found out otherwise goes on: to end it would cost its connection
        self._facts: SingleFlight[Facts] = SingleFlight("request for the size of a file", owner=transport)

    async def facts(self, path: str) -> Facts:
        """
        Request the size and time of a file.

        Raises:
            NotFound: The file does not exist.
            IsADirectoryError: It is a directory.
        """
        return await self._facts.join(path, partial(self._request_facts, path))

    async def size(self, path: str) -> int:
        """Request the size of a file."""
        return (await self.facts(path)).size

    async def _request_facts(self, path: str) -> Facts:
        if self._transfer is not None and len(self._facts) <= _MAX_STATS:
            try:
                document = (await self._transfer.operation_stat(self.collection_id, path)).data
            except NotFound:
                raise
            except NoCredentials:
                self._transfer = None
            except (TransferAPIError, NetworkError):
                pass  # no permission for this, or not available: the server of the files has to say it
            else:
                entry = entry_of(path, document)
                if entry["type"] == "directory":
                    raise IsADirectoryError(errno.EISDIR, "a directory has no content", path)
                if entry["size"] is not None:
                    return Facts(entry["size"], entry["mtime"])
        return Facts(await super().size(path))

    async def confirm_missing(self, path: str) -> None:
        """
        Ask Transfer whether a file is missing, if it can.

        Raises:
            NotFound: It is.
        """
        if self._transfer is not None:
            await self._transfer.operation_stat(self.collection_id, path)
