"""Queries, subjects and entries."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..access import check_bypass, require_role, searched_index, viewer
from ..documents import hit_documents, result_document, subject_document
from ..errors import not_found
from ..queries.documents import read_query, read_scroll
from ..queries.execution import run
from ..scrolls import ScrollPosition
from ..validation import Problems

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import SearchState

__all__ = ("ROUTES", "get_entry", "get_subject", "post_search", "scroll", "search", "subject_parameter")

_INTEGER: Final = re.compile(r"-?[0-9]{1,9}")


async def search(state: SearchState, request: Request) -> Document:
    """Evaluate a query in the URL."""
    index = searched_index(state, request)
    document: dict[str, Any] = {}
    for name in ("q", "offset", "limit"):
        text = request.parameter(name)
        if text is not None:
            document[name] = int(text) if name != "q" and _INTEGER.fullmatch(text) else text
    for name in ("advanced", "bypass_visible_to"):
        document[name] = request.flag(name)
    for name in ("filter_principal_sets", "fields"):
        if values := request.parameter_list(name):
            document[name] = values
    query = read_query(document, state.limits, location="query")
    check_bypass(state, request, index, query)
    called = viewer(state, request)
    return result_document(query, run(index.data, query, called), called)


async def post_search(state: SearchState, request: Request) -> Document:
    """Evaluate a query document."""
    index = searched_index(state, request)
    query = read_query(request.document(), state.limits)
    check_bypass(state, request, index, query)
    called = viewer(state, request)
    return result_document(query, run(index.data, query, called), called)


async def scroll(state: SearchState, request: Request) -> Document:
    """Return a page of all hits of a query."""
    index = searched_index(state, request)
    query = read_scroll(request.document(), state.limits)
    check_bypass(state, request, index, query)
    called = viewer(state, request)
    if query.marker is None:
        outcome = run(index.data, query, called, all_hits=True)
        position = ScrollPosition(index.id, called.principals, outcome.hits, 0)
    else:
        position = state.scrolls.find(query.marker, index.id, called.principals)
    end = position.start + query.limit
    hits, total = position.hits[position.start : end], len(position.hits)
    has_next_page = end < total or (state.has_empty_last_page and bool(hits))
    return {
        "@datatype": "GSearchResult",
        "@version": "2017-09-01",
        "gmeta": hit_documents(query, hits, called),
        "count": len(hits),
        "total": total,
        "has_next_page": has_next_page,
        "marker": state.scrolls.add(replace(position, start=end)) if has_next_page else None,
    }


def subject_parameter(request: Request) -> str:
    """
    Return the subject in the query of a request.

    Raises:
        SearchError: 400, there is none.
    """
    subject = request.parameter("subject")
    if subject is None:
        problems = Problems("query")
        problems.add(("subject",), "Missing data for required field.")
        problems.check()
    return subject or ""


async def get_subject(state: SearchState, request: Request) -> Document:
    """Return the visible entries of a subject."""
    index = searched_index(state, request)
    subject, bypass, called = subject_parameter(request), request.flag("bypass_visible_to"), viewer(state, request)
    if bypass:
        require_role(state, request, index, "bypass_visible_to", "admin", "owner")
    entries = [index.data.entries[number] for number in index.data.subjects.get(subject, {}).values()]
    shown = [each for each in entries if bypass or called.sees(each)]
    if not shown:
        raise not_found("The subject")
    return subject_document(subject, shown, called)


async def get_entry(state: SearchState, request: Request) -> Document:
    """Return one entry."""
    index = searched_index(state, request)
    subject, bypass, called = subject_parameter(request), request.flag("bypass_visible_to"), viewer(state, request)
    if bypass:
        require_role(state, request, index, "bypass_visible_to", "admin", "owner")
    number = index.data.subjects.get(subject, {}).get(request.parameter("entry_id"))
    entry = None if number is None else index.data.entries[number]
    if entry is None or not (bypass or called.sees(entry)):
        raise not_found("The entry")
    return subject_document(subject, [entry], called)


ROUTES: Final[RouteTable[SearchState]] = (
    ("GET", "/index/{index_id}/search", search),
    ("POST", "/index/{index_id}/search", post_search),
    ("POST", "/index/{index_id}/scroll", scroll),
    ("GET", "/index/{index_id}/subject", get_subject),
    ("GET", "/index/{index_id}/entry", get_entry),
)
