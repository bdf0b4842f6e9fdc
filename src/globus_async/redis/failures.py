"""Why a call of Redis has failed, in words without what a server or a client has put into its error."""

from __future__ import annotations

import os
import re
from typing import Final

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

__all__ = ("has_moved", "is_lost_connection", "is_of_another_type", "is_response", "reason_of")

_CODE: Final = re.compile(r"[A-Z]{2,20}(?= |$)")
_MAX_CAUSES: Final = 10
_REASONS: Final = {
    AuthenticationError: "it refuses the user or the password",
    NoPermissionError: "its ACL does not permit a command or a key to the user",
    OutOfMemoryError: "its memory is full",
}


def is_response(error: BaseException) -> bool:
    """Return whether an error is the response of a server that works."""
    return isinstance(error, ResponseError) and not isinstance(error, ClusterDownError)


def is_lost_connection(error: BaseException) -> bool:
    """Return whether a connection has been lost, so that another one may do."""
    return isinstance(error, RedisConnectionError) and not isinstance(error, AuthenticationError | BusyLoadingError)


def has_moved(error: BaseException) -> bool:
    """Return whether the server is a replica now: connections to its name may lead to the new master."""
    return isinstance(error, ReadOnlyError)


def is_of_another_type(error: BaseException) -> bool:
    """Return whether the value of the key is of a type that this library does not store there."""
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)


def reason_of(error: BaseException) -> str:
    """Return why a call failed: the text of the operating system, or the code of the response, not its text."""
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    cause: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if cause is None:
            break
        if isinstance(cause, ConnectionError) and cause.errno:
            return os.strerror(cause.errno)  # that of asyncio has no reason
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    code = _CODE.match(str(error)) if is_response(error) else None
    return code[0] if code is not None else type(error).__name__
