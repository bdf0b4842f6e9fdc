"""
A directory of this machine as a storage.

No path is ever handed to the system as a whole. Every way is walked name by name from an open descriptor of the root,
links are read and followed here, and a step above the root is refused; so nothing escapes, also when names are swapped
for links at the same time.
"""

from __future__ import annotations

import copy
import errno
import functools
import grp
import os
import pwd
import stat
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from .protocol import Entry, LinkInfo, Problem, StorageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from .paths import Parts

__all__ = ("DirectoryStorage",)

_LINKS: Final = 40
"""Links followed on one way before it counts as a loop."""

_PART: Final = ".globus-part-"
"""How the names of files begin that are still being written; they are not listed."""

_CLOSE_ON_EXEC: Final = getattr(os, "O_CLOEXEC", 0)
_STEP: Final = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _CLOSE_ON_EXEC
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)

_PROBLEMS: Final = {
    errno.ENOENT: Problem.NOT_FOUND,
    errno.EACCES: Problem.PERMISSION_DENIED,
    errno.EPERM: Problem.PERMISSION_DENIED,
    errno.EROFS: Problem.PERMISSION_DENIED,
    errno.EEXIST: Problem.EXISTS,
    errno.ENOTDIR: Problem.NOT_A_DIRECTORY,
    errno.EISDIR: Problem.IS_A_DIRECTORY,
    errno.ENOTEMPTY: Problem.NOT_EMPTY,
    errno.ENOSPC: Problem.QUOTA,
    errno.EDQUOT: Problem.QUOTA,
    errno.ENOTSUP: Problem.NOT_SUPPORTED,
}


class DirectoryStorage:
    """
    The files under a directory.

    Example:
        >>> storage = DirectoryStorage("/srv/data")
    """

    def __init__(self, root: str | os.PathLike[str], *, quota: int | None = None) -> None:
        """
        Serve a directory.

        Args:
            root: A directory, looked at when the first operation needs it.
            quota: How many bytes may be written through this object; no limit by default.

        Raises:
            NotImplementedError: This platform cannot walk from a descriptor; use `MemoryStorage` there.
        """
        if os.open not in os.supports_dir_fd:
            raise NotImplementedError("real directories need a platform with openat(), such as Linux or macOS")
        self._root = str(Path(root).absolute())
        self._top: Parts = ()
        self._quota = _Quota(quota)
        self._most_links = _LINKS

    def __repr__(self) -> str:
        return f"<DirectoryStorage {'/'.join((self._root, *self._top))!r}>"

    @property
    def has_symlinks(self) -> bool:
        """Whether links can be made."""
        return True

    def stat(self, path: Parts) -> Entry:
        """Describe what is at the path."""
        with _told(), self._way(path, follow=False) as (directory, name):
            return self._entry(path, os.stat(name or ".", dir_fd=directory, follow_symlinks=False), directory)

    def entries(self, path: Parts) -> list[Entry]:
        """Describe all entries of a directory."""
        with _told(), self._directory(path) as directory, os.scandir(directory) as found:
            return [
                self._entry((*path, item.name), item.stat(follow_symlinks=False), directory)
                for item in found
                if not item.name.startswith(_PART)
            ]

    def make_directory(self, path: Parts) -> None:
        """Make a directory whose parent exists."""
        with _told(), self._way(path, follow=False) as (directory, name):
            if not name:
                raise StorageError(Problem.EXISTS, "File exists")
            os.mkdir(name, dir_fd=directory)

    def make_link(self, target: str, path: Parts) -> None:
        """Make a symbolic link."""
        with _told(), self._way(path, follow=False) as (directory, name):
            os.symlink(target, _name(name), dir_fd=directory)

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory; refuses to replace what is there."""
        with (
            _told(),
            self._way(old, follow=False) as (source, old_name),
            self._way(new, follow=False) as (target, new_name),
        ):
            if not new_name or _exists(target, new_name):
                os.stat(_name(old_name), dir_fd=source, follow_symlinks=False)
                raise StorageError(Problem.EXISTS, "File exists")
            os.rename(_name(old_name), new_name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: Parts) -> None:
        """Remove a file, or a link itself."""
        with _told(), self._way(path, follow=False) as (directory, name):
            if stat.S_ISDIR(os.stat(_name(name), dir_fd=directory, follow_symlinks=False).st_mode):
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            os.unlink(name, dir_fd=directory)

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        with _told(), self._way(path, follow=False) as (directory, name):
            os.rmdir(_name(name), dir_fd=directory)

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set when a directory or file was last modified."""
        with _told(), self._way(path, follow=True) as (directory, name):
            os.utime(name or ".", (mtime, mtime), dir_fd=directory, follow_symlinks=not name)

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        with _told(), self._way(path, follow=True) as (directory, name):
            if not name:
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            # Without O_NONBLOCK a named pipe would block the thread for good.
            flags = os.O_RDONLY | os.O_NONBLOCK | _NO_LINK | _CLOSE_ON_EXEC
            file = os.fdopen(os.open(name, flags, dir_fd=directory), "rb", buffering=0)
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                file.close()
                raise StorageError(Problem.NOT_SUPPORTED, "Not a regular file")
            return file

    def create(self, path: Parts) -> _FileUpload:
        """Start writing a file."""
        with _told(), self._way(path, follow=True) as (directory, name):
            if not name:
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            if len(os.fsencode(name)) > os.pathconf(self._root, "PC_NAME_MAX"):
                raise OSError(errno.ENAMETOOLONG, "File name too long")
            return _FileUpload(directory, name, self._quota)

    def real_path(self, path: Parts) -> Parts:
        """Return where a path leads when all links are followed."""
        with _told(), _Way(self._root) as way:
            self._walk(way, self._top, floor=0, follow=True)
            floor = len(way.names)
            name = self._walk(way, path, floor=floor, follow=True)
            return (*way.names[floor:], *((name,) if name else ()))

    def without_links(self) -> DirectoryStorage:
        """Return the same files where no link is followed."""
        same: DirectoryStorage = copy.copy(self)
        same._most_links = 0
        return same

    def subtree(self, path: Parts) -> DirectoryStorage:
        """Return the storage that has this directory as its root."""
        below: DirectoryStorage = copy.copy(self)
        below._top = self._top + path
        return below

    @contextmanager
    def _directory(self, path: Parts) -> Generator[int]:
        """Open a directory for listing."""
        with self._way(path, follow=True) as (directory, name):
            descriptor = os.open(
                name or ".", os.O_RDONLY | os.O_DIRECTORY | _NO_LINK | _CLOSE_ON_EXEC, dir_fd=directory
            )
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    @contextmanager
    def _way(self, path: Parts, *, follow: bool) -> Generator[tuple[int, str]]:
        """
        Open the directory that holds the end of a path, and give the last name.

        The name is empty if the path led to that directory itself. With ``follow`` the end may be a link as well, and
        the name is never one of a link.
        """
        with _Way(self._root) as way:
            self._walk(way, self._top, floor=0, follow=True)
            name = self._walk(way, path, floor=len(way.names), follow=follow, most_links=self._most_links)
            yield way.here, name

    def _walk(self, way: _Way, path: Parts, *, floor: int, follow: bool, most_links: int = _LINKS) -> str:
        """Go down; return the last name if it is not that of a directory that was entered."""
        left = list(reversed(path))
        links = 0
        while left:
            name = left.pop()
            if name == "..":
                if len(way.names) <= floor:
                    raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed: it leaves the collection")
                way.up()
            elif not left and not follow:
                return name
            elif (target := way.down(name, is_last=not left)) is not None:
                if not target:
                    return name
                links += 1
                if links > most_links:
                    raise OSError(errno.ELOOP, "Too many levels of symbolic links")
                if target.startswith("/"):
                    target = self._inside(target)
                    while len(way.names) > floor:
                        way.up()
                left += [part for part in reversed(target.split("/")) if part not in {"", "."}]
        return ""

    def _inside(self, target: str) -> str:
        """Rewrite an absolute link as a path from the root, if it leads there."""
        for spelled in (self._root, os.path.realpath(self._root)):
            root = "/".join((spelled.rstrip("/"), *self._top))
            if target == root or target.startswith(f"{root}/"):
                return target[len(root) :]
        raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed: a link leaves the collection")

    def _entry(self, path: Parts, status: os.stat_result, directory: int) -> Entry:
        """Describe an entry; where it is a link, what it leads to."""
        name = path[-1] if path else ""
        if not stat.S_ISLNK(status.st_mode):
            return _entry(name, status)
        link = LinkInfo(
            os.readlink(name, dir_fd=directory),
            status.st_size,
            status.st_mtime,
            _user(status.st_uid),
            _group(status.st_gid),
        )
        try:
            with self._way(path, follow=True) as (parent, last):
                target = os.stat(last or ".", dir_fd=parent, follow_symlinks=False)
        except (OSError, StorageError):
            return _entry(name, status)._replace(link=link)
        return _entry(name, target)._replace(link=link)


class _Way:
    """The directories entered so far, from the root down: an open descriptor of each, and their names."""

    def __init__(self, root: str) -> None:
        self._descriptors = [os.open(root, _STEP)]
        self.names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)

    @property
    def here(self) -> int:
        """The descriptor of the last one."""
        return self._descriptors[-1]

    def up(self) -> None:
        """Go back to the directory above."""
        os.close(self._descriptors.pop())
        self.names.pop()

    def down(self, name: str, *, is_last: bool) -> str | None:
        """
        Take one step down.

        Returns:
            ``None`` if a directory was entered, the target if the name is a link, and the empty text if it is neither,
            which may only be so at the end of a path.
        """
        try:
            self._descriptors.append(os.open(name, _STEP | _NO_LINK, dir_fd=self.here))
        except FileNotFoundError:
            if is_last:
                return ""
            raise
        except OSError as error:
            if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise
            try:
                return os.readlink(name, dir_fd=self.here)
            except OSError:
                if is_last:
                    return ""
                raise NotADirectoryError(errno.ENOTDIR, "Not a directory") from None
        self.names.append(name)
        return None


class _FileUpload:
    """A file being written under another name beside its place."""

    def __init__(self, directory: int, name: str, quota: _Quota) -> None:
        self._name = name
        self._part = _PART + uuid.uuid4().hex
        self._quota = quota
        self._size = 0
        self._directory = os.dup(directory)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _CLOSE_ON_EXEC
            self._file = os.open(self._part, flags, 0o666, dir_fd=self._directory)
        except OSError:
            os.close(self._directory)
            raise
        self._open = True

    def write(self, data: bytes) -> None:
        """Append."""
        with _told():
            self._quota.take(len(data))
            self._size += len(data)
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]

    def commit(self, *, mtime: float | None = None) -> None:
        """Put it in its place, over what was there."""
        with _told():
            if mtime is not None:
                os.utime(self._file, (mtime, mtime))
            os.rename(self._part, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            self._close()

    def abandon(self) -> None:
        """Throw it away; harmless after `commit`."""
        if self._open:
            try:
                os.unlink(self._part, dir_fd=self._directory)
            except FileNotFoundError:
                pass
            finally:
                self._quota.take(-self._size)
                self._close()

    def _close(self) -> None:
        self._open = False
        os.close(self._file)
        os.close(self._directory)


class _Quota:
    """Bytes that may still be written."""

    def __init__(self, left: int | None) -> None:
        self._left = left
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Count bytes; refuse what is over."""
        if self._left is None:
            return
        with self._lock:
            if size > self._left:
                raise StorageError(Problem.QUOTA, "Disk quota exceeded")
            self._left -= size


@contextmanager
def _told() -> Generator[None]:
    """Tell failures of the system in the words of the protocol, without naming places outside the collection."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        raise StorageError(_PROBLEMS.get(number, Problem.OTHER), os.strerror(number)) from None


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
