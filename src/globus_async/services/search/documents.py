"""
Types of the documents of Globus Search.

At run time they are plain dicts, with all members that the service sends, listed here or not.
"""

from typing import Any, Literal, NotRequired, TypedDict

__all__ = (
    "BucketDocument",
    "DeletedRoleDocument",
    "EntryDocument",
    "FacetResultDocument",
    "FieldBudgetDocument",
    "FieldMappingsDocument",
    "HitDocument",
    "IndexChangeDocument",
    "IndexDocument",
    "IndexRole",
    "IndexRoleDocument",
    "ResultEntryDocument",
    "SearchResultDocument",
    "SearchTaskDocument",
    "TaskListDocument",
    "TaskState",
    "TaskSubmissionDocument",
)

IndexRole = Literal["owner", "admin", "writer"]
"""The roles on an index; each has the rights of those after it."""

TaskState = Literal["CREATING", "PENDING", "PROGRESS", "SUCCESS", "FAILED", "CANCELLED"]
"""
The states of a task. The last three are final.

The service may add states, so the type of ``state`` in documents is ``str``.
"""


class IndexDocument(TypedDict):
    """An index; dates are ``YYYY-MM-DD HH:MM:SS`` in UTC. Listings have the caller's ``permissions``."""

    id: str
    display_name: str
    description: str
    creation_date: str
    is_trial: bool
    subscription_id: str | None
    max_size_in_mb: int
    size_in_mb: int
    num_subjects: int
    num_entries: int
    status: str
    available: NotRequired[bool]
    content_last_modified_date: NotRequired[str | None]
    entry_schema: NotRequired[dict[str, Any]]
    permissions: NotRequired[list[IndexRole]]


class IndexChangeDocument(TypedDict):
    """The result of a deletion or reopening of an index."""

    index_id: str
    acknowledged: bool


class FieldMappingsDocument(TypedDict):
    """The types of fields, by their paths."""

    mappings: dict[str, Any]


class FieldBudgetDocument(TypedDict):
    """The number of fields that an index may have."""

    budget: int
    used: int
    remaining: int


class EntryDocument(TypedDict):
    """
    An entry to ingest (GMetaEntry).

    ``visible_to`` has principals: ``public``, ``all_authenticated_users``, or the URNs of identities and groups.
    """

    subject: str
    visible_to: list[str]
    content: dict[str, Any]
    id: NotRequired[str | None]
    principal_sets: NotRequired[dict[str, list[str]]]


class ResultEntryDocument(TypedDict):
    """An entry of a hit; the query selects its parts."""

    entry_id: str | None
    matched_principal_sets: list[str]
    content: NotRequired[dict[str, Any]]
    visible_to: NotRequired[list[str]]
    principal_sets: NotRequired[Any]


class HitDocument(TypedDict):
    """A subject that a query found (GMetaResult)."""

    subject: str
    entries: list[ResultEntryDocument]


class BucketDocument(TypedDict):
    """A bucket of a facet; ``value`` is an object with ``from`` and ``to`` in numeric histograms."""

    count: int
    value: Any


class FacetResultDocument(TypedDict):
    """The result of a facet: ``buckets``, a ``value`` or an ``approximate_value``."""

    name: str
    buckets: NotRequired[list[BucketDocument]]
    value: NotRequired[float | None]
    approximate_value: NotRequired[int]


class SearchResultDocument(TypedDict):
    """A page of hits; ``offset`` and ``facet_results`` are of queries, ``marker`` of scrolls."""

    total: int
    count: int
    gmeta: list[HitDocument]
    has_next_page: bool
    offset: NotRequired[int]
    facet_results: NotRequired[list[FacetResultDocument]]
    marker: NotRequired[str | None]


class TaskSubmissionDocument(TypedDict):
    """The result of a call that creates a task."""

    task_id: str
    acknowledged: NotRequired[bool]


class SearchTaskDocument(TypedDict):
    """A task; dates are ``YYYY-MM-DDTHH:MM:SS`` in UTC."""

    task_id: str
    index_id: str
    task_type: str
    state: str
    state_description: str
    creation_date: str
    completion_date: str | None
    message: str | None
    additional_details: NotRequired[Any]


class TaskListDocument(TypedDict):
    """The latest tasks of an index, latest first."""

    index_id: str
    tasks: list[SearchTaskDocument]


class IndexRoleDocument(TypedDict):
    """A role of an identity or group on an index."""

    id: str
    index_id: str
    principal: str
    principal_type: Literal["identity", "group"]
    role_name: IndexRole
    creation_date: str


class DeletedRoleDocument(TypedDict):
    """The result of the deletion of a role."""

    deleted: IndexRoleDocument
    success: bool
