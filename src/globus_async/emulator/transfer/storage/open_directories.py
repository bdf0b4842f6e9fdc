"""The directories of a path, opened one below the other."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from .paths import Parts

__all__ = ("CLOSE_ON_EXEC", "NO_FOLLOW", "KeptDirectory", "OpenDirectories")

CLOSE_ON_EXEC: Final = getattr(os, "O_CLOEXEC", 0)
NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NO_ENTRIES: Final = {(), ("..",)}
_DIRECTORY: Final = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | CLOSE_ON_EXEC


class OpenDirectories:
    """The open directories from the root down to the current one, with their names."""

    def __init__(self, root: str) -> None:
        self._descriptors = [os.open(root, _DIRECTORY)]
        self.names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)

    @property
    def current(self) -> int:
        """The descriptor of the current directory."""
        return self._descriptors[-1]

    def up(self) -> None:
        """Close the current directory; its parent becomes the current one."""
        os.close(self._descriptors.pop())
        self.names.pop()

    def down(self, name: str, *, is_last: bool) -> str | None:
        """
        Open a subdirectory of the current directory.

        Returns:
            ``None`` if a directory was opened, the target of a symbolic link, or the empty string for a file or a
            missing entry at the end of a path.
        """
        try:
            self._descriptors.append(os.open(name, _DIRECTORY | NO_FOLLOW, dir_fd=self.current))
        except FileNotFoundError:
            if is_last:
                return ""
            raise
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise
            try:
                return os.readlink(name, dir_fd=self.current)
            except OSError:
                if is_last:
                    return ""
                raise NotADirectoryError(errno.ENOTDIR, "Not a directory") from None
        self.names.append(name)
        return None


class KeptDirectory(NamedTuple):
    """A directory that stays open for several operations."""

    path: Parts
    descriptor: int

    def holds(self, path: Parts) -> bool:
        """Return whether a path is that of an entry of this directory."""
        return path[:-1] == self.path and path[-1:] not in _NO_ENTRIES and "/" not in path[-1]

    def may_lead_on(self, name: str) -> bool:
        """Return whether an entry is a link or a directory; not if it is a file or missing."""
        try:
            status = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return not stat.S_ISREG(status.st_mode)
