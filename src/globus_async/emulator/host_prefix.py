"""Production hosts as the first part of a path, so that one socket serves services that have paths in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("HostPrefix",)


class HostPrefix:
    """
    An ASGI layer that makes ``/groups.api.globus.org/v2/groups`` the request for ``/v2/groups`` of that host.

    Args:
        app: The application.
        serves_host: Returns whether a production host is one of its services.
    """

    def __init__(self, app: ASGIApp, serves_host: Callable[[str], bool]) -> None:
        self._app = app
        self._serves_host = serves_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replace the host of a request if its path begins with one."""
        host, slash, path = scope["path"].removeprefix("/").partition("/")
        if scope["type"] == "http" and slash and self._serves_host(host):
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            raw_path = scope["raw_path"].removeprefix(f"/{host}".encode())
            scope = {**scope, "path": f"/{path}", "raw_path": raw_path, "headers": [(b"host", host.encode()), *headers]}
        await self._app(scope, receive, send)
