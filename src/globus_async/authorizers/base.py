"""What an authorizer is, and those that never change."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import MutableMapping
from typing import NoReturn, Self

from ..errors import GlobusSDKUsageError
from ..secret import Secret

__all__ = ("AccessTokenAuthorizer", "BasicAuthorizer", "GlobusAuthorizer", "NullAuthorizer")


class GlobusAuthorizer(ABC):
    """
    Supplies the ``Authorization`` header. May be shared by any number of clients.

    **Differs from globus-sdk:** asked with ``await``, and answers with a `Secret`, which no log or traceback shows.
    """

    @abstractmethod
    async def get_authorization_header(self) -> Secret | None:
        """Return the header's value, or ``None`` for no header; asked before every attempt."""

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:  # noqa: ARG002
        """
        Take note that a service answered 401.

        Args:
            refused: The header that was refused; a newer one that is held meanwhile stays.

        Returns:
            Whether a further attempt may succeed.
        """
        return False

    def is_renewing(self) -> bool:
        """Say whether the current task is a renewal: what it sends waits for no turn, since others may wait for it."""
        return False

    async def set_authorization_header(self, headers: MutableMapping[str, str]) -> None:
        """Put the header into a mapping of your own, over one that is there; remove it if there is none to send."""
        header = await self.get_authorization_header()
        if header is None:
            headers.pop("Authorization", None)
        else:
            headers["Authorization"] = header.reveal()

    def __copy__(self) -> Self:
        return self  # one login is renewed in one place

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} holds credentials and cannot be pickled; hand on what it is made from"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class NullAuthorizer(GlobusAuthorizer):
    """Sends no ``Authorization`` header."""

    async def get_authorization_header(self) -> None:
        """Return ``None``."""


class BasicAuthorizer(GlobusAuthorizer):
    """
    Sends a user name and password, as confidential apps do to Globus Auth.

    Args:
        username: The client's id.
        password: The client's secret.
    """

    def __init__(self, username: str, password: str | Secret) -> None:
        password = Secret.of(password)
        if not username or ":" in username or not _plain(username) or not _plain(password.reveal()):
            raise GlobusSDKUsageError("user name and password must be text without line breaks, the name without ':'")
        self.username = username
        self._header = Secret("Basic " + base64.b64encode(f"{username}:{password.reveal()}".encode()).decode("ascii"))

    async def get_authorization_header(self) -> Secret:
        """Return the header."""
        return self._header


class AccessTokenAuthorizer(GlobusAuthorizer):
    """
    Sends one access token; when it expires, the calls fail with status 401.

    Args:
        access_token: The token, as a login gave it.

    Raises:
        GlobusSDKUsageError: It is empty, or has blanks, line breaks or other characters that no token has.

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


def _plain(text: str) -> bool:
    return text.isprintable()
