"""
One client in a process of its own: runs the benchmarks named on stdin, and prints their figures on stdout.

``python -m benchmarks.worker aiohttp``, with ``--uvloop`` on uvloop's event loop, with ``--without-orjson`` as if
orjson were not installed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.metadata
import json
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from benchmarks.clients import Client, Target, ids

__all__ = ("Result", "ids", "main", "measured", "resident", "serve")

Result = dict[str, float]


@contextmanager
def measured() -> Generator[Result]:
    """Measure the block: wall time, and processor time of all threads of this process, in seconds."""
    result: Result = {}
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123 -- as few imports as possible
        return int(numbers.read().split()[1]) * 4096


async def calls(client: Client, *, warm_up: int, count: int, in_flight: int = 1) -> Result:
    """Fetch endpoints, one at a time or a number of them concurrently."""
    await _fetch(client, warm_up, in_flight)
    with measured() as result:
        await _fetch(client, count, in_flight)
    return result


async def _fetch(client: Client, count: int, in_flight: int) -> None:
    if in_flight > 1:
        found = await client.endpoints(ids(count), in_flight)
    else:
        found = sum([bool(await client.endpoint(endpoint_id)) for endpoint_id in ids(count)])
    if found != count:
        raise ValueError(f"{found} responses for {count} calls")


async def listings(client: Client, *, count: int, size: int) -> Result:
    """List a directory repeatedly."""
    entries = await client.listing(size)
    with measured() as result:
        for _ in range(count):
            if await client.listing(size) != entries:
                raise ValueError("a directory changed")
    return result


async def downloads(client: Client, *, count: int, size: int) -> Result:
    """Read a large body repeatedly, as it arrives."""
    whole = await client.download(size)
    with measured() as result:
        for _ in range(count):
            if await client.download(size) != whole:
                raise ValueError("a body is not whole")
    return result


async def gap(client: Client, *, count: int, size: int) -> Result:
    """List a directory repeatedly; return the longest time for which the event loop ran nothing else."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now

    await client.listing(size)
    ticking = asyncio.create_task(tick())
    for _ in range(count):
        await client.listing(size)
    ticking.cancel()
    return {"gap": longest}


async def paging(client: Client, *, pages: int) -> Result:
    """Read a long listing page by page."""
    await client.endpoint(next(ids(1)))  # opens the first connection, as for all clients
    with measured() as result:
        if await client.tasks(pages) != 1000 * pages:
            raise ValueError("not all tasks")
    return result


WORKS: dict[str, Callable[..., Awaitable[Result]]] = {
    "calls": calls,
    "listings": listings,
    "downloads": downloads,
    "gap": gap,
    "paging": paging,
}


def serve(works: Mapping[str, Callable[..., Result]], libraries: tuple[str, ...]) -> None:
    """Run the benchmark of each line of stdin."""
    print(json.dumps({name: importlib.metadata.version(name) for name in libraries}), flush=True)
    for line in sys.stdin:
        options = json.loads(line)
        print(json.dumps(works[options.pop("work")](**options)), flush=True)


def main() -> None:
    """Serve one client."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("client")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--without-orjson", action="store_true")
    options = parser.parse_args()
    if options.without_orjson:
        sys.modules["orjson"] = None  # type: ignore[assignment] # as if it were not installed
    module: Any = import_module(f"benchmarks.clients.{options.client}")
    run = import_module("uvloop" if options.uvloop else "asyncio").run

    def bound(work: Callable[..., Awaitable[Result]]) -> Callable[..., Result]:
        async def connected(target: Mapping[str, Any], arguments: Mapping[str, int]) -> Result:
            async with module.connect(Target(**target)) as client:
                return await work(client, **arguments)

        return lambda *, target, **arguments: run(connected(target, arguments))

    serve({name: bound(work) for name, work in WORKS.items()}, module.LIBRARIES)


if __name__ == "__main__":
    main()
