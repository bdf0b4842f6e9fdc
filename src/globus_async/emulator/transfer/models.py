"""What the emulated Transfer service remembers: plain values, no rules and no wire format."""

from __future__ import annotations

import enum
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from .storage.paths import Parts, parse

if TYPE_CHECKING:
    from .permissions import Caller
    from .storage.protocol import Storage

__all__ = (
    "AccessRule",
    "AdminCancel",
    "Bookmark",
    "Collection",
    "Counts",
    "DeleteOptions",
    "Document",
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

Document: TypeAlias = dict[str, Any]
"""A JSON object on its way in or out."""


@dataclass(slots=True)
class Role:
    """A role that a principal was given on a collection."""

    id: str
    principal: str
    role: str
    principal_type: str = "identity"


@dataclass(slots=True)
class AccessRule:
    """A permission on a path of a collection."""

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
    """An endpoint or collection: its document as far as it was set, and where its files are."""

    id: str
    owner_id: str
    fields: Document
    storage: Storage | None = None
    home: Parts = ()
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    rules: dict[str, AccessRule] = field(default_factory=dict[str, AccessRule])
    servers: dict[int, Document] = field(default_factory=dict[int, Document])
    host: Collection | None = None
    host_path: Parts = ()
    denied: set[Parts] = field(default_factory=set[Parts])
    """Paths that the storage refuses, with all below them: see `deny`."""
    members: frozenset[str] | None = None
    """Identities with an account on a mapped collection; everybody by default."""
    needs_data_access: bool = False
    needs_activation: bool = False
    activated_until: dict[str, float] = field(default_factory=dict[str, float])
    used_by: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        role = Role(str(uuid.uuid4()), self.owner_id, "administrator")
        self.roles[role.id] = role

    @property
    def display_name(self) -> str:
        """The name that people see."""
        name: str = self.fields["display_name"]
        return name

    @property
    def is_guest(self) -> bool:
        """Whether access goes by permissions."""
        return str(self.fields["entity_type"]).endswith(("guest_collection", "_share"))

    def deny(self, path: str) -> None:
        """Make the storage refuse a path and all below it, as a file system without permission would."""
        self.denied.add(parse(path, self.home))

    def allow(self, path: str) -> None:
        """Take a `deny` back."""
        self.denied.discard(parse(path, self.home))


@dataclass(slots=True)
class Bookmark:
    """A place a user keeps by name."""

    id: str
    owner_id: str
    name: str
    endpoint_id: str
    path: str
    pinned: bool = False


@dataclass(slots=True)
class PauseRule:
    """What a manager has stopped on a collection."""

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
    """A manager's request to end tasks."""

    id: str
    owner_id: str
    task_ids: tuple[str, ...]


class Status(enum.Enum):
    """The states of a task."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in {Status.SUCCEEDED, Status.FAILED}


@dataclass(slots=True, frozen=True)
class Event:
    """A line of a task's history."""

    code: str
    description: str
    details: str
    time: float
    is_error: bool = False


@dataclass(slots=True, frozen=True)
class SuccessfulTransfer:
    """A file that arrived."""

    source_path: str
    destination_path: str
    size: int
    checksum: str | None
    checksum_algorithm: str | None


@dataclass(slots=True, frozen=True)
class SkippedError:
    """A source that could not be read and was left out."""

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
    """Which entries of a directory a transfer takes along."""

    method: str
    name: str
    type: str | None = None


@dataclass(slots=True, frozen=True)
class Item:
    """What a submission names: a pair of paths, or one path to delete."""

    source: Parts
    destination: Parts = ()
    recursive: bool | None = None
    is_symlink: bool = False
    external_checksum: str | None = None
    checksum_algorithm: str | None = None


@dataclass(slots=True, frozen=True)
class DeleteOptions:
    """How a delete goes about its paths."""

    recursive: bool = False
    ignore_missing: bool = False
    interpret_globs: bool = False


@dataclass(slots=True)
class Counts:
    """The counters of a task. Worker threads add to them."""

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
        """Subtasks that are neither ended nor waiting for another try."""
        ended = self.succeeded + self.expired + self.canceled + self.failed + self.skipped_errors
        return max(0, self.total - ended - self.retrying)

    def moved(self, *, sent: int = 0, checksummed: int = 0) -> None:
        """Count bytes."""
        with self.lock:
            self.bytes_transferred += sent
            self.bytes_checksummed += checksummed


@dataclass(slots=True, eq=False)
class Task:
    """A transfer or delete."""

    id: str
    submission_id: str
    owner_id: str
    type: str
    label: str | None
    source: Collection
    destination: Collection | None
    items: tuple[Item, ...]
    options: Document
    """The members of the submission that are echoed in the task."""
    request_time: float
    deadline: float
    deadline_is_fixed: bool = False
    filter_rules: tuple[FilterRule, ...] = ()
    delete_options: DeleteOptions = field(default_factory=DeleteOptions)
    identities: frozenset[str] = frozenset()
    """All identities of the owner at submission; access is judged by them."""
    caller: Caller | None = None
    """Who submitted it: it needs the consents and the session that were there then."""
    local_users: dict[str, str] = field(default_factory=dict[str, str])
    status: Status = Status.ACTIVE
    start_time: float | None = None
    progress_time: float | None = None
    """When a file last arrived."""
    completion_time: float | None = None
    fatal_error: tuple[str, str] | None = None
    queued: bool = True
    trouble: tuple[str, str, float] | None = None
    """Code, description and time of the error that the task last met and has not got over."""
    paused_by_admin: dict[str, str] = field(default_factory=dict[str, str])
    """Messages of managers who paused this task, by the side (``source``, ``destination``) they manage."""
    paused: bool = False
    suspended: str | None = None
    """Why its owner must do something before it can go on, as a code."""
    canceled_by_admin: str | None = None
    canceled_by_admin_message: str | None = None
    history_deleted: bool = False
    removed: bool = False
    counts: Counts = field(default_factory=Counts)
    events: list[Event] = field(default_factory=list[Event])
    successful: list[SuccessfulTransfer] = field(default_factory=list[SuccessfulTransfer])
    skipped: list[SkippedError] = field(default_factory=list[SkippedError])

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status.is_final

    @property
    def is_transfer(self) -> bool:
        """Whether it copies; otherwise it deletes."""
        return self.type == "TRANSFER"

    def sides(self) -> tuple[tuple[str, Collection], ...]:
        """Return the collections it works on, each with the name of its side."""
        return (("source", self.source), *((("destination", self.destination),) if self.destination else ()))
