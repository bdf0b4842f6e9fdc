"""The emulated Transfer service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from ..kit.authentication import Authenticator, RateLimiter
from ..kit.clock import ManualClock
from ..kit.responses import json_response
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .errors import TransferError
from .grades import GRADES
from .managed import ManagedCollections
from .responses import HEADERS, select_fields
from .routes import (
    access,
    activation,
    bookmarks,
    endpoints,
    files,
    manager,
    pause_rules,
    roles,
    servers,
    streams,
    submissions,
    tasks,
)
from .served_files import ServedFiles
from .state import Limits, Pace, TransferState
from .storage.directory import DirectoryStorage
from .storage.memory import MemoryStorage
from .storage.usage import UsageCache
from .task_documents import task_document
from .work.task_runner import TaskRunner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable
    from .models import Collection, Task

__all__ = ("TRANSFER_SCOPE", "TransferService")

TRANSFER_SCOPE: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"

_TABLES: Final[Mapping[str, RouteTable[TransferState]]] = {
    "/v0.10": merge_tables(
        endpoints.ROUTES,
        access.ROUTES,
        roles.ROUTES,
        servers.ROUTES,
        activation.ROUTES,
        bookmarks.ROUTES,
        files.ROUTES,
        submissions.ROUTES,
        tasks.ROUTES,
        manager.ROUTES,
        pause_rules.ROUTES,
    ),
    "/v2": merge_tables(bookmarks.V2_ROUTES, streams.ROUTES),
}

_PROGRESS: Final = {"SUCCEEDED": 1.0, "FAILED": None}
"""The progress of tasks that have ended; a failed one has none."""
_SHOWN_TASKS: Final = 200
"""The number of tasks on the status page; the newest ones."""


class TransferService(Service[TransferState]):
    """
    The emulated Transfer service.

    Args:
        platform: What it shares with the other services.
        rate_limit: Requests per second of one identity, measured over 10 seconds; unlimited by default.
        pace: The speed of tasks; unlimited by default, with a `ManualClock` they start after a second.
        limits: The limits of the service.
        missing_credentials_status: The status of a request without a token. The real service has responded with
            both 401 and 400.
    """

    name = "transfer"
    title = "Globus Transfer"
    hosts: ClassVar[tuple[str, ...]] = ("transfer.api.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_TRANSFER",)
    errors: ClassVar[type[ServiceError]] = TransferError
    grades: ClassVar[Mapping[str, Grade]] = GRADES
    default_scopes: ClassVar[tuple[str, ...]] = (TRANSFER_SCOPE,)
    headers: ClassVar[Mapping[str, str]] = HEADERS
    null_is_missing = True

    def __init__(
        self,
        platform: Platform,
        *,
        rate_limit: float | None = None,
        pace: Pace | None = None,
        limits: Limits | None = None,
        missing_credentials_status: int = 401,
    ) -> None:
        super().__init__(platform, TransferState(platform, limits or Limits()))
        if pace is None:
            pace = Pace(start_delay=1.0 if isinstance(platform.clock, ManualClock) else 0.0)
        self.task_runner: TaskRunner = TaskRunner(self.state, pace=pace)
        self.state.task_control = self.task_runner
        platform.files = ServedFiles(self.state)
        platform.collections = ManagedCollections(self.state)
        platform.on_authorization_change(self.task_runner.update_pauses)
        rate_limiter = None if rate_limit is None else RateLimiter(platform.clock, rate_limit, errors=TransferError)
        self._authenticator = Authenticator(
            platform.authority, errors=TransferError, scopes=(TRANSFER_SCOPE,), rate_limiter=rate_limiter
        )
        self._missing_credentials_status = missing_credentials_status
        self._usages = UsageCache()

    def tables(self) -> Mapping[str, RouteTable[TransferState]]:
        """Return the tables of routes by prefix."""
        return _TABLES

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token.

        Raises:
            TransferError: There is no valid token, or there were too many requests.
        """
        try:
            return self._authenticator.authenticate(request.authorization)
        except TransferError as error:
            if error.code == "ClientError.AuthenticationFailed":
                error.status = self._missing_credentials_status
            raise

    def refuses_unknown_parameters(self, request: Request) -> bool:  # noqa: ARG002 -- in all operations
        """Return whether unknown query parameters are an error."""
        return True

    def respond(self, document: object, request: Request) -> Response:
        """Return the response with a document; the query parameter ``fields`` selects its members."""
        if request.method == "GET" and not request.path.startswith("/v2/"):
            fields, _ = request.parameter("fields"), request.parameter("format")  # there is one format, JSON
            document = select_fields(cast("Document", document), fields) if fields else document
        return json_response(document, headers=self.headers)

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of all tasks."""
        return {"tasks": [task_document(self.state, each) for each in reversed(self.state.tasks.values())]}

    def suspend_work(self, work_id: str, code: str) -> bool:
        """Make a task inactive; return whether there is one."""
        if work_id not in self.state.tasks:
            return False
        self.state.suspend(work_id, code)
        return True

    def resume_work(self, work_id: str) -> bool:
        """Resume a suspended task; return whether there is one."""
        if work_id not in self.state.tasks:
            return False
        self.state.resume(work_id)
        return True

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables of tasks and collections."""
        tasks = (
            Column("Task", "name", "name"),
            Column("Route", "route"),
            Column("Owner", "owner"),
            Column("Status", "status", "status"),
            Column("Progress", "progress", "progress"),
            Column("Files", "files", "number"),
            Column("Size", "bytes", "bytes"),
            Column("Speed", "speed", "speed"),
            Column("Time", "seconds", "duration"),
            Column("Faults", "faults", "number"),
        )
        collections = (
            Column("Collection", "name", "name"),
            Column("Kind", "kind"),
            Column("Owner", "owner"),
            Column("Storage", "storage", "code"),
            Column("Files", "files", "number"),
            Column("Size", "bytes", "bytes"),
        )
        return [
            StatusTable("tasks", "Tasks", tasks, self._task_rows, "No tasks yet."),
            StatusTable("collections", "Collections", collections, self._collection_rows, "No collections yet."),
        ]

    async def measure(self) -> None:
        """Count the files of the collections."""
        await self._usages.update(list(self.state.collections.values()))

    def _collection_rows(self) -> list[dict[str, Any]]:
        return [self._collection_row(each) for each in list(self.state.collections.values())]

    def _collection_row(self, collection: Collection) -> dict[str, Any]:
        usage = self._usages.usage(collection)
        files: int | str | None
        if usage is None:
            files, size = None, None
        elif usage.is_complete:
            files, size = usage.files, usage.bytes
        else:
            files, size = f"over {usage.files:,}", None
        return {
            "id": collection.id,
            "name": collection.display_name,
            "kind": str(collection.fields["entity_type"]).replace("_", " "),
            "owner": self.state.directory.username(collection.owner_id),
            "storage": _place_of(collection),
            "files": files,
            "bytes": size,
        }

    def _task_rows(self) -> list[dict[str, Any]]:
        return [self._task_row(task) for task in list(self.state.tasks.values())[: -_SHOWN_TASKS - 1 : -1]]

    def _task_row(self, task: Task) -> dict[str, Any]:
        document = task_document(self.state, task)
        status, details = document["status"], "paused" if document["is_paused"] else document["nice_status"]
        ended = document["subtasks_total"] - document["subtasks_pending"] - document["subtasks_retrying"]
        places = document["source_endpoint_display_name"], document["destination_endpoint_display_name"]
        end = self.state.now() if task.completion_time is None else task.completion_time
        return {
            "id": task.id,
            "name": f"{task.type.capitalize()}: {task.label}" if task.label else task.type.capitalize(),
            "route": " → ".join(name for name in places if name),
            "owner": self.state.directory.username(task.owner_id),
            "status": status if details in {None, "OK"} else f"{status} ({details})",
            "files": document["files_transferred"] if task.is_transfer else document["files"],
            "bytes": document["bytes_transferred"],
            "speed": document["effective_bytes_per_second"],
            "seconds": max(end - task.request_time, 0.0),
            "faults": document["faults"],
            "progress": _PROGRESS.get(document["status"], ended / max(document["subtasks_total"], 1)),
        }

    def start(self) -> None:
        """Resume the unfinished tasks in the running event loop."""
        self.task_runner.start()

    async def stop(self) -> None:
        """Stop all tasks of this event loop; `start` resumes unfinished ones."""
        await self.task_runner.stop()

    async def settle(self) -> None:
        """Wait until every task has ended, is paused or queued, or waits for the clock."""
        await self.task_runner.settle()

    async def aclose(self) -> None:
        """Stop all tasks permanently."""
        await self.task_runner.aclose()


def _place_of(collection: Collection) -> str:
    if collection.host is not None:
        return f"guest on {collection.host.display_name}"
    match collection.storage:
        case None:
            return "offline"
        case MemoryStorage():
            return "memory"
        case DirectoryStorage() as directory:
            return directory.root
        case storage:
            return type(storage).__name__
