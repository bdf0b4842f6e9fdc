"""
Reading and writing files that only their owner can read, and that are written completely or not at all.

Contents are passed as ``memoryview``, which tracebacks show without the content.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = (
    "PRIVATE",
    "create_private",
    "fault_of",
    "make_private",
    "make_private_folder",
    "read_private",
    "status_of",
    "sync_folder",
    "write_private",
)

PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_WAITING: Final = getattr(os, "O_NONBLOCK", 0)
"""Opening a named pipe would otherwise wait for its other end."""


def status_of(path: Path) -> os.stat_result | None:
    """Return the status of a file, or of the link in its place; ``None`` if it is missing."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def fault_of(found: os.stat_result) -> str | None:
    """Return why confidential data must not be read from, or written to, a file of that status; ``None`` if it may."""
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    if stat.S_ISDIR(found.st_mode):
        return "is a folder"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        return "belongs to another user"
    return None


def read_private(path: Path, *, max_size: int) -> memoryview:
    """
    Read a file whose status has no fault; let only the owner read it from now on.

    Args:
        path: The file.
        max_size: The maximum size, in bytes; of a larger file, one byte more is returned.

    Raises:
        OSError: It is missing, or cannot be read; `PermissionError`, if it was exchanged for something with a fault.
    """
    descriptor = os.open(path, os.O_RDONLY | _NO_LINKS | _NO_WAITING)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        found = os.fstat(descriptor)
        if fault := fault_of(found):
            raise PermissionError(f"it {fault}")
        _make_private(descriptor, found)
        view = memoryview(bytearray(min(found.st_size, max_size) + 1))
        size = 0
        while count := file.readinto(view[size:]):
            size += count
            if size == len(view):
                if size > max_size:
                    break
                view = _larger(view, max_size)
        return view[:size]


def _larger(view: memoryview, max_size: int) -> memoryview:
    """Return a copy with room for more: the file has grown while it was read."""
    grown = memoryview(bytearray(min(2 * len(view), max_size + 1)))
    grown[: len(view)] = view
    return grown


def create_private(path: Path) -> None:
    """
    Create an empty file that only the owner can read, from the start.

    Raises:
        FileExistsError: There is one, or a link.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINKS, PRIVATE))


def write_private(path: Path, content: memoryview, *, temporary: Path, replace: bool = True) -> None:
    """
    Write a file: whenever the process or the machine stops, the file has its old content or its new one.

    Args:
        path: The file.
        content: Its new content.
        temporary: A name in the same folder, which is not used by others at the same time; a file that an
            interrupted call has left there is removed.
        replace: Whether to replace an existing file.

    Raises:
        FileExistsError: There is a file, or anything else, which is not to be replaced.
        OSError: The file cannot be written, and was not changed.
    """
    with suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            while content:
                content = content[file.write(content) :]
            os.fsync(descriptor)
        if replace:
            os.replace(temporary, path)  # noqa: PTH105 -- the path is in the error's attributes
        else:
            os.link(temporary, path)
            temporary.unlink()
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Write the names of a folder's files to the disk, where the operating system allows it."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # not all file systems can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_folder(path: Path) -> None:
    """Create a folder and those above it that are missing, each for its owner only; leave existing ones alone."""
    missing: list[Path] = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(_PRIVATE_FOLDER)
        except FileExistsError:
            if not folder.is_dir():
                raise


def make_private(path: Path) -> None:
    """Let only the owner read a file, if it is there and has no fault, and its file system allows it."""
    found = status_of(path)
    if found is not None and os.name == "posix" and found.st_mode & 0o077 and fault_of(found) is None:
        with suppress(OSError):  # such as a file system that is read-only
            path.chmod(PRIVATE)


def _make_private(descriptor: int, found: os.stat_result) -> None:
    if hasattr(os, "fchmod") and found.st_mode & 0o077:
        with suppress(OSError):  # such as a file system that is read-only
            os.fchmod(descriptor, PRIVATE)
