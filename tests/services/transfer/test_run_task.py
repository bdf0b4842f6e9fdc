"""Running a task: one call submits a document once, waits, and cancels the task if that is wanted."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    DeleteData,
    GlobusSDKUsageError,
    RateLimit,
    SubmissionUncertain,
    TaskEndReason,
    TaskProgress,
    TransferClient,
    TransferData,
    Transport,
)
from globus_async.services.transfer import NotFound, PermissionDenied
from globus_async.testing import GlobusEmulator, MemoryStorage
from tests.services.transfer.scripted import A, B, client_of, document_of, refusal
from tests.toolkit.cancel import MODES, POINTS, CancelAt, Mode, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.leaks import Snapshot, recorded_problems
from tests.toolkit.recorder import Recorder


class Service:
    """
    Runs tasks: each is done at its third poll, or when it is canceled.

    Args:
        losses: What becomes of submissions, one after another: ``"unreached"``, ``"after"`` (the response is lost),
            ``"refused"``.
        cancel: What becomes of the requests to cancel: a status, or a failure.
    """

    def __init__(self, *losses: str, cancel: tuple[int | type[httpx.TransportError], ...] = ()) -> None:
        self.losses = list(losses)
        self.cancellations = list(cancel)
        self.submissions: dict[str, str] = {}
        self.polls: Counter[str] = Counter()
        self.canceled: set[str] = set()
        self.done: set[str] = set()
        self.requests: list[str] = []
        self.ids = itertools.count(1)
        self.submitted, self.polled = asyncio.Event(), asyncio.Event()

    @property
    def running(self) -> set[str]:
        """The tasks that were created and neither ended nor were canceled."""
        return {*self.submissions.values()} - self.canceled - self.done

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v0.10/")
        self.requests.append(path)
        await asyncio.sleep(0)
        if path == "submission_id":
            return httpx.Response(200, json={"value": str(UUID(int=next(self.ids)))})
        if path in {"transfer", "delete"}:
            return await self.submit(document_of(request)["submission_id"])
        return await self.cancel(path.split("/")[1]) if path.endswith("/cancel") else self.poll(path.split("/")[1])

    async def submit(self, submission: str) -> httpx.Response:
        loss = self.losses.pop(0) if self.losses else ""
        if loss == "unreached":
            raise httpx.ConnectError("refused")
        if loss == "refused":
            return refusal(403, "PermissionDenied")
        known = submission in self.submissions
        task_id = self.submissions.setdefault(submission, str(UUID(int=1000 + len(self.submissions))))
        self.submitted.set()
        await asyncio.sleep(0)
        if loss == "after":
            raise httpx.ReadError("reset")
        return httpx.Response(200, json={"code": "Duplicate" if known else "Accepted", "task_id": task_id})

    async def cancel(self, task_id: str) -> httpx.Response:
        fault = self.cancellations.pop(0) if self.cancellations else 200
        await asyncio.sleep(0)
        if not isinstance(fault, int):
            raise fault("scripted failure")
        if fault != 200:
            return refusal(fault, "InternalError")
        self.canceled.add(task_id)
        return httpx.Response(200, json={"code": "Canceled"})

    def poll(self, task_id: str) -> httpx.Response:
        self.polls[task_id] += 1
        self.polled.set()
        number = self.polls[task_id]
        members: dict[str, Any] = {"task_id": task_id, "status": "ACTIVE", "files": 4, "files_transferred": number}
        if task_id in self.canceled:
            members |= {"status": "FAILED", "fatal_error": {"code": "CANCELED"}}
        elif number >= 3:
            members["status"] = "SUCCEEDED"
            self.done.add(task_id)
        return httpx.Response(200, json=members)


def transfer() -> TransferData:
    data = TransferData(A, B)
    data.add_item("/a", "/b")
    return data


def deletion() -> DeleteData:
    data = DeleteData(A)
    data.add_item("/a")
    return data


def skipping() -> FakeClock:
    return FakeClock(skipping=True)


@pytest.mark.parametrize("make", [transfer, deletion, lambda: dict(transfer()), lambda: dict(deletion())])
async def test_outcome(make: Callable[[], dict[str, Any]]) -> None:
    """A document of either kind is submitted once, and its task awaited; again, the same task is."""
    service, data = Service(), make()
    seen: list[TaskProgress] = []
    async with client_of(service, clock=skipping()) as tc:
        outcome = await tc.run_task(data, progress=seen.append)
        again = await tc.run_task(data)
    assert outcome.reason is TaskEndReason.SUCCEEDED
    assert again.task["task_id"] == outcome.task["task_id"] == service.submissions[data["submission_id"]]
    assert [progress.files_done for progress in seen] == [1, 2, 3]
    assert [progress.is_done for progress in seen] == [False, False, True]
    assert service.requests.count(data["DATA_TYPE"]) == 2


SUBMITTING: dict[str, Callable[[TransferClient, Path], Awaitable[object]]] = {
    "run_task": lambda tc, _: tc.run_task(transfer()),
    "run_task, cancelling": lambda tc, _: tc.run_task(transfer(), cancel_task_if_cancelled=True),
    "submit_transfer": lambda tc, _: tc.submit_transfer(transfer()),
    "submit_delete": lambda tc, _: tc.submit_delete(deletion()),
    "submit_items": lambda tc, path: tc.submit_items(TransferData(A, B), [("/a", "/b")], journal=path),
    "submit_documents": lambda tc, path: tc.submit_documents([deletion()], journal=path),
}


@pytest.mark.parametrize("name", SUBMITTING)
async def test_observed(name: str, tmp_path: Path) -> None:
    """An observer is given the public method that submits; a later call of the caller's own is not named after it."""
    seen = Recorder()
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(Service())) as http_client,
        Transport(http_client=http_client, clock=skipping(), observer=seen) as transport,
    ):
        tc = TransferClient(authorizer=AccessTokenAuthorizer("t0ken"), transport=transport)
        await SUBMITTING[name](tc, tmp_path / "journal")
        await tc.post("/v0.10/transfer", data=dict(transfer(), submission_id=A))
    submitted = [call.operation for call in seen.calls if call.http_method == "POST"]
    assert submitted == [f"TransferClient.{name.split(',', maxsplit=1)[0]}", "TransferClient.post"]


async def test_lost_responses() -> None:
    """After lost responses the document is sent again; there is one task."""
    service = Service("after", "unreached", "after")
    async with client_of(service, clock=skipping(), retries=3) as tc:
        await tc.run_task(transfer())
    assert len(service.submissions) == 1


async def test_uncertain_submission() -> None:
    """Without a response, the error has the document, with which the same task is awaited."""
    service = Service("after")
    async with client_of(service, clock=skipping()) as tc:
        with pytest.raises(SubmissionUncertain) as caught:
            await tc.run_task(transfer())
        await tc.run_task(dict(caught.value.document))
    assert len(service.submissions) == 1


async def test_refused_submission() -> None:
    """A refusal is raised as it is, whether or not the task were to be canceled."""
    for cancels in (False, True):
        service = Service("refused")
        async with client_of(service, clock=skipping()) as tc:
            with pytest.raises(PermissionDenied):
                await tc.run_task(transfer(), cancel_task_if_cancelled=cancels)
        assert service.requests == ["submission_id", "transfer"]


async def test_time_limit() -> None:
    """At the time limit the outcome says so, and the task continues."""
    service = Service()
    async with client_of(service, clock=skipping()) as tc:
        outcome = await tc.run_task(transfer(), timeout=1, cancel_task_if_cancelled=True)
    assert outcome.reason is TaskEndReason.TIMED_OUT
    assert service.running == {outcome.task["task_id"]}


async def report_later(progress: TaskProgress) -> None:
    """A function that would have to be awaited."""


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"polling_interval": 0},
        {"stalled_after": 0},
        {"stall_codes": ["FILE_NOT_FOUND"]},
        {"error_events": -1},
        {"progress": 5},
        pytest.param({"progress": report_later}, id="a coroutine function"),
        {"cancel_task_if_cancelled": 1},
    ],
    ids=str,
)
async def test_invalid_arguments(options: dict[str, Any]) -> None:
    """An invalid option or document is refused before anything is sent."""
    service = Service()
    async with client_of(service) as tc:
        with pytest.raises(GlobusSDKUsageError, match=next(iter(options))):
            await tc.run_task(transfer(), **options)
        with pytest.raises(GlobusSDKUsageError, match="no items"):
            await tc.run_task(TransferData(A, B))
        with pytest.raises(GlobusSDKUsageError, match="TransferData"):
            await tc.run_task({"DATA_TYPE": "tunnel"})
    assert not service.requests


@pytest.mark.parametrize("cancels", [False, True])
async def test_error_of_the_wait(cancels: bool) -> None:
    """An error after the submission names the task, which continues: the service is not the caller."""

    async def without_polls(request: httpx.Request) -> httpx.Response:
        return refusal(404, "NotFound") if "/task/" in request.url.path else await service(request)

    service = Service()
    async with client_of(without_polls, clock=skipping()) as tc:
        with pytest.raises(NotFound) as caught:
            await tc.run_task(transfer(), cancel_task_if_cancelled=cancels)
    (task_id,) = service.running
    assert any(task_id in note for note in caught.value.__notes__)


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("limit", [None, 60])
@pytest.mark.parametrize("kind", [LookupError, TimeoutError, GlobusSDKUsageError, SystemExit])
async def test_error_of_the_callback(kind: type[BaseException], limit: float | None, cancels: bool) -> None:
    """An exception of the callback is raised, whatever it is, and abandons the task as a cancellation does."""
    raised = kind("of the callback")

    def fail(_: TaskProgress) -> None:
        raise raised

    service = Service()
    async with client_of(service, clock=skipping()) as tc:
        with pytest.raises(kind) as caught:
            await tc.run_task(transfer(), timeout=limit, progress=fail, cancel_task_if_cancelled=cancels)
    assert caught.value is raised
    assert len(service.canceled) == cancels
    assert len(service.running) == (not cancels)


async def test_note_of_a_cancellation() -> None:
    """Without the option, the task continues after a cancellation, which has its id as a note."""
    service = Service()
    async with client_of(service) as tc:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await tc.run_task(transfer())
    (task_id,) = service.running
    assert task_id in "".join(getattr(caught.value.__cause__, "__notes__", ()))


FAULTS: dict[str, tuple[tuple[str, ...], tuple[int | type[httpx.TransportError], ...]]] = {
    "none": ((), ()),
    "submission unreached": (("unreached", "unreached"), ()),
    "response lost": (("after", "after"), ()),
    "cancel 503": ((), (503, 500)),
    "cancel lost": ((), (httpx.ReadError, httpx.ConnectError)),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_task_is_left(fault: str, record_property: Callable[[str, object], None]) -> None:
    """Cancelled at any suspension, the call ends cancelled, and no task runs at the service."""
    losses, cancel = FAULTS[fault]
    services: list[Service] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        return await services[-1](request)

    async with client_of(serve, clock=skipping(), retries=3) as tc:

        async def run() -> None:
            services.append(Service(*losses, cancel=cancel))
            tc.transport.origin("https://transfer.example/").budget.refill(after_retry=False)
            await tc.run_task(transfer(), cancel_task_if_cancelled=True)

        async def nothing_left() -> None:
            service, sent = services[-1], len(services[-1].requests)
            assert service.running == set()
            assert len(service.submissions) <= 1
            assert not before.new_tasks()
            for _ in range(10):
                await asyncio.sleep(0)
            assert len(service.requests) == sent, "a request was sent after the end of the call"

        before = Snapshot.take()
        with recorded_problems() as problems:
            points = await every_suspension(run, nothing_left)
        problems.assert_none()
    record_property(POINTS, points)
    assert points > 20
    assert any(service.canceled for service in services)
    assert any(not service.submissions for service in services)


@pytest.mark.parametrize("mode", MODES)
async def test_cancelled_again_and_again(mode: Mode) -> None:
    """Further cancellations neither end the cancellation of the task nor replace it."""
    points = 0
    for k in itertools.count(1):
        service = Service()
        async with client_of(service, clock=skipping()) as tc:
            probe = CancelAt(tc.run_task(transfer(), cancel_task_if_cancelled=True), k, mode)
            task = asyncio.ensure_future(awaiting(probe))
            while not task.done():
                await asyncio.sleep(0)
                if probe.fired:
                    task.cancel()
        if not probe.fired:
            break
        assert task.cancelled()
        assert service.running == set()
        points = k
    assert points > 5


async def awaiting(call: CancelAt[Any]) -> Any:
    return await call


async def test_all_tasks_cancelled_at_once() -> None:
    """At the end of a program all tasks are cancelled, those of the call included: no task is left at the service."""
    created = 0
    for passes in range(60):
        service = Service()
        async with client_of(service, clock=skipping()) as tc:
            before = asyncio.all_tasks()
            run = asyncio.ensure_future(tc.run_task(transfer(), cancel_task_if_cancelled=True))
            for _ in range(passes):
                await asyncio.sleep(0)
            for task in asyncio.all_tasks() - before:
                task.cancel()
            await asyncio.wait([run])
            created += bool(service.submissions)
            assert service.running == set()
    assert created > 5


async def test_nothing_is_submitted_after_a_cancellation() -> None:
    """A submission that waits for the rate limit is given up: its task is not created in order to be canceled."""
    service, clock = Service(), FakeClock()

    async def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v0.10/other":
            await asyncio.Event().wait()
        return await service(request)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http_client,
        Transport(http_client=http_client, clock=clock) as transport,
    ):
        tc = TransferClient(
            base_url="https://transfer.example/",
            authorizer=AccessTokenAuthorizer("t0ken"),
            transport=transport,
            rate_limit=RateLimit(calls=1, seconds=100),
        )
        run = asyncio.ensure_future(tc.run_task(transfer(), cancel_task_if_cancelled=True))
        await clock.asleep(2)
        other = asyncio.ensure_future(tc.with_options(rate_limit=None).get("/v0.10/other"))  # this one may be executed
        await clock.asleep(3)
        run.cancel()
        await asyncio.wait([run])
        other.cancel()
    assert run.cancelled()
    assert service.requests == ["submission_id"]


@pytest.mark.parametrize(
    "cancel", [(500, 500), (403,), (httpx.ReadError, httpx.ReadError)], ids=["500", "403", "no response"]
)
async def test_task_that_cannot_be_canceled(
    cancel: tuple[int | type[httpx.TransportError], ...], caplog: pytest.LogCaptureFixture
) -> None:
    """The cancellation is raised, and a warning names the task that continues."""
    service = Service(cancel=cancel)
    async with client_of(service, clock=skipping(), retries=1) as tc:
        task = asyncio.ensure_future(tc.run_task(transfer(), cancel_task_if_cancelled=True))
        await service.polled.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    (task_id,) = service.running
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([record for record in warnings if task_id in record.getMessage()]) == 1


async def test_cancellation_is_limited_in_time(caplog: pytest.LogCaptureFixture) -> None:
    """Without a response to the request to cancel, the call ends after thirty seconds."""
    clock, service = FakeClock(), Service()

    async def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/cancel"):
            await asyncio.Event().wait()
        return await service(request)

    async with client_of(serve, clock=clock) as tc:
        task = asyncio.ensure_future(tc.run_task(transfer(), cancel_task_if_cancelled=True))
        await service.polled.wait()
        task.cancel()
        for seconds, is_done in ((29, False), (1, True)):
            await clock.advance(seconds)
            assert task.done() is is_done
    assert task.cancelled()
    assert next(iter(service.running)) in caplog.text


async def test_submission_without_response_is_limited_in_time(caplog: pytest.LogCaptureFixture) -> None:
    """A submission to which there is no response ends after thirty seconds, too; its id is in a warning."""
    clock, service, data = FakeClock(), Service(), transfer()
    before = asyncio.all_tasks()

    async def serve(request: httpx.Request) -> httpx.Response:
        response = await service(request)
        if request.url.path.endswith("/transfer"):
            await asyncio.Event().wait()
        return response

    async with client_of(serve, clock=clock) as tc:
        task = asyncio.ensure_future(tc.run_task(data, cancel_task_if_cancelled=True))
        await service.submitted.wait()
        task.cancel()
        await clock.advance(30)
        assert task.cancelled()
        assert asyncio.all_tasks() == before
    assert data["submission_id"] in caplog.text


async def test_transport_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """With the transport closed, the task cannot be canceled: the call ends, and the warning names the task."""
    service = Service()
    async with client_of(service) as tc:
        task = asyncio.ensure_future(tc.run_task(transfer(), cancel_task_if_cancelled=True))
        await service.polled.wait()
        await asyncio.sleep(0.01)  # the next poll is a second later
        await tc.transport.aclose()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert next(iter(service.running)) in caplog.text


async def test_transport_is_closed_during_the_submission(caplog: pytest.LogCaptureFixture) -> None:
    """A submission that the closing of the transport ends is reported as uncertain."""
    service, data = Service(), transfer()

    async def serve(request: httpx.Request) -> httpx.Response:
        response = await service(request)
        if request.url.path.endswith("/transfer"):
            await asyncio.Event().wait()
        return response

    async with client_of(serve) as tc:
        task = asyncio.ensure_future(tc.run_task(data, cancel_task_if_cancelled=True))
        await service.submitted.wait()
        task.cancel()
        await asyncio.sleep(0)
        await tc.transport.aclose()
        await asyncio.wait([task])
    assert task.cancelled()
    assert data["submission_id"] in caplog.text


async def test_task_group() -> None:
    """One that fails cancels the others, and all their tasks at the service are canceled."""
    service = Service()

    def fail(progress: TaskProgress) -> None:
        if progress.files_done == 2:
            raise LookupError

    async with client_of(service, clock=skipping()) as tc:
        calls = [
            tc.run_task(transfer(), progress=progress, cancel_task_if_cancelled=True) for progress in (None, fail, None)
        ]
        with pytest.raises(ExceptionGroup):
            await together(calls)
    assert len(service.submissions) == 3
    assert service.running == set()
    assert service.canceled


async def together(calls: Sequence[Coroutine[Any, Any, object]]) -> None:
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(call)


async def test_emulator_on_a_socket(record_property: Callable[[str, object], None]) -> None:
    """Whenever the call is cancelled, no task of an emulator that moves files is active afterwards."""
    async with GlobusEmulator() as globus, globus.serve() as server, Transport(clock=skipping()) as transport:
        lab = globus.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
        archive = globus.add_collection("Archive", storage=MemoryStorage())
        authorizer = AccessTokenAuthorizer(globus.access_token())
        tc = TransferClient(base_url=server.url, authorizer=authorizer, transport=transport, rate_limit=None)

        async def run() -> None:
            data = TransferData(lab.id, archive.id)
            data.add_item("/a", "/b")
            await tc.run_task(data, cancel_task_if_cancelled=True)

        async def none_active() -> None:
            assert {task.status.value for task in globus.transfer.tasks.values()} <= {"FAILED", "SUCCEEDED"}

        points = await every_suspension(run, none_active)
    record_property(POINTS, points)
    assert points >= 12
