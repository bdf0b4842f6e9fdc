"""Storage gateways to create or change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    GCSDocument,
    flag,
    mapping,
    mappings,
    number,
    one_of,
    text,
    text_items,
    uuid,
)

if TYPE_CHECKING:
    from ..arguments import Texts

__all__ = ("StorageGatewayDocument",)


class StorageGatewayDocument(GCSDocument):
    """
    A storage gateway, for `GCSClient.create_storage_gateway` and `GCSClient.update_storage_gateway`.

    Args:
        display_name: The name.
        connector_id: The connector, such as ``ConnectorTable.POSIX.connector_id``. UUID.
        allowed_domains: The domains of identities with access, one or several.
        authentication_timeout_mins: Minutes after which users must log in again.
        identity_mappings: How identities become local users: one or several documents of
            ``expression_identity_mapping`` or ``external_identity_mapping``.
        users_allow: Local users with access, one or several.
        users_deny: Local users without access.
        high_assurance: Whether it has high assurance.
        require_mfa: Whether users need a second factor; with high assurance only.
        admin_managed_credentials: Whether administrators may manage the credentials of users.
        restrict_paths: Which paths may be read and written, such as `PathRestrictions`.
        policies: The policies of the connector, such as `POSIXStoragePolicies`.
        process_user: The local user as whom the server runs.
        load_dsi_module: The module of the server that accesses the storage.
        network_use: How much of the network transfers use.
        max_concurrency: The most files at a time; with ``custom`` only.
        preferred_concurrency: The usual number of files at a time; with ``custom`` only.
        max_parallelism: The most connections per file; with ``custom`` only.
        preferred_parallelism: The usual number of connections per file; with ``custom`` only.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> gateway = StorageGatewayDocument(display_name="Archive", high_assurance=True, require_mfa=True)
        >>> gateway["DATA_TYPE"]
        'storage_gateway#1.1.0'

    **Differs from globus-sdk:** has no `root`, which the schema of the service does not have, and all members of
    versions up to 1.3.0; single texts are lists of one; wrong types are refused; arguments are taken by name only,
    `DATA_TYPE` as `data_type`.
    """

    DATATYPE_BASE: ClassVar[str] = "storage_gateway"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "require_mfa": (1, 1, 0),
        "admin_managed_credentials": (1, 2, 0),
        "network_use": (1, 3, 0),
        "max_concurrency": (1, 3, 0),
        "preferred_concurrency": (1, 3, 0),
        "max_parallelism": (1, 3, 0),
        "preferred_parallelism": (1, 3, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "display_name": text,
        "connector_id": uuid,
        "allowed_domains": text_items,
        "authentication_timeout_mins": number,
        "identity_mappings": mappings,
        "users_allow": text_items,
        "users_deny": text_items,
        "high_assurance": flag,
        "require_mfa": flag,
        "admin_managed_credentials": flag,
        "restrict_paths": mapping,
        "policies": mapping,
        "process_user": text,
        "load_dsi_module": text,
        "network_use": one_of("normal", "minimal", "aggressive", "custom"),
        "max_concurrency": number,
        "preferred_concurrency": number,
        "max_parallelism": number,
        "preferred_parallelism": number,
    }

    def __init__(
        self,
        *,
        display_name: str | MissingType | None = MISSING,
        connector_id: UUID | str | MissingType | None = MISSING,
        allowed_domains: Texts | MissingType | None = MISSING,
        authentication_timeout_mins: int | MissingType | None = MISSING,
        identity_mappings: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        users_allow: Texts | MissingType | None = MISSING,
        users_deny: Texts | MissingType | None = MISSING,
        high_assurance: bool | MissingType | None = MISSING,
        require_mfa: bool | MissingType | None = MISSING,
        admin_managed_credentials: bool | MissingType | None = MISSING,
        restrict_paths: Mapping[str, object] | MissingType | None = MISSING,
        policies: Mapping[str, object] | MissingType | None = MISSING,
        process_user: str | MissingType | None = MISSING,
        load_dsi_module: str | MissingType | None = MISSING,
        network_use: Literal["normal", "minimal", "aggressive", "custom"] | MissingType | None = MISSING,
        max_concurrency: int | MissingType | None = MISSING,
        preferred_concurrency: int | MissingType | None = MISSING,
        max_parallelism: int | MissingType | None = MISSING,
        preferred_parallelism: int | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "display_name": display_name,
                "connector_id": connector_id,
                "allowed_domains": allowed_domains,
                "authentication_timeout_mins": authentication_timeout_mins,
                "identity_mappings": identity_mappings,
                "users_allow": users_allow,
                "users_deny": users_deny,
                "high_assurance": high_assurance,
                "require_mfa": require_mfa,
                "admin_managed_credentials": admin_managed_credentials,
                "restrict_paths": restrict_paths,
                "policies": policies,
                "process_user": process_user,
                "load_dsi_module": load_dsi_module,
                "network_use": network_use,
                "max_concurrency": max_concurrency,
                "preferred_concurrency": preferred_concurrency,
                "max_parallelism": max_parallelism,
                "preferred_parallelism": preferred_parallelism,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
