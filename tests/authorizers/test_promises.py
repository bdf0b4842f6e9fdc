"""The promises about tokens, with figures: real clients, and a server whose refresh tokens work once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from globus_async import BaseClient, Transport
from globus_async.authorizers import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import LoginRequired
from globus_async.secret import Secret
from globus_async.services.auth import ConfidentialAppAuthClient, NativeAppAuthClient
from tests.services.auth.service import BASE, CLIENT_ID, ReceivedRequest, Service, token_document
from tests.toolkit.cancel import MODES, CancelAt, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.rotating_auth import RotatingAuth

pytestmark = [pytest.mark.usefixtures("quickly"), pytest.mark.slow]
SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all"


@pytest.fixture
async def quickly() -> None:
    """Disable asyncio's debug mode, which keeps the stacks of thousands of tasks."""
    asyncio.get_running_loop().set_debug(False)


@asynccontextmanager
async def logged_in(
    server: RotatingAuth, *, user: str = "user", held: float = -1, clock: FakeClock | None = None
) -> AsyncGenerator[tuple[BaseClient, RefreshTokenAuthorizer]]:
    """Log a user in, with an access token that expires in so many seconds, or has expired."""
    access, refresh = server.login(user)
    transport = Transport(clock=clock, max_in_flight=200)
    native = NativeAppAuthClient(CLIENT_ID, base_url=server.url, transport=transport)
    authorizer = RefreshTokenAuthorizer(refresh, native, access_token=access, expires_at=transport.clock.wall() + held)
    async with transport:
        yield BaseClient(base_url=server.url, authorizer=authorizer, transport=transport), authorizer


def kept(server: RotatingAuth, authorizer: RefreshTokenAuthorizer, user: str = "user") -> bool:
    """Return whether the authorizer holds the only valid refresh token."""
    return authorizer.refresh_token == Secret(server.refresh_token(user)) and not server.is_revoked(user)


async def test_3_a_rotated_refresh_token_is_never_lost(summary: Callable[[str], None]) -> None:
    """One caller, cancelled at every suspension in three modes: the rotated token is held afterwards."""
    lost = refreshed = 0
    async with RotatingAuth() as server, logged_in(server) as (client, authorizer):

        async def call() -> None:
            authorizer.handle_missing_authorization()  # the held token is invalid: this call refreshes it
            await client.get("/thing")

        async def nothing_is_lost() -> None:
            nonlocal lost, refreshed
            await client.get("/thing")  # waits for the running refresh
            lost += not kept(server, authorizer)
            refreshed += 1

        points = await every_suspension(call, nothing_is_lost)
        requests = server.token_requests
        assert server.replays == 0
    summary(f"promise 3: cancelled at {points} points with 1 caller: {lost} refresh tokens lost ({requests} refreshes)")
    assert points >= 6
    assert lost == 0


async def test_3_and_4_other_callers_are_not_affected(summary: Callable[[str], None]) -> None:
    """The first of 100 callers is cancelled at every suspension: the 99 others succeed with one refresh."""
    points = lost = failed = 0
    async with RotatingAuth() as server, logged_in(server) as (client, authorizer):
        for mode in MODES:
            for k in range(1, 100):
                authorizer.handle_missing_authorization()
                before = server.token_requests
                first = CancelAt(client.get("/thing"), k, mode)
                tasks = [
                    asyncio.ensure_future(each) for each in (_of(first), *(client.get("/thing") for _ in range(99)))
                ]
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                failed += sum(isinstance(outcome, BaseException) for outcome in outcomes[1:])
                lost += not kept(server, authorizer)
                assert server.token_requests == before + 1
                if not first.fired:
                    break
                points += 1
                assert tasks[0].cancelled()
    summary(
        f"promises 3 and 4: the first of 100 callers cancelled at {points} points:"
        f" {failed} of the 99 others failed, {lost} refresh tokens lost"
    )
    assert points >= 6
    assert (lost, failed) == (0, 0)


async def _of(call: CancelAt[Any]) -> Any:
    return await call


async def test_10_a_thousand_calls_make_one_refresh(summary: Callable[[str], None]) -> None:
    """One for one resource server, ten for ten, and those at the same time."""
    async with RotatingAuth(delay=0.1) as server:
        async with logged_in(server) as (client, authorizer):
            await asyncio.gather(*(client.get("/thing") for _ in range(1000)))
            assert kept(server, authorizer)
        alone = server.token_requests
        ratios: list[float] = []
        while min(ratios, default=2.0) > 1.5 and len(ratios) < 5:  # other programs may spoil one measurement
            one = await _refresh_seconds(server, ["alone"])
            before = server.token_requests
            ratios.append(await _refresh_seconds(server, [f"user{n}" for n in range(10)]) / one)
            assert server.token_requests == before + 10
        assert server.replays == 0
    summary(
        f"promise 10: 1,000 calls with an expired token: {alone} refresh; 10 logins: 10 refreshes"
        f" in {ratios[-1]:.2f} x the time of one"
    )
    assert alone == 1
    assert ratios[-1] <= 1.5  # 10 when one after another


async def _refresh_seconds(server: RotatingAuth, users: list[str]) -> float:
    """Refresh the tokens of some users at once, and return the seconds that took."""
    transport = Transport()
    native = NativeAppAuthClient(CLIENT_ID, base_url=server.url, transport=transport)
    async with transport:
        authorizers = [RefreshTokenAuthorizer(server.login(user)[1], native) for user in users]
        started = time.perf_counter()
        await asyncio.gather(*(authorizer.get_authorization_header() for authorizer in authorizers for _ in range(10)))
        return time.perf_counter() - started


async def test_11_a_revoked_token_is_refreshed_once(summary: Callable[[str], None]) -> None:
    """1,000 calls are refused at once: 1 refresh, at most two attempts each, 1,000 successes."""
    async with RotatingAuth() as server, logged_in(server, held=3600) as (client, authorizer):
        server.revoke_access_tokens()
        responses = await asyncio.gather(*(client.get("/thing") for _ in range(1000)))
        attempts, refreshes = server.resource_requests, server.token_requests
        assert kept(server, authorizer)
    summary(
        f"promise 11: 1,000 calls, a revoked token: {refreshes} refresh, {attempts} attempts,"
        f" {len(responses)} responses"
    )
    assert refreshes == 1
    assert attempts <= 2000
    assert [response.http_status for response in responses] == [200] * 1000


LIFETIMES: list[Any] = [0, 1, 30, 59, None, "soon", "30", -5, 10**12, 1e-9, 59.9, True, {}, "1e400"]


async def test_13_no_lifetime_causes_a_loop(summary: Callable[[str], None]) -> None:
    """Short, missing and absurd ones: a token is refreshed once at most, and a call makes two attempts at most."""
    worst = 0
    for lifetime in LIFETIMES:
        clock = FakeClock()
        async with RotatingAuth(lifetime=lifetime) as server, logged_in(server, clock=clock) as (client, authorizer):
            for _ in range(3):
                before = server.token_requests
                await asyncio.gather(*(client.get("/thing") for _ in range(20)))
                worst = max(worst, server.token_requests - before)
                await clock.advance(3600)
            assert kept(server, authorizer)
            assert server.resource_requests <= 3 * 20 * 2
    summary(
        f"promise 13: {len(LIFETIMES)} lifetimes of a token, 3 rounds of 20 calls each:"
        f" at most {worst} refresh in a round"
    )
    assert worst == 1


async def test_14_an_unavailable_service_fails_no_call(summary: Callable[[str], None]) -> None:
    """
    In the last five minutes of a token the service is down or slow: no call fails, and none waits.

    In the last minute calls wait for the refresh, and for half a second until it is repeated.
    """
    down, opened = True, asyncio.Event()

    async def respond(request: ReceivedRequest) -> Any:
        if request.path != "/v2/oauth2/token":
            assert request.headers["authorization"] == "Bearer AgA"
            return {}
        if down:
            return httpx.Response(503)
        await opened.wait()
        return token_document()

    service = Service(respond, clock=FakeClock())
    transport = service.transport(max_in_flight=200)
    native = NativeAppAuthClient(CLIENT_ID, base_url=BASE, transport=transport)
    end = service.clock.wall() + 3600
    first, second = (
        RefreshTokenAuthorizer("AgR", native, access_token="AgA", expires_at=end + later) for later in (0, 300)
    )
    client = BaseClient(base_url=BASE, authorizer=first, transport=transport)
    usual = await _latencies(client)
    await service.clock.advance(3600 - 299)
    for left in range(299, 9, -10):
        calls = asyncio.gather(*(client.get("/thing") for _ in range(10)))
        if left <= 60:
            await service.clock.advance(0.5)
        await calls
        await service.clock.advance(9.5 if left <= 60 else 10)
    sent = sum(each.path == "/v2/oauth2/token" for each in service.requests)
    down = False
    await service.clock.advance(20)  # the second token has 289 seconds left
    client = BaseClient(base_url=BASE, authorizer=second, transport=transport)
    during = await _latencies(client)  # would never finish if a call waited for the refresh
    opened.set()
    for _ in range(100):
        await asyncio.sleep(0)
    assert second.refresh_token == Secret("AgRefreshToken")
    summary(
        f"promise 14: 290 calls in the last 5 minutes with the service down: 0 failed, {sent} token requests;"
        f" p99 of a call {usual * 1e3:.2f} ms, during a refresh {during * 1e3:.2f} ms"
    )
    assert 5 <= sent <= 2 * 11  # each is repeated once


async def _latencies(client: BaseClient) -> float:
    """Make 1,000 calls, one after another, and return the 99th percentile of their durations in seconds."""
    seconds: list[float] = []
    for _ in range(1000):
        started = time.perf_counter()
        await client.get("/thing")
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[989]


async def test_15_an_invalid_grant_is_requested_once(summary: Callable[[str], None]) -> None:
    """1,000 callers get 1,000 exceptions of their own; the logins of others continue."""
    async with (
        RotatingAuth() as server,
        logged_in(server) as (client, _),
        logged_in(server, user="other") as (bob, other),
    ):
        server.fails_with = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n"
        server.fails_with += b'{"error":"invalid_grant"}'
        outcomes = await asyncio.gather(*(client.get("/thing") for _ in range(1000)), return_exceptions=True)
        outcomes += await asyncio.gather(*(client.get("/thing") for _ in range(10)), return_exceptions=True)
        requests, server.fails_with = server.token_requests, None
        assert (await bob.get("/thing")).http_status == 200
        assert kept(server, other, "other")
    distinct = len({id(outcome) for outcome in outcomes})
    summary(f"promise 15: invalid_grant for {len(outcomes)} callers: {requests} request, {distinct} exceptions")
    assert requests == 1
    assert all(isinstance(outcome, LoginRequired) for outcome in outcomes)
    assert distinct == 1010


async def test_16_a_response_truncated_anywhere(summary: Callable[[str], None]) -> None:
    """At every byte: in the server's grace period the login remains valid; without one, LoginRequired is raised."""
    offsets, outcomes = 0, {"logged in": 0, "LoginRequired": 0, "other": 0}
    for grace in (1, 0):
        length = 1000
        for offset in range(0, 1000, 1 if grace else 7):
            if offset >= length:
                break
            offsets += 1
            clock = FakeClock(skipping=True)
            async with RotatingAuth(grace=grace) as server, logged_in(server, clock=clock) as (client, authorizer):
                length = len(server._granted("user"))
                server.cut_at = offset
                outcome = "other"
                try:
                    await client.get("/thing")
                    outcome = "logged in" if kept(server, authorizer) else "other"
                except LoginRequired:
                    outcome = "LoginRequired"
                    requests = server.token_requests
                    with pytest.raises(LoginRequired):
                        await client.get("/thing")
                    assert server.token_requests == requests
                outcomes[outcome] += 1
    summary(f"promise 16: a response truncated at {offsets} offsets, with and without grace: {outcomes}")
    assert outcomes["other"] == 0
    assert min(outcomes["logged in"], outcomes["LoginRequired"]) > 30


STEPS = [3600, -3600, 10 * 365.25 * 86_400, -10 * 365.25 * 86_400]


async def test_17_clocks_that_step(summary: Callable[[str], None]) -> None:
    """An hour, ten years, eight hours asleep: one more refresh at most, and no call with an expired token."""
    worst = 0
    for step in [*STEPS, None]:
        clock = FakeClock()
        async with RotatingAuth(lifetime=7200) as server, logged_in(server, clock=clock) as (client, authorizer):
            await client.get("/thing")
            before = server.token_requests
            if step is None:
                clock.suspend(8 * 3600)
                server.revoke_access_tokens()  # they have expired: a call with one of them would be refused
            else:
                clock.step_wall(step)
            refused = server.resource_requests
            for _ in range(20):
                await asyncio.gather(*(client.get("/thing") for _ in range(10)))
                await clock.advance(1)
            worst = max(worst, server.token_requests - before)
            assert server.resource_requests - refused == 200
            assert kept(server, authorizer)
    summary(f"promise 17: {len(STEPS)} steps of the wall clock and a suspension: at most {worst} more refresh each")
    assert worst <= 1


async def test_client_credentials_keep_the_same_promises(summary: Callable[[str], None]) -> None:
    """1,000 calls, one request; one more after a revocation."""
    async with RotatingAuth() as server, Transport() as transport:
        app = ConfidentialAppAuthClient(CLIENT_ID, "secret-of-the-client", base_url=server.url, transport=transport)
        authorizer = ClientCredentialsAuthorizer(app, SCOPE)
        client = BaseClient(base_url=server.url, authorizer=authorizer, transport=transport)
        await asyncio.gather(*(client.get("/thing") for _ in range(1000)))
        first = server.token_requests
        server.revoke_access_tokens()
        await asyncio.gather(*(client.get("/thing") for _ in range(1000)))
        summary(
            f"client credentials: {first} request for 1,000 calls, {server.token_requests - first} more when revoked"
        )
        assert server.token_requests == 2
