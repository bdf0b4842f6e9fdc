"""The members of a JSON document that a client sent, checked as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, overload

from .errors import ErrorKind
from .ids import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from .errors import ServiceError

__all__ = (
    "ANY",
    "BOOLEAN",
    "LINE",
    "MOMENT",
    "NUMBER",
    "OBJECT",
    "TEXT",
    "TIME",
    "UUID",
    "FieldType",
    "Fields",
    "choice",
    "integer",
    "list_of",
    "parse_time",
)

T = TypeVar("T")
D = TypeVar("D")

_LARGEST: Final = 2**63 - 1
"""Of the numbers that services take: calculations with larger ones overflow."""
_LATEST: Final = 253_370_764_800
"""POSIX seconds of the year 9999, the last one whose times can be written; deadlines are later than their tasks."""


@dataclass(frozen=True, slots=True)
class FieldType(Generic[T]):
    """The type of a member: a check, and a conversion to a Python value."""

    name: str
    """A noun phrase for error messages: ``a boolean``."""
    convert: Callable[[object], T]
    """Returns the value; raises `ValueError` if it is of another type."""
    plural: str = ""
    """The noun phrase for a list of such values."""


class Fields:
    """
    The members of a document.

    Example:
        >>> fields = Fields({"name": "x", "public": True}, ServiceError)
        >>> fields.required("name", TEXT), fields.optional("public", BOOLEAN, False), fields.optional("size", NUMBER)
        ('x', True, None)
    """

    def __init__(
        self,
        document: Mapping[str, object],
        errors: type[ServiceError],
        *,
        null_is_missing: bool = False,
        path: str = "",
    ) -> None:
        """
        Wrap a document.

        Args:
            document: The members.
            errors: The format of the errors raised for missing and wrong members.
            null_is_missing: Treat a member that is null as a missing one, as Transfer does.
            path: Put before names in error messages.
        """
        self._document = document
        self._errors = errors
        self._null_is_missing = null_is_missing
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def __iter__(self) -> Any:
        return iter(self._document)

    def __getitem__(self, name: str) -> object:
        return self._document[name]

    @property
    def errors(self) -> type[ServiceError]:
        """The format of the errors."""
        return self._errors

    def check_known(self, known: Collection[str], *, what: str = "member") -> None:
        """
        Require that the document has no other members than these.

        Args:
            known: Their names.
            what: What a member is in the error message.

        Raises:
            ServiceError: It has others.
        """
        unknown = sorted(set(self._document).difference(known))
        if unknown:
            message = f"There is no {what} '{unknown[0]}': use {', '.join(sorted(known)) or 'none'}"
            raise self._errors.of_kind(ErrorKind.UNKNOWN_FIELD, message)

    def required(self, name: str, type: FieldType[T]) -> T:
        """
        Return a member.

        Raises:
            ServiceError: It is missing or of another type.
        """
        if self._is_missing(name):
            raise self._errors.missing_field(self._path + name)
        return self._convert(name, type)

    @overload
    def optional(self, name: str, type: FieldType[T]) -> T | None: ...
    @overload
    def optional(self, name: str, type: FieldType[T], default: D) -> T | D: ...
    def optional(self, name: str, type: FieldType[T], default: object = None) -> object:
        """
        Return a member, or the default if it is missing.

        Raises:
            ServiceError: It is of another type.
        """
        return default if self._is_missing(name) else self._convert(name, type)

    @overload
    def nullable(self, name: str, type: FieldType[T]) -> T | None: ...
    @overload
    def nullable(self, name: str, type: FieldType[T], default: D) -> T | D | None: ...
    def nullable(self, name: str, type: FieldType[T], default: object = None) -> object:
        """
        Return a member, the default if it is missing, or `None` if it is null.

        Raises:
            ServiceError: It is of another type.
        """
        if name not in self._document:
            return default
        return None if self._document[name] is None else self._convert(name, type)

    def object(self, name: str, *, required: bool = False) -> Fields:
        """
        Return the members of an object; none if it is missing and not required.

        Raises:
            ServiceError: It is required and missing, or no object.
        """
        value = self.required(name, OBJECT) if required else self.optional(name, OBJECT, dict[str, Any]())
        return self._within(value, name)

    def objects(self, name: str, *, required: bool = False) -> list[Fields] | None:
        """
        Return the members of each object of a list; `None` if it is missing or null, and not required.

        Raises:
            ServiceError: It is required and missing, or no list of objects.
        """
        values = self.required(name, _OBJECTS) if required else self.nullable(name, _OBJECTS)
        return None if values is None else [self._within(each, f"{name}[{n}]") for n, each in enumerate(values)]

    def part(self, names: Collection[str]) -> Fields:
        """Return some of the members."""
        document = {name: value for name, value in self._document.items() if name in names}
        return Fields(document, self._errors, null_is_missing=self._null_is_missing, path=self._path)

    def _within(self, document: Mapping[str, Any], name: str) -> Fields:
        return Fields(document, self._errors, null_is_missing=self._null_is_missing, path=f"{self._path}{name}.")

    def _is_missing(self, name: str) -> bool:
        return name not in self._document or (self._null_is_missing and self._document[name] is None)

    def _convert(self, name: str, type: FieldType[T]) -> T:
        try:
            return type.convert(self._document[name])
        except ValueError:
            raise self._errors.invalid_field(self._path + name, type.name) from None


def _instance(type: type[T]) -> Callable[[object], T]:
    def convert(value: object) -> T:
        # bool is a subclass of int, but true is no number
        if not isinstance(value, type) or (isinstance(value, bool) and type is not bool):
            raise ValueError(value)
        return value

    return convert


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\n" in value or "\r" in value:
        raise ValueError(value)
    return value


def _uuid(value: object) -> str:
    if not isinstance(value, str) or not is_uuid(value):
        raise ValueError(value)
    return value.lower()


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 -- every wrong value is one
    if not -_LARGEST <= value <= _LARGEST:  # also false for "nan"
        raise ValueError(value)
    return value


def _moment(value: object) -> float:
    moment = _number(value)
    if not 0 <= moment < _LATEST:
        raise ValueError(value)
    return moment


def _time(value: object) -> float:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 -- every wrong value is one
    return parse_time(value)


def parse_time(text: str) -> float:
    """
    Return the POSIX seconds of an ISO 8601 date or time; without a zone it is in UTC.

    Raises:
        ValueError: It is neither, or outside the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).timestamp()
    except OverflowError:
        raise ValueError(f"{text} is outside the years 1 to 9999 in UTC") from None


def integer(*, minimum: int | None = None, maximum: int | None = None) -> FieldType[int]:
    """Return the type of an integer within limits."""
    limits = [f"at least {minimum}"] * (minimum is not None) + [f"at most {maximum}"] * (maximum is not None)
    name = f"an integer of {' and '.join(limits)}" if limits else "an integer"

    def convert(value: object) -> int:
        number = _instance(int)(value)
        if not -_LARGEST <= number <= _LARGEST:
            raise ValueError(value)
        if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
            raise ValueError(value)
        return number

    return FieldType(name, convert, "integers")


def choice(*values: str) -> FieldType[str]:
    """Return the type of a text that is one of some values."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in values:
            raise ValueError(value)
        return value

    return FieldType(f"one of {', '.join(values)}", convert)


def list_of(item: FieldType[T]) -> FieldType[list[T]]:
    """Return the type of a list whose items are of one type."""

    def convert(value: object) -> list[T]:
        items = cast("Iterable[object]", _instance(list)(value))
        return [item.convert(each) for each in items]

    return FieldType(f"a list of {item.plural}" if item.plural else f"a list, each item {item.name}", convert)


ANY: Final[FieldType[Any]] = FieldType("a value", lambda value: value, "values")
"""For members that a service stores without a check."""
TEXT: Final = FieldType("a string", _instance(str), "strings")
"""A string, which may be empty."""
LINE: Final = FieldType("a string of one line that is not empty", _line, "strings of one line that are not empty")
"""A string of one line, with more than spaces."""
BOOLEAN: Final = FieldType("a boolean", _instance(bool), "booleans")
"""``true`` or ``false``."""
NUMBER: Final = FieldType("a number", _number, "numbers")
"""An integer or a fraction; for integers use `integer`."""
MOMENT: Final = FieldType("a number of POSIX seconds before the year 9999", _moment, "numbers of POSIX seconds")
"""A time that can be written as an ISO 8601 time."""
UUID: Final = FieldType("a UUID", _uuid, "UUIDs")
"""A UUID with hyphens; returned in lower case."""
TIME: Final = FieldType("an ISO 8601 time", _time, "ISO 8601 times")
"""An ISO 8601 date or time; returned as POSIX seconds."""
OBJECT: Final = FieldType("an object", cast("Callable[[object], dict[str, Any]]", _instance(dict)), "objects")
"""An object; `Fields.object` checks its members as well."""
_OBJECTS: Final = list_of(OBJECT)
