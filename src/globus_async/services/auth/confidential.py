"""The client of a confidential app, which has a secret: a web application, a service, a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.query import comma_joined
from ...authorizers import BasicAuthorizer
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type
from ...scopes import ScopeParser, Scopes
from ...secret import Secret
from .client import AuthClient
from .flows import DEFAULT_SCOPES, GlobusAuthorizationCodeFlowManager
from .responses import (
    IntrospectionResponse,
    OAuthClientCredentialsResponse,
    OAuthDependentTokenResponse,
    warn_of_missing_scopes,
)

if TYPE_CHECKING:
    from ...client import App
    from ...scopes import Scope
    from ...transport import RateLimit, RetryPolicy, Transport
    from .flows import GlobusOAuthFlowManager

__all__ = ("ConfidentialAppAuthClient",)


class ConfidentialAppAuthClient(AuthClient):
    """
    A client of Globus Auth for a confidential app; every call is authenticated with the client's secret.

    Args:
        client_id: The registered client's UUID.
        client_secret: The client's secret.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport. By default
            there is no limit.

    Example:
        >>> async with ConfidentialAppAuthClient(client_id, client_secret, transport=transport) as client:
        ...     tokens = await client.oauth2_client_credentials_tokens(TransferScopes.all)
    """

    def __init__(
        self,
        client_id: UUID | str,
        client_secret: str | Secret,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        client_secret = Secret.of(client_secret)
        client_secret.check("client_secret")
        check_type("client_id", client_id, UUID | str, "the UUID of the registered client")
        if not client_id or not client_secret:
            raise GlobusSDKUsageError("ConfidentialAppAuthClient requires client_id and client_secret")
        super().__init__(
            client_id,
            BasicAuthorizer(str(client_id), client_secret),
            environment=environment,
            base_url=base_url,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )

    def attach_globus_app(self, app: App, app_scopes: Iterable[Scope] | None = None) -> NoReturn:  # noqa: ARG002
        """Refuse an app: it is this client that an app logs users in with; pass it as ``login_client``."""
        raise GlobusSDKUsageError(f"a {type(self).__name__} cannot use an app: it is what an app uses (login_client=)")

    def oauth2_start_flow(
        self,
        redirect_uri: str,
        requested_scopes: Scopes | MissingType | None = MISSING,
        state: str | MissingType | None = MISSING,
        refresh_tokens: bool = False,
        *,
        verifier: str | Secret | MissingType | None = MISSING,
        nonce: str | MissingType | None = MISSING,
        prefill_named_grant: str | MissingType | None = MISSING,
    ) -> GlobusAuthorizationCodeFlowManager:
        """
        Start a login, or restore one from its ``state`` and ``verifier``.

        Args:
            redirect_uri: The redirect URI, exactly as registered.
            requested_scopes: The scopes to request. By default ``openid profile email`` and Transfer.
            state: A value that the redirect must contain; pass the redirect's to ``exchange_code_for_tokens``. Random
                by default.
            verifier: The PKCE code verifier: 43 to 128 letters, digits or ``-._~``. Random by default.
            nonce: A value that the id_token must contain. By default none is sent.
            refresh_tokens: Whether to request refresh tokens as well.
            prefill_named_grant: A label for the consent, shown to the user.

        Returns:
            The flow. Keep it with the user and call its methods: a client serves any number of logins at once.

        Raises:
            GlobusSDKUsageError: The verifier is malformed, or there is no scope.

        Example:
            >>> flow = confidential_client.oauth2_start_flow("https://portal.example.org/callback", ["openid"])
            >>> flow.requested_scopes
            'openid'

        **Differs from globus-sdk:** the scopes have a default, as in release 1; the state is random; PKCE
        protects this flow as well.

        REST: `GET /v2/oauth2/authorize <https://docs.globus.org/api/auth/developer-guide/#obtaining-authorization>`_
        """
        verifier = verifier if isinstance(verifier, MissingType | None) else Secret.of(verifier)
        flow = GlobusAuthorizationCodeFlowManager(
            self,
            redirect_uri,
            requested_scopes,
            state=state,
            verifier=verifier,
            nonce=nonce,
            refresh_tokens=refresh_tokens,
            prefill_named_grant=prefill_named_grant,
        )
        self.current_oauth2_flow_manager: GlobusOAuthFlowManager | None = flow
        return flow

    async def oauth2_client_credentials_tokens(
        self,
        requested_scopes: Scopes | MissingType | None = MISSING,
        *,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> OAuthClientCredentialsResponse:
        """
        Request tokens with which the client acts as itself, as `ClientCredentialsAuthorizer` does automatically.

        Args:
            requested_scopes: The scopes to request. By default ``openid profile email`` and Transfer.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            The tokens, by resource server.

        Raises:
            InvalidClient: The client's id or secret is wrong.
            AuthAPIError: 400, a scope does not exist.

        Example:
            >>> tokens = await confidential_client.oauth2_client_credentials_tokens(TransferScopes.all)
            >>> list(tokens.by_resource_server)
            ['transfer.api.globus.org']

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#client_credentials_grant>`_
        """
        scopes = ScopeParser.serialize(
            DEFAULT_SCOPES if isinstance(requested_scopes, MissingType | None) else requested_scopes
        )
        tokens = await self.oauth2_token(
            {"grant_type": "client_credentials", "scope": scopes},
            body_params=body_params,
            query_params=query_params,
            response_class=OAuthClientCredentialsResponse,
        )
        warn_of_missing_scopes(tokens, scopes)
        return tokens

    async def oauth2_get_dependent_tokens(
        self,
        token: str | Secret,
        *,
        refresh_tokens: bool = False,
        scope: Scopes | MissingType = MISSING,
        body_params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> OAuthDependentTokenResponse:
        """
        Exchange a user's token for this service for tokens for other services (dependent token grant).

        A service that receives a request passes the token of that request, and calls other services with the returned
        tokens. They belong to that user; never use them for another one.

        Args:
            token: The access token of the user's request.
            refresh_tokens: Whether to request refresh tokens as well.
            scope: The scopes to request. By default all dependencies of the token's scope.
            body_params: Additional form fields.
            query_params: Additional query parameters.

        Returns:
            The tokens, by resource server.

        Raises:
            InvalidGrant: The token is expired, revoked or for another service.
            ConsentRequired: The user must consent to the error's ``required_scopes``.
            InvalidClient: The client is not a resource server, or its id or secret is wrong.

        Example:
            >>> tokens = await confidential_client.oauth2_get_dependent_tokens(access_token)
            >>> list(tokens.by_resource_server)
            ['transfer.api.globus.org']

        REST: `POST /v2/oauth2/token <https://docs.globus.org/api/auth/reference/#dependent_token_grant_post_v2oauth2token>`_
        """
        token = Secret.of(token)  # from here on no traceback shows it
        Secret.token("token", token)
        return await self.oauth2_token(
            {
                "grant_type": "urn:globus:auth:grant_type:dependent_token",
                "token": token,
                "access_type": "offline" if refresh_tokens else MISSING,
                "scope": MISSING if isinstance(scope, MissingType) else ScopeParser.serialize(scope),
            },
            body_params=body_params,
            query_params=query_params,
            response_class=OAuthDependentTokenResponse,
        )

    async def oauth2_token_introspect(
        self,
        token: str | Secret,
        include: str | Iterable[str] | MissingType | None = MISSING,
        *,
        authentication_policies: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> IntrospectionResponse:
        """
        Introspect a token: its user, scopes, audience and expiration.

        Args:
            token: The access token of the user's request.
            include: Additional members: ``identity_set``, ``identity_set_detail``, ``session_info``.
            authentication_policies: UUIDs of policies to evaluate for the user's session.
            query_params: Additional query parameters.

        Returns:
            The introspection document. If ``active`` is false, it has no other members.

        Raises:
            InvalidClient: The client's id or secret is wrong.

        Example:
            >>> introspection = await confidential_client.oauth2_token_introspect(access_token)
            >>> introspection.active, introspection["username"]
            (True, 'ada@example.org')

        REST: `POST /v2/oauth2/token/introspect <https://docs.globus.org/api/auth/reference/#token-introspect>`_
        """
        token = Secret.of(token)  # from here on no traceback shows it
        Secret.token("token", token)
        return await self.call(
            "POST",
            "/v2/oauth2/token/introspect",
            IntrospectionResponse,
            form={
                "token": token,
                "include": comma_joined(include),
                "authentication_policies": comma_joined(authentication_policies),
            },
            query_params=query_params,
            idempotent=True,
        )
