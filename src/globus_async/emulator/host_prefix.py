"""Production hosts as the first part of a path, so that one socket serves services that have paths in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("HostPrefix",)


class HostPrefix:
    """
    An ASGI layer that makes ``/groups.api.globus.org/v2/groups`` the request for ``/v2/groups`` of that host.

    Args:
        app: The application.
        hosts: The production hosts of its services.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replace the host of a request if its path begins with one."""
        host, slash, path = scope["path"].removeprefix("/").partition("/")
        if scope["type"] == "http" and host in self._hosts and slash:
            headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
            raw_path = scope["raw_path"].removeprefix(f"/{host}".encode())
            scope = {**scope, "path": f"/{path}", "raw_path": raw_path, "headers": [(b"host", host.encode()), *headers]}
        await self._app(scope, receive, send)
