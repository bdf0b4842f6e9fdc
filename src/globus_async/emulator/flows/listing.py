"""Listings: filters, orders and pages, whose markers carry the whole query."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ..kit.fields import parse_time
from .roles import role_filter

if TYPE_CHECKING:
    from ..kit.errors import ServiceError
    from ..kit.request import Request

__all__ = ("Query",)

T = TypeVar("T")

_MAX_OFFSET: Final = 1 << 53


class Query:
    """
    The query of a listing, from its parameters or from the marker of the page before.

    Args:
        request: The request.
        names: The parameters of the listing, besides ``marker``.
        marker: The names of the parameter with the marker, the current one first.
    """

    def __init__(self, request: Request, names: Iterable[str], *, marker: Sequence[str] = ("marker",)) -> None:
        self._errors: type[ServiceError] = request.errors
        self._marker_name = marker[0]
        text = next((value for value in map(request.parameter, marker) if value), None)
        given = {name: ",".join(request.parameters(name)) for name in names}
        self._parameters = {name: value for name, value in given.items() if value}
        self._last: str | None = None
        self._offset = 0
        if text is not None:
            self._read_marker(text)

    def _read_marker(self, text: str) -> None:
        try:
            content: Any = json.loads(base64.urlsafe_b64decode(text.encode()))
            match content:
                case [dict() as parameters, str(last), int(offset)] if 0 <= offset < _MAX_OFFSET:  # pyright: ignore[reportUnknownVariableType]
                    texts = cast("dict[str, object]", parameters)
                    self._parameters = {name: each for name, each in texts.items() if isinstance(each, str)}
                    self._last, self._offset = last, offset
                    return
                case _:
                    pass
        except (ValueError, RecursionError):
            pass
        raise self._errors.invalid_parameter(self._marker_name, text[:100], "a marker of the page before")

    def text(self, name: str) -> str | None:
        """Return a parameter."""
        return self._parameters.get(name)

    def values(self, name: str) -> list[str]:
        """Return the parts of a parameter that is separated by commas or repeated; none if it is absent."""
        return [part.strip() for part in self._parameters.get(name, "").split(",") if part.strip()]

    def integer(self, name: str, default: int, *, maximum: int) -> int:
        """
        Return a parameter that is a positive integer; one above the maximum is reduced to it.

        Raises:
            ServiceError: It is none.
        """
        text = self._parameters.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 18 and int(text) > 0):
            raise self._errors.invalid_parameter(name, text[:100], "an integer of at least 1")
        return min(int(text), maximum)

    def choices(self, name: str, allowed: Iterable[str]) -> frozenset[str]:
        """
        Return the parts of a parameter, each one of some values.

        Raises:
            ServiceError: One is something else.
        """
        known = list(allowed)
        for value in (values := self.values(name)):
            if value not in known:
                raise self._errors.invalid_parameter(name, value[:100], f"one of {', '.join(known)}")
        return frozenset(values)

    def roles(
        self, known: Sequence[str], default: Sequence[str], *, name: str = "filter_roles"
    ) -> Callable[[Iterable[str]], bool]:
        """
        Return whether somebody has one of the roles that the query asks for.

        Raises:
            ServiceError: There is no such role.
        """
        names = self.values(name)
        try:
            return role_filter(names or default, known)
        except ValueError as error:
            raise self._errors.invalid_parameter(name, str(error)[:100], f"one of {', '.join(known)}") from None

    def period(self, name: str) -> Callable[[float | None], bool] | None:
        """
        Return whether a time is within two times separated by a comma; `None` if the query has none.

        Raises:
            ServiceError: They are no times.
        """
        text = self._parameters.get(name)
        if text is None:
            return None
        first, comma, last = text.partition(",")
        try:
            start = parse_time(first) if first.strip() else None
            end = parse_time(last) if last.strip() else None
        except ValueError:
            comma = ""
            start = end = None
        if not comma:
            raise self._errors.invalid_parameter(name, text[:100], "two ISO 8601 times with a comma, or one of them,")
        return lambda time: time is not None and (start is None or time >= start) and (end is None or time < end)

    def contains(self, name: str) -> Callable[[str], bool] | None:
        """Return whether a text contains a parameter, in any case of letters; `None` if the query has none."""
        part = self._parameters.get(name)
        return None if part is None else lambda text: part.lower() in text.lower()

    def contains_any(self, name: str) -> Callable[[Iterable[str]], bool] | None:
        """Return whether one of some texts contains one of the parts; `None` if the query has none."""
        parts = [part.lower() for part in self.values(name)]
        return (lambda texts: any(part in text.lower() for text in texts for part in parts)) if parts else None

    def sort(self, entries: Iterable[T], keys: Mapping[str, Callable[[T], Any]], default: str) -> list[T]:
        """
        Return entries in the order of ``orderby``: ``FIELD ASC`` or ``FIELD DESC``, separated by commas or repeated.

        Args:
            entries: The entries.
            keys: The values of the fields, which may be `None`.
            default: The order if the query has none.

        Raises:
            ServiceError: There is no such field.
        """
        ordered = list(entries)
        for criterion in reversed(self.values("orderby") or [default]):
            field, _, direction = criterion.partition(" ")
            if field not in keys or direction.strip().upper() not in {"", "ASC", "DESC"}:
                expected = f"FIELD ASC or FIELD DESC, with a field of {', '.join(keys)},"
                raise self._errors.invalid_parameter("orderby", criterion[:100], expected)
            key = keys[field]
            ordered.sort(
                key=lambda entry: ((value := key(entry)) is not None, value if value is not None else 0),
                reverse=direction.strip().upper() == "DESC",
            )
        return ordered

    def page(
        self,
        entries: Sequence[T],
        key: Callable[[T], str],
        *,
        size: str = "per_page",
        default_size: int,
        max_size: int = 100,
    ) -> tuple[list[T], dict[str, Any]]:
        """
        Return a page, and the members of the response that describe it: ``limit``, ``has_next_page``, ``marker``.

        The page begins after the last entry of the page before, or at the same place if that entry is gone.

        Args:
            entries: The whole listing.
            key: The id of an entry.
            size: The name of the parameter with the size.
            default_size: The size if the query has none.
            max_size: The greatest size.
        """
        limit = self.integer(size, default_size, maximum=max_size)
        start = (self.integer("page", 1, maximum=_MAX_OFFSET) - 1) * limit if self._last is None else self._offset
        if self._last is not None:
            start = next((n + 1 for n, entry in enumerate(entries) if key(entry) == self._last), start)
        shown = list(entries[start : start + limit])
        following = start + len(shown)
        has_next_page = bool(shown) and following < len(entries)
        marker = None
        if has_next_page:
            state = [self._parameters, key(shown[-1]), following]
            marker = base64.urlsafe_b64encode(json.dumps(state).encode()).decode()
        return shown, {"limit": limit, "has_next_page": has_next_page, "marker": marker}
