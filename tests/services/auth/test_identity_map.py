"""Batched look-ups of identities, also with cancelled callers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from globus_async.errors import GlobusAPIError, GlobusError, GlobusSDKUsageError
from globus_async.services.auth import AuthClient, identity_map
from globus_async.services.auth.identity_map import IdentityMap
from tests.services.auth.service import ReceivedRequest, Service
from tests.toolkit.cancel import MODES, CancelAt, Mode
from tests.toolkit.scheduler import run_shuffled


def identity(number: int) -> dict[str, Any]:
    return {
        "id": str(UUID(int=number)),
        "username": f"user{number}@example.org",
        "name": f"User {number}",
        "status": "used",
    }


IDENTITIES = [identity(number) for number in range(1, 1001)]


def known(request: ReceivedRequest) -> Any:
    """Respond as the service does: with the known identities, in any order."""
    names = {*request.query.get("ids", "").split(","), *request.query.get("usernames", "").split(",")}
    return {"identities": [one for one in reversed(IDENTITIES) if one["id"] in names or one["username"] in names]}


async def slowly(request: ReceivedRequest) -> Any:
    """Respond after a few passes of the loop."""
    for _ in range(3):
        await asyncio.sleep(0)
    return known(request)


def test_10_000_concurrent_look_ups_of_1_000_identities_are_10_requests(summary: Callable[[str], None]) -> None:
    """Look-ups in one pass of the loop share requests of 100 names, and each name is requested once."""
    service = Service(known)

    async def scenario() -> None:
        idmap = IdentityMap(service.client(AuthClient))
        found = await asyncio.gather(*(idmap.get(IDENTITIES[n % 1000]["id"]) for n in range(10_000)))
        assert [one["username"] for one in found if one] == [f"user{n % 1000 + 1}@example.org" for n in range(10_000)]
        assert await idmap.get("user7@example.org") == IDENTITIES[6]

    asyncio.run(scenario(), debug=False)  # debug mode keeps the stack of each of 10,000 tasks
    sizes = [len(request.query["ids"].split(",")) for request in service.requests]
    summary(f"10,000 look-ups of 1,000 identities: {len(sizes)} requests of {sizes[0]} names")
    assert sizes == [100] * 10


async def test_ids_and_usernames_are_requested_separately() -> None:
    """A request has one type of names; case and UUID objects make no difference."""
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient))
    found = await asyncio.gather(
        idmap.get(UUID(int=1)),
        idmap.get("USER2@Example.org"),
        idmap.get(str(UUID(int=3)).upper()),
        idmap["user4@example.org"],
    )
    assert [one and one["name"] for one in found] == ["User 1", "User 2", "User 3", "User 4"]
    assert [sorted(request.query) for request in service.requests] == [["ids"], ["provision", "usernames"]]


async def test_added_names_are_requested_with_the_first_look_up() -> None:
    """They fill the batch."""
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient), [one["id"] for one in IDENTITIES[:150]])
    assert idmap.add(UUID(int=1)) is False
    assert idmap.add(UUID(int=999)) is True
    assert (await idmap[UUID(int=1)])["name"] == "User 1"
    assert len(service.requests[0].query["ids"].split(",")) == 100
    assert await idmap.get(UUID(int=50))
    assert len(service.requests) == 1
    assert await idmap.get(UUID(int=999))
    assert len(service.requests) == 2
    assert idmap.add(UUID(int=999)) is False


async def test_many_names_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the constructor nor a look-up normalizes them all; they are requested once, in any form."""
    normalized: list[object] = []
    original = identity_map._normalize

    def normalize(key: UUID | str) -> tuple[str, bool]:
        normalized.append(key)
        return original(key)

    monkeypatch.setattr(identity_map, "_normalize", normalize)
    names: list[UUID | str] = [UUID(int=number) for number in range(1, 3001)]
    names += [str(name).upper() for name in names] + [f" USER{number}@example.org" for number in range(1, 3001)]
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient), names)
    assert repr(idmap) == "<IdentityMap: 0 names cached, 9000 to look up>"
    assert not normalized
    assert (await idmap[UUID(int=1)])["name"] == "User 1"
    assert len(normalized) <= 1001
    assert len(service.requests[0].query["ids"].split(",")) == 100
    assert len(idmap.unresolved_ids) == 2900
    assert len(idmap.unresolved_usernames) == 3000 - 100
    assert not idmap.add("user101@example.org")


@pytest.mark.parametrize("bad", ["", " ", "a@b,c@d", "a@b\nc@d", f"{'a' * 320}@b", 5, None, b"a@b"])
async def test_an_invalid_name_among_many(bad: Any) -> None:
    """The constructor refuses it."""
    with pytest.raises(GlobusSDKUsageError):
        IdentityMap(Service(known).client(AuthClient), [*(f"{n}@example.org" for n in range(2000)), bad])


async def test_an_unusual_name_among_many() -> None:
    """Text that is valid without the space around it, and a long name, are accepted."""
    idmap = IdentityMap(
        Service(known).client(AuthClient), [*(UUID(int=n) for n in range(2000)), "\ta@b\n", f"{'a' * 300}@b"]
    )
    assert idmap.unresolved_usernames == {"a@b", f"{'a' * 300}@b"}


async def test_many_look_ups_at_once() -> None:
    """Of a thousand, two hundred begin in each pass of the event loop."""
    idmap = IdentityMap(Service(slowly).client(AuthClient))
    look_ups = [asyncio.create_task(idmap.get(UUID(int=number))) for number in range(1, 1001)]
    requested = [0]
    while not all(look_up.done() for look_up in look_ups):
        await asyncio.sleep(0)
        requested.append(len(idmap._requested))
    assert max(after - before for before, after in pairwise(requested)) == 200
    assert all(await asyncio.gather(*look_ups))


async def test_unknown_identities_and_failures_differ() -> None:
    """An unknown name returns the default and is requested again; a failure is raised."""
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient))
    assert await idmap.get("nobody@example.org") is None
    assert await idmap.get("nobody@example.org", "unknown") == "unknown"
    assert len(service.requests) == 2
    with pytest.raises(KeyError):
        await idmap[UUID(int=0)]
    service.respond = lambda _: httpx.Response(403, json={"errors": [{"code": "FORBIDDEN", "detail": "no"}]})
    with pytest.raises(GlobusAPIError, match="FORBIDDEN"):
        await idmap.get(UUID(int=5), "unknown")
    service.respond = known
    assert await idmap.get(UUID(int=5))


async def test_each_waiter_gets_its_own_error() -> None:
    """100 look-ups that share a request raise 100 exceptions."""
    service = Service(lambda _: httpx.Response(400, json={"errors": [{"code": "INVALID_PARAMETERS"}]}))
    idmap = IdentityMap(service.client(AuthClient))
    failures = await asyncio.gather(*(idmap.get(UUID(int=n)) for n in range(1, 101)), return_exceptions=True)
    assert len({id(failure) for failure in failures}) == 100
    assert all(isinstance(failure, GlobusAPIError) and failure.code == "INVALID_PARAMETERS" for failure in failures)
    assert len(service.requests) == 1


async def test_entries_expire_and_are_limited() -> None:
    """The least recently used ones are removed first."""
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient), max_entries=4, time_to_live=60)
    for number in (1, 2, 1, 3, 1):
        await idmap.get(UUID(int=number))
    assert len(service.requests) == 3
    await idmap.get(UUID(int=2))
    assert len(service.requests) == 4
    await service.clock.advance(61)
    await idmap.get(UUID(int=2))
    assert len(service.requests) == 5
    del idmap[UUID(int=2)]
    await idmap.get(UUID(int=2))
    assert len(service.requests) == 6


async def test_a_cache_can_be_shared() -> None:
    """Two maps with one dict share their identities."""
    service, shared = Service(known), dict[str, Any]()
    client = service.client(AuthClient)
    await IdentityMap(client, cache=shared).get(UUID(int=1))
    assert await IdentityMap(client, cache=shared).get("user1@example.org") == IDENTITIES[0]
    assert len(service.requests) == 1


@pytest.mark.parametrize("key", ["", " ", "a@b,c@d", "a@b\nc@d", "a\x00@b", f"{'a' * 320}@b"])
async def test_invalid_names_are_refused(key: str) -> None:
    """Nothing is sent."""
    service = Service(known)
    with pytest.raises(GlobusSDKUsageError):
        await IdentityMap(service.client(AuthClient)).get(key)
    assert not service.requests


async def test_long_names_are_sent_in_several_requests() -> None:
    """URLs stay below the limit of servers."""
    service = Service(known)
    idmap = IdentityMap(service.client(AuthClient), [f"{'b' * 300}@{n}" for n in range(50)])
    longest = "\u00e4" * 200
    found = await asyncio.gather(*(idmap.get(f"{longest}@{n}") for n in range(50)), idmap.get(UUID(int=1)))
    assert found == [None] * 50 + [IDENTITIES[0]]
    sizes = [len(quote(request.query.get("usernames", ""))) for request in service.requests]
    assert 5000 < max(sizes) <= 6000
    assert len(service.requests) < 20


async def test_cancelled_look_ups_leave_nothing_behind() -> None:
    """The map does not grow by requests of disconnected clients."""
    hanging = asyncio.Event()

    async def hang(request: ReceivedRequest) -> Any:
        await hanging.wait()
        return known(request)

    service = Service(hang)
    idmap = IdentityMap(service.client(AuthClient))
    idmap.add("user7@example.org")
    for n in range(100):
        look_ups = [asyncio.create_task(idmap.get(f"{n}-{k}@example.org")) for k in range(3)]
        for look_up in look_ups:
            for _ in range(8):
                await asyncio.sleep(0)
            assert len(service.requests) == n + 1  # one request for all three, and it continues for those who wait
            look_up.cancel()
        await asyncio.gather(*look_ups, return_exceptions=True)
        assert not idmap._requested
        assert not idmap._open
    hanging.set()
    # added names are requested later
    assert await idmap.get("user8@example.org") == IDENTITIES[7]
    assert service.requests[-1].query["usernames"] == "user8@example.org,user7@example.org"


@pytest.mark.parametrize(
    "options", [{"id_batch_size": 0}, {"id_batch_size": 101}, {"max_entries": 0}, {"time_to_live": 0}]
)
async def test_limits_are_checked(options: dict[str, Any]) -> None:
    """A batch has 1 to 100 names; a cache has a positive size and lifetime."""
    with pytest.raises(GlobusSDKUsageError):
        IdentityMap(Service(known).client(AuthClient), **options)


async def test_malformed_identities_are_ignored() -> None:
    """Members that are missing or have another type cause no failure."""
    service = Service(lambda _: {"identities": [{}, {"id": 5}, {"username": None}, IDENTITIES[0]]})
    idmap = IdentityMap(service.client(AuthClient))
    found = await asyncio.gather(idmap.get(UUID(int=1)), idmap.get(UUID(int=2)))
    assert list(found) == [IDENTITIES[0], None]


@pytest.mark.parametrize("mode", MODES)
async def test_cancelling_one_look_up_does_not_affect_others(mode: Mode, summary: Callable[[str], None]) -> None:
    """The first one is cancelled at each of its suspensions; the others return."""
    points = 0
    for k in range(1, 50):
        service = Service(slowly)
        idmap = IdentityMap(service.client(AuthClient))
        first = CancelAt(idmap.get(UUID(int=1)), k, mode)
        others = [idmap.get(UUID(int=number)) for number in (1, 2, 3)]
        outcomes = await asyncio.gather(first, *others, return_exceptions=True)
        assert [one["name"] for one in outcomes[1:] if isinstance(one, dict)] == ["User 1", "User 2", "User 3"]
        assert await idmap.get(UUID(int=1)) == IDENTITIES[0]
        if not first.fired:
            break
        points += 1
        assert isinstance(outcomes[0], asyncio.CancelledError)
    summary(f"cancelled at {points} points, {mode}: no other look-up was affected")
    assert 0 < points < 49


@pytest.mark.slow
def test_random_orders_and_cancellations() -> None:
    """500 random orders of 30 look-ups, a third of them cancelled: the rest are right, and the map works afterwards."""

    async def scenario() -> None:
        service = Service(slowly)
        idmap = IdentityMap(service.client(AuthClient), id_batch_size=4)
        tasks = [asyncio.create_task(_value(idmap, n % 9 + 1)) for n in range(30)]
        for task in tasks[::3]:
            await asyncio.sleep(0)
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for n, outcome in enumerate(outcomes):
            assert outcome == f"User {n % 9 + 1}" or (n % 3 == 0 and isinstance(outcome, asyncio.CancelledError))
        assert [await _value(idmap, n) for n in range(1, 10)] == [f"User {n}" for n in range(1, 10)]

    assert run_shuffled(scenario) == 500


async def _value(idmap: IdentityMap, number: int) -> str:
    found = await idmap.get(UUID(int=number))
    if found is None:
        raise GlobusError("not found")
    return str(found["name"])
