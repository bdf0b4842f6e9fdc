"""Identities in seed documents: usernames, or ids of identities and clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .directory import CLIENT_DOMAIN
from .fields import TEXT, list_of
from .ids import is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .directory import Directory
    from .fields import Fields

__all__ = ("identity_id", "principal_id", "principal_ids", "principal_name", "principal_names")

_NAMES = list_of(TEXT)


def identity_id(directory: Directory, fields: Fields, name: str) -> str:
    """
    Return the id of the identity that a member names.

    Raises:
        ServiceError: The member is missing, or there is no such identity.
    """
    identity = directory.identities.get(_find(directory, fields, fields.required(name, TEXT), name))
    if identity is None:
        raise fields.errors.invalid_field(name, "the username or id of an identity of the seed")
    return identity.id


def principal_id(directory: Directory, fields: Fields, name: str) -> str:
    """
    Return the id that a member names: a UUID need not be that of an identity of the seed.

    Raises:
        ServiceError: The member is missing, or no UUID and there is no such identity.
    """
    return _find(directory, fields, fields.required(name, TEXT), name)


def principal_ids(directory: Directory, fields: Fields, name: str) -> list[str]:
    """
    Return the ids that a member lists; none if it is missing.

    Raises:
        ServiceError: There is no such identity.
    """
    return [_find(directory, fields, each, name) for each in fields.optional(name, _NAMES, list[str]())]


def _find(directory: Directory, fields: Fields, text: str, name: str) -> str:
    identity = directory.find(text)
    if identity is None and not is_uuid(text):
        raise fields.errors.invalid_field(name, "the username or id of an identity of the seed")
    return text.lower() if identity is None else identity.id


def principal_name(directory: Directory, id: str) -> str:
    """Return the username of an identity; of a client, a group or an unknown identity, the id."""
    identity = directory.identities.get(id)
    return id if identity is None or identity.domain == CLIENT_DOMAIN else identity.username


def principal_names(directory: Directory, ids: Iterable[str]) -> list[str]:
    """Return the names of several principals, in the order of the alphabet."""
    return sorted(principal_name(directory, each) for each in ids)
