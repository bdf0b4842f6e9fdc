"""Endpoints and collections: fetch, search, update, create, delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import as_bit, comma_joined
from ...client import BaseClient
from ...paging import Pages, offset_has_next, single
from .documents import (
    EndpointCreateResultDocument,
    EndpointDocument,
    EntityType,
    PauseRuleLimitedDocument,
    ResultDocument,
    SearchScope,
)
from .page_sizes import page_size, requested_results

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("EndpointMethods",)


class EndpointMethods(BaseClient):
    """Endpoints and collections."""

    async def get_endpoint(
        self,
        endpoint_id: UUID | str,
        *,
        fields: str | Iterable[str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[EndpointDocument]:
        """
        Fetch an endpoint or collection.

        Args:
            endpoint_id: The endpoint or collection. UUID.
            fields: The members to return. By default all.
            query_params: Further query parameters.

        Returns:
            The endpoint document.

        Raises:
            EndpointNotFound: 404 ``EndpointNotFound`` or ``EndpointDeleted``; search for it with `endpoint_search`.
            PermissionDenied: 403; it is not visible to you.

        Example:
            >>> endpoint = await tc.get_endpoint(endpoint_id)
            >>> endpoint["display_name"]
            'Lab storage'

        REST: `GET /v0.10/endpoint/<endpoint_id>
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_endpoint_or_collection_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint/{endpoint_id}", endpoint_id),
            EndpointDocument,
            params={"fields": comma_joined(fields)},
            query_params=query_params,
        )

    async def update_endpoint(
        self,
        endpoint_id: UUID | str,
        data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Update an endpoint or collection.

        Args:
            endpoint_id: The endpoint or collection. UUID.
            data: The members to change, with their new values.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            EndpointNotFound: 404.

        Example:
            >>> result = await tc.update_endpoint(endpoint_id, {"description": "Better description"})
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/endpoint/<endpoint_id>
        <https://docs.globus.org/api/transfer/gcp_management/#update_collection_by_id>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint/{endpoint_id}", endpoint_id),
            ResultDocument,
            data=data,
            query_params=query_params,
        )

    async def create_endpoint(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointCreateResultDocument]:
        """
        Create an endpoint.

        Legacy: Globus Connect Server 5 and Connect Personal create their own collections; globus-sdk 4 has no
        replacement. Use `create_shared_endpoint` for guest collections on Connect Personal.

        Args:
            data: An ``endpoint`` document.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Created"``, the ``id`` of the new endpoint and, for Connect Personal, the
            ``globus_connect_setup_key``.

        Raises:
            TransferAPIError: 400 ``BadRequest`` for an invalid document.

        Example:
            >>> result = await tc.create_endpoint({"DATA_TYPE": "endpoint", "display_name": "Laptop",
            ...                                    "is_globus_connect": True})
            >>> result["code"]
            'Created'

        REST: `POST /v0.10/endpoint <https://docs.globus.org/api/transfer/gcp_management/#create_collection>`_
        """
        return await self.call(
            "POST", "/v0.10/endpoint", EndpointCreateResultDocument, data=data, query_params=query_params
        )

    async def delete_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete an endpoint or collection. Its files are not deleted.

        Args:
            endpoint_id: The endpoint or collection. UUID.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            EndpointNotFound: 404, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> result = await tc.delete_endpoint(guest_collection_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint/<endpoint_id>
        <https://docs.globus.org/api/transfer/gcp_management/#delete_collection_by_id>`_
        """
        return await self.call(
            "DELETE", fill_path("/v0.10/endpoint/{endpoint_id}", endpoint_id), ResultDocument, query_params=query_params
        )

    def endpoint_search(
        self,
        filter_fulltext: str | MissingType | None = MISSING,
        filter_scope: SearchScope | str | MissingType | None = MISSING,
        num_results: int | MissingType | None = MISSING,
        *,
        filter_owner_id: UUID | str | MissingType | None = MISSING,
        filter_host_endpoint: UUID | str | MissingType | None = MISSING,
        filter_non_functional: bool | MissingType | None = MISSING,
        filter_entity_type: EntityType | MissingType | None = MISSING,
        limit: int | MissingType | None = MISSING,
        offset: int | MissingType | None = MISSING,
        fields: str | Iterable[str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[EndpointDocument]:
        """
        Search for endpoints and collections.

        Args:
            filter_fulltext: Words that must all occur in the name, description, organization, keywords, ... Required
                unless a scope or owner is given.
            filter_scope: The set of endpoints to search. By default all that are visible to you.
            num_results: Maximum number of items; ``None`` for the service's maximum, 1000. By default ``limit``, or 25
                without it.
            filter_owner_id: Only endpoints owned by this identity. UUID.
            filter_host_endpoint: Only guest collections of this host. UUID.
            filter_non_functional: True for only non-functional endpoints, such as hosts of mapped collections;
                False for only functional ones.
            filter_entity_type: Only this kind; cannot be combined with ``filter_non_functional``.
            limit: Items per page, at most and by default 100.
            offset: Number of items to skip.
            fields: The members to return. By default all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the endpoints, ``await`` returns the first page.

        Raises:
            TransferAPIError: 400 ``BadRequest`` for filters that cannot be combined.

        Warns:
            ListingTruncated: There are more than 25 endpoints, and no number was given; or more than the service's
                maximum.

        Example:
            >>> async for endpoint in tc.endpoint_search("lab storage"):
            ...     print(endpoint["display_name"])
            Lab storage
            >>> page = await tc.endpoint_search("lab", filter_scope="my-endpoints")
            >>> [endpoint["id"] == endpoint_id for endpoint in page]
            [True]

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/endpoint_search <https://docs.globus.org/api/transfer/endpoint_and_collection_search/>`_
        """
        return self.listing(
            "/v0.10/endpoint_search",
            EndpointDocument,
            style=offset_has_next,
            params={
                "filter_fulltext": filter_fulltext,
                "filter_scope": filter_scope,
                "filter_owner_id": filter_owner_id,
                "filter_host_endpoint": filter_host_endpoint,
                "filter_non_functional": as_bit(filter_non_functional),
                "filter_entity_type": filter_entity_type,
                "offset": offset,
                "fields": comma_joined(fields),
            },
            query_params=query_params,
            num_results=requested_results(num_results, limit),
            default_results=25,
            page_size=page_size(limit, 100),
            max_results=1000,
        )

    def my_effective_pause_rule_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[PauseRuleLimitedDocument]:
        """
        List the pause rules that affect you on a collection.

        Args:
            endpoint_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> rules = await tc.my_effective_pause_rule_list(endpoint_id)
            >>> len(rules)
            0

        REST: `GET /v0.10/endpoint/<endpoint_id>/my_effective_pause_rule_list
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_my_effective_collection_pause_rules>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/my_effective_pause_rule_list", endpoint_id),
            PauseRuleLimitedDocument,
            style=single,
            query_params=query_params,
        )
