"""Refusal of requests that another site caused, by the headers ``Sec-Fetch-*`` and ``Origin`` of browsers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fastapi import HTTPException

if TYPE_CHECKING:
    from fastapi.requests import HTTPConnection

__all__ = ("check_navigation", "check_site", "is_from_own_site", "is_websocket")

_log = logging.getLogger("globus_async")
_NO_STORE: Final = {"Cache-Control": "no-store"}


def is_from_own_site(connection: HTTPConnection, origin: str) -> bool:
    """
    Return whether a page of this application caused a request, or no page at all, as far as its headers tell.

    Browsers that send neither header, and other programs, are not refused.

    Args:
        connection: The request, or the handshake of a WebSocket.
        origin: The origin of the application.
    """
    sites = connection.headers.getlist("sec-fetch-site")
    # a page with 'Referrer-Policy: no-referrer' sends 'Origin: null' to its own site
    own = {origin, "null"} if sites == ["same-origin"] else {origin}
    return {"same-origin", "none"}.issuperset(sites) and own.issuperset(connection.headers.getlist("origin"))


def check_site(connection: HTTPConnection, origin: str) -> None:
    """
    Refuse a request that changes state if a page of another site caused it; sibling domains are other sites, too.

    Raises:
        HTTPException: 403.
    """
    if not is_from_own_site(connection, origin):
        _log.warning(
            "a %s request from origin %.100r was refused: the application is at %s",
            connection.scope.get("method", "WebSocket"),
            connection.headers.get("origin"),
            origin,
        )
        raise HTTPException(403, "This request was made by a page of another site.", _NO_STORE)


def check_navigation(connection: HTTPConnection) -> None:
    """
    Refuse a request of another site that does not open a page, such as one for an image or in a frame.

    Raises:
        HTTPException: 403.
    """
    headers = connection.headers
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"} and (
        headers.get("sec-fetch-mode", "navigate"),
        headers.get("sec-fetch-dest", "document"),
    ) != ("navigate", "document"):
        raise HTTPException(403, "Please open this page in a window of its own.", _NO_STORE)


def is_websocket(connection: HTTPConnection) -> bool:
    """Return whether a connection is the handshake of a WebSocket."""
    return bool(connection.scope["type"] == "websocket")
