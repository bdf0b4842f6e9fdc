"""The contract of the stores of rate limits, in Redis, PostgreSQL and SQLite, and with several processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from redis import Redis

from globus_async import GlobusSDKUsageError
from globus_async.redis import RedisDatabase, RedisRateLimits
from globus_async.sql import SQLDatabase, SQLRateLimits
from globus_async.token_storage import TokenStorageUnavailable
from tests.rate_limits.stores import KINDS, OpenStore, opened, store_url
from tests.toolkit.redis_server import shared_redis_url

KEY = "https://transfer.api.globus.org Ä / user"


@pytest.fixture(params=KINDS)
async def found(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """A store of each kind."""
    async with opened(request.param, store_url(request.param, tmp_path)) as store:
        yield store


async def waits(store: Any, number: int, *, interval: float = 1000.0, burst: int = 1, key: str = KEY) -> list[float]:
    """Reserve one slot after the other; intervals are long, so that the time of the calls does not matter."""
    return [await store.reserve(key, interval=interval, burst=burst) for _ in range(number)]


class TestContract:
    @pytest.mark.parametrize("burst", [1, 3])
    async def test_slots(self, found: OpenStore, burst: int) -> None:
        """As many slots as the burst are free at once, further ones are an interval apart; keys have their own."""
        begin = time.monotonic()
        received = await waits(found.store, 6, burst=burst)
        elapsed = time.monotonic() - begin + 0.01
        for number, wait in enumerate(received):
            slot = max(0, number + 1 - burst) * 1000
            assert max(0.0, slot - elapsed) <= wait <= slot + 0.01
        assert await waits(found.store, 1, key="another") == [0.0]

    async def test_a_free_slot_is_not_saved_up(self, found: OpenStore) -> None:
        """After the reserved slots have passed, no more of them are free than the burst."""
        await waits(found.store, 4, interval=1e-6)
        await asyncio.sleep(0.002)
        first, second, third = await waits(found.store, 3, burst=2)
        assert first == second == 0
        assert third > 0

    async def test_concurrent_calls(self, found: OpenStore) -> None:
        """Each of many concurrent calls has a slot of its own."""
        begin = time.monotonic()
        calls = (found.store.reserve(KEY, interval=1000.0, burst=1) for _ in range(30))
        received = sorted(await asyncio.gather(*calls))
        elapsed = time.monotonic() - begin + 0.01
        for number, wait in enumerate(received):
            assert max(0.0, number * 1000 - elapsed) <= wait <= number * 1000 + 0.01

    async def test_a_clock_that_is_set_back(self, found: OpenStore) -> None:
        """The slots go along: the next wait is as long as without it, not longer by the hour."""
        await waits(found.store, 3)
        await found.shift(KEY, 3600.0)
        (wait,) = await waits(found.store, 1)
        assert 2900 <= wait <= 3000.01
        (wait,) = await waits(found.store, 1)
        assert 3900 <= wait <= 4000.01

    async def test_a_clock_that_is_set_forward(self, found: OpenStore) -> None:
        """Slots that have passed by it are not saved up: no more than the burst are free at once."""
        await waits(found.store, 3)
        await found.shift(KEY, -86_400.0)
        received = await waits(found.store, 3, burst=2)
        assert received[:2] == [0.0, 0.0]
        assert 900 <= received[2] <= 1000

    async def test_damage(self, found: OpenStore) -> None:
        """What cannot be due to calls counts as missing."""
        await waits(found.store, 3)
        await found.damage(KEY)
        first, second = await waits(found.store, 2)
        assert first == 0
        assert 900 <= second <= 1000.01

    async def test_expiry(self, found: OpenStore) -> None:
        """An entry is kept as long as it has an effect."""
        await waits(found.store, 3)
        assert 2900 <= await found.lifetime(KEY) <= 3000.01

    async def test_any_key(self, found: OpenStore) -> None:
        """Keys are any text, and none is taken for another."""
        keys = ("", " ", "a:b", "a%3Ab", "ä", "\ud800", "\0", "x" * 5000, "x" * 5001, "{a}", "'; --")
        for key in keys:
            assert await waits(found.store, 1, key=key) == [0.0]

    @pytest.mark.parametrize("arguments", [{"interval": 0}, {"interval": -1}, {"burst": 0}, {"key": None}])
    async def test_arguments(self, found: OpenStore, arguments: dict[str, Any]) -> None:
        """Invalid ones are refused."""
        valid: dict[str, Any] = {"key": KEY, "interval": 1.0, "burst": 1} | arguments
        key = valid.pop("key")
        with pytest.raises(GlobusSDKUsageError):
            await found.store.reserve(key, **valid)


class TestFailures:
    async def test_no_server(self) -> None:
        """An error of the library, without the password."""
        async with RedisDatabase.from_url("redis://:secret@127.0.0.1:1/0") as database:
            with pytest.raises(TokenStorageUnavailable) as caught:
                await RedisRateLimits(database).reserve(KEY, interval=1.0, burst=1)
        assert "secret" not in str(caught.value)
        async with SQLDatabase.from_url("postgresql+asyncpg://user:secret@127.0.0.1:1/x") as sql:
            with pytest.raises(TokenStorageUnavailable) as caught:
                await SQLRateLimits(sql).reserve(KEY, interval=1.0, burst=1)
        assert "secret" not in str(caught.value)

    async def test_a_key_of_another_type(self) -> None:
        """The error names the key."""
        prefix = f"test:{token_hex(8)}"
        with Redis.from_url(shared_redis_url()) as client:
            client.lpush(f"{prefix}:1:rate-limit:x", "1")
        async with opened("redis", shared_redis_url(), prefix=prefix) as found:
            with pytest.raises(TokenStorageUnavailable, match="not of this library; delete it"):
                await found.store.reserve("x", interval=1.0, burst=1)

    def test_types(self) -> None:
        """The database is one of the right class."""
        with pytest.raises(GlobusSDKUsageError, match="database must be a RedisDatabase"):
            RedisRateLimits("redis://localhost")  # type: ignore[arg-type]
        with pytest.raises(GlobusSDKUsageError, match="database must be a SQLDatabase"):
            SQLRateLimits("sqlite://")  # type: ignore[arg-type]


class TestProcesses:
    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["redis", "postgresql"])
    def test_grants(self, kind: str, tmp_path: Path) -> None:
        """
        No period has more slots than the limit, by the clock of the server, whatever process has reserved them.

        A slot is somewhere between the question and the response, plus the wait; so a slow machine makes this weaker,
        and never fails it.
        """
        interval, burst, number = 0.002, 3, 40
        url, prefix = store_url(kind, tmp_path), f"test:{token_hex(8)}"
        program = (sys.executable, "-m", "tests.rate_limits.reserving_process", kind, url, prefix)
        limit = json.dumps({"interval": interval, "burst": burst})
        processes = [subprocess.Popen((*program, limit, str(number)), stdout=subprocess.PIPE) for _ in range(3)]
        slots = [slot for process in processes for slot in json.loads(process.communicate()[0])]
        assert len(slots) == 3 * number
        earliest, latest = (sorted(side) for side in zip(*slots, strict=True))
        for first, begin in enumerate(earliest):
            for last in range(first + burst, len(latest)):
                assert latest[last] - begin >= (last - first + 1 - burst) * interval - 1e-4


async def test_two_connections(tmp_path: Path) -> None:
    """Stores with the same database share the slots, those with another prefix do not."""
    async with AsyncExitStack() as stack:
        url, prefix = shared_redis_url(), f"test:{token_hex(8)}"
        one, two = [await stack.enter_async_context(opened("redis", url, prefix=prefix)) for _ in range(2)]
        other = await stack.enter_async_context(opened("redis", url))
        await waits(one.store, 1)
        assert (await waits(two.store, 1))[0] > 900
        assert await waits(other.store, 1) == [0.0]
