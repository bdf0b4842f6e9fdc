"""The outcome of waiting for a run: how the run ended, or why waiting stopped."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ...._http.html import members_html
from ...._http.json_reader import is_object

if TYPE_CHECKING:
    from ....errors.authorization import GARE
    from ..documents import RunDocument

__all__ = ("DONE_STATUSES", "RunEndReason", "RunOutcome", "end_reason", "is_done", "web_input_of")

DONE_STATUSES: Final = frozenset({"SUCCEEDED", "FAILED", "ENDED"})
"""The final statuses of a run. A status that this library does not list is not final."""

_SHOWN_MEMBERS: Final = (
    "run_id",
    "label",
    "flow_title",
    "status",
    "display_status",
    "tags",
    "start_time",
    "completion_time",
    "blocking_web_input_id",
)
_MAX_SHOWN: Final = 200


class RunEndReason(enum.StrEnum):
    """How a run ended, or why waiting for it stopped."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    """Canceled by somebody who manages it; its status is ``FAILED``."""
    ENDED = "ended"
    """Ended by the service, neither with success nor with a failure."""
    INACTIVE = "inactive"
    """Suspended until its owner acts, as `RunOutcome.gare` or the description of its details says; then resume it."""
    WEB_INPUT = "web input"
    """Waits for a person's response to a web input."""
    TIMED_OUT = "timed out"
    """The time limit of the wait passed; the run continues."""


@dataclass(frozen=True, slots=True, repr=False)
class RunOutcome:
    """
    The outcome of waiting for a run.

    Attributes:
        reason: How the run ended, or why waiting stopped.
        run: The run document of the last poll.
    """

    reason: RunEndReason
    run: RunDocument

    @property
    def is_done(self) -> bool:
        """Whether the run itself has ended, not only the wait for it."""
        return is_done(self.run)

    @property
    def details(self) -> Mapping[str, Any]:
        """The ``details`` of the run; an empty mapping if it has none."""
        details: object = self.run.get("details")
        return details if is_object(details) else {}

    @property
    def output(self) -> Any:
        """The state of a run that succeeded, by the name of each result; ``None`` of another one."""
        return self.details.get("output")

    @property
    def gare(self) -> GARE | None:
        """The login that an inactive run requires, for ``app.login(auth_params=...)``; ``None`` if it requires none."""
        if self.reason is not RunEndReason.INACTIVE:
            return None
        from ....gare import to_gare  # noqa: PLC0415 -- for inactive runs only

        return to_gare(self.details)

    @property
    def web_input_id(self) -> str | None:
        """The web input that the run waits for; ``None`` if there is none."""
        return web_input_of(self.run)

    @property
    def description(self) -> str | None:
        """What the service says of the state of the run: why it failed, and in which state, or what it waits for."""
        description = self.details.get("description")
        parts = [description] if isinstance(description, str) else []
        if self.reason is RunEndReason.FAILED:
            parts += _failure(self.details.get("details"))
        return ": ".join(parts) or None

    def __repr__(self) -> str:
        run: Mapping[str, object] = self.run
        label = run.get("label")
        shown = f" {label[:60]!r}" if isinstance(label, str) and label else ""
        why = self.description
        is_problem = self.reason not in {RunEndReason.SUCCEEDED, RunEndReason.TIMED_OUT}
        problem = f" ({why[:_MAX_SHOWN]!a})" if is_problem and why else ""
        which = f"run{shown} {run.get('run_id')!r:.60} of {run.get('flow_title')!r:.80}"
        return f"<RunOutcome {self.reason}{problem}: {which}>"

    def _repr_html_(self) -> str:
        """Return the outcome and the main members of the run as an HTML table, for notebooks."""
        run: Mapping[str, object] = self.run
        members = {name: value for name in _SHOWN_MEMBERS if (value := run.get(name)) is not None}
        why = self.description
        return members_html(f"Run {self.reason}", members | ({"description": why} if why else {}))


def _failure(details: object) -> list[str]:
    """Return the state that failed, its error, and the message of its cause, as far as the service names them."""
    if not is_object(details):
        return []
    cause: object = details.get("cause")
    if is_object(cause):
        cause = cause.get("message") or cause.get("description")
    return [part for part in (details.get("state_name"), details.get("error"), cause) if isinstance(part, str) and part]


def is_done(run: RunDocument | None) -> bool:
    """Return whether a run has a final status."""
    status: object = None if run is None else run.get("status")
    return isinstance(status, str) and status in DONE_STATUSES


def web_input_of(run: RunDocument) -> str | None:
    """Return the id of the web input that a run waits for."""
    web_input_id: object = run.get("blocking_web_input_id")
    return web_input_id if isinstance(web_input_id, str) and web_input_id and not is_done(run) else None


def end_reason(run: RunDocument) -> RunEndReason | None:
    """Return how a run ended; ``INACTIVE`` of an inactive one, ``None`` of one that is active."""
    match run.get("status"):
        case "SUCCEEDED":
            return RunEndReason.SUCCEEDED
        case "ENDED":
            return RunEndReason.ENDED
        case "INACTIVE":
            return RunEndReason.INACTIVE
        case "FAILED":
            details: object = run.get("details")
            is_canceled = is_object(details) and details.get("code") == "FlowCanceled"
            return RunEndReason.CANCELED if is_canceled else RunEndReason.FAILED
        case _:
            return None
