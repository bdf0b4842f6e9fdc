"""A transport belongs to the loop that used it first, and a forked child starts clean."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator

import pytest

from globus_async import BaseClient, ClientClosedError, Transport, WrongEventLoopError
from tests.toolkit.clients import client_of
from tests.toolkit.raw_server import RawServer, Send, ok


@pytest.fixture
def server() -> Generator[RawServer]:
    """A server in a loop and thread of its own, for tests that have several loops."""
    loop, ready, served = asyncio.new_event_loop(), threading.Event(), RawServer([[Send(ok())]])
    stop = asyncio.Event()

    async def serve() -> None:
        async with served:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(5)
    yield served
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


def test_a_second_loop_is_refused_before_a_byte_is_sent(server: RawServer) -> None:
    """A client that was used in one loop raises an error in another, and continues to work in its own."""
    transport = Transport()
    client = BaseClient(base_url=server.url, transport=transport)

    async def use() -> None:
        await client.get("/")

    with asyncio.Runner() as runner:
        runner.run(use())
        for _ in range(2):
            with pytest.raises(WrongEventLoopError, match="one client per loop"):
                asyncio.run(use())
        assert len(server.requests) == 1
        runner.run(use())
        runner.run(transport.aclose())
    assert (len(server.requests), server.connections) == (2, 1)
    with pytest.raises(ClientClosedError):
        asyncio.run(use())


def test_three_runs_with_a_client_each(server: RawServer) -> None:
    """A client that is made and closed inside each `asyncio.run` works."""

    async def use() -> None:
        async with client_of(server.url) as client:
            await client.get("/")

    for _ in range(3):
        asyncio.run(use())
    assert len(server.requests) == 3


def test_a_runner_keeps_one_client_for_synchronous_code(server: RawServer) -> None:
    """With `asyncio.Runner`, synchronous code makes many calls with one client."""
    with asyncio.Runner() as runner:
        client = BaseClient(base_url=server.url)
        try:
            for _ in range(3):
                assert runner.run(client.get("/")).http_status == 200
        finally:
            runner.run(client.aclose())
    assert server.connections == 1


def test_another_thread_is_refused(server: RawServer) -> None:
    """Two threads with a loop each: the second gets an error, and the first is not affected."""

    async def first() -> None:
        async with client_of(server.url) as client:
            await client.get("/")
            outcome: list[BaseException | None] = []

            def second() -> None:
                try:
                    asyncio.run(use_elsewhere())
                except BaseException as error:  # noqa: BLE001 -- checked below
                    outcome.append(error)

            async def use_elsewhere() -> None:
                await client.get("/")

            thread = threading.Thread(target=second)
            thread.start()
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
            assert [type(error) for error in outcome] == [WrongEventLoopError]
            await client.get("/")

    asyncio.run(first())
    assert len(server.requests) == 2


def test_two_threads_with_a_client_each(server: RawServer) -> None:
    """Independent clients in two threads do not disturb each other."""
    failed: list[BaseException] = []

    async def use() -> None:
        async with client_of(server.url) as client:
            for _ in range(20):
                await client.get("/")

    def run() -> None:
        try:
            asyncio.run(use())
        except BaseException as error:  # noqa: BLE001 -- checked below
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(server.requests) == 40


def in_child(work: object) -> int:
    """Run something in a forked child; return how it ended."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            assert callable(work)
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_forked_child_starts_clean(server: RawServer) -> None:
    """With a warm pool: the child's calls use sockets of their own, and the parent's connection stays whole."""
    transport = Transport()
    client = BaseClient(base_url=server.url, transport=transport)

    async def ask(path: str) -> None:
        await client.get(path)

    async def in_a_loop_of_its_own() -> None:
        for _ in range(3):
            await ask("/child")
        await transport.aclose()

    with asyncio.Runner() as runner:
        runner.run(ask("/parent"))
        assert in_child(lambda: asyncio.run(in_a_loop_of_its_own())) == 0
        runner.run(ask("/parent"))
        runner.run(transport.aclose())
    by_target: dict[str, set[int]] = {"/parent": set(), "/child": set()}
    for request in server.requests:
        by_target[request.target].add(request.connection)
    assert len(server.requests) == 5
    assert len(by_target["/parent"]) == 1
    assert not by_target["/parent"] & by_target["/child"]


def test_a_child_that_only_ends(server: RawServer) -> None:
    """A child that never uses the inherited client takes nothing from the parent when it ends."""
    with asyncio.Runner() as runner:
        transport = Transport()
        client = BaseClient(base_url=server.url, transport=transport)
        runner.run(client.get("/"))
        assert in_child(lambda: None) == 0
        runner.run(client.get("/"))
        runner.run(transport.aclose())
    assert server.connections == 1
