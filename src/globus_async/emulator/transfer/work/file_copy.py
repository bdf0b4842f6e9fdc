"""Copying one file, and deciding whether it needs to be copied. Runs in worker threads."""

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
"""How much is read at a time, in bytes."""

_ALGORITHMS: Final = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA224": "sha224",
    "SHA256": "sha256",
    "SHA384": "sha384",
    "SHA512": "sha512",
}


class StoppedError(Exception):
    """The task ended while a thread was at work for it."""


class SourceError(Exception):
    """A `StorageError` on the side that is read from."""

    def __init__(self, error: StorageError) -> None:
        super().__init__(str(error))
        self.error = error


def algorithm_name(name: str) -> str | None:
    """Return hashlib's name of a checksum algorithm, ``None`` if there is none."""
    return _ALGORITHMS.get(name.upper().replace("-", ""))


def is_up_to_date(level: int, entry: Entry, there: Entry | None, same_checksum: Callable[[], bool]) -> bool:
    """
    Tell whether a destination makes copying needless.

    Args:
        level: 0: it exists; 1: and has the same size; 2: it exists and is not older; 3: and has the same checksum.
        entry: The source.
        there: The destination, if there is something.
        same_checksum: Compares the contents.
    """
    if there is None or there.type != "file":
        return False
    match level:
        case 0:
            return True
        case 1:
            return there.size == entry.size
        case 2:
            return int(entry.mtime) <= int(there.mtime)
        case _:
            return there.size == entry.size and same_checksum()


class FileCopy:
    """The copying of one file, in steps, so that it can be slowed down and stopped."""

    def __init__(
        self,
        source: AuthorizedStorage,
        source_path: Parts,
        destination: AuthorizedStorage,
        destination_path: Parts,
        *,
        counts: Counts,
        stopped: Callable[[], bool],
        verify: bool,
        mtime: float | None,
        item: Item | None,
    ) -> None:
        """
        Prepare; nothing is opened before the first step.

        Args:
            source: Where the file is.
            source_path: Its path there.
            destination: Where it goes.
            destination_path: Its path there.
            counts: The task's counters.
            stopped: Whether the task has ended meanwhile.
            verify: Read the copy again and compare checksums.
            mtime: The time the copy is to have; now if not given.
            item: The item of the submission, if it names this very file: it may know the checksum.
        """
        self._source, self._source_path = source, source_path
        self._destination, self._destination_path = destination, destination_path
        self._counts = counts
        self._stopped = stopped
        self._verify = verify
        self._mtime = mtime
        self._expected = item.external_checksum.lower() if item and item.external_checksum else None
        self._algorithm = ((item.checksum_algorithm if item else None) or "MD5").upper()
        name = algorithm_name(self._algorithm)
        self._hash = hashlib.new(name or "md5", usedforsecurity=False) if verify or self._expected else None
        self._file: BinaryIO | None = None
        self._upload: Upload | None = None
        self._size = 0
        # A loop that is shut down closes the files while a thread is still at them, whose descriptors might be reused.
        self._in_use = threading.RLock()

    def step(self, limit: int | None = None) -> SuccessfulTransfer | None:
        """
        Copy on.

        Args:
            limit: Bytes to copy at most; all by default.

        Returns:
            What was done, once it is done.

        Raises:
            SourceError: The source cannot be read, or is not what it should be.
            StorageError: The destination cannot be written.
            StoppedError: The task has ended.
        """
        with self._in_use:
            try:
                if self._copy(limit):
                    return None
                return self._finish()
            except BaseException:
                self.close()
                raise

    def _copy(self, limit: int | None) -> bool:
        """Copy up to the limit; tell whether something is left."""
        try:
            file = self._file = self._file or self._source.open(self._source_path)
        except StorageError as error:
            raise SourceError(error) from error
        upload = self._upload = self._upload or self._destination.create(self._destination_path)
        left = limit
        while left is None or left > 0:
            if self._stopped():
                raise StoppedError
            try:
                data = file.read(CHUNK if left is None else min(CHUNK, left))
            except OSError as error:
                raise SourceError(StorageError(Problem.OTHER, error.strerror or "read error")) from error
            if not data:
                return False
            upload.write(data)
            if self._hash is not None:
                self._hash.update(data)
            self._size += len(data)
            self._counts.moved(sent=len(data))
            if left is not None:
                left -= len(data)
        return True

    def _finish(self) -> SuccessfulTransfer:
        checksum = self._hash.hexdigest() if self._hash else None
        if self._expected is not None and checksum != self._expected:
            raise SourceError(
                StorageError(Problem.CHECKSUM, f"the {self._algorithm} checksum is {checksum}, not {self._expected}")
            )
        if self._upload is not None:
            self._upload.commit(mtime=self._mtime)
        self.close()
        if self._verify and checksum is not None:
            copied = digest(self._destination, self._destination_path, self._algorithm, self._stopped)
            self._counts.moved(checksummed=self._size)
            if copied != checksum:
                raise StorageError(
                    Problem.CHECKSUM, f"the copy has the {self._algorithm} checksum {copied}, not {checksum}"
                )
        return SuccessfulTransfer(
            joined(self._source_path),
            joined(self._destination_path),
            self._size,
            checksum,
            self._algorithm if checksum else None,
        )

    def close(self) -> None:
        """Let go of both files; a copy that is not complete is thrown away."""
        with self._in_use:
            file, self._file = self._file, None
            upload, self._upload = self._upload, None
            if file is not None:
                file.close()
            if upload is not None:
                upload.abandon()


def digest(view: AuthorizedStorage, path: Parts, algorithm: str, stopped: Callable[[], bool]) -> str:
    """
    Compute the checksum of a file.

    Raises:
        StoppedError: The task has ended.
    """
    state = hashlib.new(algorithm_name(algorithm) or "md5", usedforsecurity=False)
    with view.open(path) as file:
        while data := file.read(CHUNK):
            if stopped():
                raise StoppedError
            state.update(data)
    return state.hexdigest()
