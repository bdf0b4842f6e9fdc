"""The number and size of the files of a storage, for the status page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio.to_thread

from .protocol import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..models import Collection
    from .paths import Parts
    from .protocol import Storage

__all__ = ("Usage", "UsageCache", "measure")

_MAX_FILES: Final = 10_000
"""Counting stops at this number."""
_MIN_AGE: Final = 2.0
"""Seconds for which a measurement is used again."""
_MAX_SHARE: Final = 0.05
"""The maximum share of the time that is spent with measuring one storage."""


class Usage(NamedTuple):
    """What a storage contains."""

    files: int
    bytes: int
    is_complete: bool
    """False if there are more files than were counted."""


def measure(storage: Storage, *, max_files: int = _MAX_FILES) -> Usage:
    """
    Count the files of a storage, with blocking calls; links are not followed, unreadable directories left out.

    Args:
        storage: The storage.
        max_files: Stop after this number of files and directories.
    """
    files = size = seen = 0
    directories: list[Parts] = [()]
    while directories:
        path = directories.pop()
        try:
            entries = storage.entries(path)
        except StorageError:
            continue
        for entry in entries:
            seen += 1
            if seen > max_files:
                return Usage(files, size, is_complete=False)
            if entry.link is None and entry.is_directory:
                directories.append((*path, entry.name))
            elif entry.link is None:
                files += 1
                size += entry.size
    return Usage(files, size, is_complete=True)


class UsageCache:
    """
    The latest measurements of the storages of collections.

    Args:
        now: Returns the seconds by which the age of a measurement is measured.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._measured: dict[str, tuple[Storage, Usage, float]] = {}
        """By collection: the storage, its usage, and the time from which it is measured again."""

    def usage(self, collection: Collection) -> Usage | None:
        """Return the latest measurement; `None` if the collection's storage was not measured."""
        storage, usage, _ = self._measured.get(collection.id, (None, None, 0.0))
        return usage if storage is collection.storage else None

    async def update(self, collections: Iterable[Collection]) -> None:
        """Measure, in worker threads, the storages whose measurements are old."""
        present = {each.id: each.storage for each in collections if each.storage is not None and each.host is None}
        self._measured = {key: value for key, value in self._measured.items() if value[0] is present.get(key)}
        for key, storage in present.items():
            started = self._now()
            if key not in self._measured or started >= self._measured[key][2]:
                usage = await anyio.to_thread.run_sync(measure, storage)
                ended = self._now()
                self._measured[key] = (storage, usage, ended + max(_MIN_AGE, (ended - started) / _MAX_SHARE))
