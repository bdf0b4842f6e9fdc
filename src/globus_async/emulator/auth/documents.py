"""What is remembered, as the service shows it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from .models import (
    AccessToken,
    ClientApp,
    Consent,
    Credential,
    Identity,
    IdentityProvider,
    Policy,
    Project,
    ScopeDefinition,
    Session,
    iso,
)

if TYPE_CHECKING:
    from .state import AuthState

__all__ = (
    "VIEW_IDENTITY_SET",
    "client_document",
    "consent_document",
    "credential_document",
    "dependent_tokens_cache_id",
    "identity_document",
    "personal_claims",
    "policy_document",
    "project_document",
    "provider_document",
    "scope_document",
    "session_document",
    "set_detail",
)

_Document = dict[str, object]

VIEW_IDENTITY_SET = "urn:globus:auth:scope:auth.globus.org:view_identity_set"


def identity_document(identity: Identity) -> _Document:
    """Show an identity as ``/v2/api/identities`` does; what an unused one is called nobody knows."""
    known = identity.status != "unused"
    return {
        "id": identity.id,
        "username": identity.username,
        "name": identity.name if known else None,
        "email": identity.email if known else None,
        "organization": identity.organization if known else None,
        "identity_provider": identity.identity_provider.id,
        "identity_type": "login",
        "status": identity.status,
    }


def provider_document(provider: IdentityProvider) -> _Document:
    """Show an identity provider."""
    return {
        "id": provider.id,
        "name": provider.name,
        "short_name": provider.short_name,
        "alternative_names": [],
        "domains": list(provider.domains),
    }


def personal_claims(state: AuthState, token: AccessToken) -> _Document:
    """Return what an id_token and ``userinfo`` say about a person: as much as the scopes allow."""
    identity = state.directory.identities[token.identity_id]
    scopes = token.scopes
    claims: _Document = {"sub": identity.id, "last_authentication": _seconds(identity.last_authentication)}
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
    if VIEW_IDENTITY_SET in scopes:
        claims["identity_set"] = [_set_member(each) for each in state.directory.linked(identity.id)]
    return claims


def _set_member(identity: Identity) -> _Document:
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


def _seconds(instant: float | None) -> int | None:
    return None if instant is None else int(instant)


def set_detail(identity: Identity) -> _Document:
    """Show one of ``identity_set_detail`` in an introspection."""
    return {**_set_member(identity), "identity_type": "login"}


def session_document(session: Session) -> _Document:
    """Show the logins behind a token."""
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
    """Return what changes when dependent tokens should be fetched again."""
    below = [each for consent in token.consents for each in state.consents.below(consent)]
    text = repr((token.identity_id, token.client_id, sorted((each.id, each.updated) for each in below)))
    return hashlib.sha256(text.encode()).hexdigest()


def consent_document(consent: Consent) -> _Document:
    """Show a consent."""
    return {
        "id": consent.id,
        "created": iso(consent.created),
        "updated": iso(consent.updated),
        "last_used": iso(consent.last_used),
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


def project_document(state: AuthState, project: Project) -> _Document:
    """Show a project with its administrators; an empty list of ids is null."""
    identities = [state.directory.identities[each] for each in project.admin_ids]
    groups = [state.directory.groups[each] for each in project.admin_group_ids]
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


def client_document(state: AuthState, client: ClientApp) -> _Document:
    """Show a client."""
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


def credential_document(credential: Credential, *, with_secret: bool = False) -> _Document:
    """Show a credential; the secret only to whom it is made for."""
    return {
        "id": credential.id,
        "name": credential.name,
        "created": iso(credential.created),
        "client": credential.client_id,
        "secret": credential.secret.reveal() if with_secret else None,
    }


def scope_document(scope: ScopeDefinition) -> _Document:
    """Show a scope."""
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


def policy_document(policy: Policy) -> _Document:
    """Show a policy."""
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
