"""Roles on an endpoint and its collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import document_of, optional_uuid, texts
from .documents import AssignedRoleDocument, GCSResultDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("RoleMethods",)


class RoleMethods(BaseClient):
    """Roles."""

    def get_role_list(
        self,
        collection_id: UUID | str | MissingType = MISSING,
        include: str | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
        *,
        num_results: int | None = None,
    ) -> Pages[AssignedRoleDocument]:
        """
        List roles on the endpoint, or on a collection.

        Args:
            collection_id: The collection, a UUID. By default the endpoint.
            include: ``"all_roles"``, for those of others, too. By default only your own.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            query_params: Further query parameters.
            num_results: The maximum number of items; ``None`` for all.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you have no role there.

        Example:
            >>> [each["role"] async for each in gcs.get_role_list(collection_id, "all_roles")]
            ['administrator']

        **Differs from globus-sdk:** iterating fetches further pages; has `num_results`.

        REST: `GET /api/roles <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Roles/#listRoles>`_
        """
        return self.listing(
            "/roles",
            AssignedRoleDocument,
            style=by_marker,
            params={
                "include": texts("include", include),
                "collection_id": optional_uuid("collection_id", collection_id),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_role(
        self, data: Mapping[str, Any], query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[AssignedRoleDocument]:
        """
        Give a role to an identity or a group.

        Args:
            data: The role document, such as `GCSRoleDocument`.
            query_params: Further query parameters.

        Returns:
            The new role, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator there.
            Conflict: 409 ``conflict``; there is one with these values already.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> principal = f"urn:globus:auth:identity:{other_identity_id}"
            >>> role = GCSRoleDocument(collection=collection_id, principal=principal, role="access_manager")
            >>> (await gcs.create_role(role))["role"]
            'access_manager'

        REST: `POST /api/roles <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Roles/#postRole>`_
        """
        return await unpacked(
            self.call("POST", "/roles", GCSResultDocument, data=document_of("data", data), query_params=query_params),
            AssignedRoleDocument,
            "role",
        )

    async def get_role(
        self, role_id: UUID | str, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[AssignedRoleDocument]:
        """
        Fetch a role.

        Args:
            role_id: The role. UUID.
            query_params: Further query parameters.

        Returns:
            The role.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is the role of somebody else.
            NotFound: 404 ``not_found``; no such role.

        Example:
            >>> (await gcs.get_role(role_id))["role"]
            'administrator'

        REST: `GET /api/roles/{role_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Roles/#getRole>`_
        """
        return await unpacked(
            self.call("GET", fill_path("/roles/{role_id}", role_id), GCSResultDocument, query_params=query_params),
            AssignedRoleDocument,
            "role",
        )

    async def delete_role(
        self, role_id: UUID | str, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Take a role away.

        Args:
            role_id: The role. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator there.
            NotFound: 404 ``not_found``; no such role, also if an earlier attempt of the same call has deleted it.
            Conflict: 409 ``conflict``; it is the last one of its kind.

        Example:
            >>> (await gcs.delete_role(monitor_role_id))["code"]
            'success'

        REST: `DELETE /api/roles/{role_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Roles/#deleteRole>`_
        """
        return await self.call(
            "DELETE", fill_path("/roles/{role_id}", role_id), GCSResultDocument, query_params=query_params
        )
