"""Servers of endpoints, a concept of Globus Connect Server 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...._http.path import fill_path
from ....client import BaseClient
from ....paging import Pages, single
from ..documents import EndpointServerAddResultDocument, ResultDocument, ServerDocument

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointServerMethods",)


class EndpointServerMethods(BaseClient):
    """Servers of endpoints."""

    def endpoint_server_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[ServerDocument]:
        """
        List the servers of an endpoint.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> [server["hostname"] for server in await tc.endpoint_server_list(gridftp_endpoint_id)]
            ['gridftp.example.edu']

        REST: `GET /v0.10/endpoint/<endpoint_id>/server_list
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_endpoint_server_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/server_list", endpoint_id),
            ServerDocument,
            style=single,
            query_params=query_params,
        )

    async def get_endpoint_server(
        self, endpoint_id: UUID | str, server_id: int | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ServerDocument]:
        """
        Fetch a server of an endpoint.

        Args:
            endpoint_id: The endpoint. UUID.
            server_id: The server. A number.
            query_params: Further query parameters.

        Returns:
            The server document.

        Raises:
            NotFound: 404 ``ClientError.NotFound.ServerNotFound``.
            EndpointNotFound: 404.

        Example:
            >>> server = await tc.get_endpoint_server(gridftp_endpoint_id, server_id)
            >>> server["scheme"], server["port"]
            ('gsiftp', 2811)

        REST: `GET /v0.10/endpoint/<endpoint_id>/server/<server_id>
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_endpoint_server_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint/{endpoint_id}/server/{server_id:text}", endpoint_id, server_id),
            ServerDocument,
            query_params=query_params,
        )

    async def add_endpoint_server(
        self,
        endpoint_id: UUID | str,
        server_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[EndpointServerAddResultDocument]:
        """
        Add a server to an endpoint.

        Legacy: for Globus Connect Server 4, out of service since 2023; version 5 manages its nodes itself.

        Args:
            endpoint_id: The endpoint. UUID.
            server_data: A ``server`` document.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Created"`` and the ``id`` of the new server.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            EndpointNotFound: 404.

        Example:
            >>> result = await tc.add_endpoint_server(gridftp_endpoint_id, {"hostname": "gridftp2.example.edu"})
            >>> result["code"]
            'Created'

        REST: `POST /v0.10/endpoint/<endpoint_id>/server
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#add_endpoint_server>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/server", endpoint_id),
            EndpointServerAddResultDocument,
            data=server_data,
            query_params=query_params,
        )

    async def update_endpoint_server(
        self,
        endpoint_id: UUID | str,
        server_id: int | str,
        server_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Update a server of an endpoint.

        Legacy: for Globus Connect Server 4, out of service since 2023; version 5 manages its nodes itself.

        Args:
            endpoint_id: The endpoint. UUID.
            server_id: The server. A number.
            server_data: The members to change.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            NotFound: 404.

        Example:
            >>> result = await tc.update_endpoint_server(gridftp_endpoint_id, server_id, {"port": 2812})
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/endpoint/<endpoint_id>/server/<server_id>
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#update_endpoint_server_by_id>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint/{endpoint_id}/server/{server_id:text}", endpoint_id, server_id),
            ResultDocument,
            data=server_data,
            query_params=query_params,
        )

    async def delete_endpoint_server(
        self, endpoint_id: UUID | str, server_id: int | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Remove a server from an endpoint.

        Legacy: for Globus Connect Server 4, out of service since 2023; version 5 manages its nodes itself.

        Args:
            endpoint_id: The endpoint. UUID.
            server_id: The server. A number.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            NotFound: 404, also if an earlier attempt of the same call has removed it.

        Example:
            >>> result = await tc.delete_endpoint_server(gridftp_endpoint_id, server_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint/<endpoint_id>/server/<server_id>
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#delete_endpoint_server_by_id>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v0.10/endpoint/{endpoint_id}/server/{server_id:text}", endpoint_id, server_id),
            ResultDocument,
            query_params=query_params,
        )
