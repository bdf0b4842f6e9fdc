"""Lifetime and size of the cache of introspections."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from globus_async import Secret
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.fastapi.introspection import IntrospectionCache
from globus_async.services.auth import IntrospectionResponse
from tests.toolkit.clock import FakeClock

LIFETIME = 3600


class IntrospectionService:
    """A Globus Auth for which every token is Ada's, and valid for an hour from the start."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.until = int(self.clock.wall()) + LIFETIME
        self.times = 0

    async def __call__(self, token: Secret) -> IntrospectionResponse:
        self.times += 1
        document: dict[str, Any] = {
            "active": not token.reveal().startswith("bad"),
            "sub": "ddb59aef-6d04-11e5-ba46-22000b92c6ec",
            "username": "ada@example.org",
            "scope": "all",
            "aud": [],
            "exp": self.until,
        }
        headers = Headers([(b"Content-Type", b"application/json")])
        response = RawResponse(method="POST", path="/", status=200, reason="OK", headers=headers, body=b"{}")
        return IntrospectionResponse(response, document)


@pytest.mark.parametrize("clock", ["wall", "monotonic"])
@pytest.mark.parametrize("token", ["good", "bad"])
async def test_both_clocks_count(clock: str, token: str) -> None:
    """An entry lasts no longer if the machine is suspended or its clock is set back."""
    service = IntrospectionService()
    cache = IntrospectionCache(service, service.clock, max_age=30)
    for _ in range(2):
        await cache.principal_of(Secret(token))
    assert service.times == 1
    if clock == "wall":
        service.clock.step_wall(31)
    else:
        await service.clock.advance(31)
        service.clock.step_wall(-31)
    await cache.principal_of(Secret(token))
    assert service.times == 2


@pytest.mark.parametrize("kind", ["good", "bad"])
async def test_the_cache_is_limited(kind: str) -> None:
    """The least recently used entries are removed; inactive tokens do not displace active ones."""
    service = IntrospectionService()
    cache = IntrospectionCache(service, service.clock, max_age=30, max_entries=10)
    for number in range(100):
        await cache.principal_of(Secret(f"{kind} {number}"))
    before = service.times
    for number in range(90, 100):
        await cache.principal_of(Secret(f"{kind} {number}"))
    assert service.times == before
    await cache.principal_of(Secret(f"{kind} 89"))
    assert service.times == before + 1
    assert len(list(itertools.chain(cache._active, cache._inactive))) == 10
