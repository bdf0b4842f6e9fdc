"""Authorization requests: reading the query, checking the redirect URI, and the redirect to the client."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .errors import ApiError, AuthorizationError, LoginPageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .models import ClientApp, Policy
    from .registry import Registry
    from .scope_strings import RequestedScope

__all__ = ("CODE_PAGE", "LOOPBACK_HOSTS", "AuthorizationRequest", "ClientRedirect", "Redirect", "read_request")

CODE_PAGE: Final = "/v2/web/auth-code"
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Redirect:
    """The redirect to the client at the end of a login."""

    url: str = field(repr=False)
    parameters: dict[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        """
        The authorization code.

        Raises:
            AuthorizationError: The redirect carries an error.
        """
        if "code" not in self.parameters:
            raise AuthorizationError(self.parameters["error"], self.parameters["error_description"])
        return self.parameters["code"]

    @property
    def state(self) -> str | None:
        """The ``state`` parameter of the authorization request."""
        return self.parameters.get("state")

    @property
    def error(self) -> str | None:
        """The error code, if the redirect carries an error."""
        return self.parameters.get("error")


@dataclass(frozen=True, slots=True)
class ClientRedirect:
    """The client of an authorization request, and its redirect URI."""

    client: ClientApp
    redirect_uri: str
    state: str | None

    def with_code(self, code: str) -> Redirect:
        """Return the redirect with an authorization code."""
        return self._redirect({"code": code})

    def with_error(self, error: AuthorizationError) -> Redirect:
        """Return the redirect with an error."""
        return self._redirect({"error": error.error, "error_description": error.description})

    def _redirect(self, parameters: dict[str, str]) -> Redirect:
        if self.state is not None:
            parameters["state"] = self.state
        parts = urlsplit(self.redirect_uri)
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
        return Redirect(urlunsplit(parts._replace(query=query)), parameters)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid authorization request."""

    target: ClientRedirect
    scopes: list[RequestedScope]
    offline: bool
    challenge: str | None
    nonce: str | None
    prompt: str | None
    named_grant: str | None
    message: str | None
    identities: tuple[str, ...]
    domains: tuple[str, ...]
    policies: tuple[Policy, ...]
    mfa: bool


def read_request(
    registry: Registry, query: Iterable[tuple[str, str]], *, origins: Collection[str]
) -> AuthorizationRequest | Redirect:
    """
    Read the query of an authorization request.

    Args:
        registry: The registered clients, scopes and policies.
        query: The query parameters.
        origins: The addresses of the service, without a trailing slash: each has a page that shows codes.

    Returns:
        The request, or the redirect that reports an error to the client.

    Raises:
        LoginPageError: The client is unknown or its redirect URI invalid, so that nothing may be redirected to it.
    """
    parameters: dict[str, str] = {}
    repeated: set[str] = set()
    for key, value in query:
        if key in parameters:
            repeated.add(key)
        parameters[key] = value
    client = registry.clients.get(parameters.get("client_id", ""))
    if client is None or "client_id" in repeated:
        raise LoginPageError("The application is unknown: its client_id is missing or wrong.")
    uri = parameters.get("redirect_uri", "")
    if "redirect_uri" in repeated or not _redirect_uri_allowed(registry, client, uri, origins):
        raise LoginPageError(f"{client.name} has not registered this redirect_uri.")
    target = ClientRedirect(client, uri, parameters.get("state"))
    try:
        return _read(registry, parameters, repeated, target)
    except AuthorizationError as error:
        return target.with_error(error)


def _read(
    registry: Registry, parameters: dict[str, str], repeated: set[str], target: ClientRedirect
) -> AuthorizationRequest:
    client = target.client
    if repeated:
        raise AuthorizationError("invalid_request", f"repeated parameters: {', '.join(sorted(repeated))}")
    if parameters.get("response_type") != "code":
        raise AuthorizationError("unsupported_response_type", "response_type must be code")
    access_type = parameters.get("access_type", "online")
    if access_type not in {"online", "offline"}:
        raise AuthorizationError("invalid_request", "access_type must be online or offline")
    prompt = parameters.get("prompt") or None
    if prompt not in {None, "login", "none"}:
        raise AuthorizationError("invalid_request", "prompt must be login or none")
    challenge = parameters.get("code_challenge")
    if challenge is not None:
        if parameters.get("code_challenge_method") != "S256" or _CHALLENGE.fullmatch(challenge) is None:
            raise AuthorizationError("invalid_request", "code_challenge must be a SHA-256 digest, with method S256")
    elif client.is_public:
        raise AuthorizationError("invalid_request", "a public client must send a code_challenge")
    try:
        scopes = registry.requested(parameters.get("scope", ""))
    except ApiError as error:
        raise AuthorizationError(error.code.lower(), error.message) from None
    if not scopes:
        raise AuthorizationError("invalid_scope", "No scope was requested.")
    mfa = parameters.get("session_required_mfa", "false").lower()
    if mfa not in {"true", "false"}:
        raise AuthorizationError("invalid_request", "session_required_mfa must be true or false")
    return AuthorizationRequest(
        target,
        scopes,
        access_type == "offline",
        challenge,
        parameters.get("nonce"),
        prompt,
        parameters.get("prefill_named_grant"),
        parameters.get("session_message"),
        _split(parameters.get("session_required_identities")),
        _split(parameters.get("session_required_single_domain")),
        tuple(_policies(registry, _split(parameters.get("session_required_policies")))),
        mfa == "true",
    )


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _policies(registry: Registry, policy_ids: Iterable[str]) -> Iterator[Policy]:
    for policy_id in policy_ids:
        policy = registry.policies.get(policy_id)
        if policy is None:
            raise AuthorizationError("invalid_request", f"There is no policy {policy_id}.")
        yield policy


def _redirect_uri_allowed(registry: Registry, client: ClientApp, uri: str, origins: Iterable[str]) -> bool:
    """Compare a redirect URI with those of a client: exactly, except for the port of a loopback URI (RFC 8252, 7.3)."""
    if uri in client.redirect_uris:
        return True
    parent = registry.clients.get(client.parent_id or "")
    native = next((each for each in (client, parent) if each is not None and each.is_native), None)
    if native is None:
        return False
    if uri in {f"{origin}{CODE_PAGE}" for origin in origins}:
        return True
    requested = _loopback(uri)
    registered = [*client.redirect_uris, *native.redirect_uris]
    return requested is not None and (not registered or requested in {_loopback(each) for each in registered})


def _loopback(uri: str) -> tuple[str, str, str] | None:
    """Return host, path and query of a loopback URI; `None` for any other."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.scheme == "http" and "@" not in parts.netloc and "\\" not in uri and not parts.fragment
    return (host, parts.path or "/", parts.query) if plain and host in LOOPBACK_HOSTS else None
