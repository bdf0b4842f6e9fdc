"""Globus Timers: `TimersClient`, its documents, and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names
from . import documents

if TYPE_CHECKING:
    from .client import TimersClient
    from .data import FlowTimer, TimerJob, TransferTimer
    from .errors import TimersAPIError
    from .outcomes import TimerEndReason, TimerOutcome
    from .schedules import OnceTimerSchedule, RecurringTimerSchedule

__all__ = (
    "FlowTimer",
    "OnceTimerSchedule",
    "RecurringTimerSchedule",
    "TimerEndReason",
    "TimerJob",
    "TimerOutcome",
    "TimersAPIError",
    "TimersClient",
    "TransferTimer",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "client": ("TimersClient",),
            "data": ("FlowTimer", "TimerJob", "TransferTimer"),
            "errors": ("TimersAPIError",),
            "outcomes": ("TimerEndReason", "TimerOutcome"),
            "schedules": ("OnceTimerSchedule", "RecurringTimerSchedule"),
        },
    )
