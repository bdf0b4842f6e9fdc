"""Roles on an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from .documents import DeletedRoleDocument, IndexRoleDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("RoleMethods",)


class RoleMethods(BaseClient):
    """Roles."""

    async def create_role(
        self, index_id: UUID | str, data: Mapping[str, object], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IndexRoleDocument]:
        """
        Give an identity or a group a role on an index.

        Args:
            index_id: The index. UUID.
            data: The ``role_name`` (``owner``, ``admin`` or ``writer``), and the ``principal``, a URN such as
                ``urn:globus:auth:identity:<id>`` or ``urn:globus:groups:id:<id>``.
            query_params: Further query parameters.

        Returns:
            The role document.

        Raises:
            PermissionDenied: 403; the caller is no admin or owner, or no owner while the role is that of an owner; or
                the token lacks the scope ``all``.
            InvalidDocument: 400.

        Example:
            >>> principal = f"urn:globus:auth:identity:{identity_id}"
            >>> role = await sc.create_role(index_id, {"role_name": "admin", "principal": principal})
            >>> role["principal_type"]
            'identity'

        REST: `POST /v1/index/<index_id>/role <https://docs.globus.org/api/search/reference/role_create/>`_
        """
        return await self.call(
            "POST",
            fill_path("/v1/index/{index_id}/role", index_id),
            IndexRoleDocument,
            data=data,
            query_params=query_params,
        )

    def get_role_list(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[IndexRoleDocument]:
        """
        List the roles on an index.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the roles, ``await`` returns the response with its ``role_list``.

        Raises:
            PermissionDenied: 403; the caller is no admin or owner, or the token lacks the scope ``all``.

        Example:
            >>> [role["role_name"] async for role in sc.get_role_list(index_id)]
            ['owner', 'writer']

        **Differs from globus-sdk:** the response can be iterated.

        REST: `GET /v1/index/<index_id>/role_list <https://docs.globus.org/api/search/reference/role_list/>`_
        """
        return self.listing(
            fill_path("/v1/index/{index_id}/role_list", index_id),
            IndexRoleDocument,
            style=single,
            query_params=query_params,
            items_key="role_list",
        )

    async def delete_role(
        self, index_id: UUID | str, role_id: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[DeletedRoleDocument]:
        """
        Delete a role from an index; the last owner remains.

        Args:
            index_id: The index. UUID.
            role_id: The role.
            query_params: Further query parameters.

        Returns:
            The deleted role.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; the caller is no admin or owner, or the token lacks the scope ``all``.

        Example:
            >>> (await sc.delete_role(index_id, role_id))["success"]
            True

        REST: `DELETE /v1/index/<index_id>/role/<role_id> <https://docs.globus.org/api/search/reference/role_delete/>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v1/index/{index_id}/role/{role_id:text}", index_id, role_id),
            DeletedRoleDocument,
            query_params=query_params,
        )
