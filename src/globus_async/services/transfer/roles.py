"""Roles: permissions to manage a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from .documents import ResultDocument, RoleDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("RoleMethods",)


class RoleMethods(BaseClient):
    """Roles on collections."""

    def endpoint_role_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[RoleDocument]:
        """
        List the roles on a collection.

        Args:
            endpoint_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            PermissionDenied: 403; you have no role on it.
            EndpointNotFound: 404.

        Example:
            >>> [role["role"] for role in await tc.endpoint_role_list(endpoint_id)]
            ['administrator', 'access_manager']

        REST: `GET /v0.10/endpoint/<endpoint_id>/role_list <https://docs.globus.org/api/transfer/roles/#role_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/role_list", endpoint_id),
            RoleDocument,
            style=single,
            query_params=query_params,
        )

    async def add_endpoint_role(
        self, endpoint_id: UUID | str, role_data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RoleDocument]:
        """
        Assign a role on a collection to an identity or group.

        Args:
            endpoint_id: The collection. UUID.
            role_data: A ``role`` document: ``principal_type``, ``principal`` and ``role``.
            query_params: Further query parameters.

        Returns:
            The new role document, with its ``id``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            EndpointNotFound: 404.

        Example:
            >>> role = await tc.add_endpoint_role(endpoint_id, {
            ...     "DATA_TYPE": "role",
            ...     "principal_type": "identity",
            ...     "principal": identity_id,
            ...     "role": "activity_monitor",
            ... })
            >>> role["role"]
            'activity_monitor'

        REST: `POST /v0.10/endpoint/<endpoint_id>/role <https://docs.globus.org/api/transfer/roles/#create_role>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/role", endpoint_id),
            RoleDocument,
            data=role_data,
            query_params=query_params,
        )

    async def get_endpoint_role(
        self, endpoint_id: UUID | str, role_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RoleDocument]:
        """
        Fetch a role on a collection.

        Args:
            endpoint_id: The collection. UUID.
            role_id: The role.
            query_params: Further query parameters.

        Returns:
            The role document.

        Raises:
            NotFound: 404 ``RoleNotFound``.
            EndpointNotFound: 404.

        Example:
            >>> role = await tc.get_endpoint_role(endpoint_id, role_id)
            >>> role["role"]
            'access_manager'

        REST: `GET /v0.10/endpoint/<endpoint_id>/role/<role_id>
        <https://docs.globus.org/api/transfer/roles/#get_role_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint/{endpoint_id}/role/{role_id:text}", endpoint_id, role_id),
            RoleDocument,
            query_params=query_params,
        )

    async def delete_endpoint_role(
        self, endpoint_id: UUID | str, role_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete a role on a collection.

        Args:
            endpoint_id: The collection. UUID.
            role_id: The role.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            NotFound: 404 ``RoleNotFound``, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> result = await tc.delete_endpoint_role(endpoint_id, role_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint/<endpoint_id>/role/<role_id>
        <https://docs.globus.org/api/transfer/roles/#delete_role_by_id>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v0.10/endpoint/{endpoint_id}/role/{role_id:text}", endpoint_id, role_id),
            ResultDocument,
            query_params=query_params,
        )
