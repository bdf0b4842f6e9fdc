"""Endpoints for projects under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ..documents import project_document
from ..errors import ApiError
from ..fields import Fields
from ..models import Project
from ..principal import administered, developer

if TYPE_CHECKING:
    from ..call import Call
    from ..state import AuthState

__all__ = ("create_project", "delete_project", "get_project", "get_projects", "update_project")

_Document = dict[str, object]


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
