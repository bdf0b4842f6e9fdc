"""Endpoints, with version 2 of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from ...response import ArrayResponse
from .documents import (
    ComputeEndpointDocument,
    DeletedDocument,
    EndpointListEntry,
    EndpointLockDocument,
    EndpointStatusDocument,
)
from .requests import object_of
from .responses import EndpointRegistrationResponse

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("EndpointMethods",)


class EndpointMethods(BaseClient):
    """Endpoints, where functions run."""

    async def get_endpoints(
        self,
        role: Literal["owner", "any"] | str | MissingType = MISSING,  # noqa: PYI051 -- shown to readers
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> ArrayResponse[EndpointListEntry]:
        """
        Fetch a list of endpoints.

        Args:
            role: ``"owner"`` for those that are yours, which is the default; ``"any"`` for all that you may see.
            query_params: Further query parameters.

        Returns:
            The endpoints, to be iterated over.

        Raises:
            ComputeAPIError: 422; there is no such role.

        Example:
            >>> [endpoint["name"] for endpoint in await compute.get_endpoints()]
            ['laptop', 'cluster']

        REST: `GET /v2/endpoints
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/get_endpoints_v2_endpoints_get>`_
        """
        return await self.call(
            "GET", "/v2/endpoints", ArrayResponse[EndpointListEntry], params={"role": role}, query_params=query_params
        )

    async def register_endpoint(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> EndpointRegistrationResponse:
        """
        Register an endpoint of an id of your own, or register it again. `ComputeClientV3.register_endpoint` is newer.

        Args:
            data: An `EndpointRegistrationDocument`, with ``endpoint_uuid``.
            query_params: Further query parameters.

        Returns:
            The addresses of its queues, with passwords that ``repr`` does not show.

        Raises:
            EndpointLocked: 423; the endpoint is locked.
            PermissionDenied: 403; it is the endpoint of somebody else.
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            NetworkError: If its ``maybe_executed`` is true, the endpoint may be registered: check before you try again.

        Example:
            >>> document = {"endpoint_name": "lab", "endpoint_uuid": "ddb59aef-6d04-11e5-ba46-22000b92c6ec"}
            >>> response = await compute.register_endpoint(document)
            >>> sorted(response.data)
            ['endpoint_id', 'result_queue_info', 'task_queue_info', 'warnings']

        **Differs from globus-sdk:** ``repr``, ``str`` and pickles do not show passwords; is not sent again after a
        failure.

        REST: `POST /v2/endpoints
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/register_endpoint_v2_endpoints_post>`_
        """
        return await self.call(
            "POST",
            "/v2/endpoints",
            EndpointRegistrationResponse,
            data=object_of("data", data),
            query_params=query_params,
        )

    async def get_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ComputeEndpointDocument]:
        """
        Fetch an endpoint.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The endpoint.

        Raises:
            NotFound: 404.

        Example:
            >>> endpoint = await compute.get_endpoint(endpoint_id)
            >>> endpoint["name"], endpoint["multi_user"]
            ('laptop', False)

        REST: `GET /v2/endpoints/<endpoint_id>
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/get_endpoint_v2_endpoints__endpoint_uuid__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/endpoints/{endpoint_id}", endpoint_id),
            ComputeEndpointDocument,
            query_params=query_params,
        )

    async def get_endpoint_status(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointStatusDocument]:
        """
        Fetch the status of an endpoint.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The ``status``, ``"online"`` or ``"offline"``, and the numbers of its workers and tasks.

        Raises:
            NotFound: 404.

        Example:
            >>> status = await compute.get_endpoint_status(endpoint_id)
            >>> status["status"], status["details"]["pending_tasks"]
            ('online', 1)

        REST: `GET /v2/endpoints/<endpoint_id>/status
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/get_endpoint_status_v2_endpoints__endpoint_uuid__status_get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/endpoints/{endpoint_id}/status", endpoint_id),
            EndpointStatusDocument,
            query_params=query_params,
        )

    async def delete_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[DeletedDocument]:
        """
        Delete an endpoint for good. If it is online it is disconnected.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            A response with the ``result`` 302.

        Raises:
            NotFound: 404, also if an earlier attempt of the same call has deleted it.
            PermissionDenied: 403; it is the endpoint of somebody else.

        Example:
            >>> (await compute.delete_endpoint(endpoint_id))["result"]
            302

        REST: `DELETE /v2/endpoints/<endpoint_id>
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/delete_endpoint_v2_endpoints__endpoint_uuid__delete>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/endpoints/{endpoint_id}", endpoint_id), DeletedDocument, query_params=query_params
        )

    async def lock_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointLockDocument]:
        """
        Disconnect an endpoint, and lock it for a while, so that it cannot be registered.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The end of the lock in ``lock_expiration_timestamp``: ISO 8601, without time zone.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; it is the endpoint of somebody else.
            NetworkError: If its ``maybe_executed`` is true, the endpoint may be locked.

        Example:
            >>> lock = await compute.lock_endpoint(endpoint_id)
            >>> lock["endpoint_id"] == endpoint_id
            True

        REST: `POST /v2/endpoints/<endpoint_id>/lock
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/lock_endpoint_v2_endpoints__endpoint_uuid__lock_post>`_
        """
        return await self.call(
            "POST",
            fill_path("/v2/endpoints/{endpoint_id}/lock", endpoint_id),
            EndpointLockDocument,
            query_params=query_params,
        )
