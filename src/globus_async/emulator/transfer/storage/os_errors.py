"""Errors of the operating system, as errors of a storage."""

from __future__ import annotations

import errno
import os
from typing import Final

from .protocol import Problem, StorageError

__all__ = ("STORAGE_ERRORS",)

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


class _StorageErrors:
    """Raises errors of the operating system as `StorageError`, without paths outside the collection."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            number = error.errno or 0
            raise StorageError(_PROBLEMS.get(number, Problem.OTHER), os.strerror(number)) from None


STORAGE_ERRORS: Final = _StorageErrors()
