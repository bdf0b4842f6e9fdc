"""Renaming through Transfer, also onto a path that exists, on storages that refuse this."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..._concurrency.tasks import run_to_end
from ...errors import Conflict, GlobusAPIError, GlobusError, NetworkError, NotFound
from .temporary_names import temporary_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .transfer_operations import TransferOperations

__all__ = ("EXISTS", "rename", "rename_over")

_log = logging.getLogger("globus_async")
EXISTS: Final = re.compile("Exists")
"""In the codes of Transfer for a path that exists already."""
_BY_THE_COLLECTION: Final = re.compile("ExternalError|EndpointError")
"""In the codes of Transfer for what the collection's own server refused."""
_NO_COLLECTION: Final = re.compile("^Endpoint(?:NotFound|Deleted)$")
_ATTEMPTS: Final = 10


async def rename(tc: TransferOperations, collection_id: str, old: str, new: str) -> None:
    """Rename once; a request whose response was lost has succeeded if the old path is no longer there."""
    try:
        await tc.operation_rename(collection_id, old, new)
    except NetworkError as error:
        if not error.maybe_executed or not await _is_renamed(tc, collection_id, old, new):
            raise
    except GlobusAPIError as error:
        if not _may_have_been_executed(error) or not await _is_renamed(tc, collection_id, old, new):
            raise


def _may_have_been_executed(error: GlobusAPIError) -> bool:
    refused = 400 <= error.http_status < 500 and error.http_status not in {408, 429}
    maybe = any(attempt.maybe_executed for attempt in error.attempts)
    return maybe and not refused and _BY_THE_COLLECTION.search(error.code or "") is None


async def _is_renamed(tc: TransferOperations, collection_id: str, old: str, new: str) -> bool:
    return await _find(tc, collection_id, old) is None and await _find(tc, collection_id, new) is not None


async def _find(tc: TransferOperations, collection_id: str, path: str) -> Mapping[str, Any] | None:
    """Return the document of a file or directory; ``None`` if the service reports that it does not exist."""
    try:
        found: Mapping[str, Any] = (await tc.operation_stat(collection_id, path)).data
    except GlobusAPIError as error:
        code = error.code or ""
        if (isinstance(error, NotFound) and _NO_COLLECTION.search(code) is None) or code.endswith(".NotDirectory"):
            return None
        raise
    return found


async def rename_over(
    tc: TransferOperations,
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
        GlobusAPIError: The path is a directory, or a renaming failed.
    """
    replaced: list[str] = []
    try:
        for attempt in range(_ATTEMPTS):
            try:
                await rename(tc, collection_id, old, new)
                break
            except GlobusAPIError as error:
                code = error.code or ""
                if not isinstance(error, Conflict) and _BY_THE_COLLECTION.search(code) is None:
                    raise
                entry = await _find(tc, collection_id, new)
                if entry is not None and entry.get("type") == "dir":
                    raise
                if exclusive and entry is not None:
                    raise FileExistsError(f"the file exists: {new}") from None
                is_taken = entry is not None or EXISTS.search(code) is not None  # another writer may just have moved it
                if not is_taken or attempt == _ATTEMPTS - 1:
                    raise
            aside = temporary_path(new)
            replaced.append(aside)  # before the request: of a cancelled one it is not known whether it was executed
            try:
                await rename(tc, collection_id, new, aside)
            except NotFound:
                replaced.remove(aside)
    except BaseException:
        if replaced:
            await run_to_end(partial(_move_back, tc, collection_id, replaced[-1], new))
        raise
    for aside in replaced:
        try:
            await remove(aside)
        except (GlobusError, OSError) as error:  # the new file is in place
            _log.warning("the replaced file %s is still there: %s", aside, error)


async def _move_back(tc: TransferOperations, collection_id: str, aside: str, path: str) -> None:
    try:
        with suppress(NotFound):  # it was not moved
            await rename(tc, collection_id, aside, path)
    except GlobusError as error:
        _log.warning("the former content of %s is in %s: %s", path, aside, error)
