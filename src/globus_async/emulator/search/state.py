"""The state of the emulated Search service."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..kit.directory import CLIENT_DOMAIN, Identity
from ..kit.ids import new_id, own_ids
from .errors import limit_exceeded, no_such_index
from .ingest import put_entries, read_entry
from .models import Index, Limits, Pace, Role, Task
from .scrolls import Scrolls
from .tasks import cancel_tasks, run_due_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..kit.directory import Directory
    from ..kit.service import Platform
    from .models import RoleName, TaskType
    from .values import FieldKind

__all__ = ("SearchState",)


@dataclass(eq=False)
class SearchState:
    """The indices of the service, with their entries, roles and tasks."""

    platform: Platform
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    """The speed of tasks; may be replaced."""
    has_empty_last_page: bool = False
    """Whether a scroll reports a further page after the last result, which then is empty."""
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    """All tasks, by id."""
    _indices: dict[str, Index] = field(default_factory=dict[str, Index])
    _role_count: int = 0

    def __post_init__(self) -> None:
        self.scrolls: Scrolls = Scrolls(self.limits)

    @property
    def directory(self) -> Directory:
        """Identities and groups."""
        return self.platform.directory

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    # indices

    @property
    def indices(self) -> dict[str, Index]:
        """All indices by id, after the changes that are due."""
        self._make_due_changes()
        return self._indices

    def _make_due_changes(self) -> None:
        now = self.now()
        for index in list(self._indices.values()):
            retention = self.limits.trial_retention if index.is_trial else self.limits.retention
            if index.deleted is not None and index.deleted + retention <= now:
                del self._indices[index.id]
            else:
                run_due_tasks(index, now)

    def index(self, index_id: str) -> Index:
        """
        Return an index, after the changes that are due.

        Raises:
            SearchError: 404 ``NotFound.NoSuchIndex``.
        """
        index = self.indices.get(index_id.lower())
        if index is None:
            raise no_such_index(index_id)
        return index

    @own_ids
    def add_index(
        self,
        display_name: str,
        *,
        owner: Identity | str | None = None,
        description: str = "",
        id: str | None = None,
        is_trial: bool = False,
    ) -> Index:
        """
        Add an index.

        Args:
            display_name: Its name.
            owner: The identity that owns it, or its id; the first identity by default.
            description: Its description.
            id: Its UUID; a random one by default.
            is_trial: Make it a trial index, of which an owner can have three.

        Raises:
            ValueError: There is no identity, or an index with this id.
        """
        if owner is None:
            people = (each for each in self.directory.identities.values() if each.domain != CLIENT_DOMAIN)
            owner = next(people, None)
            if owner is None:
                raise ValueError("an index needs an owner: add an identity first")
        owner_id = owner.id if isinstance(owner, Identity) else owner
        index_id = new_id() if id is None else id.lower()
        if index_id in self._indices:
            raise ValueError(f"there is an index with the id {index_id} already")
        index = Index(index_id, display_name, description, self.now(), is_trial)
        self._indices[index.id] = index
        self.add_role(index.id, f"urn:globus:auth:identity:{owner_id}", "owner")
        return index

    def add_role(self, index_id: str, principal: str, name: RoleName) -> Role:
        """
        Give a role on an index to an identity or a group.

        Args:
            index_id: The index.
            principal: A URN, such as ``urn:globus:groups:id:...``.
            name: The role.
        """
        self._role_count += 1
        role_id = base64.b64encode(f"{self._role_count:06}".encode()).decode()
        role = Role(role_id, name, principal, self.now())
        self._indices[index_id].roles[role.id] = role
        return role

    def require_trial_limit(self, principals: Iterable[str]) -> None:
        """
        Require that one more trial index may be owned.

        Args:
            principals: What the owner is called in roles.

        Raises:
            SearchError: 409 ``Conflict.LimitExceeded``.
        """
        owners = frozenset(principals)
        owned = [
            index
            for index in self.indices.values()
            if index.is_trial and any(r.name == "owner" and r.principal in owners for r in index.roles.values())
        ]
        if len(owned) >= self.limits.trial_indices:
            raise limit_exceeded(
                "Role limit exceeded",
                cause="The owner of an index gets a role on it, and there is a limit on such roles.",
                constraint="Cannot create more ownership roles on trial indices "
                f"than the limit ({self.limits.trial_indices})",
            )

    def delete(self, index: Index) -> None:
        """Mark an index for deletion, and cancel its tasks."""
        index.deleted = self.now()
        cancel_tasks(index, index.deleted)

    # content

    def ingest(
        self,
        index_id: str,
        entries: Iterable[Mapping[str, Any]],
        *,
        field_mapping: Mapping[str, FieldKind] | None = None,
    ) -> None:
        """
        Add entries to an index at once, without a task.

        Args:
            index_id: The index.
            entries: ``GMetaEntry`` documents: subject, content, visible_to (``["public"]`` by default), id and
                principal_sets.
            field_mapping: The types of geographic fields: ``geo_point`` or ``geo_shape`` by path.

        Raises:
            ServiceError: An entry is invalid.
            TaskFailure: An entry does not fit the index.
        """
        index = self.index(index_id)
        read = [read_entry({"visible_to": ["public"], **each}, self.limits) for each in entries]
        put_entries(index.data, read, field_mapping or {}, self.limits)
        index.modified = self.now()

    # tasks

    def submit(self, index: Index, type: TaskType, work: Callable[[], None]) -> Task:
        """
        Add a task to those of an index.

        Args:
            index: The index.
            type: What it does.
            work: Makes the change; raises `TaskFailure`.
        """
        now = self.now()
        task = Task(new_id(), index.id, type, now, work, now + self.pace.start_delay, self.pace.duration)
        index.queue.append(task)
        index.tasks.append(task)
        self.tasks[task.id] = task
        return task

    def task(self, task_id: str) -> Task | None:
        """Return a task as it is now; `None` if there is no such task."""
        task = self.tasks.get(task_id.lower())
        if task is not None and task.index_id in self._indices:
            run_due_tasks(self._indices[task.index_id], self.now())
        return task

    def newest_tasks(self) -> list[Task]:
        """Return all tasks as they are now, the newest first."""
        self._make_due_changes()
        return list(reversed(self.tasks.values()))

    def fail_next_task(self, index_id: str, message: str) -> None:
        """
        Make the next task of an index that runs fail; several calls are for several tasks.

        Args:
            index_id: The index.
            message: The message of the task.
        """
        self.index(index_id).failures.append(message)
