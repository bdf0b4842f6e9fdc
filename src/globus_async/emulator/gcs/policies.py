"""Policies of storage gateways, collections and credentials, which depend on the connector."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .errors import GCSError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "check_collection_policies",
    "check_credential_policies",
    "check_gateway_policies",
    "connector_prefix",
    "has_own_login",
)

_PREFIXES: Final = {
    "7251f6c8-93c9-11eb-95ba-12704e0d6a4d": "s3",  # ActiveScale
    "9436da0c-a444-11eb-af93-12704e0d6a4d": "azure_blob",
    "7e3f3f5e-350c-4717-891a-2f451c24b0d4": "blackpearl",
    "7c100eae-40fe-11e9-95a3-9cb6d0d9fd63": "box",
    "1b6374b0-f6a4-4cf7-a26f-f262d9c6ca72": "ceph",
    "49b00fd6-63f1-48ae-b27f-d8af4589f876": "dropbox",
    "56366b96-ac98-11e9-abac-9cb6d0d9fd63": "google_cloud_storage",
    "976cf0cf-78c3-4aab-82d2-7c16adbcc281": "google_drive",
    "fb656a17-0f69-4e59-95ff-d0a62ca7bdf5": "hpss",
    "e47b6920-ff57-11ea-8aaa-000c297ab3c2": "irods",
    "28ef55da-1f97-11eb-bdfd-12704e0d6a4d": "onedrive",
    "145812c8-decc-41f1-83cf-bb2a85a2a70b": "posix",
    "052be037-7dda-4d20-b163-3077314dc3e6": "posix_staging",
    "7643e831-5f6c-4b47-a07f-8ee90f401d23": "s3",
}
"""The first part of the names of policies, by connector."""

_S3: Final = (
    "s3_endpoint s3_buckets s3_user_credential_required s3_allow_multi_keys s3_requester_pays s3_restore "
    "s3_storage_class"
)
# the members of the newest version of each; those of earlier versions are among them
_GATEWAY: Final[Mapping[str, tuple[str, str]]] = {
    "posix": ("1.0.0", "groups_allow groups_deny"),
    "posix_staging": ("1.0.0", "stage_app environment groups_allow groups_deny"),
    "s3": ("1.3.0", _S3),
    "azure_blob": ("1.1.0", "account adls auth_type client_id secret tenant allow_any_account"),
    "blackpearl": ("1.0.0", "s3_endpoint bp_access_id_file"),
    "box": ("1.2.0", "boxAppSettings enterpriseID client_id secret user_api_rate_limit allow_any_account"),
    "ceph": ("1.0.0", "s3_endpoint s3_buckets ceph_admin_key_id ceph_admin_secret_key"),
    "dropbox": ("1.0.0", "client_id secret user_api_rate_limit allow_any_account"),
    "google_cloud_storage": ("1.1.0", "client_id secret service_account_key buckets projects allow_any_account"),
    "google_drive": ("1.1.0", "client_id secret user_api_rate_quota allow_any_account"),
    # the second name of one member is that of the official SDK
    "hpss": ("1.1.0", "authentication_mech authenticator uda_checksum uda_checksum_support login_name"),
    "irods": ("1.0.0", "irods_environment_file irods_authentication_file environment"),
    "onedrive": ("1.1.0", "client_id secret tenant user_api_rate_limit allow_any_account"),
}
_REQUIRED: Final = {"posix_staging": "stage_app", "irods": "irods_environment_file"}
_COLLECTION: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(_GATEWAY, ("1.0.0", "")),
    "posix": ("1.1.0", "sharing_groups_allow sharing_groups_deny"),
    "posix_staging": ("1.0.0", "sharing_groups_allow sharing_groups_deny"),
    "google_cloud_storage": ("1.0.0", "project"),
}
_OAUTH: Final = "access_token refresh_token token_expiry scopes email sub name picture id login token_type tenant"
_OWN_LOGIN: Final = ("azure_blob", "dropbox", "google_cloud_storage", "google_drive", "onedrive")
_CREDENTIAL: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(_GATEWAY, ("1.0.0", "")),
    "s3": ("1.2.0", "s3_key_id s3_secret_key s3_requester_pays s3_multi_keys"),
    "box": ("1.1.0", _OAUTH),
    **dict.fromkeys(_OWN_LOGIN, ("1.0.0", _OAUTH)),
}
_TYPE: Final = re.compile(r"(\w+)#(\d+)\.(\d+)\.(\d+)")


def connector_prefix(connector_id: object) -> str | None:
    """Return the first part of the names of a connector's policies; `None` for an unknown connector."""
    return _PREFIXES.get(str(connector_id))


def has_own_login(connector_id: object) -> bool:
    """Return whether users of a connector log in with its provider, in a browser."""
    return connector_prefix(connector_id) in {*_OWN_LOGIN, "box"}


def check_gateway_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a storage gateway.

    Raises:
        GCSError: 422, they are not those of the connector.
    """
    prefix = connector_prefix(connector_id)
    _check(policies, prefix, "storage_policies", _GATEWAY)
    required = _REQUIRED.get(prefix or "")
    if required is not None and not policies.get(required):
        raise GCSError.missing_field(f"policies.{required}")


def check_collection_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a mapped collection.

    Raises:
        GCSError: 422, they are not those of the connector of its gateway.
    """
    _check(policies, connector_prefix(connector_id), "collection_policies", _COLLECTION)


def check_credential_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a user credential.

    Raises:
        GCSError: 422, they are not those of the connector of its gateway.
    """
    _check(policies, connector_prefix(connector_id), "user_credential_policies", _CREDENTIAL)


def _check(policies: Mapping[str, Any], prefix: str | None, kind: str, known: Mapping[str, tuple[str, str]]) -> None:
    if prefix is None or not policies:  # those of an unknown connector cannot be checked
        return
    newest, names = known[prefix]
    match = _TYPE.fullmatch(str(policies.get("DATA_TYPE", "")))
    version = None if match is None else tuple(map(int, match.groups()[1:]))
    if match is None or match[1] != f"{prefix}_{kind}" or version > tuple(map(int, newest.split("."))):  # type: ignore[operator]
        raise GCSError.invalid([f"'policies.DATA_TYPE': {prefix}_{kind}#{newest} is required"])
    unknown = sorted(set(policies) - {"DATA_TYPE", *names.split()})
    if unknown:
        raise GCSError.invalid([f"{policies['DATA_TYPE']} has no property '{each}'" for each in unknown])
