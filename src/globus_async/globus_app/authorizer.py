"""The authorizers of an app: they read its token storage at the first call, and log in if they must."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from .._http.response import RawResponse
from .._single_flight import SingleFlight
from ..authorizers import LoginAuthorizer, RenewingAuthorizer
from ..errors import LoginRequired
from ..login_flows import InteractiveLoginRequired
from ..token_storage import MissingTokenError, TokenValidationError
from .gares import find_gare
from .logins import in_login

if TYPE_CHECKING:
    from ..authorizers import AccessTokenAuthorizer
    from ..clock import Clock
    from ..errors import GlobusError
    from ..gare import GARE
    from ..scopes import Scope
    from ..secret import Secret
    from ..token_storage import TokenStorageData, ValidatingTokenStorage

__all__ = ("AppAuthorizer", "ConsentsAuthorizer")

_NEW_LOGIN_SECONDS: Final = 60.0
"""A token that is refused so soon after a login would be refused after the next one, too."""


class _Source(Protocol):
    """What an authorizer needs of its app."""

    @property
    def token_storage(self) -> ValidatingTokenStorage: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def seconds_since_login(self) -> float: ...
    def check_open(self) -> None: ...
    def required_scopes(self, resource_server: str, /) -> Sequence[Scope]: ...
    async def read_token_data(self, resource_server: str, /) -> TokenStorageData | None: ...
    def make_authorizer(
        self, resource_server: str, data: TokenStorageData | None, /
    ) -> AccessTokenAuthorizer | RenewingAuthorizer: ...
    def resolve(self, error: TokenValidationError, changes: int, /) -> Awaitable[None] | None: ...
    def redrive(self, gare: GARE, age: float, /) -> Awaitable[None] | None: ...


@dataclass(frozen=True, slots=True)
class _Held:
    """The authorizer of the tokens that were read, and what they were read for."""

    authorizer: AccessTokenAuthorizer | RenewingAuthorizer
    fixed_header: Secret | None
    """The header, if it does not change: there is only an access token."""
    data: TokenStorageData | None
    changes: int
    required: Sequence[Scope]


class AppAuthorizer(LoginAuthorizer):
    """
    The authorizer of an app for one resource server, for all clients of the app.

    Its tokens are read and checked at the first call, and again when other ones were stored, when more scopes are
    required, and when an access token without a refresh token has expired.

    Args:
        source: The app.
        resource_server: The resource server.
    """

    def __init__(self, source: _Source, resource_server: str) -> None:
        self.resource_server = resource_server
        self._source = source
        self._held: _Held | None = None
        self._refused: Secret | None = None
        self._failed_at = -1
        self._is_login_required = False
        self._reads: SingleFlight[None] = SingleFlight("token look-up")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.resource_server}>"

    async def current_header(self) -> Secret:
        """
        Return the header without a login.

        Raises:
            TokenValidationError: The stored tokens cannot be used; a login is needed.
            LoginRequired: The refresh token is not valid any more; a login is needed.
            TokenRefreshError: No access token could be obtained at the moment.
            TokenStorageError: The storage cannot be used.
        """
        held = await self._usable()
        try:
            header = await held.authorizer.get_authorization_header()
        except LoginRequired:
            self._is_login_required = True
            raise
        self._is_login_required = False
        return header

    async def check(self) -> None:
        """
        Check that no login is needed, as far as that is known without a request for tokens.

        Raises:
            TokenValidationError: A login is needed.
        """
        await self._usable()
        if self._is_login_required:
            raise self._refresh_refused()

    def login_for(self, reason: RawResponse | GlobusError) -> Awaitable[None] | None:
        """Return the login that an error of this authorizer, or the response of a service, requires."""
        if in_login.get():
            return None
        match reason:
            case TokenValidationError():
                return self._source.resolve(reason, self._failed_at)
            case InteractiveLoginRequired():
                return None
            case LoginRequired():
                error = self._refresh_refused()
                error.__cause__ = reason
                return self._source.resolve(error, self._failed_at)
            case RawResponse():
                gare = find_gare(reason)
                age = self._source.clock.wall() - reason.started_at
                return None if gare is None else self._source.redrive(gare, age)
            case _:
                return None

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Discard the refused token, unless another one has replaced it; return whether a new one may be had."""
        held = self._held
        if held is None:
            return True
        if isinstance(held.authorizer, RenewingAuthorizer):
            return held.authorizer.handle_missing_authorization(refused)
        if refused is not None and refused != held.fixed_header:
            return True
        if self._source.seconds_since_login < _NEW_LOGIN_SECONDS:
            return False
        self._held, self._refused = None, held.fixed_header
        return True

    def is_refreshing(self) -> bool:
        """Return whether the current task is part of a login or a token refresh."""
        held = self._held
        return in_login.get() or (held is not None and held.authorizer.is_refreshing())

    async def _usable(self) -> _Held:
        """Return the authorizer of tokens that may be used now."""
        self._source.check_open()
        while (held := self._current()) is None:
            await self._reads.join(None, self._read)
        return held

    def _current(self) -> _Held | None:
        held, source = self._held, self._source
        if held is None or held.changes != source.token_storage.changes:
            return None
        if held.required is not source.required_scopes(self.resource_server):
            return None
        if held.fixed_header is not None and held.data is not None:
            return None if held.data.expires_at_seconds < source.clock.wall() else held
        return held

    async def _read(self) -> None:
        source = self._source
        changes, required = source.token_storage.changes, source.required_scopes(self.resource_server)
        self._failed_at = changes
        data = await self._read_data()
        authorizer = source.make_authorizer(self.resource_server, data)
        is_fixed = not isinstance(authorizer, RenewingAuthorizer)
        header = await authorizer.get_authorization_header() if is_fixed else None
        if header is not None and header == self._refused:
            raise MissingTokenError(
                f"the stored token for {self.resource_server} was refused (401); log in again", self.resource_server
            )
        self._refused, self._is_login_required = None, False
        self._held = _Held(authorizer, header, data, changes, required)

    async def _read_data(self) -> TokenStorageData | None:
        return await self._source.read_token_data(self.resource_server)

    def _refresh_refused(self) -> MissingTokenError:
        server = self.resource_server
        return MissingTokenError(f"the refresh token for {server} is not valid any more; log in again", server)


class ConsentsAuthorizer(AppAuthorizer):
    """The authorizer of the look-up of consents, by which other tokens are checked: its own one is not checked so."""

    def login_for(self, reason: RawResponse | GlobusError) -> None:
        """Return ``None``: the call whose tokens are checked logs in."""

    def is_refreshing(self) -> bool:
        """Return ``True``: calls in flight may wait for this one."""
        return True

    async def _read_data(self) -> TokenStorageData | None:
        return await self._source.token_storage.token_storage.get_token_data(self.resource_server)
