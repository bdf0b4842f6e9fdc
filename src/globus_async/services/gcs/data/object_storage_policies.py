"""The policies of storage gateways for object stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    flag,
    mapping,
    one_of,
    text,
    text_items,
)
from .storage_policies import StorageGatewayPolicies

if TYPE_CHECKING:
    from ....secret import Secret
    from ..arguments import Texts

__all__ = (
    "ActiveScaleStoragePolicies",
    "AzureBlobStoragePolicies",
    "CephStoragePolicies",
    "GoogleCloudStoragePolicies",
    "S3StoragePolicies",
)


class S3StoragePolicies(StorageGatewayPolicies):
    """
    The policies of a S3 storage gateway.

    Args:
        s3_endpoint: The URL of the S3 API.
        s3_buckets: Buckets of others to show in the root, one or several.
        s3_user_credential_required: Whether users must register keys.
        s3_requester_pays: Whether requests are charged to the user.
        s3_allow_multi_keys: Whether users may register several keys.
        s3_restore: Whether transfers restore archived objects.
        s3_storage_class: The storage class of new objects. By default that of the bucket.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> S3StoragePolicies(s3_endpoint="https://s3.example.org", s3_requester_pays=True)["DATA_TYPE"]
        's3_storage_policies#1.1.0'

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "s3_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "s3_requester_pays": (1, 1, 0),
        "s3_allow_multi_keys": (1, 2, 0),
        "s3_restore": (1, 3, 0),
        "s3_storage_class": (1, 3, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "s3_endpoint": text,
        "s3_buckets": text_items,
        "s3_user_credential_required": flag,
        "s3_requester_pays": flag,
        "s3_allow_multi_keys": flag,
        "s3_restore": flag,
        "s3_storage_class": text,
    }

    def __init__(
        self,
        *,
        s3_endpoint: str | MissingType | None = MISSING,
        s3_buckets: Texts | MissingType | None = MISSING,
        s3_user_credential_required: bool | MissingType | None = MISSING,
        s3_requester_pays: bool | MissingType | None = MISSING,
        s3_allow_multi_keys: bool | MissingType | None = MISSING,
        s3_restore: bool | MissingType | None = MISSING,
        s3_storage_class: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "s3_endpoint": s3_endpoint,
                "s3_buckets": s3_buckets,
                "s3_user_credential_required": s3_user_credential_required,
                "s3_requester_pays": s3_requester_pays,
                "s3_allow_multi_keys": s3_allow_multi_keys,
                "s3_restore": s3_restore,
                "s3_storage_class": s3_storage_class,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class ActiveScaleStoragePolicies(S3StoragePolicies):
    """
    The policies of a ActiveScale storage gateway.

    The members are those of `S3StoragePolicies`.

    Example:
        >>> ActiveScaleStoragePolicies(s3_buckets="images")["s3_buckets"]
        ['images']

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "s3_storage_policies"


class AzureBlobStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Azure Blob storage gateway.

    Args:
        account: The account.
        adls: Whether it has a hierarchical namespace.
        auth_type: Who authenticates.
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        tenant: The tenant of the organization.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> policies = AzureBlobStoragePolicies(client_id="a", secret="do-not-print", allow_any_account=True)
        >>> policies["DATA_TYPE"], policies["secret"]
        ('azure_blob_storage_policies#1.1.0', Secret('***'))

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "azure_blob_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "allow_any_account": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "account": text,
        "adls": flag,
        "auth_type": one_of("user", "service_principal", "user_service_principal"),
        "client_id": text,
        "secret": text,
        "tenant": text,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        account: str | MissingType | None = MISSING,
        adls: bool | MissingType | None = MISSING,
        auth_type: Literal["user", "service_principal", "user_service_principal"] | MissingType | None = MISSING,
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        tenant: str | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "account": account,
                "adls": adls,
                "auth_type": auth_type,
                "client_id": client_id,
                "secret": secret,
                "tenant": tenant,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class CephStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Ceph storage gateway.

    Args:
        s3_endpoint: The URL of the S3 API.
        s3_buckets: Buckets of others to show in the root, one or several.
        ceph_admin_key_id: The key of the administrator.
        ceph_admin_secret_key: Its secret.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> CephStoragePolicies(ceph_admin_secret_key="do-not-print")["ceph_admin_secret_key"]
        Secret('***')
    """

    DATATYPE_BASE: ClassVar[str] = "ceph_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "s3_endpoint": text,
        "s3_buckets": text_items,
        "ceph_admin_key_id": text,
        "ceph_admin_secret_key": text,
    }

    def __init__(
        self,
        *,
        s3_endpoint: str | MissingType | None = MISSING,
        s3_buckets: Texts | MissingType | None = MISSING,
        ceph_admin_key_id: str | MissingType | None = MISSING,
        ceph_admin_secret_key: str | Secret | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "s3_endpoint": s3_endpoint,
                "s3_buckets": s3_buckets,
                "ceph_admin_key_id": ceph_admin_key_id,
                "ceph_admin_secret_key": ceph_admin_secret_key,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GoogleCloudStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Google Cloud Storage storage gateway.

    Args:
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        service_account_key: The key of a service account, for all access.
        buckets: The only buckets with access, one or several.
        projects: The only projects with access, one or several.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> policies = GoogleCloudStoragePolicies(service_account_key={"private_key": "do-not-print"})
        >>> policies["service_account_key"]
        {'private_key': Secret('***')}

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "google_cloud_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "allow_any_account": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "client_id": text,
        "secret": text,
        "service_account_key": mapping,
        "buckets": text_items,
        "projects": text_items,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        service_account_key: Mapping[str, object] | MissingType | None = MISSING,
        buckets: Texts | MissingType | None = MISSING,
        projects: Texts | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "client_id": client_id,
                "secret": secret,
                "service_account_key": service_account_key,
                "buckets": buckets,
                "projects": projects,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
