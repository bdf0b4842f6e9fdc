"""What a caller may do: scopes, roles and authentication policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..documents import web_input_summary
from ..errors import FlowsError, forbidden, not_found
from ..roles import flow_roles, implied, principals_of, run_roles, web_input_roles

if TYPE_CHECKING:
    from ...kit.authentication import Caller
    from ...kit.request import Request
    from ..models import Flow, Run, WebInput
    from ..state import FlowsState

__all__ = (
    "SCOPE_PREFIX",
    "allow",
    "editable_flow",
    "managed_run",
    "require_flow_scope",
    "visible_flow",
    "visible_run",
    "visible_web_input",
)

SCOPE_PREFIX: Final = "https://auth.globus.org/scopes/eec9b274-0c81-4334-bdc2-54e90e689b9a/"


def allow(state: FlowsState, request: Request, *names: str) -> frozenset[str]:
    """
    Require a scope, and return the principals of the caller.

    Args:
        state: The state.
        request: The request.
        names: The names of the scopes of which the token must have one, beside ``all``; the first one is in errors.

    Raises:
        FlowsError: 403, it has none.
    """
    caller = request.caller
    accepted = {f"{SCOPE_PREFIX}{name}" for name in (*names, "all")}
    if accepted.isdisjoint(_scopes(caller)):
        raise _missing_scope(f"{SCOPE_PREFIX}{names[0]}")
    return principals_of(state.platform.directory, caller)


def require_flow_scope(flow: Flow, caller: Caller) -> None:
    """
    Require the scope of a flow; the scope ``run`` is enough for a flow without actions.

    Raises:
        FlowsError: 403, the token has neither.
    """
    accepted = {flow.scope}
    if not any(each["Type"] == "Action" for each in flow.definition["States"].values()):
        accepted.add(f"{SCOPE_PREFIX}run")
    if accepted.isdisjoint(_scopes(caller)):
        raise _missing_scope(flow.scope)


def _scopes(caller: Caller) -> set[str]:
    return {scope.partition("[")[0] for scope in caller.scopes}


def _missing_scope(scope: str) -> FlowsError:
    return FlowsError(403, "MISSING_SCOPE", f"This action requires the following scope: {scope}")


def visible_flow(state: FlowsState, request: Request, principals: frozenset[str]) -> Flow:
    """
    Return the flow in the path.

    Raises:
        FlowsError: 404, there is none that the caller may see; 403, its policy is not satisfied.
    """
    flow_id = request.path_id("flow_id")
    flow = state.flows.get(flow_id.lower())
    if flow is None or not flow_roles(flow, principals):
        raise not_found("flow", flow_id)
    _check_policy(state, flow, request.caller, "flow")
    return flow


def editable_flow(state: FlowsState, request: Request, principals: frozenset[str], permission: str) -> Flow:
    """
    Return the flow in the path to an administrator.

    Raises:
        FlowsError: 404, there is none that the caller may see; 403, the caller is no administrator.
    """
    flow = visible_flow(state, request, principals)
    if "flow_administrator" not in implied(flow_roles(flow, principals)):
        raise forbidden(permission, "flow", flow.id)
    return flow


def visible_run(state: FlowsState, request: Request, principals: frozenset[str]) -> Run:
    """
    Return the run in the path.

    Raises:
        FlowsError: 404, there is none that the caller may see; 403, the policy of its flow is not satisfied.
    """
    run_id = request.path_id("run_id")
    run = state.runs.get(run_id.lower())
    if run is None or not run_roles(run, principals):
        raise not_found("run", run_id)
    _check_policy(state, run.flow, request.caller, "run")
    return run


def managed_run(
    state: FlowsState, request: Request, principals: frozenset[str], permission: str, *, flow_wide: bool = True
) -> Run:
    """
    Return the run in the path to a manager.

    Args:
        state: The state.
        request: The request.
        principals: The principals of the caller.
        permission: The permission in the error.
        flow_wide: Whether managers of all runs of the flow are enough.

    Raises:
        FlowsError: 404, there is none that the caller may see; 403, the caller is no manager.
    """
    run = visible_run(state, request, principals)
    allowed = {"run_owner", "run_manager", *(["flow_run_manager"] if flow_wide else [])}
    if allowed.isdisjoint(run_roles(run, principals)):
        raise forbidden(permission, "run", run.id)
    return run


def visible_web_input(state: FlowsState, request: Request, principals: frozenset[str]) -> WebInput:
    """
    Return the web input in the path.

    Raises:
        FlowsError: 404, there is none that the caller may see; 403, the policy of its flow is not satisfied.
    """
    web_input_id = request.path_id("web_input_id")
    web_input = state.web_inputs.by_id.get(web_input_id.lower())
    if web_input is None or not web_input_roles(web_input, principals):
        raise FlowsError(404, "NOT_FOUND", f"No Web Input exists with id value {web_input_id}")
    summary = web_input_summary(web_input, principals)
    _check_policy(state, web_input.run.flow, request.caller, "web input", web_input_summary=summary)
    return web_input


def _check_policy(state: FlowsState, flow: Flow, caller: Caller, kind: str, **members: Any) -> None:
    policy = flow.authentication_policy_id
    if policy is None or state.platform.authority.satisfies_policy(policy, caller):
        return
    detail = (
        f"None of the identities in session meet the requirements for the authentication policy of this {kind}. "
        "Reauthenticate as an identity that has permission and can meet the requirements."
    )
    message = f"Globus Flows detected an unsatisfied session policy for this {kind}."
    error = FlowsError(403, "AUTHENTICATION_POLICY_REQUIRED", detail, **members)
    error.members["code"] = "AuthenticationPolicyRequired"
    error.members["authorization_parameters"] = {"session_required_policies": [policy], "session_message": message}
    raise error
