"""The authorizer of an app for an endpoint whose client id, its resource server, is fetched at the first call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..._single_flight import SingleFlight
from ...authorizers import LoginAuthorizer
from ...errors import GlobusSDKUsageError
from ...scopes import GCSEndpointScopes, Scope

if TYPE_CHECKING:
    from ..._http.response import RawResponse
    from ...authorizers import GlobusAuthorizer
    from ...client.app import App
    from ...errors import GlobusError
    from ...secret import Secret

__all__ = ("EndpointAuthorizer",)


class EndpointAuthorizer(LoginAuthorizer):
    """
    The authorizer of an app for an endpoint, once its client id is known.

    Args:
        app: The app.
        scopes: The scopes to require of it; ``None`` for that of the endpoint.
        fetch: Fetches the client id, and calls `resolve` with it.
    """

    def __init__(self, app: App, scopes: list[Scope] | None, fetch: Callable[[], Awaitable[object]]) -> None:
        self._app = app
        self._scopes = scopes
        self._fetch = fetch
        self._own: GlobusAuthorizer | None = None
        self._look_ups: SingleFlight[object] = SingleFlight("look-up of the endpoint's client id")

    def resolve(self, client_id: str) -> list[Scope]:
        """Require the scopes of the app, and return them."""
        scopes = [GCSEndpointScopes(client_id).manage_collections] if self._scopes is None else self._scopes
        if self._own is None:
            self._app.add_scope_requirements({client_id: scopes})
            self._own = self._app.get_authorizer(client_id)
        return scopes

    async def current_header(self) -> Secret:
        """
        Return the header without a login.

        Raises:
            GlobusError: There is no valid token, or the client id could not be fetched.
        """
        if self._own is None:
            await self._look_ups.join(None, self._fetch)
        match self._own:
            case LoginAuthorizer() as own:
                return await own.current_header()
            case own:
                header = None if own is None else await own.get_authorization_header()
        if header is None:
            raise GlobusSDKUsageError("the authorizer of the app has no header")
        return header

    def login_for(self, reason: RawResponse | GlobusError) -> Awaitable[None] | None:
        """Return the login of the app that an error or a response requires."""
        return None if self._own is None else self._own.login_for(reason)

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Discard the refused token; return whether another attempt may succeed."""
        return self._own is not None and self._own.handle_missing_authorization(refused)

    def is_refreshing(self) -> bool:
        """Return whether the current task is part of a login or a token refresh."""
        return self._own is not None and self._own.is_refreshing()
