"""Projects, which contain registered clients, scopes and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...paging import Pages, single
from .data import as_list
from .documents import ProjectDocument, ProjectEnvelope
from .tokens import AuthLoginClient

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("ProjectMethods",)


class ProjectMethods(AuthLoginClient):
    """Projects. All calls require a token with the scope ``manage_projects``."""

    def get_projects(self, *, query_params: Mapping[str, object] | None = None) -> Pages[ProjectDocument]:
        """
        List the projects that the user administers. There is one page.

        Args:
            query_params: Additional query parameters.

        Returns:
            The projects.

        Example:
            >>> sorted([project["display_name"] async for project in ac.get_projects()])
            ['Analytical Engine', 'Nothing yet']

        REST: `GET /v2/api/projects <https://docs.globus.org/api/auth/reference/#get_projects>`_
        """
        return self.listing(
            "/v2/api/projects", ProjectDocument, style=single, query_params=query_params, items_key="projects"
        )

    async def get_project(
        self, project_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ProjectEnvelope]:
        """
        Fetch a project.

        Args:
            project_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The project, under ``["project"]``.

        Raises:
            NotFound: 404, it does not exist or the user does not administer it.

        Example:
            >>> (await ac.get_project(project_id))["project"]["display_name"]
            'Analytical Engine'

        REST: `GET /v2/api/projects/{id} <https://docs.globus.org/api/auth/reference/#get_projects>`_
        """
        return await self.call(
            "GET", fill_path("/v2/api/projects/{project_id}", project_id), ProjectEnvelope, query_params=query_params
        )

    async def create_project(
        self,
        display_name: str,
        contact_email: str,
        *,
        admin_ids: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        admin_group_ids: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ProjectEnvelope]:
        """
        Create a project. It requires administrators: identities, groups, or both.

        Args:
            display_name: The name of the project.
            contact_email: The e-mail address of its administrators.
            admin_ids: UUIDs of identities.
            admin_group_ids: UUIDs of groups.
            query_params: Additional query parameters.

        Returns:
            The new project, under ``["project"]``.

        Raises:
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> made = await ac.create_project("Difference Engine", "ada@example.org", admin_ids=identity_id)
            >>> made["project"]["contact_email"]
            'ada@example.org'

        REST: `POST /v2/api/projects <https://docs.globus.org/api/auth/reference/#create_project>`_
        """
        project = {
            "display_name": display_name,
            "contact_email": contact_email,
            "admin_ids": as_list(admin_ids),
            "admin_group_ids": as_list(admin_group_ids),
        }
        return await self.call(
            "POST", "/v2/api/projects", ProjectEnvelope, data={"project": project}, query_params=query_params
        )

    async def update_project(
        self,
        project_id: UUID | str,
        *,
        display_name: str | MissingType = MISSING,
        contact_email: str | MissingType = MISSING,
        admin_ids: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        admin_group_ids: UUID | str | Iterable[UUID | str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ProjectEnvelope]:
        """
        Change a project. Omitted members stay unchanged.

        Args:
            project_id: Its UUID.
            display_name: The name of the project.
            contact_email: The e-mail address of its administrators.
            admin_ids: UUIDs of identities, replacing the present ones.
            admin_group_ids: UUIDs of groups, replacing the present ones.
            query_params: Additional query parameters.

        Returns:
            The updated project, under ``["project"]``.

        Raises:
            NotFound: 404, it does not exist or the user does not administer it.
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> (await ac.update_project(project_id, display_name="Engine"))["project"]["display_name"]
            'Engine'

        REST: `PUT /v2/api/projects/{id} <https://docs.globus.org/api/auth/reference/#update_project>`_
        """
        project = {
            "display_name": display_name,
            "contact_email": contact_email,
            "admin_ids": as_list(admin_ids),
            "admin_group_ids": as_list(admin_group_ids),
        }
        return await self.call(
            "PUT",
            fill_path("/v2/api/projects/{project_id}", project_id),
            ProjectEnvelope,
            data={"project": project},
            query_params=query_params,
        )

    async def delete_project(
        self, project_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ProjectEnvelope]:
        """
        Delete an empty project.

        Args:
            project_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The deleted project.

        Raises:
            NotFound: 404, it does not exist or the user does not administer it.

        Example:
            >>> (await ac.delete_project(empty_project_id))["project"]["id"] == empty_project_id
            True

        REST: `DELETE /v2/api/projects/{id} <https://docs.globus.org/api/auth/reference/#delete_project>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/api/projects/{project_id}", project_id), ProjectEnvelope, query_params=query_params
        )
