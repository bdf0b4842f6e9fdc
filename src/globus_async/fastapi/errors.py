"""Errors of this library as answers of an application."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from fastapi.responses import JSONResponse

from ..errors import (
    ClientClosedError,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    NetworkError,
    TokenRefreshError,
    WrongEventLoopError,
)
from ..gare import GARE, to_gare
from ..services.auth.errors import InvalidClient
from ..services.auth.flows import LoginRefused
from .bearer import challenge

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

__all__ = ("add_error_handlers", "error_response")

_PASSED_ON: Final = frozenset({400, 403, 404, 409, 422})
_LOG_IN: Final = {"WWW-Authenticate": challenge(error="invalid_token", description="Log in again")}


def add_error_handlers(app: FastAPI) -> None:
    """
    Let every `GlobusError` that a route does not catch become the answer that `error_response` makes of it.

    Example:
        >>> add_error_handlers(app)
    """

    async def handler(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 -- Starlette's signature
        if not isinstance(error, GlobusError):
            raise error
        return error_response(error)

    app.add_exception_handler(GlobusError, handler)


def error_response(error: GlobusError) -> JSONResponse:
    """
    Return the answer that an error means.

    ====== ========================================================================================
    Status When
    ====== ========================================================================================
    400    what came back from a login does not belong to it
    401    the user must log in again; with ``WWW-Authenticate``
    403    Globus refuses; where it says what login would help, the body is that document (GARE)
    422    an argument that came from the request is malformed
    4xx    the service's own 400, 404, 409 and 422 are passed on
    502    Globus, or the way to it, is broken, or this application's credentials are
    503    Globus asks to come back later; with ``Retry-After`` if it says when
    504    no answer in time
    ====== ========================================================================================
    """
    login = _wanted_login(error)
    if login is not None:
        # a member of the document may have any name, but the text for people is ours
        return JSONResponse({**login.to_dict(), "detail": _told(error)}, 403)
    match error:
        case LoginRequired() if not isinstance(error.__cause__, InvalidClient):  # else no login of the user's helps
            return JSONResponse({"detail": "The login is over; log in again", "code": "LoginRequired"}, 401, _LOG_IN)
        case TokenRefreshError(__cause__=GlobusError() as cause):
            return error_response(cause)
        case GlobusAPIError():
            return _of_service(error)
        case LoginRefused():
            return _plain(error, 400)
        case NetworkError():
            status = 504 if isinstance(error, GlobusTimeoutError) else 502
            return _plain(error, status, maybe_executed=error.maybe_executed)
        case WrongEventLoopError() | ClientClosedError() | TokenRefreshError():
            return _plain(error, 503)
        case _:
            return _plain(error, 422 if isinstance(error, GlobusSDKUsageError) else 502)


def _of_service(error: GlobusAPIError) -> JSONResponse:
    body = {"detail": error.message, "code": error.code, "request_id": error.request_id}
    if isinstance(error, InvalidClient):
        return JSONResponse({**body, "detail": "This application is not registered as it should be"}, 502)
    if error.http_status == 401:
        return JSONResponse(body, 401, _LOG_IN)
    if error.http_status in _PASSED_ON:
        return JSONResponse(body, error.http_status)
    if error.http_status in {429, 503}:
        wait = error.retry_after
        headers = {} if wait is None or not math.isfinite(wait) else {"Retry-After": str(math.ceil(wait))}
        return JSONResponse(body, 503, headers)
    return JSONResponse(body, 502)


def _wanted_login(error: BaseException | None) -> GARE | None:
    """Find out which login would help, from the error or from what made a renewal fail."""
    while isinstance(error, TokenRefreshError):
        error = error.__cause__
    return to_gare(error) if isinstance(error, GlobusAPIError) and error.http_status in {401, 403} else None


def _told(error: BaseException | None) -> str:
    while isinstance(error, TokenRefreshError) and error.__cause__ is not None:
        error = error.__cause__
    return error.message if isinstance(error, GlobusAPIError) else str(error)


def _plain(error: GlobusError, status: int, **more: Any) -> JSONResponse:
    return JSONResponse({"detail": str(error), "code": type(error).__name__, **more}, status)
