"""How the responses of Auth are known, operation by operation."""

from __future__ import annotations

from typing import Final

from ..kit.grades import graded

__all__ = ("GRADES",)

GRADES: Final = graded(
    "recorded",
    recorded=(
        "GET /.well-known/openid-configuration",
        "GET /jwk.json",
        "POST /v2/oauth2/token",
        "POST /v2/oauth2/token/introspect",
        "POST /v2/oauth2/token/validate",
        "POST /v2/oauth2/token/revoke",
        "GET /v2/oauth2/userinfo",
        "GET /v2/api/identities",
        "GET /v2/api/identities/{identity_id}/consents",
        "GET /v2/api/identity_providers",
        "GET /v2/api/projects",
        "POST /v2/api/projects",
        "GET /v2/api/projects/{project_id}",
        "PUT /v2/api/projects/{project_id}",
        "DELETE /v2/api/projects/{project_id}",
        "GET /v2/api/policies",
        "POST /v2/api/policies",
        "GET /v2/api/policies/{policy_id}",
        "PUT /v2/api/policies/{policy_id}",
        "DELETE /v2/api/policies/{policy_id}",
        "GET /v2/api/clients",
        "POST /v2/api/clients",
        "GET /v2/api/clients/{client_id}",
        "PUT /v2/api/clients/{client_id}",
        "DELETE /v2/api/clients/{client_id}",
        "GET /v2/api/clients/{client_id}/credentials",
        "POST /v2/api/clients/{client_id}/credentials",
        "DELETE /v2/api/clients/{client_id}/credentials/{credential_id}",
        "POST /v2/api/clients/{client_id}/scopes",
        "GET /v2/api/scopes",
        "GET /v2/api/scopes/{scope_id}",
        "PUT /v2/api/scopes/{scope_id}",
        "DELETE /v2/api/scopes/{scope_id}",
    ),
    documented=(
        "GET /v2/oauth2/authorize",
        "GET /v2/web/auth-code",
        "GET /v2/web/logout",
        "GET /v2/api/identities/{identity_id}",
    ),
    inferred=("POST /v2/web/consent",),
)
"""From the fixtures and tests of the official SDK, and the reference of the service."""
