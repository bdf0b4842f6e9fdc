"""The observer of a transport: what it is given of each call and attempt, however they end."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Awaitable
from contextvars import copy_context
from typing import Any

import httpx
import pytest

from globus_async import (
    BaseClient,
    GlobusAPIError,
    GlobusSDKUsageError,
    Observer,
    TransferClient,
    Transport,
)
from tests.clients import ID
from tests.toolkit.clock import FakeClock
from tests.toolkit.recorder import Recorder
from tests.toolkit.scripted import Scripted, fails, respond


async def test_a_call_is_described() -> None:
    """With the method of the client, the template of the path, and the response."""
    seen = Recorder()
    service = Scripted(respond(200, {"DATA_TYPE": "task"}, x_request_id="r1"))
    async with service.client(client_class=TransferClient, observer=seen) as client:
        assert isinstance(client, TransferClient)
        began = service.clock.wall()
        await client.get_task(ID)
    assert [event for event, _ in seen.events] == ["call started", "attempt started", "attempt ended", "call ended"]
    (call,), (attempt,) = seen.calls, seen.attempts
    assert (call.operation, call.http_method, call.path_template) == (
        "TransferClient.get_task",
        "GET",
        "/v0.10/task/{task_id}",
    )
    assert (call.scheme, call.server_address, call.server_port) == ("https", "transfer.api.globus.org", 443)
    assert (call.started_at, call.status, call.request_id, call.attempts, call.error) == (began, 200, "r1", 1, None)
    assert (attempt.call, attempt.number, attempt.status, attempt.request_id, attempt.error) == (
        call,
        1,
        200,
        "r1",
        None,
    )
    assert (attempt.retry_reason, attempt.delay, attempt.stage) == (None, None, None)


async def test_attempts_end_before_the_delay_with_the_reason_of_the_next_one() -> None:
    """Each attempt has its status or error, why it is repeated, and when."""
    seen = Recorder()
    service = Scripted(respond(503, retry_after="7"), fails(httpx.ReadError), fails(httpx.ConnectError), respond(404))
    async with service.client(observer=seen) as client:
        with pytest.raises(GlobusAPIError):
            await client.get("/v0.10/x")
    (call,) = seen.calls
    assert [(a.number, a.status, a.error, a.stage, a.retry_reason) for a in seen.attempts] == [
        (1, 503, None, None, "503"),
        (2, None, "GlobusConnectionError", "no response", "no response"),
        (3, None, "GlobusConnectionError", "not sent", "not sent"),
        (4, 404, None, None, None),
    ]
    assert [a.delay for a in seen.attempts] == [8.0, 2.0, 4.0, None]
    assert [a.seconds for a in seen.attempts] == [0.0] * 4
    assert (call.attempts, call.status, call.error, call.seconds) == (4, 404, "NotFound", 14.0)
    assert (call.operation, call.path_template) == ("BaseClient.get", None)
    assert [event for event, _ in seen.events][1:-1] == ["attempt started", "attempt ended"] * 4


class Widgets(BaseClient):
    """A client of a program's own, which fills its paths itself."""

    async def get_widget(self, number: str) -> Any:
        """Fetch a widget."""
        return await self.call("GET", f"/v1/widget/{number}/parts", dict[str, Any])


@pytest.mark.parametrize(("number", "template"), [("17", None), (ID, None), ("all", "/v1/widget/all/parts")])
async def test_a_path_with_an_id_is_no_template(number: str, template: str | None) -> None:
    """Each resource would have spans and metrics of its own."""
    seen = Recorder()
    async with Scripted(respond(200, {"a": 1})).transport(observer=seen) as transport:
        await Widgets(base_url="https://x.example", transport=transport).get_widget(number)
    assert [(call.operation, call.path_template) for call in seen.calls] == [("Widgets.get_widget", template)]


def stall(_: httpx.Request) -> Awaitable[httpx.Response]:
    """Never respond."""
    return asyncio.get_running_loop().create_future()


async def test_a_submission_that_is_left_behind() -> None:
    """Python closes it in another context when its event loop has ended: the call ends, and nothing fails."""
    seen = Recorder()
    document = {"DATA_TYPE": "delete", "endpoint": ID, "submission_id": ID, "DATA": [{"path": "/a"}]}
    service = Scripted(respond(200), stall)
    async with service.client(client_class=TransferClient, observer=seen) as client:
        assert isinstance(client, TransferClient)
        await client.get("/v0.10/x")
        submission = client.submit_delete(document)
        copy_context().run(submission.send, None)
        assert len(seen.running) == 2  # the call and its attempt
        submission.close()
    assert (seen.running, seen.calls[-1].operation) == (set(), "TransferClient.submit_delete")


PROGRAM = """
async def fetch(client):
    held = Held()
    kept.append(weakref.ref(held))
    await client.get("/v1/x")
    del held
    kept.append(kept[0]() is not None)
"""


async def test_functions_that_call_a_client_are_none_of_its_methods() -> None:
    """Neither their names are passed, nor are their locals kept; they may be in no module."""
    seen, kept = Recorder(), list[object]()
    names: dict[str, Any] = {"Held": type("Held", (), {}), "weakref": weakref, "kept": kept}
    exec(PROGRAM, names)
    async with Scripted(respond(200)).client(observer=seen) as client:
        await names["fetch"](client)
    assert [call.operation for call in seen.calls] == ["BaseClient.get"]
    assert kept[1] is False


EVENTS = ("attempt_ended", "attempt_started", "call_ended", "call_started", "refresh_ended", "throttled")


def failing(error: type[BaseException]) -> Observer:
    """Return an observer whose methods all fail."""

    def fail(*_: object) -> None:
        raise error("canary")

    made: Observer = type("Failing", (Observer,), dict.fromkeys(EVENTS, fail))()
    return made


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError])
async def test_an_observer_that_fails_changes_nothing(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """At every event; its exceptions are logged, once per event and class, without their text."""
    service = Scripted(respond(503), respond(200, {"a": 1}))
    async with service.client(observer=failing(error)) as client:
        for _ in range(2):
            assert (await client.get("/v0.10/x"))["a"] == 1
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 4
    assert all(error.__name__ in line and "canary" not in line for line in logged)


async def test_an_exit_that_an_observer_raises() -> None:
    """It ends the call, whose total timeout does not cancel the caller later."""
    service = Scripted(respond(200), clock=FakeClock())
    async with service.client(observer=failing(SystemExit)) as client:
        with pytest.raises(SystemExit):
            await client.get("/v1/x")
        await service.clock.advance(301)


@pytest.mark.parametrize("event", EVENTS)
def test_methods_that_would_have_to_be_awaited_are_refused(event: str) -> None:
    """They would never be."""

    async def method(*_: object) -> None:
        pass

    observer: Observer = type("Awaited", (Observer,), {event: method})()
    with pytest.raises(GlobusSDKUsageError, match=rf"observer's {event} must be a plain method: write def"):
        Transport(observer=observer)


def test_an_observer_has_the_base_class() -> None:
    """So that a method that is not overridden does nothing."""
    with pytest.raises(GlobusSDKUsageError, match="subclass of Observer, got object"):
        Transport(observer=object())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
