"""Tunnels between stream access points (v2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import ANY, UUID, choice, integer
from ...kit.ids import new_id
from ..documents import access_point_resource, tunnel_event_resource, tunnel_resource
from ..errors import JsonApiError, TransferError
from ..tunnels import Tunnel, TunnelEvent
from .json_api import list_document, related_id, resource_document, resource_fields

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "create_tunnel",
    "delete_tunnel",
    "get_access_point",
    "get_tunnel",
    "list_access_points",
    "list_tunnels",
    "tunnel_events",
    "update_tunnel",
)

_SETTABLE: Final = {"label", "listener_ip_address", "listener_port", "state"}


async def list_tunnels(state: TransferState, request: Request) -> Document:
    """List the caller's tunnels."""
    own = [each for each in state.tunnels.values() if each.owner_id == request.caller.identity_id]
    for tunnel in own:
        _finish_stopping(state, tunnel)
    return list_document(request, own, tunnel_resource, null_links=True)


async def create_tunnel(state: TransferState, request: Request) -> Document:
    """Create a tunnel; the same submission id returns the same tunnel."""
    fields = resource_fields(request, "Tunnel")
    attributes = fields.object("attributes", required=True)
    initiator_id = related_id(fields, "initiator", "StreamAccessPoint")
    listener_id = related_id(fields, "listener", "StreamAccessPoint")
    for point_id in (initiator_id, listener_id):
        if point_id.lower() not in state.access_points:
            raise TransferError(404, "NotFound", f"No such stream access point '{point_id}'")
    submission_id = attributes.required("submission_id", UUID)
    for known in state.tunnels.values():
        if (known.submission_id, known.owner_id) == (submission_id, request.caller.identity_id):
            _finish_stopping(state, known)
            return resource_document(request, tunnel_resource(known))
    tunnel = Tunnel(
        new_id(),
        request.caller.identity_id,
        submission_id,
        initiator_id,
        listener_id,
        state.now(),
        label=attributes.optional("label", ANY),
        lifetime_mins=attributes.optional("lifetime_mins", integer(minimum=1), 360),
        restartable=bool(attributes.optional("restartable", ANY)),
        listener_ip_address=attributes.optional("listener_ip_address", ANY),
        listener_port=attributes.optional("listener_port", ANY),
    )
    state.tunnels[tunnel.id] = tunnel
    _add_event(state, tunnel, "STARTED", "started", "Attempting tunnel establishment")
    _connect(state, tunnel)
    return resource_document(request, tunnel_resource(tunnel))


async def get_tunnel(state: TransferState, request: Request) -> Document:
    """Read a tunnel."""
    return resource_document(request, tunnel_resource(_tunnel(state, request)))


async def update_tunnel(state: TransferState, request: Request) -> Document:
    """Change the label or the listener of a tunnel, or stop it."""
    tunnel = _tunnel(state, request)
    attributes = resource_fields(request, "Tunnel").object("attributes", required=True)
    unknown = set(attributes) - _SETTABLE
    if unknown:
        raise JsonApiError(422, "UnprocessableEntity", f"The attribute '{min(unknown)}' cannot be updated")
    stop = attributes.optional("state", choice("STOPPING")) is not None
    for name in _SETTABLE & set(attributes) - {"state"}:
        setattr(tunnel, name, attributes[name])
    if stop and tunnel.state != "STOPPED":
        tunnel.state = "STOPPING"
    _connect(state, tunnel)
    return resource_document(request, tunnel_resource(tunnel))


async def delete_tunnel(state: TransferState, request: Request) -> Document:
    """Delete a tunnel that is stopped."""
    tunnel = _tunnel(state, request)
    if tunnel.state != "STOPPED":
        raise TransferError(409, "Conflict", f"Tunnel '{tunnel.id}' is {tunnel.state}: stop it before you delete it")
    del state.tunnels[tunnel.id]
    return resource_document(request, None)


async def tunnel_events(state: TransferState, request: Request) -> Document:
    """List the events of a tunnel."""
    return list_document(request, _tunnel(state, request).events, tunnel_event_resource, null_links=True)


async def list_access_points(state: TransferState, request: Request) -> Document:
    """List stream access points."""
    return list_document(request, list(state.access_points.values()), access_point_resource)


async def get_access_point(state: TransferState, request: Request) -> Document:
    """Read a stream access point."""
    point = state.access_points.get(request.path_id("point_id").lower())
    if point is None:
        raise TransferError(404, "NotFound", f"No such stream access point '{request.path_id('point_id')}'")
    return resource_document(request, access_point_resource(point))


def _tunnel(state: TransferState, request: Request) -> Tunnel:
    tunnel = state.tunnels.get(request.path_id("tunnel_id").lower())
    if tunnel is None or tunnel.owner_id != request.caller.identity_id:
        raise TransferError(404, "NotFound", f"No such tunnel '{request.path_id('tunnel_id')}'")
    _finish_stopping(state, tunnel)
    return tunnel


def _finish_stopping(state: TransferState, tunnel: Tunnel) -> None:
    """Complete the stop of a tunnel that an earlier request has begun."""
    if tunnel.state == "STOPPING":
        tunnel.state = "STOPPED"
        _add_event(state, tunnel, "TUNNEL_STOPPED", "tunnel has been stopped", "Tunnel stopped as requested.")


def _connect(state: TransferState, tunnel: Tunnel) -> None:
    """Start a tunnel if the address of its listener is set."""
    if tunnel.state == "AWAITING_LISTENER" and tunnel.listener_ip_address and tunnel.listener_port:
        tunnel.state = "ACTIVE"
        tunnel.initiator_ip_address = "127.0.0.1"
        tunnel.initiator_port = 50_000 + state.next_number("port") % 10_000
        _add_event(state, tunnel, "TUNNEL_ACTIVE", "tunnel is active", "Tunnel has been established")


def _add_event(state: TransferState, tunnel: Tunnel, code: str, description: str, details: str) -> None:
    number = state.next_number("tunnel event")
    tunnel.events.append(TunnelEvent(number, code, description, details, state.now()))


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/tunnels", list_tunnels),
    ("POST", "/tunnels", create_tunnel),
    ("GET", "/tunnels/{tunnel_id}", get_tunnel),
    ("PATCH", "/tunnels/{tunnel_id}", update_tunnel),
    ("DELETE", "/tunnels/{tunnel_id}", delete_tunnel),
    ("GET", "/tunnels/{tunnel_id}/events", tunnel_events),
    ("GET", "/stream_access_points", list_access_points),
    ("GET", "/stream_access_points/{point_id}", get_access_point),
)
