"""The token endpoint: one function per grant type, and the token documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..kit.authentication import Session
from ..kit.ids import new_id
from ..kit.secret import Secret
from .documents import identity_claims
from .errors import ApiError, OAuthError
from .models import DEPENDENT_GRANT, AuthorizationCode, ClientApp
from .signing_keys import access_token_hash

if TYPE_CHECKING:
    from ..kit.service import Document
    from .state import AuthState
    from .tokens import Issued

__all__ = ("IdTokenClaims", "issue_tokens", "requesting_client")

_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_ID_TOKEN_LIFETIME: Final = 172_800

_Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """The claims of an id_token that is still to be signed, in a worker thread."""

    claims: Mapping[str, object]


def requesting_client(state: AuthState, form: _Form, authorization: str | None) -> ClientApp:
    """
    Return the client that sent a request: an authenticated one, or a public one named by ``client_id``.

    Raises:
        OAuthError: 401 ``invalid_client``.
    """
    if authorization:
        client = state.authority.authenticate_client(authorization)
        if client is None or form.get("client_id", client.id) != client.id:
            raise OAuthError("invalid_client", 401, reason="unknown client or wrong secret")
        return client
    client = state.registry.clients.get(form.get("client_id", ""))
    if client is None or not client.is_public:
        raise OAuthError("invalid_client", 401, reason="no credentials, and not a public client")
    return client


def issue_tokens(state: AuthState, form: _Form, authorization: str | None) -> Document | list[Document]:
    """
    Return the document of ``POST /v2/oauth2/token``; its ``id_token`` is an `IdTokenClaims`.

    Raises:
        OAuthError: The request or the grant is invalid.
        ApiError: As an `OAuthError`, where the real service responds in this format.
    """
    grant_type = form.get("grant_type", "")
    grant = _GRANTS.get(grant_type)
    state.token_requests[grant_type if grant else "unknown"] += 1
    client = requesting_client(state, form, authorization)
    if grant is None:
        raise OAuthError(
            "unsupported_grant_type", reason="unknown grant type", description="There is no such grant type"
        )
    if grant_type not in client.grant_types:
        if grant_type == DEPENDENT_GRANT:
            raise ApiError(400, "UNAUTHORIZED_CLIENT", "Unauthorized client", "The client is not a resource server")
        raise OAuthError("unauthorized_client", reason=f"the client's type does not allow {grant_type}")
    return grant(state, client, form)


def _authorization_code(state: AuthState, client: ClientApp, form: _Form) -> Document:
    code = state.tokens.codes.get(Secret(_required(form, "code")))
    if code is None or code.client_id != client.id:
        raise OAuthError("invalid_grant", 401, reason="unknown code")
    if code.used:
        # either use may be that of a thief, so no token stays valid (RFC 6749, section 4.1.2)
        state.tokens.revoke_grant(code.grant)
        raise OAuthError("invalid_grant", 401, reason="the code was already used")
    code.used = True
    if state.now() >= code.expires_at:
        raise OAuthError("invalid_grant", 401, reason="the code has expired")
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", 401, reason="the redirect_uri differs from the authorization request's")
    _check_verifier(code, form.get("code_verifier"))
    issued = state.tokens.issue(
        identity_id=code.identity_id,
        client=client,
        consents=code.consents,
        session=code.session,
        offline=code.offline,
        grant=code.grant,
    )
    extra: Document = {} if code.state is None else {"state": code.state}
    return _token_document(state, issued, nonce=code.nonce, extra=extra)


def _check_verifier(code: AuthorizationCode, verifier: str | None) -> None:
    """
    Check the PKCE verifier; one without a challenge means a downgrade attack (RFC 9700, section 2.1.1).

    Raises:
        OAuthError: 401 ``invalid_grant``.
    """
    if code.challenge is None and verifier is None:
        return
    if code.challenge is None or verifier is None or _VERIFIER.fullmatch(verifier) is None:
        raise OAuthError("invalid_grant", 401, reason="code_verifier or code_challenge is missing or malformed")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(digest, code.challenge):
        raise OAuthError("invalid_grant", 401, reason="wrong code_verifier")


def _refresh_token(state: AuthState, client: ClientApp, form: _Form) -> Document:
    scope = form.get("scope")
    issued = state.tokens.use_refresh_token(_required(form, "refresh_token"), client, scope.split() if scope else None)
    return _token_document(state, [issued])


def _client_credentials(state: AuthState, client: ClientApp, form: _Form) -> Document:
    requested = state.registry.requested(form.get("scope", ""))
    if not requested:
        raise OAuthError("invalid_scope", reason="no scope", description="No scope was requested")
    offline = form.get("access_type") == "offline"
    issued = state.tokens.issue(
        identity_id=client.id,
        client=client,
        consents=state.consents.approve(client.id, client, requested, offline=offline, auto=True),
        session=Session(new_id()),
        offline=offline,
    )
    return _token_document(state, issued)


def _dependent_tokens(state: AuthState, client: ClientApp, form: _Form) -> list[Document]:
    token = state.tokens.access.get(Secret(_required(form, "token")))
    if token is None or not token.is_active(state.now()) or token.resource_server != client.resource_server:
        raise OAuthError("invalid_grant", reason="no active token for this resource server")
    scope = form.get("scope")
    requested = state.registry.requested(scope) if scope else None
    approved, unapproved = state.consents.dependent(token.consents, requested)
    if unapproved or (requested is not None and not approved):
        raise ApiError(
            403,
            "DEPENDENT_CONSENT_REQUIRED",
            "Dependent consent required",
            "The user has not consented to all scopes that the resource server needs",
            unapproved_scopes=unapproved,
        )
    issued = state.tokens.issue(
        identity_id=token.identity_id,
        client=client,
        consents=approved,
        session=token.session,
        offline=form.get("access_type") == "offline",
        expires_at=token.expires_at,
    )
    return [_token_members(each) for each in issued]


_GRANTS: Final[Mapping[str, Callable[[AuthState, ClientApp, _Form], Document | list[Document]]]] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
    DEPENDENT_GRANT: _dependent_tokens,
}


def _required(form: _Form, name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", reason=f"no {name}", description=f"Missing parameter: {name}")
    return value


def _token_document(
    state: AuthState, issued: Sequence[Issued], *, nonce: str | None = None, extra: Document | None = None
) -> Document:
    """Return one document with all tokens: the one with ``openid`` first, the others in ``other_tokens``."""
    first, *others = sorted(issued, key=lambda each: "openid" not in each.access.scopes)
    document = {**_token_members(first), **(extra or {})}
    if "openid" in first.access.scopes:
        document["id_token"] = _id_token(state, first, nonce)
    document["other_tokens"] = [{**_token_members(each), **(extra or {})} for each in others]
    return document


def _token_members(issued: Issued) -> Document:
    access, refresh = issued
    document: Document = {
        "access_token": access.secret.reveal(),
        "scope": " ".join(access.scopes),
        "expires_in": int(access.expires_at - access.issued_at),
        "token_type": "Bearer",
        "resource_server": access.resource_server,
    }
    if refresh is not None:
        document["refresh_token"] = refresh.secret.reveal()
    return document


def _id_token(state: AuthState, issued: Issued, nonce: str | None) -> IdTokenClaims:
    access = issued.access
    now = int(state.id_token_clock.wall())
    claims: Document = {
        **identity_claims(state, access),
        "iss": state.issuer,
        "aud": access.client_id,
        "iat": now,
        "exp": now + _ID_TOKEN_LIFETIME,
        "at_hash": access_token_hash(access.secret.reveal()),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return IdTokenClaims(claims)
