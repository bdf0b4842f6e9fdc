"""The state of the emulated Globus Compute, with methods for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kit.ids import new_id, own_ids
from .models import Container, Endpoint, Function, Task, TaskGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..kit.service import Platform

__all__ = ("ComputeState",)


class ComputeState:
    """
    Endpoints, functions, containers and tasks. Nothing is executed: a test completes tasks.

    Args:
        platform: What the service shares with the others.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.endpoints: dict[str, Endpoint] = {}
        """The endpoints that are not deleted, by id."""
        self.functions: dict[str, Function] = {}
        """The functions that are not deleted, by id."""
        self.containers: dict[str, Container] = {}
        """The containers by id."""
        self.tasks: dict[str, Task] = {}
        """The tasks by id, the earliest first."""
        self.task_groups: dict[str, TaskGroup] = {}
        """The task groups by id."""
        self.lock_seconds: float = 1800.0
        """How long a lock of an endpoint holds."""
        self.execute: Callable[[Task], str] | None = None
        """
        A function of a test that returns the result of each task as soon as it is submitted; with an exception of it
        the task fails. By default tasks wait for `complete_task`.
        """

    def __repr__(self) -> str:
        return f"<ComputeState: {len(self.endpoints)} endpoints, {len(self.tasks)} tasks>"

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    def tasks_of(self, group: TaskGroup) -> list[Task]:
        """Return the tasks of a group, the earliest first."""
        return [self.tasks[each] for each in group.task_ids]

    def submit(self, task: Task, endpoint: Endpoint, *, creates_queue: bool) -> None:
        """Add a task of an endpoint to its group, which is made if it does not exist."""
        task.created_at = self.now()
        task.status = "waiting-for-nodes" if endpoint.is_online else "waiting-for-ep"
        group = self.task_groups.get(task.group_id)
        if group is None:
            group = self.task_groups[task.group_id] = TaskGroup(task.group_id, task.owner_id, creates_queue)
        group.task_ids.append(task.id)
        self.tasks[task.id] = task
        if self.execute is None:
            return
        try:
            result = self.execute(task)
        except Exception as error:  # noqa: BLE001 -- of the test's own function, as an endpoint catches them
            self.fail_task(task.id, f"{type(error).__name__}: {error}")
        else:
            self.complete_task(task.id, result)

    # for tests

    @own_ids
    def add_endpoint(
        self,
        name: str = "endpoint",
        *,
        owner_id: str,
        display_name: str | None = None,
        multi_user: bool = False,
        public: bool = False,
        allowed_functions: Iterable[str] | None = None,
        is_online: bool = True,
        id: str | None = None,
        **options: Any,
    ) -> Endpoint:
        """
        Add an endpoint.

        Args:
            name: Its name.
            owner_id: The UUID of the identity that owns it.
            display_name: Its name for people; the name by default.
            multi_user: Whether it runs functions for everyone.
            public: Whether everyone sees it in lists.
            allowed_functions: The ids of the functions that it runs; all by default.
            is_online: Whether it is connected.
            id: Its UUID; a random one by default.
            options: Further attributes of `models.Endpoint`.

        Raises:
            ValueError: There is an endpoint of this id.
        """
        endpoint_id = self._free_id(id, self.endpoints, "an endpoint")
        endpoint = self.endpoints[endpoint_id] = Endpoint(
            endpoint_id,
            owner_id,
            name,
            name if display_name is None else display_name,
            multi_user=multi_user,
            public=public,
            allowed_functions=None if allowed_functions is None else [*allowed_functions],
            is_online=is_online,
            **options,
        )
        return endpoint

    @own_ids
    def add_function(
        self,
        name: str = "function",
        *,
        owner_id: str,
        code: str = "gASV",
        public: bool = False,
        id: str | None = None,
        **options: Any,
    ) -> Function:
        """
        Add a function.

        Args:
            name: Its name.
            owner_id: The UUID of the identity that owns it.
            code: Its code, as text.
            public: Whether everyone may use it.
            id: Its UUID; a random one by default.
            options: Further attributes of `models.Function`, such as ``group``.

        Raises:
            ValueError: There is a function of this id.
        """
        function_id = self._free_id(id, self.functions, "a function")
        function = self.functions[function_id] = Function(function_id, owner_id, name, code, public=public, **options)
        return function

    @own_ids
    def add_container(
        self,
        name: str = "container",
        *,
        owner_id: str,
        type: str | None = "docker",
        location: str | None = None,
        build_status: str = "ready",
        id: str | None = None,
    ) -> Container:
        """
        Add a container.

        Args:
            name: Its name.
            owner_id: The UUID of the identity that owns it.
            type: ``docker`` or ``singularity``.
            location: Its address; made from the name by default.
            build_status: How far its build is.
            id: Its UUID; a random one by default.

        Raises:
            ValueError: There is a container of this id.
        """
        container_id = self._free_id(id, self.containers, "a container")
        location = f"{type}://{name}:latest" if location is None and type is not None else location
        container = self.containers[container_id] = Container(
            container_id, owner_id, name, build_status=build_status, type=type, location=location
        )
        return container

    def complete_task(self, task_id: str, result: str = "", *, details: Mapping[str, Any] | None = None) -> Task:
        """
        Let a task succeed.

        Args:
            task_id: The task.
            result: What its function returned, as text.
            details: The ``details`` of its document, such as versions.

        Raises:
            KeyError: There is no such task.
            ValueError: It has ended.
        """
        task = self._end(task_id, "success", details)
        task.result = result
        return task

    def fail_task(
        self,
        task_id: str,
        exception: str | None = None,
        *,
        reason: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Task:
        """
        Let a task fail.

        Args:
            task_id: The task.
            exception: What its function raised, as text.
            reason: Why, as the service says it in lists of tasks.
            details: The ``details`` of its document.

        Raises:
            KeyError: There is no such task.
            ValueError: It has ended.
        """
        task = self._end(task_id, "failed", details)
        task.exception, task.reason = exception, reason
        return task

    def set_task_status(self, task_id: str, status: str) -> Task:
        """
        Give a task a status that is not final, such as ``running``.

        Args:
            task_id: The task.
            status: The status.

        Raises:
            KeyError: There is no such task.
            ValueError: It has ended.
        """
        task = self._pending(task_id)
        task.status = status
        return task

    def _pending(self, task_id: str) -> Task:
        task = self.tasks[task_id]
        if task.is_final:
            raise ValueError(f"the task {task_id} has ended: {task.status}")
        return task

    def _end(self, task_id: str, status: str, details: Mapping[str, Any] | None) -> Task:
        task = self._pending(task_id)
        task.status, task.completed_at = status, self.now()
        task.details = None if details is None else dict(details)
        return task

    def _free_id(self, id: str | None, taken: Mapping[str, object], kind: str) -> str:
        free = new_id() if id is None else id.lower()
        if free in taken:
            raise ValueError(f"there is {kind} {free} already")
        return free
