"""The progress of a task: amounts, rates and the time left, estimated from its documents, without a clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self, cast

from ...._http.html import progress_html
from ...._http.readable import readable_duration, readable_size
from ....errors.arguments import check_whole
from ....errors.base import escape_control_characters
from .outcomes import is_done

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....clock import Clock
    from ..documents import TaskDocument

__all__ = ("ProgressReport", "TaskProgress")

_SMOOTHING_SECONDS: Final = 8.0
"""The time after which a new rate makes up two thirds of the smoothed one."""
_MIN_INTERVAL: Final = 1e-3
"""Seconds; a shorter interval between two documents tells nothing about a rate."""
_MAX_STATUS: Final = 80
"""Characters; of a service's statuses the longest has nine."""
_MAX_NUMBER: Final = 1 << 63
"""A larger number is no amount, and may be beyond the range of a float."""


@dataclass(frozen=True, slots=True, repr=False)
class TaskProgress:
    """
    The progress of a task, from one of its documents; `next` makes that of a later document, with smoothed rates.

    Attributes:
        task: The task document.
        at: The time of the document, in seconds of any clock that is not adjusted; ``None`` if it is not known.
        bytes_total: The bytes to transfer; ``None`` if unknown. The service does not report them: a caller who knows
            the size of the files sets it, with ``dataclasses.replace`` or in `of`.
        bytes_per_second: The smoothed rate of the transfer; of the first document and of a done task, the mean one.
        files_per_second: The smoothed rate of files, skipped ones included.

    Example:
        >>> from globus_async import TaskProgress
        >>> progress = TaskProgress.of((await tc.get_task(task_id)).data)
        >>> print(progress)
        SUCCEEDED: 2 of 2 files, 8 B
        >>> progress.files_done, progress.files_total, progress.fraction
        (2, 2, 1.0)
    """

    task: TaskDocument = field(repr=False)
    at: float | None = None
    bytes_total: int | None = None
    bytes_per_second: float = 0.0
    files_per_second: float = 0.0

    def __post_init__(self) -> None:
        if self.bytes_total is not None:
            check_whole("bytes_total", self.bytes_total, minimum=0, maximum=_MAX_NUMBER)

    @classmethod
    def of(cls, task: TaskDocument, *, at: float | None = None, bytes_total: int | None = None) -> Self:
        """
        Return the progress that one document shows, with mean rates.

        Args:
            task: The task document.
            at: The time of the document in seconds, for the rates of later ones.
            bytes_total: The bytes to transfer, if known.

        Raises:
            GlobusSDKUsageError: ``bytes_total`` is not a whole number of 0 or more.
        """
        progress = cls(task, at, bytes_total)
        rate, done = progress._number("effective_bytes_per_second"), progress.bytes_done
        return replace(progress, bytes_per_second=float(rate), files_per_second=_per(progress.files_done * rate, done))

    def next(self, task: TaskDocument, *, at: float) -> Self:
        """
        Return the progress that a later document of the same task shows.

        Args:
            task: The task document.
            at: Its time in seconds, of the same clock.
        """
        mean = type(self).of(task, at=at, bytes_total=self.bytes_total)
        if self.at is None or mean.is_done:
            return mean
        seconds = max(at - self.at, 0)

        def smoothed(rate: float, before: int, after: int) -> float:
            if seconds < _MIN_INTERVAL:
                return rate
            latest = max(after - before, 0) / seconds  # a file that is sent again reduces the amount
            weight = (
                1 - math.exp(-seconds / _SMOOTHING_SECONDS) if before else 1
            )  # the first amount has no earlier rate
            return rate + weight * (latest - rate)

        return replace(
            mean,
            bytes_per_second=smoothed(self.bytes_per_second, self.bytes_done, mean.bytes_done),
            files_per_second=smoothed(self.files_per_second, self.files_done, mean.files_done),
        )

    def _number(self, member: str) -> int:
        value = cast("Mapping[str, object]", self.task).get(member)
        if not isinstance(value, int) or isinstance(value, bool):
            return 0
        return value if 0 < value < _MAX_NUMBER else 0

    @property
    def status(self) -> str:
        """The status of the task: ``ACTIVE``, ``INACTIVE``, ``SUCCEEDED``, ``FAILED``, or one that the service adds."""
        text = str(cast("Mapping[str, object]", self.task).get("status"))
        return escape_control_characters(" ".join(text[:_MAX_STATUS].split()))

    @property
    def is_done(self) -> bool:
        """Whether the task has ended."""
        return is_done(self.task)

    @property
    def bytes_done(self) -> int:
        """The bytes transferred."""
        return self._number("bytes_transferred")

    @property
    def files_done(self) -> int:
        """The files that are finished: transferred, or skipped."""
        return self._number("files_transferred") + self.files_skipped + self.files_failed

    @property
    def files_total(self) -> int | None:
        """The files found so far, which grow while directories are scanned; ``None`` before the first."""
        return self._number("files") or None

    @property
    def files_skipped(self) -> int:
        """The files that the sync level left out."""
        return self._number("files_skipped")

    @property
    def files_failed(self) -> int:
        """The files that were left out because of errors, with ``skip_source_errors``."""
        return self._number("subtasks_skipped_errors")

    @property
    def faults(self) -> int:
        """The errors so far; the service retries what failed."""
        return self._number("faults")

    @property
    def is_paused(self) -> bool:
        """Whether a collection's administrator has paused the task."""
        return bool(self.task.get("is_paused"))

    @property
    def is_queued(self) -> bool:
        """Whether the task waits for other tasks of its owner: the service runs three of each kind at a time."""
        return self.status == "ACTIVE" and self.task.get("nice_status") == "Queued"

    @property
    def is_inactive(self) -> bool:
        """Whether the task is suspended until its owner acts."""
        return self.status == "INACTIVE"

    @property
    def fraction(self) -> float | None:
        """How much is done, from 0 to 1: in bytes if their total is known, else in files; ``None`` if unknown."""
        if self.status == "SUCCEEDED":
            return 1.0
        done, total = self._amounts()
        return min(done / total, 1.0) if total else None

    @property
    def seconds_left(self) -> float | None:
        """The seconds until the task is done at the present rate; ``None`` if unknown, or the task does not run."""
        done, total = self._amounts()
        rate = self.bytes_per_second if self.bytes_total else self.files_per_second
        if self.status != "ACTIVE" or self.is_paused or not total or rate <= 0:
            return None
        seconds = max(total - done, 0) / rate
        return seconds if math.isfinite(seconds) else None

    def _amounts(self) -> tuple[int, int | None]:
        return (self.bytes_done, self.bytes_total) if self.bytes_total else (self.files_done, self.files_total)

    def __str__(self) -> str:
        total = f" of {self.files_total:,}" if self.files_total else ""
        size = f" of {readable_size(self.bytes_total)}" if self.bytes_total else ""
        parts = [f"{self.files_done:,}{total} files", f"{readable_size(self.bytes_done)}{size}"]
        if self._is_running and self.bytes_per_second:
            parts.append(f"{readable_size(self.bytes_per_second)}/s")
        if self.seconds_left is not None:
            parts.append(f"{readable_duration(self.seconds_left)} left")
        parts += [f"{count:,} {name}" for name, count in self._problems().items()]
        return f"{self._state_text()}: {', '.join(parts)}"

    def _repr_html_(self) -> str:
        """Return a progress bar with amounts, rate and the time left, for notebooks."""
        label = cast("Mapping[str, object]", self.task).get("label")
        members: dict[str, object] = {
            "files": f"{self.files_done:,}{f' of {self.files_total:,}' if self.files_total else ''}",
            "bytes": readable_size(self.bytes_done)
            + (f" of {readable_size(self.bytes_total)}" if self.bytes_total else ""),
        }
        if self._is_running and self.bytes_per_second:
            members["rate"] = f"{readable_size(self.bytes_per_second)}/s"
        if (left := self.seconds_left) is not None:
            members["time left"] = readable_duration(left)
        fraction = self.fraction
        title = f"{label}: {self._state_text()}" if isinstance(label, str) else self._state_text()
        return progress_html(title, fraction or 0, None if fraction is None else 1, members | self._problems())

    @property
    def _is_running(self) -> bool:
        return self.status == "ACTIVE" and not self.is_paused

    def _state_text(self) -> str:
        states = {"paused": self.is_paused, "queued": self.is_queued}
        return ", ".join([self.status, *(name for name, is_so in states.items() if is_so)])

    def _problems(self) -> dict[str, int]:
        counted = {"faults": self.faults, "skipped": self.files_skipped, "failed": self.files_failed}
        return {name: count for name, count in counted.items() if count}

    def __repr__(self) -> str:
        return f"<TaskProgress {self}>"


def _per(amount: float, total: float) -> float:
    return amount / total if total else 0.0


class ProgressReport:
    """Calls a function with the progress that each document of a task shows."""

    __slots__ = ("_clock", "_function", "_latest")

    def __init__(self, function: Callable[[TaskProgress], object], clock: Clock) -> None:
        self._function = function
        self._clock = clock
        self._latest: TaskProgress | None = None

    def __call__(self, task: TaskDocument) -> None:
        """Call the function with the progress that a document shows."""
        now = self._clock.monotonic()
        latest = TaskProgress.of(task, at=now) if self._latest is None else self._latest.next(task, at=now)
        self._latest = latest
        self._function(latest)
