"""A file of a directory that is being written, and the quota of its storage."""

from __future__ import annotations

import io
import os
import secrets
import threading
from typing import BinaryIO, Final

from .open_directories import CLOSE_ON_EXEC, NO_FOLLOW
from .os_errors import STORAGE_ERRORS
from .protocol import Problem, StorageError

__all__ = ("PARTIAL_PREFIX", "FileUpload", "Quota")

PARTIAL_PREFIX: Final = ".globus-part-"
"""The name prefix of files that are being written; they are not listed."""


class FileUpload:
    """A file that is being written, under a temporary name in the same directory."""

    def __init__(self, directory: int, name: str, quota: Quota) -> None:
        self._name = name
        self._temporary_name = PARTIAL_PREFIX + secrets.token_hex(16)
        self._quota = quota
        self._size = 0
        self._directory = os.dup(directory)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW | CLOSE_ON_EXEC
            self._file = os.open(self._temporary_name, flags, 0o666, dir_fd=self._directory)
        except OSError:
            os.close(self._directory)
            raise
        self._open = True

    def write(self, data: bytes) -> None:
        """Append data to the file."""
        with STORAGE_ERRORS:
            self._quota.consume(len(data))
            self._size += len(data)
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]

    def read_back(self) -> BinaryIO:
        """Open the file for reading, from its beginning."""
        with STORAGE_ERRORS:
            os.lseek(self._file, 0, os.SEEK_SET)
            return io.FileIO(self._file, closefd=False)

    def commit(self, *, mtime: float | None = None) -> None:
        """Move the file to its path; an existing file is replaced."""
        with STORAGE_ERRORS:
            if mtime is not None:
                os.utime(self._file, (mtime, mtime))
            os.rename(self._temporary_name, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            self._close()

    def abandon(self) -> None:
        """Discard the file; no effect after `commit`."""
        if self._open:
            try:
                os.unlink(self._temporary_name, dir_fd=self._directory)
            except FileNotFoundError:
                pass
            finally:
                self._quota.consume(-self._size)
                self._close()

    def _close(self) -> None:
        self._open = False
        os.close(self._file)
        os.close(self._directory)


class Quota:
    """The number of bytes that may still be written."""

    def __init__(self, remaining: int | None) -> None:
        self._remaining = remaining
        self._lock = threading.Lock()

    def consume(self, size: int) -> None:
        """Subtract a number of bytes; raise an error if it exceeds the quota."""
        if self._remaining is None:
            return
        with self._lock:
            if size > self._remaining:
                raise StorageError(Problem.QUOTA, "Disk quota exceeded")
            self._remaining -= size
