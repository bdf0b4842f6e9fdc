"""The members of documents that clients send, with all problems of one document in one error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ...kit.ids import is_uuid
from ..errors import FlowsError
from ..roles import principal_problems, read_principals

if TYPE_CHECKING:
    from ...kit.service import Document
    from ..language.definition import Problem

__all__ = ("Members", "read_tags")


class Members:
    """
    The members of a document; `check` raises what is wrong with all that were read.

    Args:
        document: The document.
        where: Its location.
    """

    def __init__(self, document: Document, where: tuple[str | int, ...] = ()) -> None:
        self._document = document
        self._where = where
        self.problems: list[Problem] = []

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def value(self, name: str) -> Any:
        """Return a member as it is; `None` if it is missing."""
        return self._document.get(name)

    def add(self, name: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(((*self._where, name), message))

    def check(self) -> None:
        """
        Require that nothing is wrong.

        Raises:
            FlowsError: 422, with all problems.
        """
        if self.problems:
            raise FlowsError.invalid(self.problems)

    def text(self, name: str, default: Any, *, minimum: int = 0, maximum: int, nullable: bool = False) -> Any:
        """Return a text; the default if it is missing."""
        value = self._document.get(name, default)
        if name not in self._document or (nullable and value is None):
            return value
        if not isinstance(value, str):
            self.add(name, "a string is required")
        elif not minimum <= len(value) <= maximum:
            self.add(name, f"a string of {minimum} to {maximum} characters is required")
        return value

    def texts(self, name: str, default: list[str], *, maximum: int) -> list[str]:
        """Return a list of texts with at most so many characters together; the default if it is missing."""
        value = self._document.get(name)
        if value is None:
            return [] if name in self._document else default
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        if not all(isinstance(each, str) for each in items):
            self.add(name, "a list of strings is required")
            return default
        texts = cast("list[str]", items)
        if sum(map(len, texts)) > maximum:
            self.add(name, f"strings of at most {maximum} characters together are required")
        return texts

    def principals(self, name: str, default: list[str]) -> list[str]:
        """Return a list of principals; the default if it is missing."""
        value = self._document.get(name)
        if value is None:
            return [] if name in self._document else default
        problems = list(principal_problems(name, value))
        self.problems += [((*self._where, *location), message) for location, message in problems]
        return default if problems else read_principals(value)

    def uuid(self, name: str, default: str | None) -> str | None:
        """Return a UUID or `None`; the default if it is missing."""
        value = self._document.get(name, default)
        if name in self._document and value is not None and not (isinstance(value, str) and is_uuid(value)):
            self.add(name, "a UUID is required")
            return default
        return cast("str | None", value)

    def document(self, name: str, default: Document) -> Document:
        """Return an object; the default if it is missing or null."""
        value = self._document.get(name)
        if value is None:
            return default
        if not isinstance(value, dict):
            self.add(name, "an object is required")
            return default
        return cast("Document", value)

    def tags(self, name: str, default: list[str]) -> list[str]:
        """Return a list of tags, without blanks around them and with one blank between words."""
        return read_tags(self.texts(name, default, maximum=4096))

    def validated(self, name: str, check: Callable[[object], Any], default: Any) -> Any:
        """Return a member whose problems a function yields; the default if it is missing."""
        if name not in self._document:
            return default
        self.problems += check(self._document[name])
        return self._document[name]


def read_tags(tags: list[str]) -> list[str]:
    """Return tags once each, without blanks around them and with one blank between words."""
    return list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
