"""Registered APIs: HTTP operations of other services, which the states of flows can call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...paging import Pages, marker_has_next
from .data import Texts, members, object_of, texts
from .documents import RegisteredAPIDocument, RegisteredAPISummaryDocument
from .listing import page_size

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("RegisteredAPIMethods",)


class RegisteredAPIMethods(BaseClient):
    """Registered APIs. The service has them as a preview: creating and changing them may be refused."""

    async def get_registered_api(
        self, registered_api_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RegisteredAPIDocument]:
        """
        Fetch a registered API.

        Args:
            registered_api_id: The registered API. UUID.
            query_params: Further query parameters.

        Returns:
            The registered API.

        Raises:
            NotFound: 404 ``NOT_FOUND``; it does not exist, or you may not see it.

        Example:
            >>> (await fc.get_registered_api(registered_api_id))["name"]
            'Sample store'

        REST: `GET /registered_apis/{registered_api_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "GET",
            fill_path("/registered_apis/{registered_api_id}", registered_api_id),
            RegisteredAPIDocument,
            query_params=query_params,
        )

    def list_registered_apis(
        self,
        *,
        filter_roles: Texts | MissingType = MISSING,
        orderby: Texts | MissingType = MISSING,
        per_page: int | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[RegisteredAPISummaryDocument]:
        """
        List registered APIs.

        Args:
            filter_roles: Your role on them, one or any of several: ``"owner"``, ``"administrator"``, ``"viewer"``. By
                default only those that you own.
            orderby: The sort order, such as ``"name ASC"``, or a list of such. Fields are ``id``, ``name``,
                ``created_timestamp``, ``updated_timestamp``.
            per_page: Items per page, at most 100. By default the service's, 10.
            num_results: Maximum number of items; ``None`` for all.
            marker: The marker of a page, to continue a listing; all other parameters are then those of that listing.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            FlowsAPIError: 400 or 422 for an invalid filter.
            PaginationStalled: The service says that there is a next page, but not where it begins.

        Example:
            >>> [api["name"] async for api in fc.list_registered_apis(orderby="name ASC")]
            ['Sample store']

        **Differs from globus-sdk:** iterating fetches further pages; several criteria of ``orderby`` are joined with
        commas.

        REST: `GET /registered_apis <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            "/registered_apis",
            RegisteredAPISummaryDocument,
            style=marker_has_next,
            params={"filter_roles": comma_joined(filter_roles), "orderby": comma_joined(orderby), "marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(per_page, num_results),
            items_key="registered_apis",
        )

    async def create_registered_api(
        self,
        name: str,
        description: str,
        *,
        target: Mapping[str, Any],
        owners: Texts | MissingType = MISSING,
        administrators: Texts | MissingType = MISSING,
        viewers: Texts | MissingType = MISSING,
        subscription_id: UUID | str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RegisteredAPIDocument]:
        """
        Register an API.

        Args:
            name: Its name.
            description: A description.
            target: The operation: ``type`` (``"openapi"``), ``openapi_version``, ``destination`` with ``method`` and
                ``url``, ``specification``.
            owners: One or more principal URNs.
            administrators: One or more principal URNs.
            viewers: One or more principal URNs.
            subscription_id: The subscription that it belongs to. UUID.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The registered API.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; the messages name each place.
            PermissionDenied: 403; you may not use the preview.

        Example:
            >>> destination = {"method": "get", "url": "https://samples.example.org/v1/samples"}
            >>> target = {"type": "openapi", "openapi_version": "3.1", "destination": destination, "specification": {}}
            >>> api = await fc.create_registered_api("List samples", "All samples", target=target)
            >>> api["target"]["destination"]["method"]
            'get'

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /registered_apis <https://docs.globus.org/api/flows/>`_
        """
        api = {
            "name": name,
            "description": description,
            "target": object_of("target", target),
            "roles": _roles(owners, administrators, viewers),
            "subscription_id": subscription_id,
        }
        return await self.call(
            "POST",
            "/registered_apis",
            RegisteredAPIDocument,
            data=members(api, additional_fields),
            query_params=query_params,
        )

    async def update_registered_api(
        self,
        registered_api_id: UUID | str,
        *,
        name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        target: Mapping[str, Any] | MissingType = MISSING,
        owners: Texts | MissingType = MISSING,
        administrators: Texts | MissingType = MISSING,
        viewers: Texts | MissingType = MISSING,
        subscription_id: UUID | str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RegisteredAPIDocument]:
        """
        Change a registered API. What is not given stays.

        Args:
            registered_api_id: The registered API. UUID.
            name: As in `create_registered_api`.
            description: As in `create_registered_api`.
            target: As in `create_registered_api`.
            owners: As in `create_registered_api`.
            administrators: As in `create_registered_api`.
            viewers: As in `create_registered_api`.
            subscription_id: As in `create_registered_api`.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The registered API.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; the messages name each place.
            NotFound: 404 ``NOT_FOUND``; it does not exist, or you may not see it.

        Example:
            >>> api = await fc.update_registered_api(registered_api_id, description="Samples and their places")
            >>> api["description"]
            'Samples and their places'

        **Differs from globus-sdk:** which has no such method.

        REST: `PATCH /registered_apis/{registered_api_id} <https://docs.globus.org/api/flows/>`_
        """
        api = {
            "name": name,
            "description": description,
            "target": object_of("target", target),
            "roles": _roles(owners, administrators, viewers),
            "subscription_id": subscription_id,
        }
        return await self.call(
            "PATCH",
            fill_path("/registered_apis/{registered_api_id}", registered_api_id),
            RegisteredAPIDocument,
            data=members(api, additional_fields),
            query_params=query_params,
        )

    async def delete_registered_api(
        self, registered_api_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RegisteredAPIDocument]:
        """
        Mark a registered API for deletion, which the service makes later.

        Args:
            registered_api_id: The registered API. UUID.
            query_params: Further query parameters.

        Returns:
            The registered API, with its ``scheduled_deletion_timestamp``.

        Raises:
            NotFound: 404 ``NOT_FOUND``; it does not exist, or you may not see it.

        Example:
            >>> api = await fc.delete_registered_api(registered_api_id)
            >>> api["scheduled_deletion_timestamp"] is None
            False

        **Differs from globus-sdk:** which has no such method.

        REST: `DELETE /registered_apis/{registered_api_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/registered_apis/{registered_api_id}", registered_api_id),
            RegisteredAPIDocument,
            query_params=query_params,
        )


def _roles(
    owners: Texts | MissingType, administrators: Texts | MissingType, viewers: Texts | MissingType
) -> dict[str, object] | MissingType:
    """Return the roles that are given."""
    given = {
        "owners": texts("owners", owners),
        "administrators": texts("administrators", administrators),
        "viewers": texts("viewers", viewers),
    }
    return {name: urns for name, urns in given.items() if urns is not MISSING} or MISSING
