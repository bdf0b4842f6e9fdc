"""Error pages: one for every status, with words for people and a next step, and the logins that Globus requires."""

# no `from __future__ import annotations`: FastAPI reads the annotations of handlers at run time

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from globus_async import ClientClosedError, GlobusAPIError, GlobusError, GlobusSDKUsageError, LoginRequired
from globus_async.fastapi import GlobusLogin, LoginFailed, Session, error_response
from globus_async.gare import to_gare

from .pages import page

__all__ = ("Link", "add_error_pages", "problem_page", "required_login", "status_of")


class Problem(NamedTuple):
    """The words of an error page: a title, what to do next, and a detail if the error has none for people."""

    title: str
    advice: str = ""
    detail: str = ""


class Link(NamedTuple):
    """A way on: a text, and a path in browsers."""

    text: str
    path: str


PROBLEMS: Mapping[int, Problem] = {
    400: Problem("This request is not valid", "Go back, check what you entered, and try again."),
    401: Problem("Please log in", "Your session has ended. Log in to continue."),
    403: Problem("Access denied", "If you need access, ask the owner of the collection, or log in as another user."),
    404: Problem(
        "Not found",
        "The address may be mistyped, or what was here has been moved or deleted.",
        "There is no such page.",
    ),
    405: Problem("This page cannot be opened this way", "", "Please use the links and buttons of the portal."),
    409: Problem("Not possible at the moment", "Wait for other changes to end, then try again."),
    422: Problem("This address or form is not valid", "Go back, check what you entered, and try again."),
    500: Problem(
        "Something went wrong",
        "Please try again later. If it happens again, tell us when it happened and what you did.",
        "This is an error of the portal. It has been recorded.",
    ),
    502: Problem("Globus reported a failure", "This is usually over within a few minutes."),
    503: Problem("Not available at the moment", "This is usually over within a few minutes."),
    504: Problem("Globus did not respond", "It may be busy. This is usually over within a few minutes."),
}
RETRY_SECONDS = 15
"""The wait before a page is tried again, if the response does not name another."""
MAX_RETRY_SECONDS = 600
_log = logging.getLogger("portal")


def add_error_pages(app: FastAPI, login: GlobusLogin) -> None:
    """Show a page for every error of an application."""

    @app.exception_handler(GlobusError)
    async def globus(request: Request, error: GlobusError) -> Response:
        if isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError):
            raise error  # a mistake in the portal: a page for status 500, and a traceback in the log
        if request.method == "GET":
            response = await required_login(login, request, error, next_path=login.current_path(request))
            if response is not None:
                return response
        response = error_response(error)
        if response.status_code >= 500:
            _log.error("%s: %s", request.url.path, error)
        headers = {
            name: response.headers[name] for name in ("retry-after", "www-authenticate") if name in response.headers
        }
        detail = json.loads(bytes(response.body))["detail"]
        return await problem_page(login, request, response.status_code, detail, headers=headers)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:  # the redirect to the login
            return await http_exception_handler(request, error)
        general = PROBLEMS.get(error.status_code, PROBLEMS[500]).detail
        if isinstance(error, LoginFailed):
            return await problem_page(
                login,
                request,
                error.status_code,
                error.detail,
                title="The login did not succeed",
                advice="Nothing has changed. You can log in again at any time.",
                links=[Link("Log in again", login.public_path(request, "/login")), home(login, request)],
                headers=error.headers,
            )
        return await problem_page(login, request, error.status_code, general or error.detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [f"{each['loc'][-1]}: {each['msg']}" for each in error.errors()]
        return await problem_page(login, request, 422, "; ".join(fields))

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:  # Starlette logs it with its traceback
        return await problem_page(login, request, 500, PROBLEMS[500].detail)


async def problem_page(
    login: GlobusLogin,
    request: Request,
    status: int,
    detail: str,
    *,
    title: str = "",
    advice: str = "",
    links: Sequence[Link] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """
    Return an error page.

    Args:
        login: The login.
        request: The request.
        status: The status.
        detail: What went wrong.
        title: The heading. By default that of the status.
        advice: What the user can do. By default that of the status.
        links: Ways on. By default the collections, or the login.
        headers: Headers of the response; ``Retry-After`` says when the page is tried again.
    """
    session: Session | None = None
    with suppress(Exception):  # without the menu, if the store of the sessions has failed
        session = await login.optional_session(request)
    words = PROBLEMS.get(status, PROBLEMS[500])
    if links is None:
        back = Link("Back to the collections", login.public_path(request, "/collections"))
        links = [back if session else Link("Log in", login.public_path(request, "/login"))]
    may_retry = status in {502, 503, 504} and request.method == "GET"
    response = page(
        login,
        request,
        "problem.html",
        session,
        status,
        title=title or words.title,
        detail=detail,
        advice=advice or words.advice,
        links=links,
        retry_seconds=_retry_seconds(headers) if may_retry else None,
    )
    response.headers.update(headers or {})
    return response


def _retry_seconds(headers: Mapping[str, str] | None) -> int:
    asked = (headers or {}).get("retry-after", "")
    return min(max(int(asked), 1), MAX_RETRY_SECONDS) if asked.isdecimal() else RETRY_SECONDS


def home(login: GlobusLogin, request: Request) -> Link:
    """Return the way to the first page."""
    return Link("Back to the first page", login.public_path(request, "/"))


def status_of(error: GlobusError) -> int:
    """Return the status of the page for an error."""
    return error_response(error).status_code


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
