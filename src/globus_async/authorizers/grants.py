"""How tokens are renewed: with a refresh token, or with a client's own credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from .._http.json_reader import is_list, is_object
from ..errors import GlobusSDKUsageError, TokenRefreshError
from ..scopes import Scope
from ..secret import Secret
from .renewing import OnRefresh, RenewingAuthorizer
from .token import Grant, lifetime_of

if TYPE_CHECKING:
    from ..transport import Transport

__all__ = ("ClientCredentialsAuthorizer", "RefreshTokenAuthorizer", "Scopes")


Scopes = Scope | str


class _TokenAnswer(Protocol):
    @property
    def data(self) -> Any: ...


class _RefreshingClient(Protocol):
    @property
    def transport(self) -> Transport: ...

    async def oauth2_refresh_token(self, refresh_token: Secret, /) -> _TokenAnswer: ...


class _CredentialsClient(Protocol):
    @property
    def transport(self) -> Transport: ...

    async def oauth2_client_credentials_tokens(self, requested_scopes: str, /) -> _TokenAnswer: ...


class RefreshTokenAuthorizer(RenewingAuthorizer):
    """
    Renews access tokens with a refresh token. A rotated refresh token takes the place of the old one.

    Args:
        refresh_token: As a login with ``refresh_tokens=True`` gave it; ``None``, as others give it, is refused.
        auth_client: The client it was given to; it makes the requests.
        access_token: A token to begin with, saving the first renewal.
        expires_at: When that ends, in POSIX seconds.
        on_refresh: Called with every token answer. Store ``response.by_resource_server`` there: the refresh token may
            have changed.

    Example:
        >>> authorizer = RefreshTokenAuthorizer(refresh_token, auth_client)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     endpoint = await tc.get_endpoint(endpoint_id)
    """

    def __init__(
        self,
        refresh_token: str | Secret | None,
        auth_client: _RefreshingClient,
        *,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        if refresh_token is None:
            raise GlobusSDKUsageError("there is no refresh token: begin the login with refresh_tokens=True")
        refresh_token = Secret.of(refresh_token)
        access_token = None if access_token is None else Secret.of(access_token)
        super().__init__(
            transport=auth_client.transport, access_token=access_token, expires_at=expires_at, on_refresh=on_refresh
        )
        self.auth_client = auth_client
        self._refresh_token = Secret.token("refresh_token", refresh_token)
        self._resource_server: object = None

    @property
    def refresh_token(self) -> Secret:
        """The refresh token as it is now."""
        return self._refresh_token

    async def _renew(self) -> tuple[Grant, Any]:
        answer = await self.auth_client.oauth2_refresh_token(self._refresh_token)
        entries = _entries(answer.data)
        ours = (entry for entry in entries if entry.get("resource_server") == self._resource_server)
        entry = entries[0] if self._resource_server is None else next(ours, entries[0])
        rotated = entry.get("refresh_token")
        if isinstance(rotated, str) and rotated:
            # kept before anything is judged: it may be the only one that is left
            self._refresh_token = Secret(rotated)
        grant = _grant(entry)
        self._resource_server = entry.get("resource_server")
        return grant, answer


class ClientCredentialsAuthorizer(RenewingAuthorizer):
    """
    Gets tokens with a confidential app's own credentials, so that it acts as itself.

    Args:
        confidential_client: The app; it makes the requests.
        scopes: What the tokens are for; all of one resource server.
        access_token: A token to begin with, saving the first request.
        expires_at: When that ends, in POSIX seconds.
        on_refresh: Called with every token answer.

    Example:
        >>> authorizer = ClientCredentialsAuthorizer(confidential_client, TransferScopes.all)
        >>> async with TransferClient(authorizer=authorizer) as tc:
        ...     page = await tc.task_list()
    """

    def __init__(
        self,
        confidential_client: _CredentialsClient,
        scopes: Scopes | Iterable[Scopes],
        *,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        access_token = None if access_token is None else Secret.of(access_token)
        joined = _joined(scopes)
        if not joined.strip():
            raise GlobusSDKUsageError("scopes must name at least one scope")
        super().__init__(
            transport=confidential_client.transport,
            access_token=access_token,
            expires_at=expires_at,
            on_refresh=on_refresh,
        )
        self.confidential_client = confidential_client
        self.scopes = joined

    async def _renew(self) -> tuple[Grant, Any]:
        answer = await self.confidential_client.oauth2_client_credentials_tokens(self.scopes)
        entries = _entries(answer.data)
        servers = sorted({str(entry.get("resource_server")) for entry in entries})
        if len(servers) > 1:
            raise TokenRefreshError(
                f"the scopes cover {len(servers)} resource servers ({', '.join(servers)}); make one authorizer for each"
            )
        return _grant(entries[0]), answer


def _joined(scopes: Scopes | Iterable[Scopes]) -> str:
    return str(scopes) if isinstance(scopes, (str, Scope)) else " ".join(str(scope) for scope in scopes)


def _entries(document: Any) -> list[dict[str, Any]]:
    """Return the tokens of a token document, one entry for each; the document itself is the first."""
    if not is_object(document):
        raise TokenRefreshError("Globus Auth answered without a token document")
    others = document.get("other_tokens")
    return [document, *filter(is_object, others if is_list(others) else ())]


def _grant(entry: dict[str, Any]) -> Grant:
    token, kind = entry.get("access_token"), entry.get("token_type")
    if not isinstance(token, str) or (isinstance(kind, str) and kind.lower() != "bearer"):
        raise TokenRefreshError("Globus Auth answered without a bearer token")
    return Grant(Secret.token("access_token", token), lifetime_of(entry.get("expires_in")))
