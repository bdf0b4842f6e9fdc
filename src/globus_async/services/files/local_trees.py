"""Local directory trees: where the files of a collection go, and which files are there. Blocking, for threads."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ..._http.path import shown
from .errors import UnsafeName
from .local_errors import local_errors
from .temporary_names import is_temporary_name

if TYPE_CHECKING:
    from .byte_range import FileVersion

__all__ = ("TIME", "LocalTree", "TargetTree", "is_complete", "posix_seconds", "scan")

TIME: Final = "time"
"""The name of the validator that is the time in a listing; the others are headers."""
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789")}
)
"""Names of devices on Windows, with any extension."""


class TargetTree:
    """
    The local directory of a download: no name of a collection leads out of it.

    Args:
        top: The directory, whose parent exists.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._real_top: Path | None = None
        self._checked: set[Path] = set()

    def directory(self, names: Sequence[str]) -> Path:
        """
        Return a directory of the tree, which is created if it is missing.

        Raises:
            UnsafeName: A name is no plain name, or a link in its place leads out of the tree.
            LocalFileError: It cannot be created.
        """
        path = self._top
        for number in range(len(names) + 1):
            if number:
                path /= _plain(names[number - 1])
            if path not in self._checked:
                with local_errors(path, "create"):
                    path.mkdir(exist_ok=True)
                    real = path.resolve()
                self._real_top = self._real_top or real
                if not real.is_relative_to(self._real_top):
                    raise _unsafe(names[number - 1], "a link in its place leads out of the target folder")
                self._checked.add(path)
        return path

    def file(self, names: Sequence[str]) -> Path:
        """Return the path of a file of the tree, whose directory is created if it is missing."""
        return self.directory(names[:-1]) / _plain(names[-1])


class LocalTree(NamedTuple):
    """
    The content of a local directory tree, as paths relative to it with slashes.

    Attributes:
        directories: The directories, those above others first.
        files: The regular files, with their sizes.
    """

    directories: list[str]
    files: list[tuple[str, int]]


def scan(top: Path) -> LocalTree:
    """
    List a directory tree. Links, devices and files that are not complete are left out.

    Raises:
        LocalFileError: A directory cannot be listed.
    """
    found = LocalTree([], [])
    pending = [(top, "")]
    while pending:
        folder, prefix = pending.pop()
        with local_errors(folder, "list"), os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                mode = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(mode.st_mode):
                    found.directories.append(prefix + entry.name)
                    pending.append((Path(entry.path), f"{prefix}{entry.name}/"))
                elif stat.S_ISREG(mode.st_mode) and not is_temporary_name(entry.name):
                    found.files.append((prefix + entry.name, mode.st_size))
    return found


def is_complete(path: Path, version: FileVersion) -> bool:
    """Return whether a local file has the size and the time of a version, so that it need not be downloaded again."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime) == (version.size, posix_seconds(version))


def posix_seconds(version: FileVersion) -> float | None:
    """Return the time of a version in POSIX seconds; ``None`` if it has none."""
    try:
        parsed = datetime.fromisoformat(version.validators[TIME])
        return parsed.timestamp() if parsed.tzinfo is not None else None
    except (KeyError, ValueError, OverflowError):
        return None


def _plain(name: str) -> str:
    """Return a name that is that of an entry of a directory, whatever the operating system; refuse any other."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name or os.sep in name:
        raise _unsafe(name, "it is no plain name")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        raise _unsafe(name, "it is not valid Unicode text") from None
    if sys.platform == "win32" and (
        any(character in '<>:"/\\|?*' or ord(character) < 32 for character in name)
        or name[-1] in " ."
        or name.partition(".")[0].rstrip().lower() in _RESERVED
    ):
        raise _unsafe(name, "no file on Windows can have it")
    return name


def _unsafe(name: str, why: str) -> UnsafeName:
    error = UnsafeName(f"the collection lists the name {shown(name)}: {why}")
    error.name = name
    return error
