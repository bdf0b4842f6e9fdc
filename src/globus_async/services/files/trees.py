"""Downloads and uploads of directory trees: listings and directories by Transfer, content over HTTPS."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..._http.path import shown
from ...bulk_calls import BulkError, Outcome, bulk
from ...client.observed import calls_of
from ...errors import GlobusAPIError, GlobusSDKUsageError
from ...errors.arguments import check_callback, check_file_path, check_text, check_whole
from ...token_storage.file_lock import run_in_thread
from .downloads import DownloadedFile, listed_version
from .errors import UnsafeName
from .local_trees import TargetTree, is_complete, scan
from .renames import EXISTS
from .temporary_names import is_temporary_name
from .transfer_operations import TransferOperations, transfer_path
from .uploads import UploadedFile, UploadMethods

if TYPE_CHECKING:
    from .progress import OnProgress

__all__ = ("TreeMethods",)

R = TypeVar("R")

_MAX_CONCURRENCY: Final = 64

_Entry = Mapping[str, Any]
"""A file document, with its path."""


class TreeMethods(UploadMethods):
    """Downloads and uploads of directory trees."""

    async def download_tree(
        self,
        path: str,
        target: str | os.PathLike[str],
        *,
        transfer_client: TransferOperations,
        concurrency: int = 16,
        progress: OnProgress | None = None,
    ) -> list[DownloadedFile]:
        """
        Download all files of a directory and of those below it.

        Files get the time that the listing has. A file that is there already with the same size and time is not
        downloaded again, and one of which an interrupted download has left a part is continued: after an interruption,
        call it again. Files are never removed. Links to directories are not followed.

        Args:
            path: The directory on the collection, from its root.
            target: The local directory, which is created if it is missing.
            transfer_client: Lists the directories.
            concurrency: The maximum number of files to download at the same time, from 1 to 64; the connections are
                limited by the client's ``max_connections``, too.
            progress: Called with a `FileProgress` of each file, at its begin and then as `download` does.

        Returns:
            The files, in the order of the listing.

        Raises:
            BulkError: Some files could not be downloaded; its ``exceptions`` are as of `download`, and those about a
                name that leads out of the target folder `UnsafeName`.
            LocalFileError: A local directory cannot be created.
            TransferAPIError: A directory cannot be listed.

        Example:
            >>> files = await client.download_tree("/project/data/", folder / "data", transfer_client=tc)
            >>> sorted(file.target.name for file in files)
            ['a.csv', 'b.csv']

        REST: `GET <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        top = _directory_path(path)
        check_file_path("target", target)
        check_whole("concurrency", concurrency, maximum=_MAX_CONCURRENCY)
        check_callback("progress", progress)
        tree = TargetTree(Path(target))
        await run_in_thread(partial(tree.directory, ()))

        async def one(entry: _Entry) -> DownloadedFile:
            names = _names_below(top, entry)
            if entry["type"] == "dir":
                await run_in_thread(partial(tree.directory, names))
            local = await run_in_thread(partial(tree.file, names))
            version = listed_version(entry["path"], entry)
            if await run_in_thread(partial(is_complete, local, version)):
                return DownloadedFile(entry["path"], local, version.size, version.size)
            return await self._download(entry["path"], local, version, transfer_client, progress, is_listed=True)

        entries = _files_of(transfer_client.operation_walk(self.collection_id, top), tree, top)
        with calls_of("download_tree"):
            return _values_of(await bulk(one, entries, concurrency=concurrency))

    async def upload_tree(
        self,
        source: str | os.PathLike[str],
        path: str,
        *,
        transfer_client: TransferOperations,
        concurrency: int = 16,
        progress: OnProgress | None = None,
    ) -> list[UploadedFile]:
        """
        Upload all files of a local directory and of those below it. Files at the same paths are replaced.

        Links, devices and files of downloads that are not complete are left out.

        Args:
            source: The local directory.
            path: The directory on the collection, from its root. It is created if it is missing, in one that exists.
            transfer_client: Creates the directories, and renames the files when they are complete.
            concurrency: The maximum number of files to upload at the same time, from 1 to 64; the connections are
                limited by the client's ``max_connections``, too.
            progress: Called with a `FileProgress` of each file, after each piece that is sent.

        Returns:
            The files, in the order of their names.

        Raises:
            BulkError: Some files could not be uploaded; its ``exceptions`` are as of `upload`.
            LocalFileError: A local directory cannot be listed.
            TransferAPIError: A directory cannot be created.

        Example:
            >>> (folder / "reports").mkdir()
            >>> _ = (folder / "reports" / "may.txt").write_text("Warm")
            >>> await client.upload_tree(folder / "reports", "/project/reports", transfer_client=tc)
            [UploadedFile(path='/project/reports/may.txt', size=4)]

        REST: `PUT <path>
        <https://docs.globus.org/globus-connect-server/v5/https-access-collections/>`_
        """
        top = _directory_path(path)
        check_file_path("source", source)
        check_whole("concurrency", concurrency, maximum=_MAX_CONCURRENCY)
        check_callback("progress", progress)
        local = Path(source)
        tree = await run_in_thread(partial(scan, local))
        await self._make_directories(transfer_client, top, tree.directories, concurrency)

        async def one(file: tuple[str, int]) -> UploadedFile:
            name, _ = file
            return await self.upload(local / name, top + name, transfer_client=transfer_client, progress=progress)

        return _values_of(await bulk(one, sorted(tree.files), concurrency=concurrency))

    async def _make_directories(
        self, transfer_client: TransferOperations, top: str, directories: Iterable[str], concurrency: int
    ) -> None:
        """Create directories, level by level."""

        async def make(path: str) -> None:
            try:
                await transfer_client.operation_mkdir(self.collection_id, path)
            except GlobusAPIError as error:
                if EXISTS.search(error.code or "") is None:
                    raise

        if top != "/":
            await make(top)
        levels = groupby(sorted(directories, key=_depth), key=_depth)
        for _, level in levels:
            await bulk(make, [f"{top}{name}/" for name in level], concurrency=concurrency).values()


def _values_of(outcomes: list[Outcome[Any, R]]) -> list[R]:
    """Return the values of calls that all have been made; raise their errors, if there are any."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors:
        group = BulkError(f"{len(errors)} of {len(outcomes)} files failed", errors)
        group.outcomes = outcomes
        raise group
    return [outcome.value for outcome in outcomes]


def _names_below(top: str, entry: _Entry) -> list[str]:
    path: str = entry["path"]
    return path.removeprefix(top).strip("/").split("/")


def _depth(path: str) -> int:
    return path.count("/")


def _directory_path(path: str) -> str:
    check_text("path", path)
    names = path.strip("/").split("/") if path.strip("/") else []
    if any(name in {"", ".", ".."} or "\0" in name for name in names):
        raise GlobusSDKUsageError(
            f"path must be a plain path, without empty segments, '.', '..' and NUL; got {shown(path)}"
        )
    return transfer_path("/".join([*names, ""]))


async def _files_of(walk: AsyncIterator[_Entry], tree: TargetTree, top: str) -> AsyncIterator[_Entry]:
    """Yield the files of a tree, and create its directories; yield those, too, that are refused."""
    async for entry in walk:
        if entry.get("type") == "dir":
            if entry.get("link_target") is not None:
                continue
            try:
                await run_in_thread(partial(tree.directory, _names_below(top, entry)))
            except UnsafeName:
                yield entry  # for its error; the other directories are downloaded
        elif entry.get("type") == "file" and not is_temporary_name(entry["name"]):
            yield entry
