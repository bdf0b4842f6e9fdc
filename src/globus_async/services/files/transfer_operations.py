"""The operations of Transfer that go with files over HTTPS, which has no times, listings, directories or renames."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TransferOperations", "transfer_path")


class TransferOperations(Protocol):
    """The methods of `TransferClient` that are used here."""

    async def operation_stat(self, endpoint_id: UUID | str, path: str, /) -> GlobusHTTPResponse[Mapping[str, object]]:
        """Fetch the metadata of a file or directory."""
        ...

    async def operation_mkdir(self, endpoint_id: UUID | str, path: str, /) -> GlobusHTTPResponse[Mapping[str, object]]:
        """Create a directory."""
        ...

    async def operation_rename(
        self, endpoint_id: UUID | str, oldpath: str, newpath: str, /
    ) -> GlobusHTTPResponse[Mapping[str, object]]:
        """Rename a file or directory."""
        ...

    def operation_walk(self, endpoint_id: UUID | str, path: str, /) -> AsyncIterator[Mapping[str, object]]:
        """List a directory recursively."""
        ...


def transfer_path(path: str) -> str:
    """Return the path for Transfer, where one without a leading slash is relative to the home directory."""
    return path if path.startswith("/") else f"/{path}"
