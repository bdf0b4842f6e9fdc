"""Documents of tasks, submissions, events and pause rules."""

from typing import Literal, NotRequired, TypedDict

__all__ = (
    "AdminCancelDocument",
    "AdminTaskDocument",
    "EventDocument",
    "FatalErrorDocument",
    "FilterRuleDocument",
    "LinkDocument",
    "PauseInfoDocument",
    "PauseRuleDocument",
    "PauseRuleLimitedDocument",
    "SkippedErrorDocument",
    "SubmissionIdDocument",
    "SubmissionResultDocument",
    "SuccessfulTransferDocument",
    "TaskDocument",
    "TaskStatus",
)

TaskStatus = Literal["ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED"]
"""
The statuses of a task. ``SUCCEEDED`` and ``FAILED`` are final; a canceled or expired task is ``FAILED``.

The service may add statuses, so the type of ``status`` in documents is ``str``.
"""


class SubmissionIdDocument(TypedDict):
    """A new submission id."""

    DATA_TYPE: Literal["submission_id"]
    value: str


class LinkDocument(TypedDict):
    """A reference to another resource."""

    DATA_TYPE: Literal["link"]
    rel: str
    resource: str
    title: str
    href: str


class SubmissionResultDocument(TypedDict):
    """The result of a submission; ``code`` is ``Accepted``, or ``Duplicate`` if the task existed already."""

    DATA_TYPE: Literal["transfer_result", "delete_result"]
    code: Literal["Accepted", "Duplicate"]
    message: str
    submission_id: str
    task_id: str
    request_id: str
    resource: str
    task_link: NotRequired[LinkDocument]


class FatalErrorDocument(TypedDict):
    """The error that ended a task."""

    code: str
    description: str


class FilterRuleDocument(TypedDict):
    """A rule that includes or excludes names of a recursive transfer; the first rule that matches applies."""

    DATA_TYPE: Literal["filter_rule"]
    method: Literal["include", "exclude"]
    name: str
    type: NotRequired[Literal["file", "dir"] | None]


class TaskDocument(TypedDict):
    """
    A transfer or delete task.

    If requested with ``fields=``, it has only those members.
    """

    DATA_TYPE: Literal["task"]
    task_id: str
    type: Literal["TRANSFER", "DELETE"]
    status: str
    label: str | None
    command: str
    username: NotRequired[str]
    owner_id: str
    request_time: str
    deadline: str
    completion_time: str | None
    fatal_error: FatalErrorDocument | None
    # endpoints
    source_endpoint: NotRequired[str | None]
    source_endpoint_id: str | None
    source_endpoint_display_name: str | None
    source_base_path: NotRequired[str | None]
    destination_endpoint: NotRequired[str | None]
    destination_endpoint_id: str | None
    destination_endpoint_display_name: str | None
    destination_base_path: NotRequired[str | None]
    # options
    sync_level: int | None
    encrypt_data: bool
    verify_checksum: bool
    delete_destination_extra: bool
    preserve_timestamp: bool
    skip_source_errors: NotRequired[bool]
    fail_on_quota_errors: NotRequired[bool]
    filter_rules: NotRequired[list[FilterRuleDocument] | None]
    recursive_symlinks: NotRequired[Literal["ignore", "keep", "copy"] | None]
    # progress
    faults: int
    files: int
    directories: int
    symlinks: int
    files_transferred: int | None
    files_skipped: int | None
    bytes_transferred: int
    bytes_checksummed: int
    effective_bytes_per_second: int
    subtasks_total: int
    subtasks_pending: int
    subtasks_retrying: int
    subtasks_succeeded: int
    subtasks_expired: int
    subtasks_canceled: int
    subtasks_failed: int
    subtasks_skipped_errors: NotRequired[int]
    # health
    is_ok: bool | None
    is_paused: bool
    nice_status: str | None
    nice_status_short_description: str | None
    nice_status_details: NotRequired[str | None]
    nice_status_expires_in: NotRequired[int | None]
    canceled_by_admin: Literal["SOURCE", "DESTINATION", "BOTH"] | None
    canceled_by_admin_message: str | None
    history_deleted: bool
    key: NotRequired[str]


class AdminTaskDocument(TaskDocument):
    """A task with further members for activity managers of its collections."""

    owner_string: NotRequired[str]
    source_host_endpoint: NotRequired[str | None]
    source_host_endpoint_id: NotRequired[str | None]
    source_host_endpoint_display_name: NotRequired[str | None]
    source_host_path: NotRequired[str | None]
    source_local_user: NotRequired[str | None]
    source_local_user_status: NotRequired[str | None]
    source_mapped_collection_id: NotRequired[str | None]
    source_mapped_collection_display_name: NotRequired[str | None]
    destination_host_endpoint: NotRequired[str | None]
    destination_host_endpoint_id: NotRequired[str | None]
    destination_host_endpoint_display_name: NotRequired[str | None]
    destination_host_path: NotRequired[str | None]
    destination_local_user: NotRequired[str | None]
    destination_local_user_status: NotRequired[str | None]
    destination_mapped_collection_id: NotRequired[str | None]
    destination_mapped_collection_display_name: NotRequired[str | None]


class EventDocument(TypedDict):
    """An event of a task; ``details`` is text, sometimes JSON."""

    DATA_TYPE: Literal["event"]
    code: str
    is_error: bool
    description: str
    details: str
    time: str


class SuccessfulTransferDocument(TypedDict):
    """A transferred file; a path is null if the user has no role on its collection."""

    DATA_TYPE: Literal["successful_transfer"]
    source_path: str | None
    destination_path: str | None
    size: NotRequired[int | None]
    checksum: NotRequired[str | None]
    checksum_algorithm: NotRequired[str | None]
    dynamic: NotRequired[bool | None]


class SkippedErrorDocument(TypedDict):
    """A file that was skipped because of an error at the source."""

    DATA_TYPE: Literal["skipped_error"]
    error_code: str
    error_details: str
    error_time: str
    source_path: str | None
    destination_path: str | None
    is_directory: bool
    is_symlink: bool
    is_delete_destination_extra: bool
    external_checksum: str | None
    checksum_algorithm: str | None


class PauseRuleLimitedDocument(TypedDict):
    """A pause rule, for users whom it affects."""

    DATA_TYPE: Literal["pause_rule_limited"]
    id: str
    message: str
    start_time: str | None
    endpoint_id: str
    endpoint_display_name: str | None
    identity_id: str | None
    created_by_host_manager: NotRequired[bool]
    editable: NotRequired[bool]
    pause_ls: bool
    pause_mkdir: bool
    pause_rename: bool
    pause_symlink: NotRequired[bool]
    pause_task_delete: bool
    pause_task_transfer_read: bool
    pause_task_transfer_write: bool


class PauseRuleDocument(TypedDict):
    """A pause rule, for activity managers; ``identity_id`` is null if it affects all users."""

    DATA_TYPE: Literal["pause_rule"]
    id: str
    message: str
    start_time: str | None
    endpoint_id: str
    endpoint_display_name: str | None
    identity_id: str | None
    modified_by_id: str | None
    created_by_host_manager: bool
    editable: bool
    pause_ls: bool
    pause_mkdir: bool
    pause_rename: bool
    pause_symlink: NotRequired[bool]
    pause_task_delete: bool
    pause_task_transfer_read: bool
    pause_task_transfer_write: bool


class PauseInfoDocument(TypedDict):
    """The reasons why a task is paused."""

    DATA_TYPE: Literal["pause_info_limited", "pause_info"]
    pause_rules: list[PauseRuleLimitedDocument]
    source_pause_message: str | None
    destination_pause_message: str | None
    source_pause_message_share: NotRequired[str | None]
    destination_pause_message_share: NotRequired[str | None]


class AdminCancelDocument(TypedDict):
    """A cancellation by an activity manager; ``done`` is true when every task has ended."""

    DATA_TYPE: Literal["admin_cancel"]
    id: str
    done: bool
