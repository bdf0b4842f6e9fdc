"""A small response that decompresses to a large one takes no more memory than the limit."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from functools import cache

import pytest

from globus_async import GlobusAPIError, GlobusError, ResponseDecodeError
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Send, reply

MIB = 1 << 20
LIMIT = 4 * MIB
CODINGS = (
    "gzip",
    "deflate",
    "deflate, raw",
    "gzip, gzip",
    "deflate, gzip",
    "gzip, gzip, gzip",
    "x-gzip, identity, gzip",
    ", ".join(["gzip"] * 60),
    "br",
    "zstd",
    "identity",
)


@cache  # not when tests are collected: it takes a second
def bomb(coding: str) -> bytes:
    """Return a body of few bytes that are 48 MiB when it is decoded, or that cannot be decoded."""
    if coding in {"br", "zstd"}:
        return b"anything"
    if coding.count("gzip") == 60:
        return gzip.compress(b"{}")
    body = b"[" + b" " * (48 * MIB) + b"]"
    if coding == "deflate, raw":
        packer = zlib.compressobj(9, wbits=-15)
        return packer.compress(body) + packer.flush()
    for each in coding.split(", "):
        if each != "identity":
            body = zlib.compress(body) if each == "deflate" else gzip.compress(body)
    return body


@pytest.mark.parametrize("status", [200, 302, 500])
@pytest.mark.parametrize("coding", CODINGS)
async def test_decompression_stops_at_the_limit(coding: str, status: int) -> None:
    """For successes, redirects and errors: a `GlobusError`, and a memory peak of at most the limit and 2 MiB."""
    asyncio.get_running_loop().set_debug(False)
    response = reply(status, bomb(coding), headers=[("Content-Encoding", coding.replace(", raw", ""))])
    async with RawServer([[Send(response)]]) as server, client_of(server.url, max_response_bytes=LIMIT) as client:
        with pytest.raises(GlobusError):
            await client.get("/warm")
        tracemalloc.start()
        try:
            with pytest.raises(GlobusError) as raised:
                await client.get("/")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    error = raised.value
    assert isinstance(error, ResponseDecodeError if status == 200 else GlobusAPIError)
    assert error.http_status == status
    if isinstance(error, GlobusAPIError):  # which the status is enough for
        assert error.body_error
        assert not error.raw_text
    assert peak <= LIMIT + 2 * MIB


async def test_reading_stops_at_once() -> None:
    """A body that is too large is not read to its end: the connection is closed."""
    response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + b" " * (64 * MIB)
    async with RawServer([[Send(response)]]) as server, client_of(server.url, max_response_bytes=MIB) as client:
        with pytest.raises(ResponseDecodeError, match="limit of 1048576 bytes"):
            await client.get("/")
        await server.until_closed()


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    """The limit is inclusive."""
    body = b'"' + b"x" * (MIB - 2) + b'"'
    scripts = [[Send(reply(200, body))], [Send(reply(200, body + b" "))]]
    async with RawServer(scripts) as server, client_of(server.url, max_response_bytes=MIB) as client:
        assert len((await client.get("/")).data) == MIB - 2
        with pytest.raises(ResponseDecodeError):
            await client.get("/")
