"""The outcome of waiting for a timer: how it ended, or why waiting stopped."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..._http.html import members_html
from ..._http.json_reader import is_list, is_object
from ...gare import to_gare

if TYPE_CHECKING:
    from ...gare import GARE
    from .documents import JobDocument, TimerResultDocument

__all__ = ("TimerEndReason", "TimerOutcome", "classify", "has_run", "number_of_runs")

_SHOWN_MEMBERS: Final = ("job_id", "name", "timer_type", "status", "n_runs", "n_errors", "last_ran_at", "next_run")
_DELETED: Final = frozenset({"delete_in_progress", "deleted"})


class TimerEndReason(enum.StrEnum):
    """How a timer ended, or why waiting for it stopped."""

    ENDED = "ended"
    """It will not run any more."""
    RAN = "ran"
    """The run that was waited for has ended."""
    INACTIVE = "inactive"
    """It was paused, or lacks a consent or session: see `TimerOutcome.gare`."""
    DELETED = "deleted"
    TIMED_OUT = "timed out"
    """The time limit of the wait passed; the timer goes on."""


@dataclass(frozen=True, slots=True, repr=False)
class TimerOutcome:
    """
    The outcome of waiting for a timer.

    Attributes:
        reason: How the timer ended, or why waiting stopped.
        timer: The document of the timer of the last poll.
    """

    reason: TimerEndReason
    timer: JobDocument

    @property
    def gare(self) -> GARE | None:
        """What the owner of an inactive timer has to do before it can be resumed; ``None`` if it was paused."""
        reason: object = self.timer.get("inactive_reason")
        detail = reason.get("detail") if is_object(reason) else None
        return to_gare(detail) if is_object(detail) else None

    @property
    def last_result(self) -> TimerResultDocument | None:
        """The result of the last run; ``None`` if the timer has not run."""
        results: object = self.timer.get("results")
        data = results.get("data") if is_object(results) else None
        runs: list[Any] = [each for each in data if is_object(each)] if is_list(data) else []
        return max(runs, key=lambda each: str(each.get("ran_at") or ""), default=None)

    def __repr__(self) -> str:
        timer: Mapping[str, object] = self.timer
        name = timer.get("name")
        shown = f" {name[:60]!r}" if isinstance(name, str) else ""
        runs = number_of_runs(self.timer)
        return f"<TimerOutcome {self.reason}: timer{shown} {timer.get('job_id')!r:.60}, {runs!r:.20} runs>"

    def _repr_html_(self) -> str:
        """Return the outcome and the main members of the timer as an HTML table, for notebooks."""
        timer: Mapping[str, object] = self.timer
        members = {name: value for name in _SHOWN_MEMBERS if (value := timer.get(name)) is not None}
        return members_html(f"Timer {self.reason}", members)


def classify(timer: JobDocument) -> TimerEndReason | None:
    """Return how a timer ended; ``None`` while it is active."""
    status: object = timer.get("status")
    if isinstance(status, str) and status in _DELETED:
        return TimerEndReason.DELETED
    match status:
        case "ended":
            return TimerEndReason.ENDED
        case "inactive":
            return TimerEndReason.INACTIVE
        case _:
            return None


def number_of_runs(timer: JobDocument) -> int:
    """Return the number of runs that a timer has started."""
    runs: object = timer.get("n_runs")
    return runs if isinstance(runs, int) and not isinstance(runs, bool) else 0


def has_run(timer: JobDocument, number: int) -> bool:
    """Return whether a run, counted from 1, has ended."""
    activity: object = timer.get("activity")
    is_running = is_object(activity) and activity.get("code") == "run_in_progress"
    return number_of_runs(timer) - is_running >= number
