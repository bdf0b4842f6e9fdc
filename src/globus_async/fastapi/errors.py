"""Conversion of this package's errors into responses of an application."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from fastapi import WebSocket
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketState

from ..errors import (
    ApplicationRefused,
    ClientClosedError,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    NetworkError,
    TokenRefreshError,
    TransientStorageError,
)
from ..errors.base import escape_control_characters
from ..gare import GARE, to_gare
from ..services.auth.errors import InvalidClient
from ..services.auth.flows import LoginRefused
from ..services.files.errors import BackendUnavailable, UnconfirmedNotFound
from ..session_store import SessionStoreUnavailable
from .bearer import challenge
from .openapi import document_responses
from .unavailability import SESSIONS_UNAVAILABLE, SHUTTING_DOWN, retry_after

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import HTTPConnection

__all__ = ("add_error_handlers", "error_response")

_log = logging.getLogger("globus_async")
_WEBSOCKET_CODES: Final = {500: 1011, 502: 1011, 503: 1013, 504: 1013}
_GENERAL_RESPONSES: Final[tuple[tuple[type[GlobusError], int, str], ...]] = (
    (GlobusTimeoutError, 504, "Globus did not respond in time"),
    (NetworkError, 502, "Globus cannot be reached"),
    (TokenRefreshError, 503, "Globus Auth is temporarily unavailable"),
    (ClientClosedError, 503, SHUTTING_DOWN),
    (SessionStoreUnavailable, 503, SESSIONS_UNAVAILABLE),
    (TransientStorageError, 503, "The tokens of this application are temporarily unavailable"),
    (GlobusSDKUsageError, 500, "Internal server error"),
    (GlobusError, 502, "Globus failed"),
)
"""Status and text for the errors of the first class that fits."""
_PASSED_ON_STATUSES: Final = frozenset({400, 403, 404, 409, 422})
_WRONG_REGISTRATION: Final = "The registration of this application with Globus is wrong"
_LOGIN_HEADERS: Final = {"WWW-Authenticate": challenge(error="invalid_token", description="Please sign in again")}


def add_error_handlers(app: FastAPI) -> None:
    """
    Register an exception handler that returns `error_response` for every uncaught `GlobusError`, and document it.

    A response with a status of 500 or above is logged as an error by the logger ``globus_async``, with the reason,
    which the response does not contain. A `GlobusSDKUsageError` is a mistake in the application: like any other
    exception it becomes a 500 with a traceback in the server's log. A WebSocket is closed with code 1008, 1011 or 1013.

    The OpenAPI document gets the responses with 400, 401, 403 and 503 of the routes that require a token or a session.

    Example:
        >>> add_error_handlers(app)
    """

    async def handler(connection: HTTPConnection, error: Exception) -> Any:  # for both kinds of connections
        if not isinstance(error, GlobusError) or _is_mistake(error):
            raise error
        response = error_response(error)
        if response.status_code >= 500:
            path = escape_control_characters(connection.url.path)
            _log.error("%s: %d, because of %s: %s", path, response.status_code, type(error).__name__, error)
        if not isinstance(connection, WebSocket):
            return response
        # servers refuse a message to a client that has gone
        if WebSocketState.DISCONNECTED not in {connection.application_state, connection.client_state}:
            await connection.close(_WEBSOCKET_CODES.get(response.status_code, 1008))
        return None

    app.add_exception_handler(GlobusError, handler)
    document_responses(app)


def _is_mistake(error: GlobusError) -> bool:
    """Return whether the application's code is wrong; a closed client is not: requests may arrive during shutdown."""
    return isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError)


def error_response(error: GlobusError) -> JSONResponse:
    """
    Return the HTTP response for an error.

    ====== ========================================================================================
    Status When
    ====== ========================================================================================
    400    the redirect of a login does not belong to that login
    401    the user must log in again; with ``WWW-Authenticate``
    403    Globus denied permission; if another login can help, the body is its document (GARE)
    4xx    400, 404, 409 and 422 of the service are passed on, but a 404 of a file that may exist is a 502 or 503
    500    a mistake in the application, such as an invalid argument
    502    Globus failed or cannot be reached, or this application's credentials are wrong
    503    Globus is unavailable or limits the rate, Globus Auth cannot be reached, a store of sessions or tokens is
           unavailable, or the application is shutting down; with ``Retry-After``
    504    timeout; with ``Retry-After`` if the call was certainly not executed
    ====== ========================================================================================

    From 500 on the text is general, because errors contain internal addresses; ``code`` and ``request_id`` identify the
    reason.
    """
    login = _required_login(error)
    if login is not None:
        # last, since the document may have a member of that name
        return JSONResponse({**login.to_dict(include_extra=True), "detail": _message(error)}, 403)
    match error:
        case ApplicationRefused():
            return JSONResponse({"detail": _WRONG_REGISTRATION, "code": "ApplicationRefused"}, 502)
        case LoginRequired():
            return JSONResponse(
                {"detail": "The session has ended. Please sign in again.", "code": "LoginRequired"},
                401,
                _LOGIN_HEADERS,
            )
        case TokenRefreshError(__cause__=GlobusAPIError() | TransientStorageError() | GlobusSDKUsageError() as cause):
            return error_response(cause)
        case GlobusAPIError():
            return _service_response(error)
        case LoginRefused():
            return JSONResponse({"detail": str(error), "code": type(error).__name__}, 400)
        case _:
            return _general_response(error)


def _service_response(error: GlobusAPIError) -> JSONResponse:
    body = {"detail": error.message, "code": error.code, "request_id": error.request_id}
    if isinstance(error, InvalidClient):
        return JSONResponse({**body, "detail": _WRONG_REGISTRATION}, 502)
    if error.http_status == 401:
        return JSONResponse(body, 401, _LOGIN_HEADERS)
    is_unconfirmed = isinstance(error, UnconfirmedNotFound)  # a 404 says that a file is missing, and this may exist
    if error.http_status in _PASSED_ON_STATUSES and not is_unconfirmed:
        return JSONResponse(body, error.http_status)
    if error.http_status in {429, 503} or isinstance(error, BackendUnavailable):
        headers = {"Retry-After": retry_after(error)}
        return JSONResponse({**body, "detail": "Globus is temporarily unavailable"}, 503, headers)
    return JSONResponse({**body, "detail": "Globus failed"}, 502)


def _required_login(error: BaseException | None) -> GARE | None:
    """Return the required login, from the error or from the cause of a failed token refresh."""
    while isinstance(error, TokenRefreshError):
        error = error.__cause__
    return to_gare(error) if isinstance(error, GlobusAPIError) and error.http_status in {401, 403} else None


def _message(error: BaseException | None) -> str:
    while isinstance(error, TokenRefreshError) and error.__cause__ is not None:
        error = error.__cause__
    return error.message if isinstance(error, GlobusAPIError) else str(error)


def _general_response(error: GlobusError) -> JSONResponse:
    status, text = next(row[1:] for row in _GENERAL_RESPONSES if isinstance(error, row[0]))
    more = {"maybe_executed": error.maybe_executed} if isinstance(error, NetworkError) else {}
    may_be_repeated = status == 503 or (status == 504 and not more["maybe_executed"])
    headers = {"Retry-After": retry_after(error)} if may_be_repeated else {}
    return JSONResponse({"detail": text, "code": type(error).__name__, **more}, status, headers)
