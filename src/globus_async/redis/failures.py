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

_CODE: Final = re.compile(r"(?:^|: -)([A-Z]{2,20})(?= |$)")
"""The code of a response; of a script's one, Redis 6.2 has the code in the middle."""
_CODES: Final[dict[type[Exception], str]] = {
    AuthenticationError: "WRONGPASS",
    BusyLoadingError: "LOADING",
    NoPermissionError: "NOPERM",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
}
"""The codes that redis-py has replaced by an error of its own."""
_REASONS: Final = {
    "LOADING": "it is loading its data",
    "MISCONF": "it cannot write to its disk",
    "OOM": "its memory is full",
    "READONLY": "it is a read-only replica",
    "WRONGPASS": "it refuses the user or the password",
}
_MAX_CAUSES: Final = 10


def is_response(error: BaseException) -> bool:
    """Return whether an error is the response of a server that works."""
    return isinstance(error, ResponseError) and not isinstance(error, ClusterDownError)


def is_lost_connection(error: BaseException) -> bool:
    """Return whether a connection has been lost, so that another one may do."""
    return isinstance(error, RedisConnectionError) and not isinstance(error, AuthenticationError | BusyLoadingError)


def has_moved(error: BaseException) -> bool:
    """Return whether the server is a replica now: connections to its name may lead to the new master."""
    return _code_of(error) == "READONLY"


def is_of_another_type(error: BaseException) -> bool:
    """Return whether the value of the key is of a type that this library does not store there."""
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)


def reason_of(error: BaseException, *, command: str) -> str:
    """Return why a command failed: the text of the operating system, or the meaning of the code, not the text of it."""
    cause: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if cause is None:
            break
        if isinstance(cause, ConnectionError) and cause.errno:
            return os.strerror(cause.errno)  # that of asyncio has no reason
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    code = _code_of(error)
    if code == "NOPERM":
        return f"its user may not use {command} on keys of its prefix"
    return _REASONS.get(code, code) or type(error).__name__


def _code_of(error: BaseException) -> str:
    """Return the code of a response; an empty text if there is none."""
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "")
    if code or not is_response(error):
        return code
    found = _CODE.search(str(error))
    return "" if found is None else found[1]
