"""Globus Search: `SearchClient`, its queries, documents and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names
from . import documents

if TYPE_CHECKING:
    from .client import SearchClient
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        Conflict,
        ConsentRequired,
        IncompatibleIndexStatus,
        InvalidDocument,
        LimitExceeded,
        NotFound,
        PermissionDenied,
        RateLimited,
        SearchAPIError,
        ServiceUnavailable,
    )
    from .ingest.outcomes import BatchOutcome, BatchProgress
    from .ingest.submission import SubmittedBatches
    from .query.clauses import FieldValue, field_path
    from .query.documents import DeleteByQuery, SearchQuery, SearchQueryV1, SearchScrollQuery
    from .query.facets import DateInterval, Facet
    from .query.filters import Filter
    from .query.members import Clauses, QuerySettings, ResultField
    from .query.ranking import Boost, Sort
    from .waiting import SearchTaskEndReason, SearchTaskOutcome

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BatchOutcome",
    "BatchProgress",
    "Boost",
    "Clauses",
    "Conflict",
    "ConsentRequired",
    "DateInterval",
    "DeleteByQuery",
    "Facet",
    "FieldValue",
    "Filter",
    "IncompatibleIndexStatus",
    "InvalidDocument",
    "LimitExceeded",
    "NotFound",
    "PermissionDenied",
    "QuerySettings",
    "RateLimited",
    "ResultField",
    "SearchAPIError",
    "SearchClient",
    "SearchQuery",
    "SearchQueryV1",
    "SearchScrollQuery",
    "SearchTaskEndReason",
    "SearchTaskOutcome",
    "ServiceUnavailable",
    "Sort",
    "SubmittedBatches",
    "documents",
    "field_path",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "client": ("SearchClient",),
            "errors": (
                "AuthenticationFailed",
                "AuthorizationRequired",
                "Conflict",
                "ConsentRequired",
                "IncompatibleIndexStatus",
                "InvalidDocument",
                "LimitExceeded",
                "NotFound",
                "PermissionDenied",
                "RateLimited",
                "SearchAPIError",
                "ServiceUnavailable",
            ),
            "ingest.outcomes": ("BatchOutcome", "BatchProgress"),
            "ingest.submission": ("SubmittedBatches",),
            "query.clauses": ("FieldValue", "field_path"),
            "query.documents": ("DeleteByQuery", "SearchQuery", "SearchQueryV1", "SearchScrollQuery"),
            "query.facets": ("DateInterval", "Facet"),
            "query.filters": ("Filter",),
            "query.members": ("Clauses", "QuerySettings", "ResultField"),
            "query.ranking": ("Boost", "Sort"),
            "waiting": ("SearchTaskEndReason", "SearchTaskOutcome"),
        },
    )
