"""What OAuth and OpenID Connect have beside the token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from ..documents import dependent_tokens_cache_id, personal_claims, session_document, set_detail
from ..errors import ApiError, AuthFailure, OAuthError
from ..grants import IdTokenClaims, answer_token_request, client_of
from ..models import AccessToken, ClientApp

if TYPE_CHECKING:
    from ..call import Call
    from ..state import AuthState

__all__ = ("configuration", "introspect", "key_set", "revoke", "token", "userinfo", "validate")

_Document = dict[str, object]


async def token(state: AuthState, call: Call) -> object:
    """``POST /v2/oauth2/token``."""
    answer = answer_token_request(state, call.form(), call.authorization)
    if isinstance(answer, dict) and isinstance(claims := answer.get("id_token"), IdTokenClaims):
        answer["id_token"] = await anyio.to_thread.run_sync(state.keys.sign, claims.claims)
    return answer


def introspect(state: AuthState, call: Call) -> _Document:
    """``POST /v2/oauth2/token/introspect``: all about a token, for its resource server and for its client."""
    state.introspections += 1
    form = call.form()
    client = state.authenticate_client(call.authorization)
    if client is None:
        raise OAuthError("invalid_client", 401, why="introspection needs a client with a secret")
    found = state.tokens.find(form.get("token", ""))
    if found is None or not found.is_active(state.now()):
        return {"active": False}
    if client.id != found.client_id and client.resource_server != found.resource_server:
        return {"active": False}
    identity = state.directory.identities[found.identity_id]
    document: _Document = {
        "active": True,
        "token_type": "Bearer",
        "scope": " ".join(found.scopes),
        "client_id": found.client_id,
        "sub": identity.id,
        "username": identity.username,
        "name": identity.name,
        "email": identity.email,
        "exp": int(found.expires_at),
        "iat": int(found.issued_at),
        "nbf": int(found.issued_at),
        "aud": list(dict.fromkeys((found.resource_server, found.client_id))),
        "iss": state.issuer,
    }
    if isinstance(found, AccessToken):
        document |= _extras(state, client, found, form)
    return document


def _extras(state: AuthState, client: ClientApp, found: AccessToken, form: dict[str, str]) -> _Document:
    extras: _Document = {}
    include = {part.strip() for part in form.get("include", "").split(",")}
    linked = state.directory.linked(found.identity_id)
    if client.resource_server == found.resource_server:
        extras["dependent_tokens_cache_id"] = dependent_tokens_cache_id(state, found)
    for name in include & {"identity_set", "identities_set"}:
        extras[name] = [each.id for each in linked]
    if "identity_set_detail" in include:
        extras["identity_set_detail"] = [set_detail(each) for each in linked]
    if "session_info" in include:
        extras["session_info"] = session_document(found.session)
    policies = [part.strip() for part in form.get("authentication_policies", "").split(",") if part.strip()]
    if policies:
        caller = state.caller(found)
        extras["policy_evaluations"] = {each: {"evaluation": state.satisfies_policy(each, caller)} for each in policies}
    return extras


def validate(state: AuthState, call: Call) -> _Document:
    """``POST /v2/oauth2/token/validate``: is the token active?"""
    form = call.form()
    client_of(state, form, call.authorization)
    found = state.tokens.find(form.get("token", ""))
    return {"active": found is not None and found.is_active(state.now())}


def revoke(state: AuthState, call: Call) -> _Document:
    """
    ``POST /v2/oauth2/token/revoke``: any client may end a token that it holds; for unknown ones it is done already.

    The official command line ends with its native client what it got with others, and sends no token at all where it
    has none.
    """
    form = call.form()
    client_of(state, form, call.authorization)
    state.tokens.revoke(form.get("token", ""))
    return {"active": False}


def userinfo(state: AuthState, call: Call) -> _Document:
    """``GET /v2/oauth2/userinfo``: whose token it is."""
    try:
        found = state.active_token(call.authorization)
    except AuthFailure:
        raise ApiError.unauthorized() from None
    if "openid" not in found.scopes:
        raise ApiError.forbidden("The token lacks the scope openid")
    return personal_claims(state, found)


def configuration(state: AuthState, call: Call) -> _Document:  # noqa: ARG001
    """``GET /.well-known/openid-configuration``."""
    issuer = state.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v2/oauth2/authorize",
        "token_endpoint": f"{issuer}/v2/oauth2/token",
        "revocation_endpoint": f"{issuer}/v2/oauth2/token/revoke",
        "userinfo_endpoint": f"{issuer}/v2/oauth2/userinfo",
        "jwks_uri": f"{issuer}/jwk.json",
        # what the real service lists; as there, only the code flow is worth using
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


async def key_set(state: AuthState, call: Call) -> _Document:  # noqa: ARG001
    """``GET /jwk.json``."""
    state.key_requests += 1
    return await anyio.to_thread.run_sync(state.keys.document)
