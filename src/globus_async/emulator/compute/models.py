"""Endpoints, functions, containers, tasks and their groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = ("COMPUTE_SCOPE", "FINAL_STATUSES", "Container", "Endpoint", "Function", "Task", "TaskGroup")

COMPUTE_SCOPE: Final = "https://auth.globus.org/scopes/facd7ccc-c5f4-42aa-916b-a0e270e2c2a9/all"
FINAL_STATUSES: Final = frozenset({"success", "failed"})


@dataclass(eq=False, slots=True)
class Endpoint:
    """A place where functions run; a multi-user one runs them for everyone, in user endpoints."""

    id: str
    owner_id: str
    name: str
    display_name: str
    multi_user: bool = False
    public: bool = False
    """Whether all users see it in lists; of a single-user one, whether they may submit to it, as to a tutorial's."""
    high_assurance: bool = False
    allowed_functions: list[str] | None = None
    """The functions that it runs; `None` for all."""
    authentication_policy: str | None = None
    subscription_uuid: str | None = None
    subscription_admin_verified: bool = False
    admins: list[str] = field(default_factory=list[str])
    """The ids of the identities that manage it beside its owner."""
    metadata: Document = field(default_factory=dict[str, "object"])
    is_online: bool = True
    locked_until: float = 0.0
    """The end of its lock, in POSIX seconds."""

    def is_managed_by(self, identity_ids: frozenset[str]) -> bool:
        """Return whether one of some identities is its owner or an administrator."""
        return not identity_ids.isdisjoint((self.owner_id, *self.admins))


@dataclass(eq=False, slots=True)
class Function:
    """A function, as opaque text."""

    id: str
    owner_id: str
    name: str
    code: str
    description: str | None = None
    metadata: Document = field(default_factory=dict[str, "object"])
    public: bool = False
    group: str | None = None
    """The group whose members may use it."""
    ha_endpoint_id: str | None = None
    """The only endpoint, one of high assurance, that runs it."""
    container_uuid: str | None = None


@dataclass(eq=False, slots=True)
class Container:
    """A container that was registered or built."""

    id: str
    owner_id: str
    name: str
    description: str | None = None
    build_status: str = "provided"
    type: str | None = None
    location: str | None = None


@dataclass(eq=False, slots=True)
class Task:
    """A call of a function, which a test completes."""

    id: str
    owner_id: str
    endpoint_id: str
    function_id: str
    payload: str
    group_id: str
    created_at: float = 0.0
    status: str = "received"
    result: str | None = None
    exception: str | None = None
    reason: str | None = None
    details: Document | None = None
    completed_at: float | None = None
    user_endpoint_config: Document | None = None

    @property
    def is_final(self) -> bool:
        """Whether it has succeeded or failed."""
        return self.status in FINAL_STATUSES


@dataclass(eq=False, slots=True)
class TaskGroup:
    """Tasks that were submitted together, or to the same group later."""

    id: str
    owner_id: str
    creates_queue: bool
    task_ids: list[str] = field(default_factory=list[str])
