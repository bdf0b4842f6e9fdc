"""Tunnels and stream access points: data streams between collections, in version 2 of the Transfer API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type
from ...paging import Pages, json_api
from .data import is_document
from .documents import (
    StreamAccessPointDocument,
    StreamAccessPointEnvelope,
    TunnelDeletedEnvelope,
    TunnelDocument,
    TunnelEnvelope,
    TunnelEventDocument,
)
from .page_sizes import page_size

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("TunnelMethods",)


class TunnelMethods(BaseClient):
    """Tunnels and stream access points, which are beta features of the service."""

    async def create_tunnel(
        self, data: MutableMapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TunnelEnvelope]:
        """
        Create a tunnel between two stream access points.

        If the document has no submission id, one is generated and added to it: submitting the same document again never
        creates a second tunnel.

        Args:
            data: A `CreateTunnelData` or `TunnelCreateDocument`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            The tunnel, in ``data``.

        Raises:
            GlobusSDKUsageError: A document without ``data``.
            NotFound: 404; a stream access point does not exist.

        Example:
            >>> response = await tc.create_tunnel(CreateTunnelData(initiator_id, listener_id, label="camera"))
            >>> response["data"]["attributes"]["state"]
            'AWAITING_LISTENER'

        REST: `POST /v2/tunnels <https://docs.globus.org/api/transfer/>`_
        """
        body = data.get("data") if is_document(data) else None
        if not is_document(body):
            raise GlobusSDKUsageError(
                "a tunnel document needs the member 'data'; TunnelCreateDocument and CreateTunnelData have it"
            )
        attributes: dict[str, Any] = body.setdefault("attributes", {})
        if not attributes.get("submission_id"):
            attributes["submission_id"] = str(uuid4())
        uuid_text("submission_id", attributes["submission_id"])
        return await self.call(
            "POST", "/v2/tunnels", TunnelEnvelope, data=data, query_params=query_params, idempotent=True
        )

    async def update_tunnel(
        self, tunnel_id: UUID | str, update_doc: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TunnelEnvelope]:
        """
        Update a tunnel, or stop it.

        Args:
            tunnel_id: The tunnel. UUID.
            update_doc: A `TunnelUpdateDocument`, or a dict of the same form, with the attributes to change; the state
                ``STOPPING`` stops the tunnel.
            query_params: Further query parameters.

        Returns:
            The tunnel, in ``data``.

        Raises:
            GlobusSDKUsageError: No document.
            NotFound: 404.
            NetworkError: If its ``maybe_executed`` is true, the tunnel may be updated: check before you try again.

        Example:
            >>> stop = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
            >>> response = await tc.update_tunnel(tunnel_id, stop)
            >>> response["data"]["attributes"]["state"]
            'STOPPING'

        REST: `PATCH /v2/tunnels/<tunnel_id> <https://docs.globus.org/api/transfer/>`_
        """
        check_type("update_doc", update_doc, Mapping, "a document such as TunnelUpdateDocument(...)")
        return await self.call(
            "PATCH",
            fill_path("/v2/tunnels/{tunnel_id}", tunnel_id),
            TunnelEnvelope,
            data=update_doc,
            query_params=query_params,
        )

    async def get_tunnel(
        self, tunnel_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TunnelEnvelope]:
        """
        Fetch a tunnel.

        Args:
            tunnel_id: The tunnel. UUID.
            query_params: Further query parameters.

        Returns:
            The tunnel, in ``data``.

        Raises:
            NotFound: 404.

        Example:
            >>> response = await tc.get_tunnel(tunnel_id)
            >>> response["data"]["attributes"]["lifetime_mins"]
            360

        REST: `GET /v2/tunnels/<tunnel_id> <https://docs.globus.org/api/transfer/>`_
        """
        return await self.call(
            "GET", fill_path("/v2/tunnels/{tunnel_id}", tunnel_id), TunnelEnvelope, query_params=query_params
        )

    async def delete_tunnel(
        self, tunnel_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TunnelDeletedEnvelope]:
        """
        Delete a tunnel that is stopped, and its events.

        Args:
            tunnel_id: The tunnel. UUID.
            query_params: Further query parameters.

        Returns:
            A response with ``data`` null.

        Raises:
            NotFound: 404, also if an earlier attempt of the same call has deleted it.
            TransferAPIError: The tunnel is not stopped: stop it with `update_tunnel`, and wait for ``STOPPED``.

        Example:
            >>> stop = {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}}
            >>> stopping = await tc.update_tunnel(tunnel_id, stop)
            >>> response = await tc.delete_tunnel(tunnel_id)
            >>> response["data"] is None
            True

        REST: `DELETE /v2/tunnels/<tunnel_id> <https://docs.globus.org/api/transfer/>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/tunnels/{tunnel_id}", tunnel_id), TunnelDeletedEnvelope, query_params=query_params
        )

    def list_tunnels(
        self,
        *,
        num_results: int | None = None,
        limit: int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[TunnelDocument]:
        """
        List your tunnels.

        Args:
            num_results: Maximum number of items; ``None`` for all.
            limit: Items per page. By default the service's page size.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the tunnels, ``await`` returns the first page.

        Example:
            >>> [tunnel["attributes"]["label"] async for tunnel in tc.list_tunnels()]
            ['microscope']

        **Differs from globus-sdk:** iterating fetches further pages.

        REST: `GET /v2/tunnels <https://docs.globus.org/api/transfer/>`_
        """
        return self.listing(
            "/v2/tunnels",
            TunnelDocument,
            style=json_api,
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(limit),
            items_key="data",
        )

    def get_tunnel_events(
        self,
        tunnel_id: UUID | str,
        *,
        num_results: int | None = None,
        limit: int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[TunnelEventDocument]:
        """
        List the events of a tunnel.

        Args:
            tunnel_id: The tunnel. UUID.
            num_results: Maximum number of items; ``None`` for all.
            limit: Items per page. By default the service's page size.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the events, ``await`` returns the first page.

        Raises:
            NotFound: 404.

        Example:
            >>> [event["attributes"]["code"] async for event in tc.get_tunnel_events(tunnel_id)]
            ['STARTED']

        **Differs from globus-sdk:** returns a listing; iterating fetches all pages.

        REST: `GET /v2/tunnels/<tunnel_id>/events <https://docs.globus.org/api/transfer/>`_
        """
        return self.listing(
            fill_path("/v2/tunnels/{tunnel_id}/events", tunnel_id),
            TunnelEventDocument,
            style=json_api,
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(limit),
            items_key="data",
        )

    async def get_stream_access_point(
        self, stream_ap_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[StreamAccessPointEnvelope]:
        """
        Fetch a stream access point.

        Args:
            stream_ap_id: The stream access point. UUID.
            query_params: Further query parameters.

        Returns:
            The stream access point, in ``data``.

        Raises:
            NotFound: 404.

        Example:
            >>> response = await tc.get_stream_access_point(listener_id)
            >>> response["data"]["attributes"]["display_name"]
            'Listener'

        REST: `GET /v2/stream_access_points/<stream_ap_id> <https://docs.globus.org/api/transfer/>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/stream_access_points/{stream_ap_id}", stream_ap_id),
            StreamAccessPointEnvelope,
            query_params=query_params,
        )

    def list_stream_access_points(
        self,
        *,
        num_results: int | None = None,
        limit: int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[StreamAccessPointDocument]:
        """
        List the stream access points that are visible to you.

        Args:
            num_results: Maximum number of items; ``None`` for all.
            limit: Items per page. By default the service's page size.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the stream access points, ``await`` returns the first page.

        Example:
            >>> sorted([point["attributes"]["display_name"] async for point in tc.list_stream_access_points()])
            ['Initiator', 'Listener']

        REST: `GET /v2/stream_access_points <https://docs.globus.org/api/transfer/>`_
        """
        return self.listing(
            "/v2/stream_access_points",
            StreamAccessPointDocument,
            style=json_api,
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(limit),
            items_key="data",
        )
