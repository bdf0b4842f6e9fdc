"""
Types of the documents in responses of Globus Connect Server.

At run time they are plain dicts, also with members that are not listed here.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = (
    "AssignedRoleDocument",
    "BatchDocument",
    "CollectionCheckDocument",
    "DomainDocument",
    "GCSCollectionDocument",
    "GCSConnectorDocument",
    "GCSEndpointDocument",
    "GCSResultDocument",
    "GCSRole",
    "GCSStorageGatewayDocument",
    "GCSUserCredentialDocument",
    "InfoDocument",
    "LanAddressDocument",
    "LanSecretDocument",
    "NetworkUse",
    "NodeDocument",
    "PathRestrictionsDocument",
    "SharingPolicyDocument",
    "StreamGatewayDocument",
)

GCSRole = Literal["owner", "administrator", "access_manager", "activity_manager", "activity_monitor", "access_monitor"]
"""The roles on endpoints and collections."""
NetworkUse = Literal["normal", "minimal", "aggressive", "custom"]
"""How much of the network transfers use."""


class GCSResultDocument(TypedDict):
    """The envelope of every response."""

    DATA_TYPE: str
    code: str
    """``success``."""
    http_response_code: int
    data: NotRequired[list[dict[str, Any]]]
    detail: NotRequired[Any]
    message: NotRequired[str | None]
    has_next_page: NotRequired[bool]
    marker: NotRequired[str | None]


class InfoDocument(TypedDict):
    """The ids of an endpoint, and the versions of its Manager."""

    DATA_TYPE: str
    client_id: str
    """The client id, which is the resource server of the endpoint's scopes."""
    endpoint_id: str
    domain_name: str
    api_version: str
    manager_version: str


class GCSConnectorDocument(TypedDict):
    """A storage connector that the endpoint has."""

    DATA_TYPE: str
    id: str
    display_name: str
    version: NotRequired[str]
    is_baa: NotRequired[bool]
    """Whether its subscription supports a Business Associate Agreement, for data of patients."""
    is_ha: NotRequired[bool]
    """Whether its subscription supports high assurance."""


class GCSEndpointDocument(TypedDict):
    """An endpoint."""

    DATA_TYPE: str
    id: NotRequired[str]
    display_name: str
    public: bool
    network_use: NetworkUse
    gcs_manager_url: NotRequired[str]
    earliest_last_access: NotRequired[str | None]
    """The date since which accesses are recorded."""
    subscription_id: NotRequired[str | None]
    allow_udt: NotRequired[bool]
    contact_email: NotRequired[str | None]
    contact_info: NotRequired[str | None]
    department: NotRequired[str | None]
    description: NotRequired[str | None]
    info_link: NotRequired[str | None]
    keywords: NotRequired[list[str]]
    organization: NotRequired[str | None]
    gridftp_control_channel_port: NotRequired[int | None]
    max_concurrency: NotRequired[int]
    preferred_concurrency: NotRequired[int]
    max_parallelism: NotRequired[int]
    preferred_parallelism: NotRequired[int]


class DomainDocument(TypedDict):
    """A custom domain."""

    DATA_TYPE: str
    domain_name: str
    wildcard: NotRequired[bool]
    certificate: NotRequired[str]
    certificate_chain: NotRequired[str]
    private_key: NotRequired[str]


class PathRestrictionsDocument(TypedDict):
    """Which paths may be read and written; patterns with ``*``."""

    DATA_TYPE: str
    none: NotRequired[list[str]]
    read: NotRequired[list[str]]
    read_write: NotRequired[list[str]]


class GCSCollectionDocument(TypedDict):
    """A mapped or guest collection."""

    DATA_TYPE: str
    id: str
    display_name: str
    collection_type: Literal["mapped", "guest"]
    public: bool
    collection_base_path: NotRequired[str]
    storage_gateway_id: NotRequired[str]
    mapped_collection_id: NotRequired[str | None]
    user_credential_id: NotRequired[str | None]
    connector_id: NotRequired[str]
    identity_id: NotRequired[str]
    domain_name: NotRequired[str]
    domain: NotRequired[DomainDocument | None]
    manager_url: NotRequired[str]
    https_url: NotRequired[str]
    tlsftp_url: NotRequired[str]
    root_path: NotRequired[str]
    default_directory: NotRequired[str]
    high_assurance: NotRequired[bool]
    require_mfa: NotRequired[bool]
    authentication_timeout_mins: NotRequired[int]
    acl_expiration_mins: NotRequired[int | None]
    allow_guest_collections: NotRequired[bool]
    activity_notification_policy: NotRequired[dict[str, Any] | None]
    associated_flow_policy: NotRequired[dict[str, Any] | None]
    auto_delete_timeout: NotRequired[int | None]
    skip_auto_delete: NotRequired[bool]
    delete_protected: NotRequired[bool]
    deleted: NotRequired[bool]
    disable_anonymous_writes: NotRequired[bool]
    disable_verify: NotRequired[bool]
    force_verify: NotRequired[bool]
    force_encryption: NotRequired[bool]
    enable_https: NotRequired[bool]
    https_methods: NotRequired[list[Literal["GET", "PUT", "DELETE"]]]
    preserve_modtime: NotRequired[Literal["inbound", "outbound", "all"] | None]
    restrict_transfers_to_high_assurance: NotRequired[Literal["inbound", "outbound", "all"] | None]
    guest_auth_policy_id: NotRequired[str | None]
    sharing_restrict_paths: NotRequired[PathRestrictionsDocument | None]
    sharing_users_allow: NotRequired[list[str] | None]
    sharing_users_deny: NotRequired[list[str] | None]
    policies: NotRequired[dict[str, Any]]
    subscription_admin_verified: NotRequired[bool]
    created_at: NotRequired[str | None]
    last_access: NotRequired[str | None]
    contact_email: NotRequired[str | None]
    contact_info: NotRequired[str | None]
    department: NotRequired[str | None]
    description: NotRequired[str | None]
    info_link: NotRequired[str | None]
    keywords: NotRequired[list[str]]
    organization: NotRequired[str | None]
    user_message: NotRequired[str | None]
    user_message_link: NotRequired[str | None]


class CollectionCheckDocument(TypedDict):
    """A problem in the configuration of a collection."""

    DATA_TYPE: str
    id: NotRequired[str]
    """The collection."""
    message: NotRequired[str]
    error: NotRequired[dict[str, Any] | None]


class BatchDocument(TypedDict):
    """Several documents by their ids."""

    DATA_TYPE: str
    ids: list[str]


class LanAddressDocument(TypedDict):
    """An address of a node in a local network."""

    address: str
    network_name: NotRequired[str | None]


class NodeDocument(TypedDict):
    """A data transfer node."""

    DATA_TYPE: str
    id: str
    ip_addresses: list[str]
    status: Literal["active", "inactive"]
    incoming_port_range: NotRequired[list[int]]
    outgoing_port_range: NotRequired[list[int]]
    internal_stream_port_range: NotRequired[list[int]]
    data_interface: NotRequired[str | None]
    data_interface6: NotRequired[str | None]
    lan_addresses: NotRequired[list[LanAddressDocument]]


class AssignedRoleDocument(TypedDict):
    """A role of an identity or a group."""

    DATA_TYPE: str
    id: str
    principal: str
    """``urn:globus:auth:identity:<id>`` or ``urn:globus:groups:id:<id>``."""
    role: GCSRole
    collection: NotRequired[str | None]
    """The collection; ``None`` for a role on the endpoint."""


class SharingPolicyDocument(TypedDict):
    """Where some users may create guest collections on a mapped collection."""

    DATA_TYPE: str
    id: str
    collection_id: str
    sharing_restrict_paths: NotRequired[PathRestrictionsDocument | None]
    users: NotRequired[list[str] | None]
    """Local users; ``None`` for all."""


class GCSStorageGatewayDocument(TypedDict):
    """A storage gateway."""

    DATA_TYPE: str
    id: str
    display_name: str
    connector_id: str
    allowed_domains: NotRequired[list[str]]
    authentication_timeout_mins: NotRequired[int | None]
    high_assurance: NotRequired[bool | None]
    require_mfa: NotRequired[bool]
    admin_managed_credentials: NotRequired[bool]
    identity_mappings: NotRequired[list[dict[str, Any]] | None]
    policies: NotRequired[dict[str, Any]]
    restrict_paths: NotRequired[PathRestrictionsDocument | None]
    users_allow: NotRequired[list[str] | None]
    users_deny: NotRequired[list[str] | None]
    process_user: NotRequired[str | None]
    load_dsi_module: NotRequired[str | None]
    network_use: NotRequired[NetworkUse | None]
    max_concurrency: NotRequired[int]
    preferred_concurrency: NotRequired[int]
    max_parallelism: NotRequired[int]
    preferred_parallelism: NotRequired[int]
    deleted: NotRequired[bool]


class StreamGatewayDocument(TypedDict):
    """A stream gateway."""

    DATA_TYPE: str
    id: str
    display_name: NotRequired[str]
    allowed_domains: NotRequired[list[str]]
    authentication_timeout_mins: NotRequired[int | None]
    domain_name: NotRequired[str]
    identity_mappings: NotRequired[list[dict[str, Any]] | None]
    lan_name: NotRequired[str | None]
    lan_secret_required: NotRequired[bool]
    run_as_local_user: NotRequired[bool]
    users_allow: NotRequired[list[str] | None]
    users_deny: NotRequired[list[str] | None]
    contact_email: NotRequired[str | None]
    contact_info: NotRequired[str | None]
    department: NotRequired[str | None]
    description: NotRequired[str | None]
    info_link: NotRequired[str | None]
    keywords: NotRequired[list[str]]
    organization: NotRequired[str | None]


class LanSecretDocument(TypedDict):
    """A secret for a tunnel through a stream gateway."""

    DATA_TYPE: str
    id: str
    secret: str
    expires: NotRequired[int]
    """When it expires, in POSIX seconds."""
    stream_access_point_id: NotRequired[str]
    tunnel_id: NotRequired[str]
    identity_id: NotRequired[str]
    username: NotRequired[str]


class GCSUserCredentialDocument(TypedDict):
    """The account of a user on a storage system."""

    DATA_TYPE: str
    id: str
    identity_id: NotRequired[str]
    connector_id: NotRequired[str]
    storage_gateway_id: NotRequired[str]
    username: NotRequired[str]
    display_name: NotRequired[str | None]
    home_directory: NotRequired[str]
    policies: NotRequired[dict[str, Any]]
    invalid: NotRequired[bool]
    provisioned: NotRequired[bool]
    """Whether it is complete: ``False`` with ``invalid`` asks the user for the missing keys."""
    deleted: NotRequired[bool]
