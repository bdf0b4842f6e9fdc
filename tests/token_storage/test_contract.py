"""The contract of all token storages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from globus_async import GlobusSDKUsageError
from globus_async.token_storage import TokenStorage, TokenStorageData
from tests.token_storage.factories import FACTORIES, SHARED, Factory, token_data
from tests.toolkit.cancel import POINTS, every_suspension

SERVER = "transfer.api.globus.org"


@pytest.fixture(params=FACTORIES)
async def storage(request: Any, tmp_path: Path) -> AsyncIterator[TokenStorage]:
    async with FACTORIES[request.param](tmp_path / "new" / "folder", "DEFAULT", None) as storage:
        yield storage


@pytest.fixture(params=SHARED)
def make(request: Any, tmp_path: Path) -> Callable[[str], TokenStorage]:
    return lambda namespace: SHARED[request.param](tmp_path, namespace, None)


async def test_tokens_are_stored_replaced_and_removed(storage: TokenStorage) -> None:
    assert await storage.get_token_data_by_resource_server() == {}
    assert await storage.get_token_data(SERVER) is None
    assert not await storage.remove_token_data(SERVER)
    await storage.store_token_data_by_resource_server({SERVER: token_data("a"), "other": token_data("b", "other")})
    await storage.store_token_data_by_resource_server({SERVER: token_data("c")})
    assert await storage.get_token_data(SERVER) == token_data("c")
    assert await storage.get_token_data_by_resource_server() == {
        SERVER: token_data("c"),
        "other": token_data("b", "other"),
    }
    assert await storage.remove_token_data(SERVER)
    assert not await storage.remove_token_data(SERVER)
    assert list(await storage.get_token_data_by_resource_server()) == ["other"]


async def test_every_member_survives(storage: TokenStorage) -> None:
    """Without the members that are ``None``, and with further ones."""
    full = TokenStorageData("a", "id", "x y[z]", "access", "refresh", 1, "Bearer", {"n": None, "deep": [{"é": 1.5}]})
    bare = TokenStorageData("b", None, "", "", None, -1, None)
    await storage.store_token_data_by_resource_server({"a": full, "b": bare})
    assert await storage.get_token_data_by_resource_server() == {"a": full, "b": bare}


async def test_compare_and_set(storage: TokenStorage) -> None:
    a, b, c = (token_data(text) for text in "abc")
    assert not await storage.compare_and_set(a, b)
    assert await storage.compare_and_set(None, a)
    assert not await storage.compare_and_set(None, b)
    assert not await storage.compare_and_set(b, c)
    assert await storage.compare_and_set(a, b)
    assert await storage.get_token_data(SERVER) == b


async def test_of_concurrent_writers_one_succeeds(storage: TokenStorage) -> None:
    won = await asyncio.gather(*(storage.compare_and_set(None, token_data(f"t{number}")) for number in range(10)))
    assert won.count(True) == 1
    assert await storage.get_token_data(SERVER) == token_data(f"t{won.index(True)}")


async def test_no_concurrent_write_is_lost(storage: TokenStorage) -> None:
    names = [f"server-{number}" for number in range(20)]
    await asyncio.gather(
        *(storage.store_token_data_by_resource_server({name: token_data(name, name)}) for name in names)
    )
    assert sorted(await storage.get_token_data_by_resource_server()) == sorted(names)


async def test_a_call_cancelled_at_every_suspension(storage: TokenStorage, record_property: Any) -> None:
    """It has taken effect completely or not at all, and the storage works on."""
    a, b = token_data("a"), token_data("b")

    async def call() -> None:
        await storage.store_token_data_by_resource_server({SERVER: a, "other": token_data("x", "other")})
        await storage.compare_and_set(a, b)
        await storage.get_token_data(SERVER)
        await storage.remove_token_data(SERVER)

    async def holds() -> None:
        assert await storage.get_token_data(SERVER) in [None, a, b]
        await storage.store_token_data_by_resource_server({SERVER: a})
        assert await storage.get_token_data(SERVER) == a

    record_property(POINTS, await every_suspension(call, holds))


async def test_wrong_arguments_change_nothing(storage: TokenStorage) -> None:
    """A value that cannot be stored is refused together with the others."""
    good = token_data("a")
    wrong: list[Any] = [
        {SERVER: good, "b": {"access_token": "x"}},
        {SERVER: good, "b": token_data("x", "b", odd=float("nan"))},
        {SERVER: good, "b": token_data("x", "b", odd=object())},
        {SERVER: good, "b": token_data("x", "b", odd="\ud800")},
        {SERVER: good, "b": token_data("x", "b", odd={1: "a", "1": "b"})},
        {SERVER: good, "\ud800": good},
        {SERVER: good, 1: good},
        [good],
        None,
    ]
    if type(storage).__name__ != "MemoryTokenStorage":
        for each in wrong:
            with pytest.raises(GlobusSDKUsageError):
                await storage.store_token_data_by_resource_server(each)
    assert await storage.get_token_data_by_resource_server() == {}


async def test_a_resource_server_may_have_any_name(storage: TokenStorage) -> None:
    names = ["", "\0", "é\n", "'; DROP TABLE token_storage; --", "../x", "__proto__", "x" * 5000]
    await storage.store_token_data_by_resource_server({name: token_data("a", name) for name in names})
    assert sorted(await storage.get_token_data_by_resource_server()) == sorted(names)
    for name in names:
        assert await storage.remove_token_data(name)
    assert not await storage.remove_token_data("\ud800")


async def test_namespaces_are_apart(make: Callable[[str], TokenStorage]) -> None:
    one, same, other = make("one"), make("one"), make("é 'other'")
    await one.store_token_data_by_resource_server({SERVER: token_data("a")})
    assert await other.get_token_data(SERVER) is None
    assert not await other.remove_token_data(SERVER)
    await other.store_token_data_by_resource_server({SERVER: token_data("b")})
    assert await same.get_token_data(SERVER) == token_data("a")
    assert await other.get_token_data(SERVER) == token_data("b")
    for storage in (one, same, other):
        await storage.aclose()


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
FIELDS = frozenset(TokenStorageData.__dataclass_fields__)
ENTRIES = st.builds(
    TokenStorageData,
    TEXT,
    st.none() | TEXT,
    TEXT,
    TEXT,
    st.none() | TEXT,
    st.integers(-(10**12), 10**12),
    st.none() | TEXT,
    st.dictionaries(TEXT.filter(lambda name: name not in FIELDS), JSON, max_size=2),
)


@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from("pcr"), st.sampled_from("ab"), ENTRIES), max_size=6), data=st.data())
def test_a_storage_is_a_dictionary(
    factory: Factory, steps: list[tuple[str, str, TokenStorageData]], data: Any, tmp_path_factory: Any
) -> None:
    """Whatever is stored, compared and removed, in whatever order, in two namespaces."""

    async def run() -> None:
        folder = tmp_path_factory.mktemp("storage")
        async with factory(folder, "a", None) as first, factory(folder, "b", None) as second:
            await compare({"a": first, "b": second})

    async def compare(storages: dict[str, TokenStorage]) -> None:
        models: dict[str, dict[str, TokenStorageData]] = {name: {} for name in storages}
        try:
            for step, name, entry in steps:
                storage, model, server = storages[name], models[name], entry.resource_server
                if step == "p":
                    await storage.store_token_data_by_resource_server({server: entry})
                    model[server] = entry
                elif step == "c":
                    old = data.draw(st.sampled_from([None, entry, model.get(server)]))
                    is_current = model.get(server) == old
                    assert await storage.compare_and_set(old, entry) is is_current
                    if is_current:
                        model[server] = entry
                else:
                    assert await storage.remove_token_data(server) is (model.pop(server, None) is not None)
            for name, storage in storages.items():
                assert await storage.get_token_data_by_resource_server() == models[name]
        finally:  # an example may be given up
            for storage in storages.values():
                await storage.aclose()

    asyncio.run(run())
