"""The token endpoint and what belongs to it: everything a client does to log in, and with the tokens it got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, overload
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...authorizers import GlobusAuthorizer, NullAuthorizer, RenewingAuthorizer
from ...errors import Attempt, GlobusAPIError, GlobusSDKUsageError
from ...response import GlobusHTTPResponse
from ...scopes import AuthScopes
from ...secret import Secret
from .discovery import DiscoveryMethods
from .documents import ActiveDocument
from .errors import AuthAPIError, error_for
from .id_token_decoder import IDTokenDecoder
from .responses import OAuthAuthorizationCodeResponse, OAuthRefreshTokenResponse, OAuthTokenResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..._http.response import RawResponse
    from ...transport import RateLimit, RetryPolicy, Transport
    from .flows import GlobusOAuthFlowManager

__all__ = ("AuthLoginClient",)

R = TypeVar("R", bound=GlobusHTTPResponse[Any])

_SECRETS: Final = frozenset({"client_secret", "code", "code_verifier", "password", "refresh_token", "token"})
_HARMLESS: Final = frozenset({"client_credentials", "urn:globus:auth:grant_type:dependent_token"})
"""Grants that may be asked for twice: the first answer's tokens are just not used."""


class AuthLoginClient(DiscoveryMethods):
    """
    What every client of Globus Auth can do: log users in, renew, check and revoke tokens.

    Args:
        client_id: The registered client's UUID.
        authorizer: Supplies the ``Authorization`` header.
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        base_url: The service's address, instead of the environment's.
        app_name: Told to the service in the ``User-Agent``.
        transport: A transport to share; without one the client makes its own and closes it.
        retry: When calls are sent again.
        rate_limit: How many calls may go out, counted together for all clients that share authorizer and transport; the
            default is no limit.
    """

    service_name: ClassVar[str] = "auth"
    error_class: ClassVar[type[GlobusAPIError]] = AuthAPIError
    scopes: ClassVar = AuthScopes
    resource_server: ClassVar[str] = AuthScopes.resource_server

    def __init__(
        self,
        client_id: UUID | str | None = None,
        authorizer: GlobusAuthorizer | None = None,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        super().__init__(
            environment=environment,
            base_url=base_url,
            authorizer=authorizer,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )
        self.client_id = None if client_id is None else str(client_id)
        self.current_oauth2_flow_manager: GlobusOAuthFlowManager | None = None
        self._decoder = IDTokenDecoder(self)

    def _error_for(self, answer: RawResponse, attempts: tuple[Attempt, ...]) -> AuthAPIError:
        return error_for(answer, attempts)

    # the login that was started last, for programs that have one user

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
        Return the address that the user's browser must go to, for the flow that was started last.

        A server with many users calls `get_authorize_url` of the flow that ``oauth2_start_flow`` returned instead.

        Args:
            query_params: Further parameters.
            session_required_identities: UUIDs or usernames, all of which must log in.
            session_required_single_domain: Domains, an identity of one of which must log in.
            session_required_policies: UUIDs of policies that the session must satisfy.
            session_required_mfa: Whether a second factor is required.
            session_message: What to tell the user.
            prompt: ``"login"`` for a fresh login even if there is a session.

        Returns:
            The address.

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
        Exchange the code that came back for tokens, for the flow that was started last.

        A server with many users calls `exchange_code_for_tokens` of the flow that ``oauth2_start_flow`` returned
        instead.

        Args:
            auth_code: The ``code`` parameter of the redirect, or what the user copied.
            state: The ``state`` parameter of the redirect, ``None`` if it is not there.
            iss: The ``iss`` parameter of the redirect, if there is one.

        Returns:
            The tokens, by resource server.

        Raises:
            GlobusSDKUsageError: No flow was started.
            LoginRefused: ``state`` or ``iss`` is not the one of this login; nothing was sent.
            InvalidGrant: The code was used, is too old, or belongs to another login.

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        auth_code = Secret.of(auth_code)
        return await self._flow().exchange_code_for_tokens(auth_code, state=state, iss=iss)

    def _flow(self) -> GlobusOAuthFlowManager:
        if self.current_oauth2_flow_manager is None:
            raise GlobusSDKUsageError("no login was started; call oauth2_start_flow() first")
        return self.current_oauth2_flow_manager

    # tokens

    async def oauth2_refresh_token(
        self,
        refresh_token: str | Secret,
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> OAuthRefreshTokenResponse:
        """
        Get a fresh access token. `RefreshTokenAuthorizer` does so when it is time.

        Args:
            refresh_token: As a login with ``refresh_tokens=True`` gave it.
            body_params: Further form fields.
            query_params: Further query parameters.

        Returns:
            The fresh token. If the answer has a new refresh token, the old one may have ceased to work; if it has
            none, ``by_resource_server`` shows the one that was sent, which goes on working.

        Raises:
            InvalidGrant: The refresh token is expired, revoked, replaced or another client's: log in again.
            InvalidClient: The client's id or secret is wrong.

        Example:
            >>> tokens = await native_client.oauth2_refresh_token(refresh_token)
            >>> list(tokens.by_resource_server)
            ['transfer.api.globus.org']

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#refresh-tokens>`_
        """
        refresh_token = Secret.of(refresh_token)  # from here on no traceback shows it
        Secret.token("refresh_token", refresh_token)
        tokens = await self.oauth2_token(
            {"refresh_token": refresh_token, "grant_type": "refresh_token", "client_id": self._named()},
            body_params=body_params,
            query_params=query_params,
            response_class=OAuthRefreshTokenResponse,
        )
        tokens.keep(refresh_token)
        return tokens

    async def oauth2_validate_token(
        self,
        token: str | Secret,
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActiveDocument]:
        """
        Ask whether a token is good.

        Args:
            token: An access or refresh token of this client.
            body_params: Further form fields.
            query_params: Further query parameters.

        Returns:
            ``{"active": True}`` or ``{"active": False}``.

        Example:
            >>> (await native_client.oauth2_validate_token(access_token))["active"]
            True

        **Differs from globus-sdk:** removed there in release 4, since the service has given this call up. A
        confidential app has `oauth2_token_introspect`; everybody else just uses the token.

        REST: `POST /v2/oauth2/token/validate <https://docs.globus.org/api/auth/reference/>`_
        """
        token = Secret.of(token)  # from here on no traceback shows it
        Secret.token("token", token)
        return await self.call(
            "POST",
            "/v2/oauth2/token/validate",
            ActiveDocument,
            form={"token": token, "client_id": self._named(), **_hidden(body_params or {})},
            query_params=query_params,
            idempotent=True,
            authorizer=self._credentials(),
        )

    async def oauth2_revoke_token(
        self,
        token: str | Secret,
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActiveDocument]:
        """
        Revoke a token, at logout or when it may have been seen by others. Forget your own copy whatever comes of it.

        Args:
            token: An access or refresh token of this client. With a refresh token end the access tokens made from it.
            body_params: Further form fields.
            query_params: Further query parameters.

        Returns:
            ``{"active": False}``, also for a token that is not known.

        Raises:
            AuthAPIError: The service could not do it now; the token may still work.

        Example:
            >>> (await native_client.oauth2_revoke_token(access_token))["active"]
            False

        REST: `POST /v2/oauth2/token/revoke <https://docs.globus.org/api/auth/reference/#token-revoke>`_
        """
        token = Secret.of(token)  # from here on no traceback shows it
        Secret.token("token", token)
        return await self.call(
            "POST",
            "/v2/oauth2/token/revoke",
            ActiveDocument,
            form={"token": token, "client_id": self._named(), **_hidden(body_params or {})},
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
        *,
        response_class: type[R],
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> R: ...

    async def oauth2_token(
        self,
        form_data: Mapping[str, object],
        *,
        response_class: type[GlobusHTTPResponse[Any]] = OAuthTokenResponse,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Any:
        """
        Make any request of the token endpoint; the other methods are made of it.

        A client that authenticates by a token of its own sends none here: this is where such tokens are renewed.

        Args:
            form_data: The form fields, ``grant_type`` among them.
            response_class: What reads the answer; `OAuthTokenResponse` or one derived from it.
            body_params: Further form fields.
            query_params: Further query parameters.

        Returns:
            What ``response_class`` makes of the answer.

        Raises:
            InvalidGrant: The code or token that was sent is used up, expired or revoked.
            InvalidClient: The client's id or secret is wrong.
            AuthAPIError: Another error, also one that came with status 200.
            ResponseDecodeError: The answer is not JSON, says something twice, or has no token in it.

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#token-request>`_
        """
        form_data, body_params = _hidden({**form_data, **(body_params or {})}), None
        tokens = await self.call(
            "POST",
            "/v2/oauth2/token",
            response_class,
            form=form_data,
            query_params=query_params,
            idempotent=form_data.get("grant_type") in _HARMLESS,
            bypass_limits=True,
            authorizer=self._credentials(),
        )
        if isinstance(tokens, OAuthTokenResponse):
            tokens.decoder = self._decoder
        return tokens

    def _credentials(self) -> GlobusAuthorizer | None:
        """Return what authenticates at the token endpoint: never something that would ask that very endpoint first."""
        return None if isinstance(self.authorizer, RenewingAuthorizer) else self.authorizer

    def _named(self) -> str | MissingType:
        """Return the client's id for the form, if no header says it."""
        anonymous = isinstance(self._credentials(), NullAuthorizer | None)
        return self.client_id if anonymous and self.client_id is not None else MISSING


def _hidden(form: Mapping[str, object]) -> dict[str, object]:
    """Put what is secret in a form out of sight."""
    return {
        name: Secret(value) if name in _SECRETS and isinstance(value, str) else value for name, value in form.items()
    }
