"""Authentication of requests by bearer tokens (RFC 6750)."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from fastapi import HTTPException
from fastapi.openapi.models import OAuth2, OAuthFlowAuthorizationCode, OAuthFlows
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from .._http.json_reader import is_list
from ..errors import ClientClosedError, GlobusError, GlobusSDKUsageError
from ..secret import Secret
from .principal import Principal
from .unavailability import unavailable

__all__ = ("BearerToken", "challenge")

_log = logging.getLogger("globus_async")
_MAX_TOKEN_CHARACTERS: Final = 4096
_NOT_QUOTABLE: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class _Backend(Protocol):
    @property
    def client_id(self) -> str: ...
    @property
    def scopes(self) -> Mapping[str, str]: ...
    @property
    def auth_url(self) -> str: ...
    async def introspect(self, token: Secret, /) -> Principal | None: ...


def challenge(*, error: str | None = None, description: str | None = None, scopes: Iterable[str] = ()) -> str:
    """Return a ``WWW-Authenticate`` header; without an error for requests without a token (RFC 6750 3.1)."""
    fields = {"realm": "globus", "error": error, "error_description": description, "scope": " ".join(scopes)}
    return "Bearer " + ", ".join(
        f'{name}="{_NOT_QUOTABLE.sub("", value)}"'
        for name, value in fields.items()
        if value is not None and value != ""
    )


class BearerToken(SecurityBase):
    """
    A dependency that provides the `Principal` of a request, from the access token in its ``Authorization`` header.

    The response is 401 if there is no token, or it is not active or not for this application; 403 if it lacks a scope
    of the route; 400 if the header is malformed; all with ``WWW-Authenticate``. It is 503 with ``Retry-After`` if the
    token cannot be introspected in time, whatever the reason; the log has it. The handshake of a WebSocket is refused
    in the same way. Routes declare their scopes with ``Security``.

    Example:
        >>> @app.get("/me")
        ... async def me(user: Annotated[Principal, Security(globus.principal, scopes=[API_SCOPE])]) -> str:
        ...     return user.username
    """

    scheme_name = "Globus"

    def __init__(self, backend: _Backend) -> None:
        self._backend = backend
        self.model: SecurityModel = OAuth2(
            flows=OAuthFlows(
                authorizationCode=OAuthFlowAuthorizationCode(
                    authorizationUrl=f"{backend.auth_url}v2/oauth2/authorize",
                    tokenUrl=f"{backend.auth_url}v2/oauth2/token",
                    scopes=dict(backend.scopes),
                )
            ),
            description="An access token of Globus Auth, issued for this application.",
        )

    def __repr__(self) -> str:
        return f"<BearerToken of {self._backend!r}>"

    async def __call__(self, connection: HTTPConnection, required: SecurityScopes) -> Principal:
        """Return the principal of a request, or of the handshake of a WebSocket."""
        if not required.scopes and not self._backend.scopes:
            raise GlobusSDKUsageError(
                "declare the scopes that tokens must have: GlobusBackend(scopes=...), or Security(..., scopes=[...])"
            )
        token = _token_of(connection.headers.getlist("authorization"))
        try:
            principal = await self._backend.introspect(token)
        except GlobusError as error:
            if isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError):
                raise
            raise _unavailable(error) from None
        if principal is None:
            raise _invalid("The access token is expired, revoked or malformed")
        if not self._is_for_this_application(principal, required.scopes):
            _log.warning(
                "a token of client %r is for another service: audience %r, scopes %s; required: audience %r, one of %s",
                principal.client_id,
                principal.document.get("aud"),
                sorted(principal.scopes),
                self._backend.client_id,
                sorted({*self._backend.scopes, *required.scopes}),
            )
            raise _invalid("The access token is for another service")
        missing = [scope for scope in required.scopes if scope not in principal.scopes]
        if missing:
            raise HTTPException(
                403,
                f"The access token lacks the scope {' '.join(missing)}",
                {
                    "WWW-Authenticate": challenge(
                        error="insufficient_scope",
                        description="The access token lacks a scope",
                        scopes=required.scopes,
                    )
                },
            )
        return principal

    def _is_for_this_application(self, principal: Principal, required: Iterable[str]) -> bool:
        audience: object = principal.document.get("aud")
        audiences = audience if is_list(audience) else [audience]
        # tokens that were issued *to* this application have it in their audience as well, so require one of its scopes
        own = {*self._backend.scopes, *required}
        return self._backend.client_id in audiences and not own.isdisjoint(principal.scopes)


def _token_of(headers: list[str]) -> Secret:
    """Return the token of the ``Authorization`` header, after checking its form."""
    if len(headers) > 1:
        raise _refused(400, "invalid_request", "The request has more than one Authorization header")
    scheme, _, text = (headers[0] if headers else "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": challenge()})
    candidate = Secret(text.strip())
    del text, headers
    if len(candidate.reveal()) > _MAX_TOKEN_CHARACTERS:
        raise _invalid("The access token is expired, revoked or malformed")
    try:
        return Secret.token("the access token", candidate)
    except GlobusSDKUsageError:
        raise _invalid("The access token is expired, revoked or malformed") from None


def _unavailable(error: GlobusError) -> HTTPException:
    """Return the response to a failed introspection; its reason concerns the operator and not the client."""
    _log.error("an access token could not be introspected: %s: %s", type(error).__name__, error)
    return unavailable(error, "Authentication is temporarily unavailable")


def _invalid(description: str) -> HTTPException:
    return _refused(401, "invalid_token", description)


def _refused(status: int, error: str, description: str) -> HTTPException:
    return HTTPException(status, description, {"WWW-Authenticate": challenge(error=error, description=description)})
