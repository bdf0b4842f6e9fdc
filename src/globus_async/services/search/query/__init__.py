"""Queries: documents, and the filters, facets, boosts and sort criteria in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._lazy_names import lazy_names

if TYPE_CHECKING:
    from .clauses import FieldValue, field_path
    from .documents import DeleteByQuery, SearchQuery, SearchQueryV1, SearchScrollQuery
    from .facets import DateInterval, Facet
    from .filters import Filter
    from .members import QuerySettings, ResultField
    from .ranking import Boost, Sort

__all__ = (
    "Boost",
    "DateInterval",
    "DeleteByQuery",
    "Facet",
    "FieldValue",
    "Filter",
    "QuerySettings",
    "ResultField",
    "SearchQuery",
    "SearchQueryV1",
    "SearchScrollQuery",
    "Sort",
    "field_path",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "clauses": ("FieldValue", "field_path"),
            "documents": ("DeleteByQuery", "SearchQuery", "SearchQueryV1", "SearchScrollQuery"),
            "facets": ("DateInterval", "Facet"),
            "filters": ("Filter",),
            "members": ("QuerySettings", "ResultField"),
            "ranking": ("Boost", "Sort"),
        },
    )
