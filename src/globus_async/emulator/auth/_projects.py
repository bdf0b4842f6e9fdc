"""Projects and policies under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ._documents import policy_document, project_document
from ._failures import ApiError
from ._fields import Fields
from ._principal import MANAGE_PROJECTS, Principal, principal
from ._records import Policy, Project

if TYPE_CHECKING:
    from ._call import Call
    from .state import AuthState

__all__ = (
    "administered",
    "create_policy",
    "create_project",
    "delete_policy",
    "delete_project",
    "developer",
    "get_policies",
    "get_policy",
    "get_project",
    "get_projects",
    "update_policy",
    "update_project",
)

_Document = dict[str, object]


def developer(state: AuthState, call: Call) -> Principal:
    """Return who makes a call, who may manage projects at all."""
    caller = principal(state, call)
    caller.demand(MANAGE_PROJECTS)
    return caller


def administered(state: AuthState, caller: Principal, project_id: str | None) -> Project:
    """
    Return a project that the caller administers.

    Raises:
        ApiError: 404 if there is none, 403 if it is somebody else's.
    """
    project = state.registry.projects.get((project_id or "").lower())
    if project is None:
        raise ApiError.not_found("project")
    if not caller.administers(project):
        raise ApiError.forbidden("The project is administered by others")
    return project


def get_projects(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/projects``: those the caller administers."""
    caller = developer(state, call)
    mine = [each for each in state.registry.projects.values() if caller.administers(each)]
    return {"projects": [project_document(state, each) for each in mine]}


def get_project(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/projects/<id>``."""
    project = administered(state, developer(state, call), call.path["project_id"])
    return {"project": project_document(state, project)}


def create_project(state: AuthState, call: Call) -> _Document:
    """``POST /v2/api/projects``."""
    developer(state, call)
    project = Project(str(uuid4()), "", "", [], [])
    _fill_project(state, project, Fields(call.member("project")), new=True)
    state.registry.projects[project.id] = project
    return {"project": project_document(state, project)}


def update_project(state: AuthState, call: Call) -> _Document:
    """``PUT /v2/api/projects/<id>``: what is not sent stays as it is."""
    project = administered(state, developer(state, call), call.path["project_id"])
    _fill_project(state, project, Fields(call.member("project")), new=False)
    return {"project": project_document(state, project)}


def _fill_project(state: AuthState, project: Project, fields: Fields, *, new: bool) -> None:
    display_name = fields.text("display_name", None if new else project.display_name)
    contact_email = fields.text("contact_email", None if new else project.contact_email)
    admin_ids = [each.lower() for each in fields.texts("admin_ids", project.admin_ids) or []]
    group_ids = [each.lower() for each in fields.texts("admin_group_ids", project.admin_group_ids) or []]
    if not admin_ids and not group_ids:
        raise ApiError.unprocessable("A project needs an administrator: admin_ids or admin_group_ids")
    unknown = {*admin_ids}.difference(state.directory.identities) | {*group_ids}.difference(state.directory.groups)
    if unknown:
        raise ApiError.unprocessable(f"No such identity or group: {', '.join(sorted(unknown))}")
    project.display_name, project.contact_email = display_name, contact_email
    project.admin_ids, project.admin_group_ids = admin_ids, group_ids


def delete_project(state: AuthState, call: Call) -> _Document:
    """``DELETE /v2/api/projects/<id>``: an empty one."""
    project = administered(state, developer(state, call), call.path["project_id"])
    if any(each.project_id == project.id for each in state.registry.clients.values()):
        raise ApiError.unprocessable("The project still has clients")
    document = project_document(state, project)
    del state.registry.projects[project.id]
    for policy in [each for each in state.registry.policies.values() if each.project_id == project.id]:
        del state.registry.policies[policy.id]
    return {"project": document}


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
