"""The tokens of a session as a token storage: what an ended session, a full store and an unavailable one do to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from globus_async import LoginRequired, RefreshTokenAuthorizer, Secret, TokenRefreshError, Transport
from globus_async.fastapi import MemorySessionStore, Session
from globus_async.fastapi.revocations import Revocations
from globus_async.fastapi.session_tokens import SessionTokenStorage
from globus_async.fastapi.sessions import tokens_key
from globus_async.session_store import SessionStoreUnavailable
from globus_async.token_storage import LeaseLost, TokenStorageData, TokenStorageUnavailable
from tests.token_storage.factories import token_data
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock

SERVER = "transfer.api.globus.org"
LIFETIME = 1000.0


class Store(MemorySessionStore):
    """A store whose calls take a while, and that a test may disturb."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.before: Callable[[str, str], Any] = lambda *_: None
        self.after: Callable[[str, str], Any] = lambda *_: None

    async def _around(self, call: str, key: str, work: Callable[[], Awaitable[Any]]) -> Any:
        await asyncio.sleep(0)
        await (self.before(call, key) or asyncio.sleep(0))
        result = await work()
        await (self.after(call, key) or asyncio.sleep(0))
        return result

    async def get(self, key: str) -> Secret | None:
        found: Secret | None = await self._around("get", key, lambda: MemorySessionStore.get(self, key))
        return found

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        await self._around("put", key, lambda: MemorySessionStore.put(self, key, value, seconds=seconds))

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        work = partial(MemorySessionStore.compare_and_set, self, key, old, new, seconds=seconds)
        done: bool = await self._around("set", key, work)
        return done

    async def pop(self, key: str) -> Secret | None:
        found: Secret | None = await self._around("pop", key, lambda: MemorySessionStore.pop(self, key))
        return found


class World:
    """A session in a store, its tokens, and what was revoked."""

    def __init__(self) -> None:
        self.clock = FakeClock(skipping=True)
        self.store = Store(self.clock)
        self.revoked: list[str] = []
        self.revocations = Revocations(self, self.clock)
        self.session = Session(
            key="session:of-ada",
            identity_id=UUID(int=1),
            username="ada@example.org",
            name=None,
            email=None,
            csrf_token=Secret("csrf"),
            expires_at=self.clock.wall() + LIFETIME,
            resource_servers=(SERVER, "other"),
        )
        self.storage = self.another_process()

    def another_process(self) -> SessionTokenStorage:
        return SessionTokenStorage(self.session, self.store, clock=self.clock, revocations=self.revocations)

    async def oauth2_revoke_token(self, token: Secret) -> None:
        self.revoked.append(token.reveal())

    async def log_in(self) -> None:
        await self.store.put(self.session.key, self.session.dump(), seconds=LIFETIME)
        await self.storage.store_token_data_by_resource_server({SERVER: token_data("a")})

    async def log_out(self) -> None:
        """End the session, as `GlobusLogin` does."""
        await self.store.pop(self.session.key)
        await self.store.pop(self.tokens)

    @property
    def tokens(self) -> str:
        return tokens_key(self.session.key, SERVER)

    @property
    def sizes(self) -> int:
        return len(self.store)


@pytest.fixture
async def world() -> World:
    world = World()
    await world.log_in()
    return world


async def test_tokens_are_stored_replaced_and_removed(world: World) -> None:
    storage = world.another_process()
    a, b, other = token_data("a"), token_data("b", note=[1]), token_data("x", "other")
    assert await storage.get_token_data_by_resource_server() == {SERVER: a}
    assert not await storage.compare_and_set(b, a)
    assert not await storage.compare_and_set(None, b)
    assert await storage.compare_and_set(a, b)
    await storage.store_token_data_by_resource_server({"other": other})
    assert await storage.get_token_data_by_resource_server() == {SERVER: b, "other": other}
    assert await storage.remove_token_data("other")
    assert not await storage.remove_token_data("other")
    assert world.revoked == []


async def test_of_concurrent_writers_one_succeeds(world: World) -> None:
    a, new = token_data("a"), [token_data(f"t{number}") for number in range(10)]
    won = await asyncio.gather(*(world.another_process().compare_and_set(a, each) for each in new))
    assert won.count(True) == 1
    assert await world.storage.get_token_data(SERVER) == new[won.index(True)]


async def test_tokens_in_another_form_are_compared_by_content(world: World) -> None:
    """As another version of the library may write them."""
    text = await world.store.get(world.tokens)
    assert text is not None
    await world.store.put(world.tokens, Secret(text.reveal().replace(": ", ":  ")), seconds=100)
    assert await world.storage.compare_and_set(token_data("a"), token_data("b"))


async def test_tokens_expire_with_their_session(world: World) -> None:
    await world.clock.sleep(LIFETIME / 2)
    assert await world.storage.compare_and_set(token_data("a"), token_data("b"))
    assert {until - world.clock.monotonic() for _, until in world.store._entries["tokens"].values()} == {LIFETIME / 2}


@pytest.mark.parametrize("moment", ["before", "reading", "writing", "expired"])
async def test_tokens_that_arrive_after_the_end_of_the_session(world: World, moment: str) -> None:
    """Whenever the logout happens: they are not in the store, and are revoked."""

    async def log_out(*_: object) -> None:
        world.store.before = world.store.after = lambda *_: None
        await world.log_out()

    calls: list[str] = []
    if moment == "before":
        await log_out()
        world.store.before = lambda call, _: calls.append(call)
    elif moment == "expired":
        await world.clock.sleep(LIFETIME)
    elif moment == "reading":
        world.store.after = log_out
    else:
        world.store.before = lambda call, _: log_out() if call == "set" else None
    assert not await world.storage.compare_and_set(token_data("a"), token_data("b"))
    assert await world.storage.get_token_data(SERVER) is None
    await world.revocations.aclose()
    assert "set" not in calls
    assert world.revoked == ["refresh", "b"]
    assert not any(world.store._entries["tokens"])


async def test_a_logout_at_every_step(world: World) -> None:
    """Between any two calls of the store: the new tokens are revoked, or the logout has found them."""
    for step in range(1, 4):
        await world.log_in()
        world.revoked.clear()
        calls = 0

        async def log_out_at(step: int = step) -> None:
            nonlocal calls
            calls += 1
            if calls == step:
                world.store.after = lambda *_: None
                await world.store.pop(world.session.key)
                popped = await world.store.pop(world.tokens)
                if popped is not None and '"b"' in popped.reveal():
                    world.revoked.append("b")

        world.store.after = lambda *_: log_out_at()
        stored = await world.storage.compare_and_set(token_data("a"), token_data("b"))
        world.store.after = lambda *_: None
        await world.revocations.aclose()
        assert calls >= step
        assert (world.revoked.count("b") > 0, world.sizes) == (True, 0), (step, stored)


async def test_an_ended_session_stores_nothing(world: World) -> None:
    await world.log_out()
    with pytest.raises(LoginRequired, match="session has ended"):
        await world.storage.store_token_data_by_resource_server({SERVER: token_data("c")})
    await world.revocations.aclose()
    assert (world.revoked, world.sizes) == (["refresh", "c"], 0)


async def test_tokens_that_the_store_has_lost(world: World) -> None:
    """A full store has removed them: those of a running refresh are stored, for the session has not ended."""
    await world.store.pop(world.tokens)
    assert await world.storage.get_token_data(SERVER) is None
    assert await world.storage.compare_and_set(token_data("a"), token_data("b"))
    assert await world.storage.get_token_data(SERVER) == token_data("b")


async def test_damaged_tokens(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """They count as missing, and the log says so without showing them."""
    await world.store.put(world.tokens, Secret('{"access_token": "secret'), seconds=100)
    with caplog.at_level(logging.ERROR, "globus_async"):
        assert await world.storage.get_token_data(SERVER) is None
    assert "unreadable" in caplog.text
    assert "secret" not in caplog.text
    assert await world.storage.compare_and_set(None, token_data("b"))


async def test_a_call_cancelled_at_every_suspension(world: World, record_property: Any) -> None:
    """The tokens are the old or the new ones, the lease is free, and the storage works on."""
    a, b = token_data("a"), token_data("b")

    async def call() -> None:
        async with world.storage.lease(SERVER, 60):
            await world.storage.compare_and_set(a, b)

    async def holds() -> None:
        await world.revocations.aclose()
        assert not any(world.store._entries.get("lease", ()))
        assert await world.storage.get_token_data(SERVER) in [a, b]
        await world.storage.store_token_data_by_resource_server({SERVER: a})

    record_property(POINTS, await every_suspension(call, holds))


async def test_a_lease_has_one_holder(world: World) -> None:
    """Of several processes; and those of two sessions, or two services, are not the same."""
    holders = most = 0

    async def hold() -> None:
        nonlocal holders, most
        async with world.another_process().lease(SERVER, 60):
            holders += 1
            most = max(most, holders)
            await asyncio.sleep(0)
            holders -= 1

    await asyncio.gather(*(hold() for _ in range(5)))
    assert most == 1
    async with world.storage.lease(SERVER, 60), world.storage.lease("other", 60):
        pass


async def test_a_lease_runs_out(world: World) -> None:
    """The next holder has it then; it is not released by the former one."""
    former, second = world.storage.lease(SERVER, 60), world.another_process().lease(SERVER, 60)
    lease = await former.__aenter__()
    assert (await second.__aenter__()).seconds_left > 0
    with pytest.raises(LeaseLost):
        lease.check()
    await former.__aexit__(None, None, None)
    assert len(world.store._entries["lease"]) == 1
    await second.__aexit__(None, None, None)
    assert len(world.store._entries["lease"]) == 0


async def test_a_lease_whose_grant_was_lost_is_released(world: World) -> None:
    """The store has granted it, but the response did not arrive."""

    def fail(call: str, _key: str) -> None:
        if call == "set":
            world.store.after = lambda *_: None
            raise SessionStoreUnavailable("reset")

    world.store.after = fail
    with pytest.raises(TokenStorageUnavailable, match="reset"):
        async with world.storage.lease(SERVER, 60):
            pass
    await world.revocations.aclose()
    assert not any(world.store._entries["lease"])


async def test_a_store_that_is_unavailable(world: World) -> None:
    """The error is that of token storages, and says when it may work again."""

    def fail(*_: object) -> None:
        error = SessionStoreUnavailable("its server is down")
        error.retry_after = 20.0
        raise error

    world.store.before = fail
    data: TokenStorageData = token_data("b")
    for call in (
        lambda: world.storage.get_token_data(SERVER),
        lambda: world.storage.compare_and_set(None, data),
        lambda: world.storage.store_token_data_by_resource_server({SERVER: data}),
        lambda: world.storage.remove_token_data(SERVER),
        lambda: world.storage.lease(SERVER, 60).__aenter__(),
    ):
        with pytest.raises(TokenStorageUnavailable, match="its server is down") as caught:
            await call()
        assert caught.value.retry_after == 20
    async with Transport(clock=world.clock) as transport:
        auth = FakeAuth(transport)
        authorizer = RefreshTokenAuthorizer(None, auth, storage=world.storage, resource_server=SERVER)
        with pytest.raises(TokenRefreshError, match="server is down") as refused:
            await authorizer.get_authorization_header()
        assert refused.value.retry_after == 20
        world.store.before = lambda *_: None
        world.clock.jump(20)
        assert await authorizer.get_authorization_header() == Secret("Bearer a")
