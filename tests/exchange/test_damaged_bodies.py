"""A body whose framing is not valid HTTP ends at once; the status, which arrived before it, decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from globus_async import NotFound, RateLimited, ResponseDecodeError, RetryPolicy
from globus_async.authorizers import GlobusAuthorizer
from globus_async.secret import Secret
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Script, Send, Sleep, Stall, ok

AT_ONCE = RetryPolicy(base_delay=0, max_retries=1)
NOT_HTTP = "its body is not valid HTTP"
Arrival = Callable[[bytes, bytes], Script]
DAMAGES = {
    "no size": b"zz\r\nabc\r\n",
    "no size after a chunk": b"2\r\n{}\r\nzz\r\n",
    "no line break after a chunk": b"2\r\n{}XX5\r\n",
    "too large a size": b"fffffffffffffffff\r\n{}",
    "a damaged trailer": b"2\r\n{}\r\n0\r\nno colon\r\n\r\n",
}
CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def head(status: int, *fields: bytes) -> bytes:
    """Return the head of a response with a chunked body."""
    return b"HTTP/1.1 %d X\r\n" % status + b"".join(field + b"\r\n" for field in fields) + CHUNKED


def with_the_head(start: bytes, damage: bytes) -> Script:
    """Send all in one segment."""
    return [Send(start + damage), Stall()]


def after_the_head(start: bytes, damage: bytes) -> Script:
    """Send the damage in a later segment."""
    return [Send(start), Sleep(0.02), Send(damage), Stall()]


def after_a_part_of_the_head(start: bytes, damage: bytes) -> Script:
    """Send the end of the head with the damage."""
    return [Send(start[:-7]), Sleep(0.02), Send(start[-7:] + damage), Stall()]


def after_an_interim_response(start: bytes, damage: bytes) -> Script:
    """Send all in one segment, with two heads before it."""
    return [Send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + start + damage), Stall()]


ARRIVALS: list[Arrival] = [with_the_head, after_the_head, after_a_part_of_the_head, after_an_interim_response]


class Renewing(GlobusAuthorizer):
    """Has another token after a refused one."""

    number = 1

    async def get_authorization_header(self) -> Secret:
        return Secret(f"Bearer t{self.number}")

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        self.number += 1
        return True


@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("damage", DAMAGES)
async def test_an_error_keeps_its_status(damage: str, arrival: Arrival) -> None:
    """It is raised without waiting for a timeout, and its connection is not used again."""
    scripts = [arrival(head(404), DAMAGES[damage]), [Send(ok())]]
    async with RawServer(scripts) as server, client_of(server.url, total_timeout=5) as client:
        with pytest.raises(NotFound) as raised:
            await client.post("/", {})
        await client.get("/")
    assert (raised.value.body_error, raised.value.raw_text) == (NOT_HTTP, "")
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_a_2xx_is_a_truncated_response(arrival: Arrival) -> None:
    """An idempotent call is made again, no other."""
    scripts = [arrival(head(200), DAMAGES["no size"]), arrival(head(200), DAMAGES["no size"]), [Send(ok())]]
    async with RawServer(scripts) as server, client_of(server.url, total_timeout=5, retry=AT_ONCE) as client:
        with pytest.raises(ResponseDecodeError, match=f"^POST /x: .*{NOT_HTTP}") as raised:
            await client.post("/x", {})
        assert (raised.value.http_status, raised.value.stage) == (200, "response truncated")
        assert len(server.requests) == 1
        await client.get("/")
    assert [request.connection for request in server.requests] == [1, 2, 3]


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_a_401_renews_the_token(arrival: Arrival) -> None:
    """And the call is made again."""
    scripts = [arrival(head(401), DAMAGES["no size"]), [Send(ok())]]
    async with (
        RawServer(scripts) as server,
        client_of(server.url, total_timeout=5, authorizer=Renewing()) as client,
    ):
        await client.post("/", {})
    assert [request.header("authorization") for request in server.requests] == ["Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_a_429_keeps_its_delay(arrival: Arrival) -> None:
    """A longer one than the longest of the policy is an error at once."""
    scripts = [arrival(head(429, b"Retry-After: 500"), DAMAGES["no size"])]
    async with RawServer(scripts) as server, client_of(server.url, total_timeout=5, retry=AT_ONCE) as client:
        with pytest.raises(RateLimited) as raised:
            await client.get("/")
    assert raised.value.retry_after == 500


@pytest.mark.parametrize("arrival", ARRIVALS)
async def test_bytes_after_a_complete_body(arrival: Arrival) -> None:
    """The body stays as it is; its connection is not used again."""
    body = b'{"code": "Gone"}'
    start = b"HTTP/1.1 404 X\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
    scripts = [arrival(start, body + b"no HTTP\r\n\r\n"), [Send(ok())]]
    async with RawServer(scripts) as server, client_of(server.url, total_timeout=5) as client:
        with pytest.raises(NotFound) as raised:
            await client.get("/")
        await client.get("/")
    assert (raised.value.code, raised.value.body_error) == ("Gone", None)
    assert [request.connection for request in server.requests] == [1, 2]
