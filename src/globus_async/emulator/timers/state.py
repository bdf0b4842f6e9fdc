"""The state of the emulated Timers, with methods for tests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ..kit.background import Background
from ..kit.ids import new_id, own_ids
from .execution import execute, resume_current_run
from .models import TIMER_SCOPE, Run, Timer
from .schedule import Schedule
from .targets import TRANSFER_ACTION, TRANSFER_SCOPE, flow_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..kit.authentication import Caller
    from ..kit.service import Platform

__all__ = ("TimersState",)


class TimersState:
    """
    All timers.

    Args:
        platform: What the service shares with the others.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.background: Background = Background(platform.clock)
        self.timers: dict[str, Timer] = {}
        """The timers that are not deleted, by id, in the order of their creation."""

    def __repr__(self) -> str:
        return f"<TimersState: {len(self.timers)} timers>"

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    def add(self, timer: Timer) -> Timer:
        """Add a timer, and run it from now on."""
        self.timers[timer.id] = timer
        self.run(timer)
        return timer

    def run(self, timer: Timer) -> None:
        """Execute a timer from its present state."""
        self.background.start(timer.id, partial(execute, self.platform, self.background, timer))

    def pause(self, timer: Timer) -> None:
        """Make a timer inactive at its owner's wish; a run that goes on does so."""
        if timer.status != "ended":
            timer.status, timer.retry = "inactive", None
            timer.inactive_reason = {"cause": "user", "detail": None}
            self.background.wake(timer.id)

    async def resume(self, timer: Timer, caller: Caller | None) -> None:
        """
        Make a timer active again, unless an inactive run of it cannot be resumed.

        Args:
            timer: The timer.
            caller: On whose behalf it acts from now on; `None` to leave that as it is.
        """
        if caller is not None:
            timer.caller = caller
        if timer.status == "ended" or not await resume_current_run(self.platform, timer):
            return
        if timer.status == "inactive":
            timer.status, timer.inactive_reason = "loaded", None
        if timer.id in self.background:  # it waits for the end of a run
            self.background.wake(timer.id)
        else:
            self.run(timer)

    def remove(self, timer: Timer) -> None:
        """Delete a timer; a task or run that it has started goes on."""
        self.background.cancel(timer.id)
        del self.timers[timer.id]

    # for tests

    @own_ids
    def add_timer(
        self,
        owner_id: str,
        *,
        body: Mapping[str, Any],
        flow_id: str | None = None,
        name: str | None = None,
        start: float | None = None,
        interval: float | None = None,
        until: float | None = None,
        count: int | None = None,
        collections: Iterable[str] = (),
        id: str | None = None,
    ) -> Timer:
        """
        Add a timer of an identity, as if it had logged in with the consents that the timer needs.

        Args:
            owner_id: The UUID of the identity.
            body: The transfer document; with a flow, what it is started with: ``{"body": ...}``.
            flow_id: The flow to run; a transfer by default.
            name: Its name.
            start: POSIX seconds; now by default.
            interval: Seconds; it runs once by default.
            until: The last moment at which it runs, in POSIX seconds.
            count: The number of its runs.
            collections: Mapped collections to whose data it has access.
            id: Its UUID; a random one by default.

        Raises:
            ValueError: There is a timer of this id.
        """
        timer_id = new_id() if id is None else id
        if timer_id in self.timers:
            raise ValueError(f"there is a timer {timer_id} already")
        access = " ".join(f"https://auth.globus.org/scopes/{each}/data_access" for each in collections)
        inner = f"{TRANSFER_SCOPE}[{access}]" if access else TRANSFER_SCOPE
        scope = f"{TIMER_SCOPE}[{inner if flow_id is None else flow_scope(flow_id)}]"
        kind: Literal["transfer", "flow"] = "transfer" if flow_id is None else "flow"
        timer = Timer(
            timer_id,
            owner_id,
            self.platform.authority.direct_caller(owner_id, scope),
            name,
            kind,
            Schedule(self.now() if start is None else start, interval, until, count),
            dict(body),
            self.now(),
            TRANSFER_ACTION if flow_id is None else f"https://flows.automate.globus.org/flows/{flow_id}/run",
            flow_id,
            None if flow_id is None else flow_scope(flow_id),
        )
        return self.add(timer)

    def runs(self, timer_id: str) -> list[Run]:
        """Return the runs of a timer, the earliest first."""
        return list(self.timers[timer_id].runs)
