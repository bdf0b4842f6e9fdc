"""Introspections that the processes of an application share through a store."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, Secret, TransferClient
from globus_async.fastapi import GlobusBackend, MemorySessionStore
from globus_async.fastapi.guarded_store import GuardedStore
from globus_async.fastapi.introspection import IntrospectionCache
from globus_async.fastapi.shared_introspections import SharedIntrospections
from globus_async.services.auth import IntrospectionResponse
from globus_async.transport import RateLimit, Transport
from tests.fastapi.test_introspection import IntrospectionService

CLIENT_ID = "11111111-1111-4111-8111-111111111111"
TOKEN = Secret("AgGoodToken")
KEY = f"introspection:{hashlib.sha256(b'AgGoodToken').hexdigest()}"


class Owner:
    def adopt(self, task: Any, /) -> None:
        pass


class Away(MemorySessionStore):
    """A store that cannot be reached until the test says so."""

    is_away = True

    async def get(self, key: str) -> Secret | None:
        if self.is_away:
            raise ConnectionError("redis://:hunter2@db")
        return await super().get(key)

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        if self.is_away:
            raise ConnectionError("redis://:hunter2@db")
        await super().put(key, value, seconds=seconds)


class Auth(IntrospectionService):
    """A Globus Auth that can revoke the tokens, and whose response a test can change."""

    def __init__(self) -> None:
        super().__init__()
        self.store: Any = MemorySessionStore(self.clock)
        self.revoked = False
        self.more: dict[str, Any] = {}

    async def __call__(self, token: Secret) -> IntrospectionResponse:
        response = await super().__call__(token)
        document = {**response.data, **self.more, "active": response.data["active"] and not self.revoked}
        return IntrospectionResponse(response.raw, document)

    def process(self, max_age: float = 30) -> IntrospectionCache:
        """Return the cache of another process."""
        guarded = GuardedStore(self.store, self.clock, name="the introspection store", task_owner=Owner(), timeout=1)
        shared = SharedIntrospections(guarded, self.clock, max_age=max_age)
        return IntrospectionCache(self, self.clock, max_age=max_age, shared=shared)

    async def put(self, **members: Any) -> None:
        """Write to the store, as somebody else would."""
        document = {"active": True, "sub": "ddb59aef-6d04-11e5-ba46-22000b92c6ec", "exp": self.until}
        value = {"requested_at": self.clock.wall(), "document": document, **members}
        await self.store.put(KEY, Secret(json.dumps(value)), seconds=1000)


async def test_a_token_is_introspected_once() -> None:
    """By all processes together; and none asks the store while its memory has the result."""
    auth = Auth()
    processes = [auth.process() for _ in range(4)]
    for process in processes * 3:
        principal = await process.principal_of(TOKEN)
        assert principal is not None
        assert principal.username == "ada@example.org"
        assert principal.token == TOKEN
    assert auth.times == 1
    await auth.store.pop(KEY)
    for process in processes:
        assert await process.principal_of(TOKEN) is not None
    assert auth.times == 1


async def test_the_store_has_no_token() -> None:
    """Neither in keys nor in values, even if a service sends it back; nor has it inactive tokens."""
    auth = Auth()
    await auth.process().principal_of(TOKEN)
    ((key, (value, _)),) = auth.store._entries["introspection"].items()
    assert key == KEY
    assert "AgGoodToken" not in value.reveal()
    auth.more = {"note": "your token is AgGoodEcho"}
    await auth.process().principal_of(Secret("AgGoodEcho"))
    await auth.process().principal_of(Secret("bad"))
    assert len(auth.store) == 1


@pytest.mark.parametrize("read_after", [0, 15, 29])
async def test_a_revoked_token_is_refused_in_time(read_after: int) -> None:
    """After max_age in all processes, whenever they read the result."""
    auth = Auth()
    await auth.process().principal_of(TOKEN)
    auth.revoked = True
    await auth.clock.advance(read_after)
    other = auth.process()
    assert await other.principal_of(TOKEN) is not None
    await auth.clock.advance(30 - read_after)
    assert await other.principal_of(TOKEN) is None


async def test_a_result_ends_with_its_token() -> None:
    """Also in the store, and whatever the store says."""
    auth = Auth()
    auth.until = int(auth.clock.wall()) + 10
    await auth.process().principal_of(TOKEN)
    other = auth.process()
    assert await other.principal_of(TOKEN) is not None
    await auth.clock.advance(10)
    assert await auth.store.get(KEY) is None
    await auth.put()
    assert await other.principal_of(TOKEN) is None
    assert await auth.process().principal_of(TOKEN) is None


@pytest.mark.parametrize(
    "members",
    [
        {"requested_at": "x"},
        {"requested_at": None},
        {"requested_at": 1e999},
        {"requested_at": True},
        {"document": None},
        {"document": []},
        {"document": {}},
        {"document": {"active": "true", "sub": "ddb59aef-6d04-11e5-ba46-22000b92c6ec", "exp": 9e9}},
        {"document": {"active": True, "sub": 5, "exp": 9e9}},
        {"document": {"active": True, "sub": "ddb59aef-6d04-11e5-ba46-22000b92c6ec", "exp": []}},
        {
            "document": {
                "active": True,
                "sub": "ddb59aef-6d04-11e5-ba46-22000b92c6ec",
                "exp": 9e9,
                "identity_set_detail": ["x"],
            }
        },
    ],
)
async def test_damaged_values_count_as_missing(members: dict[str, Any]) -> None:
    """Globus Auth decides."""
    auth = Auth()
    await auth.put(**members)
    principal = await auth.process().principal_of(TOKEN)
    assert principal is not None
    assert principal.username == "ada@example.org"
    assert auth.times == 1


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null"])
async def test_a_value_that_is_no_object(text: str, caplog: pytest.LogCaptureFixture) -> None:
    auth = Auth()
    await auth.store.put(KEY, Secret(text), seconds=100)
    assert await auth.process().principal_of(TOKEN) is not None
    assert any("unreadable" in message for message in caplog.messages)


@pytest.mark.parametrize(("offset", "is_used"), [(-29, True), (-30, False), (0.9, True), (1.1, False)])
async def test_the_age_is_that_of_the_request(offset: float, is_used: bool) -> None:
    """A result from the future would be used for longer than max_age."""
    auth = Auth()
    await auth.put(requested_at=auth.clock.wall() + offset)
    await auth.process().principal_of(TOKEN)
    assert auth.times == (0 if is_used else 1)


async def test_without_the_store_each_process_introspects(caplog: pytest.LogCaptureFixture) -> None:
    """The log has one record at the beginning and one at the end."""
    auth = Auth()
    store = auth.store = Away(auth.clock)
    process = auth.process()
    for number in range(3):
        assert await process.principal_of(Secret(f"good {number}")) is not None
    assert auth.times == 3
    assert len([each for each in caplog.messages if "the introspection store is unavailable" in each]) == 1
    assert "hunter2" not in caplog.text
    store.is_away = False
    with caplog.at_level(logging.WARNING):
        await process.principal_of(Secret("good 4"))
    assert len([each for each in caplog.messages if "available again" in each]) == 1


def test_arguments() -> None:
    """What is no store is refused."""
    with pytest.raises(GlobusSDKUsageError, match="introspection_store"):
        GlobusBackend(CLIENT_ID, "secret", introspection_store=object())  # type: ignore[arg-type]
    with pytest.raises(GlobusSDKUsageError, match="rate_limit_store"):
        GlobusBackend(CLIENT_ID, "secret", rate_limit_store=object())  # type: ignore[arg-type]
    with pytest.raises(GlobusSDKUsageError, match="once"):
        GlobusBackend(CLIENT_ID, "secret", rate_limit=RateLimit(store=Slots()), rate_limit_store=Slots())


class Slots:
    """A store of rate limits."""

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        return 0.0


async def test_clients_share_rate_limits() -> None:
    """For each user and client; by default those of the service, and the application's own calls by themselves."""
    slots = Slots()
    user = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
    backend = GlobusBackend(CLIENT_ID, "secret", rate_limit_store=slots)
    async with backend.lifespan():
        limit = backend.make_client(TransferClient, None, identity=user).rate_limit
        assert limit is not None
        default = TransferClient.default_rate_limit
        assert default is not None
        assert (limit.calls, limit.seconds) == (default.calls, default.seconds)
        assert limit.store is slots
        assert limit.identity == f"{user}/{CLIENT_ID}"
        own = backend.make_client(TransferClient, None).rate_limit
        assert own is not None
        assert own.identity == f"{CLIENT_ID}/{CLIENT_ID}"
    unlimited = [
        GlobusBackend(CLIENT_ID, "secret", rate_limit_store=slots, rate_limit=None),
        GlobusBackend(
            CLIENT_ID, "secret", rate_limit_store=slots, transport=lambda: Transport(default_rate_limits=False)
        ),
    ]
    for backend in unlimited:
        async with backend.lifespan():
            assert backend.make_client(TransferClient, None).rate_limit is None
    backend = GlobusBackend(CLIENT_ID, "secret", rate_limit_store=slots, rate_limit=RateLimit(7, 1))
    async with backend.lifespan():
        limit = backend.make_client(TransferClient, None).rate_limit
        assert limit is not None
        assert (limit.calls, limit.store) == (7, slots)
