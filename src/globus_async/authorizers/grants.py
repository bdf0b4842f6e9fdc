"""Authorizers that refresh their access token with a refresh token, or with an application's own credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from .._http.json_reader import is_list, is_object
from .._single_flight import TaskOwner
from ..errors import (
    ApplicationRefused,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    NetworkError,
    TokenRefreshError,
)
from ..errors.arguments import check_members
from ..scopes import ScopeParser, Scopes
from ..secret import Secret
from .renewing import OnRefresh, RenewingAuthorizer
from .token import IssuedToken, parse_lifetime

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("ClientCredentialsAuthorizer", "RefreshTokenAuthorizer")

_SECONDS_BEFORE_REPETITION: Final = 0.5
_NO_USABLE_RESPONSE: Final = frozenset({500, 502, 503, 504})


class _TokenResponse(Protocol):
    @property
    def data(self) -> Any: ...


class _Transport(TaskOwner, Protocol):
    @property
    def clock(self) -> Clock: ...


class _RefreshTokenClient(Protocol):
    @property
    def transport(self) -> _Transport: ...

    async def oauth2_refresh_token(self, refresh_token: Secret, /) -> _TokenResponse: ...


class _ClientCredentialsClient(Protocol):
    @property
    def transport(self) -> _Transport: ...

    async def oauth2_client_credentials_tokens(self, requested_scopes: str, /) -> _TokenResponse: ...


class RefreshTokenAuthorizer(RenewingAuthorizer):
    """
    Refreshes access tokens with a refresh token. A rotated refresh token replaces the old one.

    Args:
        refresh_token: The refresh token of a login with ``refresh_tokens=True``. ``None``, as other logins return it,
            is refused.
        auth_client: The client that the refresh token was issued to; it makes the requests.
        access_token: An access token to start with, which saves the first refresh.
        expires_at: When it expires, in POSIX seconds.
        on_refresh: Called with every token response. Store ``response.by_resource_server`` there: the refresh token may
            have changed.

    Example:
        >>> authorizer = RefreshTokenAuthorizer(refresh_token, auth_client)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     endpoint = await tc.get_endpoint(endpoint_id)
    """

    def __init__(
        self,
        refresh_token: str | Secret | None,
        auth_client: _RefreshTokenClient,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        if refresh_token is None:
            raise GlobusSDKUsageError("refresh_token is None: start the login with refresh_tokens=True")
        refresh_token = Secret.of(refresh_token)
        access_token = None if access_token is None else Secret.of(access_token)
        check_members(
            "auth_client",
            auth_client,
            ("oauth2_refresh_token", "transport"),
            "the client that the refresh token was issued to, such as NativeAppAuthClient(client_id)",
        )
        refresh_token = Secret.token("refresh_token", refresh_token)
        super().__init__(
            clock=auth_client.transport.clock,
            task_owner=auth_client.transport,
            access_token=access_token,
            expires_at=expires_at,
            on_refresh=on_refresh,
        )
        self.auth_client = auth_client
        self._refresh_token = refresh_token
        self._resource_server: object = None

    def _owner_text(self) -> str:
        return f" of client {_client_id(self, 'auth_client')}"

    @property
    def refresh_token(self) -> Secret:
        """The current refresh token."""
        return self._refresh_token

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        response = await self._token_response()
        entries = _token_entries(response.data)
        own = (entry for entry in entries if entry.get("resource_server") == self._resource_server)
        entry = entries[0] if self._resource_server is None else next(own, entries[0])
        rotated = entry.get("refresh_token")
        if isinstance(rotated, str) and rotated:
            # kept before the rest is validated: it may be the only refresh token that is still valid
            self._refresh_token = Secret(rotated)
        issued = _issued_token(entry)
        self._resource_server = entry.get("resource_server")
        return issued, response

    async def _token_response(self) -> _TokenResponse:
        """
        Request a token; repeat the request once if its response was lost.

        Nothing can be lost by a repetition: if the service has not replaced the refresh token, it is still valid; if
        it has, the new one was in the lost response, and only a repetition within its grace period gets another.
        """
        try:
            return await self.auth_client.oauth2_refresh_token(self._refresh_token)
        except (NetworkError, GlobusAPIError) as error:
            if not _may_repeat(error):
                raise
            lost = str(error)
        await self._clock.sleep(_SECONDS_BEFORE_REPETITION)
        try:
            return await self.auth_client.oauth2_refresh_token(self._refresh_token)
        except GlobusError as error:
            error.add_note(f"An earlier request with the same refresh token had no usable response: {lost}")
            raise


class ClientCredentialsAuthorizer(RenewingAuthorizer):
    """
    Gets access tokens with a confidential application's own credentials, to act as the application itself.

    Args:
        confidential_client: The application's client; it makes the requests.
        scopes: The scopes to request, all of one resource server.
        access_token: An access token to start with, which saves the first request.
        expires_at: When it expires, in POSIX seconds.
        on_refresh: Called with every token response.

    Example:
        >>> authorizer = ClientCredentialsAuthorizer(confidential_client, TransferScopes.all)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     page = await tc.task_list()
    """

    def __init__(
        self,
        confidential_client: _ClientCredentialsClient,
        scopes: Scopes,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        access_token = None if access_token is None else Secret.of(access_token)
        check_members(
            "confidential_client",
            confidential_client,
            ("oauth2_client_credentials_tokens", "transport"),
            "the application's client: ConfidentialAppAuthClient(client_id, client_secret)",
        )
        joined = ScopeParser.serialize(scopes, reject_empty=False)
        if not joined.strip():
            raise GlobusSDKUsageError("scopes must name at least one scope")
        super().__init__(
            clock=confidential_client.transport.clock,
            task_owner=confidential_client.transport,
            access_token=access_token,
            expires_at=expires_at,
            on_refresh=on_refresh,
        )
        self.confidential_client = confidential_client
        self.scopes = joined

    def _owner_text(self) -> str:
        return f" of client {_client_id(self, 'confidential_client')} for {getattr(self, 'scopes', 'no scopes')}"

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        response = await self.confidential_client.oauth2_client_credentials_tokens(self.scopes)
        entries = _token_entries(response.data)
        servers = sorted({str(entry.get("resource_server")) for entry in entries})
        if len(servers) > 1:
            raise TokenRefreshError(
                f"the scopes cover {len(servers)} resource servers ({', '.join(servers)}); make one authorizer for each"
            )
        return _issued_token(entries[0]), response

    def _grant_refused(self, error: Exception) -> TokenRefreshError:
        return ApplicationRefused(f"Globus Auth refused a token to the application ({error}); correct its registration")


def _may_repeat(error: NetworkError | GlobusAPIError) -> bool:
    """Return whether a request with a refresh token may have been executed, but has no usable response."""
    if isinstance(error, GlobusAPIError):
        return error.http_status in _NO_USABLE_RESPONSE and error.retry_after is None
    return error.maybe_executed and not isinstance(error, GlobusTimeoutError)


def _client_id(authorizer: RenewingAuthorizer, attribute: str) -> str:
    """Return the id of an authorizer's client, for ``repr``; its constructor may have failed."""
    return getattr(getattr(authorizer, attribute, None), "client_id", None) or "unknown"


def _token_entries(document: Any) -> list[dict[str, Any]]:
    """Return the entries of a token document, one per resource server; the document itself is the first."""
    if not is_object(document):
        raise TokenRefreshError("the response of Globus Auth is not a token document")
    others = document.get("other_tokens")
    return [document, *filter(is_object, others if is_list(others) else ())]


def _issued_token(entry: dict[str, Any]) -> IssuedToken:
    token, token_type = entry.get("access_token"), entry.get("token_type")
    if not isinstance(token, str) or (isinstance(token_type, str) and token_type.lower() != "bearer"):
        raise TokenRefreshError("the response of Globus Auth has no bearer token")
    try:
        return IssuedToken(Secret.token("access_token", token), parse_lifetime(entry.get("expires_in")))
    except GlobusSDKUsageError as error:
        raise TokenRefreshError(f"the response of Globus Auth has an invalid token: {error}") from None
