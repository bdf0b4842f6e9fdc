"""The paths of the emulator itself, which are below one prefix that no Globus service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

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
        has_all_paths: Returns whether all paths of a host are those of a service, such as the files of a collection.
    """

    def __init__(self, own: ASGIApp, services: ASGIApp, has_all_paths: Callable[[str], bool]) -> None:
        self._own = own
        self._services = services
        self._has_all_paths = has_all_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to one of the applications."""
        is_own = scope["path"] in _PAGE or scope["path"].startswith(f"{PREFIX}/")
        if is_own and self._has_all_paths(Headers(scope=scope).get("host", "").partition(":")[0].lower()):
            is_own = False
        await (self._own if is_own else self._services)(scope, receive, send)
