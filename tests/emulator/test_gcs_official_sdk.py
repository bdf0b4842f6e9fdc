"""Every method of `GCSClient` of the unmodified official SDK, against emulated Managers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
from globus_sdk.gare import to_gare
from globus_sdk.scopes import GCSCollectionScopes, GCSEndpointScopes

from globus_async.testing import GlobusEmulator
from tests.emulator.test_groups_official_sdk import methods_of
from tests.emulator.tls_front import tls_front

POSIX = globus_sdk.ConnectorTable.POSIX.connector_id
PROPERTIES = {"GCSClient.get_gcs_endpoint_scopes", "GCSClient.get_gcs_collection_scopes"}


class World:
    """An endpoint of Ada's, and official clients whose calls are counted."""

    def __init__(self, emulator: GlobusEmulator, url: str) -> None:
        self.emulator, self.url = emulator, url
        self.ada, self.bob = (emulator.add_identity(f"{name}@example.org") for name in ("ada", "bob"))
        self.endpoint = emulator.gcs.add_endpoint("Laboratory", owner=self.ada)
        self.called: set[str] = set()
        self.clients: list[globus_sdk.GCSClient] = []

    def client(self, who: Any, *collections: str) -> Any:
        """Return a client of somebody with a consent for the data of collections."""
        scope = GCSEndpointScopes(self.endpoint.client_id).manage_collections
        for each in collections:
            scope = scope.with_dependency(GCSCollectionScopes(each).data_access.with_optional(True))
        token = self.emulator.access_token(who, scopes=[str(scope)])
        address = f"{self.url}/{self.endpoint.host}"
        client = globus_sdk.GCSClient(address, authorizer=globus_sdk.AccessTokenAuthorizer(token))
        self.clients.append(client)
        called = self.called

        class Counted:
            def __getattr__(self, name: str) -> Any:
                called.add(f"GCSClient.{name}")
                return getattr(client, name)

        return Counted()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    emulator = GlobusEmulator()
    with emulator.serve_in_thread() as server, tls_front(server.url, tmp_path) as (url, certificates):
        monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", str(certificates))
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        world = World(emulator, url)
        yield world
        for client in world.clients:
            client.close()


def test_every_method(world: World) -> None:
    """Endpoint, gateways, collections, roles and credentials, made and removed."""
    gcs = world.client(world.ada)
    assert gcs.endpoint_client_id == gcs.get_gcs_info()["endpoint_id"] == world.endpoint.id
    assert gcs.get_endpoint()["display_name"] == "Laboratory"
    document = globus_sdk.EndpointDocument(organization="Optics", gridftp_control_channel_port=2811)
    assert gcs.update_endpoint(document, include="endpoint")["organization"] == "Optics"
    gateway_id = gateways(world, gcs)
    mapped = gcs.create_collection(
        globus_sdk.MappedCollectionDocument(
            storage_gateway_id=gateway_id,
            collection_base_path="/",
            display_name="Storage",
            allow_guest_collections=True,
        )
    )
    assert (mapped.http_status, mapped["collection_type"]) == (201, "mapped")
    credential_id = credentials(world, gcs, gateway_id)
    guest = guest_collection(world, mapped["id"], credential_id)
    listed = gcs.paginated.get_collection_list(page_size=1, filter=["guest_collections", "created_by_me"])
    assert [each["id"] for each in listed.items()] == [guest["id"]]
    assert gcs.get_collection_list(mapped_collection_id=mapped["id"], include="private_policies")["code"] == "success"
    roles(world, gcs, mapped["id"])
    with pytest.raises(globus_sdk.GCSAPIError, match="protected"):
        gcs.delete_collection(mapped["id"])
    gcs.update_collection(mapped["id"], globus_sdk.MappedCollectionDocument(delete_protected=False))
    assert gcs.get_collection(mapped["id"], query_params={"include": "private_policies"})["root_path"] == "/"
    assert gcs.delete_collection(mapped["id"])["code"] == "success"
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        gcs.get_collection(guest["id"])
    assert caught.value.detail_data_type == "collection_not_found#1.0.0"
    gcs.delete_user_credential(credential_id)
    assert gcs.delete_storage_gateway(gateway_id)["message"].startswith("Deleted")
    methods = methods_of(globus_sdk.GCSClient) - PROPERTIES
    assert methods <= world.called


def gateways(world: World, gcs: Any) -> str:
    """Make, read and change a gateway; return its id."""
    policies = globus_sdk.POSIXStoragePolicies(groups_allow=["staff"])
    document = globus_sdk.StorageGatewayDocument(
        display_name="Disks", connector_id=POSIX, allowed_domains=["example.org"], policies=policies, require_mfa=False
    )
    made = gcs.create_storage_gateway(document)
    assert (made.http_status, made["policies"]["groups_allow"]) == (201, ["staff"])
    gateway_id = str(made["id"])
    assert "policies" not in gcs.get_storage_gateway(gateway_id).data
    assert gcs.get_storage_gateway(gateway_id, include="private_policies")["policies"]
    gcs.update_storage_gateway(gateway_id, globus_sdk.StorageGatewayDocument(display_name="Fast disks"))
    assert [each["display_name"] for each in gcs.get_storage_gateway_list()] == ["Fast disks"]
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        world.client(world.bob).create_storage_gateway(document)
    assert (caught.value.http_status, caught.value.detail_data_type) == (403, "missing_required_role#1.0.0")
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        gcs.create_storage_gateway({"DATA_TYPE": "storage_gateway#1.0.0", "connector_id": POSIX, "require_mfa": True})
    assert caught.value.http_status == 422
    assert caught.value.detail_data_type == "invalid_input#1.0.0"
    return gateway_id


def credentials(world: World, gcs: Any, gateway_id: str) -> str:
    """Make, read and change a credential; return its id."""
    made = gcs.create_user_credential(
        globus_sdk.UserCredentialDocument(storage_gateway_id=gateway_id, username="ada", identity_id=world.ada.id)
    )
    credential_id = str(made["id"])
    assert (made.http_status, made["connector_id"]) == (201, POSIX)
    gcs.update_user_credential(credential_id, globus_sdk.UserCredentialDocument(display_name="Mine"))
    assert gcs.get_user_credential(credential_id)["display_name"] == "Mine"
    assert [each["id"] for each in gcs.get_user_credential_list(storage_gateway=gateway_id)] == [credential_id]
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        gcs.create_user_credential({**made.data, "username": "root"})
    assert caught.value.detail_data_type == "invalid_user#1.0.0"
    return credential_id


def guest_collection(world: World, mapped_id: str, credential_id: str) -> Any:
    """Make a guest collection, for which the consent for the data of the mapped one is needed."""
    document = globus_sdk.GuestCollectionDocument(
        mapped_collection_id=mapped_id,
        user_credential_id=credential_id,
        collection_base_path="/",
        display_name="Shared",
        enable_https=True,
        activity_notification_policy={"status": ["SUCCEEDED"], "transfer_use": ["source"]},
    )
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        world.client(world.ada).create_collection(document)
    assert (caught.value.http_status, caught.value.detail_data_type) == (401, "missing_required_scopes#1.0.0")
    requirement = to_gare(caught.value)
    assert requirement is not None
    detail: Any = caught.value.detail
    assert requirement.authorization_parameters.required_scopes == detail["required_scopes"]
    return world.client(world.ada, mapped_id).create_collection(document)


def roles(world: World, gcs: Any, collection_id: str) -> None:
    """Give and take roles on the endpoint and a collection, which Transfer has as well."""
    urn = f"urn:globus:auth:identity:{world.bob.id}"
    on_endpoint = gcs.create_role(globus_sdk.GCSRoleDocument(principal=urn, role="activity_monitor"))
    role = gcs.create_role(globus_sdk.GCSRoleDocument(collection=collection_id, principal=urn, role="administrator"))
    assert gcs.get_role(role["id"])["principal"] == urn
    names = {each["role"] for each in gcs.paginated.get_role_list(include="all_roles").items()}
    assert names == {"owner", "activity_monitor"}
    assert [each["role"] for each in world.client(world.bob).get_role_list(collection_id)] == ["administrator"]
    assert role["id"] in world.emulator.transfer.collections[collection_id].roles
    with pytest.raises(globus_sdk.GCSAPIError) as caught:
        gcs.create_role(globus_sdk.GCSRoleDocument(collection=collection_id, principal=urn, role="administrator"))
    assert caught.value.detail_data_type == "resource_conflict#1.0.0"
    for each in (on_endpoint, role):
        gcs.delete_role(each["id"])
