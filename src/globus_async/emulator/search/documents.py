"""The JSON documents of the service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..kit.service import Document
    from .inverted_index import StoredEntry
    from .models import Index, Role, Task
    from .queries.documents import Query
    from .queries.execution import Hit, Outcome
    from .viewer import Viewer

__all__ = ("hit_documents", "index_document", "result_document", "role_document", "subject_document", "task_document")

_VERSION: Final = "2017-09-01"
_HIT_VERSION: Final = "2019-08-27"
_MEGABYTE: Final = 1 << 20
_DESCRIPTIONS: Final = {
    "PENDING": "Task is waiting to start",
    "PROGRESS": "Task is in progress",
    "SUCCESS": "Task succeeded",
    "FAILED": "Task failed",
    "CANCELLED": "Task was cancelled",
}


def _day_time(moment: float, separator: str = " ") -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(separator, "seconds")


def index_document(index: Index, permissions: Sequence[str] | None = None) -> Document:
    """
    Return the document of an index.

    Args:
        index: The index.
        permissions: The roles of the caller; left out by default.
    """
    document: Document = {
        "@datatype": "GSearchIndex",
        "@version": _VERSION,
        "id": index.id,
        "display_name": index.display_name,
        "description": index.description,
        "creation_date": _day_time(index.created),
        "content_last_modified_date": None if index.modified is None else _day_time(index.modified),
        "is_trial": index.is_trial,
        "subscription_id": index.subscription_id,
        "max_size_in_mb": 1 if index.is_trial else 100,
        "size_in_mb": index.data.size // _MEGABYTE,
        "num_subjects": len(index.data.subjects),
        "num_entries": len(index.data.entries),
        "status": index.status,
        "available": index.status == "open",
    }
    return document if permissions is None else {**document, "permissions": list(permissions)}


def role_document(index: Index, role: Role) -> Document:
    """Return the document of a role."""
    return {
        "id": role.id,
        "index_id": index.id,
        "principal": role.principal,
        "principal_type": "group" if ":groups:" in role.principal else "identity",
        "role_name": role.name,
        "creation_date": _day_time(role.created),
    }


def task_document(task: Task) -> Document:
    """Return the document of a task."""
    return {
        "task_id": task.id,
        "index_id": task.index_id,
        "task_type": task.type,
        "state": task.state,
        "state_description": _DESCRIPTIONS[task.state],
        "creation_date": _day_time(task.created, "T"),
        "completion_date": None if task.completed is None else _day_time(task.completed, "T"),
        "message": task.message,
        "additional_details": task.additional_details,
    }


def subject_document(subject: str, entries: Iterable[StoredEntry], viewer: Viewer) -> Document:
    """Return the document of a subject with some of its entries."""
    return {
        "@datatype": "GMetaResult",
        "@version": _HIT_VERSION,
        "subject": subject,
        "entries": [_entry(each, viewer, None) for each in entries],
    }


def result_document(query: Query, outcome: Outcome, viewer: Viewer) -> Document:
    """Return the document with the result of a query."""
    document: Document = {
        "@datatype": "GSearchResult",
        "@version": _VERSION,
        "gmeta": hit_documents(query, outcome.hits, viewer),
        "count": len(outcome.hits),
        "total": outcome.total,
        "offset": query.offset,
        "has_next_page": query.offset + len(outcome.hits) < outcome.total and bool(outcome.hits),
    }
    return {**document, "facet_results": outcome.facets} if query.facets else document


def hit_documents(query: Query, hits: Iterable[Hit], viewer: Viewer) -> list[Document]:
    """Return the documents of hits."""
    return [
        {
            "@datatype": "GMetaResult",
            "@version": _HIT_VERSION,
            "subject": hit.subject,
            "entries": [_entry(each, viewer, query.fields) for each in hit.entries],
        }
        for hit in hits
    ]


def _entry(entry: StoredEntry, viewer: Viewer, shown: frozenset[str] | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "entry_id": entry.id,
        "matched_principal_sets": viewer.matched_sets(entry),
    }
    shown = frozenset({"content"}) if shown is None else shown
    if "content" in shown:
        document["content"] = entry.content
    if "visible_to" in shown:
        document["visible_to"] = list(entry.visible_to)
    if "principal_sets" in shown:
        document["principal_sets"] = {name: list(members) for name, members in entry.principal_sets.items()}
    return document
