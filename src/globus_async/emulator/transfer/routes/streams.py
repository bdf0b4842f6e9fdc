"""Tunnels between stream access points (v2)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..call import Call, RouteTable, answer
from ..errors import ServiceError
from .json_api import attributes, page, page_document, related_id, resource_answer

if TYPE_CHECKING:
    from starlette.responses import Response

    from ..models import Document

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

_STATUS: Final = {
    "AWAITING_LISTENER": "The tunnel is waiting for listening contact detail setup.",
    "RUNNING": "The tunnel is active.",
    "STOPPING": "A request to stop tunnel has been received.",
}
_SETTABLE: Final = {"label", "listener_ip_address", "listener_port", "state"}


async def list_tunnels(call: Call) -> Response:
    """List the caller's tunnels."""
    mine = [each for each in call.state.tunnels.values() if _owner(each) == call.caller.identity_id]
    marked, links = page(call, mine)
    return answer({"data": [_shown(each) for each in marked], "links": links, "meta": {"request_id": call.request_id}})


async def create_tunnel(call: Call) -> Response:
    """Make a tunnel; the same submission id again gives the same one."""
    document = call.document()
    given = attributes(document, "Tunnel")
    ends = {name: related_id(document, name, "StreamAccessPoint") for name in ("initiator", "listener")}
    for point in ends.values():
        if point.lower() not in call.state.access_points:
            raise ServiceError(404, "NotFound", f"No such stream access point '{point}'")
    submission = _uuid(given.get("submission_id"))
    for known in call.state.tunnels.values():
        if known["attributes"]["submission_id"] == submission and _owner(known) == call.caller.identity_id:
            return resource_answer(call, _shown(known))
    lifetime = given.get("lifetime_mins", 360)
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime < 1:
        raise ServiceError(422, "UnprocessableEntity", "The attribute 'lifetime_mins' must be a positive number")
    tunnel: Document = {
        "type": "Tunnel",
        "id": str(uuid.uuid4()),
        "attributes": {
            "created_time": _time(call.state.now()),
            "initiator_ip_address": None,
            "initiator_port": None,
            "label": given.get("label"),
            "lifetime_mins": lifetime,
            "listener_ip_address": given.get("listener_ip_address"),
            "listener_port": given.get("listener_port"),
            "restartable": bool(given.get("restartable", False)),
            "state": "AWAITING_LISTENER",
            "status": _STATUS["AWAITING_LISTENER"],
            "submission_id": submission,
        },
        "relationships": {
            **{name: {"data": {"type": "StreamAccessPoint", "id": point}} for name, point in ends.items()},
            "owner": {"data": {"type": "Identity", "id": call.caller.identity_id}},
        },
        "events": [],
    }
    call.state.tunnels[tunnel["id"]] = tunnel
    _note(call, tunnel, "STARTED", "started", "Attempting tunnel establishment")
    _connect(call, tunnel)
    return resource_answer(call, _shown(tunnel))


async def get_tunnel(call: Call) -> Response:
    """Read a tunnel."""
    return resource_answer(call, _shown(_tunnel(call)))


async def update_tunnel(call: Call) -> Response:
    """Name a tunnel, tell where its listener is, or stop it."""
    tunnel, given = _tunnel(call), attributes(call.document(), "Tunnel")
    unknown = set(given) - _SETTABLE
    if unknown:
        raise ServiceError(422, "UnprocessableEntity", f"The attribute '{min(unknown)}' cannot be updated")
    if given.get("state") not in {None, "STOPPING"}:
        raise ServiceError(422, "UnprocessableEntity", "The attribute 'state' can only be set to 'STOPPING'")
    current = tunnel["attributes"]
    current |= {name: value for name, value in given.items() if name != "state"}
    if given.get("state") == "STOPPING" and current["state"] != "STOPPING":
        current |= {"state": "STOPPING", "status": _STATUS["STOPPING"]}
        _note(call, tunnel, "TUNNEL_STOPPED", "tunnel has been stopped", "Tunnel stopped as requested.")
    _connect(call, tunnel)
    return resource_answer(call, _shown(tunnel))


async def delete_tunnel(call: Call) -> Response:
    """Forget a tunnel."""
    del call.state.tunnels[_tunnel(call)["id"]]
    return resource_answer(call, None)


async def tunnel_events(call: Call) -> Response:
    """List what happened to a tunnel."""
    marked, links = page(call, _tunnel(call)["events"])
    return answer({"data": list(marked), "links": links, "meta": {"request_id": call.request_id}})


async def list_access_points(call: Call) -> Response:
    """List stream access points."""
    marked, links = page(call, list(call.state.access_points.values()))
    return answer(page_document(call, marked, links))


async def get_access_point(call: Call) -> Response:
    """Read a stream access point."""
    point = call.state.access_points.get(call.id("point_id").lower())
    if point is None:
        raise ServiceError(404, "NotFound", f"No such stream access point '{call.id('point_id')}'")
    return resource_answer(call, point)


def _tunnel(call: Call) -> Document:
    tunnel = call.state.tunnels.get(call.id("tunnel_id").lower())
    if tunnel is None or _owner(tunnel) != call.caller.identity_id:
        raise ServiceError(404, "NotFound", f"No such tunnel '{call.id('tunnel_id')}'")
    return tunnel


def _owner(tunnel: Document) -> str:
    return str(tunnel["relationships"]["owner"]["data"]["id"])


def _shown(tunnel: Document) -> Document:
    return {name: value for name, value in tunnel.items() if name != "events"}


def _connect(call: Call, tunnel: Document) -> None:
    """Open a tunnel as soon as its listener is known."""
    current = tunnel["attributes"]
    if current["state"] == "AWAITING_LISTENER" and current["listener_ip_address"] and current["listener_port"]:
        current |= {"state": "RUNNING", "status": _STATUS["RUNNING"], "initiator_ip_address": "127.0.0.1"}
        current["initiator_port"] = 50_000 + call.state.next_number("port") % 10_000
        _note(call, tunnel, "TUNNEL_ACTIVE", "tunnel is active", "Tunnel has been established")


def _note(call: Call, tunnel: Document, code: str, description: str, details: str) -> None:
    tunnel["events"].append(
        {
            "type": "TunnelEvent",
            "id": call.state.next_number("tunnel event"),
            "attributes": {
                "code": code,
                "is_error": False,
                "description": description,
                "details": details,
                "time": _time(call.state.now()),
            },
        }
    )


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _uuid(value: object) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise ServiceError(422, "UnprocessableEntity", "The attribute 'submission_id' must be a UUID") from None


ROUTES: Final[RouteTable] = (
    ("GET", "/tunnels", list_tunnels),
    ("POST", "/tunnels", create_tunnel),
    ("GET", "/tunnels/{tunnel_id}", get_tunnel),
    ("PATCH", "/tunnels/{tunnel_id}", update_tunnel),
    ("DELETE", "/tunnels/{tunnel_id}", delete_tunnel),
    ("GET", "/tunnels/{tunnel_id}/events", tunnel_events),
    ("GET", "/stream_access_points", list_access_points),
    ("GET", "/stream_access_points/{point_id}", get_access_point),
)
