"""Walking a tree of folders: several listings at a time, nothing held between two entries."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ...errors import GlobusSDKUsageError, ResponseDecodeError
from .documents import FileDocument, WalkedFileDocument
from .errors import TransferAPIError

__all__ = ("DirectoryWalk",)

_ListFolder = Callable[[str], Awaitable[Sequence[FileDocument]]]
"""Lists one folder."""

_OnError = Callable[[str, TransferAPIError], None]
"""Told of a folder that could not be listed."""

_MAXIMUM_CONCURRENCY: Final = 64


class DirectoryWalk:
    """
    The entries of a tree, each with its ``path``.

    Folders come before what is in them; a folder's entries come together, in the order the service has them. Folders
    are listed a window at a time, all inside one await, so leaving the walk early leaves nothing behind. A walk that
    raised or was cancelled goes on where it was when it is iterated further.
    """

    __slots__ = ("_concurrency", "_list_folder", "_max_depth", "_on_error", "_pending", "_ready")

    def __init__(
        self, list_folder: _ListFolder, path: str, *, concurrency: int, max_depth: int | None, on_error: _OnError | None
    ) -> None:
        if not 1 <= concurrency <= _MAXIMUM_CONCURRENCY:
            raise GlobusSDKUsageError(f"concurrency must be from 1 to {_MAXIMUM_CONCURRENCY}, got {concurrency}")
        if max_depth is not None and max_depth < 1:
            raise GlobusSDKUsageError(f"max_depth must be 1 or more, or None for all levels, got {max_depth}")
        self._list_folder = list_folder
        self._concurrency = concurrency
        self._max_depth = max_depth
        self._on_error = on_error
        self._pending: list[tuple[str, int]] = [(path, 1)]
        self._ready: deque[WalkedFileDocument] = deque()

    def __aiter__(self) -> DirectoryWalk:
        return self

    async def __anext__(self) -> WalkedFileDocument:
        while not self._ready:
            if not self._pending:
                raise StopAsyncIteration
            await self._advance()
        return self._ready.popleft()

    async def _advance(self) -> None:
        """List the next folders; change nothing unless all that matter could be listed."""
        window = self._pending[-self._concurrency :]
        outcomes = await self._listed([path for path, _ in window])
        if self._on_error is None:
            for outcome in outcomes:
                if isinstance(outcome, TransferAPIError):
                    raise outcome
        del self._pending[-len(window) :]
        found: list[tuple[str, int]] = []
        for (path, depth), outcome in zip(reversed(window), reversed(outcomes), strict=True):
            if isinstance(outcome, TransferAPIError):
                if self._on_error is not None:
                    self._on_error(path, outcome)
                continue
            folder = path if path.endswith("/") else f"{path}/"
            for entry in outcome:
                name: object = entry.get("name")
                if not isinstance(name, str):
                    raise ResponseDecodeError(f"{folder} has an entry without a name", stage="answer cut")
                where = folder + name
                is_folder = entry.get("type") == "dir"
                self._ready.append({**entry, "path": f"{where}/" if is_folder else where})
                # a link to a folder may lead back up: it is told of, not followed
                if (
                    is_folder
                    and entry.get("link_target") is None
                    and (self._max_depth is None or depth < self._max_depth)
                ):
                    found.append((f"{where}/", depth + 1))
        # the last found is listed first, so that a walk holds few folders at a time
        self._pending += reversed(found)

    async def _listed(self, paths: Sequence[str]) -> list[Sequence[FileDocument] | TransferAPIError]:
        """List folders side by side; any other failure than the service's own ends all of them."""

        async def one(path: str) -> Sequence[FileDocument] | TransferAPIError:
            try:
                return await self._list_folder(path)
            except TransferAPIError as error:
                return error

        if len(paths) == 1:
            return [await one(paths[0])]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(path)) for path in paths]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]
