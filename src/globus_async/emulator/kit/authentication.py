"""Access tokens: who calls, with which scopes, and how often."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from .errors import ErrorKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from .clock import Clock
    from .errors import ServiceError
    from .secret import Secret

__all__ = (
    "Authentication",
    "AuthenticationFailure",
    "Authenticator",
    "Caller",
    "ConsentMissing",
    "RateLimiter",
    "Session",
    "TokenAuthority",
)

_WINDOW: Final = 10.0
"""Seconds over which a rate is measured."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """One login with one identity."""

    auth_time: float
    identity_provider_id: str
    mfa: bool = False


@dataclass(eq=False, slots=True)
class Session:
    """The logins behind a grant, by identity id."""

    id: str
    authentications: dict[str, Authentication] = field(default_factory=dict[str, Authentication])


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of an access token."""

    identity_id: str
    username: str
    identity_ids: frozenset[str]
    """The identity and all that are linked with it."""
    scopes: frozenset[str]
    dependent_scopes: frozenset[str]
    """Scopes of other services that the called service may use for the caller, such as ``data_access``."""
    client_id: str
    resource_server: str
    token: Secret
    session: Session


class AuthenticationFailure(Exception):
    """A request without credentials, or whose token is not active."""

    def __init__(self, kind: Literal["missing", "invalid"]) -> None:
        super().__init__("no credentials in the request" if kind == "missing" else "the token is not active")
        self.kind: Literal["missing", "invalid"] = kind


class ConsentMissing(Exception):
    """
    A service may not use a scope of another service for a user, who has to consent to it.

    Args:
        scope: The missing scope as a path from a scope of the service, ``A[B]``, as the ``required_scopes`` of an
            authorization requirement have it.
    """

    def __init__(self, scope: str) -> None:
        super().__init__(f"there is no consent for {scope}")
        self.scope: str = scope


class TokenAuthority(Protocol):
    """The issuer of tokens, which is the emulated Auth, as the other services see it."""

    def authenticate(self, authorization_header: str | None) -> Caller:
        """
        Return the owner of the token in a header.

        Raises:
            AuthenticationFailure: There is no header, or no active token in it.
        """
        ...

    def satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Return whether the session of a caller satisfies an authentication policy."""
        ...

    def still_satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Return whether the session of an earlier call, or a later login of the same identity, satisfies a policy."""
        ...

    def still_consents(self, scope_string: str, caller: Caller) -> bool:
        """Return whether the service of an earlier call may still use a scope of another service."""
        ...

    def dependent_token(self, caller: Caller, scope_string: str) -> str:
        """
        Return an access token with which the called service acts for the caller at another service.

        Unlike a dependent grant, it needs no active token of the caller, only consents: it stands for the grant at the
        time of the call and the refresh tokens since then.

        Args:
            caller: The owner of the token of an earlier call.
            scope_string: One scope of the other service; ``A[B C]`` to require consents for dependencies of it.

        Raises:
            ConsentMissing: The caller has not consented to the scope, or has rescinded the consent.
            LookupError: There is no such scope, such as that of a deleted flow.
        """
        ...

    def trusted_token(self, caller: Caller, scope_string: str) -> str:
        """
        Return an access token of the caller that needs no consent: for a service to follow what it has started.

        Args:
            caller: The owner of the token of an earlier call.
            scope_string: One scope of another service.

        Raises:
            LookupError: There is no such scope.
        """
        ...

    def client_token(self, client_id: str, scope_string: str) -> str:
        """
        Return an access token of a client's own identity.

        Args:
            client_id: The UUID of the client, such as one that `add_scope` has registered.
            scope_string: The scopes, of one resource server.

        Raises:
            LookupError: There is no such client or scope.
        """
        ...

    def direct_caller(self, identity_id: str, scope_string: str) -> Caller:
        """
        Return the owner of a new access token of an identity that has consented to everything, for methods for tests.

        Args:
            identity_id: The UUID of the identity.
            scope_string: The scopes, of one resource server.

        Raises:
            LookupError: There is no such identity or scope.
        """
        ...

    def add_scope(
        self, client_id: str, scope_string: str, *, name: str, description: str = "", dependencies: Collection[str] = ()
    ) -> None:
        """
        Register a scope that is made at run time, such as that of a flow; nothing happens if it is registered.

        Args:
            client_id: The UUID of its resource server, which is registered with it if it is not yet.
            scope_string: The scope.
            name: The name of the resource server, and of the scope on the consent page.
            description: The description on the consent page; the name by default.
            dependencies: Scope strings of the required dependencies.
        """
        ...

    def add_redirect_uri(self, client_id: str, redirect_uri: str) -> None:
        """
        Let logins be redirected to a service whose client is made at run time, such as the server of a collection.

        Args:
            client_id: The UUID of the client, which is registered if it is not yet.
            redirect_uri: Nothing happens if it is registered.
        """
        ...

    def remove_scope(self, scope_string: str) -> None:
        """Rescind the consents for a scope and remove it, if it is registered; tokens for it become inactive."""
        ...


class RateLimiter:
    """
    A limit on the requests of one identity, measured over 10 seconds.

    Args:
        clock: The source of the time.
        rate: Requests per second.
        errors: The error format of the service.
    """

    def __init__(self, clock: Clock, rate: float, *, errors: type[ServiceError]) -> None:
        self._clock = clock
        self._rate = rate
        self._errors = errors
        self._recent: dict[str, deque[float]] = {}

    def count(self, identity_id: str) -> None:
        """
        Count a request.

        Raises:
            ServiceError: There were too many; its ``Retry-After`` header says how long to wait.
        """
        now = self._clock.monotonic()
        recent = self._recent.setdefault(identity_id, deque())
        while recent and recent[0] <= now - _WINDOW:
            recent.popleft()
        if len(recent) >= self._rate * _WINDOW:
            wait = max(1, math.ceil(recent[0] + _WINDOW - now))
            message = f"Too many requests: more than {self._rate:g} per second"
            raise self._errors.of_kind(ErrorKind.RATE_LIMITED, message, headers={"retry-after": str(wait)})
        recent.append(now)


class Authenticator:
    """
    The check of access tokens that a service does before its handlers.

    Args:
        authority: The issuer of the tokens.
        errors: The error format of the service.
        scopes: A token must have one of these; an empty collection accepts every token.
        rate_limiter: The limit on requests of one identity; none by default.
        optional: Accept requests without an ``Authorization`` header.
    """

    def __init__(
        self,
        authority: TokenAuthority,
        *,
        errors: type[ServiceError],
        scopes: Collection[str] = (),
        rate_limiter: RateLimiter | None = None,
        optional: bool = False,
    ) -> None:
        self._authority = authority
        self._errors = errors
        self._scopes = frozenset(scopes)
        self._rate_limiter = rate_limiter
        self._optional = optional

    def authenticate(self, authorization: str | None) -> Caller | None:
        """
        Return the owner of the token in a header; `None` if there is no header and none is needed.

        Args:
            authorization: The ``Authorization`` header.

        Raises:
            ServiceError: No active token, a token without the scope, or too many requests.
        """
        if self._optional and authorization is None:
            return None
        errors = self._errors
        try:
            caller = self._authority.authenticate(authorization)
        except AuthenticationFailure as failure:
            if failure.kind == "missing":
                raise errors.of_kind(ErrorKind.NO_CREDENTIALS, "No credentials supplied") from None
            raise errors.of_kind(ErrorKind.INVALID_TOKEN, "Token is not active") from None
        if self._scopes and self._scopes.isdisjoint(scope.partition("[")[0] for scope in caller.scopes):
            needed = " or ".join(f"'{scope}'" for scope in sorted(self._scopes))
            raise errors.of_kind(ErrorKind.INSUFFICIENT_SCOPE, f"The token does not have the scope {needed}")
        if self._rate_limiter is not None:
            self._rate_limiter.count(caller.identity_id)
        return caller
