"""What a call returns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET  # the HTML is well-formed

import pytest

from globus_async import AccessTokenAuthorizer, BaseClient, TransferClient
from globus_async._http.headers import Headers
from globus_async._http.html import document_html
from globus_async._http.path import fill_path
from globus_async._http.readable import readable_duration, readable_size
from globus_async._http.response import RawResponse
from globus_async.bulk_calls import Outcome, Progress
from globus_async.errors import Attempt, GlobusError, NetworkError, ResponseDecodeError
from globus_async.paging import Page
from globus_async.response import GlobusHTTPResponse, IterableResponse
from globus_async.services.transfer import TaskEndReason, TaskOutcome, TaskProgress
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
        Outcome(2, HOSTILE, None, NetworkError(HOSTILE, stage="no response", attempts=(Attempt(HOSTILE),) * 9)),
        Page(response({}).raw, {"DATA": [{HOSTILE: HOSTILE, "size": 10**400}]}, next_cursor={"marker": HOSTILE}),
        Progress(done=3, failed=1, total=None),
        Progress(done=3, failed=1, total=7, throttled=80.5, rate=0.01),
        TaskProgress.of({"task_id": HOSTILE, "status": HOSTILE, "label": HOSTILE, "files": 3}),  # type: ignore[typeddict-item]
        Progress(done=9, failed=1, total=7),  # an input that reported too small a length
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
    allowed = {"div", "b", "br", "pre", "table", "tr", "td", "th", "i", "progress"}
    assert {element.tag for element in root.iter()} <= allowed
    for element in root.iter():
        assert {*element.attrib} <= ({"value", "max"} if element.tag == "progress" else set[str]())
        assert all(0 <= float(value) <= 1 for value in element.attrib.values())


def test_a_deep_document_is_cut() -> None:
    """No more of a document is encoded than is shown, so that neither its depth nor its size matters."""
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert len(document_html("Deep", deep)) < 25_000


def test_html_of_a_large_listing_is_short() -> None:
    """Fifty rows, and the number of the others."""
    items = [{"id": number, "text": "x" * 1000, "deep": {"a": []}} for number in range(10_000)]
    html = IterableResponse[Any](response({}).raw, {"DATA": items})._repr_html_()
    assert len(html) < 20_000
    assert html.count("<tr>") == 51
    assert "9950 more" in html
    assert "deep" not in html


def test_html_of_a_page() -> None:
    """Readable sizes, no column without a value, and whether there is more."""
    items = [{"DATA_TYPE": "file", "name": "a.csv", "size": 1_234_567, "link_target": None, "last": 0}]
    raw = response({}).raw
    html = Page[Any](raw, {"DATA": items}, next_cursor={"offset": 1})._repr_html_()
    for part in ("Page of 1 items", "a.csv", "1.2 MB", "<th>last</th>", "<td>0</td>", "more pages follow"):
        assert part in html
    for part in ("DATA_TYPE", "link_target"):
        assert part not in html
    assert "the service has more items" in Page[Any](raw, {"DATA": items}, truncated=True)._repr_html_()
    assert "<i>" not in Page[Any](raw, {"DATA": items})._repr_html_()


def test_html_of_progress() -> None:
    """A bar, and what else is known."""
    html = Progress(done=250, failed=2, total=1000, throttled=61.0, rate=5.0)._repr_html_()
    assert '<progress value="0.2500" max="1">' in html
    for part in ("250 of 1000 done", "<td>failed</td><td>2</td>", "5 per second", "2 min 30 s", "1 min 1 s"):
        assert part in html
    beginning = Progress(done=1, failed=0, total=None)._repr_html_()
    assert "<progress>" in beginning
    assert "failed" not in beginning
    assert "time left" not in beginning
    assert "per second" not in beginning


def test_html_of_task_progress() -> None:
    """A bar as soon as the number of files is known, amounts, and what is wrong."""
    task: Any = {
        "label": "nightly",
        "status": "ACTIVE",
        "is_paused": True,
        "files": 8,
        "files_transferred": 2,
        "bytes_transferred": 5_000_000,
        "effective_bytes_per_second": 2_000_000,
        "faults": 4,
    }
    html = TaskProgress.of(task)._repr_html_()
    assert '<progress value="0.2500" max="1">' in html
    for part in ("nightly: ACTIVE, paused", "2 of 8", "5.0 MB", "<td>faults</td><td>4</td>"):
        assert part in html
    assert "time left" not in html  # while it is paused
    running = TaskProgress.of(task | {"is_paused": False, "faults": 0})._repr_html_()
    for part in ("2.0 MB/s", "<td>time left</td><td>7.5 s</td>"):
        assert part in running
    assert "faults" not in running
    assert "<progress>" in TaskProgress.of({"status": "ACTIVE"})._repr_html_()  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (1536, "1.5 kB"), (99_960, "100 kB"), (999_600, "1.0 MB"), (1.2e18, "1200 PB")],
)
def test_sizes_are_readable(size: float, shown: str) -> None:
    """In powers of 1000, as Globus counts."""
    assert readable_size(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0 s"), (1.26, "1.3 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (3600, "1 h 0 min"), (93_600, "1 d 2 h")],
)
def test_durations_are_readable(seconds: float, shown: str) -> None:
    """Two units."""
    assert readable_duration(seconds) == shown


async def test_html_of_a_listing_requests_nothing() -> None:
    """A notebook shows how to fetch it, and whether the last iteration had all of it."""
    service = Scripted(respond(200, {"DATA": [{}, {}], "total": 9, "offset": 0, "limit": 2}))
    async with service.transport() as transport:
        listing = TransferClient(authorizer=AccessTokenAuthorizer("t"), transport=transport).task_list(num_results=2)
        html = listing._repr_html_()
        for part in ("Pages of task_list", "at most 2", "await it"):
            assert part in html
        assert "truncated" not in html
        assert service.requests == []
        await listing.list()
        assert "the service has more items" in listing._repr_html_()


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
