"""The entries of ingest documents, and their way into an index."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..kit.fields import OBJECT, FieldType
from .content import field_path, flatten
from .inverted_index import StoredEntry
from .models import TaskFailure
from .validation import TEXT, Members, Problems, one_of
from .viewer import ALL_AUTHENTICATED, PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .inverted_index import InvertedIndex
    from .models import Limits
    from .values import FieldKind

__all__ = ("PRINCIPAL", "EntryDocument", "put_entries", "read_entry", "read_ingest")

_URN: Final = re.compile(r"urn:globus:(?:auth:identity|groups:id):[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ENTRY: Final = ("subject", "id", "visible_to", "content", "principal_sets")
_NO_MEMBERS: Final = Members({}, Problems())
_GEO: Final = ("geo_point", "geo_shape")


def _principal(value: object) -> str:
    if not isinstance(value, str) or _URN.fullmatch(value) is None:
        raise ValueError(value)
    return value.lower()


def _viewer(value: object) -> str:
    return str(value) if value in (PUBLIC, ALL_AUTHENTICATED) else _principal(value)


PRINCIPAL: Final = FieldType("the URN of an identity or a group", _principal)
_VIEWER: Final = FieldType(f"'{PUBLIC}', '{ALL_AUTHENTICATED}' or the URN of an identity or a group", _viewer)


@dataclass(frozen=True, slots=True)
class EntryDocument:
    """An entry as it was sent."""

    subject: str
    id: str | None
    visible_to: tuple[str, ...]
    principal_sets: Mapping[str, tuple[str, ...]]
    content: Mapping[str, Any]


def read_ingest(document: Mapping[str, object], limits: Limits) -> tuple[list[EntryDocument], dict[str, FieldKind]]:
    """
    Return the entries of an ingest document, and the types that it gives to fields.

    Raises:
        SearchError: 400, with all problems of the document.
    """
    problems = Problems()
    members = Members(document, problems)
    members.refuse_unknown({"ingest_type", "ingest_data", "field_mapping"})
    kind = members.required("ingest_type", one_of("GMetaEntry", "GMetaList"), "")
    data = members.child("ingest_data", required=True)
    entries: list[EntryDocument] = []
    if data is not None and kind == "GMetaEntry":
        entries = [_read(data, limits)]
    elif data is not None and kind == "GMetaList":
        data.refuse_unknown({"gmeta"})
        entries = [_read(each, limits) for each in data.children("gmeta", required=True)]
    mapping: dict[str, FieldKind] = {}
    named = members.child("field_mapping") or _NO_MEMBERS
    for name in named:
        geo = named.required(name, one_of(*_GEO), "")
        if geo:
            mapping[field_path(name)] = geo  # type: ignore[assignment]  # one of these
    problems.check()
    return entries, mapping


def read_entry(document: Mapping[str, object], limits: Limits) -> EntryDocument:
    """
    Return the entry of a document.

    Raises:
        SearchError: 400, with all problems of the document.
    """
    problems = Problems()
    entry = _read(Members(document, problems), limits)
    problems.check()
    return entry


def _read(members: Members, limits: Limits) -> EntryDocument:
    members.refuse_unknown(_ENTRY)
    subject = members.required("subject", TEXT, "")
    if len(subject.encode()) > limits.subject_bytes:
        members.report("subject", f"Must be at most {limits.subject_bytes} bytes long.")
    elif not subject and "subject" in members:
        members.report("subject", "Must not be empty.")
    viewers = members.listed("visible_to", _VIEWER, required=True)
    if len(viewers) > limits.principals:
        members.report("visible_to", f"Must have at most {limits.principals} items.")
    sets: dict[str, tuple[str, ...]] = {}
    named = members.child("principal_sets") or _NO_MEMBERS
    for name in named:
        sets[name] = named.listed(name, _VIEWER, required=True)
    content = members.required("content", OBJECT, None) or {}
    return EntryDocument(subject, members.optional("id", TEXT, None), viewers, sets, content)


def put_entries(
    index: InvertedIndex, entries: Iterable[EntryDocument], mapping: Mapping[str, FieldKind], limits: Limits
) -> None:
    """
    Add entries to an index: all of them, or none.

    Args:
        index: The index.
        entries: The entries; later ones replace earlier ones with the same subject and id.
        mapping: The types of some fields.
        limits: The limits of the service.

    Raises:
        TaskFailure: An entry does not fit the index.
    """
    kinds, objects = dict(index.kinds), set(index.objects)
    for path, kind in mapping.items():
        if kinds.setdefault(path, kind) != kind or path in objects:
            known = "object" if path in objects else kinds[path]
            raise TaskFailure(f"The field '{path}' has the type {known}, which cannot become {kind}")
    ids: dict[str, set[str | None]] = {}
    stored: list[StoredEntry] = []
    for each in entries:
        present = ids.setdefault(each.subject, set(index.subjects.get(each.subject, ())))
        present.add(each.id)
        if len(present) > limits.entries_per_subject:
            raise TaskFailure(f"A subject can have at most {limits.entries_per_subject} entries: '{each.subject}'")
        leaves = flatten(each.content, kinds, objects, limits)
        size = len(json.dumps(each.content))
        stored.append(
            StoredEntry(each.subject, each.id, each.visible_to, each.principal_sets, each.content, leaves, size)
        )
    if len(kinds) > limits.fields_per_index:
        raise TaskFailure(f"The limit of {limits.fields_per_index} fields per index has been exceeded")
    index.kinds, index.objects = kinds, objects
    for entry in stored:
        index.put(entry)
