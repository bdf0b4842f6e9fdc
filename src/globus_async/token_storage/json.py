"""Tokens in a JSON file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar, cast

from .._files.private import read_private, write_private
from ..errors.arguments import check_text
from .file import FileTokenStorage
from .file_lock import real_clock
from .shared_file import REREADS
from .stored_tokens import StoredTokens, UnusableFormat, checked_entries

if TYPE_CHECKING:
    from .token_data import TokenStorageData

__all__ = ("JSONTokenStorage",)

R = TypeVar("R")

_MAX_SIZE: Final = 64 << 20
"""Bytes of a file; the tokens for one resource server have about 500."""
_SQLITE: Final = b"SQLite format 3\0"
"""The beginning of every SQLite database."""
_DAMAGED: Final = object()


class JSONTokenStorage(FileTokenStorage):
    """
    Holds tokens in a JSON file, in the format of globus-sdk.

    Files of the formats 1.0 and 2.0 are read, and 2.0 is written. A file is replaced as a whole, so that it has the old
    or the new tokens whenever the process is killed or the disk is full. What other programs have stored in it is kept,
    damaged entries too; the log names them, and reading skips them. A file that is not JSON is moved aside, and the
    error says where to; but a SQLite database, such as that of globus-cli, is refused, and not changed.

    Args:
        filepath: The file, on a disk of this machine; created by the first call that stores tokens. A leading ``~`` is
            the home directory.
        namespace: The name of the login.
        lock_timeout: Seconds that a call waits for the lock of the file, which others hold for milliseconds at a time.
        clock: The clock by which leases end; the default is the system's.

    Example:
        >>> storage = JSONTokenStorage(folder / "tokens.json")
        >>> await storage.store_token_response(tokens)
        >>> sorted(await storage.get_token_data_by_resource_server())
        ['transfer.api.globus.org']

    **Differs from globus-sdk:** several processes, with this library, may write the same file at the same time; the
    file and the folders created for it are private, whatever the umask; a bare file name works.
    """

    file_format: ClassVar[str] = "json"
    format_version: ClassVar[str] = "2.0"
    supported_versions: ClassVar[tuple[str, ...]] = ("1.0", "2.0")

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Add or replace tokens: all of them, or none if it fails."""
        entries = checked_entries(token_data_by_resource_server)

        await self._update(lambda stored: stored.put(self.namespace, entries))

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Return all tokens, by resource server; without those that are damaged, which the log names."""
        stored = await self._file.run(self._read)
        if stored is None:
            stored = await self._update(lambda stored: stored)
        with self._faults_as_errors():
            tokens, damaged = stored.get(self.namespace)
        self._log_damaged(damaged)
        return tokens

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server; return whether there were any."""
        check_text("resource_server", resource_server)
        if not await self._file.run(self._file.is_there):
            return False
        return await self._update(lambda stored: stored.remove(self.namespace, resource_server))

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the tokens for a resource server if they are still those that were read; return whether they were."""
        entries = checked_entries({getattr(new, "resource_server", ""): new})

        def replace(stored: StoredTokens) -> bool:
            if stored.get(self.namespace)[0].get(new.resource_server) != old:
                return False
            stored.put(self.namespace, entries)
            return True

        return await self._update(replace)

    async def _update(self, change: Callable[[StoredTokens], R]) -> R:
        """Read the file, change its content, and write it, while no other process does; return the change's result."""
        for pause in REREADS:
            result = await self._file.run_locked(partial(self._read_and_write, change))
            if result is not _DAMAGED:
                return cast("R", result)
            await real_clock.sleep(pause)
        return cast("R", await self._file.run_locked(partial(self._read_and_write, change, sets_aside=True)))

    # in a worker thread

    def _read_and_write(self, change: Callable[[StoredTokens], R], *, sets_aside: bool = False) -> R | object:
        stored = self._read()
        if stored is None:
            if not sets_aside:
                return _DAMAGED
            raise self._file.set_aside("it is not JSON")
        with self._faults_as_errors():
            result = change(stored)
            content = stored.encode() if stored.is_changed else None
        if content is not None:
            write_private(self._file.path, content, temporary=self._file.beside("new"))
        return result

    def _read(self) -> StoredTokens | None:
        """Return the content of the file, an empty one if it is missing; ``None`` if it is damaged."""
        if not self._file.is_there():
            return StoredTokens()
        try:
            content = read_private(self._file.path, max_size=_MAX_SIZE)
        except FileNotFoundError:
            return StoredTokens()
        with self._faults_as_errors():
            if len(content) > _MAX_SIZE:
                raise UnusableFormat(f"it has more than {_MAX_SIZE >> 20} MiB")
            if content[: len(_SQLITE)].tobytes() == _SQLITE:
                raise UnusableFormat("it is a SQLite database")
            return StoredTokens.decode(content)

    @contextmanager
    def _faults_as_errors(self) -> Generator[None]:
        try:
            yield
        except UnusableFormat as error:
            raise self._file.refusal(str(error)) from None
