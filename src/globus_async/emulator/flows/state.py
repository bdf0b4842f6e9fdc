"""The state of the emulated Flows, and its setup by tests."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from ..kit.ids import named_id, new_id, own_ids
from .actions import hosted, transfer
from .actions.engine import Actions, Intervention
from .actions.provider import ActionCall, ActionProvider, ActionResult
from .errors import FlowsError
from .language.definition import definition_problems
from .models import Flow, RegisteredApi, Run
from .roles import identity_urn
from .runner import Runner
from .store import Store

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.directory import Identity
    from ..kit.service import Document, Platform
    from .models import WebInput

__all__ = ("ACTIONS_CLIENT", "FlowsState")

ACTIONS_CLIENT: Final = named_id("service", "actions.globus.org")
"""The client id of the resource server of most hosted actions."""


class FlowsState(Store):
    """
    All flows, runs, web inputs, registered APIs and actions, with methods for tests.

    Args:
        platform: What it shares with the other services.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.actions: Actions = Actions(self)
        self.runner: Runner = Runner(self, self.actions)
        for provider in (*hosted.PROVIDERS, *transfer.PROVIDERS):
            self._add_provider(provider)

    # flows

    @own_ids
    def add_flow(
        self,
        title: str,
        definition: Document,
        *,
        owner: Identity | str,
        input_schema: Document | None = None,
        viewers: Iterable[str] = (),
        starters: Iterable[str] = (),
        administrators: Iterable[str] = (),
        id: str | None = None,
        **details: Any,
    ) -> Flow:
        """
        Add a flow, and its scope to Globus Auth.

        Args:
            title: Its title.
            definition: Its definition.
            owner: The identity that owns it, or its id.
            input_schema: The JSON Schema of its input, checked when a run starts; by default it accepts everything.
            viewers: The principals who may see it.
            starters: The principals who may start it.
            administrators: The principals who may change it.
            id: Its UUID; a random one by default.
            details: Further attributes of `Flow`, such as ``subtitle``.

        Raises:
            FlowsError: 422, the definition is invalid.
        """
        schema: Document = {} if input_schema is None else input_schema
        if problems := list(definition_problems(definition)):
            raise FlowsError.invalid(problems)
        owner_urn = identity_urn(owner if isinstance(owner, str) else owner.id)
        now = self.now()
        flow = Flow(
            new_id() if id is None else id,
            title,
            definition,
            schema,
            owner_urn,
            owner_urn,
            now,
            now,
            viewers=list(viewers),
            starters=list(starters),
            administrators=list(administrators),
            **details,
        )
        self.store_flow(flow)
        return flow

    def store_flow(self, flow: Flow) -> None:
        """Store a new flow, and add its scope, which depends on those of its actions."""
        self.flows[flow.id] = flow
        known = [each for each in self.required_scopes(flow.definition) if self._is_known(each)]
        self.platform.authority.add_scope(flow.id, flow.scope, name=flow.title, dependencies=known)

    def _is_known(self, scope: str) -> bool:
        return any(each.scope == scope for each in self.actions.providers.values())

    def change_definition(self, flow: Flow, definition: Document) -> None:
        """Change the definition of a flow; if its actions need other scopes, all consents for it are rescinded."""
        before, flow.definition = self.required_scopes(flow.definition), definition
        if self.required_scopes(definition) != before:
            self.platform.authority.remove_scope(flow.scope)
            self.store_flow(flow)

    def delete_flow(self, flow: Flow) -> None:
        """Remove a flow and its scope."""
        del self.flows[flow.id]
        self.platform.authority.remove_scope(flow.scope)

    def required_scopes(self, definition: Document, run_as: str = "User") -> list[str]:
        """Return the scopes of the actions of a definition that run as the user, or as somebody else."""
        found: dict[str, None] = {}
        for state in definition["States"].values():
            if state["Type"] == "Action" and state.get("RunAs", "User") == run_as:
                provider = self.actions.provider(state["ActionUrl"])
                scope = state.get("ActionScope") or (None if provider is None else provider.scope)
                if scope is not None:
                    found[scope] = None
        return list(found)

    # runs

    def start_run(self, flow: Flow, caller: Caller, body: Document, **details: Any) -> Run:
        """
        Start a run, with an input that has been checked.

        Args:
            flow: The flow.
            caller: The one who starts it.
            body: The input.
            details: Further attributes of `Run`, such as ``label``.
        """
        now, run_id = self.now(), new_id()
        identity = self.platform.directory.find(caller.identity_id)
        given: Any = body.get("_tokens")
        tokens: Document = cast("Any", given) if isinstance(given, dict) else {}
        data = {name: value for name, value in body.items() if name != "_tokens"}
        context: Document = {
            "flow_id": flow.id,
            "run_id": run_id,
            "username": caller.username,
            "email": None if identity is None else identity.email,
            "user_id": identity_urn(caller.identity_id),
            "identities": sorted(map(identity_urn, caller.identity_ids)),
            "token_info": {"exp": int(now) + 172_800, "iat": int(now), "nbf": int(now)},
        }
        run = Run(
            run_id,
            flow,
            flow.definition,
            flow.input_schema,
            data,
            identity_urn(caller.identity_id),
            caller,
            now,
            flow.definition["StartAt"],
            data,
            context,
            tokens={role: str(token) for role, token in tokens.items()},
            **details,
        )
        self.runs[run.id] = run
        self.runner.start(run)
        return run

    # actions

    def register_action(
        self,
        url: str,
        action: Callable[[dict[str, Any]], object] | Callable[[dict[str, Any]], Awaitable[object]],
        *,
        scope: str | None = None,
        title: str = "Test action",
        poll: Callable[[ActionCall], Awaitable[ActionResult]] | None = None,
    ) -> None:
        """
        Register an action of a test.

        Args:
            url: Its ``ActionUrl``.
            action: A function or coroutine function of the parameters. It returns the details of an action that has
                succeeded, or an `ActionResult`; it raises `ActionRefused` to refuse the action.
            scope: The scope that its callers need; none by default.
            title: Its title.
            poll: Returns the present state of an action that was ``ACTIVE`` or ``INACTIVE``.
        """

        async def start(call: ActionCall) -> ActionResult:
            result: Any = action(call.body)
            if inspect.isawaitable(result):
                result = await result
            return result if isinstance(result, ActionResult) else ActionResult("SUCCEEDED", result)

        polling: dict[str, Any] = {} if poll is None else {"poll": poll}
        self._add_provider(ActionProvider(url, title, start, scope, is_synchronous=poll is None, **polling))

    def _add_provider(self, provider: ActionProvider) -> None:
        self.actions.register(provider)
        if provider.scope is not None and provider.scope not in provider.dependencies:
            owner = provider.scope.removeprefix("https://auth.globus.org/scopes/").partition("/")[0]
            client = owner if len(owner) == 36 else ACTIONS_CLIENT
            self.platform.authority.add_scope(
                client, provider.scope, name=provider.title, dependencies=provider.dependencies
            )

    def suspend_next_action(self, url: str, requirement: Mapping[str, Any] | None = None) -> None:
        """
        Make the next action at a URL, and its run, INACTIVE until the run is resumed.

        Args:
            url: The ``ActionUrl``.
            requirement: An authorization requirement, with ``code`` and ``authorization_parameters`` or
                ``required_scope``; by default there is none.
        """
        default: Document = {"code": "ActionInactive", "description": "The action is inactive"}
        self.actions.intervene(url, Intervention(requirement=dict(default if requirement is None else requirement)))

    def fail_next_action(self, url: str, details: object = "The action has failed") -> None:
        """
        Make the next action at a URL fail.

        Args:
            url: The ``ActionUrl``.
            details: Its details.
        """
        self.actions.intervene(url, Intervention(failure=details))

    def delay_next_action(self, url: str, seconds: float) -> None:
        """
        Let the next action at a URL begin later.

        Args:
            url: The ``ActionUrl``.
            seconds: How much later.
        """
        self.actions.intervene(url, Intervention(delay=seconds))

    # web inputs and registered APIs

    def open_web_input(
        self,
        run: Run | str,
        title: str,
        options: Iterable[str | Mapping[str, Any]],
        **details: Any,
    ) -> WebInput:
        """
        Open a web input, which blocks a run until somebody responds.

        Args:
            run: The run, or its id.
            title: The question.
            options: The labels of the options, or objects with ``label`` and ``description``.
            details: Further arguments of `WebInputs.open`: text, rows, respondents, viewers, result_path.
        """
        found = self.runs[run] if isinstance(run, str) else run
        return self.web_inputs.open(found, title=title, options=options, **details)

    @own_ids
    def add_registered_api(
        self,
        name: str,
        target: Document,
        *,
        owner: Identity | str,
        description: str = "",
        administrators: Iterable[str] = (),
        viewers: Iterable[str] = (),
        subscription_id: str | None = None,
        id: str | None = None,
    ) -> RegisteredApi:
        """
        Add a registered API.

        Args:
            name: Its name.
            target: The operation: ``type``, ``openapi_version``, ``destination``, ``specification``.
            owner: The identity that owns it, or its id.
            description: Its description.
            administrators: The principals who may change it.
            viewers: The principals who may see it.
            subscription_id: Its subscription.
            id: Its UUID; a random one by default.
        """
        now = self.now()
        owner_id = owner if isinstance(owner, str) else owner.id
        api = RegisteredApi(
            new_id() if id is None else id,
            name,
            description,
            target,
            [identity_urn(owner_id)],
            list(administrators),
            list(viewers),
            now,
            now,
            subscription_id,
        )
        self.registered_apis[api.id] = api
        return api
