"""How far a transfer is, how fast, and how long it will take: estimates from what Globus reports, without a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .formatting import moment_of

if TYPE_CHECKING:
    from globus_async.services.transfer.documents import TaskDocument

__all__ = ("Progress", "Rate", "Rates", "next_rates", "progress_of")

SMOOTHING_SECONDS = 8.0
"""The time after which a new speed makes up two thirds of the one that is shown."""


@dataclass(frozen=True)
class Rate:
    """The smoothed growth of an amount, which had a value at a time."""

    amount: float
    at: float
    per_second: float

    def next(self, amount: float, at: float) -> Rate:
        """Return the rate after a later measurement."""
        seconds = at - self.at
        if seconds <= 0:
            return self
        latest = max(amount - self.amount, 0) / seconds  # a file that is transferred again reduces the amount
        weight = 1 - math.exp(-seconds / SMOOTHING_SECONDS)
        return Rate(amount, at, self.per_second + weight * (latest - self.per_second))


@dataclass(frozen=True)
class Rates:
    """The rates of a task."""

    bytes: Rate
    files: Rate


@dataclass(frozen=True)
class Progress:
    """
    The progress of a task.

    Attributes:
        percent: 0 to 100, the latter only for success; ``None`` if the total is unknown.
        bytes_per_second: The present speed, or the mean one of a task that is done.
        seconds_left: ``None`` if it is unknown, or the task does not run.
        seconds: The duration of a task that is done, or ``None``.
    """

    percent: int | None
    bytes_per_second: float
    seconds_left: float | None = None
    seconds: float | None = None


def next_rates(previous: Rates | None, task: TaskDocument, now: float) -> Rates:
    """Return the rates of a running task at a time (POSIX seconds); at first, those since its start."""
    sent, done = float(task["bytes_transferred"] or 0), float(_finished_files(task))
    if previous is not None:
        return Rates(previous.bytes.next(sent, now), previous.files.next(done, now))
    started = moment_of(task["request_time"])
    elapsed = max(now - started.timestamp(), 1.0) if started else math.inf
    return Rates(
        Rate(sent, now, float(task["effective_bytes_per_second"] or 0)),
        Rate(done, now, done / elapsed),
    )


def progress_of(task: TaskDocument, rates: Rates | None = None, total_bytes: int | None = None) -> Progress:
    """
    Return the progress of a task.

    Args:
        task: The document of the task.
        rates: Its rates, if it is running.
        total_bytes: The size of all its files. Globus does not report it; without it, files are counted.
    """
    mean = float(task["effective_bytes_per_second"] or 0)
    if task["status"] in {"SUCCEEDED", "FAILED"}:
        started, ended = moment_of(task["request_time"]), moment_of(task["completion_time"])
        seconds = (ended - started).total_seconds() if started and ended else None
        return Progress(100 if task["status"] == "SUCCEEDED" else _percent(task, total_bytes), mean, None, seconds)
    percent = _percent(task, total_bytes)
    if rates is None or task["status"] != "ACTIVE" or task["is_paused"] or percent is None:
        return Progress(percent, 0.0 if rates is None else rates.bytes.per_second)
    done, total = _amounts(task, total_bytes)
    per_second = (rates.bytes if total_bytes else rates.files).per_second
    left = max(total - done, 0) / per_second if per_second > 0 else None
    return Progress(percent, rates.bytes.per_second, left)


def _amounts(task: TaskDocument, total_bytes: int | None) -> tuple[int, int]:
    """Return the finished and the whole amount, in bytes or in files."""
    if total_bytes:
        return task["bytes_transferred"] or 0, total_bytes
    return _finished_files(task), task["files"] or 0


def _finished_files(task: TaskDocument) -> int:
    """Return the number of files that are at the destination, or were left out."""
    skipped = task.get("subtasks_skipped_errors") or 0
    return (task["files_transferred"] or 0) + (task["files_skipped"] or 0) + skipped


def _percent(task: TaskDocument, total_bytes: int | None) -> int | None:
    done, total = _amounts(task, total_bytes)
    return min(int(100 * done / total), 99) if total > 0 else None
