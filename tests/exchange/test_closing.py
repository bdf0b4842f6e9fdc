"""Closing a transport ends all running calls at once; only token refreshes are awaited."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from globus_async import BaseClient, Transport
from globus_async.authorizers import GlobusAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import ClientClosedError
from globus_async.secret import Secret
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import Drip, RawServer, Script, Send, Stall
from tests.toolkit.scripted import Scripted, respond


async def is_ended(call: asyncio.Task[Any], close: Callable[[], Awaitable[None]]) -> None:
    """Close the transport; the call must end with a `ClientClosedError`, not with a cancellation."""
    assert not call.done()
    await close()
    async with asyncio.timeout(1):
        await asyncio.wait({call})
    assert not call.cancelled()
    assert isinstance(call.exception(), ClientClosedError)


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
            await asyncio.sleep(0.01)
            await is_ended(call, client.transport.aclose)
        assert len(service.requests) == 1

    async def test_waiting_for_a_slot(self) -> None:
        """The call is not sent any more."""
        service = Scripted(hang)
        async with service.client(max_in_flight=1) as client:
            first, second = (asyncio.create_task(client.get(name)) for name in ("a", "b"))
            await asyncio.sleep(0.01)
            await is_ended(second, client.transport.aclose)
            with pytest.raises(ClientClosedError):
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
            await asyncio.sleep(0.01)
            await is_ended(second, client.transport.aclose)
            with pytest.raises(ClientClosedError):
                await first
        assert len(service.requests) == 1

    async def test_waiting_for_a_token(self) -> None:
        """From a custom authorizer."""
        service = Scripted()
        async with service.client(authorizer=Hanging()) as client:
            call = asyncio.create_task(client.get("x"))
            await asyncio.sleep(0.01)
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
                await asyncio.sleep(0.01)
                await is_ended(call, client.transport.aclose)
            await clock.advance(5)
            assert authorizer.refresh_token.reveal() == "rt-1"

    async def test_a_cancelled_call_stays_cancelled(self) -> None:
        """If its owner cancels it at the moment in which the transport is closed."""
        for first in ("cancel", "close"):
            async with Scripted(hang).client() as client:
                call = asyncio.create_task(client.get("x"))
                await asyncio.sleep(0.01)
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


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError, RuntimeError])
async def test_an_error_caused_by_closing(error: type[Exception]) -> None:
    """A connection that breaks because it was closed is not retried."""

    async def close_under_it(_: httpx.Request) -> httpx.Response:
        await http.aclose()
        raise error("gone")

    http = httpx.AsyncClient(transport=httpx.MockTransport(close_under_it))
    async with Transport(http_client=http) as transport:
        with pytest.raises(ClientClosedError, match="check whether the service executed the request"):
            await BaseClient(base_url="http://127.0.0.1/", transport=transport).get("x")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
SCRIPTS: dict[str, tuple[Script, Script]] = {
    "no response": ([Stall()], []),
    "half a head": ([Send(b"HTTP/1.1 200 OK\r\nCont"), Stall()], []),
    "half a body": ([Send(HEAD), Stall()], []),
    "a drip of a body": ([Send(HEAD), Drip(b"x" * 90, 0.05)], []),
    "no handshake": ([], [Stall()]),
}


class TestEveryStateOfTheConnection:
    @pytest.mark.parametrize(("script", "on_accept"), SCRIPTS.values(), ids=SCRIPTS.keys())
    async def test_with_a_server_that_stops_anywhere(self, script: Script, on_accept: Script) -> None:
        """Over our own transport, whose sockets are closed afterwards."""
        async with RawServer([script], on_accept=on_accept) as server:
            url = server.url.replace("http:", "https:") if on_accept else server.url
            client = BaseClient(base_url=url)
            call = asyncio.create_task(client.get("x"))
            async with asyncio.timeout(2):
                while not server.requests and not (on_accept and server.connections):  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            await is_ended(call, client.aclose)

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
