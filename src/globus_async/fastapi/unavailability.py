"""Responses with the status 503, and when to try again."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from fastapi import HTTPException

from ..errors import ClientClosedError, GlobusAPIError, GlobusError, TokenRefreshError, TransientStorageError
from ..session_store import SessionStoreUnavailable

__all__ = ("SESSIONS_UNAVAILABLE", "SHUTTING_DOWN", "refuse_without_store", "retry_after", "unavailable")

SESSIONS_UNAVAILABLE: Final = "The sessions of this application are temporarily unavailable"
SHUTTING_DOWN: Final = "This application is shutting down"
_DEFAULT_SECONDS: Final = 5


def retry_after(error: BaseException | None) -> str:
    """Return the value of ``Retry-After`` for an error: what the error says, or else five seconds."""
    wait = error.retry_after if isinstance(error, GlobusAPIError | TokenRefreshError | TransientStorageError) else None
    return str(_DEFAULT_SECONDS if wait is None or not math.isfinite(wait) else max(1, math.ceil(wait)))


def unavailable(error: GlobusError, detail: str) -> HTTPException:
    """Return the response to a failure that may pass; its reason concerns the operator and not the client."""
    return HTTPException(503, detail, {"Retry-After": retry_after(error), "Cache-Control": "no-store"})


@contextmanager
def refuse_without_store() -> Generator[None]:
    """
    Respond with the status 503 if the store of the sessions is unavailable, or the application is shutting down.

    The log has the reason already: it is written once for each outage.

    Raises:
        HTTPException: 503.
    """
    try:
        yield
    except SessionStoreUnavailable as error:
        failure = unavailable(error, SESSIONS_UNAVAILABLE)
    except ClientClosedError as error:
        failure = unavailable(error, SHUTTING_DOWN)
    else:
        return
    raise failure
