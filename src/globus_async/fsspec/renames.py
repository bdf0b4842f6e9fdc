"""Renaming through Transfer, also onto a path that exists, on storages that refuse this."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from .._concurrency.tasks import run_to_end
from ..errors import GlobusError, NetworkError
from ..services.transfer.errors import (
    Conflict,
    EndpointError,
    NotFound,
    PathExists,
    TransferAPIError,
    may_have_been_executed,
)
from .directories import find_entry, is_directory
from .temporary_names import temporary_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..services.transfer.client import TransferClient

__all__ = ("rename", "rename_over")

_log = logging.getLogger("globus_async")
_ATTEMPTS: Final = 10


async def rename(tc: TransferClient, collection_id: str, old: str, new: str) -> None:
    """Rename once; a request whose response was lost has succeeded if the old path is no longer there."""
    try:
        await tc.operation_rename(collection_id, old, new)
    except NetworkError as error:
        if not error.maybe_executed or not await _is_renamed(tc, collection_id, old, new):
            raise
    except TransferAPIError as error:
        if not may_have_been_executed(error) or not await _is_renamed(tc, collection_id, old, new):
            raise


async def _is_renamed(tc: TransferClient, collection_id: str, old: str, new: str) -> bool:
    return await find_entry(tc, collection_id, old) is None and await find_entry(tc, collection_id, new) is not None


async def rename_over(
    tc: TransferClient,
    collection_id: str,
    old: str,
    new: str,
    *,
    remove: Callable[[str], Awaitable[object]],
    exclusive: bool = False,
) -> None:
    """
    Rename a file onto a path that may have one, which is replaced.

    Whether the service replaces files is not documented. Where it refuses, the present file is renamed to a hidden
    name first, and back if the second renaming fails.

    Args:
        tc: The client.
        collection_id: The collection.
        old: The present path.
        new: The new path.
        remove: Deletes the replaced file.
        exclusive: Whether to refuse to replace a file.

    Raises:
        FileExistsError: The path exists, with ``exclusive``.
        IsADirectoryError: The path is a directory.
    """
    replaced: list[str] = []
    try:
        for attempt in range(_ATTEMPTS):
            try:
                await rename(tc, collection_id, old, new)
                break
            except (Conflict, EndpointError) as error:
                entry = await find_entry(tc, collection_id, new)
                if is_directory(entry):
                    raise IsADirectoryError(f"a directory has the name of the file: {new}") from None
                if exclusive and entry is not None:
                    raise FileExistsError(f"the file exists: {new}") from None
                is_taken = entry is not None or isinstance(error, PathExists)  # another writer may just have moved it
                if not is_taken or attempt == _ATTEMPTS - 1:
                    raise
            aside = temporary_path(new)
            with suppress(NotFound):
                await rename(tc, collection_id, new, aside)
                replaced.append(aside)
    except BaseException:
        if replaced:
            await run_to_end(partial(_move_back, tc, collection_id, replaced[-1], new))
        raise
    for aside in replaced:
        try:
            await remove(aside)
        except (GlobusError, OSError) as error:  # the new file is in place
            _log.warning("the replaced file %s is still there: %s", aside, error)


async def _move_back(tc: TransferClient, collection_id: str, aside: str, path: str) -> None:
    try:
        await rename(tc, collection_id, aside, path)
    except (TransferAPIError, NetworkError) as error:
        _log.warning("the former content of %s is in %s: %s", path, aside, error)
