"""Recursive directory listing: several directories are listed concurrently."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from ..._concurrency.tasks import all_of
from ..._http.path import shown
from ...errors import PaginationStalled, ResponseDecodeError
from ...errors.arguments import check_callback, check_whole
from ...porting import AsyncIterationOnly
from .documents import FileDocument, WalkedFileDocument
from .errors import TransferAPIError

__all__ = ("DirectoryWalk",)

_ListDirectory = Callable[[str], Awaitable[Sequence[FileDocument]]]
"""Lists one directory."""

_OnError = Callable[[str, TransferAPIError | ResponseDecodeError], None]
"""Called with path and error of a directory that could not be listed, or not completely."""

_Outcome: TypeAlias = tuple[Sequence[FileDocument], TransferAPIError | ResponseDecodeError | None]
"""The usable entries of a directory, and the error if there are others."""

_MAX_CONCURRENCY: Final = 64
_MAX_LEVELS: Final = 256
"""Levels after which a tree is taken for a loop, unless ``max_depth`` is given."""


class DirectoryWalk(AsyncIterationOnly):
    """
    Async iterator over the entries of a directory tree, each with its ``path``.

    A directory comes before its entries, which come together and in the order of the service. Directories are listed in
    groups, each inside one await, so nothing is open between two entries. After an error or a cancellation it can be
    iterated further from the same place. Several workers may share it: each entry is given to one of them. No path
    leads out of the tree, whatever names the collection lists.
    """

    __slots__ = ("_concurrency", "_list_directory", "_lock", "_max_depth", "_on_error", "_pending", "_ready")

    def __init__(
        self,
        list_directory: _ListDirectory,
        path: str,
        *,
        concurrency: int,
        max_depth: int | None,
        on_error: _OnError | None,
    ) -> None:
        check_whole("concurrency", concurrency, maximum=_MAX_CONCURRENCY)
        if max_depth is not None:
            check_whole("max_depth", max_depth)
        check_callback("on_error", on_error)
        self._list_directory = list_directory
        self._concurrency = concurrency
        self._max_depth = max_depth
        self._on_error = on_error
        self._pending: list[tuple[str, int]] = [(path, 1)]
        self._ready: deque[WalkedFileDocument] = deque()
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<DirectoryWalk: {len(self._pending)} directories to list, {len(self._ready)} entries ready>"

    def __aiter__(self) -> DirectoryWalk:
        return self

    async def __anext__(self) -> WalkedFileDocument:
        if not self._ready:
            async with self._lock:  # several workers may share an iterator
                while not self._ready and self._pending:
                    await self._advance()
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.popleft()

    async def _advance(self) -> None:
        """List the next directories; leave the state unchanged if a listing fails and there is no ``on_error``."""
        window = self._pending[-self._concurrency :]
        for path, depth in window:
            if self._max_depth is None and depth > _MAX_LEVELS:
                raise PaginationStalled(
                    f"{shown(path[-60:])} is below {_MAX_LEVELS} directories: the collection may list a directory"
                    " inside itself; pass max_depth to list more levels"
                )
        outcomes = await self._list([path for path, _ in window])
        if self._on_error is None:
            for _, error in outcomes:
                if error is not None:
                    raise error
        del self._pending[-len(window) :]
        found: list[tuple[str, int]] = []
        for (path, depth), (entries, error) in zip(reversed(window), reversed(outcomes), strict=True):
            if error is not None and self._on_error is not None:
                self._on_error(path, error)
            directory = _as_directory(path)
            for entry in entries:
                entry_path = directory + entry["name"]
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

    async def _list(self, paths: Sequence[str]) -> list[_Outcome]:
        """List directories concurrently; an error that is not about one directory cancels all of them."""

        async def one(path: str) -> _Outcome:
            try:
                entries = await self._list_directory(path)
            except (TransferAPIError, ResponseDecodeError) as error:
                return (), error
            return _usable(_as_directory(path), entries)

        if len(paths) == 1:
            return [await one(paths[0])]
        return await all_of(one(path) for path in paths)


def _as_directory(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"


def _usable(directory: str, entries: Sequence[FileDocument]) -> _Outcome:
    """Return the entries with a name that stays in the directory, and the error for the others."""
    usable = [entry for entry in entries if _is_inside(directory, entry.get("name"))]
    if len(usable) == len(entries):
        return entries, None
    refused = next(entry.get("name") for entry in entries if not _is_inside(directory, entry.get("name")))
    return usable, ResponseDecodeError(
        f"the listing of {shown(directory)} has {len(entries) - len(usable)} entries without a usable name, such as"
        f" {shown(refused)}; a path made of it would lead elsewhere",
        stage="response truncated",
        idempotent=True,
    )


def _is_inside(directory: str, name: object) -> bool:
    """Return whether an entry's path, made of directory and name, is that of an entry of the directory."""
    return (
        isinstance(name, str)
        and name not in {"", ".", ".."}
        and "/" not in name
        and "\0" not in name
        and directory + name != "/~"  # the home directory
    )
