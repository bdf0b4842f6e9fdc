"""Authentication policies under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import BOOLEAN, LINE, UUID, integer, list_of
from ...kit.ids import new_id
from ..access_control import administered_project, api_caller, project_manager
from ..documents import policy_document
from ..errors import ApiError
from ..models import Policy

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..access_control import ApiCaller
    from ..state import AuthState

__all__ = ("ROUTES",)

_LINES: Final = list_of(LINE)
_SECONDS: Final = integer(minimum=0)


def _policy(state: AuthState, request: Request) -> Policy:
    caller = project_manager(state, request)
    policy = state.registry.policies.get(request.path_id("policy_id").lower())
    if policy is None:
        raise ApiError.not_found("policy")
    administered_project(state, caller, policy.project_id)
    return policy


async def _get_policies(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/policies``: those of the projects that the caller administers."""
    caller = project_manager(state, request)
    project_ids = {each.id for each in state.registry.projects.values() if caller.administers(each)}
    policies = [each for each in state.registry.policies.values() if each.project_id in project_ids]
    return {"policies": [policy_document(each) for each in policies]}


async def _get_policy(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/policies/<id>``."""
    return {"policy": policy_document(_policy(state, request))}


async def _create_policy(state: AuthState, request: Request) -> Document:
    """``POST /v2/api/policies``."""
    caller = project_manager(state, request)
    fields = request.fields("policy")
    policy = Policy(
        new_id(),
        fields.required("project_id", UUID),
        fields.required("display_name", LINE),
        fields.required("description", LINE),
        high_assurance=fields.optional("high_assurance", BOOLEAN, default=False),
    )
    _update(state, caller, policy, fields)
    state.registry.policies[policy.id] = policy
    return {"policy": policy_document(policy)}


async def _update_policy(state: AuthState, request: Request) -> Document:
    """``PUT /v2/api/policies/<id>``: change the members that are sent; ``high_assurance`` cannot be changed."""
    policy = _policy(state, request)
    fields = request.fields("policy")
    if fields.optional("high_assurance", BOOLEAN, policy.high_assurance) != policy.high_assurance:
        raise ApiError.unprocessable("high_assurance cannot be changed")
    _update(state, api_caller(state, request), policy, fields)
    return {"policy": policy_document(policy)}


def _update(state: AuthState, caller: ApiCaller, policy: Policy, fields: Fields) -> None:
    project = administered_project(state, caller, fields.nullable("project_id", UUID, policy.project_id))
    display_name = fields.optional("display_name", LINE, policy.display_name)
    description = fields.optional("description", LINE, policy.description)
    timeout = fields.nullable("authentication_assurance_timeout", _SECONDS, policy.authentication_assurance_timeout)
    mfa = fields.optional("required_mfa", BOOLEAN, policy.required_mfa)
    include = fields.nullable("domain_constraints_include", _LINES, policy.domain_constraints_include)
    exclude = fields.nullable("domain_constraints_exclude", _LINES, policy.domain_constraints_exclude)
    policy.project_id, policy.display_name, policy.description = project.id, display_name, description
    policy.authentication_assurance_timeout, policy.required_mfa = timeout, mfa
    policy.domain_constraints_include, policy.domain_constraints_exclude = include, exclude


async def _delete_policy(state: AuthState, request: Request) -> Document:
    """``DELETE /v2/api/policies/<id>``."""
    policy = _policy(state, request)
    del state.registry.policies[policy.id]
    return {"policy": policy_document(policy)}


ROUTES: RouteTable[AuthState] = (
    ("GET", "/policies", _get_policies),
    ("POST", "/policies", _create_policy),
    ("GET", "/policies/{policy_id}", _get_policy),
    ("PUT", "/policies/{policy_id}", _update_policy),
    ("DELETE", "/policies/{policy_id}", _delete_policy),
)
