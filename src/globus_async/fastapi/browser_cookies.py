"""The cookies of an application in browsers: their names and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi.requests import HTTPConnection
    from fastapi.responses import Response

    from ..secret import Secret
    from .public_address import PublicAddress

__all__ = ("BrowserCookies",)


class BrowserCookies:
    """
    Sets and deletes the cookies of an application: ``HttpOnly``, ``SameSite=Lax``, and ``Secure`` unless on loopback.

    Args:
        address: The address of the application.
        session: The name of the session cookie, without a prefix.
    """

    def __init__(self, address: PublicAddress, session: str) -> None:
        self._address = address
        self._session = session
        self._options: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": address.is_secure}

    @property
    def documented_session(self) -> str:
        """The name of the session cookie, as far as it does not depend on the request."""
        return f"{self._prefix_below(self._address.path)}{self._session}"

    def session(self, connection: HTTPConnection) -> str:
        """Return the name of the session cookie."""
        return f"{self.prefix(connection)}{self._session}"

    def prefix(self, connection: HTTPConnection) -> str:
        """Return the prefix of the cookies' names."""
        return self._prefix_below(self._address.server_root(connection))

    def set(self, connection: HTTPConnection, response: Response, name: str, value: Secret, *, seconds: float) -> None:
        """Add a cookie to a response."""
        response.set_cookie(name, value.reveal(), max_age=int(seconds), path=self._path(connection), **self._options)

    def delete(self, connection: HTTPConnection, response: Response, name: str) -> None:
        """Let a response delete a cookie."""
        response.delete_cookie(name, path=self._path(connection), **self._options)

    def _path(self, connection: HTTPConnection) -> str:
        return self._address.server_root(connection) or "/"

    def _prefix_below(self, root: str) -> str:
        """Return the prefix below a path: for ``__Host-``, a cookie must be valid for all paths."""
        if not self._address.is_secure:
            return ""
        return "__Secure-" if root else "__Host-"
