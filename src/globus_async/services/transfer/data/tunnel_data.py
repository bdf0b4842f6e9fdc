"""The document of a tunnel, a dict that needs no client and does no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import uuid_text
from ....errors.arguments import checked_members
from .submission_data import drop_missing, id_text

__all__ = ("CreateTunnelData",)


class CreateTunnelData(dict[str, Any]):
    """
    A tunnel document, to be submitted: a tunnel between two stream access points.

    Args:
        initiator_stream_access_point: The side that opens connections. UUID.
        listener_stream_access_point: The side that accepts connections. UUID.
        label: A name for the tunnel.
        submission_id: Any UUID. By default one is generated when the document is submitted, and added to it.
        lifetime_mins: Minutes for which the tunnel stays open. By default the service's, 360.
        restartable: Whether the service restarts the tunnel after an error.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An id that is not a UUID.

    REST: `Tunnels <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        initiator_stream_access_point: UUID | str,
        listener_stream_access_point: UUID | str,
        *,
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        lifetime_mins: int | MissingType = MISSING,
        restartable: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None:
        listener = uuid_text("listener_stream_access_point", listener_stream_access_point)
        initiator = uuid_text("initiator_stream_access_point", initiator_stream_access_point)
        attributes = {
            "label": label,
            "submission_id": id_text("submission_id", submission_id),
            "restartable": restartable,
            "lifetime_mins": lifetime_mins,
            **checked_members("additional_fields", additional_fields),
        }
        super().__init__(
            data={
                "type": "Tunnel",
                "relationships": {
                    "listener": {"data": {"type": "StreamAccessPoint", "id": listener}},
                    "initiator": {"data": {"type": "StreamAccessPoint", "id": initiator}},
                },
                "attributes": drop_missing(attributes),
            }
        )
