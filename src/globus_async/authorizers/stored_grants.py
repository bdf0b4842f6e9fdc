"""The two grants whose tokens a storage may hold: the refresh token of a login, and an application's credentials."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..errors import LoginRequired, TokenRefreshError
from ..scopes import ScopeParser

if TYPE_CHECKING:
    from ..secret import Secret
    from ..token_storage.token_data import TokenStorageData

__all__ = ("StoredApplication", "StoredLogin")


class StoredLogin:
    """
    A login: its refresh token is the one in the storage.

    Args:
        resource_server: The resource server, for errors.
        first: The refresh token to use while none is stored.
        request: Requests tokens with a refresh token.
    """

    needs_storage: bool = True
    """A refresh token in memory may have been replaced: its use would revoke the login."""

    def __init__(
        self,
        resource_server: str,
        *,
        first: Secret | None,
        request: Callable[[Secret], Awaitable[Any]],
    ) -> None:
        self._resource_server = resource_server
        self._first = first
        self._request = request
        self._rejected: Secret | None = None

    def accepts(self, stored: TokenStorageData) -> bool:  # noqa: ARG002
        """Return ``True``: an access token of the login is as good as one of a refresh."""
        return True

    def refresh_token(self, stored: TokenStorageData | None) -> Secret:
        """Return the refresh token to send."""
        found = self._first if stored is None or stored.refresh_token is None else stored.refresh_token
        if found is None:
            what = "tokens" if stored is None else "refresh token"
            hint = "log in" if stored is None else "log in with refresh_tokens=True"
            raise LoginRequired(f"the token storage has no {what} for {self._resource_server}; {hint}")
        if found == self._rejected:
            raise LoginRequired("Globus Auth has refused the refresh token in the token storage; log in again")
        return found

    def note(self, stored: TokenStorageData) -> None:
        """Use the first refresh token no more: when the stored one is removed, the login has ended."""
        if stored.refresh_token is not None:
            self._first = None

    def reject(self, refresh_token: Secret | None) -> None:
        """Never send a refresh token again."""
        self._rejected = refresh_token

    async def request(self, refresh_token: Secret | None) -> Any:
        """Request tokens."""
        assert refresh_token is not None  # noqa: S101 -- it is what `refresh_token` has returned
        return await self._request(refresh_token)


class StoredApplication:
    """
    An application: its credentials are in the program, and the storage holds its access token.

    Args:
        resource_server: The resource server, for errors.
        scopes: The scopes to request.
        request: Requests a token.
    """

    needs_storage: bool = False
    """There is no refresh token to lose."""

    def __init__(self, resource_server: str, *, scopes: str, request: Callable[[], Awaitable[Any]]) -> None:
        self._resource_server = resource_server
        self._scopes = frozenset(scope.scope_string for scope in ScopeParser.parse(scopes) if not scope.optional)
        self._request = request

    def accepts(self, stored: TokenStorageData) -> bool:
        """Return whether a stored token is the application's own, and has all scopes."""
        return stored.refresh_token is None and self._scopes <= set(stored.scope.split())

    def refresh_token(self, stored: TokenStorageData | None) -> None:
        """Check that no login would be overwritten."""
        if stored is not None and stored.refresh_token is not None:
            raise TokenRefreshError(
                f"the token storage has the tokens of a login for {self._resource_server}; give the application a"
                " storage, or a namespace, of its own"
            )

    def note(self, stored: TokenStorageData) -> None:
        """Do nothing: there is no refresh token."""

    def reject(self, refresh_token: Secret | None) -> None:
        """Do nothing: there is no refresh token."""

    async def request(self, refresh_token: Secret | None) -> Any:  # noqa: ARG002
        """Request a token."""
        return await self._request()
