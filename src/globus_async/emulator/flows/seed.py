"""Flows and registered APIs in seed documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kit.fields import BOOLEAN, MOMENT, OBJECT, TEXT, UUID, list_of
from ..kit.principals import identity_id, principal_name
from .errors import FlowsError
from .roles import principal_problems, read_principals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kit.fields import Fields
    from ..kit.service import Document
    from .models import Flow, RegisteredApi
    from .state import FlowsState

__all__ = ("dump_sections", "seed_sections")

_TEXTS: Final = list_of(TEXT)
_ROLES: Final[Mapping[str, str]] = {
    "flow_viewers": "viewers",
    "flow_starters": "starters",
    "flow_administrators": "administrators",
    "run_managers": "run_managers",
    "run_monitors": "run_monitors",
}
_FLOW_MEMBERS: Final = (
    "id",
    "title",
    "definition",
    "input_schema",
    "owner",
    "created_by",
    "created_at",
    "updated_at",
    "subtitle",
    "description",
    "keywords",
    *_ROLES,
    "subscription_id",
    "authentication_policy_id",
    "is_high_assurance",
)
_API_MEMBERS: Final = (
    "id",
    "name",
    "description",
    "target",
    "owners",
    "administrators",
    "viewers",
    "created",
    "updated",
    "edited",
    "subscription_id",
    "scheduled_deletion",
)


def seed_sections(state: FlowsState) -> Mapping[str, Callable[[Fields], None]]:
    """Return the sections ``flows`` and ``registered_apis``; runs are not part of a seed."""
    return {
        "flows": lambda fields: _load_flow(state, fields),
        "registered_apis": lambda fields: _load_api(state, fields),
    }


def dump_sections(state: FlowsState) -> dict[str, list[Document]]:
    """Return all flows and registered APIs, as `seed_sections` loads them."""
    return {
        "flows": [_flow_document(state, each) for each in state.flows.values()],
        "registered_apis": [_api_document(each) for each in state.registered_apis.values()],
    }


def _principals(fields: Fields, name: str, role: str) -> list[str]:
    given = fields.optional(name, _TEXTS, list[str]())
    if problems := list(principal_problems(role, given)):
        raise FlowsError.invalid(problems, where="seed")
    return read_principals(given)


def _load_flow(state: FlowsState, fields: Fields) -> None:
    fields.check_known(_FLOW_MEMBERS)
    roles: dict[str, Any] = {attribute: _principals(fields, name, name) for name, attribute in _ROLES.items()}
    flow = state.add_flow(
        fields.required("title", TEXT),
        fields.required("definition", OBJECT),
        owner=identity_id(state.platform.directory, fields, "owner"),
        input_schema=fields.optional("input_schema", OBJECT, dict[str, Any]()),
        id=fields.nullable("id", UUID),
        subtitle=fields.optional("subtitle", TEXT, ""),
        description=fields.optional("description", TEXT, ""),
        keywords=fields.optional("keywords", _TEXTS, list[str]()),
        subscription_id=fields.nullable("subscription_id", UUID),
        authentication_policy_id=fields.nullable("authentication_policy_id", UUID),
        is_high_assurance=fields.optional("is_high_assurance", BOOLEAN, default=False),
        **roles,
    )
    flow.created_by = fields.optional("created_by", TEXT, flow.created_by)
    flow.created_at = fields.optional("created_at", MOMENT, flow.created_at)
    flow.updated_at = fields.optional("updated_at", MOMENT, flow.updated_at)


def _flow_document(state: FlowsState, flow: Flow) -> Document:
    document: Document = {
        "id": flow.id,
        "title": flow.title,
        "definition": flow.definition,
        "input_schema": flow.input_schema,
        "owner": principal_name(state.platform.directory, flow.owner.rpartition(":")[2]),
        "created_by": flow.created_by,
        "created_at": flow.created_at,
        "updated_at": flow.updated_at,
        "subtitle": flow.subtitle,
        "description": flow.description,
        "keywords": flow.keywords,
        **{name: getattr(flow, attribute) for name, attribute in _ROLES.items()},
        "subscription_id": flow.subscription_id,
        "authentication_policy_id": flow.authentication_policy_id,
        "is_high_assurance": flow.is_high_assurance,
    }
    return {name: value for name, value in document.items() if value not in (None, [], False, "")}


def _load_api(state: FlowsState, fields: Fields) -> None:
    fields.check_known(_API_MEMBERS)
    owners = _principals(fields, "owners", "owners")
    api = state.add_registered_api(
        fields.required("name", TEXT),
        fields.required("target", OBJECT),
        owner=owners[0].rpartition(":")[2] if owners else "",
        description=fields.optional("description", TEXT, ""),
        administrators=_principals(fields, "administrators", "administrators"),
        viewers=_principals(fields, "viewers", "viewers"),
        subscription_id=fields.nullable("subscription_id", UUID),
        id=fields.nullable("id", UUID),
    )
    api.owners = owners
    api.created = fields.optional("created", MOMENT, api.created)
    api.updated = fields.optional("updated", MOMENT, api.updated)
    api.edited = fields.nullable("edited", MOMENT)
    api.scheduled_deletion = fields.nullable("scheduled_deletion", MOMENT)


def _api_document(api: RegisteredApi) -> Document:
    document = {name: getattr(api, name) for name in _API_MEMBERS}
    return {name: value for name, value in document.items() if value not in (None, [], "")}
