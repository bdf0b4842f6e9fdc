"""The proxies of the environment: ``HTTPS_PROXY`` and ``ALL_PROXY``, and the exceptions in ``NO_PROXY``."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes, urlsplit

from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Proxies", "Proxy")

_SCHEMES: Final = frozenset({"http", "https"})
_ENTRY: Final = re.compile(r"\[(?P<address>[^]]*)\](:(?P<port>\d+))?|(?P<name>[^:]*)(:(?P<name_port>\d+))?")
_URL: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")
_HOST: Final = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?|[0-9a-f.]*:[0-9a-f.:]*(%[\w.-]+)?")
"""A name or an address; with any other, every connection would fail, and be retried."""
_SEPARATORS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    An HTTP proxy.

    Attributes:
        variable: The name of the environment variable that names it.
        url: Its URL, which may contain credentials.
    """

    variable: str
    url: str

    def __repr__(self) -> str:
        return f"<Proxy of {self.variable}>"

    def connect_head(self, host: str, port: int) -> bytes:
        """Return the request for a tunnel to a host (RFC 9110, 9.3.6)."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {authority} HTTP/1.1".encode("ascii"), f"Host: {authority}".encode("ascii")]
        user = urlsplit(self.url)
        if user.username is not None:
            plain = unquote_to_bytes(user.username) + b":" + unquote_to_bytes(user.password or "")
            lines.append(b"Proxy-Authorization: Basic " + base64.b64encode(plain))
        return b"\r\n".join([*lines, b"", b""])


class Proxies:
    """
    Chooses the proxy for an origin, as most programs do, by variables in lower case or else in upper case.

    Only ``https`` has proxies, since ``http`` is allowed for loopback addresses only; those have none.

    Args:
        variables: The environment variables.
    """

    __slots__ = ("_exceptions", "_known", "_named")

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._named = _variable(variables, "https_proxy") or _variable(variables, "all_proxy")
        exempt = _variable(variables, "no_proxy") if self._named is not None else None
        self._exceptions = [] if exempt is None else [_Exception(entry) for entry in _SEPARATORS.split(exempt[1])]
        self._known: dict[str, Proxy | None] = {}

    def proxy_for(self, origin: str) -> Proxy | None:
        """
        Return the proxy for an origin, or ``None`` to connect directly.

        Args:
            origin: Scheme, host, and the port if it is not the default.

        Raises:
            GlobusSDKUsageError: The variable names no HTTP proxy.
        """
        if self._named is None:
            return None
        if origin not in self._known:
            self._known[origin] = self._proxy_for(origin, *self._named)
        return self._known[origin]

    def _proxy_for(self, origin: str, variable: str, value: str) -> Proxy | None:
        parts = urlsplit(origin)
        host = (parts.hostname or "").removesuffix(".")
        address = _address(host)
        if parts.scheme != "https" or host == "localhost" or (address is not None and address.is_loopback):
            return None
        if any(exception.applies_to(host, address, parts.port or 443) for exception in self._exceptions):
            return None
        return _checked(variable, value)


class _Exception:
    """
    An entry of ``NO_PROXY``: ``*``, a domain with its subdomains, an address or a network; a port may follow.

    Args:
        text: The entry.
    """

    __slots__ = ("_is_any", "_name", "_network", "_port")

    def __init__(self, text: str) -> None:
        found = _ENTRY.fullmatch(text)
        name = text if found is None else found["name"] if found["address"] is None else found["address"]
        port = None if found is None else found["port"] or found["name_port"]
        self._port = None if port is None else int(port)
        self._name = name.lower().removeprefix("*").strip(".")
        self._is_any = name == "*"
        self._network = _network(name)

    def applies_to(self, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
        """Return whether a host has no proxy."""
        if self._port is not None and self._port != port:
            return False
        if self._is_any:
            return True
        if address is not None:
            return self._network is not None and address in self._network
        return f".{host}".endswith(f".{self._name}")


def _variable(variables: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Return the name and the value of a variable that is set; an empty one in lower case hides the other."""
    for spelling in (name, name.upper()):
        if spelling in variables:
            value = variables[spelling].strip()
            return (spelling, value) if value else None
    return None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _checked(variable: str, value: str) -> Proxy:
    """Return the proxy that a variable names; no error quotes the value, which may contain a password."""
    url = value if "://" in value else f"http://{value}"  # the usual meaning of ``proxy:3128``
    try:
        parts = urlsplit(url)
        is_usable = None not in (_URL.fullmatch(url), _HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        is_usable, scheme = False, ""
    else:
        scheme = parts.scheme
    if scheme.startswith("socks"):
        raise GlobusSDKUsageError(
            f"{variable} names a SOCKS proxy, which is not supported: name an HTTP proxy, or install httpx[socks] and"
            " use Transport(http_client=httpx.AsyncClient(proxy=...))"
        )
    if not is_usable or scheme not in _SCHEMES:
        raise GlobusSDKUsageError(
            f"{variable} does not name an HTTP proxy: set it to a URL such as http://proxy.example.org:3128"
        )
    return Proxy(variable, url)
