"""Stream access points, and tunnels between them, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = ("AccessPoint", "Tunnel", "TunnelEvent")


@dataclass(slots=True)
class AccessPoint:
    """A stream access point."""

    id: str
    display_name: str
    host_endpoint_id: str
    attributes: Document = field(default_factory=dict[str, Any])
    """Further members of its resource."""


@dataclass(slots=True, frozen=True)
class TunnelEvent:
    """An event of a tunnel."""

    number: int
    code: str
    description: str
    details: str
    time: float


@dataclass(slots=True, eq=False)
class Tunnel:
    """A tunnel between two stream access points."""

    id: str
    owner_id: str
    submission_id: str
    initiator_id: str
    listener_id: str
    created_time: float
    label: Any = None
    lifetime_mins: int = 360
    restartable: bool = False
    listener_ip_address: Any = None
    listener_port: Any = None
    initiator_ip_address: str | None = None
    initiator_port: int | None = None
    state: str = "AWAITING_LISTENER"
    """``AWAITING_LISTENER``, ``ACTIVE``, ``STOPPING`` or, as of the next request, ``STOPPED``."""
    events: list[TunnelEvent] = field(default_factory=list[TunnelEvent])
