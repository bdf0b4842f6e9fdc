"""Projects under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import LINE, list_of
from ...kit.ids import new_id
from ..access_control import administered_project, project_manager
from ..documents import project_document
from ..errors import ApiError
from ..models import Project

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import AuthState

__all__ = ("ROUTES",)

_LINES: Final = list_of(LINE)


async def _get_projects(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/projects``: those that the caller administers."""
    caller = project_manager(state, request)
    projects = [each for each in state.registry.projects.values() if caller.administers(each)]
    return {"projects": [project_document(state, each) for each in projects]}


async def _get_project(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/projects/<id>``."""
    return {"project": project_document(state, _project(state, request))}


def _project(state: AuthState, request: Request) -> Project:
    return administered_project(state, project_manager(state, request), request.path_id("project_id"))


async def _create_project(state: AuthState, request: Request) -> Document:
    """``POST /v2/api/projects``."""
    project_manager(state, request)
    fields = request.fields("project")
    project = Project(new_id(), fields.required("display_name", LINE), fields.required("contact_email", LINE), [], [])
    _set_administrators(state, project, fields)
    state.registry.projects[project.id] = project
    return {"project": project_document(state, project)}


async def _update_project(state: AuthState, request: Request) -> Document:
    """``PUT /v2/api/projects/<id>``: change the members that are sent."""
    project = _project(state, request)
    fields = request.fields("project")
    display_name = fields.optional("display_name", LINE, project.display_name)
    contact_email = fields.optional("contact_email", LINE, project.contact_email)
    _set_administrators(state, project, fields)
    project.display_name, project.contact_email = display_name, contact_email
    return {"project": project_document(state, project)}


def _set_administrators(state: AuthState, project: Project, fields: Fields) -> None:
    admin_ids = [each.lower() for each in fields.nullable("admin_ids", _LINES, project.admin_ids) or []]
    group_ids = [each.lower() for each in fields.nullable("admin_group_ids", _LINES, project.admin_group_ids) or []]
    if not admin_ids and not group_ids:
        raise ApiError.unprocessable("A project needs an administrator: admin_ids or admin_group_ids")
    unknown = {*admin_ids}.difference(state.directory.identities) | {*group_ids}.difference(state.directory.groups)
    if unknown:
        raise ApiError.unprocessable(f"No such identity or group: {', '.join(sorted(unknown))}")
    project.admin_ids, project.admin_group_ids = admin_ids, group_ids


async def _delete_project(state: AuthState, request: Request) -> Document:
    """``DELETE /v2/api/projects/<id>``: delete a project without clients, with its policies."""
    project = _project(state, request)
    if any(each.project_id == project.id for each in state.registry.clients.values()):
        raise ApiError.unprocessable("The project still has clients")
    document = project_document(state, project)
    del state.registry.projects[project.id]
    for policy in [each for each in state.registry.policies.values() if each.project_id == project.id]:
        del state.registry.policies[policy.id]
    return {"project": document}


ROUTES: RouteTable[AuthState] = (
    ("GET", "/projects", _get_projects),
    ("POST", "/projects", _create_project),
    ("GET", "/projects/{project_id}", _get_project),
    ("PUT", "/projects/{project_id}", _update_project),
    ("DELETE", "/projects/{project_id}", _delete_project),
)
