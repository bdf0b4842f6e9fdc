"""The status of a response decides, whatever comes after it: an error body that cannot be read is an empty one."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from globus_async import (
    AuthenticationFailed,
    BaseClient,
    Conflict,
    GlobusAPIError,
    NetworkError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RawResponse,
    ResponseDecodeError,
    RetryPolicy,
    ServiceUnavailable,
)
from globus_async.authorizers import GlobusAuthorizer
from globus_async.errors import ConsentRequired
from globus_async.secret import Secret
from tests.toolkit.clients import client_of
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import Fin, RawServer, Rst, Script, Send, Stall
from tests.toolkit.scripted import Scripted, Step, respond

ONCE = RetryPolicy(max_retries=0)
ZIPPED = gzip.compress(b'{"code":"EndpointNotFound","message":"gone"}', mtime=0)
HEAD = "Content-Type: application/json\r\n"


def _fields(*names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (field.partition(": ") for field in names)]


class _Body(httpx.AsyncByteStream):
    """Some bytes, and then a failure, if there is one."""

    def __init__(self, data: bytes, failure: Exception | None = None) -> None:
        self._data = data
        self._failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data
        if self._failure is not None:
            raise self._failure


def unreadable(status: int, kind: str, **more: str) -> Step:
    """Respond with a status, and a body that cannot be read."""
    headers, data, failure = UNREADABLE[kind]
    fields = [*headers, *((name.replace("_", "-"), value) for name, value in more.items())]
    return lambda _: httpx.Response(status, headers=fields, stream=_Body(data, failure))


UNREADABLE: dict[str, tuple[list[tuple[str, str]], bytes, Exception | None]] = {
    "an unknown content coding": (_fields("Content-Encoding: br"), b"{}", None),
    "three codings": (_fields("Content-Encoding: gzip, gzip, gzip"), b"{}", None),
    "a damaged body": (_fields("Content-Encoding: gzip"), b"{}", None),
    "a truncated compressed body": (_fields("Content-Encoding: gzip"), ZIPPED[:-9], None),
    "a bomb": (_fields("Content-Encoding: gzip"), gzip.compress(b" " * (2 << 20)), None),
    "too large a body": ([], b" " * (1 << 20) + b"{}", None),
    "two lengths": (_fields("Content-Length: 2", "Content-Length: 3"), b"{}", None),
    "length and chunked": (_fields("Content-Length: 2", "Transfer-Encoding: chunked"), b"{}", None),
    "an unknown transfer coding": (_fields("Transfer-Encoding: rot13"), b"{}", None),
    "too many headers": ([(f"X-{number}", "y") for number in range(129)], b"{}", None),
    "a broken connection": ([], b'{"code":', httpx.ReadError("reset")),
    "a timeout": ([], b'{"code":', httpx.ReadTimeout("")),
    "no valid HTTP": ([], b'{"code":', httpx.RemoteProtocolError("peer closed connection")),
    "an undocumented error": ([], b"{", OSError("broken")),
}
ERRORS: dict[int, type[GlobusAPIError]] = {
    302: GlobusAPIError,
    400: GlobusAPIError,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    500: GlobusAPIError,
    502: GlobusAPIError,
    503: ServiceUnavailable,
    504: GlobusAPIError,
}
TRUNCATED = ("a broken connection", "a timeout", "no valid HTTP", "a damaged body", "a truncated compressed body")


class Refreshing(GlobusAuthorizer):
    """Has another token after a refused one."""

    def __init__(self) -> None:
        self.number = 1

    async def get_authorization_header(self) -> Secret:
        return Secret(f"Bearer t{self.number}")

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        assert refused == Secret(f"Bearer t{self.number}")
        self.number += 1
        return True


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("status", ERRORS)
async def test_the_error_is_that_of_the_status(status: int, kind: str) -> None:
    """With its class, its headers and no document; the error says that the body is missing, and why."""
    service = Scripted(unreadable(status, kind, x_request_id="Ab1"))
    async with service.client(retry=ONCE, max_response_bytes=1 << 20) as client:
        with pytest.raises(ERRORS[status]) as raised:
            await client.post("x", {})
    error = raised.value
    assert (error.http_status, error.raw_text, error.raw_json, error.request_id) == (status, "", None, "Ab1")
    assert error.body_error
    assert f"body was not read: {error.body_error}" in str(error)
    assert len(service.requests) == 1


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_a_401_refreshes_the_token(kind: str) -> None:
    """And the call is made again."""
    service, authorizer = Scripted(unreadable(401, kind), respond(200, {"id": 1})), Refreshing()
    async with service.client(authorizer=authorizer, max_response_bytes=1 << 20) as client:
        assert (await client.post("x", {}))["id"] == 1
    assert service.tokens == ["Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_obeyed(status: int, kind: str) -> None:
    """By this call and by all others."""
    service = Scripted(unreadable(status, kind, retry_after="7"), respond(200, {"id": 1}))
    async with service.client(retry=RetryPolicy(base_delay=0), max_response_bytes=1 << 20) as client:
        assert (await client.post("x", {}))["id"] == 1
    assert service.times == [0, 7]


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize(
    ("status", "retried"), [(408, True), (500, True), (502, True), (503, True), (504, True), (400, False), (404, False)]
)
async def test_the_retry_matrix_holds(status: int, retried: bool, kind: str) -> None:
    """A 5xx is retried as always; of the other errors those whose document may be there at the next attempt."""
    service = Scripted(unreadable(status, kind), respond(200, {"id": 1}))
    retried = retried or kind in {*TRUNCATED, "an undocumented error"}
    async with service.client(max_response_bytes=1 << 20) as client:
        if retried:
            assert (await client.get("x"))["id"] == 1
        else:
            with pytest.raises(ERRORS[status]):
                await client.get("x")
    assert len(service.requests) == 1 + retried


async def test_a_truncated_document_is_requested_again() -> None:
    """It says which consents are missing, which the status alone does not."""
    consent = {
        "code": "ConsentRequired",
        "authorization_parameters": {"session_message": "consent", "required_scopes": ["a"]},
    }
    service = Scripted(unreadable(403, "a broken connection"), respond(403, consent))
    async with service.client() as client:
        with pytest.raises(ConsentRequired) as raised:
            await client.get("x")
    assert len(raised.value.attempts) == 2


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_a_2xx_stays_a_network_error(kind: str) -> None:
    """There is no result, and the request was executed."""
    service = Scripted(unreadable(200, kind))
    async with service.client(retry=ONCE, max_response_bytes=1 << 20) as client:
        with pytest.raises(NetworkError) as raised:
            await client.post("x", {})
    assert (raised.value.stage, raised.value.maybe_executed) == ("response truncated", True)


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_the_total_timeout_in_the_body_of_an_error(status: int) -> None:
    """The status is known, so the error is its own; the refused token is discarded, although there is no time left."""

    class Stalled(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            await clock.sleep(1000)

    clock, authorizer = FakeClock(), Refreshing()
    service = Scripted(lambda _: httpx.Response(status, stream=Stalled()), clock=clock)
    async with service.client(total_timeout=5, authorizer=authorizer) as client:
        call = asyncio.create_task(client.get("x"))
        await clock.advance(6)
        with pytest.raises(ERRORS[status], match="did not arrive in time"):
            await call
    assert authorizer.number == (2 if status == 401 else 1)
    assert len(service.requests) == 1


@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
@pytest.mark.parametrize("framing", ["length", "chunked", "gzip"])
async def test_truncated_on_a_real_connection(framing: str, end: Fin | Rst) -> None:
    """Whatever the framing; and a body that does not arrive ends with the read timeout."""
    body = {
        "length": b'Content-Length: 60\r\n\r\n{"code":',
        "chunked": b'Transfer-Encoding: chunked\r\n\r\n20\r\n{"code":',
        "gzip": b"Content-Encoding: gzip\r\nContent-Length: 90\r\n\r\n" + ZIPPED[:20],
    }[framing]
    scripts: list[Script] = [
        [Send(b"HTTP/1.1 409 Conflict\r\n" + HEAD.encode() + body), last] for last in (end, Stall())
    ]
    async with RawServer(scripts) as server, client_of(server.url, read_timeout=0.1) as client:
        for why in ("connection broke", "did not arrive in time"):
            with pytest.raises(Conflict, match=why):
                await client.post("/", {})


@pytest.mark.parametrize("count", [129, 600, 5000])
async def test_too_many_headers_on_a_real_connection(count: int) -> None:
    """More than the limit, but the status is there."""
    head = b"HTTP/1.1 404 Not Found\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(count))
    async with RawServer([[Send(head + b"Content-Length: 2\r\n\r\n{}")]]) as server, client_of(server.url) as client:
        with pytest.raises(NotFound, match="more than 128 headers"):
            await client.get("/")


async def test_two_delays_on_a_real_connection() -> None:
    """The longer one counts."""
    head = b"HTTP/1.1 429 Too Many\r\nRetry-After: 500\r\nRetry-After: 400\r\nContent-Length: 0\r\n\r\n"
    async with RawServer([[Send(head)]]) as server, client_of(server.url) as client:
        with pytest.raises(RateLimited) as raised:
            await client.get("/")
    assert raised.value.retry_after == 500


async def test_the_reason_is_redacted() -> None:
    """A custom HTTP client may quote anything in its errors."""

    class Quoting(GlobusAuthorizer):
        async def get_authorization_header(self) -> Secret:
            return Secret("Bearer abcdefghijkl")

    failing: Callable[[Any], httpx.Response] = lambda _: httpx.Response(  # noqa: E731
        404, stream=_Body(b"{", ResponseDecodeError("it has abcdefghijkl", stage="response truncated"))
    )
    service = Scripted(failing)
    async with service.client(retry=ONCE, authorizer=Quoting()) as client:
        assert isinstance(client, BaseClient)
        with pytest.raises(NotFound) as raised:
            await client.get("x")
    assert "abcdef" not in str(raised.value)
    assert raised.value.body_error == "it has ***"


async def test_the_reason_of_a_refusal_before_a_login_is_redacted() -> None:
    """It is among the attempts of the response, or of the error, that follows the login."""

    class LogsIn(GlobusAuthorizer):
        async def get_authorization_header(self) -> Secret:
            return Secret("Bearer abcdefghijkl")

        def login_for(self, reason: object) -> Awaitable[None] | None:
            return asyncio.sleep(0) if isinstance(reason, RawResponse) else None

    refusal: Step = lambda _: httpx.Response(403, extensions={"reason_phrase": b"not with abcdefghijkl"})  # noqa: E731
    service = Scripted(refusal, respond(200, {}))
    async with service.client(retry=ONCE, authorizer=LogsIn()) as client:
        assert isinstance(client, BaseClient)
        response = await client.get("x")
    assert [attempt.outcome for attempt in response.attempts] == ["403 not with ***", "200 OK"]
