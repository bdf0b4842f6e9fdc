"""What an observer is given of every method of every client, and of calls that are cancelled, closed or timed out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    GlobusError,
    GlobusTimeoutError,
    RateLimit,
    RetryPolicy,
    Transport,
    WrongEventLoopError,
)
from globus_async.authorizers import RenewingAuthorizer
from tests.clients import CLIENTS, ID, Client
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok
from tests.toolkit.recorder import Recorder
from tests.toolkit.scripted import Scripted, respond

TOKEN = "AgCanaryCanaryCanaryCanary"


BEHIND: dict[str, frozenset[str]] = {
    "cancel_task_and_wait": frozenset({"cancel_task"}),
    "endpoint_acl_lists": frozenset({"endpoint_acl_list"}),
    "find_runs": frozenset({"list_runs"}),
    "follow_run_logs": frozenset({"get_run"}),
    "TransferClient.get_endpoints": frozenset({"get_endpoint"}),
    "get_jwk": frozenset({"get_openid_configuration"}),
    "get_tasks": frozenset({"get_task"}),
    "oauth2_client_credentials_tokens": frozenset({"oauth2_token"}),
    "oauth2_exchange_code_for_tokens": frozenset({"oauth2_token"}),
    "oauth2_get_dependent_tokens": frozenset({"oauth2_token"}),
    "oauth2_refresh_token": frozenset({"oauth2_token"}),
    "oauth2_userinfo": frozenset({"userinfo"}),
    "operation_ls_many": frozenset({"operation_ls"}),
    "operation_walk": frozenset({"operation_ls"}),
    "submit_items": frozenset({"get_submission_id"}),
    "task_wait": frozenset({"get_task"}),
    "task_watch": frozenset({"get_task"}),
    "upload_tree": frozenset({"upload"}),
    "wait_for_run": frozenset({"get_run"}),
    "wait_for_runs": frozenset({"get_run"}),
    "wait_for_task": frozenset({"get_task"}),
    "wait_for_tasks": frozenset({"get_task"}),
    "wait_for_timer": frozenset({"get_job"}),
    "wait_for_timer_run": frozenset({"get_job"}),
    "watch_run": frozenset({"get_run"}),
}
"""The methods by which other methods make their first request."""


@pytest.mark.parametrize("client", CLIENTS, ids=str)
async def test_the_operation_is_a_method_of_the_client(client: Client) -> None:
    """And the path has the names of its fields instead of values; the caller's own path is not passed."""
    asyncio.get_running_loop().set_debug(False)
    seen = Recorder()
    async with Scripted(respond(400)).transport(observer=seen) as transport:
        made = client.make(transport, retry=RetryPolicy(max_retries=0), authorizer=AccessTokenAuthorizer(TOKEN))
        for call in client.all_calls:
            seen.calls.clear()
            with contextlib.suppress(GlobusError):  # bulk calls report it in their outcomes
                await call.run(made)
            assert {each.operation for each in seen.calls} == {
                f"{client}.{method}"
                for method in (BEHIND.get(call.method) or BEHIND.get(f"{client}.{call.method}") or (call.method,))
            }
            paths = {each.path_template for each in seen.calls}
            is_raw = call.method in {"delete", "get", "patch", "post", "put", "request"}
            assert all((path is None) == is_raw and ID not in str(path) for path in paths)


def respond_slowly(request: Received) -> Script:
    """Refuse every second request."""
    status = b"503 Service Unavailable" if request.header("x-refused") else b"200 OK"
    return [Send(ok(b"{}").replace(b"200 OK", status))]


@pytest.mark.slow
async def test_every_call_ends_once_wherever_it_is_cancelled(record_property: Callable[[str, object], None]) -> None:
    """At every suspension: before its slot, while it gets its token, is sent, or waits for the next attempt."""
    seen = Recorder()
    clock = FakeClock(skipping=True)

    class Renewing(RenewingAuthorizer):
        async def _get_token_response(self) -> object:
            await asyncio.sleep(0)
            return {"access_token": TOKEN, "expires_in": 3600}

    async with (
        RawServer(respond_slowly) as server,
        Transport(clock=clock, observer=seen, max_in_flight=1) as transport,
    ):
        authorizers: list[RenewingAuthorizer] = []

        async def make() -> None:
            authorizers.append(Renewing(clock=clock))
            client = BaseClient(
                base_url=server.url,
                transport=transport,
                authorizer=authorizers[-1],
                retry=RetryPolicy(max_retries=1),
                rate_limit=RateLimit(calls=10, seconds=1),
            )
            with contextlib.suppress(GlobusError):
                await client.get("/v1/x", headers={"X-Refused": "1"})

        async def ended() -> None:
            assert not seen.running
            assert seen.calls[-1].error in {"CancelledError", "ServiceUnavailable"}
            assert all(call.seconds is not None for call in seen.calls)

        points = await every_suspension(make, ended)
    assert len(seen.calls) == len(authorizers)
    record_property(POINTS, points)
    assert points >= 10
    assert TOKEN not in repr(seen.events)


async def test_calls_end_with_the_transport() -> None:
    """Those that were sent, and those that wait for a slot, each with its error."""
    seen = Recorder()
    sent = asyncio.Event()

    def stall(_: httpx.Request) -> asyncio.Future[httpx.Response]:
        sent.set()
        return asyncio.get_running_loop().create_future()

    async with Scripted(stall).client(observer=seen, max_in_flight=1) as client:
        calls = [asyncio.create_task(client.post("/v1/x")) for _ in range(2)]
        await sent.wait()
        await client.transport.aclose()
        await asyncio.gather(*calls, return_exceptions=True)
    assert not seen.running
    assert {call.error for call in seen.calls} == {"GlobusConnectionError", "ClientClosedError"}
    (attempt,) = seen.attempts
    assert (attempt.error, attempt.stage) == ("GlobusConnectionError", "no response")


async def test_calls_end_with_the_total_timeout() -> None:
    """The time in the queue is that of the call which was not sent."""
    seen = Recorder()
    service = Scripted(lambda _: asyncio.get_running_loop().create_future(), clock=FakeClock())
    async with service.client(observer=seen, max_in_flight=1, total_timeout=30) as client:
        first = asyncio.create_task(client.post("/v1/x"))
        await service.clock.advance(10)
        second = asyncio.create_task(client.with_options(timeout=5).post("/v1/x"))
        await service.clock.advance(20)
        for call in (first, second):
            with pytest.raises(GlobusTimeoutError):
                await call
    queued, sent = seen.calls
    assert (queued.error, queued.attempts, queued.queued, queued.seconds) == ("GlobusTimeoutError", 0, 5.0, 5.0)
    assert (sent.error, sent.attempts, sent.queued, sent.seconds) == ("GlobusTimeoutError", 1, 0.0, 30.0)
    assert not seen.running


def test_a_call_in_the_wrong_event_loop_does_not_start() -> None:
    """The observer would be called there."""
    seen = Recorder()
    service = Scripted(respond(200))

    async def first() -> BaseClient:
        async with service.client(observer=seen) as client:
            await client.get("/v1/x")
            with pytest.raises(WrongEventLoopError):
                await asyncio.to_thread(asyncio.run, _get(client))
            return client

    asyncio.run(first())
    assert len(seen.calls) == 1
    assert not seen.running


async def _get(client: BaseClient) -> None:
    await client.get("/v1/x")


async def test_waits_for_the_rate_limit_and_pauses() -> None:
    """Each is reported when it ends, with its reason, and counted in the call."""
    seen = Recorder()
    service = Scripted(respond(200), respond(503, retry_after="7"), respond(200))
    async with service.transport(observer=seen) as transport:
        client = BaseClient(base_url="https://x.example", transport=transport, rate_limit=RateLimit(1, 20))
        for _ in range(2):
            await client.get("/v1/x")
    first, second = seen.calls
    assert (first.throttled, first.queued) == (0.0, 0.0)
    assert second.throttled == sum(seconds for _, seconds in seen.waits)
    assert [reason for reason, _ in seen.waits] == ["rate limit", "rate limit"]
    assert second.seconds == pytest.approx(second.throttled + 8)


async def test_a_pause_that_another_call_has_caused() -> None:
    """It is waited for, and reported as such."""
    seen = Recorder()
    service = Scripted(respond(503, retry_after="7"), respond(200))
    async with service.client(observer=seen, retry=RetryPolicy(max_retries=0)) as client:
        with pytest.raises(GlobusError):
            await client.get("/v1/x")
        await client.get("/v1/x")
    assert seen.waits == [("pause", 7.0)]
    assert (seen.calls[1].throttled, seen.calls[1].seconds) == (7.0, 7.0)


async def test_a_short_token_in_a_short_request_id() -> None:
    """It is redacted there, too; other short ids are passed as they are."""
    seen = Recorder()
    service = Scripted(respond(200, x_request_id="Canary123"), respond(200, x_request_id="pFSlCwR6d"))
    async with service.client(observer=seen, authorizer=AccessTokenAuthorizer("Canary123")) as client:
        for _ in range(2):
            await client.get("/v1/x")
    assert [call.request_id for call in seen.calls] == ["***", "pFSlCwR6d"]


async def test_nothing_secret_is_passed() -> None:
    """Neither query nor token, also if the service echoes it in the id of the request."""
    seen = Recorder()
    steps = [respond(status, x_request_id=f"id-{TOKEN}-{'x' * 500}") for status in (503, 401, 200)]
    service = Scripted(*steps)
    async with service.client(observer=seen, authorizer=AccessTokenAuthorizer(TOKEN)) as client:
        for _ in range(2):
            with contextlib.suppress(GlobusError):
                await client.get("/v1/x", query_params={"q": TOKEN}, headers={"X-A": TOKEN})
    assert len(seen.attempts) == 3
    assert all(attempt.request_id is not None and len(attempt.request_id) <= 128 for attempt in seen.attempts)
    assert TOKEN not in repr(seen.events)
