"""
The check that keeps web pages of other sites away from an emulator on a socket.

Logins on the emulator need no password, and its collections may be directories of this machine. A page that the user
visits could send requests to it, from the user's browser: under a name of its own that it rebinds to the loopback
address, or across sites. The first have a foreign ``Host``, the second a foreign ``Origin`` or ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("TrustedHosts", "is_loopback")

_AUTHORITY: Final = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]*)?", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a host is ``localhost`` or a loopback address."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


class TrustedHosts:
    """
    An ASGI layer that refuses requests for foreign hosts (421), and those of other sites' pages (403).

    Links and redirects of other sites, such as the one to the login page, are no requests of their pages: they replace
    the page, which then sees no response.

    Args:
        app: The application.
        hosts: The names and addresses that are trusted besides the loopback addresses and ``localhost``.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(_canonical(each) for each in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then pass it to the application."""
        headers = Headers(scope=scope)
        authorities = headers.getlist("host")
        if not scope["raw_path"].startswith(b"/") and scope["path"] != "*":
            netloc, path = _split(scope["raw_path"])
            authorities.append(netloc)
            scope = {**scope, "path": unquote(path), "raw_path": path.encode()}
        if not authorities or not all(map(self._is_trusted, authorities)):
            response = _refusal(
                421,
                "MisdirectedRequest",
                "The emulator responds to requests for localhost and loopback addresses only; name other hosts in "
                "the argument allowed_hosts of serve(), or with --allow-host",
            )
        elif len({each.lower() for each in authorities}) > 1:
            response = _refusal(400, "BadRequest", "The request names several hosts")
        elif _is_of_another_site(scope["method"], headers, authorities[0].lower()):
            response = _refusal(403, "CrossSiteRequest", "The emulator refuses requests of other sites' web pages")
        else:
            await self._app(scope, receive, send)
            return
        await response(scope, receive, send)

    def _is_trusted(self, authority: str) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        if match is None:
            return False
        host = _canonical(match["v6"] or match["name"])
        return is_loopback(host) or host in self._hosts


def _split(target: bytes) -> tuple[str, str]:
    """Return authority and path of a request target in absolute form; an authority that is not trusted for others."""
    try:
        parts = urlsplit(target.decode("ascii"))
    except ValueError:
        return "", "/"
    return parts.netloc, parts.path or "/"


def _canonical(host: str) -> str:
    return host.lower().removesuffix(".")


def _is_of_another_site(method: str, headers: Headers, host: str) -> bool:
    if origins := headers.getlist("origin"):
        return any(_netloc(each) != host for each in origins)
    if headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
        return False
    is_visit = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
    return method not in {"GET", "HEAD"} or not is_visit


def _netloc(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else None


def _refusal(status: int, code: str, message: str) -> Response:
    return Response(json.dumps({"code": code, "message": message}), status, media_type="application/json")
