"""The data transfer nodes of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import Texts, document_of, texts
from .documents import GCSResultDocument, NodeDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("NodeMethods",)


class NodeMethods(BaseClient):
    """Nodes."""

    def get_node_list(
        self,
        *,
        include: Texts | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[NodeDocument]:
        """
        List the data transfer nodes of the endpoint.

        Args:
            include: Documents to include, as the service names them.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.

        Example:
            >>> [node["status"] async for node in gcs.get_node_list()]
            ['active']

        **Differs from globus-sdk:** is new.

        REST: `GET /api/nodes <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#getNodes>`_
        """
        return self.listing(
            "/nodes",
            NodeDocument,
            style=by_marker,
            params={"include": texts("include", include), "marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_node(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[NodeDocument]:
        """
        Add a data transfer node to the endpoint.

        Args:
            data: The node document, such as `NodeData`.
            query_params: Further query parameters.

        Returns:
            The new node, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> node = await gcs.create_node(NodeData(ip_addresses="192.0.2.7", status="active"))
            >>> node["ip_addresses"]
            ['192.0.2.7']

        **Differs from globus-sdk:** is new.

        REST: `POST /api/nodes <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#postNode>`_
        """
        return await unpacked(
            self.call("POST", "/nodes", GCSResultDocument, data=document_of("data", data), query_params=query_params),
            NodeDocument,
            "node",
        )

    async def get_node(
        self,
        node_id: UUID | str,
        *,
        include: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[NodeDocument]:
        """
        Fetch a node.

        Args:
            node_id: The node. UUID.
            include: Documents to include, as the service names them.
            query_params: Further query parameters.

        Returns:
            The node.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such node.

        Example:
            >>> (await gcs.get_node(node_id))["status"]
            'active'

        **Differs from globus-sdk:** is new.

        REST: `GET /api/nodes/{node_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#getNode>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/nodes/{node_id}", node_id),
                GCSResultDocument,
                params={"include": texts("include", include)},
                query_params=query_params,
            ),
            NodeDocument,
            "node",
        )

    async def update_node(
        self, node_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[NodeDocument]:
        """
        Change members of a node.

        Args:
            node_id: The node. UUID.
            data: The node document, such as `NodeData`.
            query_params: Further query parameters.

        Returns:
            The changed node if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such node.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> _ = await gcs.update_node(node_id, NodeData(status="inactive"))
            >>> (await gcs.get_node(node_id))["status"]
            'inactive'

        **Differs from globus-sdk:** is new.

        REST: `PATCH /api/nodes/{node_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#patchNode>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                fill_path("/nodes/{node_id}", node_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            NodeDocument,
            "node",
        )

    async def replace_node(
        self, node_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[NodeDocument]:
        """
        Replace the document of a node.

        Args:
            node_id: The node. UUID.
            data: The whole node document, such as `NodeData`.
            query_params: Further query parameters.

        Returns:
            As `update_node`.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such node.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> _ = await gcs.replace_node(node_id, NodeData(ip_addresses=["192.0.2.8"], status="active"))
            >>> (await gcs.get_node(node_id))["ip_addresses"]
            ['192.0.2.8']

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/nodes/{node_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#putNode>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                fill_path("/nodes/{node_id}", node_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            NodeDocument,
            "node",
        )

    async def delete_node(
        self, node_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Remove a node from the endpoint.

        Args:
            node_id: The node. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such node.

        Example:
            >>> (await gcs.delete_node(node_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/nodes/{node_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Nodes/#deleteNode>`_
        """
        return await self.call(
            "DELETE", fill_path("/nodes/{node_id}", node_id), GCSResultDocument, query_params=query_params
        )
