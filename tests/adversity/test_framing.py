"""Malformed HTTP responses: a typed error, and no response is ever returned to another call."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from globus_async import GlobusAPIError, NetworkError, ResponseDecodeError, RetryPolicy
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import Fin, HalfClose, RawServer, Script, Send, ok
from tests.toolkit.scripted import Scripted, respond

JSON = b"Content-Type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + JSON

REFUSED = {
    "length and chunked": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked and length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a negative length": OK + b"Content-Length: -2\r\n\r\n{}",
    "a signed length": OK + b"Content-Length: +2\r\n\r\n{}",
    "a length in words": OK + b"Content-Length: two\r\n\r\n{}",
    "a huge length": OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}",
    "129 headers": OK + b"".join(b"X-%d: y\r\n" % n for n in range(127)) + b"Content-Length: 2\r\n\r\n{}",
    "5000 headers": OK + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"Content-Length: 2\r\n\r\n{}",
    "a header of 70 KiB": OK + b"X: " + b"y" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "a status line of 70 KiB": b"HTTP/1.1 200 " + b"y" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a colon": OK + b"Nonsense\r\nContent-Length: 2\r\n\r\n{}",
    "a header with a blank name": OK + b"X Y: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a NUL in a header": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "a bare CR in a header": OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "no version": b"HTTP 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/2 over a plain socket": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a status in words": b"HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\n{}",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a malformed chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n",
    "a chunk with a wrong end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an unknown transfer coding": OK + b"Transfer-Encoding: rot13\r\nConnection: close\r\n\r\n{}",
    "100 for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    "an empty response": b"",
    "blank lines": b"\r\n\r\n\r\n",
}

READ = {
    "lower-case names": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    "no reason": b"HTTP/1.1 200 \r\n" + JSON + b"Content-Length: 2\r\n\r\n{}",
    "a reason that is not ASCII": b"HTTP/1.1 200 \xc3\xa4\xff\r\n" + JSON + b"Content-Length: 2\r\n\r\n{}",
    "a header that is not ASCII": OK + b"X-Name: caf\xc3\xa9 \xff\r\nContent-Length: 2\r\n\r\n{}",
    "100 headers": OK + b"".join(b"X-%d: y\r\n" % n for n in range(98)) + b"Content-Length: 2\r\n\r\n{}",
    "a header of 60 KiB": OK + b"X: " + b"y" * 60_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n{}",
    "chunk extensions and trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "100 before it": b"HTTP/1.1 100 Continue\r\n\r\n" + ok(),
    "103 before it": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(),
    "the same length twice": OK + b"Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("case", REFUSED)
async def test_malformed_responses_are_network_errors(case: str) -> None:
    """Ambiguous, oversized or malformed: refused with a `NetworkError`, and the connection is not used again."""
    scripts: list[Script] = [[Send(REFUSED[case]), Fin()], [Send(ok(b'{"second":true}'))]]
    async with RawServer(scripts) as server, client_of(server.url, read_timeout=0.2) as client:
        with pytest.raises(NetworkError) as raised:
            await client.get("/")
        assert raised.value.maybe_executed
        client.retry = RetryPolicy(base_delay=0)  # the server closes, perhaps after the connection was found idle
        assert (await client.get("/"))["second"] is True
        assert server.connections == 2


@pytest.mark.parametrize("case", READ)
async def test_unusual_responses_are_read(case: str) -> None:
    """Unusual but valid responses are read."""
    async with RawServer([[Send(READ[case]), Fin()]]) as server, client_of(server.url) as client:
        response = await client.get("/")
        assert response.data == {}
        assert "x-name" not in response.headers or "caf" in response.headers["x-name"]
        assert isinstance(repr(response.headers), str)
        assert isinstance(response.http_reason, str)


@pytest.mark.parametrize("case", ["chunked twice", "length and chunked", "two lengths"])
async def test_the_connection_of_an_ambiguous_response_is_closed(case: str) -> None:
    """Even if the server keeps it open."""
    async with (
        RawServer([[Send(REFUSED[case])], [Send(ok(b'{"second":true}'))]]) as server,
        client_of(server.url) as client,
    ):
        with pytest.raises(NetworkError):
            await client.get("/")
        assert (await client.get("/"))["second"] is True
        assert server.connections == 2


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("129 headers", "more than 128 headers"),
        ("5000 headers", "more than 128 headers"),
        ("a header of 70 KiB", "larger than 64 KiB"),
        ("a status line of 70 KiB", "larger than 64 KiB"),
    ],
)
async def test_a_request_with_too_large_a_response_head_is_not_repeated(case: str, why: str) -> None:
    """The error says what is wrong, and the call is not retried."""
    again = RetryPolicy(base_delay=0)
    async with RawServer([[Send(REFUSED[case]), Fin()]]) as server, client_of(server.url, retry=again) as client:
        with pytest.raises(ResponseDecodeError, match=why) as raised:
            await client.get("/")
        assert not raised.value.retryable
        assert len(server.requests) == 1


def _framed(headers: list[tuple[str, str]], _: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers=headers)


async def test_the_limits_hold_for_a_custom_http_client() -> None:
    """The limits hold for any HTTP library, also for one that has none itself."""
    many = respond(200, **{f"X_{n}": "y" for n in range(129)})
    lengths = partial(_framed, [("Content-Length", "2"), ("Content-Length", "3")])
    both = partial(_framed, [("Content-Length", "2"), ("Transfer-Encoding", "chunked")])
    service = Scripted(many, lengths, both)
    async with service.client() as client:
        for why in (
            "more than 128 headers",
            "conflicting Content-Length",
            "both Content-Length and Transfer-Encoding",
        ):
            with pytest.raises(ResponseDecodeError, match=why) as raised:
                await client.get("/")
            assert not raised.value.retryable
    assert len(service.requests) == 3


async def test_a_smuggled_second_response_is_discarded() -> None:
    """Bytes after an ambiguous response are not taken for the response to the next call."""
    smuggled = ok(b'{"whose":"smuggled"}')
    double = OK + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (len(smuggled) + 5) + smuggled
    async with RawServer([[Send(double)], [Send(ok(b'{"whose":"mine"}'))]]) as server, client_of(server.url) as client:
        with pytest.raises(NetworkError):
            await client.get("/")
        assert (await client.get("/"))["whose"] == "mine"


async def test_an_unrequested_upgrade_is_an_error() -> None:
    """101 is no success, and its connection is not used again."""
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n{}"
    async with RawServer([[Send(upgrade), Fin()], [Send(ok())]]) as server, client_of(server.url) as client:
        with pytest.raises((GlobusAPIError, NetworkError)):
            await client.get("/")
        assert (await client.get("/")).http_status == 200
        assert server.connections == 2


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_statuses_without_a_body(status: int) -> None:
    """A response without a body ends after its head."""
    response = b"HTTP/1.1 %d X\r\n\r\n" % status
    async with RawServer([[Send(response), HalfClose()]]) as server, client_of(server.url, read_timeout=0.2) as client:
        if status == 304:
            with pytest.raises(GlobusAPIError):
                await client.get("/")
        else:
            assert (await client.get("/")).data is None
