"""Identities in seed documents: usernames, or ids of identities and clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kit.directory import CLIENT_DOMAIN
from ..kit.fields import TEXT, list_of
from ..kit.ids import is_uuid
from .errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kit.directory import Directory
    from ..kit.fields import Fields

__all__ = ("identity_id", "principal_id", "principal_ids", "principal_name", "principal_names")

_NAMES = list_of(TEXT)


def identity_id(directory: Directory, fields: Fields, name: str) -> str:
    """
    Return the id of the identity that a member names.

    Raises:
        ControlError: The member is missing, or there is no such identity.
    """
    identity = directory.identities.get(_find(directory, fields.required(name, TEXT), name))
    if identity is None:
        raise ControlError.invalid_field(name, "the username or id of an identity of the seed")
    return identity.id


def principal_id(directory: Directory, fields: Fields, name: str) -> str:
    """
    Return the id that a member names: a UUID need not be that of an identity of the seed.

    Raises:
        ControlError: The member is missing, or no UUID and there is no such identity.
    """
    return _find(directory, fields.required(name, TEXT), name)


def principal_ids(directory: Directory, fields: Fields, name: str) -> list[str]:
    """
    Return the ids that a member lists; none if it is missing.

    Raises:
        ControlError: There is no such identity.
    """
    return [_find(directory, each, name) for each in fields.optional(name, _NAMES, list[str]())]


def _find(directory: Directory, text: str, name: str) -> str:
    identity = directory.find(text)
    if identity is None and not is_uuid(text):
        raise ControlError.invalid_field(name, "the username or id of an identity of the seed")
    return text.lower() if identity is None else identity.id


def principal_name(directory: Directory, id: str) -> str:
    """Return the username of an identity; of a client, a group or an unknown identity, the id."""
    identity = directory.identities.get(id)
    return id if identity is None or identity.domain == CLIENT_DOMAIN else identity.username


def principal_names(directory: Directory, ids: Iterable[str]) -> list[str]:
    """Return the names of several principals, in the order of the alphabet."""
    return sorted(principal_name(directory, each) for each in ids)
