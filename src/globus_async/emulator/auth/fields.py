"""Members of a posted document, checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..._http.json_reader import is_list, is_object
from .errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Fields",)

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Fields:
    """
    The members of a document; each method names what stands where the member is missing.

    Raises:
        ApiError: 422, a member of the wrong type, or a missing one that must be there.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return one line of text; without an alternative it is required."""
        if name not in self._document:
            if otherwise is None:
                raise ApiError.unprocessable(f"{name} is required")
            return otherwise
        value = self._document[name]
        if not isinstance(value, str) or not value.strip() or "\n" in value or "\r" in value:
            raise ApiError.unprocessable(f"{name} must be text of one line, and not empty")
        return value

    def choice(self, name: str, choices: Mapping[str, object] | frozenset[str], otherwise: str | None = None) -> str:
        """Return one of some words."""
        value = self.text(name, otherwise)
        if value not in choices:
            raise ApiError.unprocessable(f"{name} must be one of {', '.join(sorted(choices))}")
        return value

    def flag(self, name: str, otherwise: bool) -> bool:
        """Return a boolean."""
        value = self._document.get(name, otherwise)
        if not isinstance(value, bool):
            raise ApiError.unprocessable(f"{name} must be true or false")
        return value

    def seconds(self, name: str, otherwise: int | None) -> int | None:
        """Return a whole number that is not negative, or null."""
        value = self._document.get(name, otherwise)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ApiError.unprocessable(f"{name} must be a number of seconds")
        return value

    def texts(self, name: str, otherwise: list[str] | None) -> list[str] | None:
        """Return a list of texts, or null."""
        value = self._document.get(name, otherwise)
        if value is None:
            return None
        texts: list[object] = value if is_list(value) else [None]
        found = [each for each in texts if isinstance(each, str) and each]
        if len(found) != len(texts):
            raise ApiError.unprocessable(f"{name} must be a list of texts")
        return found

    def uuid(self, name: str, otherwise: str | None) -> str | None:
        """Return a UUID, or null."""
        value = self._document.get(name, otherwise)
        if value is None:
            return None
        if not isinstance(value, str) or _UUID.fullmatch(value) is None:
            raise ApiError.unprocessable(f"{name} must be a UUID")
        return value.lower()

    def within(self, name: str) -> Fields:
        """Return the members of an object in the document; none if it is missing."""
        value = self._document.get(name, {})
        if not is_object(value):
            raise ApiError.unprocessable(f"{name} must be an object")
        return Fields(value)

    def each(self, name: str) -> list[Fields] | None:
        """Return the objects of a list; None if it is missing."""
        value = self._document.get(name)
        if value is None:
            return None
        objects: list[object] = value if is_list(value) else [None]
        found = [Fields(each) for each in objects if is_object(each)]
        if len(found) != len(objects):
            raise ApiError.unprocessable(f"{name} must be a list of objects")
        return found
