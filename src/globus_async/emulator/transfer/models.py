"""The resources of the emulated Transfer service, as plain values."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..kit.ids import new_id
from ..kit.service import Document
from .storage.paths import Parts, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kit.authentication import Caller
    from ..kit.collections import PathCheck
    from .storage.protocol import Storage

__all__ = (
    "ENDPOINT_DEFAULTS",
    "AccessRule",
    "AdminCancel",
    "Bookmark",
    "Collection",
    "Counts",
    "DeleteOptions",
    "Event",
    "FilterRule",
    "Item",
    "PauseRule",
    "Role",
    "SkippedError",
    "Status",
    "SuccessfulTransfer",
    "Task",
)

ENDPOINT_DEFAULTS: Final[Document] = {
    "entity_type": "GCSv5_mapped_collection",
    "display_name": "",
    "description": None,
    "organization": None,
    "department": None,
    "keywords": None,
    "contact_email": None,
    "contact_info": None,
    "info_link": None,
    "user_message": None,
    "user_message_link": None,
    "french_english_bilingual": False,
    "public": True,
    "subscription_id": None,
    "subscription_admin_verified": False,
    "default_directory": None,
    "non_functional": False,
    "non_functional_endpoint_id": None,
    "non_functional_endpoint_display_name": None,
    "shareable": True,
    "gcs_version": None,
    "gcs_manager_url": None,
    "tlsftp_server": None,
    "https_server": None,
    "storage_type": None,
    "is_globus_connect": False,
    "gcp_connected": None,
    "gcp_paused": None,
    "globus_connect_setup_key": None,
    "local_user_info_available": False,
    "acl_max_expiration_period_mins": None,
    "network_use": "normal",
    "location": "Automatic",
    "max_concurrency": 4,
    "preferred_concurrency": 2,
    "max_parallelism": 8,
    "preferred_parallelism": 4,
    "disable_verify": False,
    "force_verify": False,
    "force_encryption": False,
    "preserve_modtime": False,
    "restrict_transfers_to_high_assurance": None,
    "requester_pays": False,
    "disable_anonymous_writes": False,
    "high_assurance": False,
    "authentication_assurance_timeout": None,
    "authentication_timeout_mins": None,
    "authentication_policy_id": None,
    "mfa_required": False,
    "associated_flow_policy": None,
    "guest_collection_activity_notification_policy": None,
    "last_accessed_time": None,
    "auto_delete_timeout": None,
    "skip_auto_delete": False,
    "myproxy_server": None,
    "myproxy_dn": None,
    "oauth_server": None,
    "s3_url": None,
    "s3_owner_activated": False,
}
"""The members of a new endpoint's document."""


@dataclass(slots=True)
class Role:
    """A role of a principal on a collection."""

    id: str
    principal: str
    role: str
    principal_type: str = "identity"


@dataclass(slots=True)
class AccessRule:
    """An access rule on a path of a guest collection."""

    id: str
    principal_type: str
    principal: str
    path: str
    permissions: str
    create_time: float
    expiration_date: str | None = None
    expires_at: float | None = None


@dataclass(slots=True, eq=False)
class Collection:
    """An endpoint or collection, with its storage, roles and access rules."""

    id: str
    owner_id: str
    fields: Document
    """The members of its document that were set."""
    storage: Storage | None = None
    """The storage; ``None`` for a disconnected endpoint."""
    home: Parts = ()
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    rules: dict[str, AccessRule] = field(default_factory=dict[str, AccessRule])
    servers: dict[int, Document] = field(default_factory=dict[int, Document])
    host: Collection | None = None
    host_path: Parts = ()
    denied: set[Parts] = field(default_factory=set[Parts])
    """Paths without file system permission; set by `deny`."""
    members: frozenset[str] | None = None
    """The identities with an account on a mapped collection; all identities by default."""
    needs_data_access: bool = False
    https_host: str | None = None
    """The host of its HTTPS server; ``None`` if it has none."""
    https_enabled: bool = True
    """Whether files may be read and written over HTTPS."""
    https_methods: frozenset[str] | None = None
    """The verbs that its HTTPS server allows; all by default."""
    address_of: Callable[[str], str] | None = field(default=None, repr=False)
    """Returns the address of a host, which depends on where the emulator listens."""
    needs_activation: bool = False
    activated_until: dict[str, float] = field(default_factory=dict[str, float])
    used_by: set[str] = field(default_factory=set[str])
    manager_host: str | None = None
    """The host of the Manager of its endpoint of Globus Connect Server; `None` for one that has none."""
    endpoint_id: str | None = None
    """The endpoint of Globus Connect Server that manages it."""
    account_of: Callable[[str], str | None] | None = None
    """Returns the local user of an identity, if its Manager maps identities."""
    allows: PathCheck | None = None
    """Whether its Manager lets identities read, or write, a path; every path by default."""

    def __post_init__(self) -> None:
        role = Role(new_id(), self.owner_id, "administrator")
        self.roles[role.id] = role

    def __repr__(self) -> str:
        kind = "guest collection" if self.is_guest else "collection"
        storage = "disconnected" if self.storage is None else repr(self.storage)
        return f"<Collection {self.display_name!r} {self.id}: {kind}, {storage}>"

    @property
    def display_name(self) -> str:
        """The display name."""
        name: str = self.fields["display_name"]
        return name

    @property
    def https_url(self) -> str | None:
        """
        The address of its files over HTTPS, without a trailing slash; ``None`` if it serves none.

        It is ``https://m-….data.globus.org``; while the emulator listens on a socket, a path of that.
        """
        fixed: str | None = self.fields["https_server"]
        if fixed is not None or self.https_host is None or not self.serves_https or self.address_of is None:
            return fixed
        return self.address_of(self.https_host)

    @property
    def serves_https(self) -> bool:
        """Whether files may be read and written over HTTPS; never on Connect Personal."""
        is_personal = self.fields["is_globus_connect"] or str(self.fields["entity_type"]).startswith("GCP")
        return self.https_enabled and self.https_host is not None and not is_personal

    @property
    def is_guest(self) -> bool:
        """Whether this is a guest collection, with access rules."""
        return str(self.fields["entity_type"]).endswith(("guest_collection", "_share"))

    def deny(self, path: str) -> None:
        """Deny access to a path and everything below it, like missing file system permissions."""
        self.denied.add(parse(path, self.home))

    def allow(self, path: str) -> None:
        """Revert `deny` for a path."""
        self.denied.discard(parse(path, self.home))


@dataclass(slots=True)
class Bookmark:
    """A bookmark: a named path of a collection."""

    id: str
    owner_id: str
    name: str
    endpoint_id: str
    path: str
    pinned: bool = False


@dataclass(slots=True)
class PauseRule:
    """A pause rule on a collection."""

    id: str
    endpoint_id: str
    message: str
    identity_id: str | None
    start_time: str | None
    modified_by_id: str
    created_by_host_manager: bool
    starts_at: float = 0.0
    pauses: dict[str, bool] = field(default_factory=dict[str, bool])


@dataclass(slots=True)
class AdminCancel:
    """A manager's request to cancel tasks."""

    id: str
    owner_id: str
    task_ids: tuple[str, ...]


class Status(enum.Enum):
    """The status of a task."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self is Status.SUCCEEDED or self is Status.FAILED


@dataclass(slots=True, frozen=True)
class Event:
    """An event of a task."""

    code: str
    description: str
    details: str
    time: float
    is_error: bool = False


@dataclass(slots=True, frozen=True)
class SuccessfulTransfer:
    """A successfully transferred file."""

    source_path: str
    destination_path: str
    size: int
    checksum: str | None
    checksum_algorithm: str | None


@dataclass(slots=True, frozen=True)
class SkippedError:
    """A source path that was skipped because of an error."""

    code: str
    details: str
    time: float
    source_path: str
    destination_path: str
    is_directory: bool
    is_delete_destination_extra: bool = False
    external_checksum: str | None = None
    checksum_algorithm: str | None = None


@dataclass(slots=True, frozen=True)
class FilterRule:
    """A filter rule: the directory entries that a transfer includes or excludes."""

    method: str
    name: str
    type: str | None = None


@dataclass(slots=True, frozen=True)
class Item:
    """An item of a submission: source and destination paths, or a path to delete."""

    source: Parts
    destination: Parts = ()
    recursive: bool | None = None
    is_symlink: bool = False
    external_checksum: str | None = None
    checksum_algorithm: str | None = None


@dataclass(slots=True, frozen=True)
class DeleteOptions:
    """The options of a delete task."""

    recursive: bool = False
    ignore_missing: bool = False
    interpret_globs: bool = False


@dataclass(slots=True)
class Counts:
    """The counters of a task; the byte counters are updated by worker threads."""

    faults: int = 0
    files: int = 0
    directories: int = 0
    symlinks: int = 0
    files_transferred: int = 0
    files_skipped: int = 0
    bytes_transferred: int = 0
    bytes_checksummed: int = 0
    total: int = 0
    succeeded: int = 0
    retrying: int = 0
    expired: int = 0
    canceled: int = 0
    failed: int = 0
    skipped_errors: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def pending(self) -> int:
        """The number of subtasks that have neither ended nor wait for a retry."""
        ended = self.succeeded + self.expired + self.canceled + self.failed + self.skipped_errors
        return max(0, self.total - ended - self.retrying)

    def record_bytes(self, *, transferred: int = 0, checksummed: int = 0) -> None:
        """Add to the byte counters."""
        with self.lock:
            self.bytes_transferred += transferred
            self.bytes_checksummed += checksummed


@dataclass(slots=True, eq=False)
class Task:
    """A transfer or delete task."""

    id: str
    submission_id: str
    owner_id: str
    type: str
    label: str | None
    source: Collection
    destination: Collection | None
    items: tuple[Item, ...]
    options: Document
    """The members of the submission that appear in the task document."""
    caller: Caller
    """The submitter, whose consents and session the task depends on."""
    request_time: float
    deadline: float
    deadline_is_fixed: bool = False
    filter_rules: tuple[FilterRule, ...] = ()
    delete_options: DeleteOptions = field(default_factory=DeleteOptions)
    local_users: dict[str, str] = field(default_factory=dict[str, str])
    status: Status = Status.ACTIVE
    start_time: float | None = None
    progress_time: float | None = None
    """The time of the last transferred file."""
    completion_time: float | None = None
    fatal_error: tuple[str, str] | None = None
    queued: bool = True
    current_error: tuple[str, str, float] | None = None
    """Code, description and time of the last error, until the task makes progress again."""
    paused_by_admin: dict[str, str] = field(default_factory=dict[str, str])
    """The messages of managers who paused this task, by side (``source``, ``destination``)."""
    paused: bool = False
    suspended: str | None = None
    """The reason code of a suspension, until the owner logs in again."""
    canceled_by_admin: str | None = None
    canceled_by_admin_message: str | None = None
    history_deleted: bool = False
    removed: bool = False
    counts: Counts = field(default_factory=Counts)
    events: list[Event] = field(default_factory=list[Event])
    successful: list[SuccessfulTransfer] = field(default_factory=list[SuccessfulTransfer])
    skipped: list[SkippedError] = field(default_factory=list[SkippedError])

    def __repr__(self) -> str:
        label = "" if self.label is None else f" {self.label!r}"
        return f"<Task {self.id}: {self.type}{label}, {self.status.value}, {len(self.items)} items>"

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self.status.is_final

    @property
    def identities(self) -> frozenset[str]:
        """All identities of the owner at submission, for access checks."""
        return self.caller.identity_ids

    @property
    def is_transfer(self) -> bool:
        """Whether this is a transfer task, not a delete task."""
        return self.type == "TRANSFER"

    def sides(self) -> tuple[tuple[str, Collection], ...]:
        """Return the names of its sides, ``source`` and ``destination``, with their collections."""
        return (("source", self.source), *((("destination", self.destination),) if self.destination else ()))
