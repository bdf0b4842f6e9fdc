"""Requests built from prepared parts equal those that httpx builds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import GlobusSDKUsageError, Secret
from globus_async._http.path import fill_path, quote_path
from globus_async._http.query import encode_query
from globus_async._http.request import Request
from globus_async.transport._httpx_request import PreparedRequest, PreparedResponse, head_of
from tests.toolkit.clients import client_of

HEADERS = ((b"Accept", b"application/json"), (b"X-Thing", b"1"))
SEGMENT = st.text(min_size=1, max_size=20)
VALUE = st.text(max_size=20)


def parsed(request: Request, credentials: Secret | None) -> httpx.Request:
    headers = list(request.headers)
    if credentials is not None:
        headers.append((b"Authorization", credentials.reveal().encode()))
    return httpx.Request(request.method, request.url, headers=headers, content=request.body)


@settings(deadline=None)
@given(
    segment=SEGMENT,
    free=SEGMENT,
    params=st.dictionaries(st.text(min_size=1, max_size=9), VALUE, max_size=3),
    origin=st.sampled_from(
        ["https://transfer.api.globus.org", "http://127.0.0.1:8000", "http://[::1]:80", "https://h:443"]
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
    body=st.none() | st.binary(max_size=30),
    token=st.none() | st.just(Secret("Bearer AgX1")),
)
def test_equal_to_a_parsed_request(
    *,
    segment: str,
    free: str,
    params: dict[str, str],
    origin: str,
    method: str,
    body: bytes | None,
    token: Secret | None,
) -> None:
    """URL, headers and body are those of a request that httpx has parsed, whatever path and query contain."""
    try:
        places = [fill_path("/v0.10/{thing:text}/x", segment), quote_path(free)]
        query = encode_query(params)
    except GlobusSDKUsageError:
        return
    for place in places:
        request = Request(method, f"{origin}{place}{'?' + query if query else ''}", HEADERS, body)
        ours, theirs = PreparedRequest(request, token, timeouts={"read": 1.0}), parsed(request, token)
        assert ours.url == theirs.url
        assert str(ours.url) == str(theirs.url)
        assert ours.url.raw_path == theirs.url.raw_path
        assert sorted(ours.headers.raw) == sorted(theirs.headers.raw)
        assert ours.content == theirs.content
        assert head_of(theirs)[0] == ours.origin
        assert sorted(head_of(theirs)[1].split(b"\r\n")) == sorted(ours.head.split(b"\r\n"))


def test_reading_and_repr() -> None:
    """Hooks of an httpx client get a complete request, without the credentials in its repr."""
    request = Request("POST", "https://transfer.api.globus.org/v0.10/transfer?a=b", HEADERS, b"{}")
    made = PreparedRequest(request, Secret("Bearer AgX1"), timeouts={"read": 1.0})
    assert made.read() == made.content == b"{}"
    assert made.url.params["a"] == "b"
    assert made.headers["host"] == "transfer.api.globus.org"
    assert made.extensions["timeout"] == {"read": 1.0}
    assert "AgX1" not in repr(made) + repr(made.headers)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_no_body_no_length(method: str) -> None:
    """A request without a body has no Content-Length."""
    made = PreparedRequest(Request(method, "http://127.0.0.1:80/x"), None, timeouts={})
    assert "content-length" not in made.headers


def names(made: object, kind: type) -> set[str]:
    """Return the attributes of an object, and the lazy ones of its class."""
    return {*vars(made), *(name for name, value in vars(kind).items() if isinstance(value, cached_property))}


class Incoming(httpx.AsyncByteStream):
    """A response that has arrived."""

    status = 200
    reason = b"OK"
    fields = ((b"Content-Type", b"text/plain"), (b"Content-Length", b"2"))
    encoding = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"ok"


async def test_complete_for_httpx() -> None:
    """Ours have every attribute that the constructors of httpx set, so that no hook of a client finds one missing."""
    request = PreparedRequest(Request("POST", "http://h/x", HEADERS, b"{}"), None, timeouts={})
    theirs = httpx.Request("POST", "http://h/x", content=b"{}")
    assert names(request, PreparedRequest) >= vars(theirs).keys()
    response = PreparedResponse(Incoming())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    streamed = httpx.Response(200, headers=Incoming.fields, stream=Incoming())
    assert names(response, PreparedResponse) >= vars(streamed).keys()
    response.request = request
    assert (await response.aread(), response.text, response.headers["content-type"]) == (b"ok", "ok", "text/plain")
    assert (repr(response), response.reason_phrase, response.http_version) == ("<Response [200 OK]>", "OK", "HTTP/1.1")


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nX-More: 1"])
def test_no_line_breaks(value: str) -> None:
    """A header of any request of httpx with a line break is refused."""
    for headers in ({"X-Thing": value}, {value: "1"}):
        with pytest.raises(httpx.LocalProtocolError):
            head_of(httpx.Request("GET", "http://h/x", headers=headers))


def test_a_host_with_a_zone() -> None:
    """The host may have a percent sign."""
    made = PreparedRequest(Request("GET", "http://[fe80::1%25eth0]:80/x"), None, timeouts={})
    assert made.head.startswith(b"GET /x HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n")


@pytest.mark.parametrize("host", ["256.1.1.1", "[v1.x]", "\uff11.example", "\u00df(.example"])
async def test_an_invalid_host(host: str) -> None:
    """The call ends with an error of this library, not of httpx."""
    async with client_of(f"https://{host}/") as client:
        with pytest.raises(GlobusSDKUsageError, match="base_url has no valid host"):
            await client.get("/")
