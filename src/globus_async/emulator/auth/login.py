"""Login and consent: which identities must authenticate, and the authorization code at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..kit.authentication import Authentication, Session
from ..kit.ids import new_id, random_text
from ..kit.secret import Secret
from .authorization_request import AuthorizationRequest, Redirect
from .errors import AuthorizationError
from .models import AuthorizationCode, ClientApp
from .policy_evaluation import domain_allowed, policy_satisfied

if TYPE_CHECKING:
    from ..kit.directory import Directory, Identity
    from .consents import Consents
    from .registry import Registry
    from .tokens import Tokens

__all__ = ("Browser", "LoginState", "give_consent", "log_in", "log_in_and_consent", "refusal")


class LoginState(Protocol):
    """The parts of the service's state that logins use."""

    directory: Directory
    registry: Registry
    consents: Consents
    tokens: Tokens
    code_lifetime: float
    login_identity: Identity | None

    def now(self) -> float:
        """Return POSIX seconds."""
        ...


@dataclass(eq=False, slots=True)
class Browser:
    """The session of one browser."""

    identity: Identity | None = None
    session: Session | None = None
    pending: dict[Secret, AuthorizationRequest] = field(default_factory=dict[Secret, AuthorizationRequest], repr=False)
    """Authorization requests whose login page is open, by the token in its form."""


def log_in_and_consent(
    state: LoginState, request: AuthorizationRequest, browser: Browser, identity: Identity | None = None
) -> Redirect:
    """
    Log in and consent to all requested scopes; return the redirect with the code or an error.

    Args:
        state: The state of the service.
        request: The authorization request.
        browser: The browser, whose session is continued.
        identity: The identity that logs in; by default one that satisfies the request.
    """
    try:
        effective = log_in(state, request, browser, identity)
    except AuthorizationError as error:
        return request.target.with_error(error)
    return give_consent(state, request, browser, effective)


def log_in(
    state: LoginState, request: AuthorizationRequest, browser: Browser, identity: Identity | None = None
) -> Identity:
    """
    Authenticate all identities that the request requires; return the effective identity, to which tokens are issued.

    Args:
        state: The state of the service.
        request: The authorization request.
        browser: The browser, whose session is continued.
        identity: The identity that logs in; by default one that satisfies the request.

    Raises:
        AuthorizationError: No login can satisfy the request.
    """
    plan = _plan_login(state, request, browser, identity)
    session = plan.session or Session(new_id())
    for each, mfa in plan.required.items():
        each.status, each.last_authentication = "used", state.now()
        session.authentications[each.id] = Authentication(state.now(), each.identity_provider.id, mfa)
    browser.identity, browser.session = plan.chosen, session
    return plan.effective


class _Plan(NamedTuple):
    """A login that can take place."""

    chosen: Identity
    effective: Identity
    session: Session | None
    required: dict[Identity, bool]


def _plan_login(state: LoginState, request: AuthorizationRequest, browser: Browser, identity: Identity | None) -> _Plan:
    chosen = identity or _named_identity(state, request) or browser.identity or state.login_identity
    if chosen is None:
        message = "The emulator has no identity to log in with: add one with add_identity()."
        raise AuthorizationError("login_required", message)
    if chosen.status == "closed":
        raise AuthorizationError("access_denied", f"The identity {chosen.username} is closed.")
    linked = state.directory.linked(chosen.id)
    session = browser.session if browser.identity in linked else None
    required = _required_logins(state, request, chosen, linked, session)
    if request.prompt == "none" and (session is None or required):
        raise AuthorizationError("login_required", "A login is required, which prompt=none does not allow.")
    return _Plan(chosen, _effective_identity(request.target.client, linked), session, required)


def refusal(state: LoginState, request: AuthorizationRequest, browser: Browser, identity: Identity) -> str | None:
    """
    Return why an identity cannot log in and consent; `None` if it can.

    Args:
        state: The state of the service, which does not change.
        request: The authorization request.
        browser: The browser, with its session.
        identity: The identity.
    """
    try:
        _check_consent(state, request, _plan_login(state, request, browser, identity).effective)
    except AuthorizationError as error:
        return error.description
    return None


def _named_identity(state: LoginState, request: AuthorizationRequest) -> Identity | None:
    """Return the first known identity of ``session_required_identities``."""
    return next(filter(None, map(state.directory.find, request.identities)), None)


def _required_logins(
    state: LoginState, request: AuthorizationRequest, chosen: Identity, linked: list[Identity], session: Session | None
) -> dict[Identity, bool]:
    """Return the identities that must log in now, each with whether a second factor is required."""
    required: dict[Identity, bool] = {}
    candidates = [chosen, *(each for each in linked if each is not chosen)]
    current = Session("") if session is None or request.prompt == "login" else session
    logins = current.authentications
    for name in request.identities:
        identity = state.directory.find(name)
        if identity is None or identity not in candidates:
            raise AuthorizationError("access_denied", f"{name} is not one of your identities.")
        if identity.id not in logins:
            required.setdefault(identity, False)
    if request.domains:
        domains = {domain.lower() for domain in request.domains}
        in_domain = [each for each in candidates if each.domain.lower() in domains]
        if not in_domain:
            raise AuthorizationError("access_denied", f"You have no identity of {' or '.join(request.domains)}.")
        if not any(each.id in logins for each in in_domain):
            required.setdefault(in_domain[0], False)
    for policy in request.policies:
        allowed = [each for each in candidates if domain_allowed(policy, each)]
        if not allowed:
            raise AuthorizationError("access_denied", f"None of your identities satisfies {policy.display_name}.")
        if not policy_satisfied(policy, current, candidates, state.now()) or request.prompt == "login":
            required[allowed[0]] = required.get(allowed[0], False) or policy.required_mfa
    if request.mfa and not any(login.mfa for login in logins.values()):
        required[chosen] = True
    if not logins and not required:
        required[chosen] = False
    return required


def _effective_identity(client: ClientApp, linked: list[Identity]) -> Identity:
    """Return the primary identity, or the one of the identity provider that the client requires."""
    if client.required_idp is None:
        return linked[0]
    for each in linked:
        if each.identity_provider.id == client.required_idp:
            return each
    raise AuthorizationError(
        "access_denied", "You have no identity of the identity provider that the application requires."
    )


def give_consent(state: LoginState, request: AuthorizationRequest, browser: Browser, identity: Identity) -> Redirect:
    """
    Record the consent to all requested scopes; return the redirect with the code or an error.

    Args:
        state: The state of the service.
        request: The authorization request.
        browser: The browser, with the session of the login.
        identity: The effective identity.
    """
    try:
        _check_consent(state, request, identity)
    except AuthorizationError as error:
        return request.target.with_error(error)
    client = request.target.client
    session = browser.session or Session(new_id())
    code = AuthorizationCode(
        Secret(random_text(30)),
        client.id,
        request.target.redirect_uri,
        identity.id,
        state.consents.approve(identity.id, client, request.scopes, offline=request.offline, auto=False),
        # a copy, since later logins in this browser must not change the session of this grant
        Session(session.id, dict(session.authentications)),
        request.offline,
        request.challenge,
        request.nonce,
        request.target.state,
        state.now() + state.code_lifetime,
        new_id(),
    )
    state.tokens.add_code(code)
    return request.target.with_code(code.secret.reveal())


def _check_consent(state: LoginState, request: AuthorizationRequest, identity: Identity) -> None:
    """
    Check that the identity may use the scopes, and that prompt=none does not require a new consent.

    Raises:
        AuthorizationError: One of these does not hold.
    """
    domains = {each.domain.lower() for each in state.directory.linked(identity.id)}
    for each in request.scopes:
        required = state.registry.definition(each.scope).required_domains
        if required and domains.isdisjoint(required):
            raise AuthorizationError("access_denied", f"{each.scope} requires an identity of {' or '.join(required)}.")
    client = request.target.client
    if request.prompt == "none" and state.consents.missing(
        identity.id, client, request.scopes, offline=request.offline
    ):
        raise AuthorizationError("consent_required", "A consent is required, which prompt=none does not allow.")
