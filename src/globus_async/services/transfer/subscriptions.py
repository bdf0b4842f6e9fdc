"""Subscriptions of collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from .documents import ResultDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("SubscriptionMethods",)


class SubscriptionMethods(BaseClient):
    """Subscriptions of collections."""

    async def set_subscription_id(
        self,
        collection_id: UUID | str,
        subscription_id: UUID | str | None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Assign a mapped collection to a subscription, or remove it from one.

        Args:
            collection_id: The collection. UUID.
            subscription_id: The subscription: a UUID, ``"DEFAULT"`` if you manage exactly one, ``None`` for none.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            PermissionDenied: 403; you do not manage the subscription.
            EndpointNotFound: 404.
            TransferAPIError: 400 ``BadRequest`` if ``"DEFAULT"`` is ambiguous.

        Example:
            >>> result = await tc.set_subscription_id(endpoint_id, None)
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/endpoint/<collection_id>/subscription
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#set_subscription_id>`_
        """
        subscription = subscription_id
        if subscription is not None and subscription != "DEFAULT":
            subscription = uuid_text("subscription_id", subscription)
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint/{collection_id}/subscription", collection_id),
            ResultDocument,
            data={"subscription_id": subscription},
            query_params=query_params,
        )

    async def set_subscription_admin_verified(
        self,
        collection_id: UUID | str,
        subscription_admin_verified: bool,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Set whether a collection is verified by an administrator of its subscription.

        Args:
            collection_id: The collection. UUID.
            subscription_admin_verified: Whether it is verified.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            PermissionDenied: 403; you are not an administrator of the subscription.
            TransferAPIError: 400 ``BadRequest`` if the collection has no subscription, or your session has no identity
                of an administrator: log in again with one.

        Example:
            >>> result = await tc.set_subscription_admin_verified(subscribed_id, True)
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/endpoint/<collection_id>/subscription_admin_verified
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#set_subscription_admin_verified>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint/{collection_id}/subscription_admin_verified", collection_id),
            ResultDocument,
            data={"subscription_admin_verified": subscription_admin_verified},
            query_params=query_params,
        )
