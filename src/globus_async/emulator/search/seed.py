"""Indices in seed documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ..kit.fields import BOOLEAN, LINE, OBJECT, TEXT, UUID, choice, list_of
from ..kit.ids import named_id
from ..kit.principals import identity_id, principal_id, principal_name
from .models import TaskFailure

if TYPE_CHECKING:
    from ..kit.fields import Fields
    from ..kit.service import Document
    from .inverted_index import StoredEntry
    from .models import Index, Role, RoleName
    from .state import SearchState

__all__ = ("dump_index", "load_index")

_INDEX: Final = ("id", "display_name", "description", "owner", "is_trial", "roles", "fields", "entries")
_KIND: Final = choice("boolean", "integer", "float", "date", "string", "geo_point", "geo_shape", "object")
_ROLE: Final = choice("owner", "admin", "writer")
_TYPE: Final = choice("identity", "group")
_ENTRIES: Final = list_of(OBJECT)
_URNS: Final = {"identity": "urn:globus:auth:identity:", "group": "urn:globus:groups:id:"}


def load_index(state: SearchState, fields: Fields) -> None:
    """
    Add an index with its roles, the types of its fields, and its entries.

    Args:
        state: The state of the service.
        fields: The document. The ``owner`` is an identity; ``roles`` have ``role``, ``principal`` and
            ``principal_type``; ``fields`` are types by path; ``entries`` are ``GMetaEntry`` documents, which are public
            by default.

    Raises:
        ServiceError: It is invalid.
        ValueError: There is such an index, or an entry does not fit it.
    """
    fields.check_known(_INDEX)
    name = fields.required("display_name", LINE)
    owner = identity_id(state.directory, fields, "owner") if "owner" in fields else None
    index = state.add_index(
        name,
        owner=owner,
        description=fields.optional("description", TEXT, ""),
        id=fields.optional("id", UUID, named_id("index", name)),
        is_trial=fields.optional("is_trial", BOOLEAN, default=False),
    )
    if owner is None and "roles" in fields:
        index.roles.clear()  # the first identity is the owner only if none is named
    for role in fields.objects("roles") or ():
        role.check_known({"role", "principal", "principal_type"})
        urn = _URNS[role.optional("principal_type", _TYPE, "identity")]
        principal = principal_id(state.directory, role, "principal")
        state.add_role(index.id, urn + principal, cast("RoleName", role.required("role", _ROLE)))
    kinds = fields.object("fields")
    for path in kinds:
        kind = kinds.required(path, _KIND)
        if kind == "object":
            index.data.objects.add(path)
        else:
            index.data.kinds[path] = kind  # type: ignore[assignment]  # one of these
    entries = fields.optional("entries", _ENTRIES)
    try:
        state.ingest(index.id, entries or ())
    except TaskFailure as failure:
        raise ValueError(str(failure)) from None
    index.modified = None


def dump_index(state: SearchState, index: Index) -> Document:
    """Return the document of an index."""
    data = index.data
    kinds = {**data.kinds, **dict.fromkeys(data.objects, "object")}
    return {
        "id": index.id,
        "display_name": index.display_name,
        "description": index.description,
        "is_trial": index.is_trial,
        "roles": [_role(state, role) for role in index.roles.values()],
        "fields": dict(sorted(kinds.items())),
        "entries": [_entry(each) for each in data.entries.values()],
    }


def _role(state: SearchState, role: Role) -> Document:
    principal_type = "group" if role.principal.startswith(_URNS["group"]) else "identity"
    principal_id = role.principal.removeprefix(_URNS[principal_type])
    principal = principal_id if principal_type == "group" else principal_name(state.directory, principal_id)
    return {"role": role.name, "principal": principal, "principal_type": principal_type}


def _entry(entry: StoredEntry) -> Document:
    document: Document = {
        "subject": entry.subject,
        "visible_to": list(entry.visible_to),
        "content": dict(entry.content),
    }
    if entry.id is not None:
        document["id"] = entry.id
    if entry.principal_sets:
        document["principal_sets"] = {name: list(members) for name, members in entry.principal_sets.items()}
    return document
