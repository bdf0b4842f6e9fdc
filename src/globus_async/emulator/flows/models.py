"""Flows, runs, web inputs and registered APIs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.service import Document

__all__ = (
    "ACTION_ENDED",
    "RUN_ENDED",
    "Acting",
    "Action",
    "Flow",
    "LogEntry",
    "Ready",
    "RegisteredApi",
    "Run",
    "RunStatus",
    "Waiting",
    "WebInput",
)

RunStatus: TypeAlias = Literal["ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED", "ENDED"]
RUN_ENDED = ("ENDED", "SUCCEEDED", "FAILED")
"""The states of runs that have ended, as error messages list them."""
ACTION_ENDED = frozenset({"SUCCEEDED", "FAILED"})


@dataclass(eq=False, slots=True)
class Flow:
    """A flow."""

    id: str
    title: str
    definition: Document
    input_schema: Document
    owner: str
    """A principal, as all roles."""
    created_by: str
    created_at: float
    updated_at: float
    subtitle: str = ""
    description: str = ""
    keywords: list[str] = field(default_factory=list[str])
    viewers: list[str] = field(default_factory=list[str])
    starters: list[str] = field(default_factory=list[str])
    administrators: list[str] = field(default_factory=list[str])
    run_managers: list[str] = field(default_factory=list[str])
    run_monitors: list[str] = field(default_factory=list[str])
    subscription_id: str | None = None
    authentication_policy_id: str | None = None
    is_high_assurance: bool = False

    @property
    def scope(self) -> str:
        """The scope for starting its runs."""
        return f"https://auth.globus.org/scopes/{self.id}/flow_{self.id.replace('-', '_')}_user"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event of a run."""

    time: float
    code: str
    description: str
    details: Document


@dataclass(eq=False, slots=True)
class Action:
    """An execution of an action provider."""

    id: str
    url: str
    body: Any
    request_id: str
    """Identifies the request that started it: a repeated one returns the same action."""
    creator: str
    """A principal."""
    label: str | None
    started: float
    identity_id: str
    token: str = field(repr=False)
    """The access token for the scope of the provider, which obtains further ones from it."""
    monitors: list[str] = field(default_factory=list[str])
    managers: list[str] = field(default_factory=list[str])
    status: Literal["ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED"] = "ACTIVE"
    display_status: str | None = None
    details: Any = None
    ended: float | None = None
    memory: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the provider keeps between two polls: the id of a task, a time."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The run is about to execute its state."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run is in a Wait state."""

    until: float


@dataclass(slots=True)
class Acting:
    """The run is in an Action state."""

    body: Any
    request_id: str
    deadline: float
    action: Action | None = None
    """`None` until the action has been started."""
    polls: int = 0


@dataclass(eq=False, slots=True)
class Run:
    """A run, with everything that is needed to continue it in another event loop."""

    id: str
    flow: Flow
    definition: Document
    input_schema: Document
    input: Any
    owner: str
    """A principal."""
    caller: Caller = field(repr=False)
    """The one who has started it, or resumed it with new consents; its actions act for them."""
    started: float
    state_name: str
    data: Any
    context: Document
    label: str | None = None
    tags: list[str] = field(default_factory=list[str])
    managers: list[str] = field(default_factory=list[str])
    monitors: list[str] = field(default_factory=list[str])
    notifications: list[str] = field(default_factory=lambda: ["INACTIVE"])
    """The states of which the owner wishes to be notified."""
    status: RunStatus = "ACTIVE"
    details: Document = field(default_factory=dict[str, Any])
    ended: float | None = None
    phase: Ready | Waiting | Acting = field(default_factory=Ready)
    log: list[LogEntry] = field(default_factory=list[LogEntry])
    blocking_web_input_id: str | None = None
    tokens: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Access tokens of roles for ``RunAs``, from ``_tokens`` of the input."""
    steps_at_once: int = 0
    """States begun since the run has last waited."""


@dataclass(eq=False, slots=True)
class WebInput:
    """A question to people that blocks a run."""

    id: str
    run: Run
    creator: str
    title: str
    context: Document
    options: list[Document]
    viewers: list[str]
    respondents: list[str]
    created: float
    edited: float
    closed: float | None = None
    response: str | None = None
    result_path: str | None = None
    """Where the response is stored in the state data; nowhere by default."""
    action: Action | None = None
    """The action that waits for the response."""


@dataclass(eq=False, slots=True)
class RegisteredApi:
    """A registered API."""

    id: str
    name: str
    description: str
    target: Document
    owners: list[str]
    administrators: list[str]
    viewers: list[str]
    created: float
    updated: float
    subscription_id: str | None = None
    edited: float | None = None
    scheduled_deletion: float | None = None
