"""The token refreshes that an observer is given: each once, whoever waits for it and however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from globus_async import BaseClient, GlobusAuthorizer, RenewingAuthorizer, Secret, TokenRefreshError
from tests.toolkit.clock import FakeClock
from tests.toolkit.recorder import Recorder
from tests.toolkit.scripted import Scripted, respond

LIFETIME = 3600


class Renewing(RenewingAuthorizer):
    """Gets its tokens when the test lets it."""

    def __init__(self, clock: FakeClock, *, held: bool = False) -> None:
        expires_at = clock.wall() + LIFETIME if held else None
        super().__init__("AgHeldToken" if held else None, expires_at, clock=clock)
        self.requests: asyncio.Queue[asyncio.Future[Mapping[str, Any]]] = asyncio.Queue()

    async def _get_token_response(self) -> Any:
        response: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self.requests.put_nowait(response)
        return await response

    async def succeed(self) -> None:
        """Let the refresh succeed, once it has begun."""
        (await self.requests.get()).set_result({"access_token": "AgNewToken", "expires_in": LIFETIME})

    async def fail(self) -> None:
        """Let the refresh fail, once it has begun."""
        (await self.requests.get()).set_exception(TokenRefreshError("canary"))


class Wrapping(GlobusAuthorizer):
    """An authorizer of a program's own, which uses another one."""

    def __init__(self, inner: GlobusAuthorizer) -> None:
        self.inner = inner

    async def get_authorization_header(self) -> Secret | None:
        """Return the other one's header."""
        return await self.inner.get_authorization_header()


async def refreshed() -> None:
    """Wait for the end of all refreshes."""
    await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == "globus_async token refresh"])


@asynccontextmanager
async def observed(service: Scripted, authorizer: GlobusAuthorizer, seen: Recorder) -> AsyncGenerator[BaseClient]:
    """Make a client with an observer."""
    async with service.client(authorizer=authorizer, observer=seen) as client:
        yield client


async def test_one_refresh_for_several_calls() -> None:
    """It is reported once, with all of them."""
    seen, service = Recorder(), Scripted(respond(200))
    authorizer = Renewing(service.clock)
    async with observed(service, authorizer, seen) as client:
        calls = [asyncio.create_task(client.get("/v0.10/x")) for _ in range(3)]
        await authorizer.succeed()
        await asyncio.gather(*calls)
    (refresh,) = seen.refreshes
    assert (refresh.authorizer, refresh.error, refresh.seconds) == ("Renewing", None, 0.0)
    assert refresh.started_at == service.clock.wall()
    assert set(refresh.calls) == set(seen.calls)
    assert len(refresh.calls) == 3
    assert "AgNewToken" not in repr(refresh)


async def test_a_refresh_in_the_background() -> None:
    """It is reported without a call: none waits for it, and none follows."""
    seen, service = Recorder(), Scripted(respond(200))
    authorizer = Renewing(service.clock, held=True)
    async with observed(service, authorizer, seen) as client:
        await service.clock.advance(LIFETIME - 200)
        await client.get("/v0.10/x")
        assert not seen.refreshes
        await authorizer.succeed()
        await refreshed()
        (refresh,) = seen.refreshes
    assert (refresh.calls, refresh.error) == ((), None)


async def test_a_refresh_that_fails() -> None:
    """It is reported with the class of its error, as is that of the call, which makes no attempt."""
    seen, service = Recorder(), Scripted(respond(200))
    authorizer = Renewing(service.clock)
    async with observed(service, authorizer, seen) as client:
        call = asyncio.create_task(client.get("/v0.10/x"))
        await authorizer.fail()
        with pytest.raises(TokenRefreshError):
            await call
    (refresh,), (ended,) = seen.refreshes, seen.calls
    assert (refresh.error, refresh.calls) == ("TokenRefreshError", (ended,))
    assert (ended.error, ended.attempts, seen.attempts) == ("TokenRefreshError", 0, [])


async def test_a_call_that_was_cancelled_has_waited() -> None:
    """The refresh goes on without it, and is reported though no call follows."""
    seen, service = Recorder(), Scripted(respond(200))
    authorizer = Renewing(service.clock)
    async with observed(service, authorizer, seen) as client:
        call = asyncio.create_task(client.get("/v0.10/x"))
        request = await authorizer.requests.get()
        call.cancel()
        await asyncio.wait({call})
        assert not seen.refreshes
        request.set_result({"access_token": "AgNewToken", "expires_in": LIFETIME})
        await refreshed()
    (refresh,), (ended,) = seen.refreshes, seen.calls
    assert (refresh.error, refresh.calls, ended.error) == (None, (ended,), "CancelledError")


async def test_a_refresh_after_a_refusal() -> None:
    """The attempt that was refused ends before it."""
    seen, service = Recorder(), Scripted(respond(401), respond(200))
    authorizer = Renewing(service.clock, held=True)
    async with observed(service, authorizer, seen) as client:
        call = asyncio.create_task(client.get("/v0.10/x"))
        await authorizer.succeed()
        await call
    (refresh,), (ended,) = seen.refreshes, seen.calls
    assert refresh.calls == (ended,)
    assert [(a.status, a.retry_reason, a.delay) for a in seen.attempts] == [
        (401, "token refused", 0.0),
        (200, None, None),
    ]


@pytest.mark.parametrize("is_shared", [True, False])
async def test_each_observer_is_given_a_refresh_once(is_shared: bool) -> None:
    """With its own calls; an observer of two transports with those of both."""
    seen, service = Recorder(), Scripted(respond(200))
    other = seen if is_shared else Recorder()
    authorizer = Renewing(service.clock)
    async with (
        observed(service, authorizer, seen) as client,
        observed(service, authorizer, other) as second,
        service.client(authorizer=authorizer) as unobserved,
    ):
        calls = [asyncio.create_task(each.get("/v0.10/x")) for each in (unobserved, client, second)]
        await authorizer.succeed()
        await asyncio.gather(*calls)
    for each in (seen, other):
        (refresh,) = each.refreshes
        assert set(refresh.calls) == set(each.calls)


async def test_a_refresh_behind_an_authorizer_of_a_programs_own() -> None:
    """It is found whatever uses it."""
    seen, service = Recorder(), Scripted(respond(200))
    authorizer = Renewing(service.clock)
    async with observed(service, Wrapping(authorizer), seen) as client:
        call = asyncio.create_task(client.get("/v0.10/x"))
        await authorizer.succeed()
        await call
    (refresh,) = seen.refreshes
    assert (refresh.authorizer, refresh.calls) == ("Renewing", tuple(seen.calls))


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("transfer.api.globus.org", "transfer.api.globus.org"),
        ("5e1f2a4c-0000-4000-8000-000000000001", "5e1f2a4c-0000-4000-8000-000000000001"),
        ("AgCanaryCanaryCanary", ""),
        ("a." * 40 + "a", ""),
        ("<b>.example.org", ""),
    ],
)
async def test_the_resource_server_of_a_response(server: str, shown: str) -> None:
    """It is a host name or a UUID; anything else that a service sends is not passed."""

    class Response:
        by_resource_server: ClassVar[Mapping[str, Any]] = {server: {"access_token": "AgNewToken", "expires_in": 60}}

    class Immediate(RenewingAuthorizer):
        async def _get_token_response(self) -> Any:
            return Response()

    seen, service = Recorder(), Scripted(respond(200))
    async with observed(service, Immediate(clock=service.clock), seen) as client:
        await client.get("/v0.10/x")
    assert [refresh.resource_server for refresh in seen.refreshes] == [shown]
