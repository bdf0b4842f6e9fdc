"""What a call returns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET  # the HTML is well-formed

import pytest

from globus_async import BaseClient
from globus_async._http.headers import Headers
from globus_async._http.path import fill_path
from globus_async._http.response import RawResponse
from globus_async.bulk_calls import Outcome
from globus_async.errors import GlobusError, ResponseDecodeError
from globus_async.response import GlobusHTTPResponse, IterableResponse
from globus_async.services.transfer import TaskEndReason, TaskOutcome
from tests.toolkit.canaries import canary, leaks_of
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
    assert repr(response({"a": 1})) == "GlobusHTTPResponse({'a': 1})"
    assert repr(response(None, b"<html>")) == "GlobusHTTPResponse('<html>')"
    for large in (response({"a": "x" * 10_000}), response(None, b"x" * 10_000)):
        assert len(repr(large)) < 600


def test_printing_shows_the_whole_response() -> None:
    """The document as JSON, or the text."""
    document = {"a": ["x" * 10_000], "b": None}
    assert json.loads(str(response(document))) == document
    assert str(response({"a": 1})) == '{\n  "a": 1\n}'
    assert str(response(None, b"plain text")) == "plain text"
    assert str(response([1])) == "[\n  1\n]"


class Hidden(GlobusHTTPResponse[Any]):
    """A response class whose document has secrets, as the documentation says to write it."""

    def __repr__(self) -> str:
        return "<Hidden>"


class HiddenItems(IterableResponse[Any]):
    """The same for a list of items."""

    def __repr__(self) -> str:
        return "<HiddenItems>"


def test_a_repr_of_ones_own_hides_the_document() -> None:
    """``print`` and notebooks show it instead of the document."""
    raw_response = response({}).raw
    secret = canary("token")
    for hidden in (Hidden(raw_response, {"a": secret}), HiddenItems(raw_response, {"DATA": [{"a": secret}]})):
        assert str(hidden) == repr(hidden)
        html = hidden._repr_html_()
        assert type(hidden).__name__ in html
        assert not leaks_of(f"{hidden!r} {hidden} {html}")


def test_a_response_that_is_a_list() -> None:
    """It has a length, and is iterated over; an object has a length only, and is none of Python's iterables."""
    got: Any = response([1, 2])
    assert (len(got), [*got]) == (2, [1, 2])
    assert len(response({"a": 1})) == 1
    not_a_list: Any = response({"a": 1})
    assert not isinstance(not_a_list, Iterable)
    with pytest.raises(TypeError, match="not an array"):
        list(not_a_list)
    for text in (response(None, b"x"), response(5)):
        with pytest.raises(TypeError, match="not a JSON object or array"):
            len(text)


HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J\u202e\ud800" + "x" * 500


@pytest.mark.parametrize(
    "shown",
    [
        response({HOSTILE: HOSTILE}),
        response([HOSTILE]),
        response(None, HOSTILE.encode("utf-8", "replace")),
        IterableResponse[Any](response({}).raw, {"DATA": [{HOSTILE: HOSTILE, "n": None, "d": {}}]}),
        IterableResponse[Any](response({}).raw, {"DATA": []}),
        Outcome(0, HOSTILE, response({HOSTILE: 1}), None),
        Outcome(1, HOSTILE, None, GlobusError(HOSTILE)),
        TaskOutcome(TaskEndReason.FAILED, {"task_id": HOSTILE, "label": HOSTILE, "status": HOSTILE}),  # type: ignore[typeddict-item]
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_html_is_escaped(shown: Any) -> None:
    """Nothing that a service sends becomes markup, a terminal command or reversed text; the whole is well-formed."""
    html = shown._repr_html_()
    html.encode()
    assert "<script" not in html
    assert not {"\x1b", "\u202e"} & {*html}
    root = ET.fromstring(html)
    allowed = {"div", "b", "pre", "table", "tr", "td", "th", "i"}
    assert {element.tag for element in root.iter()} <= allowed
    assert all(not element.attrib for element in root.iter())


def test_html_of_a_large_listing_is_short() -> None:
    """Fifty rows, and the number of the others."""
    items = [{"id": number, "text": "x" * 1000, "deep": {"a": []}} for number in range(10_000)]
    html = IterableResponse[Any](response({}).raw, {"DATA": items})._repr_html_()
    assert len(html) < 20_000
    assert html.count("<tr>") == 51
    assert "9950 more" in html
    assert "deep" not in html


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
