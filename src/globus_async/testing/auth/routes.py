"""The paths of Globus Auth, and how their answers are put on the wire."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ..._secret import Secret
from . import _oauth
from ._call import Call, Page, SeeOther
from ._failures import ApiError, OAuthError
from .state import AuthState

__all__ = ("routes",)

_logger = logging.getLogger(__name__)
_COOKIE: Final = "emulated_globus_session"
_LARGEST_BODY: Final = 1 << 20
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Operation = Callable[[AuthState, Call], object]

_OPERATIONS: Final[tuple[tuple[str, str, Operation], ...]] = (
    ("GET", "/.well-known/openid-configuration", _oauth.configuration),
    ("GET", "/jwk.json", _oauth.key_set),
    ("POST", "/v2/oauth2/token", _oauth.token),
    ("POST", "/v2/oauth2/token/introspect", _oauth.introspect),
    ("POST", "/v2/oauth2/token/validate", _oauth.validate),
    ("POST", "/v2/oauth2/token/revoke", _oauth.revoke),
    ("GET", "/v2/oauth2/userinfo", _oauth.userinfo),
)


def routes(state: AuthState) -> list[BaseRoute]:
    """Return the routes of one emulated Globus Auth."""
    return [Route(path, _endpoint(state, operation), methods=[method]) for method, path, operation in _OPERATIONS]


def _endpoint(state: AuthState, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        call = await _read(request)
        if call is None:
            return Response("The request is too large", 413)
        try:
            return _response(operation(state, call))
        except OAuthError as error:
            _logger.debug("%s %s refused: %s, %s", request.method, request.url.path, error.error, error)
            challenge = {"WWW-Authenticate": 'Basic realm="Globus Auth"'} if error.error == "invalid_client" else {}
            return JSONResponse(error.document(), error.status, {**_NOT_STORED, **challenge})
        except ApiError as error:
            _logger.debug("%s %s refused: %s, %s", request.method, request.url.path, error.code, error)
            challenge = {"WWW-Authenticate": 'Bearer realm="Globus Auth"'} if error.status == 401 else {}
            return JSONResponse(error.document(), error.status, {**_NOT_STORED, **challenge})

    return endpoint


async def _read(request: Request) -> Call | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    cookie = request.cookies.get(_COOKIE)
    return Call(
        f"{request.url.scheme}://{request.url.netloc}",
        request.path_params,
        request.query_params.multi_items(),
        request.headers.get("authorization"),
        bytes(body),
        Secret(cookie) if cookie else None,
    )


def _response(answer: object) -> Response:
    match answer:
        case Page():
            policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{answer.nonce}'; base-uri 'none'"
            headers = {
                "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
            return _with_cookie(HTMLResponse(answer.html, answer.status, {**_NOT_STORED, **headers}), answer.browser)
        case SeeOther():
            return _with_cookie(RedirectResponse(answer.url, 302, _NOT_STORED), answer.browser)
        case _:
            return JSONResponse(answer, headers=_NOT_STORED)


def _with_cookie(response: Response, browser: Secret | None) -> Response:
    if browser is not None:
        response.set_cookie(_COOKIE, browser.reveal(), path="/v2", httponly=True, samesite="lax")
    return response
