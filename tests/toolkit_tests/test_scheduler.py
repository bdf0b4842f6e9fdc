"""The shuffling loop finds code that relies on asyncio's usual order."""

from __future__ import annotations

import asyncio

import pytest

from tests.toolkit.raw_server import Fin, RawServer, Send
from tests.toolkit.scheduler import run_shuffled


async def ordered() -> None:
    order: list[int] = []

    async def one(number: int) -> None:
        await asyncio.sleep(0)
        order.append(number)

    await asyncio.gather(*map(one, range(4)))
    assert order == [0, 1, 2, 3]


def test_finds_reliance_on_the_order_of_tasks() -> None:
    """Code that relies on the order fails with some seed, which is named."""
    asyncio.run(ordered())
    with pytest.raises(AssertionError) as found:
        run_shuffled(ordered, range(50))
    assert found.value.__notes__[-1].startswith("seed ")


def test_repeats_an_order() -> None:
    """A seed gives the same order each time."""

    def orders() -> list[str]:
        seen: list[str] = []

        async def scenario() -> None:
            async def one(name: str) -> None:
                await asyncio.sleep(0)
                seen.append(name)

            await asyncio.gather(*map(one, "abcdef"))

        run_shuffled(scenario, range(3))
        return seen

    assert orders() == orders()


def test_leaves_sockets_whole() -> None:
    """Transports work, whatever the order of tasks."""

    async def scenario() -> None:
        async with RawServer([[Send(b"x" * 100), Fin()]]) as server:

            async def ask() -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert await reader.read() == b"x" * 100
                writer.close()
                await writer.wait_closed()

            await asyncio.gather(*(ask() for _ in range(5)))

    assert run_shuffled(scenario, range(20)) == 20
