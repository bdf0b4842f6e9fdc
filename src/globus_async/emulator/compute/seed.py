"""Endpoints and functions in seed documents; tasks are not part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kit.fields import BOOLEAN, MOMENT, OBJECT, TEXT, UUID, list_of
from ..kit.principals import identity_id, principal_ids, principal_name, principal_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kit.fields import Fields, FieldType
    from ..kit.service import Document
    from .models import Endpoint, Function
    from .state import ComputeState

__all__ = ("dump_sections", "seed_sections")

_ENDPOINT: Final[Mapping[str, FieldType[Any]]] = {
    "display_name": TEXT,
    "multi_user": BOOLEAN,
    "public": BOOLEAN,
    "high_assurance": BOOLEAN,
    "allowed_functions": list_of(UUID),
    "authentication_policy": UUID,
    "subscription_uuid": UUID,
    "subscription_admin_verified": BOOLEAN,
    "metadata": OBJECT,
    "is_online": BOOLEAN,
    "locked_until": MOMENT,
}
_FUNCTION: Final[Mapping[str, FieldType[Any]]] = {
    "code": TEXT,
    "description": TEXT,
    "metadata": OBJECT,
    "public": BOOLEAN,
    "group": UUID,
    "ha_endpoint_id": UUID,
    "container_uuid": UUID,
}


def seed_sections(state: ComputeState) -> Mapping[str, Callable[[Fields], None]]:
    """Return the functions that load the sections."""
    return {
        "compute_endpoints": lambda fields: _load_endpoint(state, fields),
        "compute_functions": lambda fields: _load_function(state, fields),
    }


def dump_sections(state: ComputeState) -> dict[str, list[Document]]:
    """Return all endpoints and functions."""
    return {
        "compute_endpoints": [_dump_endpoint(state, each) for each in state.endpoints.values()],
        "compute_functions": [_dump(state, each, _FUNCTION) for each in state.functions.values()],
    }


def _load_endpoint(state: ComputeState, fields: Fields) -> None:
    fields.check_known({"id", "name", "owner", "admins", *_ENDPOINT})
    endpoint = state.add_endpoint(
        fields.required("name", TEXT),
        owner_id=identity_id(state.platform.directory, fields, "owner"),
        id=fields.nullable("id", UUID),
        **_given(fields, _ENDPOINT),
    )
    endpoint.admins += principal_ids(state.platform.directory, fields, "admins")


def _load_function(state: ComputeState, fields: Fields) -> None:
    fields.check_known({"id", "name", "owner", *_FUNCTION})
    state.add_function(
        fields.required("name", TEXT),
        owner_id=identity_id(state.platform.directory, fields, "owner"),
        id=fields.nullable("id", UUID),
        **_given(fields, _FUNCTION),
    )


def _given(fields: Fields, types: Mapping[str, FieldType[Any]]) -> Document:
    """Return the members that a document has."""
    return {name: fields.required(name, kind) for name, kind in types.items() if name in fields}


def _dump_endpoint(state: ComputeState, endpoint: Endpoint) -> Document:
    document = _dump(state, endpoint, _ENDPOINT)
    admins = principal_names(state.platform.directory, endpoint.admins)
    return {**document, "admins": admins} if admins else document


def _dump(state: ComputeState, resource: Endpoint | Function, types: Mapping[str, FieldType[Any]]) -> Document:
    """Return the seed document of a resource, without members that are null."""
    members = {name: value for name in types if (value := getattr(resource, name)) is not None}
    owner = principal_name(state.platform.directory, resource.owner_id)
    return {"id": resource.id, "name": resource.name, "owner": owner, **members}
