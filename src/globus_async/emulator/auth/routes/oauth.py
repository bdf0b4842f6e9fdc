"""OAuth 2.0 and OpenID Connect: tokens, introspection, revocation, ``userinfo``, discovery and the key set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from ...kit.authentication import AuthenticationFailure
from ..documents import dependent_tokens_cache_id, identity_claims, identity_set_detail, session_document
from ..errors import ApiError, OAuthError
from ..grants import IdTokenClaims, issue_tokens, requesting_client
from ..models import AccessToken, ClientApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import AuthState

__all__ = ("DISCOVERY_ROUTES", "ROUTES")


def _form(request: Request) -> dict[str, str]:
    return request.with_errors(OAuthError).form()


async def _token(state: AuthState, request: Request) -> Document | list[Document]:
    """``POST /v2/oauth2/token``."""
    document = issue_tokens(state, _form(request), request.authorization)
    if isinstance(document, dict) and isinstance(unsigned := document.get("id_token"), IdTokenClaims):
        document["id_token"] = await anyio.to_thread.run_sync(state.keys.sign, unsigned.claims)
    return document


async def _introspect(state: AuthState, request: Request) -> Document:
    """``POST /v2/oauth2/token/introspect``, for the resource server of a token and for its client."""
    state.introspections += 1
    form = _form(request)
    client = state.authority.authenticate_client(request.authorization)
    if client is None:
        raise OAuthError("invalid_client", 401, reason="introspection requires a client with a secret")
    token = state.tokens.find(form.get("token", ""))
    if token is None or not token.is_active(state.now()):
        return {"active": False}
    if client.id != token.client_id and client.resource_server != token.resource_server:
        return {"active": False}
    identity = state.directory.identities[token.identity_id]
    document: Document = {
        "active": True,
        "token_type": "Bearer",
        "scope": " ".join(token.scopes),
        "client_id": token.client_id,
        "sub": identity.id,
        "username": identity.username,
        "name": identity.name,
        "email": identity.email,
        "exp": int(token.expires_at),
        "iat": int(token.issued_at),
        "nbf": int(token.issued_at),
        "aud": list(dict.fromkeys((token.resource_server, token.client_id))),
        "iss": state.issuer,
    }
    if isinstance(token, AccessToken):
        document |= _optional_members(state, client, token, form)
    return document


def _optional_members(state: AuthState, client: ClientApp, token: AccessToken, form: Mapping[str, str]) -> Document:
    """Return the members of an introspection response that depend on the client and on ``include``."""
    members: Document = {}
    include = {part.strip() for part in form.get("include", "").split(",")}
    linked = state.directory.linked(token.identity_id)
    if client.resource_server == token.resource_server:
        members["dependent_tokens_cache_id"] = dependent_tokens_cache_id(state, token)
    for name in include & {"identity_set", "identities_set"}:
        members[name] = [each.id for each in linked]
    if "identity_set_detail" in include:
        members["identity_set_detail"] = [identity_set_detail(each) for each in linked]
    if "session_info" in include:
        members["session_info"] = session_document(token.session)
    policies = [part.strip() for part in form.get("authentication_policies", "").split(",") if part.strip()]
    if policies:
        caller = state.authority.caller(token)
        members["policy_evaluations"] = {
            each: {"evaluation": state.authority.satisfies_policy(each, caller)} for each in policies
        }
    return members


async def _validate(state: AuthState, request: Request) -> Document:
    """``POST /v2/oauth2/token/validate``: whether a token is active."""
    form = _form(request)
    requesting_client(state, form, request.authorization)
    token = state.tokens.find(form.get("token", ""))
    return {"active": token is not None and token.is_active(state.now())}


async def _revoke(state: AuthState, request: Request) -> Document:
    """
    ``POST /v2/oauth2/token/revoke``: revoke a token; an unknown one is no error (RFC 7009, section 2.2).

    Any client may revoke any token that it has: the official command line revokes tokens of its other clients with its
    native client, and sends no token if it has none.
    """
    form = _form(request)
    requesting_client(state, form, request.authorization)
    state.tokens.revoke(form.get("token", ""))
    return {"active": False}


async def _userinfo(state: AuthState, request: Request) -> Document:
    """``GET /v2/oauth2/userinfo``."""
    try:
        token = state.authority.active_token(request.authorization)
    except AuthenticationFailure:
        raise ApiError.unauthorized() from None
    if "openid" not in token.scopes:
        raise ApiError.forbidden("The token lacks the scope openid")
    return identity_claims(state, token)


async def _configuration(state: AuthState, request: Request) -> Document:  # noqa: ARG001 -- the same for all requests
    """``GET /.well-known/openid-configuration``."""
    issuer = state.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v2/oauth2/authorize",
        "token_endpoint": f"{issuer}/v2/oauth2/token",
        "revocation_endpoint": f"{issuer}/v2/oauth2/token/revoke",
        "userinfo_endpoint": f"{issuer}/v2/oauth2/userinfo",
        "jwks_uri": f"{issuer}/jwk.json",
        # as the real service lists them, although only the code flow is supported
        "response_types_supported": ["code", "token", "token id_token", "id_token"],
        "id_token_signing_alg_values_supported": ["RS512"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "claims_supported": [
            "at_hash",
            "aud",
            "email",
            "exp",
            "name",
            "nonce",
            "preferred_username",
            "iat",
            "iss",
            "sub",
        ],
        "subject_types_supported": ["public"],
    }


async def _key_set(state: AuthState, request: Request) -> Document:  # noqa: ARG001 -- the same for all requests
    """``GET /jwk.json``."""
    state.key_requests += 1
    return await anyio.to_thread.run_sync(state.keys.document)


DISCOVERY_ROUTES: RouteTable[AuthState] = (
    ("GET", "/.well-known/openid-configuration", _configuration),
    ("GET", "/jwk.json", _key_set),
)
ROUTES: RouteTable[AuthState] = (
    ("POST", "/token", _token),
    ("POST", "/token/introspect", _introspect),
    ("POST", "/token/validate", _validate),
    ("POST", "/token/revoke", _revoke),
    ("GET", "/userinfo", _userinfo),
)
