"""The emulated Search service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.authentication import Authenticator
from ..kit.clock import ManualClock
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .access import ALL, INGEST, SEARCH
from .documents import task_document
from .errors import SearchError
from .grades import GRADES
from .models import Pace
from .routes import changes, indices, queries, roles
from .seed import dump_index, load_index
from .state import SearchState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("SearchService",)

_TABLES: Final[Mapping[str, RouteTable[SearchState]]] = {
    "/v1": merge_tables(indices.ROUTES, queries.ROUTES, changes.ROUTES, roles.ROUTES),
    "/beta": indices.BETA_ROUTES,
}
_CONNECT_SERVER: Final = "urn:globus:auth:scope:search.api.globus.org:globus_connect_server"
_SHOWN_TASKS: Final = 200
"""The number of tasks on the status page; the newest ones."""


class SearchService(Service[SearchState]):
    """
    The emulated Search service.

    Requests for public data need no token.

    Args:
        platform: What it shares with the other services.
    """

    name = "search"
    title = "Globus Search"
    hosts: ClassVar[tuple[str, ...]] = ("search.api.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_SEARCH",)
    errors: ClassVar[type[ServiceError]] = SearchError
    default_scopes: ClassVar[tuple[str, ...]] = (ALL,)
    max_body: ClassVar[int | None] = 10 << 20
    grades: ClassVar[Mapping[str, Grade]] = GRADES

    def __init__(self, platform: Platform) -> None:
        pace = Pace(start_delay=1.0 if isinstance(platform.clock, ManualClock) else 0.0)
        super().__init__(platform, SearchState(platform, pace=pace))
        scopes = (ALL, SEARCH, INGEST, _CONNECT_SERVER)
        self._authenticator = Authenticator(platform.authority, errors=SearchError, scopes=scopes, optional=True)

    def tables(self) -> Mapping[str, RouteTable[SearchState]]:
        """Return the tables of routes by prefix."""
        return _TABLES

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token; `None` for a request without one.

        Raises:
            SearchError: The token is not active, or is for another service.
        """
        return self._authenticator.authenticate(request.authorization)

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of all tasks, the newest first."""
        return {"search_tasks": [task_document(each) for each in self.state.newest_tasks()]}

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the section ``indices``."""
        return {"indices": lambda fields: load_index(self.state, fields)}

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return the open indices; tasks that have not ended are not part of them."""
        open_indices = [each for each in self.state.indices.values() if each.status == "open"]
        return {"indices": [dump_index(self.state, each) for each in open_indices]}

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables of indices and tasks."""
        shown = (
            Column("Index", "name", "name"),
            Column("Status", "status", "status"),
            Column("Subjects", "subjects", "number"),
            Column("Entries", "entries", "number"),
            Column("Fields", "fields", "number"),
            Column("Size", "bytes", "bytes"),
        )
        tasks = (
            Column("Task", "name", "name"),
            Column("Index", "index"),
            Column("State", "state", "status"),
            Column("Created", "created", "time"),
            Column("Message", "message"),
        )
        return [
            StatusTable("search_indices", "Search indices", shown, self._index_rows, "No indices yet."),
            StatusTable("search_tasks", "Search tasks", tasks, self._task_rows, "No tasks yet."),
        ]

    def _index_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": index.id,
                "name": index.display_name,
                "status": index.status,
                "subjects": len(index.data.subjects),
                "entries": len(index.data.entries),
                "fields": len(index.data.kinds),
                "bytes": index.data.size,
            }
            for index in list(self.state.indices.values())
        ]

    def _task_rows(self) -> list[dict[str, Any]]:
        indices = self.state.indices
        return [
            {
                "id": task.id,
                "name": task.type.replace("_", " ").capitalize(),
                "index": indices[task.index_id].display_name if task.index_id in indices else task.index_id,
                "state": task.state,
                "created": task.created,
                "message": task.message,
            }
            for task in self.state.newest_tasks()[:_SHOWN_TASKS]
        ]
