"""The progress of a task: amounts, smoothed rates and the time left, from its documents alone."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import GlobusSDKUsageError, TaskProgress
from globus_async.services.transfer.documents import TaskDocument
from tests.services.transfer.scripted import TASK, client_of
from tests.toolkit.clock import FakeClock


def task_of(**members: Any) -> TaskDocument:
    """Return the document of a task that has transferred 4 MB in 8 seconds: 2 of 8 files."""
    document: dict[str, Any] = {
        "task_id": TASK,
        "status": "ACTIVE",
        "is_paused": False,
        "nice_status": "OK",
        "files": 8,
        "files_transferred": 2,
        "files_skipped": 0,
        "bytes_transferred": 4_000_000,
        "effective_bytes_per_second": 500_000,
        "faults": 0,
    }
    return cast("TaskDocument", {**document, **members})


def test_the_first_document() -> None:
    """The rates are the mean ones; the time left is that of the remaining files."""
    progress = TaskProgress.of(task_of())
    assert (progress.bytes_done, progress.files_done, progress.files_total) == (4_000_000, 2, 8)
    assert (progress.bytes_per_second, progress.files_per_second) == (500_000, 0.25)
    assert (progress.fraction, progress.seconds_left) == (0.25, 24)


def test_a_known_size() -> None:
    """One large file: its bytes count, not the file."""
    progress = TaskProgress.of(task_of(files=1, files_transferred=0), bytes_total=16_000_000)
    assert (progress.fraction, progress.seconds_left) == (0.25, 24)
    assert replace(progress, bytes_total=8_000_000).next(task_of(), at=9).fraction == 0.5


def test_more_bytes_than_expected() -> None:
    """A file that grew, or was sent twice: never more than everything, and no negative time."""
    progress = TaskProgress.of(task_of(bytes_transferred=20_000_000), bytes_total=16_000_000)
    assert (progress.fraction, progress.seconds_left) == (1.0, 0)


@pytest.mark.parametrize("total", [0, None])
def test_an_unknown_total(total: int | None) -> None:
    """Before the service has counted the files, there is neither a fraction nor a time."""
    progress = TaskProgress.of(task_of(files=total, files_transferred=total))
    assert (progress.files_total, progress.fraction, progress.seconds_left) == (None, None, None)


@pytest.mark.parametrize(
    ("members", "is_so"),
    [
        ({"is_paused": True}, "is_paused"),
        ({"status": "INACTIVE"}, "is_inactive"),
        ({"nice_status": "Queued", "effective_bytes_per_second": 0}, "is_queued"),
        ({"bytes_transferred": 0, "effective_bytes_per_second": 0, "files_transferred": 0}, ""),
    ],
)
def test_a_task_that_makes_no_progress(members: dict[str, Any], is_so: str) -> None:
    """The time left is unknown; the progress says why."""
    progress = TaskProgress.of(task_of(**members))
    assert progress.seconds_left is None
    assert [name for name in ("is_paused", "is_inactive", "is_queued") if getattr(progress, name)] == [is_so][
        : bool(is_so)
    ]


def test_what_was_left_out() -> None:
    """Files that were there, and files that could not be read, are finished; faults are counted."""
    progress = TaskProgress.of(task_of(files_skipped=3, subtasks_skipped_errors=1, faults=7))
    assert (progress.files_done, progress.files_skipped, progress.files_failed, progress.faults) == (6, 3, 1, 7)


@pytest.mark.parametrize(("status", "fraction"), [("SUCCEEDED", 1.0), ("FAILED", 0.25)])
def test_a_task_that_is_done(status: str, fraction: float) -> None:
    """Its rate is the mean one, whatever the rates before; only success is everything."""
    progress = TaskProgress.of(task_of(effective_bytes_per_second=9), at=0).next(task_of(status=status), at=1)
    assert progress.is_done
    assert (progress.fraction, progress.bytes_per_second, progress.seconds_left) == (fraction, 500_000, None)


def with_rate(rate: float, amount: int = 1, at: float = 0) -> TaskProgress:
    return TaskProgress(task_of(bytes_transferred=amount), at, None, rate, 0)


def test_smoothing() -> None:
    """One fast second changes the rate a little, a minute of it changes it completely."""
    progress = with_rate(100).next(task_of(bytes_transferred=1001), at=1)
    assert 100 < progress.bytes_per_second < 250
    for second in range(2, 62):
        progress = progress.next(task_of(bytes_transferred=second * 1000), at=second)
    assert progress.bytes_per_second == pytest.approx(1000, rel=0.01)


def test_the_first_bytes() -> None:
    """A task that has just begun has the rate of its first bytes, not one that grows from zero."""
    begun = TaskProgress.of(task_of(bytes_transferred=0, files_transferred=0, effective_bytes_per_second=0), at=0)
    progress = begun.next(task_of(), at=2)
    assert (progress.bytes_per_second, progress.files_per_second, progress.seconds_left) == (2_000_000, 1, 6)


def test_smoothing_does_not_depend_on_the_interval() -> None:
    """Ten measurements of one second, or one of ten: the same rate."""
    many = with_rate(100)
    for second in range(1, 11):
        many = many.next(task_of(bytes_transferred=second * 500), at=second)
    one = with_rate(100).next(task_of(bytes_transferred=5000), at=10)
    assert one.bytes_per_second == pytest.approx(many.bytes_per_second, rel=0.01)


@pytest.mark.parametrize(("amount", "at"), [(50, 5), (500, 4), (500, 3), (500, 4 + 1e-12)])
def test_clocks_and_amounts_that_go_back(amount: int, at: float) -> None:
    """A file that is sent again, and a second poll at the same time: no negative or infinite rate."""
    progress = with_rate(10, 100, 4).next(task_of(bytes_transferred=amount), at=at)
    assert 0 <= progress.bytes_per_second <= 10


def test_a_stall() -> None:
    """The rate of a task that stopped approaches zero, and the time left grows."""
    progress = first = TaskProgress.of(task_of(), at=8)
    for second in range(9, 40):
        progress = progress.next(task_of(), at=second)
    assert progress.bytes_per_second < 25_000
    assert progress.seconds_left is not None
    assert first.seconds_left is not None
    assert progress.seconds_left > 10 * first.seconds_left


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({}, "ACTIVE: 2 of 8 files, 4.0 MB, 500 kB/s, 24 s left"),
        ({"is_paused": True}, "ACTIVE, paused: 2 of 8 files, 4.0 MB"),
        ({"nice_status": "Queued", "files": 0, "files_transferred": 0}, "ACTIVE, queued: 0 files, 4.0 MB, 500 kB/s"),
        ({"status": "FAILED", "faults": 1200}, "FAILED: 2 of 8 files, 4.0 MB, 1,200 faults"),
        ({"status": "IN\x1b[2J"}, "IN\\x1b[2J: 2 of 8 files, 4.0 MB"),
    ],
)
def test_text(members: dict[str, Any], text: str) -> None:
    """One line for people; a service cannot send control characters to a terminal."""
    assert str(TaskProgress.of(task_of(**members))) == text
    assert repr(TaskProgress.of(task_of(**members))) == f"<TaskProgress {text}>"


@pytest.mark.parametrize("value", [None, True, -1, 2.5, "3", [4], 10**400])
def test_what_is_no_number(value: object) -> None:
    """A member of another type, or of an impossible size, counts as missing."""
    progress = TaskProgress.of(task_of(files=value, faults=value, bytes_transferred=value))
    assert (progress.files_total, progress.faults, progress.bytes_done) == (None, 0, 0)


NUMBERS = st.one_of(st.none(), st.integers(), st.booleans(), st.floats(), st.text(max_size=3), st.just(10**400))


@settings(deadline=None)
@given(
    documents=st.lists(st.dictionaries(st.sampled_from(sorted(task_of())), NUMBERS), min_size=1, max_size=4),
    seconds=st.floats(0, 1e6),
    bytes_total=st.one_of(st.none(), st.integers(0, 1 << 60)),
)
def test_estimates_are_finite(documents: list[dict[str, Any]], seconds: float, bytes_total: int | None) -> None:
    """No documents lead to an endless or negative estimate, or to an error."""
    progress = TaskProgress.of(task_of(**documents[0]), at=0, bytes_total=bytes_total)
    for number, members in enumerate(documents[1:], 1):
        progress = progress.next(task_of(**members), at=number * seconds)
    for value in (progress.seconds_left, progress.fraction, progress.bytes_per_second, progress.files_per_second):
        assert value is None or (value >= 0 and math.isfinite(value))
    assert str(progress)
    assert progress._repr_html_()


@pytest.mark.parametrize("total", [-1, "9", 1.5, True, math.nan, 10**400], ids=lambda total: str(total)[:9])
def test_a_total_that_is_no_amount(total: Any) -> None:
    """It is refused where it is given, not when the progress is printed."""
    with pytest.raises(GlobusSDKUsageError, match="bytes_total must be a whole number"):
        TaskProgress.of(task_of(), bytes_total=total)


@pytest.mark.parametrize("status", [["ACTIVE"], {"a": "b"}, "A\n\u2028B" * 9_000])
def test_a_status_of_another_form(status: Any) -> None:
    """The progress is still one short line."""
    progress = TaskProgress.of(task_of(), at=0).next(task_of(status=status), at=1)
    assert not progress.is_done
    assert len(str(progress).splitlines()) == 1
    assert len(str(progress)) < 1000


async def test_watch_and_wait() -> None:
    """A watch, a wait and many waits report the same progress."""
    polls = 0

    def service(_: httpx.Request) -> httpx.Response:
        nonlocal polls
        polls += 1
        status = "SUCCEEDED" if polls % 3 == 0 else "ACTIVE"
        return httpx.Response(200, json=dict(task_of(status=status, files_transferred=polls % 3 or 8)))

    async with client_of(service, clock=FakeClock(skipping=True)) as tc:
        watch = tc.task_watch(TASK)
        before: TaskProgress | None = watch.progress
        assert before is None
        watched: list[int] = []
        async for _ in watch:
            latest: TaskProgress | None = watch.progress
            assert latest is not None
            watched.append(latest.files_done)
        waited: list[TaskProgress] = []
        await tc.wait_for_task(TASK, progress=waited.append)
        many: list[TaskProgress] = []
        await tc.wait_for_tasks([TASK], task_progress=many.append)
    assert watched == [progress.files_done for progress in waited] == [progress.files_done for progress in many]
    assert watched == [1, 2, 8]
    assert 0 < waited[1].bytes_per_second < waited[0].bytes_per_second, "nothing was sent between two polls"


async def test_errors_of_callbacks() -> None:
    """An exception of a callback ends its own wait, not that of others for the same task; many waits end."""
    done: list[object] = []

    def service(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=dict(task_of(status="SUCCEEDED" if done else "ACTIVE")))

    def fail(_: TaskProgress) -> None:
        done.append(None)
        raise LookupError

    async with client_of(service, clock=FakeClock(skipping=True)) as tc:
        outcomes = await asyncio.gather(
            tc.wait_for_task(TASK, progress=fail), tc.wait_for_task(TASK), return_exceptions=True
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["LookupError", "TaskOutcome"]
        with pytest.raises(LookupError):
            await tc.wait_for_tasks([TASK], task_progress=fail)
