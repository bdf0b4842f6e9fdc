"""Authorizers with a token storage: one refresh for all, whatever happens to storage, lease and service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from globus_async import Transport
from globus_async.authorizers import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from globus_async.token_storage import (
    MemoryTokenStorage,
    TokenStorageData,
)
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.clock import FakeClock

SERVER = "transfer.api.globus.org"
SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all"


class Scripted(MemoryTokenStorage):
    """
    A storage in memory that fails as its script says.

    Attributes:
        calls: The calls that were made, in order: ``"read"``, ``"write"``.
        before: Called before the effect of a call, with its kind; raises an error to fail, or returns a coroutine.
        after: The same after the effect.
    """

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.calls: list[str] = []
        self.before: Callable[[str], Any] = lambda _: None
        self.after: Callable[[str], Any] = lambda _: None

    async def _scripted(self, kind: str, script: Callable[[str], Any]) -> None:
        done = script(kind)
        if isinstance(done, Coroutine):
            await done

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        self.calls.append("read")
        await self._scripted("read", self.before)
        stored = self._data.get(resource_server)
        await self._scripted("read", self.after)
        return stored

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        self.calls.append("write")
        await self._scripted("write", self.before)
        if self._data.get(new.resource_server) != old:
            return False
        self._data[new.resource_server] = new
        await self._scripted("write", self.after)
        return True


def entry(
    access: str = "at-0", refresh: str | None = "rt-0", *, expires_at: float = 0, scope: str = SCOPE, **more: Any
) -> TokenStorageData:
    return TokenStorageData(SERVER, "an-identity", scope, access, refresh, int(expires_at), "Bearer", more)


@asynccontextmanager
async def shared(*, skipping: bool = True) -> AsyncGenerator[tuple[Scripted, FakeAuth, FakeClock]]:
    """Make a storage with an expired token, and a token server in memory."""
    clock = FakeClock(skipping=skipping)
    storage = Scripted(clock)
    await storage.store_token_data_by_resource_server({SERVER: entry(note="kept")})
    async with Transport(clock=clock) as transport:
        yield storage, FakeAuth(transport, lifetime=3600), clock


def login(storage: Scripted, auth: FakeAuth, **options: Any) -> RefreshTokenAuthorizer:
    return RefreshTokenAuthorizer(None, auth, storage=storage, resource_server=SERVER, **options)


async def header_of(authorizer: RefreshTokenAuthorizer | ClientCredentialsAuthorizer) -> str:
    return (await authorizer.get_authorization_header()).reveal()


class TestSharing:
    async def test_a_stored_token_is_used(self) -> None:
        """The first header reads the storage, without a request; later ones do not even read."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            authorizer = login(storage, auth)
            assert [await header_of(authorizer) for _ in range(100)] == ["Bearer at-0"] * 100
            assert (storage.calls, auth.requests) == (["read"], 0)

    async def test_twenty_five_expiries(self) -> None:
        """Eight authorizers, ten callers each: one request per expiry, each with the newest refresh token."""
        async with shared() as (storage, auth, clock):
            authorizers = [login(storage, auth) for _ in range(8)]
            for number in range(1, 26):
                headers = await asyncio.gather(*(header_of(each) for each in authorizers for _ in range(10)))
                assert set(headers) == {f"Bearer at-{number}"}
                clock.jump(3601)
            assert auth.sent == [f"rt-{number}" for number in range(25)]

    async def test_what_is_stored(self) -> None:
        """The new tokens; the identity and further members stay."""
        async with shared() as (storage, auth, clock):
            await header_of(login(storage, auth))
            stored = await storage.get_token_data(SERVER)
            assert stored == entry("at-1", "rt-1", expires_at=clock.wall() + 3600, scope=SCOPE, note="kept")

    async def test_an_application(self) -> None:
        """Its processes share one access token; nothing else is stored."""
        async with shared() as (storage, auth, clock):
            await storage.remove_token_data(SERVER)
            auth.script = lambda number: {
                "access_token": f"at-{number}",
                "resource_server": SERVER,
                "expires_in": 3600,
                "scope": SCOPE,
            }
            authorizers = [
                ClientCredentialsAuthorizer(auth, SCOPE, storage=storage, resource_server=SERVER) for _ in range(8)
            ]
            for number in range(1, 26):
                headers = await asyncio.gather(*(header_of(each) for each in authorizers for _ in range(10)))
                assert set(headers) == {f"Bearer at-{number}"}
                clock.jump(3601)
            assert auth.requests == 25
