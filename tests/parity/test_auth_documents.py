"""The members of our document types are those of the answers that globus-sdk keeps as samples."""

from __future__ import annotations

import json
from typing import Any, NotRequired, get_origin, get_type_hints, is_typeddict

import pytest
from globus_sdk.testing import get_response_set

from globus_async.services.auth import documents

SAMPLES: dict[str, tuple[str, type]] = {
    "auth.get_identities": ("identities", documents.IdentityDocument),
    "auth.get_identity_providers": ("identity_providers", documents.IdentityProviderDocument),
    "auth.get_consents": ("consents", documents.ConsentDocument),
    "auth.get_projects": ("projects", documents.ProjectDocument),
    "auth.get_project": ("project", documents.ProjectDocument),
    "auth.create_project": ("project", documents.ProjectDocument),
    "auth.get_clients": ("clients", documents.ClientDocument),
    "auth.get_client": ("client", documents.ClientDocument),
    "auth.get_client_credentials": ("credentials", documents.ClientCredentialDocument),
    "auth.create_client_credential": ("credential", documents.ClientCredentialDocument),
    "auth.get_scopes": ("scopes", documents.ScopeDocument),
    "auth.get_scope": ("scope", documents.ScopeDocument),
    "auth.get_policies": ("policies", documents.PolicyDocument),
    "auth.get_policy": ("policy", documents.PolicyDocument),
    "auth.oauth2_client_credentials_tokens": ("", documents.TokenDocument),
    "auth.oauth2_exchange_code_for_tokens": ("", documents.TokenDocument),
    "auth.oauth2_get_dependent_tokens": ("", documents.TokenEntry),
    "auth.oauth2_token_introspect": ("", documents.IntrospectionDocument),
    "auth.oauth2_revoke_token": ("", documents.ActiveDocument),
}
"""Under which member the documents stand, and what they are."""

NOT_IN_SAMPLES = {
    documents.ClientDocument: {"public_client"},  # left out of some samples of clients of a given type
}


def samples(name: str, member: str) -> list[dict[str, Any]]:
    """Return the documents of a method's samples, but for errors."""
    found: list[dict[str, Any]] = []
    for response in get_response_set(name):
        for one in getattr(response, "responses", [response]):
            document: Any = one.json if one.json is not None else json.loads(one.body or "null")
            if isinstance(document, dict) and {"errors", "error"} & set(document):
                continue
            inside = document[member] if member else document
            found += inside if isinstance(inside, list) else [inside]
    return found


def check(document: dict[str, Any], kind: Any, where: str) -> None:
    """Compare the members of a document, and of those inside it."""
    hints = get_type_hints(kind, include_extras=True)
    required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
    unknown = set(document) - set(hints)
    missing = required - set(document) - NOT_IN_SAMPLES.get(kind, set())
    assert not unknown, f"{where}: {unknown} are in the sample only"
    assert not missing, f"{where}: {missing} are in the type only"
    for name, value in document.items():
        if is_typeddict(hints[name]) and isinstance(value, dict):
            check(value, hints[name], f"{where}.{name}")


@pytest.mark.parametrize("name", SAMPLES)
def test_members(name: str) -> None:
    """Every member of a sample is in the type, and every required member of the type is in the sample."""
    member, kind = SAMPLES[name]
    found = samples(name, member)
    assert found
    for document in found:
        check(document, kind, name)
