"""Listings and metadata, through Globus Transfer, with a cache of listings."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .._concurrency.tasks import all_of
from ..credentials import NoCredentials
from ..services.files import PathIsDirectory
from ..services.transfer.errors import EndpointError
from .access import CollectionAccess
from .entries import Listing, entry_of
from .known_files import Facts
from .os_errors import os_errors
from .paths import parent_of, strip_protocol
from .untyped import run, sync_wrapper

if TYPE_CHECKING:
    from .sessions import Session

__all__ = ("ListingMethods",)

_ABSENT: Final = (FileNotFoundError, NotADirectoryError)

_OnError: TypeAlias = Literal["omit", "raise"] | Callable[[Exception], object] | None


class ListingMethods(CollectionAccess):
    """Listings and metadata."""

    async def _ls(self, path: str, detail: bool = True, *, refresh: bool = False, **kwargs: Any) -> list[Any]:
        path = strip_protocol(path)
        listing = None if refresh else self._listed(path)
        if listing is None:
            listing = await self._fetch_listing(path)
        return [*listing] if detail else [entry["name"] for entry in listing]

    def _listed(self, path: str) -> Listing | None:
        """Return a listing in the cache; that of a file is the file."""
        found: Listing | None = self.dircache.get(path)
        if found is None and (entry := self._entry(path)) is not None and entry["type"] == "file":
            found = Listing([entry])
        return found

    def _entry(self, path: str) -> dict[str, Any] | None:
        """Return the entry of a path from the listing of its directory in the cache."""
        listing = self.dircache.get(parent_of(path))
        return None if listing is None else listing.by_path.get(path)

    async def _fetch_listing(self, path: str) -> Listing:
        collection_id, inner = self.split_path(path)
        session = await self._sessions.here()
        version = self._sessions.writes.version_of_listing(path)
        try:
            async with session.listings:
                with os_errors(path):
                    page = await session.transfer.operation_ls(collection_id, inner)
        except OSError as error:
            if isinstance(error.__cause__, EndpointError):  # the error for a file is that of the storage
                entry = await self._fetch_entry(path)
                if entry["type"] == "file":
                    return Listing([entry])
            raise
        listing = Listing.of(path, page.items)
        self.dircache[path] = listing
        if self._sessions.writes.version_of_listing(path) != version:
            self.dircache.pop(path, None)
        return listing

    async def _info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        path = strip_protocol(path)
        if path in self.dircache:
            return self._entry(path) or _directory(path)
        if (entry := self._entry(path)) is not None:
            return entry
        file = (await self._sessions.here()).known_files.trusted(path, is_new_look=True)
        if file is not None and file.facts.entry is not None:
            return file.facts.entry
        return await self._fetch_entry(path)

    async def _fetch_entry(self, path: str) -> dict[str, Any]:
        """Request the metadata of a path."""
        collection_id, inner = self.split_path(path)
        session = await self._sessions.here()
        version = session.reader.version(path)
        with os_errors(path):
            try:
                entry = entry_of(path, (await session.transfer.operation_stat(collection_id, inner)).data)
            except NoCredentials:
                if not self.recipe.anonymous:
                    raise
                entry = await self._entry_by_https(session, path)
        if (facts := Facts.of(entry)) is not None:
            session.reader.see(path, facts, version)
        return entry

    async def _entry_by_https(self, session: Session, path: str) -> dict[str, Any]:
        """Request what the server of the files says without credentials: the type and the size, no time."""
        client, inner = await session.client_of(path)
        if inner == "/":
            return _directory(path)
        try:
            return entry_of(path, {"type": "file", "size": (await client.facts(inner)).size})
        except PathIsDirectory:
            return _directory(path)

    async def _exists(self, path: str, **kwargs: Any) -> bool:
        return await self._type(path) is not None

    async def _isdir(self, path: str) -> bool:
        return await self._type(path) == "directory"

    async def _isfile(self, path: str) -> bool:
        return await self._type(path) == "file"

    async def _type(self, path: str) -> str | None:
        """Return the type of a path; ``None`` only if the service reports that it does not exist."""
        try:
            return str((await self._info(path))["type"])
        except _ABSENT:
            return None

    async def _walk(
        self,
        path: str,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: _OnError = None,
        detail: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[tuple[str, Any, Any]]:
        """
        Walk; without ``on_error`` only directories that do not exist come up empty.

        Links to directories are among the directories, and are not followed: they may lead back.
        """
        _check_depth(maxdepth)
        path = strip_protocol(path)
        listing = await self._list_or_skip(path, on_error)
        async for step in self._walk_from(path, listing, maxdepth, topdown, on_error, detail):
            yield step

    def walk(self, path: str, *args: Any, **kwargs: Any) -> Iterator[tuple[str, Any, Any]]:
        """Walk without an event loop; see `_walk`."""
        steps = self._walk(path, *args, **kwargs)

        async def next_step() -> tuple[str, Any, Any] | None:
            return await anext(steps, None)

        while (step := run(self.loop, next_step)) is not None:
            yield step

    async def _walk_from(
        self,
        path: str,
        listing: Listing,
        maxdepth: int | None,
        topdown: bool,
        on_error: _OnError,
        detail: bool,
    ) -> AsyncIterator[tuple[str, Any, Any]]:
        directories: dict[str, Any] = {}
        files: dict[str, Any] = {}
        for entry in listing:
            name = "" if entry["name"] == path else entry["name"].rpartition("/")[2]
            (directories if entry["type"] == "directory" else files)[name] = entry
        step: tuple[str, Any, Any] = (path, directories, files) if detail else (path, [*directories], [*files])
        if topdown:
            yield step
        if maxdepth is None or maxdepth > 1:
            names = [*step[1]]  # the caller may have removed some
            below = [f"{path}/{name}" for name in names if name not in directories or not directories[name]["islink"]]
            listings = await all_of(self._list_or_skip(child, on_error) for child in below) if below else []
            for child, found in zip(below, listings, strict=True):
                depth = None if maxdepth is None else maxdepth - 1
                async for further in self._walk_from(child, found, depth, topdown, on_error, detail):
                    yield further
        if not topdown:
            yield step

    async def _list_or_skip(self, path: str, on_error: _OnError = None) -> Listing:
        """Return a listing; an empty one for a directory that does not exist, or as ``on_error`` says."""
        try:
            listing = self._listed(path)
            return await self._fetch_listing(path) if listing is None else listing
        except OSError as error:
            if callable(on_error):
                on_error(error)
            elif on_error == "raise" or (on_error is None and not isinstance(error, _ABSENT)):
                raise
            return Listing()

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        follow_links: bool = False,
        **kwargs: Any,
    ) -> Any:
        """
        Find files; all directories of a level are listed at once, and one that cannot be listed is an error.

        Links to directories are not followed, unless it is said.
        """
        _check_depth(maxdepth)
        path = strip_protocol(path)
        found: dict[str, Any] = {}
        if withdirs and await self._isdir(path):
            found[path] = await self._info(path)
        level, depth = [path], 0
        while level and (maxdepth is None or depth < maxdepth):
            listings = await all_of(self._list_or_skip(directory) for directory in level)
            level = []
            for entry in (entry for listing in listings for entry in listing):
                if entry["type"] != "directory":
                    found[entry["name"]] = entry
                    continue
                if follow_links or not entry["islink"]:
                    level.append(entry["name"])
                if withdirs:
                    found[entry["name"]] = entry
            depth += 1
        return {name: found[name] for name in sorted(found)} if detail else sorted(found)

    async def _glob(self, path: str, maxdepth: int | None = None, **kwargs: Any) -> Any:
        """Find the matches of a pattern; as in a shell, ``*`` matches links to directories, and ``**`` none below."""
        return await super()._glob(path, maxdepth=maxdepth, follow_links="**" not in path, **kwargs)

    async def _du(
        self, path: str, total: bool = True, maxdepth: int | None = None, withdirs: bool = False, **kwargs: Any
    ) -> Any:
        found = await self._find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True)
        sizes = {name: entry["size"] or 0 for name, entry in found.items()}
        return sum(sizes.values()) if total else sizes

    async def _modified(self, path: str) -> datetime:
        path = strip_protocol(path)
        seconds = (await self._info(path))["mtime"]
        if seconds is None:  # the listing of a directory has no time of its own
            seconds = (await self._fetch_entry(path))["mtime"]
        if seconds is None:
            raise OSError(errno.EIO, "the collection does not say when it was modified", path)
        return datetime.fromtimestamp(seconds, UTC)

    modified: Any = sync_wrapper(_modified)

    async def _checksum(self, path: str) -> int:
        """Return a number that changes with the size or the time: there are no checksums of the content."""
        return int(await self._ukey(path), 16)

    checksum: Any = sync_wrapper(_checksum)

    async def _ukey(self, path: str) -> str:
        entry = await self._fetch_entry(strip_protocol(path))
        return sha256(repr((entry["name"], entry["size"], entry["mtime"])).encode()).hexdigest()

    ukey: Any = sync_wrapper(_ukey)


def _check_depth(maxdepth: int | None) -> None:
    if maxdepth is not None and maxdepth < 1:
        raise ValueError("maxdepth must be at least 1")


def _directory(path: str) -> dict[str, Any]:
    """Return the entry of a directory whose listing is known, but not that of the directory it is in."""
    return entry_of(path, {"type": "dir"})
