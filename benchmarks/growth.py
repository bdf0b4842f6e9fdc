"""What must not grow with the number of calls: a process of globus_async, for works that no other client has."""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from benchmarks.clients import Target, ids, ours
from benchmarks.worker import Result, measured, resident, serve
from globus_async import TransferClient, bulk


async def queued(tc: TransferClient, *, tasks: int) -> Result:
    """Fetch endpoints in one task each, all at once, over a few connections."""
    await bulk(tc.get_endpoint, ids(40))
    with measured() as result:
        outcomes = await asyncio.gather(*map(tc.get_endpoint, ids(tasks)), return_exceptions=True)
    result["errors"] = sum(isinstance(outcome, Exception) for outcome in outcomes)
    return result


async def waiting(tc: TransferClient, *, tasks: int, seconds: int) -> Result:
    """Wait for many tasks that do not end, with one poll per second."""
    await tc.get("/count")
    waits = [
        tc.task_wait(f"00000000-0000-4000-8000-{number:012x}", timeout=seconds, polling_interval=1)
        for number in range(tasks)
    ]
    with measured() as result:
        if any(await asyncio.gather(*waits)):
            raise ValueError("a task ended")
    result["requests"] = (await tc.get("/count"))["count"]
    return result


async def memory(tc: TransferClient, *, calls: int) -> Result:
    """Make bulk queries from a generator, and measure the memory above that of a used client."""
    for endpoint_id in ids(100):
        await tc.get_endpoint(endpoint_id)
    gc.collect()
    before = resident()
    found = 0
    async with bulk(tc.get_endpoint, ids(calls)) as outcomes:
        async for outcome in outcomes:
            found += len(outcome.value.text) > 0
    if found != calls:
        raise ValueError(f"{found} outcomes of {calls} calls")
    return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before}


def _bound(work: Callable[..., Awaitable[Result]]) -> Callable[..., Result]:
    async def connected(target: Mapping[str, Any], arguments: Mapping[str, int]) -> Result:
        async with ours.connect(Target(**target)) as client:
            return await work(client.client, **arguments)

    return lambda *, target, **arguments: asyncio.run(connected(target, arguments))


if __name__ == "__main__":
    serve({"queued": _bound(queued), "waiting": _bound(waiting), "memory": _bound(memory)}, ours.LIBRARIES)
