"""The JSON documents of Globus Auth."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..kit.authentication import Session
    from ..kit.directory import Identity, IdentityProvider
    from ..kit.service import Document
    from .models import AccessToken, ClientApp, Consent, Credential, Policy, Project, ScopeDefinition
    from .state import AuthState

__all__ = (
    "VIEW_IDENTITY_SET",
    "client_document",
    "consent_document",
    "credential_document",
    "dependent_tokens_cache_id",
    "identity_claims",
    "identity_document",
    "identity_set_detail",
    "policy_document",
    "project_document",
    "provider_document",
    "scope_document",
    "session_document",
)

VIEW_IDENTITY_SET: Final = "urn:globus:auth:scope:auth.globus.org:view_identity_set"


def identity_document(identity: Identity) -> Document:
    """Return an identity document of ``/v2/api``; an unused identity has no name yet."""
    used = identity.status != "unused"
    return {
        "id": identity.id,
        "username": identity.username,
        "name": identity.name if used else None,
        "email": identity.email if used else None,
        "organization": identity.organization if used else None,
        "identity_provider": identity.identity_provider.id,
        "identity_type": "login",
        "status": identity.status,
    }


def provider_document(provider: IdentityProvider) -> Document:
    """Return an identity provider document."""
    return {
        "id": provider.id,
        "name": provider.name,
        "short_name": provider.short_name,
        "alternative_names": [],
        "domains": list(provider.domains),
    }


def identity_claims(state: AuthState, token: AccessToken) -> Document:
    """Return the claims about an identity in id_tokens and ``userinfo``, as far as the scopes of a token allow."""
    identity = state.directory.identities[token.identity_id]
    scopes = token.scopes
    claims: Document = {"sub": identity.id, "last_authentication": _seconds(identity.last_authentication)}
    if "profile" in scopes:
        claims |= {
            "preferred_username": identity.username,
            "name": identity.name,
            "organization": identity.organization,
            "identity_provider": identity.identity_provider.id,
            "identity_provider_display_name": identity.identity_provider.name,
        }
    if "email" in scopes:
        claims["email"] = identity.email
    if VIEW_IDENTITY_SET in scopes or state.identity_set_with_openid:
        claims["identity_set"] = [_linked_identity(each) for each in state.directory.linked(identity.id)]
    return claims


def _linked_identity(identity: Identity) -> Document:
    return {
        "sub": identity.id,
        "username": identity.username,
        "name": identity.name,
        "email": identity.email,
        "organization": identity.organization,
        "status": identity.status,
        "identity_provider": identity.identity_provider.id,
        "identity_provider_display_name": identity.identity_provider.name,
        "last_authentication": _seconds(identity.last_authentication),
    }


def _seconds(time: float | None) -> int | None:
    return None if time is None else int(time)


def identity_set_detail(identity: Identity) -> Document:
    """Return an item of ``identity_set_detail`` in an introspection response."""
    return {**_linked_identity(identity), "identity_type": "login"}


def session_document(session: Session) -> Document:
    """Return the ``session_info`` of an introspection response."""
    return {
        "session_id": session.id,
        "authentications": {
            identity_id: {
                "acr": "https://refeds.org/profile/mfa" if login.mfa else None,
                "amr": ["mfa"] if login.mfa else None,
                "idp": login.identity_provider_id,
                "auth_time": int(login.auth_time),
                "custom_claims": {},
            }
            for identity_id, login in session.authentications.items()
        },
    }


def dependent_tokens_cache_id(state: AuthState, token: AccessToken) -> str:
    """Return a hash that changes with the consents for dependencies of a token's scopes."""
    dependencies = [each for consent in token.consents for each in state.consents.children(consent)]
    text = repr((token.identity_id, token.client_id, sorted((each.id, each.updated) for each in dependencies)))
    return hashlib.sha256(text.encode()).hexdigest()


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds")


def consent_document(consent: Consent) -> Document:
    """Return a consent document."""
    return {
        "id": consent.id,
        "created": _iso(consent.created),
        "updated": _iso(consent.updated),
        "last_used": _iso(consent.last_used),
        "status": "approved",
        "allows_refresh": consent.allows_refresh,
        "dependency_path": list(consent.path),
        "scope_name": consent.scope.scope_string,
        "scope": consent.scope.id,
        "client": consent.client_id,
        "effective_identity": consent.identity_id,
        "auto_approved": consent.auto_approved,
        "atomically_revocable": consent.atomically_revocable,
    }


def project_document(state: AuthState, project: Project) -> Document:
    """Return a project document with its administrators; an empty list of ids is null."""
    identities = [state.directory.identities[each] for each in project.admin_ids]
    known = state.directory.groups
    groups = [known[each] for each in project.admin_group_ids if each in known]  # a group may be deleted later
    return {
        "id": project.id,
        "display_name": project.display_name,
        "project_name": project.display_name,
        "contact_email": project.contact_email,
        "admin_ids": list(project.admin_ids) or None,
        "admin_group_ids": list(project.admin_group_ids) or None,
        "admins": {
            "identities": [identity_document(each) for each in identities],
            "groups": [
                {"id": each.id, "name": each.name, "description": each.description, "organization": each.organization}
                for each in groups
            ],
        },
    }


def client_document(state: AuthState, client: ClientApp) -> Document:
    """Return a client document."""
    return {
        "id": client.id,
        "name": client.name,
        "project": client.project_id,
        "client_type": client.client_type,
        "public_client": client.is_public,
        "visibility": client.visibility,
        "grant_types": list(client.grant_types),
        "redirect_uris": list(client.redirect_uris),
        "scopes": [scope.id for scope in state.registry.scopes_of([client.id])],
        "fqdns": list(client.fqdns),
        "links": dict(client.links),
        "parent_client": client.parent_id,
        "required_idp": client.required_idp,
        "preselect_idp": client.preselect_idp,
        "prompt_for_named_grant": client.prompt_for_named_grant,
        "userinfo_from_effective_identity": client.userinfo_from_effective_identity,
    }


def credential_document(credential: Credential, *, with_secret: bool = False) -> Document:
    """Return a credential document; only the response that creates it has the secret."""
    return {
        "id": credential.id,
        "name": credential.name,
        "created": _iso(credential.created),
        "client": credential.client_id,
        "secret": credential.secret.reveal() if with_secret else None,
    }


def scope_document(scope: ScopeDefinition) -> Document:
    """Return a scope document."""
    return {
        "id": scope.id,
        "scope_string": scope.scope_string,
        "name": scope.name,
        "description": scope.description,
        "client": scope.client_id,
        "advertised": scope.advertised,
        "allows_refresh_token": scope.allows_refresh_token,
        "required_domains": list(scope.required_domains),
        "dependent_scopes": [
            {"scope": each.scope_id, "optional": each.optional, "requires_refresh_token": each.requires_refresh_token}
            for each in scope.dependencies
        ],
    }


def policy_document(policy: Policy) -> Document:
    """Return a policy document."""
    return {
        "id": policy.id,
        "project_id": policy.project_id,
        "display_name": policy.display_name,
        "description": policy.description,
        "high_assurance": policy.high_assurance,
        "authentication_assurance_timeout": policy.authentication_assurance_timeout,
        "required_mfa": policy.required_mfa,
        "domain_constraints_include": policy.domain_constraints_include,
        "domain_constraints_exclude": policy.domain_constraints_exclude,
    }
