"""Endpoint manager: collections, for their activity managers and monitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ...._http.path import fill_path
from ....client import BaseClient
from ....paging import Pages, single
from ..documents import AccessDocument, EndpointDocument

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointManagerCollectionMethods",)


class EndpointManagerCollectionMethods(BaseClient):
    """Collections that the user manages or monitors."""

    def endpoint_manager_monitored_endpoints(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[EndpointDocument]:
        """
        List the collections that you are an activity monitor or manager of.

        Args:
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Example:
            >>> endpoint_id in [endpoint["id"] for endpoint in await tc.endpoint_manager_monitored_endpoints()]
            True

        REST: `GET /v0.10/endpoint_manager/monitored_endpoints
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_monitored_collections>`_
        """
        return self.listing(
            "/v0.10/endpoint_manager/monitored_endpoints", EndpointDocument, style=single, query_params=query_params
        )

    def endpoint_manager_hosted_endpoint_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[EndpointDocument]:
        """
        List the guest collections on a collection that you monitor.

        Args:
            endpoint_id: The host collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            PermissionDenied: 403; you are not an activity monitor of it.
            Conflict: 409; the collection is not a host.

        Example:
            >>> [guest["display_name"] for guest in await tc.endpoint_manager_hosted_endpoint_list(endpoint_id)]
            ['Guest share']

        REST: `GET /v0.10/endpoint_manager/endpoint/<endpoint_id>/hosted_endpoint_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_hosted_collection_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint_manager/endpoint/{endpoint_id}/hosted_endpoint_list", endpoint_id),
            EndpointDocument,
            style=single,
            query_params=query_params,
        )

    async def endpoint_manager_get_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointDocument]:
        """
        Fetch a collection that you monitor, or a guest collection on one.

        Args:
            endpoint_id: The endpoint or collection. UUID.
            query_params: Further query parameters.

        Returns:
            The endpoint document; ``in_use`` is null.

        Raises:
            PermissionDenied: 403; you are not an activity monitor of it.
            EndpointNotFound: 404.

        Example:
            >>> endpoint = await tc.endpoint_manager_get_endpoint(endpoint_id)
            >>> endpoint["in_use"] is None
            True

        REST: `GET /v0.10/endpoint_manager/endpoint/<endpoint_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#mc_get_collection>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/endpoint/{endpoint_id}", endpoint_id),
            EndpointDocument,
            query_params=query_params,
        )

    def endpoint_manager_acl_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[AccessDocument]:
        """
        List the access rules of a collection that you manage, or of a guest collection on one.

        Args:
            endpoint_id: The endpoint or collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            PermissionDenied: 403; you do not manage it.
            EndpointNotFound: 404.

        Example:
            >>> [rule["path"] async for rule in tc.endpoint_manager_acl_list(guest_collection_id)]
            ['/', '/dataset0/']

        REST: `GET /v0.10/endpoint_manager/endpoint/<endpoint_id>/access_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_collection_access_list_as_admin>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint_manager/endpoint/{endpoint_id}/access_list", endpoint_id),
            AccessDocument,
            style=single,
            query_params=query_params,
        )
