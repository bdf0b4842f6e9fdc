"""How long a verdict on a token is remembered, whatever the clocks do, and how many are."""

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


class Asked:
    """Globus Auth: every token is Ada's, and good for an hour from the start."""

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
    asked = Asked()
    cache = IntrospectionCache(asked, asked.clock, max_age=30)
    for _ in range(2):
        await cache.principal_of(Secret(token))
    assert asked.times == 1
    if clock == "wall":
        asked.clock.step_wall(31)
    else:
        await asked.clock.advance(31)
        asked.clock.step_wall(-31)
    await cache.principal_of(Secret(token))
    assert asked.times == 2


@pytest.mark.parametrize("kind", ["good", "bad"])
async def test_the_cache_is_limited(kind: str) -> None:
    """The least recently used entries are removed; inactive tokens do not displace active ones."""
    asked = Asked()
    cache = IntrospectionCache(asked, asked.clock, max_age=30, max_entries=10)
    for number in range(100):
        await cache.principal_of(Secret(f"{kind} {number}"))
    before = asked.times
    for number in range(90, 100):
        await cache.principal_of(Secret(f"{kind} {number}"))
    assert asked.times == before
    await cache.principal_of(Secret(f"{kind} 89"))
    assert asked.times == before + 1
    assert len(list(itertools.chain(cache._active, cache._inactive))) == 10
