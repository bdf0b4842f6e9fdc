"""Clients are closed completely: descriptors, tasks and memory after many of them."""

from __future__ import annotations

import asyncio
import gc
import resource
import subprocess
import sys
import warnings

import pytest

from globus_async import BaseClient, ClientClosedError, GlobusError, Transport
from tests.toolkit.clients import client_of
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.raw_server import RawServer, Send, Stall, ok


@pytest.mark.slow
async def test_a_thousand_clients_leave_nothing() -> None:
    """1,000 times made, used and closed: no descriptor, no task, less than 5 MB of memory."""
    asyncio.get_running_loop().set_debug(False)
    async with RawServer([[Send(ok())]]) as server:

        async def cycle() -> None:
            async with client_of(server.url) as client:
                await client.get("/")

        for _ in range(50):
            await cycle()
        gc.collect()
        await server.until_closed()
        before, memory = Snapshot.take(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with recorded_problems() as problems:
            for number in range(1000):
                await cycle()
                if number % 200 == 0:
                    gc.collect()
        await server.until_closed()
        await before.settle()
        before.assert_nothing_new()
        problems.assert_none()
        server.requests.clear()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 5 * 1024


async def test_closing_twice_and_at_once() -> None:
    """`aclose` may be called again, by several tasks at once, and before anything was used."""
    async with RawServer([[Send(ok())]]) as server:
        transport = Transport()
        await BaseClient(base_url=server.url, transport=transport).get("/")
        await asyncio.gather(*(transport.aclose() for _ in range(5)))
        await transport.aclose()
    unused = BaseClient(base_url="http://127.0.0.1:1/")
    await unused.aclose()
    await unused.aclose()
    with pytest.raises(ClientClosedError):
        await unused.get("/")


async def test_a_client_does_not_close_a_shared_transport() -> None:
    """A shared transport outlives its clients, and is closed by its owner."""
    async with RawServer([[Send(ok())]]) as server, Transport() as transport:
        async with BaseClient(base_url=server.url, transport=transport) as first:
            await first.get("/")
        async with BaseClient(base_url=server.url, transport=transport) as second:
            await second.get("/")
        assert server.connections == 1


async def test_closing_under_a_call_ends_it() -> None:
    """A call in progress when its client is closed ends with a `GlobusError`; no task or socket is left."""
    before = Snapshot.take()
    async with RawServer([[Stall()]]) as server:
        client = BaseClient(base_url=server.url)
        call = asyncio.create_task(client.get("/"))
        await server.wait_for_requests(1)
        await client.aclose()
        with pytest.raises(GlobusError):
            async with asyncio.timeout(1):
                await call
    await before.settle()
    before.assert_nothing_new()


async def test_an_unclosed_transport_warns() -> None:
    """A transport that is garbage collected while open causes one warning that says what to do, and is closed."""
    async with RawServer([[Send(ok())]]) as server:
        with recorded_problems() as problems:
            client = BaseClient(base_url=server.url)
            await asyncio.gather(*(client.get("/") for _ in range(3)))
            del client
            gc.collect()
            await server.until_closed()
    assert [warning.category for warning in problems.warned] == [RuntimeWarning]
    assert "aclose()" in str(problems.warned[0].message)
    assert (problems.to_the_loop, problems.logged) == ([], [])


ENDS = {
    "nothing": ("pass", 1),
    "aclose": ("await client.aclose()", 0),
    "an exception": ("raise SystemExit", 1),
    "Ctrl-C": ("os.kill(os.getpid(), signal.SIGINT); await client.get('/stalled')", 1),
    "a task": ("global task; task = asyncio.create_task(client.get('/stalled')); await asyncio.sleep(0.05)", 1),
    "a global name": ("global kept; kept = client", 1),
    "a second client": ("other = BaseClient(base_url=URL); await other.get('/')", 1),
}
if sys.platform != "win32":
    FORK = "pid = os.fork(); client = client if pid else None; gc.collect(); pid or os._exit(0)"
    ENDS["a forked process"] = (f"{FORK}; os.waitpid(pid, 0); await client.aclose()", 0)
PROGRAM = """
import asyncio, gc, os, signal, sys
from globus_async import BaseClient
URL = sys.argv[1]
async def main():
    client = BaseClient(base_url=URL)
    await client.get("/")
    {end}
try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
"""


@pytest.mark.parametrize("end", ENDS)
async def test_a_program_that_does_not_close(end: str) -> None:
    """It prints one warning, in the words of this package only."""
    statement, number = ENDS[end]
    async with RawServer([[Send(ok()), Send(ok())]]) as server:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM.format(end=statement), server.url, stderr=subprocess.PIPE
        )
        printed = (await program.communicate())[1].decode()
    assert printed.count("a Transport was not closed") == number
    assert len(printed.splitlines()) <= 2 * number, printed


async def test_an_unused_client_needs_no_closing() -> None:
    """A client that was never used has opened nothing, and causes no warning."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client = BaseClient(base_url="http://127.0.0.1:1/")
        del client
        gc.collect()
    assert warned == []
