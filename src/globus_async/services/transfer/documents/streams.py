"""Tunnels and stream access points: the JSON:API documents of Transfer's next generation."""

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
    """What the service says about its answer."""

    request_id: str


class ResourceIdentifierDocument(TypedDict):
    """A pointer to another resource."""

    type: str
    id: str


class ToOneDocument(TypedDict):
    """A relationship to one other resource."""

    data: ResourceIdentifierDocument


class TunnelAttributesDocument(TypedDict):
    """What a tunnel is like."""

    label: str | None
    state: str
    status: str
    submission_id: str
    lifetime_mins: int
    restartable: bool
    created_time: str
    initiator_ip_address: str | None
    initiator_port: int | None
    listener_ip_address: str | None
    listener_port: int | None


class TunnelRelationshipsDocument(TypedDict):
    """What a tunnel connects, and whose it is."""

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
    """One tunnel, as it is answered."""

    data: TunnelDocument
    meta: NotRequired[MetaDocument]


class TunnelDeletedEnvelope(TypedDict):
    """A tunnel is gone."""

    data: None
    meta: NotRequired[MetaDocument]


class TunnelEventAttributesDocument(TypedDict):
    """What happened to a tunnel."""

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
    """What a stream access point says of itself."""

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
    """Where a stream access point lives."""

    host_endpoint: ToOneDocument


class StreamAccessPointDocument(TypedDict):
    """A place where a tunnel may begin or end."""

    type: Literal["StreamAccessPoint"]
    id: str
    attributes: StreamAccessPointAttributesDocument
    relationships: StreamAccessPointRelationshipsDocument


class StreamAccessPointEnvelope(TypedDict):
    """One stream access point, as it is answered."""

    data: StreamAccessPointDocument
    meta: NotRequired[MetaDocument]
