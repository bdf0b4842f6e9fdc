"""The execution of actions: start, poll and cancel, with what a test has asked for."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...kit.authentication import AuthenticationFailure, ConsentMissing
from ...kit.ids import random_text
from ..models import ACTION_ENDED, Action
from .provider import ActionCall, ActionInactive, ActionProvider, ActionRefused, ActionResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...kit.service import Document
    from ..store import Store

__all__ = ("Actions", "Intervention")

_ID_LENGTH = 13


@dataclass(frozen=True, slots=True)
class Intervention:
    """What happens to the next action of a URL instead of its normal execution."""

    requirement: Document | None = None
    """It becomes INACTIVE with this authorization requirement, and is executed once its run is resumed."""
    failure: Any = None
    """It fails with these details."""
    delay: float = 0.0
    """It is executed after so many seconds."""


class Actions:
    """
    All actions and their providers.

    Args:
        store: The resources of Flows, which providers work with.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.providers: dict[str, ActionProvider] = {}
        """By URL."""
        self.interventions: dict[str, deque[Intervention]] = {}
        """By URL."""
        self.started: dict[str, Action] = {}
        """By id."""
        self._by_request: dict[tuple[str, str, str], Action] = {}

    def provider(self, url: str) -> ActionProvider | None:
        """Return the provider at a URL, with or without a slash at its end."""
        return self.providers.get(url.rstrip("/"))

    def register(self, provider: ActionProvider) -> None:
        """Add a provider, in place of one with the same URL."""
        self.providers[provider.url.rstrip("/")] = provider

    def intervene(self, url: str, intervention: Intervention) -> None:
        """Change what happens to the next action of a URL."""
        self.interventions.setdefault(url.rstrip("/"), deque()).append(intervention)

    async def start(self, action: Action, obtain_token: Callable[[], str | None]) -> Action:
        """
        Start an action, or return the one that was started by the same request.

        Args:
            action: The action without an id.
            obtain_token: Returns the access token for it.

        Raises:
            ActionRefused: The provider refuses it, or there is none.
        """
        key = (action.url, action.creator, action.request_id)
        known = self._by_request.setdefault(key, action)
        if known is action:
            action.id = random_text(_ID_LENGTH)
            self.started[action.id] = action
            queue = self.interventions.get(action.url.rstrip("/"))
            if queue:
                self._apply(action, queue.popleft())
        if known.status == "ACTIVE":
            try:
                await self.advance(known, obtain_token)
            except BaseException:
                # refused, or interrupted: the same request may start it again
                self._by_request.pop(key, None)
                self.started.pop(known.id, None)
                raise
        return known

    def _apply(self, action: Action, intervention: Intervention) -> None:
        action.memory["not_before"] = self._store.now() + intervention.delay
        if intervention.requirement is not None:
            action.status, action.details = "INACTIVE", dict(intervention.requirement)
        elif intervention.failure is not None:
            action.memory["failure"] = intervention.failure

    async def advance(self, action: Action, obtain_token: Callable[[], str | None]) -> None:
        """
        Start an action that has not been started, or else poll it.

        Args:
            action: The action.
            obtain_token: Returns the access token for it.

        Raises:
            ActionRefused: The provider refuses it, or there is none.
        """
        provider = self.provider(action.url)
        if provider is None:
            raise ActionRefused(f"there is no action provider at {action.url}: register one with register_action()")
        if action.status in ACTION_ENDED or self._store.now() < action.memory.get("not_before", 0.0):
            return
        if "failure" in action.memory:
            self._record(action, ActionResult("FAILED", action.memory["failure"]))
            return
        step = provider.poll if action.memory.get("is_started") else provider.start
        try:
            action.token = obtain_token() or ""
            result = await step(ActionCall(self._store, action))
        except ConsentMissing as missing:
            description = "A consent is required to continue"
            requirement = {"code": "ConsentRequired", "description": description, "required_scope": missing.scope}
            self._record(action, ActionResult("INACTIVE", requirement))
        except ActionInactive as inactive:
            self._record(action, ActionResult("INACTIVE", inactive.details))
        except AuthenticationFailure as failure:
            raise ActionRefused(str(failure)) from None
        else:
            action.memory["is_started"] = True
            self._record(action, result)

    def _record(self, action: Action, result: ActionResult) -> None:
        if action.status in ACTION_ENDED:  # cancelled in the meantime
            return
        action.status, action.details, action.display_status = result.status, result.details, result.display_status
        if result.status in ACTION_ENDED:
            action.ended = self._store.now()

    async def cancel(self, action: Action) -> None:
        """Cancel an action; one that has ended stays as it is."""
        if action.status in ACTION_ENDED:
            return
        provider = self.provider(action.url)
        result = ActionResult("FAILED", {"code": "ActionCanceled", "description": "The action was canceled"})
        if provider is not None and provider.cancel is not None and action.memory.get("is_started"):
            # without a consent the service goes on
            with suppress(ConsentMissing, ActionInactive, ActionRefused, AuthenticationFailure):
                result = await provider.cancel(ActionCall(self._store, action))
        self._record(action, result)
