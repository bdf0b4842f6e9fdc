"""Stream gateways, through which tunnels lead, and the secrets for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import document_of
from .documents import GCSResultDocument, LanSecretDocument, StreamGatewayDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("StreamGatewayMethods",)


class StreamGatewayMethods(BaseClient):
    """Stream gateways and their secrets."""

    def get_stream_gateway_list(
        self,
        *,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[StreamGatewayDocument]:
        """
        List the stream gateways of the endpoint, through which tunnels lead.

        Args:
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            AuthenticationFailed: 401 ``not_authorized``; there is no token, or not one of this endpoint.

        Example:
            >>> [gateway["display_name"] async for gateway in gcs.get_stream_gateway_list()]
            ['Instruments']

        **Differs from globus-sdk:** is new.

        REST: `GET /api/stream_gateways
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Stream_Gateways/#getStreamGateways>`_
        """
        return self.listing(
            "/stream_gateways",
            StreamGatewayDocument,
            style=by_marker,
            params={"marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_stream_gateway(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[StreamGatewayDocument]:
        """
        Create a stream gateway.

        Args:
            data: The stream gateway document, such as `StreamGatewayData`.
            query_params: Further query parameters.

        Returns:
            The new stream gateway, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> gateway = StreamGatewayData(display_name="Cameras", allowed_domains="example.org")
            >>> (await gcs.create_stream_gateway(gateway))["display_name"]
            'Cameras'

        **Differs from globus-sdk:** is new.

        REST: `POST /api/stream_gateways
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Stream_Gateways/#postStreamGateway>`_
        """
        return await unpacked(
            self.call(
                "POST", "/stream_gateways", GCSResultDocument, data=document_of("data", data), query_params=query_params
            ),
            StreamGatewayDocument,
            "stream_gateway",
        )

    async def get_stream_gateway(
        self, stream_gateway_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[StreamGatewayDocument]:
        """
        Fetch a stream gateway.

        Args:
            stream_gateway_id: The stream gateway. UUID.
            query_params: Further query parameters.

        Returns:
            The stream gateway.

        Raises:
            NotFound: 404 ``not_found``; no such stream gateway.

        Example:
            >>> (await gcs.get_stream_gateway(stream_gateway_id))["display_name"]
            'Instruments'

        **Differs from globus-sdk:** is new.

        REST: `GET /api/stream_gateways/{stream_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Stream_Gateways/#getStreamGateway>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/stream_gateways/{stream_gateway_id}", stream_gateway_id),
                GCSResultDocument,
                query_params=query_params,
            ),
            StreamGatewayDocument,
            "stream_gateway",
        )

    async def update_stream_gateway(
        self,
        stream_gateway_id: UUID | str,
        data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[StreamGatewayDocument]:
        """
        Change members of a stream gateway.

        Args:
            stream_gateway_id: The stream gateway. UUID.
            data: The stream gateway document, such as `StreamGatewayData`.
            query_params: Further query parameters.

        Returns:
            The changed stream gateway if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such stream gateway.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> _ = await gcs.update_stream_gateway(stream_gateway_id, StreamGatewayData(department="Optics"))
            >>> (await gcs.get_stream_gateway(stream_gateway_id))["department"]
            'Optics'

        **Differs from globus-sdk:** is new.

        REST: `PATCH /api/stream_gateways/{stream_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Stream_Gateways/#patchStreamGateway>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                fill_path("/stream_gateways/{stream_gateway_id}", stream_gateway_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            StreamGatewayDocument,
            "stream_gateway",
        )

    async def delete_stream_gateway(
        self, stream_gateway_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a stream gateway.

        Args:
            stream_gateway_id: The stream gateway. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such stream gateway.

        Example:
            >>> (await gcs.delete_stream_gateway(stream_gateway_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/stream_gateways/{stream_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Stream_Gateways/#deleteStreamGateway>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/stream_gateways/{stream_gateway_id}", stream_gateway_id),
            GCSResultDocument,
            query_params=query_params,
        )

    async def create_lan_secret(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[LanSecretDocument]:
        """
        Create the secret that a program in the network of a stream gateway needs to open a tunnel.

        Args:
            data: The secret's document, such as `LanSecretData`.
            query_params: Further query parameters.

        Returns:
            The secret, which its ``repr`` does not show.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you may not use the stream gateway.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> data = LanSecretData(stream_access_point_id=stream_gateway_id, tunnel_id=tunnel_id)
            >>> secret = await gcs.create_lan_secret(data)
            >>> "secret" in secret, secret["secret"] in repr(secret)
            (True, False)

        **Differs from globus-sdk:** is new.

        REST: `POST /api/lan_secrets
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_LAN_Secrets/#postLanSecret>`_
        """
        return await unpacked(
            self.call(
                "POST", "/lan_secrets", GCSResultDocument, data=document_of("data", data), query_params=query_params
            ),
            LanSecretDocument,
            "lan_secret",
        )

    async def delete_lan_secret(
        self, lan_secret_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a secret.

        Args:
            lan_secret_id: The secret. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; it is not yours.
            NotFound: 404 ``not_found``; no such secret.

        Example:
            >>> (await gcs.delete_lan_secret(lan_secret_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/lan_secrets/{lan_secret_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_LAN_Secrets/#deleteLanSecret>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/lan_secrets/{lan_secret_id}", lan_secret_id),
            GCSResultDocument,
            query_params=query_params,
        )
