"""Authorizers that refresh their access token with a refresh token, or with an application's own credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

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
from ..errors.arguments import check_members, check_text, check_type
from ..scopes import ScopeParser, Scopes
from ..secret import Secret
from ..token_storage.base import TokenStorage
from .renewing import OnRefresh, RenewingAuthorizer
from .shared_token import SharedToken
from .stored_grants import StoredApplication, StoredLogin
from .token_entries import issued_token, refresh_token_of, token_entries

if TYPE_CHECKING:
    from ..clock import Clock
    from .token import HeldToken, IssuedToken

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
            is refused, unless there is a storage: one that is stored is used in any case.
        auth_client: The client that the refresh token was issued to; it makes the requests.
        access_token: An access token to start with, which saves the first refresh.
        expires_at: When it expires, in POSIX seconds.
        on_refresh: Called with the response to every token request of this process. Without a storage, store
            ``response.by_resource_server`` there: the refresh token may have changed.
        storage: Holds the tokens, for any number of processes: one of them refreshes the token, and the others read it
            there. The first token is read there, too.
        resource_server: The resource server whose tokens in the storage are used; required with ``storage``.

    Example:
        >>> authorizer = RefreshTokenAuthorizer(refresh_token, auth_client)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     endpoint = await tc.get_endpoint(endpoint_id)

    **Differs from globus-sdk:** ``storage`` and ``resource_server`` are new.
    """

    def __init__(
        self,
        refresh_token: str | Secret | None,
        auth_client: _RefreshTokenClient,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
        *,
        storage: TokenStorage | None = None,
        resource_server: str | None = None,
    ) -> None:
        if refresh_token is None and storage is None:
            raise GlobusSDKUsageError("refresh_token is None: start the login with refresh_tokens=True")
        refresh_token = None if refresh_token is None else Secret.of(refresh_token)
        access_token = None if access_token is None else Secret.of(access_token)
        check_members(
            "auth_client",
            auth_client,
            ("oauth2_refresh_token", "transport"),
            "the client that the refresh token was issued to, such as NativeAppAuthClient(client_id)",
        )
        if refresh_token is not None:
            refresh_token = Secret.token("refresh_token", refresh_token)
        _check_storage(storage, resource_server)
        super().__init__(
            clock=auth_client.transport.clock,
            task_owner=auth_client.transport,
            access_token=access_token,
            expires_at=expires_at,
            on_refresh=on_refresh,
        )
        self.auth_client = auth_client
        self._refresh_token = refresh_token
        self._resource_server = resource_server
        self._shared: SharedToken | None = None
        if storage is not None and resource_server is not None:
            login = StoredLogin(resource_server, first=refresh_token, request=self._token_response)
            self._shared = SharedToken(
                login, storage, resource_server, task_owner=auth_client.transport, clock=self._clock
            )
            self._sees_logins = True

    def _owner_text(self) -> str:
        return f" of client {_client_id(self, 'auth_client')}"

    @property
    def refresh_token(self) -> Secret | None:
        """The current refresh token; ``None`` until it has been read from the storage."""
        stored = None if self._shared is None else self._shared.refresh_token
        return self._refresh_token if stored is None else stored

    async def _new_token(self) -> tuple[HeldToken, Any]:
        if self._shared is None:
            return await super()._new_token()
        return await self._shared.refresh(held=self._held, refused=self._refused)

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        assert self._refresh_token is not None  # noqa: S101 -- there is no storage
        response = await self._token_response(self._refresh_token)
        entries = token_entries(response.data)
        own = (entry for entry in entries if entry.get("resource_server") == self._resource_server)
        entry = entries[0] if self._resource_server is None else next(own, entries[0])
        # kept before the rest is validated: it may be the only refresh token that is still valid
        self._refresh_token = refresh_token_of(entry) or self._refresh_token
        issued = issued_token(entry)
        self._resource_server = entry.get("resource_server")
        return issued, response

    async def _token_response(self, refresh_token: Secret) -> _TokenResponse:
        """
        Request a token; repeat the request once if its response was lost.

        Nothing can be lost by a repetition: if the service has not replaced the refresh token, it is still valid; if
        it has, the new one was in the lost response, and only a repetition within its grace period gets another.
        """
        try:
            return await self.auth_client.oauth2_refresh_token(refresh_token)
        except (NetworkError, GlobusAPIError) as error:
            if not _may_repeat(error):
                raise
            lost = str(error)
        await self._clock.sleep(_SECONDS_BEFORE_REPETITION)
        try:
            return await self.auth_client.oauth2_refresh_token(refresh_token)
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
        on_refresh: Called with the response to every token request of this process.
        storage: Holds the token, for any number of processes: one of them requests it, and the others read it there.
            While the storage cannot be reached, each process requests a token of its own.
        resource_server: The resource server of the scopes; required with ``storage``.

    Example:
        >>> authorizer = ClientCredentialsAuthorizer(confidential_client, TransferScopes.all)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     page = await tc.task_list()

    **Differs from globus-sdk:** ``storage`` and ``resource_server`` are new.
    """

    def __init__(
        self,
        confidential_client: _ClientCredentialsClient,
        scopes: Scopes,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
        *,
        storage: TokenStorage | None = None,
        resource_server: str | None = None,
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
        _check_storage(storage, resource_server)
        super().__init__(
            clock=confidential_client.transport.clock,
            task_owner=confidential_client.transport,
            access_token=access_token,
            expires_at=expires_at,
            on_refresh=on_refresh,
        )
        self.confidential_client = confidential_client
        self.scopes = joined
        self._resource_server = resource_server
        self._shared: SharedToken | None = None
        if storage is not None and resource_server is not None:
            owner = confidential_client.transport
            application = StoredApplication(resource_server, scopes=joined, request=self._token_response)
            self._shared = SharedToken(application, storage, resource_server, task_owner=owner, clock=self._clock)

    def _owner_text(self) -> str:
        return f" of client {_client_id(self, 'confidential_client')} for {getattr(self, 'scopes', 'no scopes')}"

    async def _new_token(self) -> tuple[HeldToken, Any]:
        if self._shared is None:
            return await super()._new_token()
        return await self._shared.refresh(held=self._held, refused=self._refused)

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        response = await self._token_response()
        return issued_token(token_entries(response.data)[0]), response

    async def _token_response(self) -> _TokenResponse:
        response = await self.confidential_client.oauth2_client_credentials_tokens(self.scopes)
        servers = sorted({str(entry.get("resource_server")) for entry in token_entries(response.data)})
        if len(servers) > 1:
            raise TokenRefreshError(
                f"the scopes cover {len(servers)} resource servers ({', '.join(servers)}); make one authorizer for each"
            )
        return response

    def _grant_refused(self, error: Exception) -> TokenRefreshError:
        return ApplicationRefused(f"Globus Auth refused a token to the application ({error}); correct its registration")


def _check_storage(storage: TokenStorage | None, resource_server: str | None) -> None:
    """Check the arguments ``storage`` and ``resource_server``."""
    if (storage is None) != (resource_server is None):
        raise GlobusSDKUsageError("storage and resource_server go together: give both or neither")
    check_text("resource_server", resource_server, optional=True)
    if storage is not None:
        check_type("storage", storage, TokenStorage, "a TokenStorage, such as MemoryTokenStorage()")


def _may_repeat(error: NetworkError | GlobusAPIError) -> bool:
    """Return whether a request with a refresh token may have been executed, but has no usable response."""
    if isinstance(error, GlobusAPIError):
        return error.http_status in _NO_USABLE_RESPONSE and error.retry_after is None
    return error.maybe_executed and not isinstance(error, GlobusTimeoutError)


def _client_id(authorizer: RenewingAuthorizer, attribute: str) -> str:
    """Return the id of an authorizer's client, for ``repr``; its constructor may have failed."""
    return getattr(getattr(authorizer, attribute, None), "client_id", None) or "unknown"
