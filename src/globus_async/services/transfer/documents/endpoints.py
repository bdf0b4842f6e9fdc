"""Documents of endpoints and collections, and of their servers, roles, access rules and activation."""

from typing import Literal, NotRequired, TypedDict

__all__ = (
    "AccessCreateResultDocument",
    "AccessDocument",
    "ActivationRequirementDocument",
    "ActivationRequirementsDocument",
    "ActivationResultDocument",
    "ActivityNotificationPolicyDocument",
    "EndpointCreateResultDocument",
    "EndpointDocument",
    "EndpointServerAddResultDocument",
    "EntityType",
    "RoleDocument",
    "SearchScope",
    "ServerDocument",
    "SharedEndpointReferenceDocument",
)

EntityType = Literal[
    "GCP_mapped_collection",
    "GCP_guest_collection",
    "GCSv5_endpoint",
    "GCSv5_mapped_collection",
    "GCSv5_guest_collection",
]
"""The kinds of endpoints that can be searched for. Old documents may also have ``GCSv4_host`` and ``GCSv4_share``."""

SearchScope = Literal[
    "all",
    "my-endpoints",
    "my-gcp-endpoints",
    "recently-used",
    "in-use",
    "shared-by-me",
    "shared-with-me",
    "hide-no-permissions",
    "administered-by-me",
]
"""The sets of endpoints that `TransferClient.endpoint_search` can search."""


class ServerDocument(TypedDict):
    """One server of an endpoint."""

    DATA_TYPE: Literal["server"]
    id: int
    hostname: str
    port: int
    scheme: str | None
    subject: str | None
    uri: str | None
    is_connected: NotRequired[bool]
    is_paused: NotRequired[bool]
    incoming_data_port_start: NotRequired[int | None]
    incoming_data_port_end: NotRequired[int | None]
    outgoing_data_port_start: NotRequired[int | None]
    outgoing_data_port_end: NotRequired[int | None]


class ActivityNotificationPolicyDocument(TypedDict):
    """The transfers about which the owner of a guest collection is notified."""

    status: list[Literal["SUCCEEDED", "FAILED"]]
    transfer_use: list[Literal["source", "destination"]]


class EndpointDocument(TypedDict):
    """
    An endpoint or collection.

    If requested with ``fields=``, it has only those members.
    """

    DATA_TYPE: Literal["endpoint"]
    # identity
    id: str
    entity_type: str
    display_name: str | None
    canonical_name: str
    username: str
    owner_id: str
    owner_string: str
    name: NotRequired[str]
    # description
    description: str | None
    organization: str | None
    department: str | None
    keywords: str | None
    contact_email: str | None
    contact_info: str | None
    info_link: str | None
    user_message: str | None
    user_message_link: str | None
    french_english_bilingual: bool
    public: bool
    # subscription
    subscription_id: str | None
    subscription_admin_verified: NotRequired[bool | None]
    # paths
    default_directory: str | None
    host_path: str | None
    sharing_target_endpoint: NotRequired[str | None]
    sharing_target_root_path: NotRequired[str | None]
    # host
    host_endpoint: NotRequired[str | None]
    host_endpoint_id: str | None
    host_endpoint_display_name: str | None
    mapped_collection_id: NotRequired[str | None]
    mapped_collection_display_name: NotRequired[str | None]
    non_functional: bool
    non_functional_endpoint_id: str | None
    non_functional_endpoint_display_name: str | None
    shareable: bool
    # software
    DATA: list[ServerDocument]
    gcs_version: str | None
    gcs_manager_url: str | None
    tlsftp_server: NotRequired[str | None]
    https_server: str | None
    storage_type: NotRequired[str | None]
    is_globus_connect: bool
    gcp_connected: bool | None
    gcp_paused: bool | None
    globus_connect_setup_key: NotRequired[str | None]
    local_user_info_available: bool | None
    # access
    acl_available: bool
    acl_editable: bool
    acl_max_expiration_period_mins: NotRequired[int | None]
    my_effective_roles: list[str]
    in_use: bool | None
    # how transfers run
    network_use: str | None
    location: str | None
    max_concurrency: int | None
    preferred_concurrency: int | None
    max_parallelism: int | None
    preferred_parallelism: int | None
    disable_verify: bool
    force_verify: bool | None
    force_encryption: bool
    preserve_modtime: NotRequired[bool | None]
    restrict_transfers_to_high_assurance: NotRequired[Literal["inbound", "outbound", "all"] | None]
    requester_pays: NotRequired[bool | None]
    disable_anonymous_writes: NotRequired[bool | None]
    # assurance
    high_assurance: NotRequired[bool | None]
    authentication_assurance_timeout: NotRequired[int | None]
    authentication_timeout_mins: NotRequired[int | None]
    authentication_policy_id: NotRequired[str | None]
    mfa_required: bool
    associated_flow_policy: NotRequired[dict[str, object] | None]
    guest_collection_activity_notification_policy: NotRequired[ActivityNotificationPolicyDocument | None]
    # lifetime
    last_accessed_time: NotRequired[str | None]
    auto_delete_timeout: NotRequired[int | None]
    skip_auto_delete: NotRequired[bool | None]
    # endpoint activation, a legacy concept
    activated: NotRequired[bool]
    expires_in: NotRequired[int]
    expire_time: NotRequired[str | None]
    myproxy_server: NotRequired[str | None]
    myproxy_dn: NotRequired[str | None]
    oauth_server: NotRequired[str | None]
    s3_url: NotRequired[str | None]
    s3_owner_activated: NotRequired[bool]
    # only in search results
    _rank: NotRequired[float]


class EndpointCreateResultDocument(TypedDict):
    """An endpoint or guest collection was created."""

    DATA_TYPE: Literal["endpoint_create_result"]
    code: str
    message: str
    id: str
    canonical_name: NotRequired[str]
    globus_connect_setup_key: NotRequired[str | None]
    request_id: str
    resource: str


class SharedEndpointReferenceDocument(TypedDict):
    """A reference to a guest collection."""

    id: str


class EndpointServerAddResultDocument(TypedDict):
    """A server was added to an endpoint."""

    DATA_TYPE: Literal["endpoint_server_add_result"]
    code: str
    message: str
    id: int
    request_id: str
    resource: str


class RoleDocument(TypedDict):
    """A role of a person or group on a collection."""

    DATA_TYPE: Literal["role"]
    id: str
    principal_type: Literal["identity", "group"]
    principal: str
    role: Literal["administrator", "access_manager", "activity_manager", "activity_monitor"]


class AccessDocument(TypedDict):
    """An access rule; ``id`` is null if the rule is derived from a role."""

    DATA_TYPE: Literal["access"]
    id: str | None
    role_id: str | None
    role_type: str | None
    principal_type: Literal["identity", "group", "all_authenticated_users", "anonymous"]
    principal: str
    path: str
    permissions: Literal["r", "rw"]
    create_time: NotRequired[str | None]
    expiration_date: NotRequired[str | None]
    notify_email: NotRequired[str | None]
    notify_message: NotRequired[str | None]


class AccessCreateResultDocument(TypedDict):
    """An access rule was created."""

    DATA_TYPE: Literal["access_create_result"]
    code: str
    message: str
    access_id: str
    request_id: str
    resource: str


class ActivationRequirementDocument(TypedDict):
    """One value that is required to activate an endpoint."""

    DATA_TYPE: Literal["activation_requirement"]
    type: str
    name: str
    ui_name: str
    description: str
    private: bool
    required: bool
    value: str | None


class ActivationRequirementsDocument(TypedDict):
    """The requirements for activating an endpoint; ``expires_in`` is -1 if the activation never expires."""

    DATA_TYPE: Literal["activation_requirements"]
    activated: bool
    auto_activation_supported: bool
    expires_in: int
    expire_time: str | None
    length: int
    oauth_server: str | None
    DATA: list[ActivationRequirementDocument]


class ActivationResultDocument(TypedDict):
    """The result of an activation. The status is 200 for success and failure; see ``code``."""

    DATA_TYPE: Literal["activation_result"]
    code: str
    message: str
    resource: str
    request_id: str
    endpoint: NotRequired[str]
    expires_in: NotRequired[int]
    expire_time: NotRequired[str | None]
    length: NotRequired[int]
    DATA: NotRequired[list[ActivationRequirementDocument]]
    oauth_server: NotRequired[str | None]
    subject: NotRequired[str | None]
