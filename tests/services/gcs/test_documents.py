"""Documents for Globus Connect Server: their versions follow from their members, and secrets are not shown."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Mapping
from typing import Any

import globus_sdk
import pytest

from globus_async import MISSING, GlobusSDKUsageError, Secret
from globus_async.services import gcs

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "1.1.0": ("enable_https", "user_message", "user_message_link"),
    "1.2.0": ("sharing_users_allow", "sharing_users_deny"),
    "1.4.0": ("force_verify",),
    "1.5.0": ("disable_anonymous_writes",),
    "1.6.0": ("guest_auth_policy_id",),
    "1.8.0": ("delete_protected",),
    "1.10.0": ("acl_expiration_mins",),
    "1.12.0": ("restrict_transfers_to_high_assurance",),
    "1.13.0": ("auto_delete_timeout", "skip_auto_delete"),
    "1.14.0": ("activity_notification_policy",),
    "1.15.0": ("associated_flow_policy",),
    "1.16.0": ("https_methods", "preserve_modtime"),
}
"""The members that a version of the document of a collection adds."""

KINDS: list[type[Any]] = [
    kind
    for name in gcs.__all__
    if isinstance(kind := getattr(gcs, name), type)
    and issubclass(kind, gcs.GCSDocument)
    and kind is not gcs.GCSDocument
]


@pytest.mark.parametrize(("version", "names"), VERSIONS.items())
def test_versions_of_collections(version: str, names: tuple[str, ...]) -> None:
    """Each member needs the version that adds it, as an argument, as a further field, and set to ``None``."""
    for name in names:
        given: dict[str, Any] = {name: None}
        kind = gcs.GuestCollectionDocument if name in {"skip_auto_delete", "activity_notification_policy"} else None
        document = (kind or gcs.MappedCollectionDocument)(**given)
        assert document["DATA_TYPE"] == f"collection#{version}"
        further = gcs.MappedCollectionDocument(display_name="x", additional_fields=given)
        assert further["DATA_TYPE"] == f"collection#{version}"


def test_the_highest_version_counts_and_can_be_forced() -> None:
    """Of several members, and of a long message."""
    assert gcs.MappedCollectionDocument(public=True)["DATA_TYPE"] == "collection#1.0.0"
    assert gcs.MappedCollectionDocument(user_message="x" * 64)["DATA_TYPE"] == "collection#1.1.0"
    assert gcs.MappedCollectionDocument(user_message="x" * 65)["DATA_TYPE"] == "collection#1.7.0"
    assert gcs.MappedCollectionDocument(enable_https=True, https_methods="GET")["DATA_TYPE"] == "collection#1.16.0"
    assert (
        gcs.MappedCollectionDocument(https_methods="GET", data_type="collection#1.2.0")["DATA_TYPE"]
        == "collection#1.2.0"
    )
    assert gcs.StorageGatewayDocument(network_use="custom")["DATA_TYPE"] == "storage_gateway#1.3.0"
    further: dict[str, Any] = {"https_methods": MISSING, "enable_https": True}
    document = gcs.MappedCollectionDocument(https_methods="GET", additional_fields=further)
    assert (document["DATA_TYPE"], "https_methods" in document) == ("collection#1.1.0", False)
    assert gcs.StorageGatewayDocument(admin_managed_credentials=True)["DATA_TYPE"] == "storage_gateway#1.2.0"
    assert gcs.StreamGatewayData(run_as_local_user=True)["DATA_TYPE"] == "stream_gateway#1.1.0"
    addresses = {"address": "10.0.0.1", "network_name": "beamline"}
    assert gcs.NodeData(lan_addresses=addresses)["lan_addresses"] == [addresses]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_version_is_that_of_globus_sdk(kind: type[Any]) -> None:
    """With the members of both; confidential ones are sent as they are, and not shown or pickled."""
    theirs = getattr(globus_sdk, kind.__name__, None)
    if theirs is not None and hasattr(kind, "DATATYPE_BASE") and not inspect.isabstract(theirs):
        implied = getattr(theirs, "DATATYPE_VERSION_IMPLICATIONS", {})
        assert implied.items() <= kind.DATATYPE_VERSION_IMPLICATIONS.items()
    document = kind(additional_fields={"secret": "canary", "nested": ({"s3_secret_key": "canary"},)})
    assert document["secret"] == Secret("canary")
    assert "canary" not in repr(document) + str(document)
    assert b"canary" not in pickle.dumps(document)
    assert type(pickle.loads(pickle.dumps(document))) is kind


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (gcs.MappedCollectionDocument, {"public": "yes"}),
        (gcs.MappedCollectionDocument, {"storage_gateway_id": "../x"}),
        (gcs.MappedCollectionDocument, {"https_methods": ["GET", "POST"]}),
        (gcs.MappedCollectionDocument, {"keywords": [1]}),
        (gcs.MappedCollectionDocument, {"keywords": {"a": 1}}),
        (gcs.MappedCollectionDocument, {"acl_expiration_mins": -1}),
        (gcs.GCSRoleDocument, {"role": "king"}),
        (gcs.NodeData, {"incoming_port_range": [50_000]}),
        (gcs.NodeData, {"incoming_port_range": [0, 70_000]}),
        (gcs.NodeData, {"lan_addresses": ["10.0.0.1"]}),
        (gcs.StreamGatewayData, {"run_as_local_user": "ada"}),
        (gcs.S3StoragePolicies, {"s3_restore": "yes"}),
        (gcs.S3StoragePolicies, {"s3_storage_class": True}),
        (gcs.StorageGatewayDocument, {"identity_mappings": "x"}),
        (gcs.StorageGatewayDocument, {"identity_mappings": ""}),
        (gcs.EndpointDocument, {"subscription_id": "mine"}),
        (gcs.HPSSStoragePolicies, {"authentication_mech": "none"}),
    ],
)
def test_wrong_members(kind: Any, arguments: dict[str, Any]) -> None:
    """They are refused when the document is made."""
    with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
        kind(**arguments)


def test_single_texts_are_lists_of_one() -> None:
    """And not lists of letters."""
    assert gcs.POSIXStoragePolicies(groups_allow="staff")["groups_allow"] == ["staff"]
    assert json.loads(json.dumps(gcs.PathRestrictions(read="/")))["read"] == ["/"]


@pytest.mark.parametrize(
    "attribute", ["lookup", "extend", "all_connectors", "__slots__", "_hidden", "class", "a b", ""]
)
def test_attributes_of_extended_tables(attribute: str) -> None:
    """A connector takes the place of another connector, and of nothing else."""
    identity = "0b19772d-729a-4c8f-93e1-59d5778cecf3"
    with pytest.raises(GlobusSDKUsageError, match="attribute_name"):
        gcs.ConnectorTable.extend(connector_name="Tape", connector_id=identity, attribute_name=attribute)
    table = gcs.ConnectorTable.extend(connector_name="Tape", connector_id=identity, attribute_name="POSIX")
    assert [each.name for each in table.all_connectors()].count("Tape") == 1
    assert table.lookup("tape") == table.lookup(identity) == vars(table)["POSIX"]
    assert table.lookup("POSIX") is None
    assert gcs.ConnectorTable.lookup("POSIX") is not None
