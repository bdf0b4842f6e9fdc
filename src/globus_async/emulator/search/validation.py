"""The check of documents that clients send: all problems of one document, each with its place, in one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ..kit.fields import FieldType
from .errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ("NUMBER", "PATH", "TEXT", "Members", "Problems", "limited_text", "one_of")

T = TypeVar("T")
D = TypeVar("D")

_MISSING: Final = "Missing data for required field."


class Problems:
    """
    The problems of one request.

    Args:
        location: The part of the request that the places are in: ``json`` or ``query``.
    """

    def __init__(self, location: str = "json") -> None:
        self._location = location
        self._messages: dict[str | None, Any] = {}

    def add(self, place: tuple[str, ...], message: str) -> None:
        """Add a problem at a place: the names of members, and indices of lists, from the top."""
        node = self._messages
        for name in place:
            node = node.setdefault(name, {})
        # those of a member as a whole stand beside those within it
        node.setdefault(None, []).append(message)

    def check(self) -> None:
        """
        Require that there are none.

        Raises:
            SearchError: 400 ``BadRequest.ValidationError`` with all of them.
        """
        if self._messages:
            messages = {self._location: _plain(self._messages)}
            raise SearchError(
                400,
                "BadRequest.ValidationError",
                "Request failed input validation.",
                error_data={"messages": messages},
            )


def _plain(node: dict[str | None, Any]) -> Any:
    """Return messages as the service writes them: the list alone for a member without problems within it."""
    if node.keys() == {None}:
        return node[None]
    return {"_schema" if name is None else name: each if name is None else _plain(each) for name, each in node.items()}


class Members:
    """
    The members of an object.

    Args:
        document: The object.
        problems: Where its problems are added.
        place: Where it stands in the request.
    """

    def __init__(self, document: Mapping[str, object], problems: Problems, place: tuple[str, ...] = ()) -> None:
        self._document = document
        self._problems = problems
        self._place = place

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def __iter__(self) -> Iterator[str]:
        return iter(self._document)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Report members that are not known; ``@datatype`` and ``@version`` always are."""
        for name in self._document:
            if name not in known and name not in {"@datatype", "@version"}:
                self.report(name, "Unknown field.")

    def report(self, name: str, message: str) -> None:
        """Report a problem of a member."""
        self._problems.add((*self._place, name), message)

    def report_whole(self, message: str) -> None:
        """Report a problem of the object as a whole."""
        self._problems.add(self._place, message)

    def optional(self, name: str, type: FieldType[T], default: D) -> T | D:
        """Return a member; the default if it is missing, null or, which is reported, of another type."""
        value = self._document.get(name)
        if value is None:
            return default
        try:
            return type.convert(value)
        except ValueError:
            self.report(name, f"Must be {type.name}.")
            return default

    def required(self, name: str, type: FieldType[T], fallback: D) -> T | D:
        """Return a member; the fallback if it is missing or of another type, which are reported."""
        if self._document.get(name) is None:
            self.report(name, _MISSING)
            return fallback
        return self.optional(name, type, fallback)

    def listed(self, name: str, item: FieldType[T], *, required: bool = False) -> tuple[T, ...]:
        """Return the items of a list; those of another type, and what is no list, are reported."""
        value = self._document.get(name)
        if not isinstance(value, list):
            if value is not None or required:
                self.report(name, _MISSING if value is None else "Must be a list.")
            return ()
        items: list[T] = []
        for number, each in enumerate(cast("list[object]", value)):
            try:
                items.append(item.convert(each))
            except ValueError:
                self._problems.add((*self._place, name, str(number)), f"Must be {item.name}.")
        return tuple(items)

    def child(self, name: str, *, required: bool = False) -> Members | None:
        """Return the members of an object within; `None` if it is missing or, which is reported, no object."""
        value = self._document.get(name)
        if isinstance(value, dict):
            return Members(cast("dict[str, Any]", value), self._problems, (*self._place, name))
        if value is not None or required:
            self.report(name, _MISSING if value is None else "Must be an object.")
        return None

    def children(self, name: str, *, required: bool = False) -> list[Members]:
        """Return the members of each object of a list; what is no list of objects is reported."""
        return list(self._children(name, required))

    def _children(self, name: str, required: bool) -> Iterator[Members]:
        value = self._document.get(name)
        if not isinstance(value, list):
            if value is not None or required:
                self.report(name, _MISSING if value is None else "Must be a list.")
            return
        for number, each in enumerate(cast("list[object]", value)):
            place = (*self._place, name, str(number))
            if isinstance(each, dict):
                yield Members(cast("dict[str, Any]", each), self._problems, place)
            else:
                self._problems.add(place, "Must be an object.")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 -- every wrong value is one
    return value


def _path(value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError(value)
    return text


def _number(value: object) -> float:
    # a bool is an int, and the difference of larger numbers may be infinite
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise ValueError(value)
    return value


def limited_text(maximum: int) -> FieldType[str]:
    """Return the type of a text of limited length."""

    def convert(value: object) -> str:
        if len(text := _text(value)) > maximum:
            raise ValueError(value)
        return text

    return FieldType(f"a string of at most {maximum} characters", convert)


def one_of(*values: str) -> FieldType[str]:
    """Return the type of a text that is one of some values."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in values:
            raise ValueError(value)
        return value

    return FieldType(f"one of: {', '.join(values)}", convert)


TEXT: Final = FieldType("a string", _text, "strings")
PATH: Final = FieldType("the name of a field", _path, "names of fields")
NUMBER: Final = FieldType("a number", _number, "numbers")
