"""The paths of Globus Auth, and how their answers are put on the wire."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ...secret import Secret
from .call import Call, Page, SeeOther
from .errors import ApiError, OAuthError
from .routes import clients, identities, oauth, policies, projects, scopes, web
from .state import AuthState

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ("routes",)

_logger = logging.getLogger(__name__)
_COOKIE: Final = "emulated_globus_session"
_LARGEST_BODY: Final = 1 << 20
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
_NOT_ALLOWED: Final = ApiError(405, "METHOD_NOT_ALLOWED", "Method Not Allowed", "The resource has no such method")

_Operation = Callable[[AuthState, Call], object]

_OPERATIONS: Final[tuple[tuple[str, str, _Operation], ...]] = (
    ("GET", "/.well-known/openid-configuration", oauth.configuration),
    ("GET", "/jwk.json", oauth.key_set),
    ("POST", "/v2/oauth2/token", oauth.token),
    ("POST", "/v2/oauth2/token/introspect", oauth.introspect),
    ("POST", "/v2/oauth2/token/validate", oauth.validate),
    ("POST", "/v2/oauth2/token/revoke", oauth.revoke),
    ("GET", "/v2/oauth2/userinfo", oauth.userinfo),
    ("GET", "/v2/oauth2/authorize", web.authorize),
    ("POST", "/v2/web/consent", web.decide),
    ("GET", "/v2/web/auth-code", web.code),
    ("GET", "/v2/web/logout", web.logout),
    ("GET", "/v2/api/identities", identities.get_identities),
    ("GET", "/v2/api/identities/{identity_id}", identities.get_identity),
    ("GET", "/v2/api/identities/{identity_id}/consents", identities.get_consents),
    ("GET", "/v2/api/identity_providers", identities.get_identity_providers),
    ("GET", "/v2/api/projects", projects.get_projects),
    ("POST", "/v2/api/projects", projects.create_project),
    ("GET", "/v2/api/projects/{project_id}", projects.get_project),
    ("PUT", "/v2/api/projects/{project_id}", projects.update_project),
    ("DELETE", "/v2/api/projects/{project_id}", projects.delete_project),
    ("GET", "/v2/api/policies", policies.get_policies),
    ("POST", "/v2/api/policies", policies.create_policy),
    ("GET", "/v2/api/policies/{policy_id}", policies.get_policy),
    ("PUT", "/v2/api/policies/{policy_id}", policies.update_policy),
    ("DELETE", "/v2/api/policies/{policy_id}", policies.delete_policy),
    ("GET", "/v2/api/clients", clients.get_clients),
    ("POST", "/v2/api/clients", clients.create_client),
    ("GET", "/v2/api/clients/{client_id}", clients.get_client),
    ("PUT", "/v2/api/clients/{client_id}", clients.update_client),
    ("DELETE", "/v2/api/clients/{client_id}", clients.delete_client),
    ("GET", "/v2/api/clients/{client_id}/credentials", clients.get_credentials),
    ("POST", "/v2/api/clients/{client_id}/credentials", clients.create_credential),
    ("DELETE", "/v2/api/clients/{client_id}/credentials/{credential_id}", clients.delete_credential),
    ("POST", "/v2/api/clients/{client_id}/scopes", scopes.create_scope),
    ("GET", "/v2/api/scopes", scopes.get_scopes),
    ("GET", "/v2/api/scopes/{scope_id}", scopes.get_scope),
    ("PUT", "/v2/api/scopes/{scope_id}", scopes.update_scope),
    ("DELETE", "/v2/api/scopes/{scope_id}", scopes.delete_scope),
)


def routes(state: AuthState) -> list[BaseRoute]:
    """Return the routes of one emulated Globus Auth."""
    paths: dict[str, dict[str, _Operation]] = {}
    for method, path, operation in _OPERATIONS:
        paths.setdefault(path, {})[method] = operation
    return [Route(path, _endpoint(state, operations), methods=_METHODS) for path, operations in paths.items()]


def _endpoint(state: AuthState, operations: Mapping[str, _Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        call = await _read(request)
        if call is None:
            return Response("The request is too large", 413)
        operation = operations.get("GET" if request.method == "HEAD" else request.method)
        try:
            if operation is None:
                return _refused(request, _NOT_ALLOWED, {"Allow": ", ".join(operations)})
            answer = operation(state, call)
            return _response(await answer if inspect.isawaitable(answer) else answer)
        except OAuthError as error:
            asks = {"WWW-Authenticate": 'Basic realm="Globus Auth"'} if error.error == "invalid_client" else {}
            return _refused(request, error, asks)
        except ApiError as error:
            asks = {"WWW-Authenticate": 'Bearer realm="Globus Auth"'} if error.status == 401 else {}
            return _refused(request, error, asks)

    return endpoint


def _refused(request: Request, error: OAuthError | ApiError, headers: Mapping[str, str]) -> Response:
    _logger.debug("%s %s refused with %d: %s", request.method, request.url.path, error.status, error)
    return JSONResponse(error.document(), error.status, {**_NOT_STORED, **headers})


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
            policy = (
                f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{answer.nonce}'; base-uri 'none'"
            )
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
