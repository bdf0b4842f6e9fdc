"""What the token storages in files have in common: where the files lie, and who may use them when."""

from __future__ import annotations

import logging
import os
from abc import ABC
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Protocol, Self, TypeVar

from .._files.private import fault_of, make_private_folder, status_of
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_file_path, check_number
from .app_folder import app_file
from .base import TokenStorage
from .errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
from .file_lock import run_in_thread, run_locked
from .stored_tokens import check_names

if TYPE_CHECKING:
    from uuid import UUID

    from ..clock import Clock

__all__ = ("REREADS", "FileTokenStorage", "HasEnvironment")

R = TypeVar("R")

REREADS: Final = (0.01, 0.04, 0.1, 0.15)
"""Seconds between the attempts to read a damaged file: globus-sdk may be writing it, which takes it several steps."""

_log = logging.getLogger("globus_async")


class HasEnvironment(Protocol):
    """An object that names a Globus environment, such as the configuration of an app."""

    @property
    def environment(self) -> str:
        """The Globus environment, such as ``"production"``."""
        ...


class FileTokenStorage(TokenStorage, ABC):
    """
    A token storage in a file, which the processes of one machine share.

    Beside the file lie a lock file, whose name ends with ``.lock``, and one file per lease. All are readable by their
    owner only, and so are the folders that the storage creates. A symbolic link, and a file of another user, are
    refused. Files are used in worker threads.

    Args:
        filepath: The file, on a disk of this machine; created by the first call that stores tokens.
        namespace: The name of the login.
        lock_timeout: Seconds that a call waits for the lock of the file, which others hold for milliseconds at a time.
        clock: The clock by which leases end; the default is the system's.

    Attributes:
        filepath: The file.
        file_format: The ending of the names of such files; a subclass defines it.

    **Differs from globus-sdk:** the constructor does not touch the disk, `file_exists` is a coroutine, and there is no
    ``user_only_umask``: the umask belongs to the whole process.
    """

    file_format: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "file_format"):
            raise TypeError(f"{cls.__name__} must define file_format, the ending of the names of its files")

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        *,
        namespace: str = "DEFAULT",
        lock_timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(namespace, clock=clock)
        check_file_path("filepath", filepath)
        check_number("lock_timeout", lock_timeout)
        if not check_names(namespace):
            raise GlobusSDKUsageError("namespace must not have lone surrogates")
        self.filepath = os.fspath(filepath)
        self._path = Path(filepath)
        self._lock_timeout = lock_timeout

    @classmethod
    def for_globus_app(
        cls, *, app_name: str, config: HasEnvironment, client_id: UUID | str, namespace: str = "DEFAULT"
    ) -> Self:
        """
        Return the storage of an app, in the same place as with globus-sdk.

        This is ``~/.globus/app/<client id>/<app name>/tokens.<format>``; on Windows, ``globus`` in the folder of local
        application data. In other environments than production, the file's name begins with that of the environment.

        Args:
            app_name: The name of the app.
            config: An object with the Globus ``environment``.
            client_id: The client id of the app.
            namespace: The name of the login.

        Raises:
            GlobusSDKUsageError: A name would lead to another folder, or is reserved by an operating system.
        """
        path = app_file(cls.file_format, app_name=app_name, environment=config.environment, client_id=client_id)
        return cls(path, namespace=namespace)

    async def file_exists(self) -> bool:
        """Return whether the file exists."""
        return await run_in_thread(self._path.exists)

    def __repr__(self) -> str:
        path, namespace = getattr(self, "filepath", "unknown"), getattr(self, "namespace", "unknown")
        return f"<{type(self).__name__} at {path!r}, namespace {namespace!r}>"

    def _beside(self, ending: str) -> Path:
        """Return the path of a file beside the storage's."""
        return self._path.with_name(f"{self._path.name}.{ending}")

    async def _run(self, work: Callable[[], R]) -> R:
        """Run a function in a worker thread; raise the errors of a storage."""
        try:
            return await run_in_thread(work)
        except OSError as error:
            self._raise_unavailable(error)

    async def _run_locked(self, work: Callable[[], R], *, discard: Callable[[R], object] | None = None) -> R:
        """Run a function while this and all other processes keep their hands off the file; see `run_locked`."""
        try:
            await run_in_thread(lambda: make_private_folder(self._path.parent))
            return await run_locked(self._beside("lock"), work, seconds=self._lock_timeout, discard=discard)
        except OSError as error:
            self._raise_unavailable(error)

    def _log_damaged(self, resource_servers: list[str]) -> None:
        for resource_server in resource_servers:
            _log.warning(
                "%s: the tokens for %a in the namespace %a are damaged; the next login replaces them",
                self.filepath,
                resource_server,
                self.namespace,
            )

    def _raise_unavailable(self, error: OSError) -> NoReturn:
        reason = error.strerror or str(error)
        raise TokenStorageUnavailable(f"the token storage {self.filepath} cannot be used: {reason}") from error

    # in a worker thread

    def _is_there(self) -> bool:
        """
        Return whether the file exists.

        Raises:
            TokenStorageError: It is not a regular file of this user.
        """
        found = status_of(self._path)
        if found is not None and (fault := fault_of(found)):
            raise TokenStorageError(
                f"{self.filepath} {fault}; tokens are stored in regular files of this user only; use another path"
            )
        return found is not None

    def _refusal(self, reason: str) -> TokenStorageDamaged:
        """Return the error for a file that has something else than tokens."""
        return TokenStorageDamaged(
            f"the file {self.filepath} cannot be used for tokens, and was not changed: {reason}; move it away, or use"
            " another path"
        )

    def _set_aside(self, reason: str, *, endings: tuple[str, ...] = ("",)) -> TokenStorageDamaged:
        """Move the damaged file, and those that belong to it, to other names; return the error that says so."""
        number = 1
        while status_of(aside := self._beside(f"damaged-{number}")) is not None:
            number += 1
        for ending in endings:
            if status_of(file := self._path.with_name(f"{self._path.name}{ending}")) is not None:
                file.rename(aside.with_name(f"{aside.name}{ending}"))
        error = TokenStorageDamaged(
            f"the token storage {self.filepath} is damaged: {reason}; it was moved to {aside}, and the next login is"
            " stored in a new file"
        )
        error.set_aside = str(aside)
        return error
