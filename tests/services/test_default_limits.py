"""Every listing that ends by itself at a number of items warns, and its docstring has the number; found by scanning."""

from __future__ import annotations

import inspect
import itertools
import re
import warnings
from typing import Any

import httpx
import pytest

from globus_async import ListingTruncated, Pages, Transport
from tests.clients import CALLS, Call
from tests.toolkit.clock import FakeClock

ENDLESS = 5000
"""No listing has a default of so many items."""


class Endless:
    """A service whose pages say in the words of all paging styles that there are more."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.page_sizes: list[int] = []
        self.asked_for: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query, number = request.url.params, next(self.numbers)
        sizes = [int(query[name]) for name in ("limit", "max_results", "page[limit]") if name in query]
        count = min(*sizes, 1000) if sizes else 50
        self.page_sizes.append(count)
        self.asked_for += sizes
        keys = ("DATA", "data", "identities", "shared_endpoints", *ITEM_KEYS)
        document: dict[str, Any] = dict.fromkeys(keys, [{"id": "x"}] * count)
        document |= {"total": 10**9, "has_next_page": True, "last_key": f"k{number}", "next_marker": f"m{number}"}
        document |= {
            "marker": f"m{number}",
            "next_token": f"t{number}",
            "links": {"next": f"/x?page%5Bmarker%5D={number}"},
        }
        document |= {"results": {"data": document["DATA"], "page_next": f"r{number}"}}
        return httpx.Response(200, json=document)


ITEM_KEYS = (
    *("clients", "consents", "credentials", "identity_providers", "jobs", "policies", "projects", "scopes"),
    *(
        "entries",
        "flows",
        "gmeta",
        "index_list",
        "registered_apis",
        "role_list",
        "runs",
        "tasks",
        "web_input_summaries",
    ),
)


def is_listing(call: Call) -> bool:
    """Whether a method returns `Pages`, by its annotation."""
    returned = str(inspect.signature(call.function).return_annotation)
    return returned.startswith(("Pages[", "Consents"))


LISTINGS = [call for call in CALLS if is_listing(call)]


@pytest.mark.parametrize("call", LISTINGS, ids=str)
async def test_a_listing_that_ends_by_itself(call: Call, record_property: Any) -> None:
    """It lists all items, or warns and names the default in its docstring."""
    service = Endless()
    http = httpx.AsyncClient(transport=httpx.MockTransport(service))
    async with http, Transport(http_client=http, clock=FakeClock(skipping=True)) as transport:
        listing: Any = call.start(call.client.make(transport, rate_limit=None))
        assert isinstance(listing, Pages)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ListingTruncated)
            count = 0
            async for _ in listing.concurrency(1):
                count += 1
                if count == ENDLESS:
                    return
    if not caught:
        assert (service.asked_for, service.page_sizes) == ([], [count]), (
            f"{call} ended at {count} items without a warning: pass the number to listing() as default_results, and"
            " MISSING as num_results"
        )
        return
    (warning,) = caught
    assert warning.category is ListingTruncated
    assert str(warning.message).startswith(f"{call.method}() ended at its default of {count} items")
    doc = inspect.getdoc(call.function) or ""
    described = re.search(r"^    num_results: (.*?)(?=^    \w|^\S)", doc, re.MULTILINE | re.DOTALL)
    assert described is not None
    assert re.search(rf"By default\s.*\b{count}\b", described[1], re.DOTALL), f"{call}: the docstring lacks the default"
    told = re.search(r"^Warns:\n    ListingTruncated: (.*?)\n\n", doc, re.MULTILINE | re.DOTALL)
    assert told is not None, f"the docstring of {call} has no section Warns"
    assert str(count) in told[1]
    record_property("listings with a default number of items", 1)


def test_how_many() -> None:
    """The scan finds the listings."""
    assert len(LISTINGS) >= 30
