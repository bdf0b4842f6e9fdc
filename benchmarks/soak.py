"""
A long run: hundreds of thousands of calls, of which some meet a fault and some are cancelled.

``nox -s soak -- --calls 1000000``. Prints memory, descriptors and tasks from time to time; fails if one of them
grows, or if a call ends neither with a response nor with an error of the library.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.worker import ids, resident
from globus_async import AccessTokenAuthorizer, GlobusError, RetryPolicy, Transport
from globus_async.services.transfer import TransferClient

FAULTS = 0.05
CANCELLED = 0.05
WORKERS = 40
CONNECTIONS = 20
MOST_GROWTH = 10_000_000
lots = random.Random()  # noqa: S311 -- not for cryptography
BODY = b'{"DATA_TYPE":"endpoint","id":"x","display_name":"Lab storage","padding":"' + b"x" * 2000 + b'"}'
HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
WHOLE = HEAD % (b"200 OK", b"", len(BODY)) + BODY
REFUSED = HEAD % (b"503 Service Unavailable", b"Retry-After: 0\r\n", 2) + b"{}"


class Weather(asyncio.Protocol):
    """Responds to every request, sometimes with a fault."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 -- every request is the same
        """Respond to a request; each arrives in one piece."""
        fate = lots.random() / FAULTS
        if fate < 0.3:
            self.transport.abort()  # without a response
        elif fate < 0.6:
            self.transport.write(WHOLE[: lots.randrange(len(WHOLE))])
            self.transport.abort()
        elif fate < 1:
            self.transport.write(REFUSED)
        else:
            asyncio.get_running_loop().call_later(0.001, self.transport.write, WHOLE)


async def serve() -> None:
    """Serve until killed; print the port."""
    server = await asyncio.get_running_loop().create_server(Weather, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Soak:
    """The calls and their results."""

    def __init__(self, client: TransferClient, calls: int) -> None:
        self.client = client
        self.calls = calls
        self.begun = 0
        self.ends: Counter[str] = Counter()

    async def worker(self) -> None:
        """Make calls until the number is reached."""
        endpoint_id = next(ids(1))
        while self.begun < self.calls:
            self.begun += 1
            call = asyncio.ensure_future(self.client.get_endpoint(endpoint_id))
            if lots.random() < CANCELLED:
                asyncio.get_running_loop().call_later(lots.random() * 0.004, call.cancel)
            try:
                response = await call
            except asyncio.CancelledError:
                self.ends["cancelled"] += 1
            except GlobusError as error:
                self.ends[type(error).__name__] += 1
            else:
                assert response["display_name"]
                self.ends["succeeded"] += 1


def standing() -> tuple[int, int, int]:
    """Return the memory in use, and the numbers of descriptors and tasks."""
    gc.collect()
    return resident(), sum(1 for _ in Path("/proc/self/fd").iterdir()), len(asyncio.all_tasks())


async def soak(port: int, calls: int, reports: int = 20) -> bool:
    """Make the calls; return whether nothing has grown since the first part of them."""
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
        began, ends = time.monotonic(), Counter[str]()
        memory, descriptors, tasks = first = standing()
        for part in range(reports):
            run = Soak(client, calls // reports)
            async with asyncio.TaskGroup() as group:
                for _ in range(WORKERS):
                    group.create_task(run.worker())
            ends += run.ends
            memory, descriptors, tasks = standing()
            if part == 1:  # all caches are filled by then
                first = memory, descriptors, tasks
            print(
                f"{ends.total():>9,} calls, {time.monotonic() - began:6.0f} s: {memory / 1e6:.1f} MB,"
                f" {descriptors} descriptors, {tasks} tasks; {dict(ends)}",
                flush=True,
            )
    grown = memory - first[0]
    print(f"memory grew by {grown / 1e6:.1f} MB since the second report")
    return grown < MOST_GROWTH and descriptors <= first[1] + CONNECTIONS and tasks == first[2]


async def main(calls: int) -> bool:
    """Start the server, make the calls, end the server."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.soak", "--serve"), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        return await soak(int(await server.stdout.readline()), calls)
    finally:
        server.kill()
        await server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
    else:
        sys.exit(not asyncio.run(main(options.calls)))
