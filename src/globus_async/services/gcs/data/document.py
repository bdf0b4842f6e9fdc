"""Documents for requests, whose ``DATA_TYPE`` follows from the members that they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeAlias, cast
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import uuid_text
from ....confidential import concealed
from ....errors.arguments import check_bool, check_text, check_type, check_whole, checked_members, refusal
from ....secret import Secret
from ..arguments import text_list

__all__ = (
    "FIRST",
    "Check",
    "GCSDocument",
    "Version",
    "flag",
    "mapping",
    "mappings",
    "number",
    "one_of",
    "port_range",
    "some_of",
    "text",
    "text_items",
    "uuid",
)

Version: TypeAlias = tuple[int, int, int]
Check: TypeAlias = Callable[[str, Any], object]
"""Returns a member as it is sent; refuses a wrong one."""

FIRST: Final[Version] = (1, 0, 0)


class GCSDocument(dict[str, Any]):
    """
    A document for a request to Globus Connect Server.

    Its version is the lowest one that has all its members, so that older endpoints take it, too.

    Args:
        members: The members; missing ones are left out.
        data_type: The type, if it should be another one, such as ``"collection#1.16.0"``.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.
    """

    DATATYPE_BASE: ClassVar[str]
    """The name of the type, without a version."""
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {}
    """The version that a member needs, where it is not the first."""
    _checks: ClassVar[Mapping[str, Check]] = {}
    """The checks of members, by name."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        parent = cast("type[GCSDocument]", cls.__base__)
        cls._checks = {**parent._checks, **cls._checks}  # noqa: SLF001 -- of its base class

    def __init__(
        self,
        members: Mapping[str, object] | MissingType | None = None,
        /,
        *,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        checked = {
            name: self._checks[name](name, value) if name in self._checks and value is not None else value
            for name, value in checked_members("members", members).items()
            if value is not MISSING
        }
        every = {**checked, **checked_members("additional_fields", additional_fields)}
        document = {name: value for name, value in every.items() if value is not MISSING}
        if isinstance(data_type, MissingType):
            version = max((FIRST, *self._versions_of(document)))
            data_type = f"{self.DATATYPE_BASE}#{'.'.join(map(str, version))}"
        check_text("data_type", data_type)
        super().__init__({"DATA_TYPE": data_type, **cast("dict[str, Any]", concealed(document))})

    @classmethod
    def _versions_of(cls, document: Mapping[str, object]) -> list[Version]:
        """Return the versions that the members of a document need."""
        return [version for name, version in cls.DATATYPE_VERSION_IMPLICATIONS.items() if name in document]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"


def text(name: str, value: object) -> object:
    """Check a text, which may be a `Secret`."""
    if not isinstance(value, Secret):
        check_text(name, value)
    return value


def uuid(name: str, value: UUID | str) -> str:
    """Return an id as text."""
    return uuid_text(name, value)


def flag(name: str, value: object) -> object:
    """Check a truth value."""
    check_bool(name, value)
    return value


def number(name: str, value: object) -> object:
    """Check a whole number, 0 or more."""
    check_whole(name, value, minimum=0)
    return value


def text_items(name: str, value: Any) -> object:
    """Return one or several texts as a list."""
    return text_list(name, value)


def mapping(name: str, value: object) -> object:
    """Check a document."""
    check_type(name, value, Mapping, "a document (dict)")
    return value


def mappings(name: str, value: Any) -> object:
    """Return one or several documents as a list."""
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise refusal(name, cast("object", value), "a list of documents (dicts)")
    items: list[object] = [value] if isinstance(value, Mapping) else list(value)
    for item in items:
        check_type(name, item, Mapping, "a list of documents (dicts)")
    return items


def port_range(name: str, value: Any) -> object:
    """Return the lowest and highest port of a range as a list."""
    ports: list[Any] = list(cast("list[Any]", value)) if isinstance(value, list | tuple) else []
    if len(ports) != 2:
        raise refusal(name, cast("object", value), "the lowest and the highest port")
    for port in ports:
        check_whole(name, port, maximum=65_535)
    return ports


def one_of(*values: str) -> Check:
    """Return the check of a text that is one of several."""

    def check(name: str, value: object) -> object:
        if value not in values:
            raise refusal(name, value, f"one of {', '.join(map(repr, values))}")
        return value

    return check


def some_of(*values: str) -> Check:
    """Return the check of one or several texts out of several, which makes a list of them."""

    def check(name: str, value: Any) -> object:
        items = text_list(name, value)
        for item in items if isinstance(items, list) else []:
            if item not in values:
                raise refusal(name, item, f"one or more of {', '.join(map(repr, values))}")
        return items

    return check
