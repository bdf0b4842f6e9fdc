"""
Logging a user in: the address to send the browser to, and the code that comes back for tokens.

A flow is a value. One client may have any number of logins under way; keep each flow with its user until the browser
returns, or keep ``flow.state`` and ``flow.verifier.reveal()`` and make the flow again from them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeVar
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.query import comma_joined, encode_query
from ...errors import GlobusError, GlobusSDKUsageError
from ...scopes import AuthScopes, Scope, ScopeParser, TransferScopes
from ...secret import Secret
from .responses import OAuthAuthorizationCodeResponse, OAuthTokenResponse, warn_of_missing_scopes

__all__ = (
    "DEFAULT_SCOPES",
    "GlobusAuthorizationCodeFlowManager",
    "GlobusNativeAppFlowManager",
    "GlobusOAuthFlowManager",
    "LoginRefused",
    "Scopes",
)

Scopes = str | Scope | Iterable[str | Scope]
"""Scopes to ask for: one, a scope string, or any number of either."""

DEFAULT_SCOPES: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email, TransferScopes.all)
"""What a login asks for when it is not said."""

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_FIXED: Final = frozenset(
    {"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "state"}
)
R = TypeVar("R", bound=OAuthTokenResponse)


class LoginRefused(GlobusError):
    """What came back from the browser does not belong to this login; nothing was sent. Start the login anew."""


class _LoginClient(Protocol):
    @property
    def client_id(self) -> str | None: ...
    @property
    def base_url(self) -> str: ...
    async def oauth2_token(self, form_data: Mapping[str, Any], *, response_class: type[R]) -> R: ...


@dataclass(frozen=True, slots=True, init=False, repr=False)
class GlobusOAuthFlowManager:
    """
    One login, from the address to the tokens. PKCE (S256) protects the code, a random state the way back.

    Args:
        auth_client: The client that logs users in.
        requested_scopes: What to ask for. The default is ``openid profile email`` and Transfer.
        redirect_uri: Where the browser comes back to, exactly as registered.
        state: Comes back with the code. The default is random; pass the returned one to `exchange_code_for_tokens`.
        verifier: The secret of PKCE, 43 to 128 letters, digits or ``-._~``. The default is random.
        nonce: Comes back inside the id_token, where it is checked. The default is to send none.
        refresh_tokens: Ask for refresh tokens too.
        prefill_named_grant: A label for the consent, shown to the user.

    Raises:
        GlobusSDKUsageError: The verifier breaks the rules, there is no scope, or the client has no id.
    """

    auth_client: _LoginClient
    requested_scopes: str
    redirect_uri: str
    state: str
    verifier: Secret
    nonce: str | None
    refresh_tokens: bool
    prefill_named_grant: str | None

    sends_client_id: ClassVar[bool]

    def __init__(
        self,
        auth_client: _LoginClient,
        requested_scopes: Scopes | MissingType | None = MISSING,
        *,
        redirect_uri: str | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        verifier: str | Secret | MissingType | None = MISSING,
        nonce: str | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        prefill_named_grant: str | MissingType | None = MISSING,
    ) -> None:
        verifier = Secret.of(secrets.token_urlsafe(32) if isinstance(verifier, MissingType | None) else verifier)
        if _VERIFIER.fullmatch(verifier.reveal()) is None:
            raise GlobusSDKUsageError("verifier must be 43 to 128 letters, digits or '-._~'")
        if not auth_client.client_id:
            raise GlobusSDKUsageError("a login needs a client with an id")
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
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def challenge(self) -> str:
        """What the authorize page is told of the verifier."""
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
        Return the address that the user's browser must go to.

        Args:
            query_params: Further parameters.
            session_required_identities: UUIDs or usernames, all of which must log in.
            session_required_single_domain: Domains, an identity of one of which must log in.
            session_required_policies: UUIDs of policies that the session must satisfy.
            session_required_mfa: Whether a second factor is required.
            session_message: What to tell the user.
            prompt: ``"login"`` for a fresh login even if there is a session.

        Raises:
            GlobusSDKUsageError: A further parameter would undo what protects the login.

        Example:
            >>> flow.get_authorize_url(session_required_mfa=True, prompt="login").partition("?")[0]
            'https://auth.globus.org/v2/oauth2/authorize'

        REST: `GET /v2/oauth2/authorize <https://docs.globus.org/api/auth/reference/#authorize>`_
        """
        if clash := _FIXED.intersection(query_params or ()):
            raise GlobusSDKUsageError(
                f"{', '.join(sorted(clash))} cannot be changed here: say it when the flow is made"
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
            **(query_params or {}),
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
        Exchange the code that came back for tokens. A code works once, and not for long.

        Args:
            auth_code: The ``code`` parameter of the redirect, or what the user copied.
            state: The ``state`` parameter of the redirect. In a web application always pass it, ``None`` if it is not
                there: it shows that the user who comes back is the one who was sent.
            iss: The ``iss`` parameter of the redirect, if there is one: it names the service that answers.

        Returns:
            The tokens, by resource server.

        Raises:
            LoginRefused: ``state`` or ``iss`` is not the one of this login; nothing was sent.
            InvalidGrant: The code was used, is too old, or belongs to another login.

        Example:
            >>> tokens = await flow.exchange_code_for_tokens(code, state=flow.state)
            >>> tokens.by_resource_server["transfer.api.globus.org"]["token_type"]
            'Bearer'

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        auth_code = Secret.of(auth_code)
        if not auth_code:
            raise GlobusSDKUsageError("auth_code is empty")
        self._check_redirect(state, iss)
        tokens = await self.auth_client.oauth2_token(
            {
                "grant_type": "authorization_code",
                "code": auth_code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": self.verifier,
                "client_id": self.auth_client.client_id if self.sends_client_id else MISSING,
            },
            response_class=OAuthAuthorizationCodeResponse,
        )
        tokens.nonce = self.nonce
        warn_of_missing_scopes(tokens, self.requested_scopes)
        return tokens

    def _check_redirect(self, state: str | MissingType | None, iss: str | MissingType | None) -> None:
        if not isinstance(state, MissingType) and not _same(state, self.state):
            raise LoginRefused("the state that came back is not the one this login was started with")
        if not isinstance(iss, MissingType) and not _same(iss, self.auth_client.base_url.rstrip("/")):
            raise LoginRefused("the code comes from another service than the one this login was started with")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of client {self.auth_client.client_id} for {self.requested_scopes}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a login under way cannot be pickled; keep its state and verifier, and make it again from them")


class GlobusNativeAppFlowManager(GlobusOAuthFlowManager):
    """
    The login of an app that runs on the user's machine and can keep no secret.

    The default of ``redirect_uri`` is a page that shows the code for the user to copy.
    """

    __slots__ = ()

    sends_client_id = True


class GlobusAuthorizationCodeFlowManager(GlobusOAuthFlowManager):
    """
    The login of a web application, whose server authenticates with its secret.

    **Differs from globus-sdk:** PKCE protects this flow too, and the state is random.
    """

    __slots__ = ()

    sends_client_id = False

    def __init__(
        self,
        auth_client: _LoginClient,
        redirect_uri: str,
        requested_scopes: Scopes | MissingType | None = MISSING,
        *,
        state: str | MissingType | None = MISSING,
        verifier: str | Secret | MissingType | None = MISSING,
        nonce: str | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        prefill_named_grant: str | MissingType | None = MISSING,
    ) -> None:
        verifier = verifier if isinstance(verifier, MissingType | None) else Secret.of(verifier)
        if not redirect_uri:
            raise GlobusSDKUsageError("a web application's login needs its redirect_uri")
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


def _same(returned: str | None, own: str) -> bool:
    return returned is not None and hmac.compare_digest(returned.encode("utf-8", "replace"), own.encode())
