"""Error pages: one for every status, with words for people, and the logins that Globus requires."""

# no `from __future__ import annotations`: FastAPI reads the annotations of handlers at run time

import json
import logging
from collections.abc import Mapping
from contextlib import suppress

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from globus_async import ClientClosedError, GlobusAPIError, GlobusError, GlobusSDKUsageError, LoginRequired
from globus_async.fastapi import GlobusLogin, LoginFailed, Session, SessionStoreUnavailable, error_response
from globus_async.gare import to_gare

from .pages import page

__all__ = ("add_error_pages", "required_login")

TITLES = {
    400: "This request is not valid",
    401: "Please log in",
    403: "Access denied",
    404: "Not found",
    405: "This page cannot be opened this way",
    409: "Not possible at the moment",
    422: "This address or form is not valid",
    503: "Not available at the moment",
    504: "Globus did not respond",
}
DETAILS = {
    404: "There is no such page.",
    405: "Please use the links and buttons of the portal.",
    500: "This is an error of the portal. It has been recorded.",
}
_log = logging.getLogger("portal")


def add_error_pages(app: FastAPI, login: GlobusLogin) -> None:
    """Show a page for every error of an application."""

    async def problem(
        request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, *, menu: bool = True
    ) -> Response:
        session: Session | None = None
        with suppress(Exception):  # a page without a menu, if the store of the sessions fails
            session = await login.optional_session(request) if menu else None
        title = TITLES.get(status, "Something went wrong")
        response = page(login, request, "problem.html", session, status, title=title, detail=detail)
        response.headers.update(headers or {})
        return response

    @app.exception_handler(GlobusError)
    async def globus(request: Request, error: GlobusError) -> Response:
        if isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError):
            raise error  # a mistake in the portal: a page for status 500, and a traceback in the log
        has_store = not isinstance(error, SessionStoreUnavailable)
        if request.method == "GET" and has_store:
            response = await required_login(login, request, error, next_path=login.current_path(request))
            if response is not None:
                return response
        told = error_response(error)
        if told.status_code >= 500:
            _log.error("%s: %s", request.url.path, error)
        headers = {name: told.headers[name] for name in ("retry-after", "www-authenticate") if name in told.headers}
        return await problem(request, told.status_code, json.loads(bytes(told.body))["detail"], headers, menu=has_store)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:  # the redirect to the login
            return await http_exception_handler(request, error)
        is_own = isinstance(error, LoginFailed) or error.status_code not in DETAILS
        detail = error.detail if is_own else DETAILS[error.status_code]
        return await problem(request, error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [f"{each['loc'][-1]}: {each['msg']}" for each in error.errors()]
        return await problem(request, 422, "; ".join(fields))

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:  # Starlette logs it with its traceback
        return await problem(request, 500, DETAILS[500])


async def required_login(
    login: GlobusLogin, request: Request, error: GlobusError, *, next_path: str
) -> Response | None:
    """Start the login that Globus requires, with a consent or as a certain user; ``None`` if no login helps."""
    if isinstance(error, LoginRequired):
        return await login.begin(request, next_path=next_path)
    gare = to_gare(error) if isinstance(error, GlobusAPIError) else None
    if gare is not None and await login.optional_session(request) is not None:
        with suppress(GlobusSDKUsageError):  # a collection's server may require something that is not a scope
            return await login.begin(request, next_path=next_path, parameters=gare.authorization_parameters)
    return None
