"""The resources of the service: indices, roles, entries and tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .inverted_index import InvertedIndex

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Index", "Limits", "Pace", "Role", "RoleName", "Task", "TaskFailure", "TaskType")

RoleName: TypeAlias = Literal["owner", "admin", "writer"]
TaskType: TypeAlias = Literal[
    "INGEST", "DELETE_BY_QUERY", "DELETE_BY_SUBJECT", "BATCH_DELETE_BY_SUBJECT", "DELETE_ENTRY", "UPDATE_ENTRY"
]


@dataclass(slots=True)
class Limits:
    """The limits of the service; tests may reduce them."""

    results: int = 10_000
    """Results of one query, and the greatest sum of ``offset`` and ``limit``."""
    query_length: int = 256
    """Characters of a query text."""
    subject_bytes: int = 500
    value_bytes: int = 32 * 1024
    entries_per_subject: int = 10
    fields_per_index: int = 1000
    depth: int = 20
    """The nesting of objects and lists in the content of an entry."""
    principals: int = 100
    """Principals in one ``visible_to``."""
    roles_per_index: int = 50
    trial_indices: int = 3
    """Trial indices with one owner."""
    tasks_listed: int = 1000
    indices_listed: int = 100
    trial_retention: float = 300.0
    """Seconds between the deletion of a trial index and its end."""
    retention: float = 30 * 86_400.0
    """Seconds between the deletion of another index and its end."""
    scrolls: int = 1000
    """Markers that are valid at the same time; the oldest ones expire first."""


@dataclass(slots=True)
class Pace:
    """The speed of tasks, in seconds of the emulator's clock."""

    start_delay: float = 0.0
    """Seconds in ``PENDING``."""
    duration: float = 0.0
    """Seconds in ``PROGRESS``."""


@dataclass(eq=False, slots=True)
class Role:
    """The role of an identity or a group on an index."""

    id: str
    name: RoleName
    principal: str
    """A URN."""
    created: float


class TaskFailure(Exception):
    """A task fails with this message."""


@dataclass(eq=False, slots=True)
class Task:
    """A change of an index, which is made after the request."""

    id: str
    index_id: str
    type: TaskType
    created: float
    work: Callable[[], None]
    """Makes the change; raises `TaskFailure`."""
    start: float
    """When it begins, if no earlier task takes longer; POSIX seconds."""
    duration: float
    state: Literal["PENDING", "PROGRESS", "SUCCESS", "FAILED", "CANCELLED"] = "PENDING"
    completed: float | None = None
    message: str | None = None
    additional_details: dict[str, Any] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.completed is not None


@dataclass(eq=False, slots=True)
class Index:
    """A search index."""

    id: str
    display_name: str
    description: str
    created: float
    is_trial: bool = True
    subscription_id: str | None = None
    deleted: float | None = None
    """When it was deleted; `None` while it is open."""
    modified: float | None = None
    """When its content has changed last."""
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    data: InvertedIndex = field(default_factory=InvertedIndex)
    queue: list[Task] = field(default_factory=list[Task])
    """The tasks that have not ended, the oldest first."""
    tasks: list[Task] = field(default_factory=list[Task])
    """All tasks, the oldest first."""
    failures: list[str] = field(default_factory=list[str])
    """The messages with which the next tasks fail."""

    @property
    def status(self) -> Literal["open", "delete_pending"]:
        """Its status."""
        return "open" if self.deleted is None else "delete_pending"
