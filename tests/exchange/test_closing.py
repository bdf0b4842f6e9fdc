"""Closing a transport ends all running calls at once, and their errors say whether they were sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

import httpx
import pytest

from globus_async import BaseClient, PermissionDenied, SubmissionUncertain, TransferClient, Transport
from globus_async.authorizers import GlobusAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import ClientClosedError, GlobusConnectionError, GlobusSDKUsageError, NetworkError, Stage
from globus_async.secret import Secret
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import Drip, RawServer, Script, Send, Stall
from tests.toolkit.scripted import Scripted, Step, fails, respond

pytestmark = pytest.mark.usefixtures("library")

ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


async def is_ended(call: asyncio.Task[Any], close: Callable[[], Awaitable[None]], stage: Stage = "not sent") -> None:
    """
    Close the transport; the call must end with an error, not with a cancellation.

    The error is a `ClientClosedError` if the request was not sent, else that of a lost response.
    """
    assert not call.done()
    await close()
    async with asyncio.timeout(1):
        await asyncio.wait({call})
    assert not call.cancelled()
    error = call.exception()
    if stage == "not sent":
        assert isinstance(error, ClientClosedError)
    else:
        assert isinstance(error, GlobusConnectionError)
        assert (error.stage, error.maybe_executed) == (stage, True)
        assert "the client was closed during the call" in str(error)


async def until_it_waits() -> None:
    """Run all tasks until they wait for something else; steps of the loop, so that no speed matters."""
    for _ in range(50):
        await asyncio.sleep(0)


async def hang(_: httpx.Request) -> httpx.Response:
    """Send nothing."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("never")


class Hanging(GlobusAuthorizer):
    """Never returns a token."""

    async def get_authorization_header(self) -> Secret:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("never")


class TestEveryWaitOfTheLoop:
    async def test_during_a_response(self) -> None:
        """Also over the caller's own HTTP client, which stays open."""
        service = Scripted(hang)
        async with service.client() as client:
            call = asyncio.create_task(client.get("x"))
            await until_it_waits()
            await is_ended(call, client.transport.aclose, "no response")
        assert len(service.requests) == 1

    async def test_waiting_for_a_slot(self) -> None:
        """The call is not sent any more."""
        service = Scripted(hang)
        async with service.client(max_in_flight=1) as client:
            first, second = (asyncio.create_task(client.get(name)) for name in ("a", "b"))
            await until_it_waits()
            await is_ended(second, client.transport.aclose)
            with pytest.raises(GlobusConnectionError):
                await first
        assert service.paths == ["/a"]

    async def test_waiting_between_two_attempts(self) -> None:
        """However long the delay is."""
        service = Scripted(respond(503, retry_after="60"), respond(200), clock=FakeClock())
        async with service.client() as client:
            call = asyncio.create_task(client.get("x"))
            await service.clock.asleep()
            await is_ended(call, client.transport.aclose)
        assert len(service.requests) == 1

    async def test_waiting_for_a_pause_to_end(self) -> None:
        """After the throttling of another call."""
        service = Scripted(respond(503, retry_after="60"), respond(200), clock=FakeClock())
        async with service.client() as client:
            first = asyncio.create_task(client.get("x"))
            await service.clock.asleep()
            second = asyncio.create_task(client.get("x"))
            await until_it_waits()
            await is_ended(second, client.transport.aclose)
            with pytest.raises(ClientClosedError):
                await first
        assert len(service.requests) == 1

    async def test_waiting_for_a_token(self) -> None:
        """From a custom authorizer."""
        service = Scripted()
        async with service.client(authorizer=Hanging()) as client:
            call = asyncio.create_task(client.get("x"))
            await until_it_waits()
            await is_ended(call, client.transport.aclose)
        assert not service.requests

    async def test_a_refresh_on_another_transport_continues(self) -> None:
        """The call that waits for it ends, and the token is kept."""
        clock = FakeClock()
        async with Transport(clock=clock) as identity:
            auth = FakeAuth(identity, seconds=5)
            authorizer = RefreshTokenAuthorizer("rt-0", auth)
            async with Scripted().client(authorizer=authorizer) as client:
                call = asyncio.create_task(client.get("x"))
                await until_it_waits()
                await is_ended(call, client.transport.aclose)
            await clock.advance(5)
            assert authorizer.refresh_token == Secret("rt-1")

    async def test_a_cancelled_call_stays_cancelled(self) -> None:
        """If its owner cancels it at the moment in which the transport is closed."""
        for first in ("cancel", "close"):
            async with Scripted(hang).client() as client:
                call = asyncio.create_task(client.get("x"))
                await until_it_waits()
                if first == "cancel":
                    call.cancel()
                closing = asyncio.create_task(client.transport.aclose())
                if first == "close":
                    call.cancel()
                await asyncio.wait({call, closing})
                assert call.cancelled()

    async def test_closing_from_on_refresh(self) -> None:
        """`on_refresh` may close the transport of its own refresh, which does not wait for itself."""
        clock = FakeClock()
        async with Transport(clock=clock) as transport:
            auth = FakeAuth(transport)

            async def close(_: Any) -> None:
                await transport.aclose()

            authorizer = RefreshTokenAuthorizer("rt-0", auth, on_refresh=close)
            async with asyncio.timeout(1):
                assert (await authorizer.get_authorization_header()).reveal() == "Bearer at-1"


class TestRequestsThatAreNotIdempotent:
    """Closing the client loses a response as a broken connection does, and the error says so."""

    async def test_a_post_in_flight(self) -> None:
        """It may have been executed."""
        service = Scripted(hang)
        async with service.client() as client:
            call = asyncio.create_task(client.post("x", {}))
            await until_it_waits()
            await is_ended(call, client.transport.aclose, "no response")
        error = call.exception()
        assert "may have executed the request" in str(error)
        assert [attempt.maybe_executed for attempt in getattr(error, "attempts", ())] == [True]

    async def test_a_submission_in_flight(self) -> None:
        """Its error has the document to submit again."""
        service = Scripted(respond(200, {"value": ID}), hang)
        async with service.client(client_class=TransferClient) as client:
            assert isinstance(client, TransferClient)
            document = {"source_endpoint": ID, "destination_endpoint": ID, "DATA": [{}]}
            call = asyncio.create_task(client.submit_transfer(document))
            await until_it_waits()
            await client.transport.aclose()
            with pytest.raises(SubmissionUncertain) as raised:
                await call
        assert raised.value.document["submission_id"] == ID

    @pytest.mark.parametrize("failure", [fails(httpx.ReadError), respond(500)])
    async def test_between_two_attempts(self, failure: Step) -> None:
        """The first attempt may have been executed, although the second was not sent."""
        service = Scripted(failure, clock=FakeClock())
        async with service.client() as client:
            call = asyncio.create_task(client.delete("x"))
            await service.clock.asleep()
            await client.transport.aclose()
            with pytest.raises(GlobusConnectionError) as raised:
                await call
        assert raised.value.maybe_executed
        assert len(service.requests) == 1

    @pytest.mark.parametrize("header", [LookupError("odd"), GlobusSDKUsageError("odd"), "Bearer \0"], ids=repr)
    async def test_an_authorizer_that_fails_at_the_second_attempt(self, header: Exception | str) -> None:
        """The first attempt may have been executed: a submission's error has the document to submit again."""

        class Own(GlobusAuthorizer):
            headers: ClassVar[list[Exception | str]] = []

            async def get_authorization_header(self) -> Secret:
                own = self.headers.pop(0)
                if isinstance(own, Exception):
                    raise own
                return Secret(own)

        service = Scripted(respond(200, {"value": ID}), fails(httpx.ReadError))
        async with service.client(client_class=TransferClient, authorizer=Own()) as client:
            assert isinstance(client, TransferClient)
            document = {"source_endpoint": ID, "destination_endpoint": ID, "DATA": [{}]}
            Own.headers = ["Bearer a", "Bearer a", header]
            with pytest.raises(SubmissionUncertain) as raised:
                await client.submit_transfer(document)
            assert raised.value.document["submission_id"] == ID
            assert [attempt.maybe_executed for attempt in raised.value.attempts] == [True, False]
            Own.headers = ["Bearer a", header]
            with pytest.raises(NetworkError, match="/x: its authorizer failed with") as failed:
                await client.delete("x")
            assert (failed.value.maybe_executed, failed.value.stage) == (True, "not sent")
            if isinstance(header, Exception):
                assert failed.value.__cause__ is header
            Own.headers = [header]  # nothing was sent: the error is the authorizer's own
            with pytest.raises(type(header) if isinstance(header, Exception) else GlobusSDKUsageError):
                await client.delete("x")

    async def test_during_the_body_of_an_error(self) -> None:
        """The status has decided already."""

        class Endless(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield b"{"
                await asyncio.get_running_loop().create_future()

        service = Scripted(lambda _: httpx.Response(403, stream=Endless()))
        async with service.client() as client:
            call = asyncio.create_task(client.post("x", {}))
            await until_it_waits()
            await client.transport.aclose()
            with pytest.raises(PermissionDenied, match="its body was not read: the connection broke"):
                await call


CLOSED_UNDER_IT = {
    "not sent": (httpx.ConnectError, ClientClosedError),
    "broken": (httpx.ReadError, GlobusConnectionError),
    "no exception of httpx": (RuntimeError, GlobusConnectionError),
}


@pytest.mark.parametrize(("error", "raised"), CLOSED_UNDER_IT.values(), ids=CLOSED_UNDER_IT.keys())
async def test_the_owner_of_the_http_client_closes_it(error: type[Exception], raised: type[Exception]) -> None:
    """A connection that breaks because it was closed is not retried, and the error says whether it was sent."""
    requests = 0

    async def close_under_it(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        await http.aclose()
        raise error("gone")

    http = httpx.AsyncClient(transport=httpx.MockTransport(close_under_it))
    async with Transport(http_client=http) as transport:
        client = BaseClient(base_url="http://127.0.0.1/", transport=transport)
        with pytest.raises(raised, match="closed during"):
            await client.get("x")
        with pytest.raises(ClientClosedError, match="nothing was sent"):
            await client.get("x")
    assert requests == 1


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
SCRIPTS: dict[str, tuple[Script, Script, Stage]] = {
    "no response": ([Stall()], [], "no response"),
    "half a head": ([Send(b"HTTP/1.1 200 OK\r\nCont"), Stall()], [], "no response"),
    "half a body": ([Send(HEAD), Stall()], [], "response truncated"),
    "a drip of a body": ([Send(HEAD), Drip(b"x" * 90, 0.05)], [], "response truncated"),
    "no handshake": ([], [Stall()], "not sent"),
}


class TestEveryStateOfTheConnection:
    @pytest.mark.parametrize(("script", "on_accept", "stage"), SCRIPTS.values(), ids=SCRIPTS.keys())
    async def test_with_a_server_that_stops_anywhere(self, script: Script, on_accept: Script, stage: Stage) -> None:
        """Over our own transport, whose sockets are closed afterwards."""
        async with RawServer([script], on_accept=on_accept) as server:
            url = server.url.replace("http:", "https:") if on_accept else server.url
            client = BaseClient(base_url=url)
            call = asyncio.create_task(client.get("x"))
            async with asyncio.timeout(2):
                while not server.requests and not (on_accept and server.connections):  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            await is_ended(call, client.aclose, stage)

    async def test_before_the_connection(self) -> None:
        """To a server that accepts no connections."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        client = BaseClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        call = asyncio.create_task(client.get("x"))
        await asyncio.sleep(0.05)
        await is_ended(call, client.aclose)
        for one in (listening, *waiting):
            one.close()
