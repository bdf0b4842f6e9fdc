"""A master that is killed while tokens are refreshed: Sentinels let a replica take over, and no login is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from globus_async import GlobusSDKUsageError, RefreshTokenAuthorizer, Secret, SystemClock, Transport
from globus_async.errors import GlobusError
from globus_async.redis import RedisDatabase, RedisTokenStorage
from globus_async.redis.leases import RedisLease
from globus_async.services.auth import NativeAppAuthClient
from globus_async.token_storage import Lease, TokenStorageData
from tests.toolkit.redis_server import HOST, UNNAMED, RedisServer, SentinelSet, until
from tests.toolkit.rotating_auth import RotatingAuth

pytestmark = pytest.mark.slow

SERVER = "transfer.api.globus.org"
CLIENT_ID = "00000000-0000-4000-8000-000000000001"
LOGINS = [f"user-{number}" for number in range(5)]
LIFETIME = 3600


class AdvancedClock(SystemClock):
    """The time of this machine, and seconds that a test adds."""

    added = 0.0

    def wall(self) -> float:
        return super().wall() + self.added

    def monotonic(self) -> float:
        return super().monotonic() + self.added

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.2))


sentinel_of: Callable[..., Any] = Sentinel
"""redis-py has no types for it."""


@asynccontextmanager
async def connected(sentinel: SentinelSet) -> AsyncGenerator[RedisDatabase]:
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), **UNNAMED}
    found = sentinel_of([(HOST, port) for port in sentinel.ports], sentinel_kwargs={**options, "socket_timeout": 0.5})
    try:
        async with (
            found.master_for(sentinel.NAME, **options) as master,
            RedisDatabase(master, replicas=1, timeout=1) as database,
        ):
            yield database
    finally:
        for each in found.sentinels:
            await each.aclose()


class TrackedStorage(RedisTokenStorage):
    """A storage that lists the leases which are held or waited for."""

    def __init__(self, database: RedisDatabase, *, namespace: str, live: list[RedisLease]) -> None:
        super().__init__(database, namespace=namespace)
        self._live = live

    @asynccontextmanager
    async def lease(self, name: str, seconds: float) -> AsyncGenerator[Lease]:
        lease = super().lease(name, seconds)
        assert isinstance(lease, RedisLease)
        self._live.append(lease)
        try:
            async with lease as held:
                yield held
        finally:
            self._live.remove(lease)


def end_orphans(server: RedisServer, live: list[RedisLease]) -> None:
    """Let the time of the leases pass that nobody could release, which takes a minute."""
    holders = {each._holder for each in live}
    with server.client() as client:
        for key in client.keys("*:token-lease:*"):
            if client.get(key) not in holders:
                client.delete(key)


@dataclass
class Sharer:
    """A process that uses a login."""

    login: str
    storage: RedisTokenStorage
    authorizer: RefreshTokenAuthorizer
    failures: int = 0

    async def header(self) -> Secret:
        """Return the header, as soon as there is one."""
        while True:
            try:
                return await self.authorizer.get_authorization_header()
            except GlobusError:
                self.failures += 1
                await asyncio.sleep(0.05)

    @property
    def has_stored(self) -> bool:
        """Whether it has no token that is not stored yet."""
        shared = self.authorizer._shared
        return shared is None or shared._unwritten is None


async def test_a_failover_in_the_middle_of_refreshes(sentinel: SentinelSet, summary: Callable[[str], None]) -> None:
    """Five logins with two users each, expiry after expiry: no old refresh token is used, the newest are stored."""
    clock = AdvancedClock()
    async with AsyncExitStack() as stack:
        auth = await stack.enter_async_context(RotatingAuth(lifetime=LIFETIME, delay=0.01))
        databases = [await stack.enter_async_context(connected(sentinel)) for _ in range(2)]
        assert repr(databases[0]) == "<RedisDatabase at the master of 'tokens', prefix 'globus_async'>"
        transport = await stack.enter_async_context(Transport(clock=clock))
        client = NativeAppAuthClient(CLIENT_ID, transport=transport, base_url=auth.url)
        live: list[RedisLease] = []
        sharers: list[Sharer] = []
        for login in LOGINS:
            access, refresh = auth.login(login)
            storages = [TrackedStorage(database, namespace=login, live=live) for database in databases]
            for storage in storages:
                authorizer = RefreshTokenAuthorizer(None, client, storage=storage, resource_server=SERVER)
                sharers.append(Sharer(login, storage, authorizer))
            entry = TokenStorageData(SERVER, None, "all", access, refresh, 0, "Bearer")
            await storages[0].store_token_data_by_resource_server({SERVER: entry})

        async def expire_and_refresh() -> None:
            clock.added += 2 * LIFETIME
            await asyncio.gather(*(each.header() for each in sharers))

        for _ in range(3):
            await expire_and_refresh()
        refreshing = asyncio.create_task(expire_and_refresh())
        await asyncio.sleep(0.03)
        sentinel.master.kill()
        await asyncio.to_thread(until, sentinel.has_failed_over, "a failover")
        while not refreshing.done():
            await asyncio.sleep(0.1)
            clock.added += 5  # beyond the pauses between attempts
            if all(each.has_stored for each in sharers):
                end_orphans(sentinel.replica, live)
        await refreshing
        end_orphans(sentinel.replica, live)  # also those that were not released after the last look
        await expire_and_refresh()
        for each in sharers:
            stored = await each.storage.get_token_data(SERVER)
            assert stored is not None
            assert stored.refresh_token is not None
            assert stored.refresh_token.reveal() == auth.refresh_token(each.login)
        assert auth.replays == 0
        assert not any(auth.is_revoked(login) for login in LOGINS)
        failures = sum(each.failures for each in sharers)
        summary(f"Sentinel failover in the middle of {len(LOGINS)} refreshes: 0 logins lost, {failures} calls repeated")


async def test_a_client_that_asks_one_sentinel_for_too_long() -> None:
    """A Sentinel that does not respond must not keep the client from asking the next one."""
    for options in ({}, {"socket_timeout": None}, {"socket_timeout": 0.5}, {"socket_timeout": 3}):
        found = sentinel_of([(HOST, 1)], sentinel_kwargs=options)
        with pytest.raises(GlobusSDKUsageError, match="a Sentinel does not respond"):
            RedisDatabase(found.master_for("tokens"))
