"""The resources of the emulated Flows, without what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..kit.background import Background
from ..kit.clock import ManualClock
from .models import Acting, Action, Flow, RegisteredApi, Run
from .web_inputs import WebInputs

if TYPE_CHECKING:
    from ..kit.service import Document, Platform

__all__ = ("Store",)

_KEPT: Final = 90 * 86400.0
"""Seconds for which an ended run is kept."""


class Store:
    """
    All flows, runs, web inputs, registered APIs and notifications.

    Args:
        platform: What Flows shares with the other services.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.background: Background = Background(platform.clock)
        """The execution of runs, one job for each."""
        self.flows: dict[str, Flow] = {}
        """By id."""
        self._runs: dict[str, Run] = {}
        self.registered_apis: dict[str, RegisteredApi] = {}
        """By id."""
        self.notifications: list[Document] = []
        """The messages that ``notification/notify`` has been asked to send; none are sent."""
        self.web_inputs: WebInputs = WebInputs(self.now, lambda run: self.background.wake(run.id))
        self.first_poll: float = 1.0 if isinstance(platform.clock, ManualClock) else 0.01
        """Seconds until the first poll of an action; the pause doubles with each poll."""

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    @property
    def runs(self) -> dict[str, Run]:
        """The runs by id; those that have ended 90 days ago are removed."""
        oldest = self.now() - _KEPT
        for run in [each for each in self._runs.values() if each.ended is not None and each.ended < oldest]:
            del self._runs[run.id]
        return self._runs

    @staticmethod
    def action_of(run: Run) -> Action | None:
        """Return the action that a run waits for."""
        return run.phase.action if isinstance(run.phase, Acting) else None
