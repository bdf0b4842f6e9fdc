"""The comparison of Search with globus-sdk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import globus_sdk

from globus_async.services.search import SearchQueryV1, SearchScrollQuery
from tests.clients import Service
from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest
from tests.parity.wire import generated_calls
from tests.services.search.differences import DIFFERENCES

__all__ = ("PARITY",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
_LISTINGS = frozenset({"post_search", "scroll", "search"})


def _calls(service: Service) -> Iterator[WireCall]:
    yield from generated_calls(service)
    yield WireCall("SearchClient", "post_search", (ID, {"q": "x", "limit": 7, "offset": 20, "filters": []}))
    yield WireCall("SearchClient", "scroll", (ID, {"q": "x", "marker": "m"}))
    yield WireCall("SearchClient", "batch_delete_by_subject", (ID, "one"))


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the accepted differences out of our requests."""
    changed: list[RecordedRequest] = []
    for our, their in zip(ours, theirs, strict=True):
        given = {name for name, _ in their.query}
        query = [pair for pair in our.query if pair[0] in given or pair[0] not in {"limit", "offset"}]
        query = [(name, value.title() if value in {"true", "false"} else value) for name, value in query]
        body = our.body
        if call.method in _LISTINGS:
            assert DIFFERENCES.reasons("limit", "booleans")
            if isinstance(body, dict):
                body = {name: value for name, value in body.items() if name in their.body or name not in _PAGING}
        changed.append(replace(our, query=tuple(sorted(query)), body=body))
    return changed, theirs


_PAGING = frozenset({"limit", "offset"})


def same_documents() -> list[tuple[Any, Any]]:
    """Return queries of this package and of globus-sdk that have the same members."""
    filters = [{"type": "exists", "field_name": "year"}]
    given: dict[str, Any] = {"q": UNICODE, "limit": 5, "offset": 10, "advanced": True, "filters": filters}
    given |= {"facets": [{"type": "terms", "field_name": "year"}], "post_facet_filters": filters}
    given |= {
        "boosts": [{"field_name": "a", "factor": 2}],
        "sort": [{"field_name": "a"}],
        "additional_fields": {"x": 1},
    }
    scroll: dict[str, Any] = {"limit": 5, "advanced": False, "marker": "m", "additional_fields": {"x": 1}}
    return [
        (SearchQueryV1(**given), globus_sdk.SearchQueryV1(**given)),
        (SearchScrollQuery("q", **scroll), globus_sdk.SearchScrollQuery("q", **scroll)),
    ]


PARITY = ParityFacts(
    differences=DIFFERENCES,
    required={
        "data": {"q": UNICODE, "nested": {"list": [1, 2.5, False, None]}},
        "description": UNICODE,
        "display_name": UNICODE,
        "q": UNICODE,
        "role_id": "MDQ0ODgy",
        "subject": UNICODE,
        "subjects": ["a", UNICODE],
    },
    optional={
        "additional_params": [{"x": 1}, None],
        "advanced": [True, False],
        "description": [UNICODE],
        "display_name": [UNICODE],
        "entry_id": ["an id", UNICODE],
        "filter_roles": ["owner", ["owner", "writer"]],
        "limit": [5, 100],
        "marker": ["abc=="],
        "offset": [0, 20],
        "query_params": [{}, {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}],
    },
    calls=_calls,
    reconcile=_reconcile,
)
