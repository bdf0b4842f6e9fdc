"""A caller's own ``httpx.AsyncClient``, with hooks and transports that behave differently from ours."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from globus_async import GlobusConnectionError, GlobusTimeoutError, ResponseDecodeError
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Send, reply


async def _read_all(response: httpx.Response) -> None:
    await response.aread()


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_a_hook_may_have_read_the_response(coding: str) -> None:
    """As logging hooks do: the body that the hook read is used."""
    document = b'{"id": "x"}'
    whole = reply(
        200, gzip.compress(document) if coding == "gzip" else document, headers=[("Content-Encoding", coding)]
    )
    async with (
        RawServer([[Send(whole)]]) as server,
        httpx.AsyncClient(event_hooks={"response": [_read_all]}) as http,
        client_of(server.url, http_client=http) as client,
    ):
        async with asyncio.timeout(1):
            assert (await client.get("/")).data == {"id": "x"}
            assert (await client.get("/"))["id"] == "x"
        assert server.connections == 1


async def test_a_body_read_by_a_hook_is_limited() -> None:
    """By the same maximum size."""
    async with (
        RawServer([[Send(reply(200, b'"' + b"x" * 100 + b'"'))]]) as server,
        httpx.AsyncClient(event_hooks={"response": [_read_all]}) as http,
        client_of(server.url, http_client=http, max_response_bytes=50) as client,
    ):
        with pytest.raises(ResponseDecodeError, match="larger than the limit of 50 bytes"):
            await client.get("/")


@pytest.mark.parametrize(
    "odd",
    [
        OSError(5, "so it goes"),
        ConnectionResetError(),
        EOFError(),
        asyncio.IncompleteReadError(b"", 3),
        httpx.StreamClosed(),
        httpx.InvalidURL("so it goes"),
        httpx.CookieConflict("so it goes"),
    ],
    ids=lambda odd: type(odd).__name__,
)
async def test_an_undocumented_error_is_a_network_error(odd: Exception) -> None:
    """No error of another library is raised, and the error says that the request may have been executed."""

    def gone(_: httpx.Request) -> httpx.Response:
        raise odd

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(gone)) as http,
        client_of("http://127.0.0.1/", http_client=http) as client,
    ):
        with pytest.raises(GlobusConnectionError) as raised:
            await client.post("/", {})
    assert raised.value.maybe_executed


async def test_a_timeout_of_the_client_is_a_timeout() -> None:
    """Also if it is not one of httpx's."""

    def late(_: httpx.Request) -> httpx.Response:
        raise TimeoutError

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(late)) as http,
        client_of("http://127.0.0.1/", http_client=http) as client,
    ):
        with pytest.raises(GlobusTimeoutError):
            await client.get("/")
