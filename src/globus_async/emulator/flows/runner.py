"""The execution of runs on the emulator's clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from ..kit.authentication import ConsentMissing
from ..kit.ids import new_id
from .actions.provider import ActionRefused
from .documents import action_document, iso_time
from .language.failure import StateFailure
from .language.parameters import without_private
from .language.paths import Scope
from .language.steps import Act, Done, Sleep, begin, catch, complete, private_names, state_input
from .models import ACTION_ENDED, Acting, Action, LogEntry, Ready, Run, Waiting
from .roles import identity_urn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.authentication import Caller
    from ..kit.service import Document
    from .actions.engine import Actions
    from .store import Store

__all__ = ("Runner",)

_WAIT_TIME: Final = 300.0
"""Seconds that an action may take by default."""
_LONGEST_PAUSE: Final = 600.0
"""Seconds between two polls of an action."""
_MAX_AGE: Final = 366 * 86400.0
"""Seconds that a run may take."""
_STEPS_AT_ONCE: Final = 500
"""States that a run executes at one moment; a cycle of states without a wait would execute infinitely many."""
_MAX_LOG: Final = 10_000
"""Log entries of a run."""


class Runner:
    """
    The execution of all runs.

    What a run needs to be continued is in the `Run`, which changes between two waits completely or not at all.

    Args:
        store: The resources of Flows.
        actions: All actions.
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        self._store = store
        self._actions = actions
        self._background = store.background

    def start(self, run: Run) -> None:
        """Start a run."""
        shown = without_private(run.input)
        run.details = {
            "code": "FlowStarting",
            "description": "The Flow is starting execution",
            "details": {"input": shown},
        }
        self._log(run, "FlowStarted", "The Flow Instance started execution", {"input": shown})
        self.launch(run)

    def launch(self, run: Run) -> None:
        """Execute a run from where it is."""
        self._background.start(run.id, lambda: self._execute(run))

    def cancel(self, run: Run) -> None:
        """Cancel a run, and its action."""
        self._background.cancel(run.id)
        description = "The Flow Instance was canceled by the user"
        self._log(run, "FlowCanceled", description, {})
        self._end(run, "FAILED", {"code": "FlowCanceled", "description": description, "details": {}})
        if isinstance(run.phase, Acting) and (action := run.phase.action) is not None:
            self._background.start(f"cancellation of {action.id}", lambda: self._actions.cancel(action))

    def resume(self, run: Run, caller: Caller) -> None:
        """
        Resume an inactive run.

        Args:
            run: The run.
            caller: The one who resumes it, whose consents are used from now on if they are the owner.
        """
        if run.owner in map(identity_urn, caller.identity_ids):
            run.caller = caller
        run.status = "ACTIVE"
        run.details = {"code": "FlowResumed", "description": "The Flow Instance was resumed", "details": {}}
        self._log(run, "FlowResumed", "The Flow Instance was resumed", {"state_name": run.state_name})
        if isinstance(run.phase, Acting) and (action := run.phase.action) is not None:
            run.phase.polls = 0
            if action.status == "INACTIVE":
                action.status = "ACTIVE"
        self.launch(run)

    def _now(self) -> float:
        """Return POSIX seconds; sleeps end up to a microsecond early, which no time of a log shows."""
        return round(self._store.now(), 3)

    # execution

    async def _execute(self, run: Run) -> None:
        while run.status == "ACTIVE":
            try:
                await self._step(run)
            except StateFailure as failure:
                self._handle(run, failure)

    async def _step(self, run: Run) -> None:
        now = self._now()
        if self._store.web_inputs.blocks(run):
            await self._background.sleep()
        elif now >= run.started + _MAX_AGE:
            raise StateFailure("States.Timeout", "the run has taken longer than a year")
        elif isinstance(run.phase, Waiting):
            await self._wait(run, run.phase.until)
        elif isinstance(run.phase, Acting):
            await self._act(run, run.phase)
        else:
            await self._begin(run)

    async def _begin(self, run: Run) -> None:
        run.steps_at_once += 1
        if run.steps_at_once > _STEPS_AT_ONCE:
            await self._sleep_until(run, self._now() + 1)
        await asyncio.sleep(0)
        state = self._definition(run)
        scope = Scope(run.data, run.context)
        value = state_input(state, scope)
        self._log_state(run, "Started", {"input": without_private(value, private_names(state))})
        step = begin(state, value, scope, now=self._now())
        match step:
            case Done():
                self._move(run, step)
            case Sleep():
                run.phase = Waiting(step.until)
            case Act():
                deadline = self._now() + float(state.get("WaitTime", _WAIT_TIME))
                run.phase = Acting(step.body, new_id(), deadline)

    async def _wait(self, run: Run, until: float) -> None:
        if not await self._sleep_until(run, until):
            self._move(run, complete(self._definition(run), run.data, None))

    async def _sleep_until(self, run: Run, until: float) -> bool:
        """Sleep; return whether the run was woken before."""
        if until <= self._now():
            return False
        run.steps_at_once = 0
        return await self._background.sleep_until(until)

    def _move(self, run: Run, done: Done) -> None:
        state = self._definition(run)
        self._log_state(run, "Completed", {"output": without_private(done.output, private_names(state))})
        self._go_to(run, done.data, done.next)

    def _go_to(self, run: Run, data: Any, following: str | None) -> None:
        run.data, run.phase = data, Ready()
        if following is None:
            output = without_private(data)
            self._log(run, "FlowSucceeded", "The Flow Instance completed successfully", {"output": output})
            description = "The Flow run reached a successful completion state"
            self._end(run, "SUCCEEDED", {"code": "FlowSucceeded", "description": description, "output": output})
        else:
            run.state_name = following

    def _handle(self, run: Run, failure: StateFailure) -> None:
        """Go on in the state that handles the failure, or fail."""
        state = self._definition(run)
        error = {"error": failure.error, "cause": without_private(failure.cause)}
        if state["Type"] != "Fail":
            self._log_state(run, "Failed", error)
        try:
            caught = None if failure.error == "States.Timeout" else catch(state, run.data, failure)
        except StateFailure as second:
            caught, error = None, {"error": second.error, "cause": second.cause}
        if caught is not None and len(run.log) < _MAX_LOG:
            self._go_to(run, caught.data, caught.next)
            return
        details = {"state_name": run.state_name, **error}
        description = "The Flow Instance failed"
        self._log(run, "FlowFailed", description, details, is_last=True)
        self._end(run, "FAILED", {"code": "FlowFailed", "description": description, "details": details})

    def _end(self, run: Run, status: Any, details: Document) -> None:
        run.status, run.ended = status, self._now()
        run.details = {**details, "time": iso_time(run.ended)} if status == "FAILED" else details
        self._store.web_inputs.close_all(run)

    # actions

    async def _act(self, run: Run, acting: Acting) -> None:
        try:
            await self._advance(run, acting)
        except ActionRefused as refusal:
            raise StateFailure("ActionUnableToRun", refusal.cause) from None
        action = acting.action
        if action is None or run.phase is not acting or run.status != "ACTIVE":
            return
        if action.status == "INACTIVE":
            self._suspend(run, action)
            return
        if action.status in ACTION_ENDED:
            self._finish(run, action)
            return
        pause = min(self._store.first_poll * 2.0 ** min(acting.polls, 40), _LONGEST_PAUSE)
        acting.polls += 1
        now = self._now()
        if now >= acting.deadline:
            await self._actions.cancel(action)
            raise StateFailure("ActionTimeout", f"the action has not ended within the WaitTime of '{run.state_name}'")
        await self._sleep_until(run, min(now + pause, acting.deadline))

    async def _advance(self, run: Run, acting: Acting) -> None:
        """Start the action of a state, or poll it."""
        state = self._definition(run)
        provider = self._actions.provider(state["ActionUrl"])

        def obtain_token() -> str | None:
            return None if provider is None else self._token(run, state, provider.scope)

        if acting.action is None:
            owner = run.caller.identity_id if state.get("RunAs", "User") == "User" else run.flow.id
            new = Action(
                "",
                state["ActionUrl"],
                acting.body,
                acting.request_id,
                identity_urn(owner),
                run.label,
                self._now(),
                run.caller.identity_id,
                "",
                list(run.monitors),
                list(run.managers),
            )
            acting.action = new
            try:
                acting.action = await self._actions.start(new, obtain_token)
            except BaseException:
                acting.action = None
                raise
        else:
            await self._actions.advance(acting.action, obtain_token)

    def _token(self, run: Run, state: Mapping[str, Any], scope: str | None) -> str | None:
        """
        Return the access token of an action.

        Raises:
            ActionRefused: The input has no token of the role that the action runs as.
            ConsentMissing: The user has not consented to the scope.
        """
        scope = scope or state.get("ActionScope")
        role = state.get("RunAs", "User")
        if role not in {"User", "Flow"}:
            if role not in run.tokens:
                raise ActionRefused(f"the input has no token '_tokens.{role}' to run as {role}")
            return run.tokens[role]
        if scope is None:
            return None
        authority = self._store.platform.authority
        try:
            if role == "Flow":
                return authority.client_token(run.flow.id, scope)
            return authority.dependent_token(run.caller, scope)
        except ConsentMissing:
            raise
        except (LookupError, ValueError) as error:
            raise ActionRefused(f"there is no scope {scope}: {error}") from None

    def _finish(self, run: Run, action: Action) -> None:
        state = self._definition(run)
        result = action_document(action, run.state_name)
        if action.status == "FAILED" and state.get("ExceptionOnActionFailure", False):
            raise StateFailure("ActionFailedException", result)
        self._move(run, complete(state, run.data, result))

    def _suspend(self, run: Run, action: Action) -> None:
        given: Any = action.details
        details: Document = cast("Any", given) if isinstance(given, dict) else {}
        run.status = "INACTIVE"
        run.details = {
            **{name: details[name] for name in ("authorization_parameters",) if name in details},
            "code": str(details.get("code", "ActionInactive")),
            "description": str(details.get("description", "The action is inactive")),
            "state_name": run.state_name,
            "action_statuses": [action_document(action)],
        }
        if "required_scope" in details:
            run.details["required_scope"] = self._scope_path(run, action, str(details["required_scope"]))
        self._log(run, "FlowInactive", "The Flow Instance is inactive", dict(run.details))

    def _scope_path(self, run: Run, action: Action, scope: str) -> str:
        """Return a required scope as a path from the scope of the flow, which the user can consent to."""
        provider = self._actions.provider(action.url)
        path = scope
        for each in (None if provider is None else provider.scope, run.flow.scope):
            if each is not None and not path.startswith(each):
                path = f"{each}[{path}]"
        return path

    # the log

    @staticmethod
    def _definition(run: Run) -> dict[str, Any]:
        state: dict[str, Any] = run.definition["States"][run.state_name]
        return state

    def _log_state(self, run: Run, event: str, details: Document) -> None:
        kind = self._definition(run)["Type"]
        self._log(
            run,
            f"{kind}{event}",
            f"State {run.state_name} of type {kind} {event.lower()}",
            {"state_name": run.state_name, "state_type": kind, **details},
        )

    def _log(self, run: Run, code: str, description: str, details: Document, *, is_last: bool = False) -> None:
        if len(run.log) >= _MAX_LOG and not is_last and not code.endswith("Failed"):
            raise StateFailure("States.Runtime", f"the run has more than {_MAX_LOG} log entries")
        run.log.append(LogEntry(self._now(), code, description, details))
