"""A truncated response is never taken for a complete one, wherever it ends."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib

import pytest

from globus_async import GlobusError, NetworkError, ResponseDecodeError, RetryPolicy
from tests.toolkit.clients import by_workers, client_of
from tests.toolkit.raw_server import Fin, RawServer, Received, Rst, Script, Send, ok

pytestmark = pytest.mark.slow

_LOTS = random.Random(1)
DOCUMENT = json.dumps({"DATA": [{"id": f"{_LOTS.getrandbits(128):032x}", "ok": True} for _ in range(33)]}).encode()
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _chunked(body: bytes) -> bytes:
    pieces = [body[start : start + 400] for start in range(0, len(body), 400)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _head(*lines: str) -> bytes:
    return (HEAD + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode()


_ZIPPED, _DEFLATED = gzip.compress(DOCUMENT, mtime=0), zlib.compress(DOCUMENT)
FRAMINGS = {
    "length": _head(f"Content-Length: {len(DOCUMENT)}") + DOCUMENT,
    "chunked": _head("Transfer-Encoding: chunked") + _chunked(DOCUMENT),
    "close": _head("Connection: close") + DOCUMENT,
    "gzip, length": _head("Content-Encoding: gzip", f"Content-Length: {len(_ZIPPED)}") + _ZIPPED,
    "gzip, chunked": _head("Content-Encoding: gzip", "Transfer-Encoding: chunked") + _chunked(_ZIPPED),
    "gzip, close": _head("Content-Encoding: gzip", "Connection: close") + _ZIPPED,
    "deflate, close": _head("Content-Encoding: deflate", "Connection: close") + _DEFLATED,
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("end", [Fin(), Rst()], ids=["fin", "rst"])
async def test_truncated_at_every_byte(framing: str, end: Fin | Rst) -> None:
    """0 silent successes: each truncation is a `NetworkError` that says the call may have been carried out."""
    asyncio.get_running_loop().set_debug(False)
    whole = FRAMINGS[framing]
    offsets = range(len(whole)) if isinstance(end, Fin) else range(0, len(whole), 7)
    taken_for_whole: dict[int, object] = {}
    stages: set[str] = set()

    def cut(request: Received) -> Script:
        return [Send(whole[: int(request.target.removeprefix("/"))]), end]

    async with RawServer(cut) as server, client_of(server.url) as client:

        async def ask(offset: int) -> None:
            try:
                response = await client.get(f"/{offset}")
            except NetworkError as error:
                stages.add(error.stage)
            else:
                taken_for_whole[offset] = response.data

        await by_workers(ask, offsets, workers=20)
        assert len(server.requests) == len(offsets)
    assert taken_for_whole == {}
    assert stages == {"no response", "response truncated"}


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_complete_responses_are_read(framing: str) -> None:
    """The same responses are read in every framing when they are complete."""
    async with RawServer([[Send(FRAMINGS[framing]), Fin()]]) as server, client_of(server.url) as client:
        assert (await client.get("/")).data == json.loads(DOCUMENT)


@pytest.mark.parametrize(("at", "hits"), [(0, 2), (10, 2), (200, 2)])
async def test_a_get_is_sent_again_and_a_post_is_not(at: int, hits: int) -> None:
    """After a truncated response a GET is repeated and succeeds; a POST may have been carried out, so it is not."""
    scripts: list[Script] = [[Send(FRAMINGS["length"][:at]), Rst()], [Send(ok(b'{"a":1}'))]]
    again = RetryPolicy(base_delay=0)
    async with RawServer(scripts) as server, client_of(server.url, retry=again) as client:
        assert (await client.get("/"))["a"] == 1
        assert len(server.requests) == hits
    async with RawServer(scripts) as server, client_of(server.url, retry=again) as client:
        with pytest.raises(NetworkError) as raised:
            await client.post("/", {})
        assert raised.value.maybe_executed
        assert len(server.requests) == 1


async def test_damage_inside_a_compressed_body_is_seen() -> None:
    """One flipped bit anywhere in a gzip body makes its checksum or its coding invalid."""
    asyncio.get_running_loop().set_debug(False)
    start = FRAMINGS["gzip, length"].index(b"\r\n\r\n") + 4
    # bytes 4 to 9 of a gzip header (time, flags, system) do not describe the content
    offsets = [offset for offset in range(len(_ZIPPED)) if not 4 <= offset < 10]
    unseen: list[int] = []

    def flipped(request: Received) -> Script:
        whole = bytearray(FRAMINGS["gzip, length"])
        whole[start + int(request.target.removeprefix("/"))] ^= 0x10
        return [Send(bytes(whole))]

    async with RawServer(flipped) as server, client_of(server.url) as client:

        async def ask(offset: int) -> None:
            try:
                await client.get(f"/{offset}")
            except ResponseDecodeError:
                return
            except GlobusError as error:
                raise AssertionError(f"{error!r} at {offset}") from error
            unseen.append(offset)

        await by_workers(ask, offsets, workers=20)
    assert unseen == []
