"""Redis Cluster: all operations, and a node that freezes until its replica takes over."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from globus_async import GlobusSDKUsageError, Secret
from globus_async.redis import RedisDatabase, RedisLeases, RedisRateLimits, RedisSessionStore, RedisTokenStorage
from globus_async.session_store import SessionStoreUnavailable
from tests.token_storage.factories import token_data
from tests.toolkit.redis_server import HOST, UNNAMED, Cluster, until

pytestmark = pytest.mark.slow
SERVER = "transfer.api.globus.org"


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Any]:
    nodes = [ClusterNode(HOST, node.port) for node in cluster.masters]
    async with RedisCluster(
        startup_nodes=nodes,
        retry=Retry(NoBackoff(), 0),
        **UNNAMED,
        socket_timeout=0.3,
        socket_connect_timeout=0.3,
    ) as client:
        yield client


async def test_all_operations(client: Any, cluster: Cluster, prefix: str) -> None:
    """On all nodes: each has some of the keys."""
    database = RedisDatabase(client, prefix=prefix, timeout=10)
    assert repr(database) == f"<RedisDatabase at a cluster, prefix {prefix!r}>"
    store, leases, limits = RedisSessionStore(database, key="k" * 32), RedisLeases(database), RedisRateLimits(database)
    for number in range(20):
        name = f"é {number}"
        storage = RedisTokenStorage(database, namespace=name)
        assert await storage.get_token_data_by_resource_server() == {}
        await storage.store_token_data_by_resource_server({SERVER: token_data("a"), "b": token_data("b", "b")})
        assert await storage.compare_and_set(token_data("a"), token_data("c"))
        assert await storage.remove_token_data("b")
        assert await storage.get_token_data_by_resource_server() == {SERVER: token_data("c")}
        await store.put(f"session:{number}", Secret("x"), seconds=100)
        assert await store.compare_and_set(f"session:{number}", Secret("x"), Secret("y"), seconds=100)
        assert await store.compare_and_set(f"login:{number}", None, Secret("x"), seconds=100)
        assert await store.pop(f"login:{number}") == Secret("x")
        assert await store.get(f"session:{number}") == Secret("y")
        assert await limits.reserve(name, interval=100, burst=1) == 0
        assert await limits.reserve(name, interval=100, burst=1) > 90
        async with leases.lease(name, 60), storage.lease(SERVER, 60):
            pass
    for node in cluster.masters:
        assert any(key.startswith(prefix) for key in node.command("KEYS", "*"))


async def test_a_frozen_node(client: Any, cluster: Cluster, prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its keys are unavailable until the replica takes over, the others are not; then nothing is lost."""
    database = RedisDatabase(client, prefix=prefix, timeout=1)
    store = RedisSessionStore(database)
    frozen = cluster.masters[0]
    ours: list[str] = []
    others: list[str] = []
    for number in range(60):
        key = f"session:{number}"
        await store.put(key, Secret(key), seconds=1000)
        node = client.get_node_from_key(database.key("sessions", *key.split(":")))
        (ours if node.port == frozen.port else others).append(key)
    assert len(ours) > 5
    assert len(others) > 5
    until(lambda: cluster.replica.command("DBSIZE") == frozen.command("DBSIZE"), "all keys in the replica")
    frozen.freeze()
    try:
        with pytest.raises(SessionStoreUnavailable, match=re.escape(f"at {frozen.address} cannot be used")):
            await store.get(ours[0])
        for key in ours[1:5]:
            with pytest.raises(SessionStoreUnavailable, match="not called again"):
                await store.get(key)
        await asyncio.to_thread(until, cluster.has_failed_over, "a failover")
        for key in ours:
            await _read(store, key)
        for key in others:
            await _read(store, key)
    finally:
        frozen.thaw()
    assert f"Redis at {frozen.address} cannot be used" in caplog.text


async def _read(store: RedisSessionStore, key: str) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(SessionStoreUnavailable):
                assert await store.get(key) == Secret(key)
                return
            await asyncio.sleep(0.05)


async def test_a_client_that_notices_frozen_nodes_too_late() -> None:
    for timeout in (None, 2.0, 5):
        client = RedisCluster(startup_nodes=[ClusterNode(HOST, 1)], socket_timeout=timeout, **UNNAMED)
        with pytest.raises(GlobusSDKUsageError, match=r"socket_timeout=0\.5"):
            RedisDatabase(client)
