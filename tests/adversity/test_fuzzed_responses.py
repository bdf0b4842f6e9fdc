"""
Responses by a grammar that is wrong now and then: each is judged as ``h11`` judges it, or more strictly.

What we accept, ``h11`` accepts, as the same status, headers and body; and a connection is used again only if it has
nothing left over and keeps it open.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import h11
import pytest

from globus_async import NetworkError
from globus_async._http.headers import Headers
from globus_async.transport._attempt import check_framing
from globus_async.transport._connection import Connection
from tests.toolkit.http_grammar import FuzzedResponse, fuzzed_response
from tests.toolkit.lower_transport import LowerTransport
from tests.toolkit.random_cases import cases

CASES = 5_000
Fields = list[tuple[bytes, bytes]]
Accepted = tuple[int, Fields, bytes]


@pytest.fixture
def kernel() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


def lowered(fields: Any) -> Fields:
    """Return fields as both report them: names in lower case, and the transfer coding, whose case has no meaning."""
    names = [(bytes(name).lower(), bytes(value)) for name, value in fields]
    return [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in names]


def judged_by_h11(response: FuzzedResponse) -> tuple[Accepted | None, bool]:
    """Return what h11 makes of a response, and whether the connection can be used again."""
    peer = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 17)
    peer.send(h11.Request(method=response.method, target="/", headers=[("Host", "x")]))
    peer.send(h11.EndOfMessage())
    head: h11.Response | None = None
    body = b""
    try:
        for piece in [*response.pieces, *([b""] if response.ends else [])]:
            peer.receive_data(piece)
            while (event := peer.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                match event:
                    case h11.Response():
                        head = event
                    case h11.Data():
                        body += bytes(event.data)
                    case h11.EndOfMessage() if head is not None:
                        reusable = not peer.trailing_data[0] and peer.their_state is not h11.MUST_CLOSE
                        return (head.status_code, lowered(head.headers), body), reusable
                    case h11.ConnectionClosed():
                        break
                    case _:
                        pass
    except h11.RemoteProtocolError:
        pass
    return None, False


def judged_by_us(response: FuzzedResponse, kernel: socket.socket) -> tuple[Accepted | None, bool]:
    """Return what our connection makes of a response, and whether it would be used again."""
    lower, connection = LowerTransport(kernel), Connection(set())
    connection.connection_made(lower)
    idle: list[Connection] = []
    connection.idle = idle
    incoming = connection.begin(response.method, b"", is_whole=True, read_timeout=None)
    for piece in response.pieces:
        if not lower.closed:
            connection.data_received(piece)
    if response.ends and not lower.closed:
        connection.eof_received()
    reusable = idle == [connection] and not lower.closed
    connection.connection_lost(None)
    if incoming.error is not None or not incoming.is_complete:
        return None, False
    try:
        check_framing(Headers(incoming.fields))
    except NetworkError:
        return None, False
    return (incoming.status, lowered(incoming.fields), incoming.take()), reusable


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, cases(100_000, one_in=10), CASES))
async def test_as_strict_as_h11(first: int, kernel: socket.socket) -> None:
    """A response that we accept is the one that h11 reads; what follows it closes the connection."""
    asyncio.get_running_loop().set_debug(False)
    counted: Counter[str] = Counter()
    for number in range(first, first + CASES):
        response = fuzzed_response(number)
        ours, reusable = judged_by_us(response, kernel)
        if ours is None:
            counted["refused"] += 1
            continue
        counted["accepted"] += 1
        theirs, reusable_by_h11 = judged_by_h11(response)
        if theirs is None and b"0" * 25 in b"".join(response.pieces):
            continue  # h11 refuses sizes of chunks of more than 20 digits, which RFC 9112, 7.1 allows
        assert ours == theirs, (number, response)
        assert reusable_by_h11 or not reusable, (number, response)
    assert min(counted["accepted"], counted["refused"]) > CASES // 8
