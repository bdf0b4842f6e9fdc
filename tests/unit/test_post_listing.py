"""Listings by POST: the position and the size of a page are members of the document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from globus_async import BaseClient, ListingTruncated
from globus_async.errors import GlobusAPIError, GlobusSDKUsageError
from globus_async.paging import Pages, PagingStyle, offset_has_next
from globus_async.transport import Transport
from tests.toolkit.scripted import Scripted, respond

Item = dict[str, int]


class Finder(BaseClient):
    """Has one listing by POST."""

    def find(self, data: Mapping[str, object], **options: Any) -> Pages[Item]:
        """Find things."""
        return self.listing("/find", Item, style=offset_has_next, method="POST", data=data, **options)


def found(request: httpx.Request) -> httpx.Response:
    """Return a page of 25 things, of which at most ten are in a page."""
    query = json.loads(request.content)
    begin = query.get("offset", 0)
    end = min(begin + query.get("limit", 10), 25)
    things = [{"n": number} for number in range(begin, end)]
    return httpx.Response(200, json={"DATA": things, "has_next_page": end < 25})


def sent(service: Scripted) -> list[dict[str, Any]]:
    """Return the documents that were sent."""
    return [json.loads(request.content) for request in service.requests]


async def test_position_and_size_are_in_the_document() -> None:
    """Beside the caller's members, which do not change."""
    service = Scripted(found)
    document: dict[str, Any] = {"q": "ice", "offset": 5, "limit": 8, "filters": [{"type": "exists"}]}
    async with service.client(client_class=Finder) as client:
        assert isinstance(client, Finder)
        listing = client.find(document, params={"extra": 1})
        document["filters"].append("a later change")
        assert [item["n"] async for item in listing] == list(range(5, 25))
    same = {"q": "ice", "filters": [{"type": "exists"}], "limit": 8}
    assert sent(service) == [same | {"offset": offset} for offset in (5, 13, 21)]
    assert {str(request.url.query, "ascii") for request in service.requests} == {"extra=1"}
    assert {request.headers["content-type"] for request in service.requests} == {"application/json"}
    assert document["offset"] == 5


async def test_the_document_may_be_empty() -> None:
    """So that it has the position only; a page is resumed from its cursor."""
    service = Scripted(found)
    async with service.client(client_class=Finder) as client:
        assert isinstance(client, Finder)
        page = await client.find({})
        assert [item["n"] async for item in client.find({}, num_results=1)] == [0]
        assert page.next_cursor is not None
        later = [page async for page in client.find({}).pages(after=page.next_cursor)]
    assert [item["n"] for item in later[0]] == list(range(10, 20))
    assert sent(service)[:2] == [{"offset": 0}, {"offset": 0, "limit": 1}]


async def test_a_query_is_sent_again_after_a_failure() -> None:
    """It changes nothing."""
    service = Scripted(respond(502), found)
    async with service.client(client_class=Finder) as client:
        assert isinstance(client, Finder)
        assert len(await client.find({"q": "x"})) == 10
    assert sent(service) == [{"q": "x", "offset": 0}] * 2


async def test_the_end_at_the_maximum_says_how_to_get_more() -> None:
    """In the words of the method."""
    service = Scripted(found)
    async with service.client(client_class=Finder) as client:
        assert isinstance(client, Finder)
        with pytest.warns(ListingTruncated, match=r"maximum of 20 items, and there may be more; scroll\(\) has all"):
            assert len(await client.find({}, max_results=20, beyond_maximum="scroll() has all").list()) == 20


def test_what_is_refused() -> None:
    """Before anything is sent."""
    client = BaseClient(base_url="https://things.example.org", transport=Transport())
    for method, data in (("GET", {"q": "x"}), ("PUT", None), ("post", {})):
        with pytest.raises(GlobusSDKUsageError, match="a GET without data, or a POST"):
            client.listing("/x", Item, style=PagingStyle(lambda *_: None), method=method, data=data)
    with pytest.raises(GlobusSDKUsageError, match="cannot be sent as JSON: q"):
        client.listing("/x", Item, style=offset_has_next, method="POST", data={"q": object()})
    with pytest.raises(GlobusSDKUsageError, match="page size"):
        client.listing("/x", Item, style=offset_has_next, method="POST", data={"limit": 0})


async def test_an_error_in_the_middle_has_the_position() -> None:
    """For another process to continue."""
    service = Scripted(found, respond(403, {"code": "no"}), found, found)
    async with service.client(client_class=Finder) as client:
        assert isinstance(client, Finder)
        with pytest.raises(GlobusAPIError) as caught:
            await client.find({"q": "x"}).list()
        assert caught.value.resume_from == {"offset": 10}
        rest = [
            item["n"] async for page in client.find({"q": "x"}).pages(after=caught.value.resume_from) for item in page
        ]
    assert rest == list(range(10, 25))
