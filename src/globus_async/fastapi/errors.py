"""Conversion of this package's errors into responses of an application."""

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

_PASSED_ON_STATUSES: Final = frozenset({400, 403, 404, 409, 422})
_LOGIN_HEADERS: Final = {"WWW-Authenticate": challenge(error="invalid_token", description="Please sign in again")}


def add_error_handlers(app: FastAPI) -> None:
    """
    Register an exception handler that returns `error_response` for every uncaught `GlobusError`.

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
    Return the HTTP response for an error.

    ====== ========================================================================================
    Status When
    ====== ========================================================================================
    400    the redirect of a login does not belong to that login
    401    the user must log in again; with ``WWW-Authenticate``
    403    Globus denied permission; if another login can help, the body is its document (GARE)
    422    an argument from the request is invalid
    4xx    400, 404, 409 and 422 of the service are passed on
    502    Globus failed or cannot be reached, or this application's credentials are wrong
    503    Globus is unavailable or limits the rate; with its ``Retry-After``, if any
    504    timeout
    ====== ========================================================================================
    """
    login = _required_login(error)
    if login is not None:
        # last, since the document may have a member of that name
        return JSONResponse({**login.to_dict(include_extra=True), "detail": _message(error)}, 403)
    match error:
        case LoginRequired() if not isinstance(error.__cause__, InvalidClient):  # of which a login is no remedy
            return JSONResponse(
                {"detail": "The session has ended. Please sign in again.", "code": "LoginRequired"},
                401,
                _LOGIN_HEADERS,
            )
        case TokenRefreshError(__cause__=GlobusError() as cause):
            return error_response(cause)
        case GlobusAPIError():
            return _service_response(error)
        case LoginRefused():
            return _detail_response(error, 400)
        case NetworkError():
            status = 504 if isinstance(error, GlobusTimeoutError) else 502
            return _detail_response(error, status, maybe_executed=error.maybe_executed)
        case WrongEventLoopError() | ClientClosedError() | TokenRefreshError():
            return _detail_response(error, 503)
        case _:
            return _detail_response(error, 422 if isinstance(error, GlobusSDKUsageError) else 502)


def _service_response(error: GlobusAPIError) -> JSONResponse:
    body = {"detail": error.message, "code": error.code, "request_id": error.request_id}
    if isinstance(error, InvalidClient):
        return JSONResponse({**body, "detail": "The registration of this application with Globus is wrong"}, 502)
    if error.http_status == 401:
        return JSONResponse(body, 401, _LOGIN_HEADERS)
    if error.http_status in _PASSED_ON_STATUSES:
        return JSONResponse(body, error.http_status)
    if error.http_status in {429, 503}:
        wait = error.retry_after
        headers = {} if wait is None or not math.isfinite(wait) else {"Retry-After": str(math.ceil(wait))}
        return JSONResponse(body, 503, headers)
    return JSONResponse(body, 502)


def _required_login(error: BaseException | None) -> GARE | None:
    """Return the required login, from the error or from the cause of a failed token refresh."""
    while isinstance(error, TokenRefreshError):
        error = error.__cause__
    return to_gare(error) if isinstance(error, GlobusAPIError) and error.http_status in {401, 403} else None


def _message(error: BaseException | None) -> str:
    while isinstance(error, TokenRefreshError) and error.__cause__ is not None:
        error = error.__cause__
    return error.message if isinstance(error, GlobusAPIError) else str(error)


def _detail_response(error: GlobusError, status: int, **more: Any) -> JSONResponse:
    return JSONResponse({"detail": str(error), "code": type(error).__name__, **more}, status)
