"""Waits for many documents at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from ..errors.arguments import check_iterable

if TYPE_CHECKING:
    from ..bulk_calls import Bulk, Progress
    from ..clock import Clock

__all__ = ("wait_for_each",)

Id = TypeVar("Id", bound=UUID | str)
R = TypeVar("R")


def wait_for_each(
    wait: Callable[[Id], Awaitable[R]],
    ids: Iterable[Id],
    *,
    name: str,
    progress: Callable[[Progress], object] | None,
    clock: Clock,
) -> Bulk[Id, R]:
    """
    Return all waits as a bulk; they are concurrent, since waits on one client share their requests.

    Args:
        wait: Waits for one document.
        ids: The documents.
        name: The argument that has the ids, for errors.
        progress: Called after each outcome.
        clock: The clock of the client's transport.

    Raises:
        GlobusSDKUsageError: The ids are no iterable.
    """
    from ..bulk_calls import bulk  # noqa: PLC0415 -- not needed for single calls

    check_iterable(name, ids, Iterable, "an iterable of UUIDs")
    ids = tuple(ids)
    return bulk(wait, ids, concurrency=max(1, len(ids)), progress=progress, clock=clock)
