"""What a call returns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from globus_async import BaseClient
from globus_async._http.headers import Headers
from globus_async._http.path import fill_path
from globus_async._http.response import RawResponse
from globus_async.errors import ResponseDecodeError
from globus_async.response import GlobusHTTPResponse, IterableResponse
from tests.toolkit.scripted import Scripted, raw, respond


def response(data: Any, body: bytes | None = None) -> GlobusHTTPResponse[Any]:
    """Make a response of a document."""
    content = json.dumps(data).encode() if body is None else body
    headers = Headers([(b"Content-Type", b"application/json"), (b"X-Request-Id", b"r1")])
    made = RawResponse(method="GET", path="/x", status=201, reason="Created", headers=headers, body=content)
    return GlobusHTTPResponse(made, data)


def test_members_are_items() -> None:
    """Besides the document, the response has status and headers."""
    got = response({"id": 1, "none": None})
    assert (got["id"], got.data["id"], got.get("id"), got.get("x"), got.get("x", 5)) == (1, 1, 1, None, 5)
    assert got.get("none", 5) is None
    assert "id" in got
    assert "x" not in got
    assert (got.http_status, got.http_reason, got.content_type) == (201, "Created", "application/json")
    assert got.headers["x-request-id"] == "r1"
    assert got.text == '{"id": 1, "none": null}'
    assert got.binary_content == got.text.encode()
    with pytest.raises(KeyError):
        got["x"]


def test_a_list_has_indexes() -> None:
    """Some services return one."""
    got = response([1, 2])
    assert (got[0], got[-1], 2 in got, got.get("x", "none")) == (1, 2, True, "none")


def test_a_response_that_is_not_json() -> None:
    """It has a text; using it as a document raises an error that says so."""
    got = response(None, b"plain")
    assert (got.data, got.text, "x" in got, got.get("x"), bool(got)) == (None, "plain", False, None, False)
    with pytest.raises(TypeError, match=r"use \.text"):
        got["x"]


@pytest.mark.parametrize(("data", "truth"), [({}, False), ([], False), (None, False), ({"a": 1}, True), ([0], True)])
def test_truth_is_that_of_the_document(data: object, truth: bool) -> None:
    """An empty document is false."""
    assert bool(response(data)) == truth


def test_repr_is_short() -> None:
    """However large it is."""
    assert repr(response({"a": 1})) == str(response({"a": 1})) == "GlobusHTTPResponse({'a': 1})"
    assert len(repr(response({"a": "x" * 10_000}))) < 600


def test_a_response_of_items() -> None:
    """Iterating gives them."""
    got: IterableResponse[dict[str, int]] = IterableResponse(response({}).raw, {"DATA": [{"a": 1}, {"a": 2}]})
    assert ([item["a"] for item in got], len(got), got["DATA"][0]) == ([1, 2], 2, {"a": 1})
    empty: IterableResponse[Any] = IterableResponse(response({}).raw, {"x": 1})
    assert (list(empty), len(empty)) == ([], 0)


@pytest.mark.parametrize("items", [None, {}, "x", 5, [1], [None], [{}, []]])
def test_items_of_the_wrong_type(items: object) -> None:
    """An error now, and not where the first item is used."""
    with pytest.raises(ResponseDecodeError, match="'DATA' should be a list"):
        IterableResponse(response({}).raw, {"DATA": items})


class Posting(BaseClient):
    async def send(self) -> Any:
        return await self.call("POST", fill_path("/x"), dict[str, Any], data={})


class TestReading:
    """Responses of raw requests and of typed methods."""

    @pytest.mark.parametrize(
        ("step", "data"),
        [
            (respond(200, {"a": 1}), {"a": 1}),
            (respond(200, [1]), [1]),
            (raw(200, b"null", content_type="application/json"), None),
            (raw(200, b"x", content_type="text/plain"), None),
            (raw(204), None),
            (raw(200, b"", content_type="application/json", content_length="0"), None),
            (raw(202, b'{"a": 2}', content_type="application/vnd.globus+json"), {"a": 2}),
        ],
    )
    async def test_any_response(self, step: Any, data: object) -> None:
        """JSON is decoded if the content type is JSON; all else is text."""
        async with Scripted(step).client() as client:
            assert (await client.get("x")).data == data

    @pytest.mark.parametrize("body", [b"[1]", b"null", b'"x"', b"5"])
    async def test_a_typed_method_requires_an_object(self, body: bytes) -> None:
        """Other JSON values are refused."""
        async with Scripted(raw(200, body, content_type="application/json")).client(client_class=Posting) as client:
            assert isinstance(client, Posting)
            with pytest.raises(ResponseDecodeError, match="JSON object"):
                await client.send()
