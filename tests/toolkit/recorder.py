"""An observer that records the events of a transport."""

from __future__ import annotations

from typing import Any

from globus_async import ObservedAttempt, ObservedCall, ObservedRefresh, Observer

__all__ = ("Recorder",)


class Recorder(Observer):
    """Records the events in order, and checks that each beginning has one end."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.running: set[object] = set()
        self.calls: list[ObservedCall] = []
        self.attempts: list[ObservedAttempt] = []
        self.refreshes: list[ObservedRefresh] = []
        self.waits: list[tuple[str, float]] = []

    def call_started(self, call: ObservedCall) -> None:
        """Record it."""
        self.events.append(("call started", call))
        self.running.add(call)

    def call_ended(self, call: ObservedCall) -> None:
        """Record it."""
        self.events.append(("call ended", call))
        self.running.remove(call)
        assert not any(getattr(each, "call", None) is call for each in self.running)
        self.calls.append(call)

    def attempt_started(self, attempt: ObservedAttempt) -> None:
        """Record it."""
        assert attempt.call in self.running
        self.events.append(("attempt started", attempt))
        self.running.add(attempt)

    def attempt_ended(self, attempt: ObservedAttempt) -> None:
        """Record it."""
        self.events.append(("attempt ended", attempt))
        self.running.remove(attempt)
        self.attempts.append(attempt)

    def refresh_ended(self, refresh: ObservedRefresh) -> None:
        """Record it."""
        self.refreshes.append(refresh)

    def throttled(self, call: ObservedCall, seconds: float, reason: str) -> None:
        """Record it."""
        assert call in self.running
        self.waits.append((reason, seconds))
