"""The content of entries as fields with values: paths, types and limits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

from .models import TaskFailure
from .values import Leaf, Misfit, detect, fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import Limits
    from .values import FieldKind, Value

__all__ = ("field_path", "flatten", "join_path")

_ESCAPED: Final = re.compile(r"\\(.)|\.", re.DOTALL)


def join_path(path: str, name: str) -> str:
    """Return the path of a member; a dot in its name is preceded by a backslash."""
    escaped = name.replace("\\", "\\\\").replace(".", "\\.")
    return f"{path}.{escaped}" if path else escaped


def field_path(field_name: str) -> str:
    """Return the path of the field that a query names; a backslash makes the next character part of the name."""
    if "\\" not in field_name:
        return field_name
    names, start = [""], 0
    for found in _ESCAPED.finditer(field_name):
        names[-1] += field_name[start : found.start()]
        start = found.end()
        if found[1] is None:
            names.append("")
        else:
            names[-1] += found[1]
    names[-1] += field_name[start:]
    path = ""
    for name in names:
        path = join_path(path, name)
    return path


def flatten(
    content: Mapping[str, Any], kinds: dict[str, FieldKind], objects: set[str], limits: Limits
) -> dict[str, Leaf]:
    """
    Return the fields of a content, by path.

    Args:
        content: The content of an entry.
        kinds: The types of the known fields; new fields are added.
        objects: The paths that are known to be objects; new ones are added.
        limits: The limits of the service.

    Raises:
        TaskFailure: A value does not fit the type of its field, or a limit is exceeded.
    """
    leaves: dict[str, Leaf] = {}
    # a stack, since nesting up to the limit of the JSON parser would exceed that of recursion
    pending = [(join_path("", name), value, 1) for name, value in reversed(list(content.items()))]
    while pending:
        path, value, depth = pending.pop()
        if depth > limits.depth:
            raise TaskFailure(f"The content is nested more than {limits.depth} levels deep, at '{_short(path)}'")
        kind = kinds.get(path)
        if isinstance(value, list):
            # the items of a list are values of the same field
            pending += [(path, each, depth + isinstance(each, list)) for each in reversed(cast("list[object]", value))]
        elif isinstance(value, dict) and kind not in {"geo_point", "geo_shape"}:
            if kind is not None:
                raise TaskFailure(f"The field '{_short(path)}' has the type {kind}, and an object was given")
            objects.add(path)
            members = reversed(cast("dict[str, Any]", value).items())
            pending += [(join_path(path, name), each, depth + 1) for name, each in members]
        elif value is not None:
            if kind is None:
                kind = kinds[path] = _new_kind(path, value, kinds, objects, limits)
            fitted = _fitted(path, kind, value, limits)
            leaf = leaves.get(path)
            if leaf is None:
                leaves[path] = Leaf(kind, [fitted])
            else:
                leaf.values.append(fitted)
    return leaves


def _new_kind(path: str, value: Any, kinds: Mapping[str, FieldKind], objects: set[str], limits: Limits) -> FieldKind:
    if path in objects:
        raise TaskFailure(f"The field '{_short(path)}' is an object, and {_shown(value)} was given")
    if len(kinds) >= limits.fields_per_index:
        raise TaskFailure(f"The limit of {limits.fields_per_index} fields per index has been exceeded")
    return detect(value)


def _fitted(path: str, kind: FieldKind, value: Any, limits: Limits) -> Value:
    if isinstance(value, str) and len(value) > limits.value_bytes // 4:
        _check_size(path, value, limits)
    try:
        return fit(kind, value)
    except Misfit:
        message = f"The field '{_short(path)}' has the type {kind}, which {_shown(value)} does not fit"
        raise TaskFailure(message) from None


def _check_size(path: str, value: str, limits: Limits) -> None:
    if len(value.encode()) > limits.value_bytes:
        raise TaskFailure(f"The value of the field '{_short(path)}' is larger than {limits.value_bytes} bytes")


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."


def _shown(value: object) -> str:
    return _short(json.dumps(value))
