"""
A long run: hundreds of thousands of calls, of which some meet a fault and some are cancelled.

``nox -s soak -- --calls 1000000``. Every request carries a marker that its response must have: a response to another
request, or to none, is a crossed one. Prints memory, descriptors and tasks from time to time; fails if one of them
grows, if a response is crossed, or if a call ends neither with a response nor with an error of the library.

The server shares the loop of the client, because only then it knows, when it sends a response that was not requested,
that no request is on its way: the response to a request that crosses it on the wire cannot be told from its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import select
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.worker import ids, resident
from globus_async import AccessTokenAuthorizer, GlobusError, RetryPolicy, Transport
from globus_async.services.transfer import TransferClient

FAULTS = 0.05
UNSOLICITED = 0.05
CANCELLED = 0.05
WORKERS = 40
CONNECTIONS = 20
MOST_GROWTH = 10_000_000
lots = random.Random()  # noqa: S311 -- not for cryptography
PADDING = b"x" * 2000
HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"


def whole(marker: bytes) -> bytes:
    """Return a response with a marker."""
    body = b'{"DATA_TYPE":"endpoint","id":"%b","padding":"%b"}' % (marker, PADDING)
    return HEAD % (b"200 OK", b"", len(body)) + body


REFUSED = HEAD % (b"503 Service Unavailable", b"Retry-After: 0\r\n", 2) + b"{}"
LATE = HEAD % (b"408 Request Timeout", b"", 2) + b"{}"
STRAYS = (whole(b"stray"), LATE, REFUSED, b"\r\n", whole(b"stray")[:50], b"HTTP/1.1 100 Continue\r\n\r\n", b"\0")


class FaultyServer(asyncio.Protocol):
    """Responds to every request, sometimes with a fault, and sometimes sends what was not requested."""

    transport: asyncio.Transport

    def __init__(self, sent: Counter[str]) -> None:
        self.sent = sent
        self.idle = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.input = select.poll()
        self.input.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Respond to a request; each arrives in one piece."""
        self.idle = False
        marker = data.split(b" ", 2)[1].rpartition(b"/")[2]
        fate = lots.random() / FAULTS
        if fate < 0.3:
            self.transport.abort()  # without a response
        elif fate < 0.6:
            response = whole(marker)
            self.transport.write(response[: lots.randrange(len(response))])
            self.transport.abort()
        elif fate < 1:
            self.respond(REFUSED)
        else:
            asyncio.get_running_loop().call_later(0.001, self.respond, whole(marker))

    def respond(self, response: bytes) -> None:
        """Send a response; sometimes twice, sometimes with bytes after it, sometimes with a late one."""
        self.idle = True
        fate = lots.random() / UNSOLICITED
        if fate < 0.2:
            self.sent["doubled responses"] += 1
            response += response
        elif fate < 0.4:
            self.sent["responses with trailing bytes"] += 1
            response += lots.choice(STRAYS)
        elif fate < 1:
            asyncio.get_running_loop().call_later(lots.random() * 0.002, self.send_stray)
        self.transport.write(response)

    def send_stray(self) -> None:
        """Send what was not requested, unless a request has been."""
        if self.idle and not self.transport.is_closing() and not self.input.poll(0):
            self.sent["unsolicited responses on idle connections"] += 1
            self.transport.write(lots.choice(STRAYS))


class Soak:
    """The calls and their results."""

    def __init__(self, client: TransferClient, markers: Iterator[str], calls: int) -> None:
        self.client = client
        self.markers = markers
        self.calls = calls
        self.begun = 0
        self.ends: Counter[str] = Counter()
        self.crossed = 0

    async def worker(self) -> None:
        """Make calls until the number is reached."""
        while self.begun < self.calls:
            self.begun += 1
            marker = next(self.markers)
            call = asyncio.ensure_future(self.client.get_endpoint(marker))
            if lots.random() < CANCELLED:
                asyncio.get_running_loop().call_later(lots.random() * 0.004, call.cancel)
            try:
                response = await call
            except asyncio.CancelledError:
                self.ends["cancelled"] += 1
            except GlobusError as error:
                self.ends[type(error).__name__] += 1
            else:
                self.crossed += response["id"] != marker
                self.ends["succeeded"] += 1


def standing() -> tuple[int, int, int]:
    """Return the memory in use, and the numbers of descriptors and tasks."""
    gc.collect()
    return resident(), sum(1 for _ in Path("/proc/self/fd").iterdir()), len(asyncio.all_tasks())


async def soak(port: int, sent: Counter[str], calls: int, reports: int = 20) -> bool:
    """Make the calls; return whether no response was crossed, and nothing has grown since the first part of them."""
    async with (
        TransferClient(
            base_url=f"http://127.0.0.1:{port}/",
            authorizer=AccessTokenAuthorizer("AgSoakToken"),
            retry=RetryPolicy(base_delay=0.001),
            rate_limit=None,
            transport=Transport(max_in_flight=CONNECTIONS),
        ) as client,
        client.transport,
    ):
        began, ends, crossed, markers = time.monotonic(), Counter[str](), 0, ids(calls)
        memory, descriptors, tasks = first = standing()
        for part in range(reports):
            run = Soak(client, markers, calls // reports)
            async with asyncio.TaskGroup() as group:
                for _ in range(WORKERS):
                    group.create_task(run.worker())
            ends += run.ends
            crossed += run.crossed
            memory, descriptors, tasks = standing()
            if part == 1:  # all caches are filled by then
                first = memory, descriptors, tasks
            print(
                f"{ends.total():>9,} calls, {time.monotonic() - began:6.0f} s: {memory / 1e6:.1f} MB,"
                f" {descriptors} descriptors, {tasks} tasks, {crossed} crossed; {dict(ends)}",
                flush=True,
            )
    grown = memory - first[0]
    print(
        f"memory grew by {grown / 1e6:.1f} MB since the second report; {crossed} crossed responses after {dict(sent)}"
    )
    return (
        not crossed
        and grown < MOST_GROWTH
        and descriptors <= first[1] + 2 * CONNECTIONS  # both ends of each
        and tasks == first[2]
    )


async def main(calls: int) -> bool:
    """Start the server, make the calls, end the server."""
    sent = Counter[str]()
    server = await asyncio.get_running_loop().create_server(lambda: FaultyServer(sent), "127.0.0.1", 0, backlog=1024)
    async with server:
        return await soak(server.sockets[0].getsockname()[1], sent, calls)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200_000)
    sys.exit(not asyncio.run(main(parser.parse_args().calls)))
