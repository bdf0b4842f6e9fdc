"""Collections to create or change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from .document import (
    FIRST,
    Check,
    GCSDocument,
    Version,
    flag,
    mapping,
    number,
    one_of,
    some_of,
    text,
    text_items,
    uuid,
)

if TYPE_CHECKING:
    from ..arguments import Texts

__all__ = (
    "CollectionDocument",
    "GuestCollectionDocument",
    "MappedCollectionDocument",
    "PathRestrictions",
)

_SHORT_MESSAGE = 64
"""The longest message of the versions before 1.7.0, in characters."""


class PathRestrictions(GCSDocument):
    """
    Which paths may be read and written, for storage gateways, mapped collections and sharing policies.

    Args:
        none: Paths without any access, one or several; with ``*``, ``?``, ``$USER`` and ``$HOME``.
        read: Paths that can be read.
        read_write: Paths that can be read and written.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> PathRestrictions(read="/", none=["/private"])["none"]
        ['/private']

    **Differs from globus-sdk:** is new; globus-sdk takes a dict.
    """

    DATATYPE_BASE: ClassVar[str] = "path_restrictions"
    _checks: ClassVar[Mapping[str, Check]] = {
        "none": text_items,
        "read": text_items,
        "read_write": text_items,
    }

    def __init__(
        self,
        *,
        none: Texts | MissingType | None = MISSING,
        read: Texts | MissingType | None = MISSING,
        read_write: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "none": none,
                "read": read,
                "read_write": read_write,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class CollectionDocument(GCSDocument):
    """
    A mapped or guest collection, for `GCSClient.create_collection` and `GCSClient.update_collection`.

    Use `MappedCollectionDocument` or `GuestCollectionDocument`, which have all its members.

    **Differs from globus-sdk:** the version of ``additional_fields`` counts, too, and versions up to 1.16.0 are known;
    single texts are lists of one; wrong types are refused; arguments are taken by name only.
    """

    DATATYPE_BASE: ClassVar[str] = "collection"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "user_message": (1, 1, 0),
        "user_message_link": (1, 1, 0),
        "enable_https": (1, 1, 0),
        "https_methods": (1, 16, 0),
        "force_verify": (1, 4, 0),
        "preserve_modtime": (1, 16, 0),
        "restrict_transfers_to_high_assurance": (1, 12, 0),
        "acl_expiration_mins": (1, 10, 0),
        "associated_flow_policy": (1, 15, 0),
        "guest_auth_policy_id": (1, 6, 0),
        "sharing_users_allow": (1, 2, 0),
        "sharing_users_deny": (1, 2, 0),
        "disable_anonymous_writes": (1, 5, 0),
        "auto_delete_timeout": (1, 13, 0),
        "delete_protected": (1, 8, 0),
        "skip_auto_delete": (1, 13, 0),
        "activity_notification_policy": (1, 14, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "display_name": text,
        "collection_base_path": text,
        "public": flag,
        "identity_id": uuid,
        "default_directory": text,
        "contact_email": text,
        "contact_info": text,
        "department": text,
        "description": text,
        "info_link": text,
        "keywords": text_items,
        "organization": text,
        "user_message": text,
        "user_message_link": text,
        "enable_https": flag,
        "https_methods": some_of("GET", "PUT", "DELETE"),
        "disable_verify": flag,
        "force_verify": flag,
        "force_encryption": flag,
        "preserve_modtime": one_of("inbound", "outbound", "all"),
        "restrict_transfers_to_high_assurance": one_of("inbound", "outbound", "all"),
        "acl_expiration_mins": number,
        "associated_flow_policy": mapping,
    }

    @classmethod
    def _versions_of(cls, document: Mapping[str, object]) -> list[Version]:
        """Return the versions that the members of a document need."""
        message = document.get("user_message")
        is_long = isinstance(message, str) and len(message) > _SHORT_MESSAGE
        return [*super()._versions_of(document), (1, 7, 0) if is_long else FIRST]


class MappedCollectionDocument(CollectionDocument):
    """
    A mapped collection, for `GCSClient.create_collection` and `GCSClient.update_collection`.

    Args:
        storage_gateway_id: The storage gateway; required for a new collection. UUID.
        domain_name: The DNS name, a subdomain of the endpoint's; its first label cannot begin with ``m-`` or ``g-``.
        allow_guest_collections: Whether users can create guest collections on it.
        guest_auth_policy_id: The policy of Globus Auth that its guest collections have. UUID.
        sharing_users_allow: Local users that may create guest collections, one or several.
        sharing_users_deny: Local users that may not.
        sharing_restrict_paths: Where guest collections may be, such as `PathRestrictions`.
        disable_anonymous_writes: Whether guest collections cannot be writable by everybody.
        auto_delete_timeout: Days without access after which guest collections are deleted.
        delete_protected: Whether it cannot be deleted. New collections are protected by default.
        policies: The policies of its connector, such as `POSIXCollectionPolicies`.
        display_name: The name.
        collection_base_path: The directory that is its root: of a mapped collection an absolute path on the storage, of
            a guest collection one below the root of its mapped collection.
        public: Whether all users can see it.
        identity_id: The identity that owns it. UUID.
        default_directory: The directory to show first.
        contact_email: The e-mail address of its support.
        contact_info: Other ways to reach its support.
        department: The department that operates it.
        description: A description.
        info_link: The address of a page about it.
        keywords: Words to find it by, one or several.
        organization: The organization that operates it.
        user_message: A message to its users; more than 64 characters need version 1.7.0.
        user_message_link: The address of more for its users.
        enable_https: Whether files can be read and written over HTTPS.
        https_methods: The methods that are possible over HTTPS, one or several; guest collections can only take some
            away.
        disable_verify: Whether transfers compare no checksums.
        force_verify: Whether transfers always compare checksums.
        force_encryption: Whether transfers are always encrypted.
        preserve_modtime: Which transfers keep the modification times of files; ``None`` for none.
        restrict_transfers_to_high_assurance: Which transfers need a collection of high assurance on the other side;
            ``None`` for none.
        acl_expiration_mins: The minutes after which permissions on guest collections end; with high assurance only.
        associated_flow_policy: The flows to run when the collection is used.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> collection = MappedCollectionDocument(
        ...     storage_gateway_id=gateway_id, collection_base_path="/", display_name="Projects", https_methods="GET"
        ... )
        >>> collection["DATA_TYPE"], collection["https_methods"]
        ('collection#1.16.0', ['GET'])

    **Differs from globus-sdk:** the version of ``additional_fields`` counts, too, and versions up to 1.16.0 are known;
    single texts are lists of one; wrong types are refused; arguments are taken by name only.
    """

    _checks: ClassVar[Mapping[str, Check]] = {
        "storage_gateway_id": uuid,
        "domain_name": text,
        "allow_guest_collections": flag,
        "guest_auth_policy_id": uuid,
        "sharing_users_allow": text_items,
        "sharing_users_deny": text_items,
        "sharing_restrict_paths": mapping,
        "disable_anonymous_writes": flag,
        "auto_delete_timeout": number,
        "delete_protected": flag,
        "policies": mapping,
    }

    def __init__(
        self,
        *,
        storage_gateway_id: UUID | str | MissingType | None = MISSING,
        domain_name: str | MissingType | None = MISSING,
        allow_guest_collections: bool | MissingType | None = MISSING,
        guest_auth_policy_id: UUID | str | MissingType | None = MISSING,
        sharing_users_allow: Texts | MissingType | None = MISSING,
        sharing_users_deny: Texts | MissingType | None = MISSING,
        sharing_restrict_paths: Mapping[str, object] | MissingType | None = MISSING,
        disable_anonymous_writes: bool | MissingType | None = MISSING,
        auto_delete_timeout: int | MissingType | None = MISSING,
        delete_protected: bool | MissingType | None = MISSING,
        policies: Mapping[str, object] | MissingType | None = MISSING,
        display_name: str | MissingType | None = MISSING,
        collection_base_path: str | MissingType | None = MISSING,
        public: bool | MissingType | None = MISSING,
        identity_id: UUID | str | MissingType | None = MISSING,
        default_directory: str | MissingType | None = MISSING,
        contact_email: str | MissingType | None = MISSING,
        contact_info: str | MissingType | None = MISSING,
        department: str | MissingType | None = MISSING,
        description: str | MissingType | None = MISSING,
        info_link: str | MissingType | None = MISSING,
        keywords: Texts | MissingType | None = MISSING,
        organization: str | MissingType | None = MISSING,
        user_message: str | MissingType | None = MISSING,
        user_message_link: str | MissingType | None = MISSING,
        enable_https: bool | MissingType | None = MISSING,
        https_methods: Literal["GET", "PUT", "DELETE"]
        | Iterable[Literal["GET", "PUT", "DELETE"]]
        | MissingType
        | None = MISSING,
        disable_verify: bool | MissingType | None = MISSING,
        force_verify: bool | MissingType | None = MISSING,
        force_encryption: bool | MissingType | None = MISSING,
        preserve_modtime: Literal["inbound", "outbound", "all"] | MissingType | None = MISSING,
        restrict_transfers_to_high_assurance: Literal["inbound", "outbound", "all"] | MissingType | None = MISSING,
        acl_expiration_mins: int | MissingType | None = MISSING,
        associated_flow_policy: Mapping[str, object] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "collection_type": "mapped",
                "storage_gateway_id": storage_gateway_id,
                "domain_name": domain_name,
                "allow_guest_collections": allow_guest_collections,
                "guest_auth_policy_id": guest_auth_policy_id,
                "sharing_users_allow": sharing_users_allow,
                "sharing_users_deny": sharing_users_deny,
                "sharing_restrict_paths": sharing_restrict_paths,
                "disable_anonymous_writes": disable_anonymous_writes,
                "auto_delete_timeout": auto_delete_timeout,
                "delete_protected": delete_protected,
                "policies": policies,
                "display_name": display_name,
                "collection_base_path": collection_base_path,
                "public": public,
                "identity_id": identity_id,
                "default_directory": default_directory,
                "contact_email": contact_email,
                "contact_info": contact_info,
                "department": department,
                "description": description,
                "info_link": info_link,
                "keywords": keywords,
                "organization": organization,
                "user_message": user_message,
                "user_message_link": user_message_link,
                "enable_https": enable_https,
                "https_methods": https_methods,
                "disable_verify": disable_verify,
                "force_verify": force_verify,
                "force_encryption": force_encryption,
                "preserve_modtime": preserve_modtime,
                "restrict_transfers_to_high_assurance": restrict_transfers_to_high_assurance,
                "acl_expiration_mins": acl_expiration_mins,
                "associated_flow_policy": associated_flow_policy,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GuestCollectionDocument(CollectionDocument):
    """
    A guest collection, for `GCSClient.create_collection` and `GCSClient.update_collection`.

    Args:
        mapped_collection_id: The mapped collection; required for a new collection. UUID.
        user_credential_id: The credential with which its files are accessed; required for a new collection. UUID.
        skip_auto_delete: Whether it is not deleted automatically.
        activity_notification_policy: When its administrators get e-mails: ``{"status": [...], "transfer_use": [...]}``.
        display_name: The name.
        collection_base_path: The directory that is its root: of a mapped collection an absolute path on the storage, of
            a guest collection one below the root of its mapped collection.
        public: Whether all users can see it.
        identity_id: The identity that owns it. UUID.
        default_directory: The directory to show first.
        contact_email: The e-mail address of its support.
        contact_info: Other ways to reach its support.
        department: The department that operates it.
        description: A description.
        info_link: The address of a page about it.
        keywords: Words to find it by, one or several.
        organization: The organization that operates it.
        user_message: A message to its users; more than 64 characters need version 1.7.0.
        user_message_link: The address of more for its users.
        enable_https: Whether files can be read and written over HTTPS.
        https_methods: The methods that are possible over HTTPS, one or several; guest collections can only take some
            away.
        disable_verify: Whether transfers compare no checksums.
        force_verify: Whether transfers always compare checksums.
        force_encryption: Whether transfers are always encrypted.
        preserve_modtime: Which transfers keep the modification times of files; ``None`` for none.
        restrict_transfers_to_high_assurance: Which transfers need a collection of high assurance on the other side;
            ``None`` for none.
        acl_expiration_mins: The minutes after which permissions on guest collections end; with high assurance only.
        associated_flow_policy: The flows to run when the collection is used.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> collection = GuestCollectionDocument(
        ...     mapped_collection_id=collection_id,
        ...     user_credential_id=user_credential_id,
        ...     collection_base_path="/open",
        ...     display_name="Open data",
        ... )
        >>> collection["DATA_TYPE"], collection["collection_type"]
        ('collection#1.0.0', 'guest')

    **Differs from globus-sdk:** the version of ``additional_fields`` counts, too, and versions up to 1.16.0 are known;
    single texts are lists of one; wrong types are refused; arguments are taken by name only.
    """

    _checks: ClassVar[Mapping[str, Check]] = {
        "mapped_collection_id": uuid,
        "user_credential_id": uuid,
        "skip_auto_delete": flag,
        "activity_notification_policy": mapping,
    }

    def __init__(
        self,
        *,
        mapped_collection_id: UUID | str | MissingType | None = MISSING,
        user_credential_id: UUID | str | MissingType | None = MISSING,
        skip_auto_delete: bool | MissingType | None = MISSING,
        activity_notification_policy: Mapping[str, object] | MissingType | None = MISSING,
        display_name: str | MissingType | None = MISSING,
        collection_base_path: str | MissingType | None = MISSING,
        public: bool | MissingType | None = MISSING,
        identity_id: UUID | str | MissingType | None = MISSING,
        default_directory: str | MissingType | None = MISSING,
        contact_email: str | MissingType | None = MISSING,
        contact_info: str | MissingType | None = MISSING,
        department: str | MissingType | None = MISSING,
        description: str | MissingType | None = MISSING,
        info_link: str | MissingType | None = MISSING,
        keywords: Texts | MissingType | None = MISSING,
        organization: str | MissingType | None = MISSING,
        user_message: str | MissingType | None = MISSING,
        user_message_link: str | MissingType | None = MISSING,
        enable_https: bool | MissingType | None = MISSING,
        https_methods: Literal["GET", "PUT", "DELETE"]
        | Iterable[Literal["GET", "PUT", "DELETE"]]
        | MissingType
        | None = MISSING,
        disable_verify: bool | MissingType | None = MISSING,
        force_verify: bool | MissingType | None = MISSING,
        force_encryption: bool | MissingType | None = MISSING,
        preserve_modtime: Literal["inbound", "outbound", "all"] | MissingType | None = MISSING,
        restrict_transfers_to_high_assurance: Literal["inbound", "outbound", "all"] | MissingType | None = MISSING,
        acl_expiration_mins: int | MissingType | None = MISSING,
        associated_flow_policy: Mapping[str, object] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "collection_type": "guest",
                "mapped_collection_id": mapped_collection_id,
                "user_credential_id": user_credential_id,
                "skip_auto_delete": skip_auto_delete,
                "activity_notification_policy": activity_notification_policy,
                "display_name": display_name,
                "collection_base_path": collection_base_path,
                "public": public,
                "identity_id": identity_id,
                "default_directory": default_directory,
                "contact_email": contact_email,
                "contact_info": contact_info,
                "department": department,
                "description": description,
                "info_link": info_link,
                "keywords": keywords,
                "organization": organization,
                "user_message": user_message,
                "user_message_link": user_message_link,
                "enable_https": enable_https,
                "https_methods": https_methods,
                "disable_verify": disable_verify,
                "force_verify": force_verify,
                "force_encryption": force_encryption,
                "preserve_modtime": preserve_modtime,
                "restrict_transfers_to_high_assurance": restrict_transfers_to_high_assurance,
                "acl_expiration_mins": acl_expiration_mins,
                "associated_flow_policy": associated_flow_policy,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
