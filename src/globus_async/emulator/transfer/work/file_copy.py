"""The copy of one file, and the comparison of files. Runs in worker threads."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, BinaryIO, Final

from ..models import Counts, Item, SuccessfulTransfer
from ..storage.paths import Parts, joined
from ..storage.protocol import Entry, Problem, StorageError, Upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..authorized_storage import AuthorizedStorage

__all__ = (
    "CHUNK",
    "FileCopy",
    "SourceError",
    "StoppedError",
    "algorithm_name",
    "digest",
    "is_up_to_date",
)

CHUNK: Final = 1 << 20
"""The maximum number of bytes per read."""

_ALGORITHMS: Final = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA224": "sha224",
    "SHA256": "sha256",
    "SHA384": "sha384",
    "SHA512": "sha512",
}


class StoppedError(Exception):
    """The task ended while a worker thread was executing it."""


class SourceError(Exception):
    """A `StorageError` of the source."""

    def __init__(self, error: StorageError) -> None:
        super().__init__(str(error))
        self.error = error


def algorithm_name(name: str) -> str | None:
    """Return the hashlib name of a checksum algorithm, or ``None`` if it is not supported."""
    return _ALGORITHMS.get(name) or _ALGORITHMS.get(name.upper().replace("-", ""))


def is_up_to_date(sync_level: int, source: Entry, destination: Entry | None, same_checksum: Callable[[], bool]) -> bool:
    """
    Whether a file need not be copied.

    Args:
        sync_level: 0: the destination exists; 1: and has the same size; 2: the destination exists and is not older;
            3: it has the same size and checksum.
        source: The source file.
        destination: The destination file, if it exists.
        same_checksum: Compares the checksums of both files.
    """
    if destination is None or destination.type != "file":
        return False
    match sync_level:
        case 0:
            return True
        case 1:
            return destination.size == source.size
        case 2:
            return int(source.mtime) <= int(destination.mtime)
        case _:
            return destination.size == source.size and same_checksum()


class FileCopy:
    """The copy of one file, in steps, so that it can be slowed down and stopped."""

    def __init__(
        self,
        source: AuthorizedStorage,
        source_path: Parts,
        destination: AuthorizedStorage,
        destination_path: Parts,
        *,
        counts: Counts,
        is_stopped: Callable[[], bool],
        verify: bool,
        mtime: float | None,
        item: Item | None,
    ) -> None:
        """
        Prepare a copy; no file is opened before the first step.

        Args:
            source: The storage of the source.
            source_path: The path of the file in the source.
            destination: The storage of the destination.
            destination_path: The path of the file in the destination.
            counts: The counters of the task.
            is_stopped: Whether the task has ended.
            verify: Read the copy, before it is in its place, and compare its checksum.
            mtime: The modification time of the copy, in POSIX seconds; the time of the copy by default.
            item: The submitted item with the expected checksum, if it is this file.
        """
        self._source, self._source_path = source, source_path
        self._destination, self._destination_path = destination, destination_path
        self._counts = counts
        self._is_stopped = is_stopped
        self._verify = verify
        self._mtime = mtime
        self._expected = item.external_checksum.lower() if item and item.external_checksum else None
        self._algorithm = ((item.checksum_algorithm if item else None) or "MD5").upper()
        name = algorithm_name(self._algorithm)
        self._hash = hashlib.new(name or "md5", usedforsecurity=False) if verify or self._expected else None
        self._file: BinaryIO | None = None
        self._upload: Upload | None = None
        self._size = 0
        # The event loop may close the files while a thread still uses them, and their descriptors may be reused.
        self._lock = threading.RLock()

    def step(self, limit: int | None = None) -> SuccessfulTransfer | None:
        """
        Copy the next bytes.

        Args:
            limit: The maximum number of bytes; all by default.

        Returns:
            The successful transfer when the copy is complete, ``None`` before.

        Raises:
            SourceError: The source cannot be read, or does not have the expected checksum.
            StorageError: The destination cannot be written, or the copy has another checksum.
            StoppedError: The task has ended.
        """
        with self._lock:
            try:
                if self._copy(limit):
                    return None
                return self._finish()
            except BaseException:
                self.close()
                raise

    def _copy(self, limit: int | None) -> bool:
        """Copy up to the limit; return whether bytes may remain."""
        try:
            file = self._file = self._file or self._source.open(self._source_path)
        except StorageError as error:
            raise SourceError(error) from error
        upload = self._upload = self._upload or self._destination.create(self._destination_path)
        remaining = limit
        while remaining is None or remaining > 0:
            if self._is_stopped():
                raise StoppedError
            try:
                data = file.read(CHUNK if remaining is None else min(CHUNK, remaining))
            except OSError as error:
                raise SourceError(StorageError(Problem.OTHER, error.strerror or "read error")) from error
            if not data:
                return False
            upload.write(data)
            if self._hash is not None:
                self._hash.update(data)
            self._size += len(data)
            self._counts.record_bytes(transferred=len(data))
            if remaining is not None:
                remaining -= len(data)
        return True

    def _finish(self) -> SuccessfulTransfer:
        checksum = self._hash.hexdigest() if self._hash else None
        if self._expected is not None and checksum != self._expected:
            raise SourceError(
                StorageError(Problem.CHECKSUM, f"the {self._algorithm} checksum is {checksum}, not {self._expected}")
            )
        if self._upload is not None:
            if self._verify:
                with self._upload.read_back() as file:
                    copied = digest(file, self._algorithm, self._is_stopped)
                self._counts.record_bytes(checksummed=self._size)
                if copied != checksum:
                    raise StorageError(
                        Problem.CHECKSUM, f"the copy has the {self._algorithm} checksum {copied}, not {checksum}"
                    )
            self._upload.commit(mtime=self._mtime)
        self.close()
        return SuccessfulTransfer(
            joined(self._source_path),
            joined(self._destination_path),
            self._size,
            checksum,
            self._algorithm if checksum else None,
        )

    def close(self) -> None:
        """Close both files; an incomplete copy is discarded."""
        with self._lock:
            file, self._file = self._file, None
            upload, self._upload = self._upload, None
            if file is not None:
                file.close()
            if upload is not None:
                upload.abandon()


def digest(file: BinaryIO, algorithm: str, is_stopped: Callable[[], bool]) -> str:
    """
    Compute the checksum of an open file.

    Raises:
        StoppedError: The task has ended.
    """
    hasher = hashlib.new(algorithm_name(algorithm) or "md5", usedforsecurity=False)
    while data := file.read(CHUNK):
        if is_stopped():
            raise StoppedError
        hasher.update(data)
    return hasher.hexdigest()
