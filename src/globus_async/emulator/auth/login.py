"""Logging in: what an authorize request asks for, who logs in how, and the code that comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from ...secret import Secret
from .errors import ApiError, AuthorizationError, LoginPageError
from .models import Authentication, AuthorizationCode, ClientApp, Identity, Policy, Session
from .policy_evaluation import admits, satisfies
from .tokens import random_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .scope_strings import RequestedScope
    from .state import AuthState

__all__ = ("CODE_PAGE", "AuthorizationRequest", "Browser", "Redirect", "agree", "log_in", "read_request", "sign_in")

CODE_PAGE: Final = "/v2/web/auth-code"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_CODES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a browser is sent after a login."""

    url: str = field(repr=False)
    parameters: dict[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        """
        The authorization code.

        Raises:
            AuthorizationError: The login was refused.
        """
        if "code" not in self.parameters:
            raise AuthorizationError(self.parameters["error"], self.parameters["error_description"])
        return self.parameters["code"]

    @property
    def state(self) -> str | None:
        """What the client gave to have it back."""
        return self.parameters.get("state")

    @property
    def error(self) -> str | None:
        """Why the login was refused, as a code."""
        return self.parameters.get("error")


@dataclass(frozen=True, slots=True)
class _Target:
    """The client that waits for the answer, and where."""

    client: ClientApp
    redirect_uri: str
    state: str | None

    def granted(self, code: str) -> Redirect:
        return self._redirect({"code": code})

    def refused(self, error: AuthorizationError) -> Redirect:
        return self._redirect({"error": error.error, "error_description": error.description})

    def _redirect(self, parameters: dict[str, str]) -> Redirect:
        if self.state is not None:
            parameters["state"] = self.state
        parts = urlsplit(self.redirect_uri)
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
        return Redirect(urlunsplit(parts._replace(query=query)), parameters)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid authorize request."""

    target: _Target
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


@dataclass(eq=False, slots=True)
class Browser:
    """Who is logged in, in one browser."""

    identity: Identity | None = None
    session: Session | None = None
    waiting: dict[Secret, AuthorizationRequest] = field(default_factory=dict[Secret, AuthorizationRequest], repr=False)
    """Logins that wait for the person to decide, by the secret in the page's form."""


def read_request(state: AuthState, pairs: Iterable[tuple[str, str]], origin: str) -> AuthorizationRequest | Redirect:
    """
    Read the query of an authorize request.

    Args:
        state: What the service knows.
        pairs: The query.
        origin: The address under which the browser sees the service.

    Returns:
        The request, or the redirect that tells the client what is wrong with it.

    Raises:
        LoginPageError: There is no client to send the browser to.
    """
    parameters: dict[str, str] = {}
    twice: set[str] = set()
    for key, value in pairs:
        if key in parameters:
            twice.add(key)
        parameters[key] = value
    client = state.registry.clients.get(parameters.get("client_id", ""))
    if client is None or "client_id" in twice:
        raise LoginPageError("The application is unknown: its client_id is missing or wrong.")
    uri = parameters.get("redirect_uri", "")
    if "redirect_uri" in twice or not _may_return_to(state, client, uri, origin):
        raise LoginPageError(f"The redirect_uri is not one that {client.name} has registered.")
    target = _Target(client, uri, parameters.get("state"))
    try:
        return _read(state, parameters, twice, target)
    except AuthorizationError as error:
        return target.refused(error)


def _read(state: AuthState, parameters: dict[str, str], twice: set[str], target: _Target) -> AuthorizationRequest:
    client = target.client
    if twice:
        raise AuthorizationError("invalid_request", f"given twice: {', '.join(sorted(twice))}")
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
        scopes = state.registry.requested(parameters.get("scope", ""))
    except ApiError as error:
        raise AuthorizationError(error.code.lower(), error.detail) from None
    if not scopes:
        raise AuthorizationError("invalid_scope", "No scope was asked for.")
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
        _listed(parameters.get("session_required_identities")),
        _listed(parameters.get("session_required_single_domain")),
        tuple(_policies(state, _listed(parameters.get("session_required_policies")))),
        mfa == "true",
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _policies(state: AuthState, policy_ids: Iterable[str]) -> Iterator[Policy]:
    for policy_id in policy_ids:
        policy = state.registry.policies.get(policy_id)
        if policy is None:
            raise AuthorizationError("invalid_request", f"There is no policy {policy_id}.")
        yield policy


def _may_return_to(state: AuthState, client: ClientApp, uri: str, origin: str) -> bool:
    """Compare a redirect URI exactly, but for the port of a user's own machine (RFC 8252 7.3)."""
    if uri in client.redirect_uris:
        return True
    owner = state.registry.clients.get(client.parent_id or "")
    native = next((each for each in (client, owner) if each is not None and each.is_native), None)
    if native is None:
        return False
    if uri in {f"{state.issuer}{CODE_PAGE}", f"{origin}{CODE_PAGE}"}:
        return True
    asked = _loopback(uri)
    registered = [*client.redirect_uris, *native.redirect_uris]
    return asked is not None and (not registered or asked in {_loopback(each) for each in registered})


def _loopback(uri: str) -> tuple[str, str, str] | None:
    """Return host, path and query of a URI on the user's own machine; any other is None."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.scheme == "http" and "@" not in parts.netloc and "\\" not in uri and not parts.fragment
    return (host, parts.path or "/", parts.query) if plain and host in _LOOPBACK else None


def sign_in(
    state: AuthState, request: AuthorizationRequest, browser: Browser, identity: Identity | None = None
) -> Redirect:
    """
    Log a person in who agrees to everything, and send the browser back with a code.

    Args:
        state: What the service knows.
        request: What the client asked for.
        browser: Whose session goes on.
        identity: Who logs in; if not given, one that satisfies the request.
    """
    try:
        person = log_in(state, request, browser, identity)
    except AuthorizationError as error:
        return request.target.refused(error)
    return agree(state, request, browser, person)


def log_in(
    state: AuthState, request: AuthorizationRequest, browser: Browser, identity: Identity | None = None
) -> Identity:
    """
    Log in with all identities that the request needs; return the one the tokens will be for.

    Raises:
        AuthorizationError: Nobody can log in as the client asks.
    """
    chosen = identity or _requested(state, request) or browser.identity or state.login_identity
    if chosen is None:
        raise AuthorizationError("login_required", "There is nobody who could log in.")
    linked = state.directory.linked(chosen.id)
    session = browser.session if browser.identity in linked else None
    needed = _needed(state, request, chosen, linked, session)
    if request.prompt == "none" and (session is None or needed):
        raise AuthorizationError("login_required", "A login is needed, and prompt=none forbids to ask for it.")
    effective = _effective(request.target.client, linked)
    session = session or Session(str(uuid4()))
    for each, mfa in needed.items():
        each.status, each.last_authentication = "used", state.now()
        session.authentications[each.id] = Authentication(state.now(), each.identity_provider.id, mfa)
    browser.identity, browser.session = chosen, session
    return effective


def _requested(state: AuthState, request: AuthorizationRequest) -> Identity | None:
    """Return the first identity that the client names, if there is such a one."""
    return next(filter(None, map(state.directory.find, request.identities)), None)


def _needed(
    state: AuthState, request: AuthorizationRequest, chosen: Identity, linked: list[Identity], session: Session | None
) -> dict[Identity, bool]:
    """List who must log in now, and whether with a second factor."""
    needed: dict[Identity, bool] = {}
    mine = [chosen, *(each for each in linked if each is not chosen)]
    fresh = Session("") if session is None or request.prompt == "login" else session
    logins = fresh.authentications
    for name in request.identities:
        identity = state.directory.find(name)
        if identity is None or identity not in mine:
            raise AuthorizationError("access_denied", f"{name} is not one of your identities.")
        if identity.id not in logins:
            needed.setdefault(identity, False)
    if request.domains:
        inside = [each for each in mine if each.domain.lower() in {domain.lower() for domain in request.domains}]
        if not inside:
            raise AuthorizationError("access_denied", f"You have no identity of {' or '.join(request.domains)}.")
        if not any(each.id in logins for each in inside):
            needed.setdefault(inside[0], False)
    for policy in request.policies:
        admitted = [each for each in mine if admits(policy, each)]
        if not admitted:
            raise AuthorizationError("access_denied", f"None of your identities satisfies {policy.display_name}.")
        if not satisfies(policy, fresh, mine, state.now()) or request.prompt == "login":
            needed[admitted[0]] = needed.get(admitted[0], False) or policy.required_mfa
    if request.mfa and not any(login.mfa for login in logins.values()):
        needed[chosen] = True
    if not logins and not needed:
        needed[chosen] = False
    return needed


def _effective(client: ClientApp, linked: list[Identity]) -> Identity:
    """Return the primary identity, or the one of the provider that the client requires."""
    if client.required_idp is None:
        return linked[0]
    for each in linked:
        if each.identity_provider.id == client.required_idp:
            return each
    raise AuthorizationError("access_denied", "You have no identity of the provider that the application requires.")


def agree(state: AuthState, request: AuthorizationRequest, browser: Browser, person: Identity) -> Redirect:
    """Note the person's consent and send the browser back with a code."""
    try:
        _check_consent(state, request, person)
    except AuthorizationError as error:
        return request.target.refused(error)
    client = request.target.client
    session = browser.session or Session(str(uuid4()))
    code = AuthorizationCode(
        Secret(random_text(30)),
        client.id,
        request.target.redirect_uri,
        person.id,
        state.consents.approve(person.id, client, request.scopes, offline=request.offline, auto=False),
        # later logins in this browser do not change what this grant was given for
        Session(session.id, dict(session.authentications)),
        request.offline,
        request.challenge,
        request.nonce,
        request.target.state,
        state.now() + state.code_lifetime,
        str(uuid4()),
    )
    codes = state.tokens.codes
    if len(codes) >= _MOST_CODES:
        del codes[next(iter(codes))]
    codes[code.secret] = code
    return request.target.granted(code.secret.reveal())


def _check_consent(state: AuthState, request: AuthorizationRequest, person: Identity) -> None:
    """Refuse what the person may not have, or has still to be asked for."""
    domains = {each.domain.lower() for each in state.directory.linked(person.id)}
    for each in request.scopes:
        required = state.registry.definition(each.scope).required_domains
        if required and domains.isdisjoint(required):
            raise AuthorizationError("access_denied", f"{each.scope} is for people of {' or '.join(required)}.")
    client = request.target.client
    if request.prompt == "none" and state.consents.missing(person.id, client, request.scopes, offline=request.offline):
        raise AuthorizationError("consent_required", "A consent is needed, and prompt=none forbids to ask for it.")
