"""The writes of a file system, after which the responses to earlier requests are not kept."""

from __future__ import annotations

from itertools import count
from typing import Final

from .paths import parent_of

__all__ = ("OwnWrites",)

_MAX_PATHS: Final = 10_000


class OwnWrites:
    """
    The writes of a file system, by path, in all its event loops and threads.

    A request that began before a write may have a response of the time before it. A caller that keeps a response
    compares the version of the path before the request with that after the response was kept.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._last: dict[str, int] = {}
        self._of_all = 0

    def add(self, path: str | None) -> None:
        """Add a write of a path, and of all below it; of all paths without one."""
        number = next(self._numbers)
        if path is None:
            self._of_all = number
            return
        for key in (path, f"{parent_of(path)}/"):
            self._last.pop(key, None)
            self._last[key] = number
        while len(self._last) > _MAX_PATHS:
            self._of_all = max(self._of_all, self._last.pop(next(iter(self._last)), 0))

    def version(self, path: str) -> int:
        """Return a number that is another one after each write of a path."""
        found = self._of_all
        while path:
            found = max(found, self._last.get(path, 0))
            path = parent_of(path)
        return found

    def version_of_listing(self, path: str) -> int:
        """Return a number that is another one after each write of a directory, or of an entry of it."""
        return max(self.version(path), self._last.get(f"{path}/", 0))
