"""Clients, scopes, consents, projects, policies, tokens and codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.authentication import Session
    from ..kit.secret import Secret

__all__ = (
    "DEPENDENT_GRANT",
    "GRANT_TYPES",
    "PUBLIC_CLIENT_TYPES",
    "AccessToken",
    "AuthorizationCode",
    "ClientApp",
    "Consent",
    "Credential",
    "Dependency",
    "Policy",
    "Project",
    "RefreshToken",
    "ScopeDefinition",
)

PUBLIC_CLIENT_TYPES: Final = frozenset({"public_installed_client", "public_webapp_client"})
DEPENDENT_GRANT: Final = "urn:globus:auth:grant_type:dependent_token"
_NATIVE_GRANTS: Final = ("authorization_code", "refresh_token")
_CONFIDENTIAL_GRANTS: Final = ("authorization_code", "client_credentials", "refresh_token")
_SERVICE_GRANTS: Final = (*_CONFIDENTIAL_GRANTS, DEPENDENT_GRANT)
GRANT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "client_identity": _CONFIDENTIAL_GRANTS,
    "confidential_client": _CONFIDENTIAL_GRANTS,
    "globus_connect_server": _SERVICE_GRANTS,
    "hybrid_confidential_client_resource_server": _SERVICE_GRANTS,
    "public_installed_client": _NATIVE_GRANTS,
    "public_webapp_client": _NATIVE_GRANTS,
    "resource_server": _SERVICE_GRANTS,
}


@dataclass(eq=False, slots=True)
class Credential:
    """A client secret."""

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
    """Its name in token documents: the id, or a host name for Globus services."""
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
    """Whether it runs on a user's machine, so that its redirect URI may have any port."""
    is_implicit: bool = False
    """Whether it is a collection or endpoint that was registered on first use of one of its scopes."""
    is_made_by_service: bool = False
    """Whether a service has made it at run time, as Flows makes the resource server of a flow."""

    def __repr__(self) -> str:
        return f"<ClientApp {self.name!r} {self.id}: {self.client_type}>"

    @property
    def is_public(self) -> bool:
        """Whether it has no credentials."""
        return self.client_type in PUBLIC_CLIENT_TYPES

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The grant types it may use."""
        return GRANT_TYPES[self.client_type]


@dataclass(frozen=True, slots=True)
class Dependency:
    """A scope that another scope depends on."""

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
    """
    An identity's permission for a client to use a scope.

    A consent for a dependency allows the resource server of the scope to use another scope.
    """

    id: int
    identity_id: str
    client_id: str
    scope: ScopeDefinition
    path: tuple[int, ...]
    """The ids of the consents from the top-level one to this one."""
    created: float
    updated: float
    last_used: float
    allows_refresh: bool
    atomically_revocable: bool
    auto_approved: bool
    rescinded: bool = False


@dataclass(eq=False, slots=True)
class Project:
    """A project, whose administrators manage its clients and policies."""

    id: str
    display_name: str
    contact_email: str
    admin_ids: list[str]
    admin_group_ids: list[str]


@dataclass(eq=False, slots=True)
class Policy:
    """An authentication policy."""

    id: str
    project_id: str
    display_name: str
    description: str
    high_assurance: bool = False
    authentication_assurance_timeout: int | None = None
    required_mfa: bool = False
    domain_constraints_include: list[str] | None = None
    domain_constraints_exclude: list[str] | None = None


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
    """Identifies the tokens of one grant and resource server: successive refresh tokens, and their access tokens."""
    revoked: bool = False

    @property
    def scopes(self) -> list[str]:
        """Its scope strings."""
        return [consent.scope.scope_string for consent in self.consents]

    def is_active(self, now: float) -> bool:
        """Return whether it is neither revoked nor expired, and all its consents are in force."""
        return not self.revoked and now < self.expires_at and not any(consent.rescinded for consent in self.consents)


@dataclass(eq=False, slots=True)
class AccessToken(_Token):
    """An access token, for one resource server."""


@dataclass(eq=False, slots=True)
class RefreshToken(_Token):
    """A refresh token; each use extends `expires_at`."""

    replaced_at: float | None = None
    successor: RefreshToken | None = None
    """The refresh token that has replaced it."""


@dataclass(eq=False, slots=True)
class AuthorizationCode:
    """An authorization code."""

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
    """Identifies the tokens that are issued for the code."""
    used: bool = False
