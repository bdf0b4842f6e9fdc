"""Where users may create guest collections on a mapped collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from .arguments import document_of
from .documents import GCSResultDocument, SharingPolicyDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("SharingPolicyMethods",)


class SharingPolicyMethods(BaseClient):
    """Sharing policies."""

    def get_sharing_policy_list(
        self,
        collection_id: UUID | str,
        *,
        username: str | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SharingPolicyDocument]:
        """
        List the sharing policies of a mapped collection.

        Args:
            collection_id: The mapped collection. UUID.
            username: Only policies for this local user.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.

        Example:
            >>> [policy["users"] async for policy in gcs.get_sharing_policy_list(collection_id)]
            [['ada']]

        **Differs from globus-sdk:** is new.

        REST: `GET /api/sharing_policies
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Sharing_Policies/#getSharingPolicies>`_
        """
        return self.listing(
            "/sharing_policies",
            SharingPolicyDocument,
            style=by_marker,
            params={"collection_id": uuid_text("collection_id", collection_id), "username": username, "marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_sharing_policy(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[SharingPolicyDocument]:
        """
        Restrict where some users may create guest collections on a mapped collection.

        Args:
            data: The policy document, such as `SharingPolicyData`.
            query_params: Further query parameters.

        Returns:
            The new policy, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> paths = PathRestrictions(read=["/open"])
            >>> policy = SharingPolicyData(collection_id=collection_id, users="grace", sharing_restrict_paths=paths)
            >>> (await gcs.create_sharing_policy(policy))["users"]
            ['grace']

        **Differs from globus-sdk:** is new.

        REST: `POST /api/sharing_policies
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Sharing_Policies/#postSharingPolicy>`_
        """
        return await unpacked(
            self.call(
                "POST",
                "/sharing_policies",
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            SharingPolicyDocument,
            "sharing_policy",
        )

    async def get_sharing_policy(
        self, sharing_policy_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[SharingPolicyDocument]:
        """
        Fetch a sharing policy.

        Args:
            sharing_policy_id: The policy. UUID.
            query_params: Further query parameters.

        Returns:
            The policy.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such policy.

        Example:
            >>> (await gcs.get_sharing_policy(sharing_policy_id))["users"]
            ['ada']

        **Differs from globus-sdk:** is new.

        REST: `GET /api/sharing_policies/{sharing_policy_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Sharing_Policies/#getSharingPolicy>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/sharing_policies/{sharing_policy_id}", sharing_policy_id),
                GCSResultDocument,
                query_params=query_params,
            ),
            SharingPolicyDocument,
            "sharing_policy",
        )

    async def delete_sharing_policy(
        self, sharing_policy_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a sharing policy.

        Args:
            sharing_policy_id: The policy. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such policy.

        Example:
            >>> (await gcs.delete_sharing_policy(sharing_policy_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/sharing_policies/{sharing_policy_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Sharing_Policies/#deleteSharingPolicy>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/sharing_policies/{sharing_policy_id}", sharing_policy_id),
            GCSResultDocument,
            query_params=query_params,
        )
