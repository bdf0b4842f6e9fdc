"""Errors of the local file system, as errors of this library. Blocking functions are called in threads."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .errors import LocalFileError

__all__ = ("local_error", "local_errors")


@contextmanager
def local_errors(path: Path, action: str) -> Generator[None]:
    """
    Turn an error of the operating system into a `LocalFileError`.

    Args:
        path: The local path that the error is about.
        action: What could not be done, as an infinitive: ``"write"``.
    """
    try:
        yield
    except OSError as error:
        raise local_error(path, f"cannot {action} it: {error.strerror or type(error).__name__}", error) from error


def local_error(
    path: Path, problem: str, cause: OSError | None = None, kind: type[LocalFileError] = LocalFileError
) -> LocalFileError:
    """Return the error for a local file."""
    error = kind(f"the local file {str(path)!r}: {problem}")
    error.path = str(path)
    error.errno = None if cause is None else cause.errno
    return error
