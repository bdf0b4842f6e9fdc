"""Dataclasses of plain values as documents, and back."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .fields import BOOLEAN, MOMENT, TEXT, FieldType, integer

if TYPE_CHECKING:
    from ..kit.service import Document
    from .fields import Fields

__all__ = ("from_record", "to_record")

T = TypeVar("T")

_TYPES: Final[dict[str, FieldType[Any]]] = {"bool": BOOLEAN, "float": MOMENT, "int": integer(), "str": TEXT}


def _plain(record: Any) -> dict[str, Field[Any]]:
    return {each.name: each for each in fields(record) if str(each.type).removesuffix(" | None") in _TYPES}


def to_record(value: Any) -> Document:
    """Return the members of a dataclass that are plain values, without those that have their default."""
    return {name: found for name, each in _plain(value).items() if (found := getattr(value, name)) != each.default}


def from_record(cls: type[T], document: Fields, **given: object) -> T:
    """
    Return the dataclass of a document.

    Args:
        cls: The dataclass.
        document: Its plain values.
        given: Its other values, which the caller has read.

    Raises:
        ServiceError: A member is missing, unknown or of another type.
    """
    plain = _plain(cls)
    document.check_known({*plain, *given})
    values: dict[str, Any] = {}
    for name, each in plain.items():
        kind, is_nullable = _TYPES[str(each.type).removesuffix(" | None")], str(each.type).endswith(" | None")
        if name in document or each.default is MISSING:
            values[name] = document.nullable(name, kind) if is_nullable else document.required(name, kind)
    return cls(**values, **given)
