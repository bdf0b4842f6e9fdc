"""Endpoints, with version 3 of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ..._http.query import comma_joined
from ...client import BaseClient
from ...errors.arguments import check_bool
from .documents import (
    ComputeAdminVerifiedDocument,
    ConsoleDocument,
    DeletedDocument,
    EndpointAllowlistDocument,
    EndpointLockDocumentV3,
)
from .requests import object_of
from .responses import EndpointRegistrationResponse

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("EndpointMethodsV3",)


class EndpointMethodsV3(BaseClient):
    """Endpoints, where functions run."""

    async def register_endpoint(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> EndpointRegistrationResponse:
        """
        Register an endpoint. The service chooses its id.

        Args:
            data: An `EndpointRegistrationDocument`, without ``endpoint_uuid``.
            query_params: Further query parameters.

        Returns:
            The id of the endpoint, and the addresses of its queues, with passwords that ``repr`` does not show.

        Raises:
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            PermissionDenied: 403; you may not use the subscription or the policy.
            NetworkError: If its ``maybe_executed`` is true, the endpoint may be registered: check before you try again.

        Example:
            >>> response = await compute_v3.register_endpoint({"endpoint_name": "lab", "metadata": {}})
            >>> sorted(response.data)
            ['endpoint_id', 'heartbeat_queue_info', 'result_queue_info', 'task_queue_info', 'warnings']

        **Differs from globus-sdk:** ``repr``, ``str`` and pickles do not show passwords; is not sent again after a
        failure, so that there are not two endpoints.

        REST: `POST /v3/endpoints
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/register_endpoint_v3_endpoints_post>`_
        """
        return await self.call(
            "POST",
            "/v3/endpoints",
            EndpointRegistrationResponse,
            data=object_of("data", data),
            query_params=query_params,
        )

    async def update_endpoint(
        self, endpoint_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> EndpointRegistrationResponse:
        """
        Register an endpoint again, as it does when it starts. Whether it is a multi-user one cannot be changed.

        Args:
            endpoint_id: The endpoint. UUID.
            data: An `EndpointRegistrationDocument`, without ``endpoint_uuid``.
            query_params: Further query parameters.

        Returns:
            The addresses of its queues, with passwords that ``repr`` does not show.

        Raises:
            EndpointLocked: 423; the endpoint is locked.
            NotFound: 404.
            PermissionDenied: 403; it is the endpoint of somebody else.
            ComputeAPIError: 422; the document is not valid, and the messages name each place.

        Example:
            >>> document = {"endpoint_name": "laptop", "display_name": "My laptop", "metadata": {}}
            >>> response = await compute_v3.update_endpoint(endpoint_id, document)
            >>> response["endpoint_id"] == endpoint_id
            True

        **Differs from globus-sdk:** ``repr``, ``str`` and pickles do not show passwords.

        REST: `PUT /v3/endpoints/<endpoint_id>
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/update_endpoint_v3_endpoints__endpoint_uuid__put>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v3/endpoints/{endpoint_id}", endpoint_id),
            EndpointRegistrationResponse,
            data=object_of("data", data),
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
            >>> (await compute_v3.delete_endpoint(endpoint_id))["result"]
            302

        **Differs from globus-sdk:** is new.

        REST: `DELETE /v3/endpoints/<endpoint_id>
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/delete_endpoint_v3_endpoints__endpoint_uuid__delete>`_
        """
        return await self.call(
            "DELETE", fill_path("/v3/endpoints/{endpoint_id}", endpoint_id), DeletedDocument, query_params=query_params
        )

    async def lock_endpoint(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointLockDocumentV3]:
        """
        Disconnect an endpoint, and lock it for a while, so that it cannot be registered.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The end of the lock in ``lock_expiration_timestamp``: POSIX seconds.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; it is the endpoint of somebody else.
            NetworkError: If its ``maybe_executed`` is true, the endpoint may be locked.

        Example:
            >>> lock = await compute_v3.lock_endpoint(endpoint_id)
            >>> lock["endpoint_id"] == endpoint_id
            True

        REST: `POST /v3/endpoints/<endpoint_id>/lock
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/lock_endpoint_v3_endpoints__endpoint_uuid__lock_post>`_
        """
        return await self.call(
            "POST",
            fill_path("/v3/endpoints/{endpoint_id}/lock", endpoint_id),
            EndpointLockDocumentV3,
            query_params=query_params,
        )

    async def get_endpoint_allowlist(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointAllowlistDocument]:
        """
        Fetch the functions that an endpoint runs.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The ids of the ``functions``; if the endpoint is not ``restricted``, it runs others, too.

        Raises:
            NotFound: 404.

        Example:
            >>> allowlist = await compute_v3.get_endpoint_allowlist(endpoint_id)
            >>> allowlist["restricted"]
            False

        REST: `GET /v3/endpoints/<endpoint_id>/allowed_functions
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/get_endpoint_allowlist_v3_endpoints__endpoint_uuid__allowed_functions_get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v3/endpoints/{endpoint_id}/allowed_functions", endpoint_id),
            EndpointAllowlistDocument,
            query_params=query_params,
        )

    async def get_endpoint_console(
        self,
        endpoint_id: UUID | str,
        *,
        user_endpoint_id: UUID | str | MissingType = MISSING,
        include_fields: str | Iterable[str] | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ConsoleDocument]:
        """
        Fetch what the user endpoints of a multi-user endpoint do, as its owner; it needs a subscription.

        Args:
            endpoint_id: The multi-user endpoint. UUID.
            user_endpoint_id: The only user endpoint to return. UUID. By default all.
            include_fields: One or more names of the fields to return. By default all but ``config``.
            query_params: Further query parameters.

        Returns:
            The ``user_endpoints``.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; it is the endpoint of somebody else, or has no subscription.
            ComputeAPIError: 400; it is no multi-user endpoint, or there is no such field.

        Example:
            >>> console = await compute_v3.get_endpoint_console(multi_user_endpoint_id, include_fields="active")
            >>> console["user_endpoints"]
            [{'active': True}]

        **Differs from globus-sdk:** is new.

        REST: `GET /v3/endpoints/<endpoint_id>/console
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/get_endpoint_console_info_v3_endpoints__endpoint_uuid__console_get>`_
        """
        if not isinstance(user_endpoint_id, MissingType):
            user_endpoint_id = uuid_text("user_endpoint_id", user_endpoint_id)
        return await self.call(
            "GET",
            fill_path("/v3/endpoints/{endpoint_id}/console", endpoint_id),
            ConsoleDocument,
            params={"user_endpoint_id": user_endpoint_id, "include_fields": comma_joined(include_fields)},
            query_params=query_params,
        )

    async def set_subscription_admin_verified(
        self,
        endpoint_id: UUID | str,
        subscription_admin_verified: bool,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ComputeAdminVerifiedDocument]:
        """
        Set whether an endpoint is verified by an administrator of its subscription.

        Args:
            endpoint_id: The endpoint. UUID.
            subscription_admin_verified: Whether it is verified.
            query_params: Further query parameters.

        Returns:
            The same.

        Raises:
            NotFound: 404.
            PermissionDenied: 403; you are not an administrator of the subscription.
            Conflict: 409; the endpoint has no subscription.

        Example:
            >>> response = await compute_v3.set_subscription_admin_verified(multi_user_endpoint_id, True)
            >>> response["subscription_admin_verified"]
            True

        **Differs from globus-sdk:** is new.

        REST: `PUT /v3/endpoints/<endpoint_id>/subscription-admin-verified
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/verify_endpoint_organization_v3_endpoints__endpoint_uuid__subscription_admin_verified_put>`_
        """
        check_bool("subscription_admin_verified", subscription_admin_verified)
        return await self.call(
            "PUT",
            fill_path("/v3/endpoints/{endpoint_id}/subscription-admin-verified", endpoint_id),
            ComputeAdminVerifiedDocument,
            data={"subscription_admin_verified": subscription_admin_verified},
            query_params=query_params,
        )
