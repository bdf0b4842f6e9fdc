"""The policies of storage gateways for file systems and tape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    GCSDocument,
    flag,
    mappings,
    one_of,
    text,
    text_items,
)

if TYPE_CHECKING:
    from ..arguments import Texts

__all__ = (
    "BlackPearlStoragePolicies",
    "HPSSStoragePolicies",
    "IrodsStoragePolicies",
    "POSIXStagingStoragePolicies",
    "POSIXStoragePolicies",
    "StorageGatewayPolicies",
)


class StorageGatewayPolicies(GCSDocument):
    """The policies of a storage gateway. Each connector has a class of its own."""

    DATATYPE_BASE: ClassVar[str] = "storage_gateway_policies"


class POSIXStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a POSIX storage gateway.

    Args:
        groups_allow: Groups of local users with access, one or several.
        groups_deny: Groups without access.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> POSIXStoragePolicies(groups_allow="staff")["groups_allow"]
        ['staff']
    """

    DATATYPE_BASE: ClassVar[str] = "posix_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "groups_allow": text_items,
        "groups_deny": text_items,
    }

    def __init__(
        self,
        *,
        groups_allow: Texts | MissingType | None = MISSING,
        groups_deny: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "groups_allow": groups_allow,
                "groups_deny": groups_deny,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class POSIXStagingStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a POSIX Staging storage gateway.

    Args:
        stage_app: The path of the program that stages files; required.
        environment: Variables for it: documents with ``name`` and ``value``.
        groups_allow: Groups of local users with access, one or several.
        groups_deny: Groups without access.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> variable = {"name": "TAPE", "value": "robot"}
        >>> POSIXStagingStoragePolicies(stage_app="/opt/stage", environment=variable)["environment"]
        [{'name': 'TAPE', 'value': 'robot'}]
    """

    DATATYPE_BASE: ClassVar[str] = "posix_staging_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "stage_app": text,
        "environment": mappings,
        "groups_allow": text_items,
        "groups_deny": text_items,
    }

    def __init__(
        self,
        *,
        stage_app: str | MissingType | None = MISSING,
        environment: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        groups_allow: Texts | MissingType | None = MISSING,
        groups_deny: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "stage_app": stage_app,
                "environment": environment,
                "groups_allow": groups_allow,
                "groups_deny": groups_deny,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class BlackPearlStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a BlackPearl storage gateway.

    Args:
        s3_endpoint: The URL of the S3 API.
        bp_access_id_file: The path of the file with the ids and keys of users.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> BlackPearlStoragePolicies(bp_access_id_file="/etc/bp.csv")["bp_access_id_file"]
        '/etc/bp.csv'
    """

    DATATYPE_BASE: ClassVar[str] = "blackpearl_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "s3_endpoint": text,
        "bp_access_id_file": text,
    }

    def __init__(
        self,
        *,
        s3_endpoint: str | MissingType | None = MISSING,
        bp_access_id_file: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "s3_endpoint": s3_endpoint,
                "bp_access_id_file": bp_access_id_file,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class HPSSStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a HPSS storage gateway.

    Args:
        authentication_mech: How the connector authenticates.
        authenticator: The authenticator, ``<type>:<file>``.
        uda_checksum: Whether checksums are stored with files, so that comparing them needs no tape.
        login_name: The user of the key file. By default ``hpssftp``.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> HPSSStoragePolicies(authentication_mech="krb5", uda_checksum=True)["uda_checksum"]
        True

    **Differs from globus-sdk:** `uda_checksum` is what globus-sdk calls `uda_checksum_support`, which the schema of the
    service does not have.
    """

    DATATYPE_BASE: ClassVar[str] = "hpss_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "login_name": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "authentication_mech": one_of("krb5", "unix"),
        "authenticator": text,
        "uda_checksum": flag,
        "login_name": text,
    }

    def __init__(
        self,
        *,
        authentication_mech: Literal["krb5", "unix"] | MissingType | None = MISSING,
        authenticator: str | MissingType | None = MISSING,
        uda_checksum: bool | MissingType | None = MISSING,
        login_name: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "authentication_mech": authentication_mech,
                "authenticator": authenticator,
                "uda_checksum": uda_checksum,
                "login_name": login_name,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class IrodsStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a iRODS storage gateway.

    Args:
        irods_environment_file: The path of the environment file; required.
        irods_authentication_file: The path of the authentication file.
        environment: Variables of the client: documents with ``name`` and ``value``.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> IrodsStoragePolicies(irods_environment_file="/etc/irods.json")["irods_environment_file"]
        '/etc/irods.json'

    **Differs from globus-sdk:** has `environment`.
    """

    DATATYPE_BASE: ClassVar[str] = "irods_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "irods_environment_file": text,
        "irods_authentication_file": text,
        "environment": mappings,
    }

    def __init__(
        self,
        *,
        irods_environment_file: str | MissingType | None = MISSING,
        irods_authentication_file: str | MissingType | None = MISSING,
        environment: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "irods_environment_file": irods_environment_file,
                "irods_authentication_file": irods_authentication_file,
                "environment": environment,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
