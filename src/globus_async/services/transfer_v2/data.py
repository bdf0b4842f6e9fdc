"""The documents of bookmarks and tunnels to be sent, as dicts that need no client and do no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID, uuid4

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...errors.arguments import check_bool, check_text, check_whole, checked_members, refusal

__all__ = ("BookmarkCreateDocument", "BookmarkUpdateDocument", "TunnelCreateDocument", "TunnelUpdateDocument")


class BookmarkCreateDocument(dict[str, Any]):
    """
    A bookmark to be created: a name for a path on a collection.

    Args:
        collection: The collection. UUID.
        name: The name; you have no other bookmark of this name.
        path: The absolute path.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An id that is not a UUID, or a name or path that is not text.

    REST: `Bookmarks <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        collection: UUID | str,
        name: str,
        path: str,
        *,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        related = {"collection": {"data": {"type": "Collection", "id": uuid_text("collection", collection)}}}
        check_text("name", name)
        check_text("path", path)
        attributes = _bookmark(name, path, additional_fields)
        super().__init__(data={"type": "Bookmark", "attributes": attributes, "relationships": related})


class BookmarkUpdateDocument(dict[str, Any]):
    """
    The changes of a bookmark.

    Args:
        name: The name; you have no other bookmark of this name. By default it stays.
        path: The absolute path. By default it stays.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: A name or path that is not text.

    **Differs from globus-sdk:** each of the arguments may be left out.

    REST: `Bookmarks <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        name: str | MissingType = MISSING,
        path: str | MissingType = MISSING,
        *,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(data={"type": "Bookmark", "attributes": _bookmark(name, path, additional_fields)})


def _bookmark(
    name: str | MissingType, path: str | MissingType, additional_fields: Mapping[str, object] | MissingType | None
) -> dict[str, object]:
    _check_texts(name=name, path=path)
    return _attributes({"name": name, "path": path}, additional_fields)


class TunnelCreateDocument(dict[str, Any]):
    """
    A tunnel to be created, between two stream access points.

    Args:
        initiator_stream_access_point: The side that opens connections. UUID.
        listener_stream_access_point: The side that accepts connections. UUID.
        label: A name for the tunnel.
        listener_port: The port of the listener.
        listener_ip_address: The address of the listener.
        submission_id: Any UUID. By default a new one: submitting the same document again creates no second tunnel.
        lifetime_mins: Minutes for which the tunnel stays open. By default the service's, 360.
        restartable: Whether the service restarts the tunnel after an error.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An id that is not a UUID, or an attribute of a wrong type.

    REST: `Tunnels <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        initiator_stream_access_point: UUID | str,
        listener_stream_access_point: UUID | str,
        *,
        label: str | MissingType = MISSING,
        listener_port: int | MissingType = MISSING,
        listener_ip_address: str | MissingType = MISSING,
        submission_id: UUID | str | MissingType = MISSING,
        lifetime_mins: int | MissingType = MISSING,
        restartable: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        listener = uuid_text("listener_stream_access_point", listener_stream_access_point)
        initiator = uuid_text("initiator_stream_access_point", initiator_stream_access_point)
        _check_listener(label, listener_port, listener_ip_address)
        if not isinstance(lifetime_mins, MissingType):
            check_whole("lifetime_mins", lifetime_mins)
        if not isinstance(restartable, MissingType):
            check_bool("restartable", restartable)
        own_id = uuid4() if isinstance(submission_id, MissingType) else submission_id
        attributes = {
            "label": label,
            "listener_port": listener_port,
            "listener_ip_address": listener_ip_address,
            "submission_id": uuid_text("submission_id", own_id),
            "restartable": restartable,
            "lifetime_mins": lifetime_mins,
        }
        super().__init__(
            data={
                "type": "Tunnel",
                "relationships": {
                    "listener": {"data": {"type": "StreamAccessPoint", "id": listener}},
                    "initiator": {"data": {"type": "StreamAccessPoint", "id": initiator}},
                },
                "attributes": _attributes(attributes, additional_fields),
            }
        )


class TunnelUpdateDocument(dict[str, Any]):
    """
    The changes of a tunnel.

    Args:
        label: A name for the tunnel.
        listener_port: The port of the listener.
        listener_ip_address: The address of the listener.
        state: ``"STOPPING"`` stops it.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An attribute of a wrong type, or another state.

    REST: `Tunnels <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        *,
        label: str | MissingType = MISSING,
        listener_port: int | MissingType = MISSING,
        listener_ip_address: str | MissingType = MISSING,
        state: Literal["STOPPING"] | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        _check_listener(label, listener_port, listener_ip_address)
        if not isinstance(state, MissingType) and state != "STOPPING":
            raise refusal("state", state, "'STOPPING'")
        attributes = {
            "label": label,
            "listener_port": listener_port,
            "listener_ip_address": listener_ip_address,
            "state": state,
        }
        super().__init__(data={"type": "Tunnel", "attributes": _attributes(attributes, additional_fields)})


def _check_texts(**texts: str | MissingType) -> None:
    for name, value in texts.items():
        if not isinstance(value, MissingType):
            check_text(name, value)


def _check_listener(
    label: str | MissingType, listener_port: int | MissingType, listener_ip_address: str | MissingType
) -> None:
    _check_texts(label=label, listener_ip_address=listener_ip_address)
    if not isinstance(listener_port, MissingType):
        check_whole("listener_port", listener_port, maximum=65_535)


def _attributes(
    own: Mapping[str, object], additional_fields: Mapping[str, object] | MissingType | None
) -> dict[str, object]:
    """Return the attributes that are given; the caller's additional ones take precedence."""
    given = {**own, **checked_members("additional_fields", additional_fields)}
    return {name: value for name, value in given.items() if value is not MISSING}
