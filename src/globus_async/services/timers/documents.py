"""
The documents of Globus Timers.

A timer has two: `TimerDocument`, with which `TimersClient.create_timer` responds, and `JobDocument`, that of all other
methods. Members that a version of the service may leave out are not required.
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = (
    "ActivityDocument",
    "InactiveReasonDocument",
    "JobDocument",
    "JobListDocument",
    "OnceScheduleDocument",
    "RecurringScheduleDocument",
    "ScheduleDocument",
    "ScheduleEndDocument",
    "StopAfterDocument",
    "TimerDocument",
    "TimerEnvelope",
    "TimerMessageDocument",
    "TimerResultDocument",
    "TimerResultsDocument",
    "TimerType",
)

TimerType: TypeAlias = Literal["transfer", "flow", "generic"]
"""What a timer runs: a transfer, a flow, or any other action."""


class OnceScheduleDocument(TypedDict):
    """The schedule of a timer that runs once."""

    type: Literal["once"]
    datetime: NotRequired[str | None]
    """An ISO 8601 time."""


class ScheduleEndDocument(TypedDict):
    """When a recurring timer ends."""

    condition: NotRequired[Literal["iterations", "time"]]
    count: NotRequired[int]
    datetime: NotRequired[str]


class RecurringScheduleDocument(TypedDict):
    """The schedule of a recurring timer."""

    type: Literal["recurring"]
    interval_seconds: int
    start: NotRequired[str | None]
    end: NotRequired[ScheduleEndDocument | None]


ScheduleDocument: TypeAlias = OnceScheduleDocument | RecurringScheduleDocument
"""The schedule of a timer."""


class InactiveReasonDocument(TypedDict):
    """Why a timer is inactive."""

    cause: str
    """``user`` if it was paused, or ``globus_auth_requirements``."""
    detail: dict[str, Any] | None
    """What its owner has to do, as an authorization requirement; `TimerOutcome.gare` reads it."""


class ActivityDocument(TypedDict):
    """What a timer does: ``awaiting_next_run``, ``run_in_progress``, ``retrying`` or ``paused``."""

    code: str
    next_run: NotRequired[str | None]
    start_timestamp: NotRequired[str | None]
    duration_seconds: NotRequired[float | None]
    reason: NotRequired[str | None]


class TimerDocument(TypedDict):
    """A timer that was just created."""

    job_id: str
    name: str | None
    timer_type: TimerType
    schedule: ScheduleDocument
    status: str
    inactive_reason: InactiveReasonDocument | None
    submitted_at: str
    last_ran_at: str | None
    next_run: str | None
    body: NotRequired[dict[str, Any]]
    flow_id: NotRequired[str]
    number_of_runs: NotRequired[int]
    number_of_errors: NotRequired[int]
    activity: NotRequired[ActivityDocument | None]


class TimerEnvelope(TypedDict):
    """The response to the creation of a timer."""

    timer: TimerDocument


class StopAfterDocument(TypedDict):
    """When a timer stops: at a time, or after a number of runs."""

    date: str | None
    n_runs: int | None


class TimerResultDocument(TypedDict):
    """The result of a run of a timer."""

    data: Any
    """The task, run of a flow or action that it has started, as it was at the last check."""
    errors: Any
    status: int
    """The HTTP status with which it was started."""
    ran_at: str
    run_status: NotRequired[str | None]
    resource_id: NotRequired[str | None]
    """The id of the task, or of the run of a flow."""
    start_timestamp: NotRequired[str | None]
    end_timestamp: NotRequired[str | None]
    last_check_timestamp: NotRequired[str | None]
    next_check_timestamp: NotRequired[str | None]
    http_status_submission: NotRequired[int | None]
    http_status_polled: NotRequired[int | None]


class TimerResultsDocument(TypedDict):
    """A page of the results of a timer."""

    data: list[TimerResultDocument]
    page_next: str | None


class JobDocument(TypedDict):
    """A timer, which the service also calls a job."""

    job_id: str
    name: str | None
    callback_url: str
    callback_body: dict[str, Any]
    start: str
    interval: float | None
    """Seconds; ``None`` if it runs once."""
    scope: str | None
    status: str
    """``new``, ``loaded`` or ``active``; ``inactive``, ``ended``, ``delete_in_progress`` or ``deleted``."""
    inactive_reason: InactiveReasonDocument | None
    submitted_at: str
    last_ran_at: str | None
    next_run: str | None
    n_runs: int
    n_errors: int
    results: TimerResultsDocument
    stop_after: NotRequired[StopAfterDocument | None]
    timer_type: NotRequired[TimerType]
    schedule: NotRequired[ScheduleDocument]
    activity: NotRequired[ActivityDocument | None]
    flow_id: NotRequired[str]


class JobListDocument(TypedDict):
    """A list of timers."""

    jobs: list[JobDocument]


class TimerMessageDocument(TypedDict):
    """The result of pausing or resuming a timer."""

    message: str
