"""The token endpoint: one function per grant, and the tokens as documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ...secret import Secret
from .documents import personal_claims
from .errors import ApiError, OAuthError
from .models import DEPENDENT_GRANT, AuthorizationCode, ClientApp, Consent, Session
from .signing_keys import access_token_hash

if TYPE_CHECKING:
    from .scope_strings import RequestedScope
    from .state import AuthState
    from .tokens import Issued

__all__ = ("IdTokenClaims", "answer_token_request", "client_of")

_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_ID_TOKEN_LIFETIME: Final = 172_800

_Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """An id_token that has still to be signed, which takes a worker thread."""

    claims: Mapping[str, object]


_Document = dict[str, object]


def client_of(state: AuthState, form: _Form, authorization: str | None) -> ClientApp:
    """
    Return the client that makes the request: one that proves it, or a public one that says who it is.

    Raises:
        OAuthError: 401 ``invalid_client``.
    """
    if authorization:
        client = state.authenticate_client(authorization)
        if client is None or form.get("client_id", client.id) != client.id:
            raise OAuthError("invalid_client", 401, why="unknown client or wrong secret")
        return client
    client = state.registry.clients.get(form.get("client_id", ""))
    if client is None or not client.is_public:
        raise OAuthError("invalid_client", 401, why="no credentials, and no public client")
    return client


def answer_token_request(state: AuthState, form: _Form, authorization: str | None) -> _Document | list[_Document]:
    """
    Answer ``POST /v2/oauth2/token``; an ``id_token`` is not signed yet.

    Raises:
        OAuthError: In the form of RFC 6749.
        ApiError: Where the real service uses its other form.
    """
    grant_type = form.get("grant_type", "")
    grant = _GRANTS.get(grant_type)
    state.token_requests[grant_type if grant else "unknown"] += 1
    client = client_of(state, form, authorization)
    if grant is None:
        raise OAuthError("unsupported_grant_type", why="no such grant", description="There is no such grant type")
    if grant_type not in client.grant_types:
        if grant_type == DEPENDENT_GRANT:
            raise ApiError(400, "UNAUTHORIZED_CLIENT", "Unauthorized client", "The client is no resource server")
        raise OAuthError("unauthorized_client", why=f"the client's type does not allow {grant_type}")
    return grant(state, client, form)


def _exchange(state: AuthState, client: ClientApp, form: _Form) -> _Document:
    code = state.tokens.codes.get(Secret(_required(form, "code")))
    if code is None or code.client_id != client.id:
        raise OAuthError("invalid_grant", 401, why="unknown code")
    if code.used:
        # a stolen code was used once already: nothing that came of it can be trusted (RFC 6749 4.1.2)
        state.tokens.revoke_grant(code.grant)
        raise OAuthError("invalid_grant", 401, why="the code was used before")
    code.used = True
    if state.now() >= code.expires_at:
        raise OAuthError("invalid_grant", 401, why="the code is too old")
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", 401, why="another redirect_uri than at the login")
    _check_verifier(code, form.get("code_verifier"))
    issued = state.tokens.issue(
        identity_id=code.identity_id,
        client=client,
        consents=code.consents,
        session=code.session,
        offline=code.offline,
        grant=code.grant,
    )
    given: _Document = {} if code.state is None else {"state": code.state}
    return _token_document(state, issued, nonce=code.nonce, given=given)


def _check_verifier(code: AuthorizationCode, verifier: str | None) -> None:
    """Compare PKCE's verifier; one without a challenge is a downgrade (RFC 9700 2.1.1)."""
    if code.challenge is None and verifier is None:
        return
    if code.challenge is None or verifier is None or _VERIFIER.fullmatch(verifier) is None:
        raise OAuthError("invalid_grant", 401, why="code_verifier and code_challenge do not belong together")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(digest, code.challenge):
        raise OAuthError("invalid_grant", 401, why="wrong code_verifier")


def _refresh(state: AuthState, client: ClientApp, form: _Form) -> _Document:
    scope = form.get("scope")
    issued = state.tokens.renew(_required(form, "refresh_token"), client, scope.split() if scope else None)
    return _token_document(state, [issued])


def _client_credentials(state: AuthState, client: ClientApp, form: _Form) -> _Document:
    requested = state.registry.requested(form.get("scope", ""))
    if not requested:
        raise OAuthError("invalid_scope", why="no scope", description="No scope was asked for")
    offline = form.get("access_type") == "offline"
    issued = state.tokens.issue(
        identity_id=client.id,
        client=client,
        consents=state.consents.approve(client.id, client, requested, offline=offline, auto=True),
        session=Session(str(uuid4())),
        offline=offline,
    )
    return _token_document(state, issued)


def _dependent(state: AuthState, client: ClientApp, form: _Form) -> list[_Document]:
    token = state.tokens.access.get(Secret(_required(form, "token")))
    if token is None or not token.is_active(state.now()) or token.resource_server != client.resource_server:
        raise OAuthError("invalid_grant", why="no active token for this resource server")
    scope = form.get("scope")
    wanted = state.registry.requested(scope) if scope else None
    allowed, unapproved = _allowed_below(state, token.consents, wanted)
    if unapproved or (wanted is not None and not allowed):
        raise ApiError(
            403,
            "DEPENDENT_CONSENT_REQUIRED",
            "Dependent consent required",
            "The user has not consented to what the resource server needs",
            unapproved_scopes=unapproved,
        )
    issued = state.tokens.issue(
        identity_id=token.identity_id,
        client=client,
        consents=allowed,
        session=token.session,
        offline=form.get("access_type") == "offline",
        expires_at=token.expires_at,
    )
    return [_member(each) for each in issued]


def _allowed_below(
    state: AuthState, consents: Sequence[Consent], wanted: list[RequestedScope] | None
) -> tuple[list[Consent], list[str]]:
    """Return what may be used below the consents, and the paths of what is wanted and not allowed."""
    allowed: dict[int, Consent] = {}
    unapproved: list[str] = []
    found: set[str] = set()
    for above in consents:
        below = {each.scope.scope_string: each for each in state.consents.below(above)}
        for each in wanted if wanted is not None else state.consents.needs_of(above):
            if each.scope in below:
                found.add(each.scope)
                consent = below[each.scope]
                allowed[consent.id] = consent
                deeper = state.consents.missing_below(consent, each.dependencies)
                unapproved += (f"{above.scope.scope_string}[{each.scope}[{path}]]" for path in deeper)
            else:
                unapproved.append(f"{above.scope.scope_string}[{each.scope}]")
        if wanted is None:
            allowed.update((each.id, each) for each in below.values())
    # what one of several scopes allows, the others need not
    return list(allowed.values()), [path for path in unapproved if path.partition("[")[2][:-1] not in found]


_GRANTS: Final[Mapping[str, Callable[[AuthState, ClientApp, _Form], _Document | list[_Document]]]] = {
    "authorization_code": _exchange,
    "refresh_token": _refresh,
    "client_credentials": _client_credentials,
    DEPENDENT_GRANT: _dependent,
}


def _required(form: _Form, name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", why=f"no {name}", description=f"Missing parameter: {name}")
    return value


def _token_document(
    state: AuthState, issued: Sequence[Issued], *, nonce: str | None = None, given: _Document | None = None
) -> _Document:
    """Put the tokens into one document: the one for OpenID on top, the others below."""
    first, *others = sorted(issued, key=lambda each: "openid" not in each.access.scopes)
    document = {**_member(first), **(given or {})}
    if "openid" in first.access.scopes:
        document["id_token"] = _id_token(state, first, nonce)
    document["other_tokens"] = [{**_member(each), **(given or {})} for each in others]
    return document


def _member(issued: Issued) -> _Document:
    access, refresh = issued
    document: _Document = {
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
    now = int(state.now())
    claims: _Document = {
        **personal_claims(state, access),
        "iss": state.issuer,
        "aud": access.client_id,
        "iat": now,
        "exp": now + _ID_TOKEN_LIFETIME,
        "at_hash": access_token_hash(access.secret.reveal()),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return IdTokenClaims(claims)
