"""Groups and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from .documents import SubscriptionAdminVerifiedDocument, SubscriptionInfoDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("SubscriptionMethods",)


class SubscriptionMethods(BaseClient):
    """Groups and subscriptions."""

    async def get_group_by_subscription_id(
        self, subscription_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubscriptionInfoDocument]:
        """
        Find the group that provides a subscription.

        Args:
            subscription_id: The subscription. UUID.
            query_params: Further query parameters.

        Returns:
            A document with ``group_id`` and ``subscription_info``.

        Raises:
            NotFound: 404.

        Example:
            >>> info = await gc.get_group_by_subscription_id(subscription_id)
            >>> info["group_id"] == subscription_group_id, info["subscription_info"]["is_high_assurance"]
            (True, False)

        REST: `GET /v2/subscription_info/<subscription_id>
        <https://groups.api.globus.org/redoc#operation/get_group_by_subscription_id_v2_subscription_info__subscription_id__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/subscription_info/{subscription_id}", subscription_id),
            SubscriptionInfoDocument,
            query_params=query_params,
        )

    async def set_subscription_admin_verified(
        self,
        group_id: UUID | str,
        subscription_id: UUID | str | None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[SubscriptionAdminVerifiedDocument]:
        """
        Verify that a group belongs to a subscription, as an administrator of it; or that it belongs to none.

        Args:
            group_id: The group. UUID.
            subscription_id: The subscription. UUID; ``None`` for none.
            query_params: Further query parameters.

        Returns:
            The ids of both.

        Raises:
            PermissionDenied: 403; you are not an administrator of the subscription.
            NotFound: 404.

        Example:
            >>> verified = await gc.set_subscription_admin_verified(group_id, subscription_id)
            >>> verified["subscription_admin_verified_id"] == subscription_id
            True

        REST: `PUT /v2/groups/<group_id>/subscription_admin_verified
        <https://groups.api.globus.org/redoc#operation/update_subscription_admin_verified_id_v2_groups__group_id__subscription_admin_verified_put>`_
        """
        verified = None if subscription_id is None else uuid_text("subscription_id", subscription_id)
        return await self.call(
            "PUT",
            fill_path("/v2/groups/{group_id}/subscription_admin_verified", group_id),
            SubscriptionAdminVerifiedDocument,
            data={"subscription_admin_verified_id": verified},
            query_params=query_params,
        )
