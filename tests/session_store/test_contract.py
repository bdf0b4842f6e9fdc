"""The contract of all session stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from globus_async import Secret
from globus_async.session_store import SessionStore
from tests.session_store.factories import FACTORIES, LIMITED, MAX_ENTRIES, Factory, TestedStore
from tests.toolkit.cancel import POINTS, every_suspension


@pytest.fixture(params=FACTORIES)
async def tested(request: Any, tmp_path: Path) -> AsyncIterator[TestedStore]:
    async with FACTORIES[request.param](tmp_path) as tested:
        yield tested


@pytest.fixture
def store(tested: TestedStore) -> SessionStore:
    return tested.store


async def test_values_are_stored_replaced_and_removed(store: SessionStore) -> None:
    assert await store.get("session:a") is None
    assert await store.pop("session:a") is None
    await store.put("session:a", Secret("one"), seconds=10)
    await store.put("session:a", Secret("two\nlines, \x00 and é"), seconds=10)
    assert await store.get("session:a") == Secret("two\nlines, \x00 and é")
    assert await store.pop("session:a") == Secret("two\nlines, \x00 and é")
    assert await store.get("session:a") is None


async def test_values_expire(tested: TestedStore) -> None:
    """They are neither returned nor compared any more."""
    store = tested.store
    for name in "abc":
        await store.put(f"session:{name}", Secret(name), seconds=1000)
    await tested.advance(500)
    assert await store.get("session:a") == Secret("a")
    await tested.advance(500)
    assert await store.get("session:a") is None
    assert await store.pop("session:a") is None
    assert not await store.compare_and_set("session:b", Secret("b"), Secret("x"), seconds=1000)
    assert await store.compare_and_set("session:c", None, Secret("x"), seconds=1000)
    assert await store.get("session:c") == Secret("x")


async def test_a_value_that_is_replaced_has_a_new_time(tested: TestedStore) -> None:
    store = tested.store
    await store.put("session:a", Secret("a"), seconds=1000)
    await store.put("session:b", Secret("a"), seconds=1000)
    await tested.advance(500)
    await store.put("session:a", Secret("b"), seconds=1000)
    assert await store.compare_and_set("session:b", Secret("a"), Secret("b"), seconds=1000)
    await tested.advance(600)
    assert await store.get("session:a") == Secret("b")
    assert await store.get("session:b") == Secret("b")
    await store.put("session:a", Secret("c"), seconds=0.0001)
    await tested.advance(1)
    assert await store.get("session:a") is None


async def test_a_value_is_replaced_if_it_is_the_expected_one(store: SessionStore) -> None:
    a, b = Secret("a"), Secret("b")
    assert not await store.compare_and_set("tokens:x", a, b, seconds=10)
    assert await store.compare_and_set("tokens:x", None, a, seconds=10)
    assert not await store.compare_and_set("tokens:x", None, b, seconds=10)
    assert not await store.compare_and_set("tokens:x", b, a, seconds=10)
    assert await store.compare_and_set("tokens:x", a, b, seconds=10)
    assert await store.get("tokens:x") == b
    assert not await store.compare_and_set("tokens:x", a, None, seconds=10)
    assert await store.compare_and_set("tokens:x", b, None, seconds=10)
    assert await store.get("tokens:x") is None


async def test_of_concurrent_callers_one_succeeds(store: SessionStore) -> None:
    won = await asyncio.gather(
        *(store.compare_and_set("lease:x", None, Secret(str(each)), seconds=9) for each in range(20))
    )
    assert won.count(True) == 1
    popped = await asyncio.gather(*(store.pop("lease:x") for _ in range(20)))
    assert [value for value in popped if value is not None] == [Secret(str(won.index(True)))]


async def test_no_update_of_concurrent_writers_is_lost(store: SessionStore) -> None:
    await store.put("tokens:x", Secret("0"), seconds=1000)

    async def write() -> None:
        for _ in range(3):
            while True:
                old = await store.get("tokens:x")
                assert old is not None
                if await store.compare_and_set("tokens:x", old, Secret(str(int(old.reveal()) + 1)), seconds=1000):
                    break

    await asyncio.gather(*(write() for _ in range(4)))
    assert await store.get("tokens:x") == Secret("12")


@pytest.mark.parametrize("factory", LIMITED.values(), ids=LIMITED)
async def test_the_number_of_entries_is_limited(factory: Factory, tmp_path: Path) -> None:
    """Those that expire first are removed first; one kind does not displace another."""
    async with factory(tmp_path) as tested:
        store = tested.store
        await store.put("session:x", Secret("x"), seconds=100)
        for number in range(35):
            await store.put(f"login:{number}", Secret("y"), seconds=100)
            await tested.advance(0.01)
        kept = [number for number in range(35) if await store.get(f"login:{number}") is not None]
        assert kept == [*range(35 - MAX_ENTRIES, 35)]
        assert await store.get("session:x") == Secret("x")
        await store.put("login:34", Secret("z"), seconds=100)
        assert await store.get("login:25") is not None


async def test_a_call_cancelled_at_every_suspension(store: SessionStore, record_property: Any) -> None:
    """It has taken effect completely or not at all, and the store works on."""
    a, b = Secret("a"), Secret("b")

    async def call() -> None:
        await store.put("session:x", a, seconds=10)
        await store.compare_and_set("session:x", a, b, seconds=10)
        await store.get("session:x")
        await store.pop("session:x")

    async def holds() -> None:
        assert await store.get("session:x") in {None, a, b}
        await store.put("session:x", a, seconds=10)
        assert await store.pop("session:x") == a

    record_property(POINTS, await every_suspension(call, holds))
