"""Values of a store as JSON objects, whose members are checked before they are used."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, cast

from .._http.json_reader import is_list

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("StoredMembers",)

_LARGEST: Final = sys.float_info.max


class StoredMembers:
    """
    The members of a JSON object in a store. Each method raises `ValueError` if a member has another type.

    Args:
        text: The value.

    Raises:
        ValueError: It is not a JSON object.
    """

    def __init__(self, text: Secret) -> None:
        try:
            members: object = json.loads(text.reveal())
        except (ValueError, RecursionError):
            members = None
        # not within the handler: the error holds the text
        if not isinstance(members, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 -- a value of the store, not an argument
        self._members: dict[str, object] = members

    def text(self, name: str) -> str:
        """Return a member that is a text."""
        value = self._members.get(name)
        if isinstance(value, str):
            return value
        raise ValueError(f"{name} is missing or not a text")

    def text_or_none(self, name: str) -> str | None:
        """Return a member that is a text or null."""
        return None if self._members.get(name, "") is None else self.text(name)

    def number(self, name: str) -> float:
        """Return a member that is a number, finite also as a float."""
        value = self._members.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST:
            return value
        raise ValueError(f"{name} is missing or not a number")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a member that is an array of texts."""
        values = self._members.get(name)
        if is_list(values) and all(isinstance(value, str) for value in values):
            return tuple(map(str, values))
        raise ValueError(f"{name} is missing or not an array of texts")

    def members(self, name: str) -> dict[str, Any]:
        """Return a member that is an object."""
        value = self._members.get(name)
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
        raise ValueError(f"{name} is missing or not an object")
