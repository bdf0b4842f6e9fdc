"""Errors of this library as the subclasses of `OSError` that users of file systems expect."""

from __future__ import annotations

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from ..credentials import NoCredentials
from ..errors import (
    AuthenticationFailed,
    AuthorizationRequired,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    NetworkError,
    NotFound,
    PermissionDenied,
    ResponseDecodeError,
)
from ..errors.base import escape_control_characters
from ..services.files import FileChanged, LocalFileError, PathIsDirectory
from ..services.transfer.errors import EndpointNotFound, PathExists, TransferAPIError
from ..token_storage import TokenValidationError

__all__ = ("os_error", "os_errors")

_KINDS: Final[tuple[tuple[type[GlobusError], int], ...]] = (
    (PathIsDirectory, errno.EISDIR),
    (FileChanged, errno.ESTALE),
    (EndpointNotFound, errno.ENXIO),  # a key of a collection that is gone is not an absent key
    (NotFound, errno.ENOENT),
    (PathExists, errno.EEXIST),
    (PermissionDenied, errno.EACCES),
    (AuthorizationRequired, errno.EACCES),
    (AuthenticationFailed, errno.EACCES),
    (LoginRequired, errno.EACCES),
    (NoCredentials, errno.EACCES),
    (TokenValidationError, errno.EACCES),
    (GlobusTimeoutError, errno.ETIMEDOUT),
    (ResponseDecodeError, errno.EIO),
    (NetworkError, errno.ECONNABORTED),
)
"""The first match counts. `OSError` makes the subclass of each number: of ``ENOENT`` a `FileNotFoundError`."""
_LOGIN: Final = (
    "; log in again in a process with a user, and name its storage with token_storage=, or set the credentials of an"
    " application in the environment"
)
_REASON: Final = re.compile(r"^Message: (.+)$", re.MULTILINE)
"""The line of a report that says what happened; all of it is in the ``__cause__``."""
_LINE_BREAK: Final = re.compile(r"\s*\n\s*")


@contextmanager
def os_errors(path: str) -> Generator[None]:
    """
    Raise errors of this library as an `OSError` with the error as ``__cause__``.

    Only an error of a service that reports a missing file becomes a `FileNotFoundError`: readers such as zarr take that
    for an empty part. Wrong use is a `ValueError` already.

    Args:
        path: The path, for the message.
    """
    try:
        yield
    except GlobusSDKUsageError:
        raise
    except GlobusError as error:
        raise os_error(error, path) from error


def os_error(error: GlobusError, path: str) -> OSError:
    """Return the `OSError` for an error."""
    number = _number_of(error)
    hint = _LOGIN if isinstance(error, NoCredentials | LoginRequired | TokenValidationError) else ""
    # zarr reads an error with these words as an empty file
    text = _in_one_line(error).replace("not satisfiable", "not possible")
    return OSError(number, f"{text}{hint}", path)


def _in_one_line(error: GlobusError) -> str:
    """Return the text of an error, with the subject and the reason of a report of a collection's server."""
    text = str(error)
    if isinstance(error, GlobusAPIError):
        report = escape_control_characters(error.message)
        reason = _REASON.search(report)
        subject = report.partition("\n")[0]
        text = text.replace(report, subject if reason is None else f"{subject}: {reason[1]}", 1)
    return _LINE_BREAK.sub(" ", text)


def _number_of(error: GlobusError) -> int:
    if isinstance(error, LocalFileError) and error.errno is not None:
        return error.errno
    if isinstance(error, TransferAPIError) and (error.code or "").endswith(".NotDirectory"):
        return errno.ENOTDIR
    return next((number for kind, number in _KINDS if isinstance(error, kind)), errno.EIO)
