"""The token endpoint: log users in; exchange, refresh, validate and revoke tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, overload
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...authorizers import GlobusAuthorizer, LoginAuthorizer, NullAuthorizer, RenewingAuthorizer
from ...errors import ErrorKinds, GlobusSDKUsageError
from ...errors.arguments import check_type
from ...response import GlobusHTTPResponse
from ...scopes import AuthScopeCollection, AuthScopes
from ...secret import Secret
from .discovery import DiscoveryMethods
from .documents import ActiveDocument
from .errors import error_kinds
from .id_token_decoder import IDTokenDecoder
from .responses import OAuthAuthorizationCodeResponse, OAuthRefreshTokenResponse, OAuthTokenResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...client import App
    from ...scopes import Scope
    from ...transport import RateLimit, RetryPolicy, Transport
    from .flows import GlobusOAuthFlowManager

__all__ = ("AuthLoginClient",)

R = TypeVar("R", bound=GlobusHTTPResponse[Any])

_SECRET_FIELDS: Final = frozenset({"client_secret", "code", "code_verifier", "password", "refresh_token", "token"})
_IDEMPOTENT_GRANTS: Final = frozenset({"client_credentials", "urn:globus:auth:grant_type:dependent_token"})
"""Grant types whose requests can be repeated safely: the tokens of a lost response are not used."""


class AuthLoginClient(DiscoveryMethods):
    """
    Base class of the clients of Globus Auth: logs users in, and refreshes, validates and revokes tokens.

    Args:
        client_id: The registered client's UUID.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scopes of the client are added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport. By default
            there is no limit.
    """

    service_name: ClassVar[str] = "auth"
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[AuthScopeCollection] = AuthScopes
    resource_server: ClassVar[str] = AuthScopes.resource_server

    def __init__(
        self,
        client_id: UUID | str | None = None,
        authorizer: GlobusAuthorizer | None = None,
        *,
        app: App | None = None,
        app_scopes: Iterable[Scope] | None = None,
        environment: str | None = None,
        base_url: str | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        super().__init__(
            app=app,
            app_scopes=app_scopes,
            environment=environment,
            base_url=base_url,
            authorizer=authorizer,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )
        check_type("client_id", client_id, UUID | str | None, "the UUID of the registered client")
        if client_id is not None and any(map(str.isspace, str(client_id))):  # not quoted: it may be a secret
            raise GlobusSDKUsageError("client_id must be the UUID of the registered client, not a name with spaces")
        self.client_id: str | None = None if client_id is None else str(client_id)
        self.current_oauth2_flow_manager: GlobusOAuthFlowManager | None = None
        self._decoder = IDTokenDecoder(self)

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scopes that an app requires for this client: ``openid``, ``profile`` and ``email``."""
        return [AuthScopes.openid, AuthScopes.profile, AuthScopes.email]

    # the most recent login, for programs with one user

    def oauth2_get_authorize_url(
        self,
        query_params: Mapping[str, object] | None = None,
        *,
        session_required_identities: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        session_required_single_domain: str | Iterable[str] | MissingType = MISSING,
        session_required_policies: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        session_required_mfa: bool | MissingType = MISSING,
        session_message: str | MissingType = MISSING,
        prompt: str | MissingType = MISSING,
    ) -> str:
        """
        Return the URL at which the user logs in, for the most recently started flow.

        With several users at once, call `get_authorize_url` of the flow that ``oauth2_start_flow`` returned.

        Args:
            query_params: Additional parameters.
            session_required_identities: UUIDs or usernames of identities, all of which must log in.
            session_required_single_domain: Domains; an identity of one of them must log in.
            session_required_policies: UUIDs of policies that the session must satisfy.
            session_required_mfa: Whether multi-factor authentication is required.
            session_message: A message shown to the user.
            prompt: ``"login"`` to require a new login even if there is a session.

        Returns:
            The URL.

        Raises:
            GlobusSDKUsageError: No flow was started.

        Example:
            >>> flow = native_client.oauth2_start_flow()
            >>> native_client.oauth2_get_authorize_url() == flow.get_authorize_url()
            True

        REST: `GET /v2/oauth2/authorize <https://docs.globus.org/api/auth/reference/#authorize>`_
        """
        return self._flow().get_authorize_url(
            query_params,
            session_required_identities=session_required_identities,
            session_required_single_domain=session_required_single_domain,
            session_required_policies=session_required_policies,
            session_required_mfa=session_required_mfa,
            session_message=session_message,
            prompt=prompt,
        )

    async def oauth2_exchange_code_for_tokens(
        self,
        auth_code: str | Secret,
        *,
        state: str | MissingType | None = MISSING,
        iss: str | MissingType | None = MISSING,
    ) -> OAuthAuthorizationCodeResponse:
        """
        Exchange an authorization code for tokens, for the most recently started flow.

        With several users at once, call `exchange_code_for_tokens` of the flow that ``oauth2_start_flow`` returned.

        Args:
            auth_code: The ``code`` parameter of the redirect, or the code that the user copied.
            state: The ``state`` parameter of the redirect, ``None`` if it has none.
            iss: The ``iss`` parameter of the redirect, if it has one.

        Returns:
            The tokens, by resource server.

        Raises:
            GlobusSDKUsageError: No flow was started.
            LoginRefused: ``state`` or ``iss`` does not belong to this login; nothing was sent.
            InvalidGrant: The code was used before, has expired, or belongs to another login.

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        auth_code = Secret.of(auth_code)
        flow = self._flow()
        return await flow._exchange_through(self, auth_code, state=state, iss=iss)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def _flow(self) -> GlobusOAuthFlowManager:
        if self.current_oauth2_flow_manager is None:
            raise GlobusSDKUsageError("no login was started; call oauth2_start_flow() first")
        return self.current_oauth2_flow_manager

    # tokens

    async def oauth2_refresh_token(
        self,
        refresh_token: str | Secret,
        body_params: Mapping[str, object] | None = None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> OAuthRefreshTokenResponse:
        """
        Exchange a refresh token for a new access token, as `RefreshTokenAuthorizer` does automatically.

        Args:
            refresh_token: The refresh token, from a login with ``refresh_tokens=True``.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            The new token. If the response has a new refresh token, it replaces the one that was sent; if it has none,
            ``by_resource_server`` contains the one that was sent, which stays valid.

        Raises:
            InvalidGrant: The refresh token is expired, revoked, replaced or another client's: log in again.
            InvalidClient: The client's id or secret is wrong.

        Example:
            >>> tokens = await native_client.oauth2_refresh_token(refresh_token)
            >>> list(tokens.by_resource_server)
            ['transfer.api.globus.org']

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#refresh-tokens>`_
        """
        refresh_token = Secret.of(refresh_token)  # keeps it out of tracebacks
        Secret.token("refresh_token", refresh_token)
        tokens = await self.oauth2_token(
            {"refresh_token": refresh_token, "grant_type": "refresh_token", "client_id": self._form_client_id()},
            body_params=body_params,
            query_params=query_params,
            response_class=OAuthRefreshTokenResponse,
        )
        tokens.add_refresh_token(refresh_token)
        return tokens

    async def oauth2_validate_token(
        self,
        token: str | Secret,
        body_params: Mapping[str, object] | None = None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActiveDocument]:
        """
        Check whether a token is valid.

        Args:
            token: An access or refresh token of this client.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            ``{"active": True}`` or ``{"active": False}``.

        Example:
            >>> (await native_client.oauth2_validate_token(access_token))["active"]
            True

        **Differs from globus-sdk:** removed there in release 4, because the service has deprecated this call. A
        confidential app uses `oauth2_token_introspect`; other apps simply use the token.

        REST: `POST /v2/oauth2/token/validate <https://docs.globus.org/api/auth/reference/>`_
        """
        token = Secret.of(token)  # keeps it out of tracebacks
        Secret.token("token", token)
        return await self.call(
            "POST",
            "/v2/oauth2/token/validate",
            ActiveDocument,
            form={"token": token, "client_id": self._form_client_id(), **_with_secrets(body_params or {})},
            query_params=query_params,
            idempotent=True,
            authorizer=self._credentials(),
        )

    async def oauth2_revoke_token(
        self,
        token: str | Secret,
        body_params: Mapping[str, object] | None = None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActiveDocument]:
        """
        Revoke a token, at logout or if it may have leaked. Delete your own copy even if this call fails.

        Args:
            token: An access or refresh token of this client. A refresh token is revoked with its access tokens.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            ``{"active": False}``, also for an unknown token.

        Raises:
            AuthAPIError: The token was not revoked and may still be valid.

        Example:
            >>> (await native_client.oauth2_revoke_token(access_token))["active"]
            False

        REST: `POST /v2/oauth2/token/revoke <https://docs.globus.org/api/auth/reference/#token-revoke>`_
        """
        token = Secret.of(token)  # keeps it out of tracebacks
        Secret.token("token", token)
        return await self.call(
            "POST",
            "/v2/oauth2/token/revoke",
            ActiveDocument,
            form={"token": token, "client_id": self._form_client_id(), **_with_secrets(body_params or {})},
            query_params=query_params,
            idempotent=True,
            authorizer=self._credentials(),
        )

    @overload
    async def oauth2_token(
        self,
        form_data: Mapping[str, object],
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> OAuthTokenResponse: ...

    @overload
    async def oauth2_token(
        self,
        form_data: Mapping[str, object],
        response_class: type[R],
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> R: ...

    async def oauth2_token(
        self,
        form_data: Mapping[str, object],
        response_class: type[GlobusHTTPResponse[Any]] = OAuthTokenResponse,
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Any:
        """
        Make any request to the token endpoint; the other token methods use this one.

        The access token of a refreshing authorizer is not sent: its refresh would need this very request.

        Args:
            form_data: The form fields, including ``grant_type``.
            response_class: The class of the response: `OAuthTokenResponse`, a subclass, or another response class.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            An instance of ``response_class``.

        Raises:
            InvalidGrant: The code or token in the request was used before, is expired or revoked.
            InvalidClient: The client's id or secret is wrong.
            AuthAPIError: Another error, also one with status 200.
            ResponseDecodeError: The response is not JSON, has duplicate member names, or contains no token.

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        form_data, body_params = _with_secrets({**form_data, **(body_params or {})}), None
        tokens = await self.call(
            "POST",
            "/v2/oauth2/token",
            response_class,
            form=form_data,
            query_params=query_params,
            idempotent=form_data.get("grant_type") in _IDEMPOTENT_GRANTS,
            bypass_limits=True,
            authorizer=self._credentials(),
        )
        if isinstance(tokens, OAuthTokenResponse):
            tokens.decoder = self._decoder
        return tokens

    def _credentials(self) -> GlobusAuthorizer | None:
        """Return the authorizer for the token endpoint; not one whose refresh would call that endpoint itself."""
        return None if isinstance(self.authorizer, LoginAuthorizer | RenewingAuthorizer) else self.authorizer

    def _form_client_id(self) -> str | MissingType:
        """Return the client's id for the form, unless the ``Authorization`` header contains it."""
        anonymous = isinstance(self._credentials(), NullAuthorizer | None)
        return self.client_id if anonymous and self.client_id is not None else MISSING


def _with_secrets(form: Mapping[str, object]) -> dict[str, object]:
    """Wrap the secret fields of a form in `Secret`."""
    return {
        name: Secret(value) if name in _SECRET_FIELDS and isinstance(value, str) else value
        for name, value in form.items()
    }
