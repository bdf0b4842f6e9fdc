"""Tokens and sessions in Redis: their keys, concurrent writers, damaged and hostile values."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from globus_async import Secret
from globus_async.redis import RedisDatabase, RedisLeases, RedisRateLimits, RedisSessionStore, RedisTokenStorage
from globus_async.token_storage import EncryptedTokenStorage, TokenStorageDamaged
from tests.source import ROOT
from tests.token_storage.factories import token_data
from tests.toolkit.canaries import canary, leaks_of_error

SERVER = "transfer.api.globus.org"
KEY, OTHER = "k" * 32, "o" * 32
PAGE = ROOT / "docs" / "reference" / "redis.md"


Redis = Callable[..., Any]


def documented_keys(page: str) -> dict[str, str]:
    """Return the pattern of each key in the table of the reference page, and its type."""
    rows = re.findall(r"^\| `PREFIX:1:([^`]+)` \| (\w+) \|", page, re.MULTILINE)
    return {re.sub(r"[A-Z]+", "[^:]+", name): kind for name, kind in rows}


async def test_all_keys_are_documented(database: RedisDatabase, redis: Redis) -> None:
    """Those that all operations write, with their types; tokens have no expiration time, and all others have one."""
    patterns = documented_keys(PAGE.read_text())
    storage = RedisTokenStorage(database, namespace="a b")
    store = RedisSessionStore(database, key=KEY)
    found: dict[str, str] = {}
    await storage.store_token_data_by_resource_server({SERVER: token_data("a")})
    await storage.compare_and_set(None, token_data("b", "other"))
    await store.put("session:5e1f", Secret("x"), seconds=100)
    await store.compare_and_set("login:5e1f", None, Secret("x"), seconds=100)
    await store.put("tokens:5e1f", Secret("x"), seconds=100)
    assert await store.pop("tokens:5e1f") == Secret("x")
    await RedisRateLimits(database).reserve("transfer ada", interval=100, burst=1)
    async with storage.lease(SERVER, 60), RedisLeases(database).lease("a report", 60):
        for key in redis("KEYS", f"{database.prefix}:*"):
            name = key.decode().removeprefix(f"{database.prefix}:1:")
            (pattern,) = [each for each in patterns if re.fullmatch(each, name)]
            found[pattern] = redis("TYPE", key).decode()
            assert (redis("PTTL", key) < 0) is name.startswith("tokens:")
    assert found == patterns


# tokens


@pytest.mark.usefixtures("_without_debugging")
async def test_no_update_of_eight_writers_is_lost(url: str, prefix: str) -> None:
    """Each has a connection of its own, and makes fifty; unknown members of the document are kept."""
    pick = random.Random(8)
    async with AsyncExitStack() as stack:
        databases = [
            await stack.enter_async_context(RedisDatabase.from_url(url, prefix=prefix, timeout=10)) for _ in range(8)
        ]
        storages = [EncryptedTokenStorage(RedisTokenStorage(database), KEY) for database in databases]
        await storages[0].store_token_data_by_resource_server({SERVER: token_data("0", later_version={"kept": [1]})})

        async def write(storage: EncryptedTokenStorage) -> None:
            for _ in range(50):
                while True:
                    await asyncio.sleep(pick.uniform(0, 0.03))
                    old = await storage.get_token_data(SERVER)
                    assert old is not None
                    new = token_data(str(int(old.access_token.reveal()) + 1), **old.extra)
                    if await storage.compare_and_set(old, new):
                        break

        await asyncio.gather(*map(write, storages))
        assert await storages[0].get_token_data(SERVER) == token_data("400", later_version={"kept": [1]})


async def test_a_rewritten_entry_with_the_same_tokens_is_replaced(database: RedisDatabase, redis: Redis) -> None:
    """What counts are the tokens, not the text: another program may have written the members in another order."""
    storage = RedisTokenStorage(database)
    data = token_data("a")
    text = json.dumps(dict(sorted(data.to_dict().items())), indent=1)
    redis("HSET", database.key("tokens", "DEFAULT"), SERVER, text)
    assert await storage.compare_and_set(data, token_data("b"))
    assert await storage.get_token_data(SERVER) == token_data("b")


DAMAGED = {
    "not JSON": b"{",
    "empty": b"",
    "not text": b"\xff\xfe",
    "not an object": b"[]",
    "another type": b'{"resource_server": 5}',
    "a member twice": b'{"scope": "a", "scope": "b"}',
    "nested": b"[" * 100_000,
    "a large number": b'{"expires_at_seconds": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
async def test_damaged_tokens(database: RedisDatabase, redis: Redis, text: bytes) -> None:
    """The error names the entry, and quotes nothing of it; it is not overwritten, and can be removed."""
    storage = RedisTokenStorage(database, namespace="ada")
    secret = canary("access token")
    await storage.store_token_data_by_resource_server({"good": token_data(secret, "good")})
    redis("HSET", database.key("tokens", "ada"), SERVER, text)
    for call in (
        storage.get_token_data_by_resource_server(),
        storage.get_token_data(SERVER),
        storage.compare_and_set(None, token_data("a")),
        storage.compare_and_set(token_data("a"), token_data("b")),
    ):
        with pytest.raises(
            TokenStorageDamaged, match=f"tokens for '{SERVER}' in .*'ada'.* remove_token_data"
        ) as caught:
            await call
        assert leaks_of_error(caught.value) == []
    assert await storage.get_token_data("good") == token_data(secret, "good")
    assert redis("HGET", database.key("tokens", "ada"), SERVER) == text
    assert await storage.remove_token_data(SERVER)
    assert list(await storage.get_token_data_by_resource_server()) == ["good"]


async def test_a_name_that_is_not_text(database: RedisDatabase, redis: Redis) -> None:
    """It is shown in the error, readable."""
    redis("HSET", database.key("tokens", "DEFAULT"), b"\xff\x1b[2J", b"x")
    with pytest.raises(TokenStorageDamaged) as caught:
        await RedisTokenStorage(database).get_token_data_by_resource_server()
    assert r"\\xff\x1b[2J" in str(caught.value)


async def test_a_key_of_another_application(database: RedisDatabase, redis: Redis) -> None:
    """It is not overwritten; the error says which one it is."""
    key = database.key("tokens", "DEFAULT")
    redis("SET", key, "precious")
    storage = RedisTokenStorage(database)
    for call in (
        storage.get_token_data(SERVER),
        storage.get_token_data_by_resource_server(),
        storage.store_token_data_by_resource_server({SERVER: token_data("a")}),
        storage.compare_and_set(None, token_data("a")),
        storage.remove_token_data(SERVER),
    ):
        with pytest.raises(TokenStorageDamaged, match="does not hold tokens"):
            await call
    assert redis("GET", key) == b"precious"


async def test_encrypted_tokens_show_nothing(database: RedisDatabase, redis: Redis) -> None:
    secret = canary("access token")
    storage = EncryptedTokenStorage(RedisTokenStorage(database), KEY)
    await storage.store_token_data_by_resource_server({SERVER: token_data(secret, identity="canary")})
    (stored,) = redis("HVALS", database.key("tokens", "DEFAULT"))
    assert secret.encode() not in stored
    assert b"canary" not in stored


async def test_nothing_to_store(database: RedisDatabase, redis: Redis) -> None:
    await RedisTokenStorage(database).store_token_data_by_resource_server({})
    assert redis("EXISTS", database.key("tokens", "DEFAULT")) == 0


# sessions


async def test_encrypted_sessions_show_nothing(database: RedisDatabase, redis: Redis) -> None:
    """Nor can values be exchanged by somebody who can write to Redis."""
    store = RedisSessionStore(database, key=KEY)
    for name in ("ada", "bob"):
        await store.put(f"session:{name}", Secret(f"canary-of-{name}"), seconds=100)
    ada, bob = (database.key("sessions", "session", name) for name in ("ada", "bob"))
    value = redis("GET", ada)
    assert b"canary" not in value
    redis("SET", bob, value)
    assert await store.get("session:ada") == Secret("canary-of-ada")
    assert await store.get("session:bob") is None


async def test_the_key_of_sessions_is_replaced(database: RedisDatabase, caplog: pytest.LogCaptureFixture) -> None:
    await RedisSessionStore(database, key=KEY).put("session:a", Secret("a"), seconds=100)
    both = RedisSessionStore(database, key=[OTHER, Secret(KEY)])
    assert await both.get("session:a") == Secret("a")
    assert await both.compare_and_set("session:a", Secret("a"), Secret("b"), seconds=100)
    assert await RedisSessionStore(database, key=OTHER).get("session:a") == Secret("b")
    assert not [each for each in caplog.records if each.name == "globus_async"]
    old = RedisSessionStore(database, key=KEY)
    assert [await old.get("session:a") for _ in range(3)] == [None] * 3
    assert await old.compare_and_set("session:a", None, Secret("c"), seconds=100)
    assert await old.get("session:a") == Secret("c")
    (message,) = [record.getMessage() for record in caplog.records if record.name == "globus_async"]
    assert message == (
        f"{database!r} has values that its keys do not decrypt: they count as missing; an earlier key can be passed"
        " after the new one"
    )


HOSTILE = {
    "not text": ("SET", b"\xff\xfe"),
    "a list": ("LPUSH", "x"),
    "a hash": ("HSET", "x", "y"),
    "a set": ("SADD", "x"),
}


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("command", HOSTILE.values(), ids=HOSTILE)
async def test_values_that_are_not_sessions(
    database: RedisDatabase, redis: Redis, command: tuple[Any, ...], key: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """They count as missing, the log says so once, and they can be replaced."""
    store, name = RedisSessionStore(database, key=key), database.key("sessions", "session", "a")
    for _ in range(2):
        redis("DEL", name)
        redis(command[0], name, *command[1:])
        assert await store.get("session:a") is None
        assert not await store.compare_and_set("session:a", Secret("x"), Secret("y"), seconds=100)
        assert await store.compare_and_set("session:a", None, Secret("y"), seconds=100)
        assert await store.pop("session:a") == Secret("y")
        redis(command[0], name, *command[1:])
        assert await store.pop("session:a") is None
        await store.put("session:a", Secret("z"), seconds=100)
        assert await store.get("session:a") == Secret("z")
    assert len([record for record in caplog.records if record.name == "globus_async"]) == 1


async def test_no_value_for_its_time(database: RedisDatabase) -> None:
    """Whatever a caller passes: a value that expires at once is gone soon, and one of a million years is stored."""
    store = RedisSessionStore(database)
    for seconds in (0.0, -5.0, 1e-9):
        await store.put("session:a", Secret("a"), seconds=seconds)
        await asyncio.sleep(0.01)
        assert await store.get("session:a") is None
    for seconds in (1e20, float("inf")):
        await store.put("session:a", Secret("a"), seconds=seconds)
        assert await store.pop("session:a") == Secret("a")


async def test_what_the_store_shows(database: RedisDatabase) -> None:
    assert repr(RedisSessionStore(database)) == f"<RedisSessionStore in {database!r}, not encrypted>"
    assert repr(RedisSessionStore(database, key=KEY)) == f"<RedisSessionStore in {database!r}, encrypted>"
    secret = canary("key")[:20]
    with pytest.raises(ValueError, match="32 characters") as caught:
        RedisSessionStore(database, key=Secret(secret))
    assert leaks_of_error(caught.value) == []
