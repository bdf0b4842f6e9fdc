"""
Types of the documents in responses of Globus Auth.

At run time they are plain dicts, also with members that are not listed here.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = (
    "ActiveDocument",
    "AuthenticationDocument",
    "ClientCredentialDocument",
    "ClientCredentialEnvelope",
    "ClientDocument",
    "ClientEnvelope",
    "ClientLinksDocument",
    "ClientType",
    "ConsentDocument",
    "DependentScopeDocument",
    "IdTokenClaims",
    "IdentityDocument",
    "IdentityEnvelope",
    "IdentityProviderDocument",
    "IncludedCredentialDocument",
    "IntrospectionDocument",
    "JwkDocument",
    "JwkSetDocument",
    "OpenIDConfigurationDocument",
    "PolicyDocument",
    "PolicyEnvelope",
    "ProjectAdminsDocument",
    "ProjectDocument",
    "ProjectEnvelope",
    "ScopeDocument",
    "ScopeEnvelope",
    "SessionDocument",
    "TokenDocument",
    "TokenEntry",
    "TokenInfo",
    "UserinfoDocument",
    "UserinfoIdentityDocument",
)

ClientType = Literal[
    "client_identity",
    "confidential_client",
    "globus_connect_server",
    "public_installed_client",
    "hybrid_confidential_client_resource_server",
    "resource_server",
    "public_webapp_client",
]
"""The types of registered clients."""


class TokenEntry(TypedDict):
    """A token in a response of the token endpoint."""

    access_token: str
    token_type: str
    resource_server: str
    scope: str
    expires_in: int
    refresh_token: NotRequired[str]
    state: NotRequired[str]


class TokenDocument(TokenEntry):
    """A token response: a token for one resource server, and in ``other_tokens`` those for others."""

    other_tokens: list[TokenEntry]
    id_token: NotRequired[str]


class TokenInfo(TypedDict):
    """A token in `OAuthTokenResponse.by_resource_server`."""

    scope: str
    access_token: str
    refresh_token: str | None
    token_type: str | None
    expires_at_seconds: int
    """POSIX seconds, counted from the start of the request."""
    resource_server: str


class ActiveDocument(TypedDict):
    """Whether a token is valid."""

    active: bool


class AuthenticationDocument(TypedDict):
    """The authentication of an identity in a session; many identity providers omit ``acr`` and ``amr``."""

    idp: str
    auth_time: int
    acr: NotRequired[str | None]
    amr: NotRequired[list[str] | None]
    custom_claims: NotRequired[dict[str, Any]]


class SessionDocument(TypedDict):
    """The session in which a token was issued: authentications by identity."""

    session_id: str
    authentications: dict[str, AuthenticationDocument]


class IntrospectionDocument(ActiveDocument):
    """The introspection of a token; for an inactive token it has only ``active``."""

    token_type: NotRequired[str]
    scope: NotRequired[str]
    client_id: NotRequired[str]
    sub: NotRequired[str]
    username: NotRequired[str]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    exp: NotRequired[int]
    iat: NotRequired[int]
    nbf: NotRequired[int]
    aud: NotRequired[list[str]]
    iss: NotRequired[str]
    dependent_tokens_cache_id: NotRequired[str]
    """Changes when dependent tokens should be requested again."""
    identity_set: NotRequired[list[str]]
    identity_set_detail: NotRequired[list[dict[str, Any]]]
    session_info: NotRequired[SessionDocument]
    policy_evaluations: NotRequired[dict[str, dict[str, Any]]]


class UserinfoIdentityDocument(TypedDict):
    """One of a user's linked identities."""

    sub: str
    username: str
    name: str | None
    email: str | None
    organization: str | None
    status: str
    identity_provider: str
    identity_provider_display_name: str
    last_authentication: int | None


class UserinfoDocument(TypedDict):
    """Information about a token's user; personal members require the scopes ``profile`` and ``email``."""

    sub: str
    preferred_username: NotRequired[str]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    organization: NotRequired[str | None]
    identity_provider: NotRequired[str]
    identity_provider_display_name: NotRequired[str]
    last_authentication: NotRequired[int | None]
    identity_set: NotRequired[list[UserinfoIdentityDocument]]


class IdTokenClaims(UserinfoDocument):
    """The claims of an id_token: user, client, issue and expiration time."""

    iss: str
    aud: str | list[str]
    exp: int
    iat: int
    at_hash: NotRequired[str]
    azp: NotRequired[str]
    nonce: NotRequired[str]


class OpenIDConfigurationDocument(TypedDict):
    """The OpenID configuration: endpoints and capabilities of the service."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    response_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    scopes_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    claims_supported: list[str]
    subject_types_supported: list[str]


class JwkDocument(TypedDict):
    """A public key (JWK) for the signatures of id_tokens."""

    kty: str
    alg: NotRequired[str]
    use: NotRequired[str]
    kid: NotRequired[str]
    n: NotRequired[str]
    e: NotRequired[str]


class JwkSetDocument(TypedDict):
    """The public keys (JWK set) for the signatures of id_tokens."""

    keys: list[JwkDocument]


class IdentityDocument(TypedDict):
    """An identity; its name, e-mail and organization are null if it never logged in."""

    id: str
    username: str
    name: str | None
    email: str | None
    organization: str | None
    identity_provider: str
    status: Literal["used", "unused", "private", "closed"]
    identity_type: NotRequired[str]


class IdentityEnvelope(TypedDict):
    """A document with an identity."""

    identity: IdentityDocument


class IdentityProviderDocument(TypedDict):
    """An identity provider: an organization at which users log in."""

    id: str
    name: str
    short_name: str
    alternative_names: list[str]
    domains: list[str]


class ConsentDocument(TypedDict):
    """A consent: a user's permission for a client to use a scope. Times are ISO 8601."""

    id: int
    client: str
    scope: str
    scope_name: str
    effective_identity: str
    dependency_path: list[int]
    """The ids of the consents on the path to this one; the last is its own."""
    created: str
    updated: str
    last_used: str
    status: str
    allows_refresh: bool
    auto_approved: bool
    atomically_revocable: bool


class ProjectAdminsDocument(TypedDict):
    """The administrators of a project."""

    identities: list[IdentityDocument]
    groups: list[dict[str, Any]]


class ProjectDocument(TypedDict):
    """A project, which contains registered clients, scopes and policies."""

    id: str
    display_name: str
    project_name: str
    contact_email: str
    admin_ids: list[str] | None
    admin_group_ids: list[str] | None
    admins: ProjectAdminsDocument


class ProjectEnvelope(TypedDict):
    """A document with a project."""

    project: ProjectDocument


class ClientLinksDocument(TypedDict):
    """The pages shown to users before they consent."""

    privacy_policy: str | None
    terms_and_conditions: str | None


class ClientDocument(TypedDict):
    """A registered client."""

    id: str
    name: str
    project: str | None
    client_type: ClientType
    public_client: bool
    visibility: Literal["public", "private"]
    grant_types: list[str]
    redirect_uris: list[str]
    scopes: list[str]
    fqdns: list[str]
    links: ClientLinksDocument
    parent_client: str | None
    required_idp: str | None
    preselect_idp: str | None
    prompt_for_named_grant: bool
    userinfo_from_effective_identity: bool


class ClientCredentialDocument(TypedDict):
    """A client's credential; ``secret`` is contained only in the response that created it."""

    id: str
    name: str
    client: str
    created: NotRequired[str]
    secret: NotRequired[str | None]


class IncludedCredentialDocument(TypedDict):
    """The credential of a new client."""

    client_credential: ClientCredentialDocument


class ClientEnvelope(TypedDict):
    """A document with a client, and its credential if it was created from a template."""

    client: ClientDocument
    included: NotRequired[IncludedCredentialDocument]


class ClientCredentialEnvelope(TypedDict):
    """A document with a credential."""

    credential: ClientCredentialDocument


class DependentScopeDocument(TypedDict):
    """A dependency of a scope on another scope."""

    scope: str
    optional: bool
    requires_refresh_token: bool


class ScopeDocument(TypedDict):
    """A registered scope."""

    id: str
    scope_string: str
    name: str
    description: str
    client: str
    advertised: bool
    allows_refresh_token: bool
    required_domains: list[str]
    dependent_scopes: list[DependentScopeDocument]


class ScopeEnvelope(TypedDict):
    """A document with a scope."""

    scope: ScopeDocument


class PolicyDocument(TypedDict):
    """An authentication policy; timeouts are in seconds."""

    id: str
    project_id: str
    display_name: str
    description: str
    high_assurance: NotRequired[bool]
    authentication_assurance_timeout: NotRequired[int | None]
    required_mfa: NotRequired[bool]
    domain_constraints_include: NotRequired[list[str] | None]
    domain_constraints_exclude: NotRequired[list[str] | None]


class PolicyEnvelope(TypedDict):
    """A document with a policy."""

    policy: PolicyDocument
