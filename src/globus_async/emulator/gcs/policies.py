"""Policies of storage gateways, collections and credentials, which depend on the connector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..kit.fields import BOOLEAN, OBJECT, choice, integer, list_of
from .schemas import TEXTS, Member, Schema, members

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
_OWN_LOGIN: Final = ("azure_blob", "box", "dropbox", "google_cloud_storage", "google_drive", "onedrive")


def _schema(name: str, *added: Mapping[str, Member], required: str = "", read_only: str = "") -> Schema:
    """
    Return the schema of policies.

    Args:
        name: The ``DATA_TYPE``, without the version.
        added: The members that each version adds.
        required: The names of the members that must be there.
        read_only: The names of the members that the service sets.
    """
    versions = tuple(f"1.{minor}.0" for minor in range(max(1, len(added))))
    every = {
        key: replace(member, since=version)
        for version, new in zip(versions, added, strict=False)
        for key, member in new.items()
    }
    return Schema(name, versions, every, tuple(required.split()), dict.fromkeys(read_only.split(), "1.0.0"))


_GROUPS: Final = members("groups_allow", "groups_deny", type=TEXTS)
_APPLICATION: Final = members("client_id", "secret")
_ANY_ACCOUNT: Final = members("allow_any_account", type=BOOLEAN)
_RATE_LIMIT: Final = members("user_api_rate_limit", type=integer(minimum=0))
_VARIABLES: Final = members("environment", type=list_of(OBJECT))
_SET_BY_SERVICE: Final = "auth_callback user_credential_required"
_GATEWAY: Final[Mapping[str, Schema]] = {
    "posix": _schema("posix_storage_policies", _GROUPS),
    "posix_staging": _schema(
        "posix_staging_storage_policies",
        {**members("stage_app", nullable=False), **_VARIABLES, **_GROUPS},
        required="stage_app",
    ),
    "s3": _schema(
        "s3_storage_policies",
        {
            **members("s3_endpoint"),
            **members("s3_buckets", type=TEXTS),
            **members("s3_user_credential_required", type=BOOLEAN),
        },
        members("s3_requester_pays", type=BOOLEAN),
        members("s3_allow_multi_keys", type=BOOLEAN),
        {**members("s3_restore", type=BOOLEAN), **members("s3_storage_class")},
    ),
    "azure_blob": _schema(
        "azure_blob_storage_policies",
        {
            **members("account", "tenant"),
            **members("adls", type=BOOLEAN),
            **members("auth_type", type=choice("user", "service_principal", "user_service_principal")),
            **_APPLICATION,
        },
        _ANY_ACCOUNT,
        required="account adls auth_type client_id secret tenant",
        read_only=_SET_BY_SERVICE,
    ),
    "blackpearl": _schema("blackpearl_storage_policies", members("s3_endpoint", "bp_access_id_file")),
    "box": _schema(
        "box_storage_policies",
        {**members("enterpriseID"), **members("boxAppSettings", type=OBJECT)},
        {**_APPLICATION, **_RATE_LIMIT},
        _ANY_ACCOUNT,
        read_only=_SET_BY_SERVICE,
    ),
    "ceph": _schema(
        "ceph_storage_policies",
        {**members("s3_endpoint", "ceph_admin_key_id", "ceph_admin_secret_key"), **members("s3_buckets", type=TEXTS)},
    ),
    "dropbox": _schema(
        "dropbox_storage_policies",
        {**_APPLICATION, **_RATE_LIMIT, **_ANY_ACCOUNT},
        required="client_id secret",
        read_only=_SET_BY_SERVICE,
    ),
    "google_cloud_storage": _schema(
        "google_cloud_storage_policies",
        {
            **_APPLICATION,
            **members("service_account_key", type=OBJECT),
            **members("buckets", "projects", type=TEXTS),
        },
        _ANY_ACCOUNT,
        required="client_id secret",
        read_only=_SET_BY_SERVICE,
    ),
    "google_drive": _schema(
        "google_drive_storage_policies",
        {**_APPLICATION, **members("user_api_rate_quota", type=integer(minimum=0))},
        _ANY_ACCOUNT,
        required="client_id secret",
        read_only=_SET_BY_SERVICE,
    ),
    "hpss": _schema(
        "hpss_storage_policies",
        {
            **members("authentication_mech", type=choice("krb5", "unix"), nullable=False),
            **members("authenticator", nullable=False),
            # the second name is that of the official SDK, so that neither is required
            **members("uda_checksum", "uda_checksum_support", type=BOOLEAN, nullable=False),
        },
        members("login_name"),
        required="authentication_mech authenticator",
    ),
    "irods": _schema(
        "irods_storage_policies",
        {
            **members("irods_environment_file", nullable=False),
            **members("irods_authentication_file"),
            **_VARIABLES,
        },
        required="irods_environment_file",
    ),
    "onedrive": _schema(
        "onedrive_storage_policies",
        {**_APPLICATION, **members("tenant"), **_RATE_LIMIT},
        _ANY_ACCOUNT,
        required="client_id secret",
        read_only=_SET_BY_SERVICE,
    ),
}
_SHARING_GROUPS: Final = members("sharing_groups_allow", "sharing_groups_deny", type=TEXTS)
_COLLECTION: Final[Mapping[str, Schema]] = {
    **{prefix: _schema(f"{prefix}_collection_policies") for prefix in _GATEWAY},
    # the official CLI sends the members of 1.1.0 with the version 1.0.0
    "posix": _schema("posix_collection_policies", _SHARING_GROUPS, {}),
    "posix_staging": _schema("posix_staging_collection_policies", _SHARING_GROUPS),
    "google_cloud_storage": _schema("google_cloud_storage_collection_policies", members("project")),
}
_TOKENS: Final = {
    **members("access_token", "refresh_token", "token_expiry", "email", "sub"),
    **members("scopes", type=TEXTS),
}


def _tokens(prefix: str, own: Mapping[str, Member]) -> Schema:
    return _schema(f"{prefix}_user_credential_policies", {**_TOKENS, **own})


_CREDENTIAL: Final[Mapping[str, Schema]] = {
    **{prefix: _schema(f"{prefix}_user_credential_policies") for prefix in _GATEWAY},
    "s3": _schema(
        "s3_user_credential_policies",
        members("s3_key_id", "s3_secret_key"),
        members("s3_requester_pays", type=BOOLEAN),
        members("s3_multi_keys", type=list_of(OBJECT)),
    ),
    "azure_blob": _tokens("azure_blob", members("tid")),
    "blackpearl": _schema("blackpearl_user_credential_policies", read_only="access_id secret_key"),
    "box": _schema("box_user_credential_policies", {}, {**_TOKENS, **members("max_upload", type=integer(minimum=0))}),
    "dropbox": _tokens("dropbox", members("root_info", type=OBJECT)),
    "google_cloud_storage": _tokens("google_cloud_storage", members("projects", type=list_of(OBJECT))),
    "google_drive": _tokens("google_drive", {}),
    "onedrive": _tokens("onedrive", members("tid")),
}


def connector_prefix(connector_id: object) -> str | None:
    """Return the first part of the names of a connector's policies; `None` for an unknown connector."""
    return _PREFIXES.get(str(connector_id))


def has_own_login(connector_id: object) -> bool:
    """Return whether users of a connector log in with its provider, in a browser."""
    return connector_prefix(connector_id) in _OWN_LOGIN


def check_gateway_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a storage gateway.

    Raises:
        GCSError: 422, they are not those of the connector.
    """
    _check(_GATEWAY, policies, connector_id)


def check_collection_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a mapped collection.

    Raises:
        GCSError: 422, they are not those of the connector of its gateway.
    """
    _check(_COLLECTION, policies, connector_id)


def check_credential_policies(policies: Mapping[str, Any], connector_id: object) -> None:
    """
    Check the policies of a user credential.

    Raises:
        GCSError: 422, they are not those of the connector of its gateway.
    """
    _check(_CREDENTIAL, policies, connector_id)


def _check(schemas: Mapping[str, Schema], policies: Mapping[str, Any], connector_id: object) -> None:
    prefix = connector_prefix(connector_id)
    if prefix is not None and policies:  # those of an unknown connector cannot be checked
        schemas[prefix].check(policies)
