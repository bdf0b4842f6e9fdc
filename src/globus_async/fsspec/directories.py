"""Making directories through Transfer, parents first, also while others make the same ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ..errors import NetworkError
from ..services.transfer.errors import EndpointError, EndpointNotFound, NotFound, PathExists, TransferAPIError

if TYPE_CHECKING:
    from .._single_flight import SingleFlight
    from ..services.transfer.client import TransferClient
    from ..services.transfer.documents import FileDocument

__all__ = ("find_entry", "is_directory", "make_directories", "make_directory")

_ROOTS: Final = frozenset({"", "/", "/~"})
"""Directories that exist always."""


async def find_entry(tc: TransferClient, collection_id: str, path: str) -> FileDocument | None:
    """Return the document of a file or directory; ``None`` if the service reports that it does not exist."""
    try:
        return (await tc.operation_stat(collection_id, path)).data
    except EndpointNotFound:
        raise
    except NotFound:
        return None
    except EndpointError as error:
        if _has_file_above(error):
            return None
        raise


def _has_file_above(error: Exception) -> bool:
    return isinstance(error, EndpointError) and (error.code or "").endswith(".NotDirectory")


def is_directory(entry: FileDocument | None) -> bool:
    """Return whether an entry is a directory."""
    return entry is not None and entry.get("type") == "dir"


async def make_directory(tc: TransferClient, collection_id: str, path: str) -> bool:
    """
    Create a directory whose parent exists; return whether it did not exist before.

    Raises:
        FileExistsError: A file has this name.
        NotADirectoryError: A file has the name of a directory above it.
        NotFound: The parent does not exist.
    """
    path = path.rstrip("/")
    if path in _ROOTS:
        return False
    try:
        await tc.operation_mkdir(collection_id, path)
    except NotFound:
        raise
    except (TransferAPIError, NetworkError) as error:
        # it may exist without the right to create it, or have been created by a request whose response was lost
        entry = await find_entry(tc, collection_id, path)
        if is_directory(entry):
            return isinstance(error, NetworkError)
        if isinstance(error, PathExists) and entry is not None:
            raise FileExistsError(f"a file has the name of the directory: {path}") from error
        if _has_file_above(error):
            raise NotADirectoryError(f"a file has the name of a directory above {path}") from error
        raise
    return True


async def make_directories(
    tc: TransferClient, collection_id: str, path: str, creations: SingleFlight[bool], *, is_shared: bool = False
) -> bool:
    """
    Create a directory and its missing parents; return whether it did not exist before.

    Args:
        tc: The client.
        collection_id: The collection.
        path: The path.
        creations: Those that are under way: calls at the same time create a parent once.
        is_shared: Whether the directory itself is created once, too; each of its calls then returns the same.
    """
    path = path.rstrip("/")
    if is_shared:
        create = partial(make_directories, tc, collection_id, path, creations)
        return await creations.join((collection_id, path), create)
    try:
        return await make_directory(tc, collection_id, path)
    except NotFound:
        parent = path.rpartition("/")[0]
        if parent in _ROOTS:
            raise
        await make_directories(tc, collection_id, parent, creations, is_shared=True)
        return await make_directory(tc, collection_id, path)
