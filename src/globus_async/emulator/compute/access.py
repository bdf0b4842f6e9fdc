"""Who may see, use and change endpoints, functions, tasks and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ComputeError

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.request import Request
    from .models import Container, Endpoint, Function, Task, TaskGroup
    from .state import ComputeState

__all__ = (
    "check_subscription",
    "container_in_path",
    "endpoint_in_path",
    "function_in_path",
    "is_visible",
    "managed_endpoint",
    "own_task",
    "own_task_group",
    "usable_endpoint",
    "usable_function",
)


def endpoint_in_path(state: ComputeState, request: Request) -> Endpoint:
    """
    Return the endpoint in the path.

    Raises:
        ComputeError: 404, there is none.
    """
    return _endpoint(state, request.path_id("endpoint_id"))


def managed_endpoint(state: ComputeState, request: Request) -> Endpoint:
    """
    Return the endpoint in the path, which the caller manages.

    Raises:
        ComputeError: 404, there is none; 403, it is somebody else's.
    """
    endpoint = endpoint_in_path(state, request)
    if not endpoint.is_managed_by(request.caller.identity_ids):
        raise ComputeError.forbidden("endpoint", endpoint.id)
    return endpoint


def is_visible(endpoint: Endpoint, caller: Caller) -> bool:
    """Return whether an endpoint is in the list of all endpoints."""
    return endpoint.public or endpoint.is_managed_by(caller.identity_ids)


def usable_endpoint(state: ComputeState, endpoint_id: str, caller: Caller) -> Endpoint:
    """
    Return an endpoint to which the caller may submit tasks.

    Raises:
        ComputeError: 404, there is none; 403, it is not for the caller, or its policy requires another login.
    """
    endpoint = _endpoint(state, endpoint_id)
    if not (endpoint.multi_user or endpoint.public or endpoint.is_managed_by(caller.identity_ids)):
        raise ComputeError.forbidden("endpoint", endpoint.id)
    policy = endpoint.authentication_policy
    if policy is not None and not state.platform.authority.satisfies_policy(policy, caller):
        message = "The session does not satisfy the authentication policy of the endpoint"
        parameters = {"session_message": message, "session_required_policies": [policy]}
        raise ComputeError(403, "AuthorizationRequired", message, authorization_parameters=parameters)
    return endpoint


def _endpoint(state: ComputeState, endpoint_id: str) -> Endpoint:
    endpoint = state.endpoints.get(endpoint_id.lower())
    if endpoint is None:
        raise ComputeError.not_found("endpoint", endpoint_id)
    return endpoint


def function_in_path(state: ComputeState, request: Request) -> Function:
    """
    Return the function in the path.

    Raises:
        ComputeError: 404, there is none; 403, it is not for the caller.
    """
    return _visible_function(state, request.path_id("function_id"), request.caller)


def _visible_function(state: ComputeState, function_id: str, caller: Caller) -> Function:
    function = state.functions.get(function_id.lower())
    if function is None:
        raise ComputeError.not_found("function", function_id)
    groups = state.platform.directory.groups_of(caller.identity_ids) if function.group is not None else frozenset[str]()
    if not (function.public or function.owner_id in caller.identity_ids or function.group in groups):
        raise ComputeError.forbidden("function", function.id)
    return function


def usable_function(state: ComputeState, function_id: str, endpoint: Endpoint, caller: Caller) -> Function:
    """
    Return a function that the caller may run on an endpoint.

    Raises:
        ComputeError: 404, there is none; 403, it is not for the caller or not for the endpoint.
    """
    function = _visible_function(state, function_id, caller)
    is_listed = endpoint.allowed_functions is None or function.id in endpoint.allowed_functions
    if not is_listed or function.ha_endpoint_id not in {None, endpoint.id}:
        message = f"Function {function.id} not permitted on endpoint {endpoint.id}"
        raise ComputeError(403, "FUNCTION_NOT_PERMITTED", message, error_args=[function.id, endpoint.id])
    return function


def container_in_path(state: ComputeState, request: Request) -> Container:
    """
    Return the container in the path.

    Raises:
        ComputeError: 404, there is none that is the caller's.
    """
    container = state.containers.get(request.path_id("container_id").lower())
    if container is None or container.owner_id not in request.caller.identity_ids:
        raise ComputeError.not_found("container", request.path_id("container_id"))
    return container


def own_task(state: ComputeState, task_id: str, caller: Caller) -> Task:
    """
    Return a task of the caller.

    Raises:
        ComputeError: 404, there is none.
    """
    task = state.tasks.get(task_id.lower())
    if task is None or task.owner_id not in caller.identity_ids:
        raise ComputeError.not_found("task", task_id)
    return task


def own_task_group(state: ComputeState, group_id: str, caller: Caller) -> TaskGroup:
    """
    Return a task group of the caller.

    Raises:
        ComputeError: 404, there is none; 403, it is somebody else's.
    """
    group = state.task_groups.get(group_id.lower())
    if group is None:
        raise ComputeError.not_found("task group", group_id)
    if group.owner_id not in caller.identity_ids:
        raise ComputeError.forbidden("task group", group.id)
    return group


def check_subscription(state: ComputeState, subscription_id: str | None, caller: Caller) -> None:
    """
    Require that the caller may use a subscription.

    Raises:
        ComputeError: 403, the caller is no member of it, or there is none.
    """
    if subscription_id is None:
        return
    subscription = state.platform.directory.subscriptions.get(subscription_id)
    if subscription is None or not any(subscription.has_member(each) for each in caller.identity_ids):
        raise ComputeError.forbidden("subscription", subscription_id)
