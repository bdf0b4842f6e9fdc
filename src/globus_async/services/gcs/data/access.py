"""Roles, sharing policies and stream gateways to create or change."""

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

__all__ = (
    "GCSRoleDocument",
    "LanSecretData",
    "SharingPolicyData",
    "StreamGatewayData",
)


class GCSRoleDocument(GCSDocument):
    """
    A role, for `GCSClient.create_role`.

    Args:
        collection: The collection, a UUID; left out or ``None`` for a role on the endpoint.
        principal: ``urn:globus:auth:identity:<id>`` or ``urn:globus:groups:id:<id>``.
        role: The role.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> GCSRoleDocument(principal=f"urn:globus:auth:identity:{identity_id}", role="activity_monitor")["DATA_TYPE"]
        'role#1.0.0'

    **Differs from globus-sdk:** unknown roles are refused, and `access_monitor` is known; arguments are taken by name
    only, `DATA_TYPE` as `data_type`.
    """

    DATATYPE_BASE: ClassVar[str] = "role"
    _checks: ClassVar[Mapping[str, Check]] = {
        "collection": uuid,
        "principal": text,
        "role": one_of(
            "owner", "administrator", "access_manager", "activity_manager", "activity_monitor", "access_monitor"
        ),
    }

    def __init__(
        self,
        *,
        collection: UUID | str | MissingType | None = MISSING,
        principal: str | MissingType | None = MISSING,
        role: Literal[
            "owner", "administrator", "access_manager", "activity_manager", "activity_monitor", "access_monitor"
        ]
        | MissingType
        | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "collection": collection,
                "principal": principal,
                "role": role,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class SharingPolicyData(GCSDocument):
    """
    Where some users may create guest collections, for `GCSClient.create_sharing_policy`.

    Args:
        collection_id: The mapped collection. UUID.
        sharing_restrict_paths: Where guest collections may be, such as `PathRestrictions`.
        users: Local users, one or several; ``None`` for all.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> SharingPolicyData(collection_id=collection_id, users="ada")["users"]
        ['ada']

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "sharing_policy"
    _checks: ClassVar[Mapping[str, Check]] = {
        "collection_id": uuid,
        "sharing_restrict_paths": mapping,
        "users": text_items,
    }

    def __init__(
        self,
        *,
        collection_id: UUID | str | MissingType | None = MISSING,
        sharing_restrict_paths: Mapping[str, object] | MissingType | None = MISSING,
        users: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "collection_id": collection_id,
                "sharing_restrict_paths": sharing_restrict_paths,
                "users": users,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class StreamGatewayData(GCSDocument):
    """
    A stream gateway, for `GCSClient.create_stream_gateway` and `GCSClient.update_stream_gateway`.

    Args:
        display_name: The name.
        allowed_domains: The domains of identities with access, one or several.
        authentication_timeout_mins: Minutes after which users must log in again.
        identity_mappings: How identities become local users: one or several documents of
            ``expression_identity_mapping`` or ``external_identity_mapping``.
        users_allow: Local users with access, one or several.
        users_deny: Local users without access.
        lan_name: The name of the local network.
        lan_secret_required: Whether programs in the local network need a secret.
        run_as_local_user: Whether it runs as the local user of the identity; needs version 1.1.0.
        contact_email: The e-mail address of its support.
        contact_info: Other ways to reach its support.
        department: The department that operates it.
        description: A description.
        info_link: The address of a page about it.
        keywords: Words to find it by, one or several.
        organization: The organization that operates it.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> StreamGatewayData(display_name="Cameras", allowed_domains="example.org")["allowed_domains"]
        ['example.org']

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "stream_gateway"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "run_as_local_user": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "display_name": text,
        "allowed_domains": text_items,
        "authentication_timeout_mins": number,
        "identity_mappings": mappings,
        "users_allow": text_items,
        "users_deny": text_items,
        "lan_name": text,
        "lan_secret_required": flag,
        "run_as_local_user": flag,
        "contact_email": text,
        "contact_info": text,
        "department": text,
        "description": text,
        "info_link": text,
        "keywords": text_items,
        "organization": text,
    }

    def __init__(
        self,
        *,
        display_name: str | MissingType | None = MISSING,
        allowed_domains: Texts | MissingType | None = MISSING,
        authentication_timeout_mins: int | MissingType | None = MISSING,
        identity_mappings: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        users_allow: Texts | MissingType | None = MISSING,
        users_deny: Texts | MissingType | None = MISSING,
        lan_name: str | MissingType | None = MISSING,
        lan_secret_required: bool | MissingType | None = MISSING,
        run_as_local_user: bool | MissingType | None = MISSING,
        contact_email: str | MissingType | None = MISSING,
        contact_info: str | MissingType | None = MISSING,
        department: str | MissingType | None = MISSING,
        description: str | MissingType | None = MISSING,
        info_link: str | MissingType | None = MISSING,
        keywords: Texts | MissingType | None = MISSING,
        organization: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "display_name": display_name,
                "allowed_domains": allowed_domains,
                "authentication_timeout_mins": authentication_timeout_mins,
                "identity_mappings": identity_mappings,
                "users_allow": users_allow,
                "users_deny": users_deny,
                "lan_name": lan_name,
                "lan_secret_required": lan_secret_required,
                "run_as_local_user": run_as_local_user,
                "contact_email": contact_email,
                "contact_info": contact_info,
                "department": department,
                "description": description,
                "info_link": info_link,
                "keywords": keywords,
                "organization": organization,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class LanSecretData(GCSDocument):
    """
    A secret for a tunnel through a stream gateway, for `GCSClient.create_lan_secret`.

    Args:
        stream_access_point_id: The stream access point that it is for; required. UUID.
        tunnel_id: The tunnel that it is for; required. UUID.
        expires_in_mins: The minutes after which it expires.
        identity_id: The identity to use it with, one of yours. UUID. By default the first one with access.
        username: The local user, one that the identity is mapped to.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> LanSecretData(stream_access_point_id=stream_gateway_id, tunnel_id=tunnel_id)["DATA_TYPE"]
        'lan_secret_create#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "lan_secret_create"
    _checks: ClassVar[Mapping[str, Check]] = {
        "stream_access_point_id": uuid,
        "tunnel_id": uuid,
        "expires_in_mins": number,
        "identity_id": uuid,
        "username": text,
    }

    def __init__(
        self,
        *,
        stream_access_point_id: UUID | str | MissingType | None = MISSING,
        tunnel_id: UUID | str | MissingType | None = MISSING,
        expires_in_mins: int | MissingType | None = MISSING,
        identity_id: UUID | str | MissingType | None = MISSING,
        username: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "stream_access_point_id": stream_access_point_id,
                "tunnel_id": tunnel_id,
                "expires_in_mins": expires_in_mins,
                "identity_id": identity_id,
                "username": username,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
