"""The items of batches: entries to ingest and subjects to delete, each checked and encoded once."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from ...._http.body import json_body
from ....errors import GlobusSDKUsageError
from ....errors.arguments import refusal
from ..query.lists import is_mapping, is_several

__all__ = ("MAX_BYTES", "encoded_entry", "encoded_subject")

MAX_BYTES: Final = 10_000_000
"""The size of a document, and of an entry in it, that the service accepts."""

_MAX_SUBJECT: Final = 500
_PRINCIPAL: Final = re.compile(
    r"urn:globus:(?:auth:identity|groups:id):[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_EVERYBODY: Final = ("public", "all_authenticated_users")


def encoded_entry(entry: object) -> bytes:
    """
    Return an entry as JSON.

    Raises:
        GlobusSDKUsageError: The service would refuse it, or not show it to anybody.
    """
    if not is_mapping(entry):
        raise refusal("an entry", entry, "a dict with subject, visible_to and content")
    _check_subject(entry.get("subject"))
    _check_principals("visible_to", entry.get("visible_to"), allow_everybody=True)
    if not is_mapping(entry.get("content")):
        raise refusal("content", entry.get("content"), "an object, as a dict")
    entry_id: object = entry.get("id")
    if entry_id is not None and not isinstance(entry_id, str):
        raise refusal("id", entry_id, "text, or None")
    sets: object = entry.get("principal_sets")
    if sets is not None:
        if not is_mapping(sets) or not all(isinstance(name, str) and name for name in sets):
            raise refusal("principal_sets", sets, "a mapping of names to lists of principals")
        for name, principals in sets.items():
            _check_principals(f"principal_sets[{name!r:.60}]", principals, allow_everybody=False)
    # this form is part of the journal's format: its digests are computed from it
    return _limited(json_body(entry, sort_keys=True))


def encoded_subject(subject: object) -> bytes:
    """
    Return a subject as JSON.

    Raises:
        GlobusSDKUsageError: The service has no such subject.
    """
    _check_subject(subject)
    return json_body(subject)


def _limited(encoded: bytes) -> bytes:
    if len(encoded) > MAX_BYTES:
        raise GlobusSDKUsageError(f"it has {len(encoded)} bytes as JSON; the service accepts {MAX_BYTES}")
    return encoded


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str) or not subject:
        raise refusal("subject", subject, "text that is not empty")
    size = len(subject.encode("utf-8", "surrogatepass"))
    if size > _MAX_SUBJECT:
        raise GlobusSDKUsageError(f"subject has {size} bytes in UTF-8; the service accepts {_MAX_SUBJECT}")


def _check_principals(name: str, value: Any, *, allow_everybody: bool) -> None:
    principals: list[object] = list(value) if is_several(value) else []
    if not principals or not isinstance(value, (list, tuple)):
        raise refusal(name, cast("object", value), "a list of principals that is not empty, such as ['public']")
    for principal in principals:
        everybody = allow_everybody and principal in _EVERYBODY
        if not everybody and not (isinstance(principal, str) and _PRINCIPAL.fullmatch(principal)):
            also = "public, all_authenticated_users, or " if allow_everybody else ""
            raise GlobusSDKUsageError(
                f"{name} has a principal that is not {also}a URN such as urn:globus:auth:identity:<UUID> or"
                " urn:globus:groups:id:<UUID>"
            )
