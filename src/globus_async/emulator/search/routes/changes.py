"""Changes of the content of indices, each of which is a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..access import ALL, INGEST, check_bypass, require_role, viewer, written_index
from ..documents import task_document
from ..errors import SearchError, not_found
from ..ingest import put_entries, read_entry, read_ingest
from ..models import TaskFailure
from ..queries.documents import read_delete_query
from ..queries.execution import matching_entries
from ..validation import TEXT, Members, Problems
from .queries import subject_parameter

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Task
    from ..state import SearchState

__all__ = (
    "ROUTES",
    "batch_delete_by_subject",
    "delete_by_query",
    "delete_entry",
    "delete_subject",
    "get_task",
    "ingest",
    "put_entry",
    "task_list",
)


def _submitted(task: Task) -> Document:
    return {"acknowledged": True, "task_id": task.id}


async def ingest(state: SearchState, request: Request) -> Document:
    """Add or replace entries."""
    index = written_index(state, request, "ingest")
    entries, mapping = read_ingest(request.document(), state.limits)
    return _submitted(state.submit(index, "INGEST", lambda: put_entries(index.data, entries, mapping, state.limits)))


async def put_entry(state: SearchState, request: Request) -> Document:
    """Add or replace one entry."""
    index = written_index(state, request, "update_entry")
    entry = read_entry(request.document(), state.limits)
    return _submitted(state.submit(index, "UPDATE_ENTRY", lambda: put_entries(index.data, [entry], {}, state.limits)))


async def delete_by_query(state: SearchState, request: Request) -> Document:
    """Delete the entries that a query finds."""
    index = written_index(state, request, "delete_by_query")
    query = read_delete_query(request.document(), state.limits)
    check_bypass(state, request, index, query)
    called = viewer(state, request)
    matching_entries(index.data, query, called)  # a bad text is refused now

    def work() -> None:
        try:
            found = matching_entries(index.data, query, called)
        except SearchError as error:
            raise TaskFailure(error.message) from None
        for entry in found:
            index.data.remove(entry.subject, entry.id)

    return _submitted(state.submit(index, "DELETE_BY_QUERY", work))


async def batch_delete_by_subject(state: SearchState, request: Request) -> Document:
    """Delete all entries of some subjects."""
    index = written_index(state, request, "batch_delete_by_subject")
    problems = Problems()
    members = Members(request.document(), problems)
    members.refuse_unknown({"subjects"})
    subjects = members.listed("subjects", TEXT, required=True)
    problems.check()

    def work() -> None:
        for subject in subjects:
            index.data.remove_subject(subject)

    return _submitted(state.submit(index, "BATCH_DELETE_BY_SUBJECT", work))


async def delete_subject(state: SearchState, request: Request) -> Document:
    """Delete all entries of a subject, also those that the caller cannot see."""
    index = written_index(state, request, "delete_by_subject")
    subject = subject_parameter(request)

    def work() -> None:
        index.data.remove_subject(subject)

    return _submitted(state.submit(index, "DELETE_BY_SUBJECT", work))


async def delete_entry(state: SearchState, request: Request) -> Document:
    """Delete one entry."""
    index = written_index(state, request, "delete_entry")
    subject, entry_id = subject_parameter(request), request.parameter("entry_id")

    def work() -> None:
        index.data.remove(subject, entry_id)

    return _submitted(state.submit(index, "DELETE_ENTRY", work))


async def get_task(state: SearchState, request: Request) -> Document:
    """Return a task."""
    request.require_scope(ALL, INGEST)
    task = state.task(request.path_id("task_id"))
    index = None if task is None else state.indices.get(task.index_id)
    if task is None or index is None:
        raise not_found("The task")
    require_role(state, request, index, "get_task", "writer", "admin", "owner")
    return task_document(task)


async def task_list(state: SearchState, request: Request) -> Document:
    """Return the tasks of an index, the newest first."""
    index = written_index(state, request, "task_list")
    newest = index.tasks[: -state.limits.tasks_listed - 1 : -1]
    return {"index_id": index.id, "tasks": [task_document(task) for task in newest]}


ROUTES: Final[RouteTable[SearchState]] = (
    ("POST", "/index/{index_id}/ingest", ingest),
    ("PUT", "/index/{index_id}/entry", put_entry),
    ("POST", "/index/{index_id}/entry", put_entry),
    ("DELETE", "/index/{index_id}/entry", delete_entry),
    ("DELETE", "/index/{index_id}/subject", delete_subject),
    ("POST", "/index/{index_id}/delete_by_query", delete_by_query),
    ("POST", "/index/{index_id}/batch_delete_by_subject", batch_delete_by_subject),
    ("GET", "/task/{task_id}", get_task),
    ("GET", "/task_list/{index_id}", task_list),
)
