"""The address of an application in browsers: its origin, and the path it is served below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from starlette.routing import NoMatchFound

from ..config import checked_base_url
from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from fastapi.requests import HTTPConnection

__all__ = ("PublicAddress", "is_own_path")

_MAX_PATH_CHARACTERS: Final = 2048
_OWN_PATH: Final = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
_PATH_CHARACTERS: Final = "/!$&'()*+,;=:@~"


def is_own_path(path: str) -> bool:
    """Return whether a string is a path of this origin, and not a URL of another one."""
    # no scheme, no '//' or '/\\' at the start, no backslash, space or control character anywhere
    return len(path) <= _MAX_PATH_CHARACTERS and _OWN_PATH.fullmatch(path) is not None


class PublicAddress:
    """
    The address of an application in browsers, from its configuration and the paths of its requests.

    Nothing is taken from the headers of a request, such as ``Host``, which a stranger can choose.

    Args:
        public_url: The URL of the application: an origin, with a path if a proxy serves the application below it.
        route: The name of a route of the login.
        route_path: The path of that route within its application.

    Raises:
        GlobusSDKUsageError: ``public_url`` is not such a URL.
    """

    def __init__(self, public_url: str, *, route: str, route_path: str) -> None:
        parts = urlsplit(checked_base_url(public_url, source="public_url"))
        self.path: str = parts.path.rstrip("/")
        if self.path and (not is_own_path(self.path) or _leaves(self.path)):
            raise GlobusSDKUsageError(
                "the path of public_url must be a plain one, such as 'https://lab.example.org/app'"
            )
        # in the form of browsers, for the comparison with their Origin header
        self.is_secure: bool = parts.scheme == "https"
        default_port = ":443" if self.is_secure else ":80"
        self.origin: str = f"{parts.scheme}://{parts.netloc.lower().removesuffix(default_port)}"
        self.registered: str = f"{parts.scheme}://{parts.netloc}"
        """The origin as configured, and as registered for the redirect URI."""
        self._route = route
        self._route_path = route_path

    def login_root(self, connection: HTTPConnection) -> str:
        """Return the public path below which the routes of the login are; empty for the root of the origin."""
        if self.path:
            return self.path
        scope = connection.scope
        outermost = self.server_root(connection)
        try:
            # the login may be in the application of this request, or in one beside or above it
            route = str(scope["router"].url_path_for(self._route))
        except (KeyError, NoMatchFound):
            return _checked(quote(_root_path(connection), safe=_PATH_CHARACTERS))
        return _checked(outermost + quote(route.removesuffix(self._route_path), safe=_PATH_CHARACTERS))

    def server_root(self, connection: HTTPConnection) -> str:
        """Return the public path of the outermost application, which is the same for all of its requests."""
        if self.path:
            return self.path
        scope = connection.scope
        root = scope.get("app_root_path", scope.get("root_path", ""))
        return _checked(quote(root.rstrip("/"), safe=_PATH_CHARACTERS)) if root else ""

    def path_of(self, connection: HTTPConnection) -> str:
        """Return the public path of a request, with its query."""
        scope, root = connection.scope, _root_path(connection)
        path: str = scope["path"]
        if not _is_below(path, root):  # a proxy has removed the root path, and the server has not put it back
            path = root + path
        path = quote(path, safe=_PATH_CHARACTERS)
        root = quote(root, safe=_PATH_CHARACTERS)
        if self.path and not _is_below(root, self.path):  # the server does not know of the proxy's path
            path = self.path.removesuffix(root) + path
        query = scope.get("query_string", b"").decode("latin-1")
        return f"{path}?{query}" if query else path

    def is_own(self, path: str, root: str) -> bool:
        """Return whether a path belongs to the application below a root path, whatever dots it contains."""
        return is_own_path(path) and _is_below(re.split("[?#]", path)[0], root) and not (root and _leaves(path))


def _root_path(connection: HTTPConnection) -> str:
    root: str = connection.scope.get("root_path", "")
    return root.rstrip("/")


def _is_below(path: str, root: str) -> bool:
    return not root or path == root or path.startswith(f"{root}/")


def _leaves(path: str) -> bool:
    """Return whether a path has segments that browsers resolve, such as ``..``, which could lead out of its root."""
    return not {".", ".."}.isdisjoint(unquote(re.split("[?#]", path)[0]).split("/"))


def _checked(root: str) -> str:
    """Return a root path; none if it is not the path of an application, as that of a mount with parameters may be."""
    return root if is_own_path(root) and not _leaves(root) else ""
