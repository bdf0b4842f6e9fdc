"""The emulated Globus Compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.authentication import Authenticator
from ..kit.grades import graded
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .documents import task_document
from .errors import ComputeError
from .models import COMPUTE_SCOPE
from .routes import endpoints, functions, tasks
from .seed import dump_sections, seed_sections
from .state import ComputeState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("ComputeService",)

_SHOWN: Final = 200
"""The number of tasks on the status page; the newest ones."""


class ComputeService(Service[ComputeState]):
    """
    The emulated Globus Compute. It runs no code: a test completes tasks.

    Args:
        platform: What it shares with the other services.
    """

    name = "compute"
    title = "Globus Compute"
    hosts: ClassVar[tuple[str, ...]] = ("compute.api.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_COMPUTE",)
    errors: ClassVar[type[ServiceError]] = ComputeError
    scopes: ClassVar[tuple[str, ...]] = (COMPUTE_SCOPE,)
    default_scopes: ClassVar[tuple[str, ...]] = (COMPUTE_SCOPE,)
    max_body: ClassVar[int | None] = 10 << 20
    grades: ClassVar[Mapping[str, Grade]] = graded(
        "documented",
        recorded=(
            "GET /v2/version",
            "GET /v2/get_amqp_result_connection_url",
            "GET /v2/endpoints",
            "POST /v2/endpoints",
            "GET /v2/endpoints/{endpoint_id}",
            "DELETE /v2/endpoints/{endpoint_id}",
            "GET /v2/endpoints/{endpoint_id}/status",
            "POST /v2/endpoints/{endpoint_id}/lock",
            "POST /v2/functions",
            "GET /v2/functions/{function_id}",
            "DELETE /v2/functions/{function_id}",
            "POST /v2/submit",
            "POST /v2/batch_status",
            "GET /v2/tasks/{task_id}",
            "GET /v2/taskgroup/{task_group_id}",
            "POST /v3/endpoints",
            "PUT /v3/endpoints/{endpoint_id}",
            "POST /v3/endpoints/{endpoint_id}/lock",
            "GET /v3/endpoints/{endpoint_id}/allowed_functions",
            "POST /v3/functions",
            "POST /v3/endpoints/{endpoint_id}/submit",
        ),
        documented=(
            "GET /v2/authenticate",
            "POST /v2/containers",
            "POST /v2/containers/build",
            "GET /v2/containers/build/{container_id}",
            "GET /v2/containers/{container_id}/{container_type}",
            "DELETE /v3/endpoints/{endpoint_id}",
            "GET /v3/endpoints/{endpoint_id}/console",
            "PUT /v3/endpoints/{endpoint_id}/subscription-admin-verified",
        ),
    )

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, ComputeState(platform))
        # the version is for everyone; the other operations ask for the caller
        self._authenticator = Authenticator(platform.authority, errors=ComputeError, scopes=self.scopes, optional=True)

    def tables(self) -> Mapping[str, RouteTable[ComputeState]]:
        """Return the tables of routes by prefix."""
        return {
            "/v2": merge_tables(functions.ROUTES, endpoints.ROUTES, tasks.ROUTES),
            "/v3": merge_tables(functions.V3_ROUTES, endpoints.V3_ROUTES, tasks.V3_ROUTES),
        }

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token; `None` without one.

        Raises:
            ComputeError: The token is not valid.
        """
        return self._authenticator.authenticate(request.authorization)

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the sections of endpoints and functions."""
        return seed_sections(self.state)

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return all endpoints and functions."""
        return dump_sections(self.state)

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of all tasks, the newest first."""
        return {"compute_tasks": [task_document(each) for each in reversed(self.state.tasks.values())]}

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables of endpoints and tasks."""
        endpoint_columns = (
            Column("Endpoint", "name", "name"),
            Column("Owner", "owner"),
            Column("Kind", "kind"),
            Column("Status", "status", "status"),
            Column("Pending tasks", "pending", "number"),
        )
        task_columns = (
            Column("Task", "function", "name"),
            Column("Endpoint", "endpoint"),
            Column("Owner", "owner"),
            Column("Status", "status", "status"),
            Column("Submitted", "created", "time"),
            Column("Ended", "ended", "time"),
        )
        return [
            StatusTable("compute_endpoints", "Compute endpoints", endpoint_columns, self._endpoint_rows),
            StatusTable("compute_tasks", "Compute tasks", task_columns, self._task_rows),
        ]

    def _endpoint_rows(self) -> list[dict[str, Any]]:
        tasks = list(self.state.tasks.values())
        return [
            {
                "id": each.id,
                "name": each.display_name,
                "owner": self.state.platform.directory.username(each.owner_id),
                "kind": "multi-user" if each.multi_user else "single-user",
                "status": "online" if each.is_online else "offline",
                "pending": len([task for task in tasks if task.endpoint_id == each.id and not task.is_final]),
            }
            for each in list(self.state.endpoints.values())
        ]

    def _task_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.id,
                "function": self._name(self.state.functions, each.function_id),
                "endpoint": self._name(self.state.endpoints, each.endpoint_id),
                "owner": self.state.platform.directory.username(each.owner_id),
                "status": each.status,
                "created": each.created_at,
                "ended": each.completed_at,
            }
            for each in list(self.state.tasks.values())[: -_SHOWN - 1 : -1]
        ]

    def _name(self, resources: Mapping[str, Any], id: str) -> str:
        found = resources.get(id)
        return id if found is None else str(found.name)
