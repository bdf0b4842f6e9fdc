"""
A storage in a directory of this machine.

No path is passed to the operating system as a whole. Each path is resolved one component at a time from an open
descriptor of the root; symbolic links are read and followed here, and a step above the root is an error. No operation
leaves the root, even if components are replaced by links at the same time.
"""

from __future__ import annotations

import copy
import errno
import functools
import grp
import io
import os
import pwd
import stat
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from .file_upload import PARTIAL_PREFIX, FileUpload, Quota
from .names import os_name, text_name
from .open_directories import CLOSE_ON_EXEC, NO_FOLLOW, KeptDirectory, OpenDirectories
from .os_errors import STORAGE_ERRORS
from .protocol import Entry, LinkInfo, Problem, StorageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from .paths import Parts

__all__ = ("DirectoryStorage",)

_MAX_LINKS: Final = 40
"""The maximum number of symbolic links in one path; more are reported as a loop."""

_IS_A_LINK: Final = {errno.ELOOP, errno.EMLINK}
"""The errors of ``O_NOFOLLOW``, on Linux and on BSD."""


class DirectoryStorage:
    """
    A storage in a directory of this machine.

    Names that are not UTF-8 are listed with characters of a private range, U+F780 to U+F7FF, in place of their bytes 80
    to FF; a path with these characters leads to the file.

    Example:
        >>> storage = DirectoryStorage("/srv/data")
    """

    def __init__(self, root: str | os.PathLike[str], *, quota: int | None = None) -> None:
        """
        Create a storage for a directory.

        Args:
            root: The directory; not accessed before the first operation.
            quota: The maximum number of bytes written through this object; no limit by default.

        Raises:
            NotImplementedError: The platform has no ``openat()``; use `MemoryStorage` there.
        """
        if os.open not in os.supports_dir_fd:
            raise NotImplementedError(
                "DirectoryStorage needs a platform with openat(), such as Linux or macOS; use MemoryStorage"
            )
        self._root = str(Path(root).absolute())
        self._top: Parts = ()
        self._quota = Quota(quota)
        self._max_name: int | None = None
        self._max_links = _MAX_LINKS
        self._kept: KeptDirectory | None = None

    def __repr__(self) -> str:
        return f"<DirectoryStorage {self.root!r}>"

    @property
    def root(self) -> str:
        """The directory."""
        return "/".join((self._root, *self._top))

    @property
    def has_symlinks(self) -> bool:
        """Whether symbolic links are supported."""
        return True

    def stat(self, path: Parts) -> Entry:
        """Return the entry at a path."""
        with STORAGE_ERRORS, self._parent(path, follow=False) as (directory, name):
            return self._entry(path, os.stat(name or ".", dir_fd=directory, follow_symlinks=False), directory)

    def entries(self, path: Parts) -> list[Entry]:
        """Return all entries of a directory."""
        with STORAGE_ERRORS, self._directory(path) as directory, os.scandir(directory) as found:
            return [
                self._entry((*path, text_name(item.name)), item.stat(follow_symlinks=False), directory)
                if item.is_symlink()
                else _entry(text_name(item.name), item.stat(follow_symlinks=False))
                for item in found
                if not item.name.startswith(PARTIAL_PREFIX)
            ]

    def make_directory(self, path: Parts) -> None:
        """Create a directory; its parent must exist."""
        with STORAGE_ERRORS, self._parent(path, follow=False) as (directory, name):
            if not name:
                raise StorageError(Problem.EXISTS, "File exists")
            os.mkdir(name, dir_fd=directory)

    def make_link(self, target: str, path: Parts) -> None:
        """Create a symbolic link."""
        with STORAGE_ERRORS, self._parent(path, follow=False) as (directory, name):
            os.symlink(os_name(target), _name(name), dir_fd=directory)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory; the new path must not exist."""
        with (
            STORAGE_ERRORS,
            self._parent(old, follow=False) as (source, old_name),
            self._parent(new, follow=False) as (target, new_name),
        ):
            if not new_name or _exists(target, new_name):
                os.stat(_name(old_name), dir_fd=source, follow_symlinks=False)
                raise StorageError(Problem.EXISTS, "File exists")
            os.rename(_name(old_name), new_name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: Parts) -> None:
        """Remove a file or a symbolic link."""
        with STORAGE_ERRORS, self._parent(path, follow=False) as (directory, name):
            if stat.S_ISDIR(os.stat(_name(name), dir_fd=directory, follow_symlinks=False).st_mode):
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            os.unlink(name, dir_fd=directory)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        with STORAGE_ERRORS, self._parent(path, follow=False) as (directory, name):
            os.rmdir(_name(name), dir_fd=directory)

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set the modification time of a file or directory."""
        with STORAGE_ERRORS, self._parent(path, follow=True) as (directory, name):
            os.utime(name or ".", (mtime, mtime), dir_fd=directory, follow_symlinks=not name)

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        with STORAGE_ERRORS:
            kept = self._kept
            if kept is not None and kept.holds(path) and (file := _open_regular(os_name(path[-1]), kept.descriptor)):
                return file
            with self._opened_parent(path, follow=True) as (directory, name):
                if not name:
                    raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
                if file := _open_regular(name, directory):
                    return file
                raise StorageError(Problem.NOT_SUPPORTED, "Not a regular file")

    def create(self, path: Parts) -> FileUpload:
        """Open a file for writing."""
        with STORAGE_ERRORS, self._parent(path, follow=True) as (directory, name):
            if not name:
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            if len(os.fsencode(name)) > self._name_limit():
                raise OSError(errno.ENAMETOOLONG, "File name too long")
            return FileUpload(directory, name, self._quota)

    def real_path(self, path: Parts) -> Parts:
        """Resolve all symbolic links of a path."""
        with STORAGE_ERRORS, OpenDirectories(self._root) as opened:
            self._resolve(opened, self._top, floor=0, follow=True)
            floor = len(opened.names)
            name = self._resolve(opened, path, floor=floor, follow=True)
            return tuple(text_name(each) for each in (*opened.names[floor:], *((name,) if name else ())))

    def without_links(self) -> DirectoryStorage:
        """Return the same files as a storage that does not follow symbolic links."""
        storage: DirectoryStorage = copy.copy(self)
        storage._max_links = 0
        storage._kept = None  # its path was resolved with links
        return storage

    @contextmanager
    def keeping_open(self, directory: Parts) -> Generator[DirectoryStorage]:
        """Return the same files as a storage that keeps a directory open."""
        storage: DirectoryStorage = copy.copy(self)
        with OpenDirectories(self._root) as opened:
            try:
                self._resolve(opened, self._top, floor=0, follow=True)
                name = self._resolve(opened, directory, floor=len(opened.names), follow=True, max_links=self._max_links)
            except (OSError, StorageError):
                name = "missing"
            if not name:  # else each operation reports the error
                storage._kept = KeptDirectory(directory, opened.current)
            yield storage

    def subtree(self, path: Parts) -> DirectoryStorage:
        """Return a storage with this directory as its root."""
        storage: DirectoryStorage = copy.copy(self)
        storage._top = self._top + path
        storage._kept = None
        return storage

    def _name_limit(self) -> int:
        if self._max_name is None:
            self._max_name = os.pathconf(self._root, "PC_NAME_MAX")
        return self._max_name

    @contextmanager
    def _directory(self, path: Parts) -> Generator[int]:
        """Open a directory for listing."""
        with self._parent(path, follow=True) as (directory, name):
            descriptor = os.open(
                name or ".", os.O_RDONLY | os.O_DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC, dir_fd=directory
            )
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _parent(self, path: Parts, *, follow: bool) -> AbstractContextManager[tuple[int, str]]:
        """
        Open the parent directory of a path; yield its descriptor and the last component.

        The component is empty if the path resolved to the opened directory itself. With ``follow`` a link at the end
        is resolved too, and the component is never the name of a link.
        """
        kept = self._kept
        if kept is not None and kept.holds(path):
            name = os_name(path[-1])
            if not (follow and kept.may_lead_on(name)):
                return nullcontext((kept.descriptor, name))
        return self._opened_parent(path, follow=follow)

    @contextmanager
    def _opened_parent(self, path: Parts, *, follow: bool) -> Generator[tuple[int, str]]:
        with OpenDirectories(self._root) as opened:
            self._resolve(opened, self._top, floor=0, follow=True)
            name = self._resolve(opened, path, floor=len(opened.names), follow=follow, max_links=self._max_links)
            yield opened.current, name

    def _resolve(
        self, opened: OpenDirectories, path: Parts, *, floor: int, follow: bool, max_links: int = _MAX_LINKS
    ) -> str:
        """Open the directories of a path; return the last component unless it was opened as a directory."""
        remaining = [os_name(each) for each in reversed(path)]
        links = 0
        while remaining:
            name = remaining.pop()
            if "/" in name or (name == ".." and len(opened.names) <= floor):
                raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed: it leaves the collection")
            if name == "..":
                opened.up()
            elif not remaining and not follow:
                return name
            elif (target := opened.down(name, is_last=not remaining)) is not None:
                if not target:
                    return name
                links += 1
                if links > max_links:
                    raise OSError(errno.ELOOP, "Too many levels of symbolic links")
                if target.startswith("/"):
                    target = self._inside(target)
                    while len(opened.names) > floor:
                        opened.up()
                remaining += [part for part in reversed(target.split("/")) if part not in {"", "."}]
        return ""

    def _inside(self, target: str) -> str:
        """Return the part of an absolute link target below the root."""
        for path in (self._root, os.path.realpath(self._root)):
            root = "/".join((path.rstrip("/"), *map(os_name, self._top)))
            if target == root or target.startswith(f"{root}/"):
                return target[len(root) :]
        raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed: a link leaves the collection")

    def _entry(self, path: Parts, status: os.stat_result, directory: int) -> Entry:
        """Make an entry; for a symbolic link, one of its target."""
        name = path[-1] if path else ""
        if not stat.S_ISLNK(status.st_mode):
            return _entry(name, status)
        link = LinkInfo(
            text_name(os.readlink(os_name(name), dir_fd=directory)),
            status.st_size,
            status.st_mtime,
            _user(status.st_uid),
            _group(status.st_gid),
        )
        try:
            with self._parent(path, follow=True) as (parent, last):
                target = os.stat(last or ".", dir_fd=parent, follow_symlinks=False)
        except (OSError, StorageError):
            return _entry(name, status)._replace(link=link)
        return _entry(name, target)._replace(link=link)


def _open_regular(name: str, directory: int) -> BinaryIO | None:
    """Open a regular file; return ``None`` for a link, a directory or something else."""
    try:
        # Without O_NONBLOCK, opening a named pipe would block the thread forever.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | NO_FOLLOW | CLOSE_ON_EXEC, dir_fd=directory)
    except OSError as error:
        if error.errno in _IS_A_LINK:
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return io.FileIO(descriptor)
    os.close(descriptor)
    return None


def _name(name: str) -> str:
    if not name:
        raise StorageError(Problem.PERMISSION_DENIED, "The root cannot be changed")
    return name


def _exists(directory: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


_TYPES: Final = {
    stat.S_IFDIR: "dir",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "invalid_symlink",
    stat.S_IFCHR: "chr",
    stat.S_IFBLK: "blk",
    stat.S_IFIFO: "pipe",
}


def _entry(name: str, status: os.stat_result) -> Entry:
    return Entry(
        name,
        _TYPES.get(stat.S_IFMT(status.st_mode), "other"),
        status.st_size,
        status.st_mtime,
        stat.S_IMODE(status.st_mode),
        _user(status.st_uid),
        _group(status.st_gid),
    )


@functools.lru_cache(maxsize=256)
def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@functools.lru_cache(maxsize=256)
def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
