"""
Types of the documents of Globus Compute.

At run time they are plain dicts, also with members that are not listed here. Code, arguments and results are texts that
the SDK of Globus Compute makes and reads; for this package they are opaque.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = (
    "BatchStatusDocument",
    "BuildStatus",
    "ComputeAdminVerifiedDocument",
    "ComputeEndpointDocument",
    "ComputeSubmissionResultDocument",
    "ComputeSubmissionResultDocumentV3",
    "ComputeTaskDocument",
    "ConsoleDocument",
    "ConsoleNodeDocument",
    "ConsoleUserEndpointDocument",
    "ContainerBuildStatusDocument",
    "ContainerDocument",
    "ContainerEnvelope",
    "ContainerIdDocument",
    "ContainerType",
    "DeletedDocument",
    "EndpointAllowlistDocument",
    "EndpointListEntry",
    "EndpointLockDocument",
    "EndpointLockDocumentV3",
    "EndpointMetadataDocument",
    "EndpointRegistrationDocument",
    "EndpointRegistrationResult",
    "EndpointStatusDetails",
    "EndpointStatusDocument",
    "FunctionDocument",
    "FunctionIdDocument",
    "FunctionMetadataDocument",
    "FunctionRegistrationDocument",
    "FunctionRegistrationDocumentV3",
    "QueueDocument",
    "ResourceSpecification",
    "ResultConnectionDocument",
    "SubmissionDocument",
    "SubmissionDocumentV3",
    "SubmittedTaskDocument",
    "TaskGroupDocument",
    "TaskGroupEntry",
    "UserRuntimeDocument",
    "VersionDocument",
)

BuildStatus = Literal["provided", "submitted", "initialized", "queued", "building", "ready", "failed"]
"""How far the build of a container is."""

ContainerType = Literal["docker", "singularity"]
"""The software that runs a container."""


class VersionDocument(TypedDict):
    """The versions of the service, and the oldest ones of the SDK and of endpoints that it works with."""

    api: str
    min_sdk_version: NotRequired[str]
    min_ep_version: NotRequired[str]
    git_sha: NotRequired[str]
    container_service: NotRequired[str]


class ResultConnectionDocument(TypedDict):
    """The address of the queues of results. The URL has a password."""

    queue_prefix: str
    connection_url: str


class EndpointMetadataDocument(TypedDict, total=False):
    """The configuration of an endpoint, and the machine and versions that it runs with."""

    endpoint_config: str
    user_config_template: str
    user_config_schema: dict[str, Any]
    description: str
    ip_address: str
    hostname: str
    local_user: str
    sdk_version: str
    endpoint_version: str
    python_version: str


class EndpointRegistrationDocument(TypedDict):
    """An endpoint to be registered; v2 requires ``endpoint_uuid``, v3 has ``public`` and all below it."""

    endpoint_name: str
    endpoint_uuid: NotRequired[str]
    display_name: NotRequired[str]
    version: NotRequired[str]
    multi_user: NotRequired[bool]
    allowed_functions: NotRequired[list[str]]
    authentication_policy: NotRequired[str]
    metadata: NotRequired[EndpointMetadataDocument]
    public: NotRequired[bool]
    high_assurance: NotRequired[bool]
    subscription_uuid: NotRequired[str]
    admins: NotRequired[list[str]]


class QueueDocument(TypedDict):
    """A queue of an endpoint. The URL has a password."""

    connection_url: str
    exchange: str
    queue: str
    queue_publish_kwargs: NotRequired[dict[str, Any]]


class EndpointRegistrationResult(TypedDict):
    """An endpoint that was registered, and its queues; a multi-user endpoint has commands in place of tasks."""

    endpoint_id: str
    task_queue_info: NotRequired[QueueDocument]
    command_queue_info: NotRequired[QueueDocument]
    result_queue_info: NotRequired[QueueDocument]
    heartbeat_queue_info: NotRequired[QueueDocument]
    warnings: NotRequired[list[str]]


class ComputeEndpointDocument(TypedDict):
    """An endpoint."""

    uuid: str
    name: str
    display_name: str
    multi_user: bool
    public: bool
    high_assurance: NotRequired[bool]
    endpoint_config: NotRequired[str | None]
    user_config_template: NotRequired[str | None]
    user_config_schema: NotRequired[dict[str, Any] | None]
    description: NotRequired[str | None]
    hostname: NotRequired[str | None]
    local_user: NotRequired[str | None]
    ip_address: NotRequired[str | None]
    endpoint_version: NotRequired[str | None]
    sdk_version: NotRequired[str | None]
    python_version: NotRequired[str | None]
    subscription_uuid: NotRequired[str | None]
    subscription_admin_verified: NotRequired[bool]


class EndpointListEntry(TypedDict):
    """An endpoint in a list."""

    uuid: str
    name: str
    display_name: str
    owner: str


class EndpointStatusDetails(TypedDict):
    """The workers and tasks of an endpoint."""

    total_workers: int
    idle_workers: int
    pending_tasks: int
    outstanding_tasks: int
    managers: NotRequired[int]


class EndpointStatusDocument(TypedDict):
    """The status of an endpoint: ``online`` or ``offline``."""

    status: str
    details: NotRequired[EndpointStatusDetails]


class EndpointLockDocument(TypedDict):
    """The lock of an endpoint, with its end in ISO 8601, without time zone."""

    endpoint_id: str
    lock_expiration_timestamp: str


class EndpointLockDocumentV3(TypedDict):
    """The lock of an endpoint, with its end in POSIX seconds."""

    endpoint_id: str
    lock_expiration_timestamp: float


class DeletedDocument(TypedDict):
    """The result of a deletion: the number 302."""

    result: int


class EndpointAllowlistDocument(TypedDict):
    """The functions that an endpoint runs; all if it is not restricted."""

    endpoint_id: str
    restricted: bool
    functions: NotRequired[list[str]]


class ConsoleNodeDocument(TypedDict, total=False):
    """A node of a user endpoint."""

    total_worker_count: int
    idle_duration_seconds: int
    python_version: str
    endpoint_version: str
    sdk_version: str


class ConsoleUserEndpointDocument(TypedDict, total=False):
    """A user endpoint that a multi-user endpoint has started."""

    user_endpoint_id: str
    active: bool
    python_version: str
    endpoint_version: str
    client_sdk_versions: list[str]
    posix_pid: int
    posix_username: str
    start_time_iso: str
    start_time_unix: float
    last_heartbeat_unix: float
    total_worker_count: int
    idle_worker_count: int
    total_node_count: int
    node_info: dict[str, list[ConsoleNodeDocument]]
    running_task_count: int
    queued_task_count: int
    executed_task_count: int
    engine_type: str
    provider_type: str
    account: str
    queue: str
    config: str


class ConsoleDocument(TypedDict):
    """The user endpoints that a multi-user endpoint has started."""

    user_endpoints: list[ConsoleUserEndpointDocument]


class ComputeAdminVerifiedDocument(TypedDict):
    """Whether an administrator of the subscription has verified an endpoint."""

    subscription_admin_verified: bool


class FunctionMetadataDocument(TypedDict, total=False):
    """The versions with which a function was serialized."""

    python_version: str
    sdk_version: str
    serde_identifier: str


class FunctionRegistrationDocument(TypedDict):
    """A function to be registered with v2."""

    function_name: str
    function_code: str
    description: NotRequired[str]
    metadata: NotRequired[FunctionMetadataDocument]
    container_uuid: NotRequired[str]
    group: NotRequired[str]
    public: NotRequired[bool]


class FunctionRegistrationDocumentV3(TypedDict):
    """A function to be registered with v3; ``ha_endpoint_id`` excludes ``group`` and ``public``."""

    function_name: str
    function_code: str
    meta: FunctionMetadataDocument
    description: NotRequired[str]
    group: NotRequired[str]
    public: NotRequired[bool]
    ha_endpoint_id: NotRequired[str]


class FunctionIdDocument(TypedDict):
    """A function that was registered."""

    function_uuid: str
    ha_warning: NotRequired[str]


class FunctionDocument(TypedDict):
    """A function."""

    function_uuid: str
    function_name: NotRequired[str]
    function_code: str
    description: NotRequired[str | None]
    metadata: NotRequired[FunctionMetadataDocument | None]


class ContainerIdDocument(TypedDict):
    """A container that was registered or is built."""

    container_id: str


class ContainerBuildStatusDocument(TypedDict):
    """How far the build of a container is."""

    status: BuildStatus


class ContainerDocument(TypedDict):
    """A container."""

    container_uuid: str
    name: str
    build_status: BuildStatus
    type: NotRequired[ContainerType]
    location: NotRequired[str]
    build_stderr: NotRequired[str]
    err_message: NotRequired[str]


class ContainerEnvelope(TypedDict):
    """A response with one container."""

    container: ContainerDocument


class ComputeTaskDocument(TypedDict):
    """A task; ``details`` are those of `get_task`, and ``reason`` is that of `get_task_batch`."""

    task_id: str
    status: str
    result: NotRequired[str]
    exception: NotRequired[str]
    completion_t: NotRequired[str]
    details: NotRequired[dict[str, Any] | None]
    reason: NotRequired[str]


class BatchStatusDocument(TypedDict):
    """The tasks that were asked for, by id."""

    response: str
    results: dict[str, ComputeTaskDocument]


class TaskGroupEntry(TypedDict):
    """A task of a task group."""

    id: str
    created_at: str


class TaskGroupDocument(TypedDict):
    """A task group."""

    taskgroup_id: str
    create_websockets_queue: NotRequired[bool]
    tasks: list[TaskGroupEntry]


class SubmissionDocument(TypedDict):
    """Tasks to be submitted with v2: each is the id of a function, that of an endpoint, and the arguments."""

    tasks: list[tuple[str, str, str]]
    task_group_id: NotRequired[str]
    create_websocket_queue: NotRequired[bool]


class SubmittedTaskDocument(TypedDict):
    """A task of a submission with v2, or why it was refused."""

    status: str
    task_uuid: str
    http_status_code: int
    reason: NotRequired[str | None]


class ComputeSubmissionResultDocument(TypedDict):
    """The tasks of a submission with v2, in its order."""

    response: str
    task_group_id: NotRequired[str]
    results: list[SubmittedTaskDocument]


class ResourceSpecification(TypedDict):
    """What an MPI application needs."""

    num_nodes: int
    ranks_per_node: NotRequired[int]
    num_ranks: NotRequired[int]
    launcher_options: NotRequired[str]


class UserRuntimeDocument(TypedDict, total=False):
    """The versions of the program that submits."""

    globus_compute_sdk_version: str
    globus_sdk_version: str
    python: dict[str, Any]
    platform: dict[str, Any]


class SubmissionDocumentV3(TypedDict):
    """Tasks to be submitted with v3: lists of arguments, by the id of the function."""

    tasks: dict[str, list[str]]
    task_group_id: NotRequired[str]
    create_queue: NotRequired[bool]
    user_endpoint_config: NotRequired[dict[str, Any]]
    resource_specification: NotRequired[ResourceSpecification]
    user_runtime: NotRequired[UserRuntimeDocument]
    result_serializers: NotRequired[list[str]]


class ComputeSubmissionResultDocumentV3(TypedDict):
    """The ids of the tasks of a submission with v3, in its order, by the id of the function."""

    request_id: str
    task_group_id: str
    endpoint_id: str
    tasks: dict[str, list[str]]
    ha_warning: NotRequired[str]
