"""The paths of the emulator itself, which are below one prefix that no Globus service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("PREFIX", "OwnPaths")

PREFIX: Final = "/emulator"
_PAGE: Final = frozenset({"/", "/favicon.ico"})


class OwnPaths:
    """
    An ASGI layer that separates the emulator's own requests, which are neither recorded nor made to fail.

    Args:
        own: The application for the emulator's own paths.
        services: The application of the emulated services.
    """

    def __init__(self, own: ASGIApp, services: ASGIApp) -> None:
        self._own = own
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to one of the applications."""
        is_own = scope["path"] in _PAGE or scope["path"].startswith(f"{PREFIX}/")
        await (self._own if is_own else self._services)(scope, receive, send)
