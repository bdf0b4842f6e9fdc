"""What the emulated Globus Auth remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...secret import Secret

__all__ = (
    "DEPENDENT_GRANT",
    "GRANT_TYPES",
    "PUBLIC_CLIENT_TYPES",
    "AccessToken",
    "Authentication",
    "AuthorizationCode",
    "Caller",
    "ClientApp",
    "Consent",
    "Credential",
    "Dependency",
    "Group",
    "Identity",
    "IdentityProvider",
    "Policy",
    "Project",
    "RefreshToken",
    "ScopeDefinition",
    "Session",
    "iso",
)

PUBLIC_CLIENT_TYPES: Final = frozenset({"public_installed_client", "public_webapp_client"})
DEPENDENT_GRANT: Final = "urn:globus:auth:grant_type:dependent_token"
_LOGIN_GRANTS: Final = ("authorization_code", "refresh_token")
_APP_GRANTS: Final = ("authorization_code", "client_credentials", "refresh_token")
_SERVICE_GRANTS: Final = (*_APP_GRANTS, DEPENDENT_GRANT)
GRANT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "client_identity": _APP_GRANTS,
    "confidential_client": _APP_GRANTS,
    "globus_connect_server": _SERVICE_GRANTS,
    "hybrid_confidential_client_resource_server": _SERVICE_GRANTS,
    "public_installed_client": _LOGIN_GRANTS,
    "public_webapp_client": _LOGIN_GRANTS,
    "resource_server": _SERVICE_GRANTS,
}


def iso(seconds: float) -> str:
    """Write POSIX seconds as the service does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


@dataclass(eq=False, slots=True)
class IdentityProvider:
    """An organization that people log in with."""

    id: str
    name: str
    short_name: str
    domains: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Identity:
    """A person's account with one identity provider, or a client's own identity."""

    id: str
    username: str
    name: str | None
    email: str | None
    organization: str | None
    identity_provider: IdentityProvider
    status: Literal["used", "unused", "private", "closed"] = "used"
    last_authentication: float | None = None

    @property
    def domain(self) -> str:
        """The part of the username that names the organization."""
        return self.username.rpartition("@")[2]


@dataclass(eq=False, slots=True)
class Group:
    """A Globus group, as far as a project needs it."""

    id: str
    name: str
    description: str
    organization: str
    member_ids: frozenset[str]


@dataclass(eq=False, slots=True)
class Credential:
    """A client's secret."""

    id: str
    name: str
    client_id: str
    secret: Secret
    created: float


@dataclass(eq=False, slots=True)
class ClientApp:
    """A registered application or service."""

    id: str
    name: str
    client_type: str
    resource_server: str
    """What tokens for its scopes are said to be for; its id, but for the services of Globus themselves."""
    project_id: str | None = None
    parent_id: str | None = None
    visibility: str = "private"
    redirect_uris: list[str] = field(default_factory=list[str])
    fqdns: list[str] = field(default_factory=list[str])
    links: dict[str, str | None] = field(default_factory=lambda: {"privacy_policy": None, "terms_and_conditions": None})
    required_idp: str | None = None
    preselect_idp: str | None = None
    prompt_for_named_grant: bool = True
    userinfo_from_effective_identity: bool = True
    credentials: list[Credential] = field(default_factory=list[Credential])
    is_native: bool = False
    """Runs on a user's machine, and may come back to any port of it."""
    is_implied: bool = False
    """Nobody registered it: a collection or an endpoint whose scope somebody asked for."""

    @property
    def is_public(self) -> bool:
        """Has no secret to prove who it is."""
        return self.client_type in PUBLIC_CLIENT_TYPES

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The ways it may get tokens."""
        return GRANT_TYPES[self.client_type]


@dataclass(frozen=True, slots=True)
class Dependency:
    """A scope that another one needs to do its work."""

    scope_id: str
    optional: bool = False
    requires_refresh_token: bool = False


@dataclass(eq=False, slots=True)
class ScopeDefinition:
    """A scope of a resource server."""

    id: str
    scope_string: str
    name: str
    description: str
    client_id: str
    advertised: bool = False
    allows_refresh_token: bool = True
    required_domains: list[str] = field(default_factory=list[str])
    dependencies: list[Dependency] = field(default_factory=list[Dependency])


@dataclass(eq=False, slots=True)
class Consent:
    """An identity's permission for a client to use a scope; below it, for the scope's server to use another."""

    id: int
    identity_id: str
    client_id: str
    scope: ScopeDefinition
    path: tuple[int, ...]
    created: float
    updated: float
    last_used: float
    allows_refresh: bool
    atomically_revocable: bool
    auto_approved: bool
    rescinded: bool = False


@dataclass(eq=False, slots=True)
class Project:
    """Clients and policies that some people administer together."""

    id: str
    display_name: str
    contact_email: str
    admin_ids: list[str]
    admin_group_ids: list[str]


@dataclass(eq=False, slots=True)
class Policy:
    """What a session must be like."""

    id: str
    project_id: str
    display_name: str
    description: str
    high_assurance: bool = False
    authentication_assurance_timeout: int | None = None
    required_mfa: bool = False
    domain_constraints_include: list[str] | None = None
    domain_constraints_exclude: list[str] | None = None


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


@dataclass(eq=False, slots=True)
class _Token:
    secret: Secret
    client_id: str
    identity_id: str
    resource_server: str
    consents: tuple[Consent, ...]
    session: Session
    issued_at: float
    expires_at: float
    family: str
    """The grant it came from: all refresh tokens that replaced one another, and their access tokens."""
    revoked: bool = False

    @property
    def scopes(self) -> list[str]:
        """The names of its scopes."""
        return [consent.scope.scope_string for consent in self.consents]

    def is_active(self, now: float) -> bool:
        """Tell whether it still opens a door."""
        return not self.revoked and now < self.expires_at and not any(consent.rescinded for consent in self.consents)


@dataclass(eq=False, slots=True)
class AccessToken(_Token):
    """A bearer token for one resource server."""


@dataclass(eq=False, slots=True)
class RefreshToken(_Token):
    """What new access tokens are made from; `expires_at` moves with each use."""

    replaced_at: float | None = None
    successor: RefreshToken | None = None


@dataclass(eq=False, slots=True)
class AuthorizationCode:
    """A login that waits to be exchanged for tokens."""

    secret: Secret
    client_id: str
    redirect_uri: str
    identity_id: str
    consents: tuple[Consent, ...]
    session: Session
    offline: bool
    challenge: str | None
    nonce: str | None
    state: str | None
    expires_at: float
    grant: str
    used: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call, as its access token tells."""

    identity_id: str
    username: str
    identity_ids: frozenset[str]
    """The identity and all that are linked with it."""
    scopes: frozenset[str]
    dependent_scopes: frozenset[str]
    """What the identity lets the called service do elsewhere, such as a collection's ``data_access``, as of now."""
    client_id: str
    resource_server: str
    token: Secret
    session: Session
