"""The authorizer interface, and the authorizers whose header never changes."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, MutableMapping
from typing import TYPE_CHECKING, NoReturn, Self

from ..errors import GlobusError, GlobusSDKUsageError
from ..errors.arguments import check_text
from ..porting import PortedAuthorizer
from ..secret import Secret

if TYPE_CHECKING:
    from .._http.response import RawResponse

__all__ = ("AccessTokenAuthorizer", "BasicAuthorizer", "GlobusAuthorizer", "LoginAuthorizer", "NullAuthorizer")


class GlobusAuthorizer(PortedAuthorizer, ABC):
    """
    Supplies the ``Authorization`` header. May be shared by any number of clients.

    **Differs from globus-sdk:** `get_authorization_header` is awaited, and returns a `Secret`, which is masked in logs
    and tracebacks.
    """

    @abstractmethod
    async def get_authorization_header(self) -> Secret | None:
        """
        Return the header's value, or ``None`` for no header; called before every attempt.

        A `Secret`, which tracebacks do not show. Text and bytes are taken, too.
        """

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:  # noqa: ARG002
        """
        Handle a response with status 401.

        Args:
            refused: The header that was refused; a newer one that has replaced it is kept.

        Returns:
            Whether another attempt may succeed.
        """
        return False

    def is_refreshing(self) -> bool:
        """Return whether the current task is a token refresh: its requests bypass limits, as calls may wait for it."""
        return False

    def login_for(self, reason: RawResponse | GlobusError) -> Awaitable[None] | None:  # noqa: ARG002
        """
        Return a login after which another attempt may succeed; ``None``, as here, if there is none.

        A call awaits it at most once for each kind of reason, without holding a slot, and outside of its total timeout:
        a user may take minutes.

        Args:
            reason: A response that refuses the request, with status 401 or 403, or the error of the authorizer itself.
        """
        return None

    async def set_authorization_header(self, headers: MutableMapping[str, str]) -> None:
        """Set the header in a mapping, replacing any that is there; remove it if there is none to send."""
        header = await self.get_authorization_header()
        if header is None:
            headers.pop("Authorization", None)
        else:
            headers["Authorization"] = header.reveal()

    def __copy__(self) -> Self:
        return self  # one set of tokens is refreshed in one place

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} holds credentials and cannot be pickled; pass on its arguments instead"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class LoginAuthorizer(GlobusAuthorizer):
    """
    An authorizer that can let a user log in, as those of a `GlobusApp` do.

    A subclass defines `current_header` and `login_for`.
    """

    @abstractmethod
    async def current_header(self) -> Secret:
        """
        Return the header without a login.

        Raises:
            GlobusError: There is no valid token; `login_for` says whether a login helps.
        """

    async def get_authorization_header(self) -> Secret:
        """
        Return the header, after a login if it is needed.

        Raises:
            GlobusError: There is no valid token.
        """
        try:
            return await self.current_header()
        except GlobusError as error:
            if (login := self.login_for(error)) is None:
                raise
        await login
        return await self.current_header()


class NullAuthorizer(GlobusAuthorizer):
    """Sends no ``Authorization`` header."""

    async def get_authorization_header(self) -> None:
        """Return ``None``."""


class BasicAuthorizer(GlobusAuthorizer):
    """
    Sends a user name and password, as confidential applications do to Globus Auth.

    Args:
        username: The client id.
        password: The client secret.

    Raises:
        GlobusSDKUsageError: A value has line breaks or other control characters, or the user name is empty or has a
            colon.
    """

    def __init__(self, username: str, password: str | Secret) -> None:
        password = Secret.of(password)
        check_text("username", username)
        password.check("password")
        if not username or ":" in username or not username.isprintable() or not password.reveal().isprintable():
            raise GlobusSDKUsageError("user name and password must be text without line breaks, the name without ':'")
        self.username = username
        self._header = Secret("Basic " + base64.b64encode(f"{username}:{password.reveal()}".encode()).decode("ascii"))

    async def get_authorization_header(self) -> Secret:
        """Return the header."""
        return self._header

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {getattr(self, 'username', 'unknown')}>"


class AccessTokenAuthorizer(GlobusAuthorizer):
    """
    Sends a fixed access token; once it expires, calls fail with status 401.

    Args:
        access_token: The access token.

    Raises:
        GlobusSDKUsageError: It is empty, or has spaces, line breaks or other characters not allowed in a token.

    Example:
        >>> AccessTokenAuthorizer("AgX1")
        <AccessTokenAuthorizer>
    """

    def __init__(self, access_token: str | Secret) -> None:
        access_token = Secret.of(access_token)
        self._header = Secret(f"Bearer {Secret.token('access_token', access_token).reveal()}")

    async def get_authorization_header(self) -> Secret:
        """Return the header."""
        return self._header
