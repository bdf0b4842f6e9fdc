"""The constants of the services' scopes."""

from __future__ import annotations

from uuid import UUID

import pytest

from globus_async import scopes
from globus_async.scopes import GCSCollectionScopes, GCSEndpointScopes, Scope, SpecificFlowScopes

ID = UUID("2c8d5e0a-7b3f-4f6e-9d1c-0a1b2c3d4e5f")


@pytest.mark.parametrize(
    ("collection", "server", "names"),
    [
        (scopes.TransferScopes, "transfer.api.globus.org", "all gcp_install"),
        (
            scopes.AuthScopes,
            "auth.globus.org",
            (
                "openid email profile manage_projects view_authentications view_clients view_clients_and_scopes "
                "view_consents view_identities view_identity_set"
            ),
        ),
        (scopes.GroupsScopes, "groups.api.globus.org", "all view_my_groups_and_memberships"),
        (scopes.NexusScopes, "nexus.api.globus.org", "groups"),
        (scopes.SearchScopes, "search.api.globus.org", "all globus_connect_server ingest search"),
        (
            scopes.FlowsScopes,
            "flows.globus.org",
            "all manage_flows view_flows run run_status run_manage web_input_view web_input_respond",
        ),
        (scopes.TimersScopes, "524230d7-ea86-4a52-8312-86065a9e0417", "timer"),
        (scopes.ComputeScopes, "funcx_service", "all"),
    ],
)
def test_a_service_has_its_scopes(collection: scopes.ScopeCollection, server: str, names: str) -> None:
    """Each is an attribute, and iterating gives them all."""
    assert collection.resource_server == server
    assert list(collection) == [getattr(collection, name) for name in names.split()]
    assert all(
        str(scope).rsplit(":")[-1].rsplit("/")[-1] == name
        for scope, name in zip(collection, names.split(), strict=True)
    )


def test_dynamic_scopes_contain_the_id() -> None:
    """An endpoint, a collection and a flow have their own; ids are UUIDs or text."""
    assert str(GCSEndpointScopes(ID).manage_collections) == f"urn:globus:auth:scope:{ID}:manage_collections"
    assert list(map(str, GCSCollectionScopes(str(ID)))) == [
        f"https://auth.globus.org/scopes/{ID}/data_access",
        f"https://auth.globus.org/scopes/{ID}/https",
    ]
    assert SpecificFlowScopes(ID).user == Scope(
        f"https://auth.globus.org/scopes/{ID}/flow_{str(ID).replace('-', '_')}_user"
    )
    assert SpecificFlowScopes(ID).resource_server == str(ID)


def test_an_id_that_would_change_the_scope_is_refused() -> None:
    """Blanks and brackets cannot get into a scope by way of an id."""
    with pytest.raises(ValueError, match="name"):
        GCSCollectionScopes("x other[scope]")
