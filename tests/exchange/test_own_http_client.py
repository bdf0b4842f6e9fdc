"""A caller's own HTTP client, with hooks and transports that behave differently from ours."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import httpx
import pytest

from globus_async import (
    BaseClient,
    ClientClosedError,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    ResponseDecodeError,
    RetryPolicy,
    Transport,
)
from tests.toolkit.cancel import MODES, POINTS, every_suspension
from tests.toolkit.clients import client_of
from tests.toolkit.http_clients import mock_client
from tests.toolkit.raw_server import RawServer, Send, reply
from tests.toolkit.scripted import Scripted


async def _read_all(response: Any) -> None:
    await response.aread()


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_a_hook_may_have_read_the_response(coding: str, library: ModuleType) -> None:
    """As logging hooks do: the body that the hook read is used."""
    document = b'{"id": "x"}'
    whole = reply(
        200, gzip.compress(document) if coding == "gzip" else document, headers=[("Content-Encoding", coding)]
    )
    async with (
        RawServer([[Send(whole)]]) as server,
        library.AsyncClient(event_hooks={"response": [_read_all]}) as http,
        client_of(server.url, http_client=http) as client,
    ):
        async with asyncio.timeout(1):
            assert (await client.get("/")).data == {"id": "x"}
            assert (await client.get("/"))["id"] == "x"
        assert server.connections == 1


async def test_a_body_read_by_a_hook_is_limited(library: ModuleType) -> None:
    """By the same maximum size."""
    async with (
        RawServer([[Send(reply(200, b'"' + b"x" * 100 + b'"'))]]) as server,
        library.AsyncClient(event_hooks={"response": [_read_all]}) as http,
        client_of(server.url, http_client=http, max_response_bytes=50) as client,
    ):
        with pytest.raises(ResponseDecodeError, match="larger than the limit of 50 bytes"):
            await client.get("/")


@pytest.mark.parametrize(
    "odd",
    [
        lambda _: OSError(5, "so it goes"),
        lambda _: ConnectionResetError(),
        lambda _: EOFError(),
        lambda _: asyncio.IncompleteReadError(b"", 3),
        lambda library: library.StreamClosed(),
        lambda library: library.StreamError("so it goes"),
        lambda library: library.HTTPError("so it goes"),
        lambda library: library.InvalidURL("so it goes"),
        lambda library: library.CookieConflict("so it goes"),
    ],
)
async def test_an_undocumented_error_is_a_network_error(
    odd: Callable[[ModuleType], Exception], library: ModuleType
) -> None:
    """No error of another library is raised, and the error says that the request may have been executed."""

    def gone(_: object) -> Any:
        raise odd(library)

    async with (
        library.AsyncClient(transport=library.MockTransport(gone)) as http,
        client_of("http://127.0.0.1/", http_client=http) as client,
    ):
        with pytest.raises(GlobusConnectionError) as raised:
            await client.post("/", {})
    assert raised.value.maybe_executed


async def test_a_timeout_of_the_client_is_a_timeout(library: ModuleType) -> None:
    """Also if it is not one of httpx's."""

    def late(_: object) -> Any:
        raise TimeoutError

    async with (
        library.AsyncClient(transport=library.MockTransport(late)) as http,
        client_of("http://127.0.0.1/", http_client=http) as client,
    ):
        with pytest.raises(GlobusTimeoutError):
            await client.get("/")


async def test_the_response_is_closed_when_it_is_not_used(library: ModuleType) -> None:
    """So that its connection is free again."""
    closed = []

    class Endless(library.AsyncByteStream):  # type: ignore[name-defined, misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" " * 10

        async def aclose(self) -> None:
            closed.append(self)

    bodies: list[Any] = []

    def respond(_: object) -> Any:
        bodies.append(Endless())
        return library.Response(200, stream=bodies[-1])

    async with (
        library.AsyncClient(transport=library.MockTransport(respond)) as http,
        client_of("http://127.0.0.1/", http_client=http, max_response_bytes=50) as client,
    ):
        with pytest.raises(ResponseDecodeError):
            await client.get("/")
        assert closed == bodies


KINDS = {
    "ConnectTimeout": GlobusConnectionTimeoutError,
    "ReadTimeout": GlobusTimeoutError,
    "PoolTimeout": GlobusConnectionTimeoutError,
    "ConnectError": GlobusConnectionError,
    "ReadError": GlobusConnectionError,
    "RemoteProtocolError": GlobusConnectionError,
    "ProxyError": GlobusConnectionError,
}


@pytest.mark.parametrize("name", KINDS)
async def test_errors_are_recognised_by_their_names(name: str, library: ModuleType) -> None:
    """Also those of a class that is derived from one of the library's."""
    derived = type("OfTheApplication", (getattr(library, name),), {})

    def fail(_: object) -> Any:
        raise derived("so it goes")

    async with (
        library.AsyncClient(transport=library.MockTransport(fail)) as http,
        client_of("http://127.0.0.1/", http_client=http) as client,
    ):
        with pytest.raises(KINDS[name]) as raised:
            await client.post("/", {})
    assert type(raised.value) is KINDS[name]
    assert raised.value.maybe_executed is (name not in {"ConnectTimeout", "PoolTimeout", "ConnectError", "ProxyError"})


async def test_nothing_of_the_client_is_added_to_a_request(library: ModuleType) -> None:
    """Neither its headers nor its parameters, cookies and credentials; redirects are not followed."""
    away = reply(302, b"{}", headers=[("Location", "/elsewhere"), ("Set-Cookie", "a=b")])
    async with (
        RawServer([[Send(away)]]) as server,
        library.AsyncClient(
            auth=("user", "password"),
            headers={"X-Mine": "1"},
            params={"mine": "1"},
            cookies={"mine": "1"},
            follow_redirects=True,
        ) as http,
        client_of(server.url, http_client=http) as client,
    ):
        for _ in range(2):
            with pytest.raises(GlobusAPIError):
                await client.post("/a b/é", {"a": "é"}, query_params={"filter": "name:a b/%"})
    assert [request.target for request in server.requests] == ["/a%20b/%C3%A9?filter=name%3Aa%20b%2F%25"] * 2
    for request in server.requests:
        assert json.loads(request.body) == {"a": "é"}
        assert {name for name, _ in request.headers} == {
            "host", "user-agent", "accept", "accept-encoding", "content-type", "content-length",
            "x-globus-client-info",
        }  # fmt: skip


async def test_a_client_that_has_been_closed(library: ModuleType) -> None:
    """The error says so, at once."""
    async with library.AsyncClient() as http:
        pass
    async with client_of("http://127.0.0.1:1/", http_client=http) as client:
        with pytest.raises(ClientClosedError):
            await client.get("/")


async def test_cancelled_at_every_suspension(
    library: ModuleType, record_property: Callable[[str, object], None]
) -> None:
    """The call is cancelled, and the next one made."""

    async def slow(_: httpx.Request) -> httpx.Response:
        for _turn in range(3):
            await asyncio.sleep(0)
        return httpx.Response(200, json={})

    async with (
        mock_client(slow) as http,
        client_of("http://127.0.0.1/", http_client=http, max_in_flight=1) as client,
    ):

        async def whole() -> None:
            await client.get("/next")

        points = await every_suspension(lambda: client.post("/", {}), whole)
    assert http.__class__.__module__.startswith(library.__name__)
    record_property(POINTS, points)
    assert points >= 3 * len(MODES)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda library: library.Client(),
        lambda library: library.AsyncClient,
        lambda library: library.AsyncHTTPTransport(),
        lambda _: "http://127.0.0.1",
        lambda _: object(),
        lambda _: 0,
    ],
)
def test_what_is_no_such_client_is_refused(wrong: Callable[[ModuleType], Any], library: ModuleType) -> None:
    """By the constructor, which names what it was given; a client of HTTP is not a transport either."""
    thing: Any = wrong(library)
    name = getattr(thing, "__name__", "0" if repr(thing) == "0" else type(thing).__name__)
    with pytest.raises(GlobusSDKUsageError, match=f"must be an httpx.AsyncClient.*{name}"):
        Transport(http_client=thing)
    with pytest.raises(GlobusSDKUsageError, match=rf"must be a Transport.*{name}"):
        BaseClient(base_url="http://127.0.0.1/", transport=thing)


async def test_an_http_client_is_no_transport(library: ModuleType) -> None:
    """The error says how to use it."""
    async with library.AsyncClient() as http:
        with pytest.raises(GlobusSDKUsageError, match=r"Transport\(http_client=...\)"):
            BaseClient(base_url="http://127.0.0.1/", transport=http)


@pytest.mark.parametrize(("status", "attempts"), [(407, 1), (403, 1), (429, 3), (503, 3)])
async def test_a_proxy_of_the_client_refuses(status: int, attempts: int) -> None:
    """As one of ours: what will not pass is not repeated."""
    asked = 0

    def refuse(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        raise httpx.ProxyError(f"{status} Refused")

    service = Scripted(refuse)
    async with service.client(retry=RetryPolicy(max_retries=2, base_delay=0)) as client:
        with pytest.raises(GlobusConnectionError, match=f"no connection through the proxy: {status}"):
            await client.get("/x")
    assert asked == attempts


@pytest.mark.parametrize("options", [{"ca_bundle": "x.pem"}, {"verify": False}])
async def test_settings_of_the_built_in_client_are_refused(options: dict[str, Any]) -> None:
    """They would have no effect, and nobody would see it."""
    async with httpx.AsyncClient() as http_client:
        with pytest.raises(GlobusSDKUsageError, match="ca_bundle and verify"):
            Transport(http_client=http_client, **options)
