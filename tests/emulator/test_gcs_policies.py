"""Policies of connectors: emulated gateways, collections and credentials take those of the client's documents."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async import Secret
from globus_async.emulator.gcs import policies
from globus_async.emulator.gcs.errors import GCSError
from globus_async.services import gcs
from globus_async.services.gcs.data import document

TABLE = gcs.ConnectorTable
CONNECTORS = {
    "ActiveScale": TABLE.ACTIVESCALE,
    "AzureBlob": TABLE.AZURE_BLOB,
    "BlackPearl": TABLE.BLACKPEARL,
    "Box": TABLE.BOX,
    "Ceph": TABLE.CEPH,
    "Dropbox": TABLE.DROPBOX,
    "GoogleCloudStorage": TABLE.GOOGLE_CLOUD_STORAGE,
    "GoogleCloud": TABLE.GOOGLE_CLOUD_STORAGE,
    "GoogleDrive": TABLE.GOOGLE_DRIVE,
    "HPSS": TABLE.HPSS,
    "Irods": TABLE.IRODS,
    "OneDrive": TABLE.ONEDRIVE,
    "POSIX": TABLE.POSIX,
    "POSIXStaging": TABLE.POSIX_STAGING,
    "S3": TABLE.S3,
}
CHECKS = {
    "UserCredentialPolicies": policies.check_credential_policies,
    "CollectionPolicies": policies.check_collection_policies,
    "StoragePolicies": policies.check_gateway_policies,
}
VALUES = {
    document.text: "x",
    document.flag: True,
    document.number: 1,
    document.text_items: ["x"],
    document.mapping: {"name": "x"},
    document.mappings: [{"name": "x"}],
}
CHOICES = {"auth_type": "user", "authentication_mech": "krb5"}
CASES = [
    (getattr(gcs, name), connector.connector_id, check)
    for suffix, check in CHECKS.items()
    for prefix, connector in CONNECTORS.items()
    if hasattr(gcs, name := prefix + suffix)
]


def complete(kind: Any) -> dict[str, Any]:
    """Make a document with a value for each member."""
    values = {name: CHOICES.get(name) or VALUES[check] for name, check in kind._checks.items()}
    made: gcs.GCSDocument = kind(**values)
    return {name: "x" if isinstance(value, Secret) else value for name, value in made.items()}


def test_every_class_is_compared() -> None:
    """All policies of the package, but for their base classes."""
    names = {name for name in gcs.__all__ if name.endswith("Policies")}
    bases = {"CollectionPolicies", "StorageGatewayPolicies", "UserCredentialPolicies"}
    assert names - bases == {kind.__name__ for kind, _, _ in CASES}


@pytest.mark.parametrize(("kind", "connector_id", "check"), CASES, ids=lambda each: getattr(each, "__name__", ""))
def test_policies(kind: Any, connector_id: str, check: Any) -> None:
    """All members are taken, and refused if they are unknown, of another type, or of another connector."""
    whole = complete(kind)
    check(whole, connector_id)
    for name in whole:
        with pytest.raises(GCSError):
            check({**whole, name: 1.5}, connector_id)
    with pytest.raises(GCSError):
        check({**whole, "color": "red"}, connector_id)
    other = TABLE.S3 if connector_id == TABLE.POSIX.connector_id else TABLE.POSIX
    with pytest.raises(GCSError):
        check(whole, other.connector_id)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (gcs.POSIXStagingStoragePolicies, "stage_app"),
        (gcs.AzureBlobStoragePolicies, "tenant"),
        (gcs.DropboxStoragePolicies, "secret"),
        (gcs.GoogleCloudStoragePolicies, "client_id"),
        (gcs.GoogleDriveStoragePolicies, "client_id"),
        (gcs.OneDriveStoragePolicies, "secret"),
        (gcs.HPSSStoragePolicies, "authenticator"),
        (gcs.IrodsStoragePolicies, "irods_environment_file"),
    ],
)
def test_required_members(kind: Any, missing: str) -> None:
    """They may be null where the service says so, and not be missing."""
    (connector_id,) = (connector_id for each, connector_id, _ in CASES if each is kind)
    whole = complete(kind)
    del whole[missing]
    with pytest.raises(GCSError, match="Data Validation Error") as refused:
        policies.check_gateway_policies(whole, connector_id)
    assert isinstance(refused.value.detail, dict)
    assert refused.value.detail["errors"] == [{"property": missing, "message": "is a required property"}]


def test_members_of_later_versions() -> None:
    """A version has none of the members that later ones add."""
    older = {"DATA_TYPE": "s3_storage_policies#1.0.0", "s3_restore": True}
    with pytest.raises(GCSError):
        policies.check_gateway_policies(older, TABLE.S3.connector_id)
    policies.check_gateway_policies({**older, "DATA_TYPE": "s3_storage_policies#1.3.0"}, TABLE.S3.connector_id)
