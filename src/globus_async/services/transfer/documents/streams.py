"""JSON:API documents of tunnels and stream access points, of version 2 of the Transfer API."""

from typing import Literal, NotRequired, TypedDict

__all__ = (
    "MetaDocument",
    "ResourceIdentifierDocument",
    "StreamAccessPointAttributesDocument",
    "StreamAccessPointDocument",
    "StreamAccessPointEnvelope",
    "StreamAccessPointRelationshipsDocument",
    "ToOneDocument",
    "TunnelAttributesDocument",
    "TunnelDeletedEnvelope",
    "TunnelDocument",
    "TunnelEnvelope",
    "TunnelEventAttributesDocument",
    "TunnelEventDocument",
    "TunnelRelationshipsDocument",
)


class MetaDocument(TypedDict):
    """Metadata of a response."""

    request_id: str


class ResourceIdentifierDocument(TypedDict):
    """A reference to another resource."""

    type: str
    id: str


class ToOneDocument(TypedDict):
    """A relationship to one other resource."""

    data: ResourceIdentifierDocument


class TunnelAttributesDocument(TypedDict):
    """The attributes of a tunnel."""

    label: str | None
    state: str
    """``AWAITING_LISTENER``, ``ACTIVE``, ``STOPPING`` or ``STOPPED``; the service may have further states."""
    status: str
    """An explanation of the state."""
    submission_id: str
    lifetime_mins: int
    restartable: bool
    created_time: str
    initiator_ip_address: str | None
    initiator_port: int | None
    listener_ip_address: str | None
    listener_port: int | None


class TunnelRelationshipsDocument(TypedDict):
    """The stream access points and the owner of a tunnel."""

    initiator: ToOneDocument
    listener: ToOneDocument
    owner: ToOneDocument


class TunnelDocument(TypedDict):
    """A tunnel between two stream access points."""

    type: Literal["Tunnel"]
    id: str
    attributes: TunnelAttributesDocument
    relationships: TunnelRelationshipsDocument


class TunnelEnvelope(TypedDict):
    """A response with one tunnel."""

    data: TunnelDocument
    meta: NotRequired[MetaDocument]


class TunnelDeletedEnvelope(TypedDict):
    """A response to the deletion of a tunnel."""

    data: None
    meta: NotRequired[MetaDocument]


class TunnelEventAttributesDocument(TypedDict):
    """The attributes of an event of a tunnel."""

    code: str
    is_error: bool
    description: str
    details: str
    time: str


class TunnelEventDocument(TypedDict):
    """An event of a tunnel."""

    type: Literal["TunnelEvent"]
    id: int
    attributes: TunnelEventAttributesDocument


class StreamAccessPointAttributesDocument(TypedDict):
    """The attributes of a stream access point."""

    advertised_owner: str | None
    contact_email: str | None
    contact_info: str | None
    department: str | None
    description: str | None
    display_name: str
    info_link: str | None
    keywords: str | None
    organization: str | None
    tlsftp_server: str


class StreamAccessPointRelationshipsDocument(TypedDict):
    """The host endpoint of a stream access point."""

    host_endpoint: ToOneDocument


class StreamAccessPointDocument(TypedDict):
    """A stream access point: an end point of tunnels."""

    type: Literal["StreamAccessPoint"]
    id: str
    attributes: StreamAccessPointAttributesDocument
    relationships: StreamAccessPointRelationshipsDocument


class StreamAccessPointEnvelope(TypedDict):
    """A response with one stream access point."""

    data: StreamAccessPointDocument
    meta: NotRequired[MetaDocument]
