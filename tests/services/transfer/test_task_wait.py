"""Waiting for a task, watching it and canceling it, with a controlled clock."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from globus_async import (
    ApplicationRefused,
    AuthAPIError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    Secret,
    TokenRefreshError,
)
from globus_async._single_flight import copy_error
from globus_async.authorizers import GlobusAuthorizer
from globus_async.services.transfer import NotFound, TaskInactive, TransferAPIError
from globus_async.token_storage import LeaseLost, TokenStorageDamaged, TokenStorageUnavailable
from tests.services.transfer.scripted import TASK, client_of, raw_response_of, refusal
from tests.toolkit.clock import FakeClock

WRONG_INTERVALS: tuple[Any, ...] = (
    *("5", None, True, 10**400, float("inf")),
    *([1, 30], (), (1, 2, 3), ("1", "2"), (True, 2), (1, None), (3, 2), (0.5, 2), (1, float("inf"))),
)


class Service:
    """A task with scripted statuses, the last one repeated; ``!`` is a lost response, numbers are HTTP statuses."""

    def __init__(self, script: str, clock: FakeClock, *, seconds: float = 0.0) -> None:
        self.script = script.split()
        self.clock = clock
        self.seconds = seconds
        self.polled: list[float] = []
        self.canceled = 0
        self._began = clock.monotonic()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.canceled += 1
            return httpx.Response(200, json={"DATA_TYPE": "result", "code": "CancelAccepted"})
        self.polled.append(self.clock.monotonic() - self._began)
        if self.seconds:
            await self.clock.sleep(self.seconds)
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if word == "!":
            raise httpx.ReadError("reset")
        if word.isdigit():
            return refusal(int(word), "NotFound" if word == "404" else "InternalError")
        status, _, moved = word.partition(":")
        return httpx.Response(200, json={"task_id": TASK, "status": status, "bytes_transferred": int(moved or 0)})


@pytest.mark.parametrize(
    ("script", "timeout", "interval", "done", "polls"),
    [
        ("SUCCEEDED", 10, 10, True, [0]),
        ("FAILED", 10, 10, True, [0]),
        ("ACTIVE SUCCEEDED", 10, 10, True, [0, 10]),
        ("ACTIVE", 10, 10, False, [0, 10]),
        ("ACTIVE", 15, 10, False, [0, 10, 15]),
        ("ACTIVE", 25, 10, False, [0, 10, 20, 25]),
        ("ACTIVE", 1, 60, False, [0, 1]),
        ("ACTIVE ACTIVE ACTIVE SUCCEEDED", None, 60, True, [0, 60, 120, 180]),
        ("ACTIVE FANCY_NEW_STATE", 20, 10, False, [0, 10, 20]),
        ("FANCY_NEW_STATE SUCCEEDED", 20, 10, True, [0, 10]),
    ],
)
async def test_polls_and_result(
    script: str,
    timeout: float | None,  # noqa: ASYNC109 -- the argument under test
    interval: float,
    done: bool,
    polls: list[float],
) -> None:
    """It polls at once, at every interval and at the time limit; only the final statuses end the wait."""
    clock = FakeClock(skipping=True)
    service = Service(script, clock)
    async with client_of(service, clock=clock) as tc:
        assert await tc.task_wait(TASK, timeout=timeout, polling_interval=interval) is done
    assert service.polled == polls


async def test_slow_requests() -> None:
    """The duration of requests counts."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE", clock, seconds=4)
    async with client_of(service, clock=clock) as tc:
        assert await tc.task_wait(TASK, timeout=20, polling_interval=5) is False
    assert service.polled == [0, 9, 18]
    assert clock.slept == [4, 5, 4, 5, 4]


async def test_no_response() -> None:
    """If the service hangs, the wait ends 5 s after its time limit: False after a successful poll, else an error."""
    clock = FakeClock()
    hangs = asyncio.Event()
    polls = 0

    async def service(_: httpx.Request) -> httpx.Response:
        nonlocal polls
        polls += 1
        if polls > seen:
            hangs.set()
            await clock.sleep(100_000)
        return httpx.Response(200, json={"task_id": TASK, "status": "ACTIVE"})

    async with client_of(service, clock=clock) as tc:
        for seen in (1, 0):
            polls = 0
            hangs.clear()
            began = clock.monotonic()
            wait = asyncio.create_task(tc.task_wait(TASK, timeout=10, polling_interval=10))
            while not wait.done():
                await clock.advance(1)
            if seen:
                assert wait.result() is False
            else:
                with pytest.raises(GlobusTimeoutError, match="no poll of task"):
                    wait.result()
            assert hangs.is_set()
            assert clock.monotonic() - began == 15


async def test_transient_errors() -> None:
    """Polls with transient errors are repeated at the next interval; five failures in a row are raised."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE ! 500 503 429 SUCCEEDED", clock)
    async with client_of(service, clock=clock) as tc:
        assert await tc.task_wait(TASK, timeout=100, polling_interval=10)
        assert service.polled == [0, 10, 20, 30, 40, 50]
        service.script = ["!"]
        with pytest.raises(GlobusConnectionError):
            await tc.task_wait(TASK, timeout=None, polling_interval=10)
        assert len(service.polled) == 6 + 5
        service.script = ["500"]
        with pytest.raises(TransferAPIError):
            await tc.task_wait(TASK, timeout=None, polling_interval=10)
        with pytest.raises(GlobusTimeoutError) as caught:
            await tc.task_wait(TASK, timeout=10, polling_interval=10)
        assert isinstance(caught.value.__cause__, TransferAPIError)


class Authorizer(GlobusAuthorizer):
    """Has a token or fails, as scripted; the last step is repeated."""

    def __init__(self, *script: TokenRefreshError | None) -> None:
        self.script = list(script)

    async def get_authorization_header(self) -> Secret:
        failure = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if failure is not None:
            raise copy_error(failure)
        return Secret("Bearer t")


def failed_refresh(cause: Exception | None, *, retry_after: float | None = None) -> TokenRefreshError:
    error = TokenRefreshError("no token")
    error.__cause__, error.retry_after = cause, retry_after
    return error


def auth_failure(status: int) -> AuthAPIError:
    return AuthAPIError(raw_response_of(status, {"error": "whatever"}))


@pytest.mark.parametrize(
    "failure",
    [
        failed_refresh(None),
        failed_refresh(GlobusConnectionError("reset", stage="no response")),
        failed_refresh(auth_failure(503)),
        failed_refresh(auth_failure(429)),
        failed_refresh(LookupError("a storage of the caller")),
        failed_refresh(TokenStorageUnavailable("its server is down")),
        failed_refresh(LeaseLost("the process was paused")),
    ],
    ids=repr,
)
async def test_failures_of_the_token_endpoint(failure: TokenRefreshError) -> None:
    """A transient one counts as a failed poll, as a failure of Transfer does; the fifth in a row is raised."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE SUCCEEDED", clock)
    async with client_of(service, clock=clock) as tc:
        tc.authorizer = Authorizer(None, failure, failure, failure, failure, None)
        assert await tc.task_wait(TASK, timeout=None, polling_interval=10)
        assert service.polled == [0, 50]
        tc.authorizer = Authorizer(failure, failure, failure, None)
        assert [task["status"] async for task in tc.task_watch(TASK, polling_interval=10)] == ["SUCCEEDED"]
        tc.authorizer = Authorizer(*[failure] * 5, None)
        with pytest.raises(TokenRefreshError):
            await tc.task_wait(TASK, timeout=None, polling_interval=10)
        tc.authorizer = Authorizer(failure)
        with pytest.raises(GlobusTimeoutError) as caught:
            await tc.task_wait(TASK, timeout=10, polling_interval=10)
        assert isinstance(caught.value.__cause__, TokenRefreshError)


@pytest.mark.parametrize(
    "failure",
    [
        LoginRequired("revoked"),
        ApplicationRefused("wrong secret"),
        failed_refresh(auth_failure(400)),
        failed_refresh(GlobusSDKUsageError("closed")),
        failed_refresh(TokenStorageDamaged("the file is no JSON")),
    ],
    ids=repr,
)
async def test_no_token_for_good(failure: TokenRefreshError) -> None:
    """What no later attempt can change ends the wait at once."""
    clock = FakeClock(skipping=True)
    async with client_of(Service("ACTIVE", clock), clock=clock) as tc:
        tc.authorizer = Authorizer(failure)
        with pytest.raises(type(failure)):
            await tc.task_wait(TASK, timeout=1000)
        with pytest.raises(type(failure)):
            await anext(aiter(tc.task_watch(TASK)))
    assert clock.slept == []


async def test_polls_wait_for_the_next_refresh() -> None:
    """A poll before the refresh is tried again would fail with a copy of the error, and use up the five failures."""
    clock = FakeClock(skipping=True)
    for asked, waited in ((25.0, 25), (3.0, 10), (1e9, 600)):
        service = Service("SUCCEEDED", clock)
        async with client_of(service, clock=clock) as tc:
            tc.authorizer = Authorizer(failed_refresh(None, retry_after=asked), None)
            assert await tc.task_wait(TASK, timeout=None, polling_interval=10)
        assert service.polled == [waited]


async def test_permanent_errors() -> None:
    """An unknown task raises at once."""
    clock = FakeClock(skipping=True)
    async with client_of(Service("404", clock), clock=clock) as tc:
        with pytest.raises(NotFound):
            await tc.task_wait(TASK, timeout=None)
        with pytest.raises(NotFound):
            await anext(aiter(tc.task_watch(TASK)))


async def test_inactive_task() -> None:
    """An inactive task raises an error with its document."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE INACTIVE", clock)
    async with client_of(service, clock=clock) as tc:
        with pytest.raises(TaskInactive) as caught:
            await tc.task_wait(TASK, timeout=None, polling_interval=5)
    assert caught.value.task["task_id"] == TASK
    assert service.polled == [0, 5]


@pytest.mark.parametrize(
    ("task_id", "options"),
    [
        (TASK, {"timeout": 0}),
        (TASK, {"timeout": 0.99}),
        (TASK, {"timeout": -1}),
        (TASK, {"timeout": float("nan")}),
        (TASK, {"polling_interval": 0}),
        (TASK, {"polling_interval": float("nan")}),
        *((TASK, {"timeout": wrong}) for wrong in ("60", True, [60], 10**400)),
        *((TASK, {"polling_interval": wrong}) for wrong in WRONG_INTERVALS),
        ("../endpoint", {}),
        ("", {}),
    ],
)
async def test_invalid_arguments(task_id: str, options: dict[str, Any]) -> None:
    """Times below one second, and invalid ids, are refused without a request."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE", clock)
    async with client_of(service, clock=clock) as tc:
        named = next(iter(options), "task_id")
        with pytest.raises(GlobusSDKUsageError, match=named):
            await tc.task_wait(task_id, **options)
        with pytest.raises(GlobusSDKUsageError, match=named):
            await tc.cancel_task_and_wait(task_id, **options)
        if "timeout" not in options:
            with pytest.raises(GlobusSDKUsageError, match=named):
                tc.task_watch(task_id, **options)
    assert service.polled == []
    assert service.canceled == 0


async def test_watch() -> None:
    """Each change is yielded once, the final document last."""
    clock = FakeClock(skipping=True)
    service = Service("ACTIVE:1 ACTIVE:1 ! ACTIVE:2 INACTIVE:2 ACTIVE:3 SUCCEEDED:9", clock)
    async with client_of(service, clock=clock) as tc:
        watch = tc.task_watch(TASK, polling_interval=2)
        seen = [(task["status"], task["bytes_transferred"]) async for task in watch]
        assert [task async for task in watch] == []
    assert seen == [("ACTIVE", 1), ("ACTIVE", 2), ("INACTIVE", 2), ("ACTIVE", 3), ("SUCCEEDED", 9)]
    assert service.polled == [0, 2, 4, 6, 8, 10, 12]


async def test_watch_between_iterations() -> None:
    """Time between two iterations counts for the interval; after a cancellation a watch can be iterated further."""
    clock = FakeClock()
    service = Service("ACTIVE:1 ACTIVE:2 SUCCEEDED", clock)
    async with client_of(service, clock=clock) as tc:
        watch = tc.task_watch(TASK, polling_interval=10)
        await anext(watch)
        await clock.advance(25)
        await anext(watch)
        assert service.polled == [0, 25]
        waiting = asyncio.create_task(watch.__anext__())
        await clock.asleep()
        waiting.cancel()
        await asyncio.wait([waiting])
        await clock.advance(60)
        assert (await anext(watch))["status"] == "SUCCEEDED"
    assert service.polled == [0, 25, 85]


async def test_cancel_and_wait() -> None:
    """It cancels once and waits until the task is done, also if the task is inactive meanwhile."""
    clock = FakeClock(skipping=True)
    service = Service("INACTIVE ACTIVE FAILED", clock)
    async with client_of(service, clock=clock) as tc:
        assert await tc.cancel_task_and_wait(TASK) is True
        service.script = ["ACTIVE"]
        assert await tc.cancel_task_and_wait(TASK, timeout=3) is False
    assert service.canceled == 2
    assert service.polled == [0, 1, 2, 2, 3, 4, 5]


async def test_cancellation() -> None:
    """Waits that are cancelled during their shared sleep end at once."""
    clock = FakeClock()
    service = Service("ACTIVE", clock)
    async with client_of(service, clock=clock) as tc:
        waits = [asyncio.create_task(tc.task_wait(TASK, timeout=None)) for _ in range(50)]
        await clock.asleep()
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
        assert all(wait.cancelled() for wait in waits)
    assert clock.pending == ()
