"""The emulated Transfer as a service of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .kit.errors import ErrorKind, ServiceError
from .kit.service import Platform, RouteTable, Service
from .kit.status import Column, StatusTable
from .transfer.call import TRANSFER_SCOPE, Gate
from .transfer.service import transfer_routes
from .transfer.state import Limits, TransferState
from .transfer.task_documents import task_document
from .transfer.work.task_runner import Pace, TaskRunner

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from .kit.request import Request
    from .transfer.models import Task

__all__ = ("TransferService",)

_MAX_TASKS: Final = 200
"""Tasks on the status page, the newest ones."""


class _TransferError(ServiceError):
    codes: ClassVar = {
        ErrorKind.NOT_FOUND: (404, "ClientError.NotFound"),
        ErrorKind.METHOD_NOT_ALLOWED: (405, "ClientError.MethodNotAllowed"),
        ErrorKind.INTERNAL: (500, "InternalError"),
    }

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:
        if path.startswith("/v2/"):
            entry = {"status": str(self.status), "code": self.code, "title": self.code, "detail": self.message}
            return {"errors": [entry], "meta": {"request_id": request_id}}
        return {"code": self.code, "message": self.message, "request_id": request_id, "resource": path}


class TransferService(Service[TransferState]):
    """Globus Transfer."""

    name = "transfer"
    title = "Globus Transfer"
    hosts = ("transfer.api.globus.org",)
    url_variables = ("GLOBUS_SDK_SERVICE_URL_TRANSFER",)
    errors = _TransferError
    default_scopes = (TRANSFER_SCOPE,)

    def __init__(
        self,
        platform: Platform,
        *,
        pace: Pace,
        limits: Limits,
        rate_limit: float | None,
        missing_credentials_status: int,
    ) -> None:
        super().__init__(platform, TransferState(platform.clock, limits))
        authority = platform.authority
        self.state.satisfies_policy = authority.satisfies_policy
        self.state.still_satisfies_policy = authority.still_satisfies_policy
        self.state.still_consents = authority.still_consents
        self.task_runner = TaskRunner(self.state, pace=pace)
        platform.on_authorization_change(self.task_runner.update_pauses)
        self._gate = Gate(
            self.state,
            authority.authenticate,
            rate_limit=rate_limit,
            missing_status=missing_credentials_status,
        )

    def tables(self) -> Mapping[str, RouteTable[TransferState]]:
        """Return the prefixes of the paths."""
        return {"/v0.10": (), "/v2": ()}

    def error_response(self, error: ServiceError, request: Request) -> Response:
        """Return the response with an error."""
        error.headers["x-transfer-api-error"] = error.code
        return super().error_response(error, request)

    def extra_routes(self) -> Sequence[BaseRoute]:
        """Return all routes."""
        return transfer_routes(self.state, self.task_runner, self._gate)

    def status_tables(self) -> Sequence[StatusTable]:
        """Return collections and tasks."""
        collections = (
            Column("Name", "name", "name"),
            Column("Kind", "kind"),
            Column("Owner", "owner"),
            Column("Files", "storage"),
        )
        tasks = (
            Column("Task", "name", "name"),
            Column("From", "from"),
            Column("To", "to"),
            Column("Status", "status", "status"),
            Column("Progress", "progress", "progress"),
            Column("Files", "files", "number"),
            Column("Bytes", "bytes", "number"),
            Column("Bytes/s", "speed", "number"),
            Column("Faults", "faults", "number"),
        )
        return (
            StatusTable("collections", "Collections", collections, self._collection_rows),
            StatusTable("tasks", "Tasks", tasks, self._task_rows),
        )

    def _collection_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.id,
                "name": each.display_name,
                "kind": each.fields["entity_type"],
                "owner": self.state.username(each.owner_id),
                "storage": repr(each.storage) if each.host is None else f"guest on {each.host.display_name}",
            }
            for each in self.state.collections.values()
        ]

    def _task_rows(self) -> list[dict[str, Any]]:
        return [self._task_row(task) for task in list(self.state.tasks.values())[: -_MAX_TASKS - 1 : -1]]

    def _task_row(self, task: Task) -> dict[str, Any]:
        document = task_document(self.state, task)
        done = document["subtasks_total"] - document["subtasks_pending"] - document["subtasks_retrying"]
        nice = "paused" if document["is_paused"] else document["nice_status"]
        return {
            "id": task.id,
            "name": f"{task.type.lower()} {task.label or ''}",
            "owner": self.state.username(task.owner_id),
            "from": document["source_endpoint_display_name"],
            "to": document["destination_endpoint_display_name"] or "",
            "status": document["status"] if nice in {None, "", "OK"} else f"{document['status']} ({nice})",
            "files": document["files_transferred"] if task.is_transfer else document["files"],
            "bytes": document["bytes_transferred"],
            "speed": document["effective_bytes_per_second"],
            "faults": document["faults"],
            "progress": 1.0 if task.is_final else done / max(document["subtasks_total"], 1),
        }

    def start(self) -> None:
        """Resume the tasks."""
        self.task_runner.start()

    async def stop(self) -> None:
        """Pause the tasks."""
        await self.task_runner.stop()

    async def settle(self) -> None:
        """Wait until every task has ended or waits."""
        await self.task_runner.settle()

    async def aclose(self) -> None:
        """End all tasks."""
        await self.task_runner.aclose()
