"""globus_async as a client, on asyncio's own event loop or on uvloop; the rate limit is off."""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import resource
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.worker import ids, measured, resident, serve
from globus_async import AccessTokenAuthorizer, Transport
from globus_async import bulk as many
from globus_async.services.transfer import TransferClient

Result = dict[str, Any]


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a benchmark on the event loop of this process."""
    if sys.argv[1:] == ["uvloop"]:
        import uvloop  # noqa: PLC0415 -- optional

        return uvloop.run(work)
    return asyncio.run(work)


def client(port: int, **options: Any) -> TransferClient:
    """Return a client for the server."""
    return TransferClient(
        base_url=f"http://127.0.0.1:{port}/",
        authorizer=AccessTokenAuthorizer("AgBenchmarkToken"),
        rate_limit=None,
        transport=Transport(**options),
    )


def sequential(ports: dict[str, int], *, calls: int) -> Result:
    """Fetch one endpoint after the other."""

    async def work() -> Result:
        async with client(ports["0.0"]) as tc, tc.transport:
            await tc.get_endpoint(next(ids(1)))
            with measured() as result:
                for endpoint_id in ids(calls):
                    assert (await tc.get_endpoint(endpoint_id))["display_name"]
            return result

    return run(work())


def bulk(ports: dict[str, int], *, calls: int, in_flight: int) -> Result:
    """Fetch many endpoints, a number of them concurrently."""

    async def work() -> Result:
        async with client(ports["0.05"], max_in_flight=in_flight) as tc, tc.transport:
            await many(tc.get_endpoint, ids(2 * in_flight), concurrency=in_flight)
            with measured() as result:
                async with many(tc.get_endpoint, ids(calls), concurrency=in_flight) as outcomes:
                    found = 0
                    async for outcome in outcomes:
                        assert outcome.value["display_name"]
                        found += 1
            assert found == calls
            return result

    return run(work())


def queued(ports: dict[str, int], *, tasks: int, connections: int) -> Result:
    """Fetch endpoints in one task each, all at once, over a few connections."""

    async def work() -> Result:
        async with client(ports["0.005"], max_in_flight=connections) as tc, tc.transport:
            await many(tc.get_endpoint, ids(2 * connections), concurrency=connections)
            with measured() as result:
                outcomes = await asyncio.gather(
                    *(tc.get_endpoint(endpoint_id) for endpoint_id in ids(tasks)), return_exceptions=True
                )
            result["errors"] = sum(isinstance(outcome, Exception) for outcome in outcomes)
            return result

    return run(work())


def paging(ports: dict[str, int], *, pages: int) -> Result:
    """Read a long listing."""

    async def work() -> Result:
        async with client(ports["0.1"]) as tc, tc.transport:
            await tc.get_endpoint(next(ids(1)))  # open the first connection, as for all clients
            with measured() as result:
                found = 0
                async for page in tc.task_list(num_results=1000 * pages).pages():
                    found += len(page)
            assert found == 1000 * pages
            return result

    return run(work())


def waiting(ports: dict[str, int], *, tasks: int, seconds: int) -> Result:
    """Wait for many tasks that do not end."""

    async def work() -> Result:
        async with client(ports["0.005"]) as tc, tc.transport:
            await tc.get("/count")
            waits = [
                tc.task_wait(f"00000000-0000-4000-8000-{number:012x}", timeout=seconds, polling_interval=1)
                for number in range(tasks)
            ]
            with measured() as result:
                assert not any(await asyncio.gather(*waits))
            result["requests"] = (await tc.get("/count"))["count"]
            return result

    return run(work())


def memory(ports: dict[str, int], *, calls: int) -> Result:
    """Make bulk queries from a generator, and measure the memory above that of a used client."""

    async def work() -> Result:
        async with client(ports["0.0"]) as tc, tc.transport:
            for endpoint_id in ids(100):
                await tc.get_endpoint(endpoint_id)
            gc.collect()
            before = resident()
            found = 0
            async with many(tc.get_endpoint, ids(calls)) as outcomes:
                async for outcome in outcomes:
                    found += len(outcome.value.text) > 0
            assert found == calls
            return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before}

    return run(work())


WORKS: dict[str, Callable[..., Result]] = {
    "sequential": sequential,
    "bulk": bulk,
    "queued": queued,
    "paging": paging,
    "waiting": waiting,
    "memory": memory,
}

if __name__ == "__main__":
    if sys.argv[1:] == ["plain"]:
        sys.modules["orjson"] = None  # type: ignore[assignment] # as if it were not installed
        names = ["globus-async"]
    else:
        names = ["globus-async", "httpx", "aiohttp", "orjson", *sys.argv[1:]]
    serve(WORKS, {name: importlib.metadata.version(name) for name in names})
