"""Requests built from prepared parts equal those that httpx builds."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import GlobusSDKUsageError, Secret
from globus_async._http.path import fill_path, quote_path
from globus_async._http.query import encode_query
from globus_async._http.request import Request
from globus_async.transport._httpx_request import build_httpx_request

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
        ours, theirs = build_httpx_request(request, token, timeouts={"read": 1.0}), parsed(request, token)
        assert ours.url == theirs.url
        assert str(ours.url) == str(theirs.url)
        assert ours.url.raw_path == theirs.url.raw_path
        assert sorted(ours.headers.raw) == sorted(theirs.headers.raw)
        assert ours.content == theirs.content
        assert type(ours.url) is httpx.URL


def test_reading_and_repr() -> None:
    """Hooks of an httpx client get a complete request, without the credentials in its repr."""
    request = Request("POST", "https://transfer.api.globus.org/v0.10/transfer?a=b", HEADERS, b"{}")
    made = build_httpx_request(request, Secret("Bearer AgX1"), timeouts={"read": 1.0})
    assert made.read() == made.content == b"{}"
    assert made.url.params["a"] == "b"
    assert made.headers["host"] == "transfer.api.globus.org"
    assert made.extensions["timeout"] == {"read": 1.0}
    assert "AgX1" not in repr(made) + repr(made.headers)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_no_body_no_length(method: str) -> None:
    """A request without a body has no Content-Length."""
    made = build_httpx_request(Request(method, "http://127.0.0.1:80/x"), None, timeouts={})
    assert "content-length" not in made.headers
