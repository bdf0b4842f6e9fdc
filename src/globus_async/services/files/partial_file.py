"""
The temporary file of a download, beside its target: another process can continue it. Blocking, for threads.

``.name.globus-part`` has the bytes so far, ``.name.globus-part.json`` says of which version of which file they are. The
target is replaced in one step when all bytes are there.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

from ..._files.private import fault_of, read_private, status_of, sync_folder, write_private
from ..._http.json_reader import is_object
from .errors import DownloadInProgress
from .local_errors import local_error, local_errors
from .temporary_names import temporary_name

if TYPE_CHECKING:
    from .byte_range import FileVersion

if sys.platform != "win32":
    import fcntl

__all__ = ("PartialFile",)

_FLAGS: Final = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_MODE: Final = 0o666  # less the umask, as of every new file
_MAX_STATE: Final = 1 << 16
_WORTH_KEEPING: Final = 1 << 20
"""Smaller files are downloaded again: keeping their state would take longer."""
_WRITE_SIZE: Final = 1 << 18
"""Bytes of one write: Linux may take several times as long for the large pages of larger ones."""
_SYNC_SIZE: Final = 1 << 26
"""Bytes after which the disk is waited for: what precedes them survives a crash of the machine."""
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_MAX_EXCHANGES: Final = 10


class PartialFile:
    """
    The bytes of a download so far, locked against other downloads of the same target; made by `begin`.

    Attributes:
        position: The number of bytes.
    """

    def __init__(self, target: Path, source: str, version: FileVersion, descriptor: int, path: Path) -> None:
        self._target = target
        self._source = source
        self._version = version
        self._descriptor = descriptor
        self._path = path
        self._state_path = path.with_name(f"{path.name}.json")
        self._has_state = self._is_done = False
        self._synced = 0
        self.position: int = 0

    @classmethod
    def begin(cls, target: Path, source: str, version: FileVersion) -> Self:
        """
        Continue an interrupted download of the same version of the same file, or begin one.

        Args:
            target: The local path.
            source: The URL of the file.
            version: Its size, and what tells its versions apart.

        Raises:
            DownloadInProgress: Another download has the same target.
            LocalFileError: The file cannot be created.
        """
        target = target.absolute()
        with local_errors(target, "replace"):
            _check_target(target)
        path = target.with_name(temporary_name(target.name))
        with local_errors(path, "create"):
            descriptor = _locked(path)
            partial = cls(target, source, version, descriptor, path)
            try:
                partial._continue_or_begin()
            except BaseException:
                partial.close()
                raise
        return partial

    def _continue_or_begin(self) -> None:
        self.position = min(self._usable_bytes(), self._version.size)
        os.ftruncate(self._descriptor, self.position)
        os.lseek(self._descriptor, self.position, os.SEEK_SET)
        self._synced = 0
        if self._version.size >= _WORTH_KEEPING:
            self._write_state()
        else:
            with suppress(FileNotFoundError):
                self._state_path.unlink()

    def _usable_bytes(self) -> int:
        """Return the number of bytes that are of this version of the file, and whose content is certain."""
        state = self._read_state()
        if state.get("source") != self._source or state.get("size") != self._version.size:
            return 0
        found: object = state.get("validators")
        if not is_object(found) or not _are_same(found, self._version.validators):
            return 0
        size = os.fstat(self._descriptor).st_size
        boot, synced = state.get("boot"), state.get("synced")
        if boot is not None and boot == _boot_id():
            return size
        return min(size, synced) if isinstance(synced, int) else 0  # the machine may have lost what followed

    def _read_state(self) -> Mapping[str, Any]:
        found = status_of(self._state_path)
        if found is None or fault_of(found):
            return {}
        with suppress(OSError, ValueError, RecursionError):
            state: object = json.loads(bytes(read_private(self._state_path, max_size=_MAX_STATE)))
            if is_object(state):
                return state
        return {}

    def _write_state(self) -> None:
        state = {
            "source": self._source,
            "size": self._version.size,
            "validators": dict(self._version.validators),
            "boot": _boot_id(),
            "synced": self._synced,
        }
        temporary = self._state_path.with_name(f"{self._state_path.name}.tmp")
        write_private(self._state_path, memoryview(json.dumps(state).encode()), temporary=temporary)
        self._has_state = True

    def write(self, chunks: Sequence[bytes]) -> None:
        """Write the next bytes."""
        with local_errors(self._path, "write"):
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    count = os.write(self._descriptor, view[:_WRITE_SIZE])
                    self.position += count
                    view = view[count:]
            if self._has_state and self.position - self._synced >= _SYNC_SIZE:
                _sync(self._descriptor)
                self._synced = self.position
                self._write_state()

    def commit(self, *, modified: float | None = None) -> None:
        """
        Put the file in the place of its target, in one step.

        Args:
            modified: The time of its last change, in POSIX seconds; by default now.
        """
        if self.position != self._version.size:
            raise local_error(self._path, f"it has {self.position} bytes, instead of {self._version.size}")
        at_path = status_of(self._path)
        if at_path is None or not os.path.samestat(at_path, os.fstat(self._descriptor)):
            raise local_error(self._path, "another program has replaced it")
        with local_errors(self._target, "replace"):
            if modified is not None:
                os.utime(self._path, (modified, modified))
            _sync(self._descriptor)
            if sys.platform == "win32":
                self._close_descriptor()
            with suppress(FileNotFoundError):
                self._path.chmod(self._target.stat().st_mode & 0o7777)
            os.replace(self._path, self._target)  # noqa: PTH105 -- the path is in the error's attributes
            self._is_done = True
            with suppress(OSError):
                self._state_path.unlink()
            sync_folder(self._target.parent)
        self.close()

    def discard(self) -> None:
        """Remove the bytes, and close."""
        with suppress(OSError):
            self._state_path.unlink()
        self._has_state = False
        self.close()

    def close(self) -> None:
        """Close the file; keep its bytes for another download if they are of use. Idempotent."""
        if self._descriptor < 0:
            return
        if not self._has_state and not self._is_done:
            with suppress(OSError):
                self._path.unlink()
        self._close_descriptor()

    def _close_descriptor(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _check_target(target: Path) -> None:
    """Refuse to replace a directory, device or pipe, or a link to one."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode):
        raise local_error(target, "is a directory", IsADirectoryError(errno.EISDIR, ""))
    if not stat.S_ISREG(found.st_mode):
        raise local_error(target, "is not a regular file: use stream_file, and write the bytes to it")


def _locked(path: Path) -> int:
    """Open a file that no other download has open."""
    for _ in range(_MAX_EXCHANGES):
        descriptor = os.open(path, _FLAGS, _MODE)
        try:
            _check_and_lock(descriptor, path)
            at_path = status_of(path)
            if at_path is not None and os.path.samestat(os.fstat(descriptor), at_path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the other download has ended, and has renamed it
    raise local_error(path, "other downloads replace it again and again", kind=DownloadInProgress)


def _check_and_lock(descriptor: int, path: Path) -> None:
    if fault := fault_of(os.fstat(descriptor)):
        raise local_error(path, fault)
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise local_error(path, "another download writes it", error, DownloadInProgress) from error
        except OSError:
            return  # the file system has no locks


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # not all file systems can
            raise


def _boot_id() -> str | None:
    """Return what differs after a restart of the machine; ``None`` if that is not known."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


def _are_same(old: Mapping[str, Any], new: Mapping[str, str]) -> bool:
    """Return whether two sets of validators are those of one version: they have something in common to compare."""
    shared = old.keys() & new.keys()
    return bool(shared) and all(cast("object", old[name]) == new[name] for name in shared)
