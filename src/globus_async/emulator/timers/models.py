"""Timers and their runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.service import Document
    from .schedule import Schedule

__all__ = ("TIMER_SCOPE", "Retry", "Run", "Timer")

TIMER_SCOPE: Final = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"


@dataclass(eq=False, slots=True)
class Run:
    """A run of a timer: a task, a run of a flow, or an action; or a start that has failed."""

    number: int
    """Counted from 1."""
    started_at: float
    resource_id: str | None
    """The id of the task or run; `None` if the start has failed."""
    status: str
    """``ACTIVE``, ``INACTIVE``, ``SUCCEEDED`` or ``FAILED``, as the other service has it."""
    document: Document | None
    """The last document of the task, run or action."""
    http_status_submission: int
    errors: Document | None = None
    ended_at: float | None = None
    http_status_polled: int | None = None
    checked_at: float | None = None
    next_check: float | None = None
    """When it is polled next; `None` once it has ended."""
    delay: float = 1.0
    """Seconds from one poll to the next; they double."""

    @property
    def is_in_progress(self) -> bool:
        """Whether it has started and not ended."""
        return self.ended_at is None


@dataclass(eq=False, slots=True)
class Retry:
    """A start that has failed in a way that may pass, to be tried again."""

    since: float
    at: float
    """When it is tried next."""
    delay: float
    """Seconds from one attempt to the next; they double."""


@dataclass(eq=False, slots=True)
class Timer:
    """A timer, which the ``/jobs`` operations call a job."""

    id: str
    owner_id: str
    caller: Caller
    """The call that has created it, or has updated its credentials: it acts on that caller's behalf."""
    name: str | None
    kind: Literal["transfer", "flow", "generic"]
    schedule: Schedule
    body: Document
    """The transfer document; what a flow is started with; or the body of an action."""
    submitted_at: float
    callback_url: str
    flow_id: str | None = None
    scope: str | None = None
    callback_body: Document | None = None
    """What was given with a URL; by default made from the body."""
    status: Literal["new", "loaded", "inactive", "ended"] = "new"
    inactive_reason: Document | None = None
    next_tick: int = 0
    """The tick that has neither run nor been skipped, counted from 0."""
    submission_id: str | None = None
    """That of the task which the next tick will create: an attempt that is repeated creates no second one."""
    retry: Retry | None = None
    n_runs: int = 0
    n_errors: int = 0
    last_ran_at: float | None = None
    runs: list[Run] = field(default_factory=list[Run])
    has_lost_access: bool = False
    """Whether it can no longer poll its current run, for want of a consent."""

    @property
    def is_active(self) -> bool:
        """Whether it is neither paused nor ended."""
        return self.status in {"new", "loaded"}

    @property
    def current_run(self) -> Run | None:
        """The run that goes on."""
        return self.runs[-1] if self.runs and self.runs[-1].is_in_progress else None

    @property
    def next_run(self) -> float | None:
        """The time of the next tick; `None` if there is none."""
        if self.status == "ended" or (self.schedule.count is not None and self.n_runs >= self.schedule.count):
            return None
        return self.schedule.moment(self.next_tick)

    @property
    def retry_window(self) -> float:
        """The seconds for which a failed start is tried again: half an interval, and 45 minutes at most."""
        return _RETRY_WINDOW if self.schedule.interval is None else min(_RETRY_WINDOW, self.schedule.interval / 2)


_RETRY_WINDOW: Final = 2700.0
