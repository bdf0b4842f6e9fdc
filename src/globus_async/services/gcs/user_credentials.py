"""The accounts of users on storage systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import Texts, document_of, optional_uuid, texts
from .documents import GCSResultDocument, GCSUserCredentialDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("UserCredentialMethods",)


class UserCredentialMethods(BaseClient):
    """User credentials."""

    def get_user_credential_list(
        self,
        storage_gateway: UUID | str | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
        *,
        include: Texts | MissingType = MISSING,
        num_results: int | None = None,
    ) -> Pages[GCSUserCredentialDocument]:
        """
        List your user credentials.

        Args:
            storage_gateway: Only those for this storage gateway. UUID.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            query_params: Further query parameters.
            include: Documents to include, as the service names them.
            num_results: The maximum number of items; ``None`` for all.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            AuthenticationFailed: 401 ``not_authorized``; there is no token, or not one of this endpoint.

        Example:
            >>> [each["username"] async for each in gcs.get_user_credential_list(gateway_id)]
            ['ada']

        **Differs from globus-sdk:** iterating fetches further pages; has `num_results`.

        REST: `GET /api/user_credentials
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#getUserCredentials>`_
        """
        return self.listing(
            "/user_credentials",
            GCSUserCredentialDocument,
            style=by_marker,
            params={
                "include": texts("include", include),
                "storage_gateway": optional_uuid("storage_gateway", storage_gateway),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_user_credential(
        self, data: Mapping[str, Any], query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSUserCredentialDocument]:
        """
        Register your account on a storage system, with the keys that it needs.

        Args:
            data: The credential document, such as `UserCredentialDocument`.
            query_params: Further query parameters.

        Returns:
            The new credential, with its ``id``.

        Raises:
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> credential = UserCredentialDocument(
            ...     storage_gateway_id=gateway_id, username="ada", policies=POSIXUserCredentialPolicies()
            ... )
            >>> (await gcs.create_user_credential(credential))["username"]
            'ada'

        REST: `POST /api/user_credentials
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#postUserCredential>`_
        """
        return await unpacked(
            self.call(
                "POST",
                "/user_credentials",
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSUserCredentialDocument,
            "user_credential",
        )

    async def get_user_credential(
        self, user_credential_id: UUID | str, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSUserCredentialDocument]:
        """
        Fetch a user credential.

        Args:
            user_credential_id: The user credential. UUID.
            query_params: Further query parameters.

        Returns:
            The credential.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is that of somebody else.
            NotFound: 404 ``not_found``; no such credential.

        Example:
            >>> (await gcs.get_user_credential(user_credential_id))["username"]
            'ada'

        REST: `GET /api/user_credentials/{user_credential_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#getUserCredential>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/user_credentials/{user_credential_id}", user_credential_id),
                GCSResultDocument,
                query_params=query_params,
            ),
            GCSUserCredentialDocument,
            "user_credential",
        )

    async def update_user_credential(
        self, user_credential_id: UUID | str, data: Mapping[str, Any], query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSUserCredentialDocument]:
        """
        Change members of a user credential.

        Args:
            user_credential_id: The user credential. UUID.
            data: The credential document, such as `UserCredentialDocument`.
            query_params: Further query parameters.

        Returns:
            The changed credential if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is that of somebody else.
            NotFound: 404 ``not_found``; no such credential.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> credential = UserCredentialDocument(display_name="My account")
            >>> _ = await gcs.update_user_credential(user_credential_id, credential)
            >>> (await gcs.get_user_credential(user_credential_id))["display_name"]
            'My account'

        REST: `PATCH /api/user_credentials/{user_credential_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#patchUserCredential>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                fill_path("/user_credentials/{user_credential_id}", user_credential_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSUserCredentialDocument,
            "user_credential",
        )

    async def replace_user_credential(
        self,
        user_credential_id: UUID | str,
        data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSUserCredentialDocument]:
        """
        Replace the document of a user credential.

        Args:
            user_credential_id: The user credential. UUID.
            data: The whole credential document, such as `UserCredentialDocument`.
            query_params: Further query parameters.

        Returns:
            As `update_user_credential`.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is that of somebody else.
            NotFound: 404 ``not_found``; no such credential.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> credential = UserCredentialDocument(storage_gateway_id=gateway_id, username="ada")
            >>> (await gcs.replace_user_credential(user_credential_id, credential)).http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/user_credentials/{user_credential_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#putUserCredential>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                fill_path("/user_credentials/{user_credential_id}", user_credential_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSUserCredentialDocument,
            "user_credential",
        )

    async def delete_user_credential(
        self, user_credential_id: UUID | str, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a user credential.

        Args:
            user_credential_id: The user credential. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is that of somebody else.
            NotFound: 404 ``not_found``; no such credential, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> (await gcs.delete_user_credential(user_credential_id))["code"]
            'success'

        REST: `DELETE /api/user_credentials/{user_credential_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_User_Credentials/#deleteUserCredential>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/user_credentials/{user_credential_id}", user_credential_id),
            GCSResultDocument,
            query_params=query_params,
        )
