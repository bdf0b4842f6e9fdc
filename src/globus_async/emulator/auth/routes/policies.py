"""Endpoints for authentication policies under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ..documents import policy_document
from ..errors import ApiError
from ..fields import Fields
from ..models import Policy
from ..principal import Principal, administered, developer, principal

if TYPE_CHECKING:
    from ..call import Call
    from ..state import AuthState

__all__ = ("create_policy", "delete_policy", "get_policies", "get_policy", "update_policy")

_Document = dict[str, object]


def _policy(state: AuthState, call: Call) -> Policy:
    caller = developer(state, call)
    policy = state.registry.policies.get(call.path["policy_id"].lower())
    if policy is None:
        raise ApiError.not_found("policy")
    administered(state, caller, policy.project_id)
    return policy


def get_policies(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/policies``: those of the caller's projects."""
    caller = developer(state, call)
    mine = {each.id for each in state.registry.projects.values() if caller.administers(each)}
    policies = [each for each in state.registry.policies.values() if each.project_id in mine]
    return {"policies": [policy_document(each) for each in policies]}


def get_policy(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/policies/<id>``."""
    return {"policy": policy_document(_policy(state, call))}


def create_policy(state: AuthState, call: Call) -> _Document:
    """``POST /v2/api/policies``."""
    caller = developer(state, call)
    fields = Fields(call.member("policy"))
    project_id = fields.uuid("project_id", None)
    if project_id is None:
        raise ApiError.unprocessable("project_id is required")
    policy = Policy(str(uuid4()), project_id, fields.text("display_name"), fields.text("description"))
    policy.high_assurance = fields.flag("high_assurance", otherwise=False)
    _fill_policy(state, caller, policy, fields)
    state.registry.policies[policy.id] = policy
    return {"policy": policy_document(policy)}


def update_policy(state: AuthState, call: Call) -> _Document:
    """``PUT /v2/api/policies/<id>``: what is not sent stays; whether it is of high assurance stays in any case."""
    policy = _policy(state, call)
    fields = Fields(call.member("policy"))
    if fields.flag("high_assurance", otherwise=policy.high_assurance) != policy.high_assurance:
        raise ApiError.unprocessable("high_assurance cannot be changed")
    _fill_policy(state, principal(state, call), policy, fields)
    return {"policy": policy_document(policy)}


def _fill_policy(state: AuthState, caller: Principal, policy: Policy, fields: Fields) -> None:
    project = administered(state, caller, fields.uuid("project_id", policy.project_id))
    display_name = fields.text("display_name", policy.display_name)
    description = fields.text("description", policy.description)
    timeout = fields.seconds("authentication_assurance_timeout", policy.authentication_assurance_timeout)
    mfa = fields.flag("required_mfa", policy.required_mfa)
    include = fields.texts("domain_constraints_include", policy.domain_constraints_include)
    exclude = fields.texts("domain_constraints_exclude", policy.domain_constraints_exclude)
    policy.project_id, policy.display_name, policy.description = project.id, display_name, description
    policy.authentication_assurance_timeout, policy.required_mfa = timeout, mfa
    policy.domain_constraints_include, policy.domain_constraints_exclude = include, exclude


def delete_policy(state: AuthState, call: Call) -> _Document:
    """``DELETE /v2/api/policies/<id>``."""
    policy = _policy(state, call)
    del state.registry.policies[policy.id]
    return {"policy": policy_document(policy)}
