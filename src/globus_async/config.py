"""Addresses of services, and settings from environment variables and configuration files."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from .errors import GlobusSDKUsageError
from .porting import missing_from

__all__ = ("checked_base_url", "get_environment", "get_service_url", "get_webapp_url", "setting")

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)

_HOSTS: Final[Mapping[str, str]] = {
    "auth": "auth.{domain}",
    "app": "app.{domain}",
    "transfer": "transfer.api.{domain}",
    "search": "search.api.{domain}",
    "groups": "groups.api.{domain}",
    "compute": "compute.api.{domain}",
    "flows": "{prefix}flows.automate.globus.org",
    "timer": "{prefix}timer.automate.globus.org",
    "actions": "{prefix}actions.automate.globus.org",
}
_DOMAINS: Final[Mapping[str, str]] = {
    "production": "globus.org",
    "preview": "preview.globus.org",
    "sandbox": "sandbox.globuscs.info",
    "integration": "integration.globuscs.info",
    "test": "test.globuscs.info",
    "staging": "staging.globuscs.info",
}
_SERVICE: Final = re.compile(r"[a-z][a-z0-9-]*")
_FILES: Final = (Path("~/.globus.cfg"), Path("/etc/globus.cfg"))
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def get_environment(name: str | None = None) -> str:
    """
    Return the Globus environment.

    The argument takes precedence over ``GLOBUS_SDK_ENVIRONMENT``, then the ``environment`` in a configuration file,
    then ``production``.

    Raises:
        GlobusSDKUsageError: Unknown environment.
    """
    environment = name or setting("environment", section="cli", variable="GLOBUS_SDK_ENVIRONMENT") or "production"
    if environment not in _DOMAINS:
        raise GlobusSDKUsageError(f"unknown environment {environment!r}; use one of {', '.join(sorted(_DOMAINS))}")
    return environment


def get_service_url(service: str, environment: str | None = None, *, default: str | None = None) -> str:
    """
    Return the base URL of a service, with a trailing slash.

    The environment variable ``GLOBUS_SDK_SERVICE_URL_<SERVICE>`` takes precedence over the default, and that over the
    service's address in the Globus environment.

    Args:
        service: The name of the service, such as ``"transfer"``; unknown ones are at ``<name>.api.globus.org``.
        environment: The Globus environment; see `get_environment`.
        default: The base URL of a service that is not part of a Globus environment.

    Raises:
        GlobusSDKUsageError: The name of the service is malformed, or the variable has a URL that credentials must not
            be sent to.
    """
    variable = f"GLOBUS_SDK_SERVICE_URL_{service.upper()}"
    if environment is not None:
        get_environment(environment)  # an unknown name is refused, even if the variable overrides it
    if override := os.environ.get(variable):
        return checked_base_url(override, source=variable)
    if default is not None:
        return checked_base_url(default, source="default_base_url")
    name = get_environment(environment)
    if service == "_base":
        raise GlobusSDKUsageError(
            "a client needs a service_name or a base_url: set one in its class, or pass base_url="
        )
    if _SERVICE.fullmatch(service) is None:
        raise GlobusSDKUsageError(f"the name of a service is lower-case letters, digits and hyphens, got {service!r}")
    host = _HOSTS.get(service, f"{service}.api.{{domain}}")
    prefix = "" if name == "production" else f"{name}."
    return f"https://{host.format(domain=_DOMAINS[name], prefix=prefix)}/"


def get_webapp_url(environment: str | None = None) -> str:
    """Return the URL of the Globus web app."""
    return get_service_url("app", environment)


def checked_base_url(url: str, *, source: str) -> str:
    """
    Return a base URL with a trailing slash, after a check that credentials may be sent to it.

    Raises:
        GlobusSDKUsageError: Not an absolute ``https`` URL (``http`` is for loopback addresses only), or a URL with a
            user name, a query or a fragment.
    """
    problem = _base_url_problem(url) if isinstance(url, str) else "is not a URL"
    if problem is not None:
        raise GlobusSDKUsageError(f"{source} {problem}")
    return url if url.endswith("/") else f"{url}/"


@functools.lru_cache(maxsize=64)  # web backends make a client per request, with the same few URLs
def _base_url_problem(url: str) -> str | None:
    parts = _split(url)
    if parts is None:
        return "is not a URL"
    host = parts.hostname
    if not host or parts.scheme not in {"https", "http"}:
        return "must be an absolute URL such as 'https://transfer.api.globus.org/'"
    if parts.username is not None or parts.password is not None:
        return "must not contain a user name or password"
    if any(char in "?#\\" or ord(char) <= 0x20 for char in url) or not url.isprintable():
        return "must be a plain URL, without query, fragment, backslash or spaces"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "must begin with https://; plain http is for loopback addresses only"
    return None


def _split(url: str) -> SplitResult | None:
    """Split a URL; ``None`` if it is invalid, without the exception, which would quote it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def setting(option: str, *, section: str, variable: str | None = None) -> str | None:
    """Return a setting from the environment variable, else ``~/.globus.cfg``, else ``/etc/globus.cfg``."""
    if variable is not None and (value := os.environ.get(variable)):
        return value
    for name in _FILES:
        try:
            text = name.expanduser().read_text(encoding="utf-8")
        except (OSError, RuntimeError):
            continue  # there is no such file, or no home directory
        except UnicodeDecodeError:
            raise GlobusSDKUsageError(f"the configuration file {name} cannot be read: it is not UTF-8") from None
        import configparser  # noqa: PLC0415 -- few machines have such a file

        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(text)
        except configparser.Error as error:
            raise GlobusSDKUsageError(f"the configuration file {name} cannot be read: {type(error).__name__}") from None
        if value := parser.get(section, option, fallback=None):
            return value
    return None
