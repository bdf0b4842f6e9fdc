"""
Logins with the OAuth 2.0 authorization code grant: the URL of the login page, and the exchange of the code for tokens.

A flow is an immutable object for one login. A client may have any number of logins at the same time; keep each flow
with its user until the redirect, or store ``flow.state`` and ``flow.verifier.reveal()`` and create it again from them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeVar
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.query import comma_joined, encode_query
from ...errors import GlobusError, GlobusSDKUsageError
from ...errors.arguments import check_bool, check_members, check_type, checked_members
from ...scopes import AuthScopes, Scope, ScopeParser, Scopes, TransferScopes
from ...secret import Secret
from .errors import InvalidGrant
from .responses import OAuthAuthorizationCodeResponse, OAuthTokenResponse, warn_of_missing_scopes

__all__ = (
    "DEFAULT_SCOPES",
    "GlobusAuthorizationCodeFlowManager",
    "GlobusNativeAppFlowManager",
    "GlobusOAuthFlowManager",
    "LoginRefused",
)


DEFAULT_SCOPES: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email, TransferScopes.all)
"""The scopes that a login requests by default."""

_KEEP_THE_FLOW: Final = (
    "PKCE ties a code to the flow whose get_authorize_url() made the login URL: keep that flow until the redirect, or"
    " store its state and verifier and pass both to oauth2_start_flow()"
)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_RESERVED_PARAMETERS: Final = frozenset(
    {"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "state"}
)
R = TypeVar("R", bound=OAuthTokenResponse)


class LoginRefused(GlobusError):
    """The parameters of a redirect do not belong to this login; nothing was sent. Start a new login."""


class _LoginClient(Protocol):
    @property
    def client_id(self) -> str | None: ...
    @property
    def base_url(self) -> str: ...
    async def oauth2_token(self, form_data: Mapping[str, Any], *, response_class: type[R]) -> R: ...


@dataclass(frozen=True, slots=True, init=False, repr=False)
class GlobusOAuthFlowManager:
    """
    One login. PKCE (S256) protects the authorization code, a random state protects the redirect.

    Args:
        auth_client: The Auth client of the app.
        requested_scopes: The scopes to request. By default ``openid profile email`` and Transfer.
        redirect_uri: The redirect URI, exactly as registered.
        state: A value that the redirect must contain; pass the redirect's to `exchange_code_for_tokens`. Random by
            default.
        verifier: The PKCE code verifier: 43 to 128 letters, digits or ``-._~``. Random by default.
        nonce: A value that the id_token must contain. By default none is sent.
        refresh_tokens: Whether to request refresh tokens as well.
        prefill_named_grant: A label for the consent, shown to the user.

    Raises:
        GlobusSDKUsageError: The verifier is malformed, there is no scope, or the client has no ``client_id``.
    """

    auth_client: _LoginClient
    requested_scopes: str
    redirect_uri: str
    state: str
    verifier: Secret
    nonce: str | None
    refresh_tokens: bool
    prefill_named_grant: str | None
    _may_have_code: bool = field(compare=False)
    """Whether a code can belong to this login: its challenge was used, or its verifier is that of an earlier flow."""

    sends_client_id: ClassVar[bool]

    def __init__(  # noqa: PLR0917 -- the order of globus-sdk
        self,
        auth_client: _LoginClient,
        requested_scopes: Scopes | MissingType | None = MISSING,
        redirect_uri: str | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        verifier: str | Secret | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        prefill_named_grant: str | MissingType | None = MISSING,
        *,
        nonce: str | MissingType | None = MISSING,
    ) -> None:
        is_new = isinstance(verifier, MissingType | None)
        verifier = Secret.of(secrets.token_urlsafe(32) if isinstance(verifier, MissingType | None) else verifier)
        verifier.check("verifier")
        for parameter, argument in (
            ("redirect_uri", redirect_uri),
            ("state", state),
            ("nonce", nonce),
            ("prefill_named_grant", prefill_named_grant),
        ):
            check_type(parameter, argument, str | MissingType | None, "text (str)")
        check_type(
            "requested_scopes",
            requested_scopes,
            (str, Scope, Iterable, MissingType, type(None)),
            "a scope, a scope string, or an iterable of both",
        )
        check_bool("refresh_tokens", refresh_tokens)
        check_members("auth_client", auth_client, ("client_id", "oauth2_token"), "a client of Globus Auth")
        if _VERIFIER.fullmatch(verifier.reveal()) is None:
            raise GlobusSDKUsageError("verifier must be 43 to 128 letters, digits or '-._~'")
        if not auth_client.client_id:
            raise GlobusSDKUsageError("a login requires the client's client_id")
        values: dict[str, object] = {
            "auth_client": auth_client,
            "requested_scopes": ScopeParser.serialize(
                DEFAULT_SCOPES if isinstance(requested_scopes, MissingType | None) else requested_scopes
            ),
            "redirect_uri": redirect_uri or f"{auth_client.base_url}v2/web/auth-code",
            "state": state or secrets.token_urlsafe(32),
            "verifier": verifier,
            "nonce": nonce or None,
            "refresh_tokens": refresh_tokens,
            "prefill_named_grant": prefill_named_grant or None,
            "_may_have_code": not is_new,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def challenge(self) -> str:
        """The PKCE code challenge: the SHA-256 hash of the verifier, in base64url."""
        object.__setattr__(self, "_may_have_code", True)
        return _base64url(hashlib.sha256(self.verifier.reveal().encode()).digest())

    def get_authorize_url(
        self,
        query_params: Mapping[str, object] | None = None,
        *,
        session_required_identities: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        session_required_single_domain: str | Iterable[str] | MissingType | None = MISSING,
        session_required_policies: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        session_required_mfa: bool | MissingType | None = MISSING,
        session_message: str | MissingType | None = MISSING,
        prompt: str | MissingType | None = MISSING,
    ) -> str:
        """
        Return the URL at which the user logs in.

        Args:
            query_params: Additional parameters.
            session_required_identities: UUIDs or usernames of identities, all of which must log in.
            session_required_single_domain: Domains; an identity of one of them must log in.
            session_required_policies: UUIDs of policies that the session must satisfy.
            session_required_mfa: Whether multi-factor authentication is required.
            session_message: A message shown to the user.
            prompt: ``"login"`` to require a new login even if there is a session.

        Raises:
            GlobusSDKUsageError: An additional parameter would replace one that protects the login.

        Example:
            >>> flow.get_authorize_url(session_required_mfa=True, prompt="login").partition("?")[0]
            'https://auth.globus.org/v2/oauth2/authorize'

        REST: `GET /v2/oauth2/authorize <https://docs.globus.org/api/auth/reference/#authorize>`_
        """
        further = checked_members("query_params", query_params)
        if clash := _RESERVED_PARAMETERS.intersection(further):
            raise GlobusSDKUsageError(
                f"{', '.join(sorted(clash))} cannot be set here; pass it when the flow is created"
            )
        parameters: dict[str, object] = {
            "client_id": self.auth_client.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.requested_scopes,
            "state": self.state,
            "response_type": "code",
            "access_type": "offline" if self.refresh_tokens else "online",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "nonce": self.nonce,
            "prefill_named_grant": self.prefill_named_grant,
            "session_required_identities": comma_joined(session_required_identities) or MISSING,
            "session_required_single_domain": comma_joined(session_required_single_domain) or MISSING,
            "session_required_policies": comma_joined(session_required_policies) or MISSING,
            "session_required_mfa": session_required_mfa,
            "session_message": session_message,
            "prompt": prompt,
            **further,
        }
        return f"{self.auth_client.base_url}v2/oauth2/authorize?{encode_query(parameters)}"

    async def exchange_code_for_tokens(
        self,
        auth_code: str | Secret,
        *,
        state: str | MissingType | None = MISSING,
        iss: str | MissingType | None = MISSING,
    ) -> OAuthAuthorizationCodeResponse:
        """
        Exchange the authorization code for tokens. A code is valid once, and for a short time.

        Args:
            auth_code: The ``code`` parameter of the redirect, or the code that the user copied.
            state: The ``state`` parameter of the redirect. A web application must always pass it, ``None`` if the
                redirect has none: it proves that the login was started in the same browser.
            iss: The ``iss`` parameter of the redirect, if it has one: the issuer of the code.

        Returns:
            The tokens, by resource server.

        Raises:
            LoginRefused: ``state`` or ``iss`` does not belong to this login; nothing was sent.
            InvalidGrant: The code was used before, has expired, or belongs to another login; its ``advice`` says which.

        Example:
            >>> tokens = await flow.exchange_code_for_tokens(code, state=flow.state)
            >>> tokens.by_resource_server["transfer.api.globus.org"]["token_type"]
            'Bearer'

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        return await self._exchange_through(self.auth_client, auth_code, state=state, iss=iss)

    async def _exchange_through(
        self,
        auth_client: _LoginClient,
        auth_code: str | Secret,
        *,
        state: str | MissingType | None,
        iss: str | MissingType | None,
    ) -> OAuthAuthorizationCodeResponse:
        """Exchange the code with a client that may be a copy, with other options."""
        auth_code = Secret.of(auth_code)
        if not auth_code:
            raise GlobusSDKUsageError("auth_code is empty")
        self._check_redirect(state, iss)
        form = {
            "grant_type": "authorization_code",
            "code": auth_code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            "client_id": self.auth_client.client_id if self.sends_client_id else MISSING,
        }
        try:
            tokens = await auth_client.oauth2_token(form, response_class=OAuthAuthorizationCodeResponse)
        except InvalidGrant as error:
            if self._may_have_code:
                error.advice = f"the code was used, has expired, or belongs to another flow; {_KEEP_THE_FLOW}"
            else:
                error.advice = f"this flow has made no login URL, so the code belongs to another flow; {_KEEP_THE_FLOW}"
            raise
        tokens.nonce = self.nonce
        warn_of_missing_scopes(tokens, self.requested_scopes)
        return tokens

    def _check_redirect(self, state: str | MissingType | None, iss: str | MissingType | None) -> None:
        if not isinstance(state, MissingType) and not _equal(state, self.state):
            raise LoginRefused("the state of the redirect is not the state of this login")
        if not isinstance(iss, MissingType) and not _equal(iss, self.auth_client.base_url.rstrip("/")):
            raise LoginRefused("the redirect comes from another issuer than Globus Auth (iss)")

    @property
    def client_id(self) -> str:
        """The client that the user logs in to."""
        return str(self.auth_client.client_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of client {self.client_id} for {self.requested_scopes}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a login flow cannot be pickled; store its state and verifier, and create it again from them")


class GlobusNativeAppFlowManager(GlobusOAuthFlowManager):
    """
    A login of a native app, which has no secret.

    By default ``redirect_uri`` is a page that shows the code for the user to copy.
    """

    __slots__ = ()

    sends_client_id = True


class GlobusAuthorizationCodeFlowManager(GlobusOAuthFlowManager):
    """
    A login of a web application, which authenticates with its secret.

    **Differs from globus-sdk:** PKCE protects this flow as well, and the state is random.
    """

    __slots__ = ()

    sends_client_id = False

    def __init__(
        self,
        auth_client: _LoginClient,
        redirect_uri: str,
        requested_scopes: Scopes | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        *,
        verifier: str | Secret | MissingType | None = MISSING,
        nonce: str | MissingType | None = MISSING,
        prefill_named_grant: str | MissingType | None = MISSING,
    ) -> None:
        verifier = verifier if isinstance(verifier, MissingType | None) else Secret.of(verifier)
        if not redirect_uri:
            raise GlobusSDKUsageError("the login of a web application requires redirect_uri")
        super().__init__(
            auth_client,
            requested_scopes,
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
            nonce=nonce,
            refresh_tokens=refresh_tokens,
            prefill_named_grant=prefill_named_grant,
        )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _equal(returned: str | None, own: str) -> bool:
    return returned is not None and hmac.compare_digest(returned.encode("utf-8", "replace"), own.encode())
