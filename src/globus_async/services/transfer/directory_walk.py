"""Recursive directory listing: several directories are listed concurrently."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ...errors import GlobusSDKUsageError, ResponseDecodeError
from .documents import FileDocument, WalkedFileDocument
from .errors import TransferAPIError

__all__ = ("DirectoryWalk",)

_ListDirectory = Callable[[str], Awaitable[Sequence[FileDocument]]]
"""Lists one directory."""

_OnError = Callable[[str, TransferAPIError], None]
"""Called with path and error of a directory that could not be listed."""

_MAX_CONCURRENCY: Final = 64


class DirectoryWalk:
    """
    Async iterator over the entries of a directory tree, each with its ``path``.

    A directory comes before its entries, which come together and in the order of the service. Directories are listed in
    groups, each inside one await, so nothing is open between two entries. After an error or a cancellation it can be
    iterated further from the same place.
    """

    __slots__ = ("_concurrency", "_list_directory", "_max_depth", "_on_error", "_pending", "_ready")

    def __init__(
        self,
        list_directory: _ListDirectory,
        path: str,
        *,
        concurrency: int,
        max_depth: int | None,
        on_error: _OnError | None,
    ) -> None:
        if not 1 <= concurrency <= _MAX_CONCURRENCY:
            raise GlobusSDKUsageError(f"concurrency must be from 1 to {_MAX_CONCURRENCY}, got {concurrency}")
        if max_depth is not None and max_depth < 1:
            raise GlobusSDKUsageError(f"max_depth must be 1 or more, or None for all levels, got {max_depth}")
        self._list_directory = list_directory
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
        """List the next directories; leave the state unchanged if a listing fails and there is no ``on_error``."""
        window = self._pending[-self._concurrency :]
        outcomes = await self._list([path for path, _ in window])
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
            directory = path if path.endswith("/") else f"{path}/"
            for entry in outcome:
                name: object = entry.get("name")
                if not isinstance(name, str):
                    raise ResponseDecodeError(f"{directory} has an entry without a name", stage="response truncated")
                entry_path = directory + name
                is_directory = entry.get("type") == "dir"
                self._ready.append({**entry, "path": f"{entry_path}/" if is_directory else entry_path})
                # a symlink to a directory may lead back up: it is listed, not followed
                if (
                    is_directory
                    and entry.get("link_target") is None
                    and (self._max_depth is None or depth < self._max_depth)
                ):
                    found.append((f"{entry_path}/", depth + 1))
        # depth first, so that few directories are pending
        self._pending += reversed(found)

    async def _list(self, paths: Sequence[str]) -> list[Sequence[FileDocument] | TransferAPIError]:
        """List directories concurrently; an error other than a `TransferAPIError` cancels all of them."""

        async def one(path: str) -> Sequence[FileDocument] | TransferAPIError:
            try:
                return await self._list_directory(path)
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
