"""What the token storages in files have in common: where the files lie, and who may use them when."""

from __future__ import annotations

import logging
import os
from abc import ABC
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_number, check_text
from .app_folder import app_file, expanded_path
from .base import TokenStorage
from .file_lease import FileLease
from .shared_file import SharedFile
from .stored_tokens import check_names

if TYPE_CHECKING:
    from uuid import UUID

    from ..clock import Clock
    from .lease import Lease

__all__ = ("FileTokenStorage", "HasEnvironment")

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
        filepath: The file, on a disk of this machine; created by the first call that stores tokens. A leading ``~`` is
            the home directory.
        namespace: The name of the login.
        lock_timeout: Seconds that a call waits for the lock of the file, which others hold for milliseconds at a time.
        clock: The clock by which leases end; the default is the system's.

    Attributes:
        filepath: The file.
        file_format: The ending of the names of such files; a subclass defines it.

    **Differs from globus-sdk:** the constructor does not touch the disk, a leading ``~`` is the home directory,
    `file_exists` is a coroutine, and there is no ``user_only_umask``: the umask belongs to the whole process.
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
        filepath = expanded_path("filepath", filepath)
        check_number("lock_timeout", lock_timeout)
        if not check_names(namespace):
            raise GlobusSDKUsageError("namespace must not have lone surrogates")
        self.filepath = filepath
        path = Path(filepath)
        if not path.name:
            raise GlobusSDKUsageError("filepath must be the path of a file, not of a folder")
        self._file = SharedFile(path, lock_timeout)

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
        return await self._file.run(self._file.path.exists)

    def __repr__(self) -> str:
        path, namespace = getattr(self, "filepath", "unknown"), getattr(self, "namespace", "unknown")
        return f"<{type(self).__name__} at {path!r}, namespace {namespace!r}>"

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other process has the lease of this name, for a limited time.

        If the holder's process ends, the next one gets the lease at once; if it is stopped, when the time has run out
        by the clock of the one who waits. On Windows a stopped process keeps the lease.

        Args:
            name: What the lease is for, such as the name of a resource server.
            seconds: How long it is held at most.
        """
        check_text("name", name)
        check_number("seconds", seconds, positive=True)
        text = f"{self.namespace}\0{name}".encode("utf-8", "surrogatepass")
        path = self._file.beside(f"{sha256(text).hexdigest()[:16]}.lease")
        return FileLease(name, seconds, path=path, storage=self._file, clock=self._clock)

    def _log_damaged(self, resource_servers: list[str]) -> None:
        for resource_server in resource_servers:
            _log.warning(
                "%s: the tokens for %a in the namespace %a are damaged; the next login replaces them",
                self.filepath,
                resource_server,
                self.namespace,
            )
