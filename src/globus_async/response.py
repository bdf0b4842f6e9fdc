"""Responses as methods return them: the service's document, and the HTTP response that it came in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar, cast, get_origin, overload

from ._http.headers import Headers
from ._http.html import document_html, items_html, members_html
from ._http.json_reader import is_list, is_object, member_at
from ._http.response import RawResponse
from .confidential import concealed
from .porting import missing_from

__all__ = (
    "ArrayResponse",
    "GlobusHTTPResponse",
    "Headers",
    "IterableResponse",
    "RawResponse",
    "read_any",
    "read_document",
)

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from ._document_items import DocumentItems  # pyright: ignore[reportMissingModuleSource] -- a stub only
    from .errors import Attempt

    D_co = TypeVarWithDefault("D_co", bound=object, default=Any, covariant=True)
    T_co = TypeVarWithDefault("T_co", bound=object, default=Any, covariant=True)
else:
    DocumentItems = Generic
    # a default is for type checkers, and typing_extensions costs as much to import as twenty of our modules
    D_co = TypeVar("D_co", bound=object, covariant=True)
    T_co = TypeVar("T_co", bound=object, covariant=True)
    __getattr__ = missing_from(__name__)

_MAX_REPR: Final = 500


class GlobusHTTPResponse(DocumentItems[D_co]):
    """
    A response of a service. Members of its document are reached as items, ``response["id"]``.

    Attributes:
        raw: The HTTP response.

    Example:
        >>> endpoint = await tc.get_endpoint(endpoint_id)
        >>> endpoint["display_name"], endpoint.http_status, "no such field" in endpoint
        ('Lab storage', 200, False)
    """

    __slots__ = ("_data", "raw")

    def __init__(self, raw: RawResponse, data: D_co) -> None:
        self.raw: RawResponse = raw
        self._data = data

    @property
    def data(self) -> D_co:
        """The document: a dict or list, or ``None`` if the response is not JSON."""
        return self._data

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.text

    @property
    def binary_content(self) -> bytes:
        """The body as bytes."""
        return self.raw.body

    @property
    def http_status(self) -> int:
        """The HTTP status, such as 200."""
        return self.raw.status

    @property
    def http_reason(self) -> str:
        """The reason phrase."""
        return self.raw.reason

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are case-insensitive."""
        return self.raw.headers

    @property
    def request_id(self) -> str | None:
        """The service's id of the request; include it when you contact Globus support. ``None`` if there is none."""
        return self.raw.request_id

    @property
    def url(self) -> str:
        """The URL of the request, with the query. Redirects are not followed."""
        return self.raw.url

    @property
    def elapsed(self) -> float:
        """Seconds that the call took: all attempts, the waits before and between them, and the reading of the body."""
        return self.raw.elapsed

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """All attempts of the call, in order; the last one is that of this response."""
        return self.raw.attempts

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` header."""
        return self.raw.headers.get("content-type")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            is_member = not name.startswith("_") and is_object(self._data) and name in self._data
            instead = f"; it is a member of the document: [{name!r}]" if is_member else ""
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}{instead}", name=name, obj=self
            )

        def __getitem__(self, key: Any) -> Any:
            data: Any = self._data
            if data is None:
                raise TypeError(f"the response is not JSON but {self.content_type!r}; use .text or .binary_content")
            if isinstance(key, int) and is_object(data):  # this is also how Python iterates over what has no __iter__
                raise TypeError("the response is a JSON object, not an array; use its members, or iterate over .data")
            return data[key]

    def __contains__(self, item: object) -> bool:
        data: Any = self._data
        return data is not None and item in data

    @overload
    def get(self, key: str) -> Any: ...

    @overload
    def get(self, key: str, default: Any) -> Any: ...

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member of the document, or the default if it has none of that name."""
        data: Any = self._data
        return data.get(key, default) if is_object(data) else default

    def __bool__(self) -> bool:
        return bool(self._data)

    def __len__(self) -> int:
        data: Any = self._data
        if not (is_list(data) or is_object(data)):
            raise TypeError(f"the response is not a JSON object or array but {self.content_type!r}")
        return len(data)

    def __repr__(self) -> str:
        shown = repr(self.text if self._data is None else concealed(self._data))
        return f"{type(self).__name__}({shown if len(shown) <= _MAX_REPR else shown[: _MAX_REPR - 3] + '...'})"

    def __str__(self) -> str:
        """Return the whole document as indented JSON, or the text of a response that is not JSON."""
        if _hides_document(self):
            return repr(self)
        return self.text if self._data is None else json.dumps(concealed(self._data), indent=2, default=str)

    def _repr_html_(self) -> str:
        """Return the document as HTML, for notebooks."""
        if _hides_document(self):
            return members_html(repr(self), {})
        title = f"{type(self).__name__}, {self.http_status} {self.http_reason}".rstrip()
        return document_html(title, self.text if self._data is None else concealed(self._data))


def _hides_document(response: GlobusHTTPResponse[Any]) -> bool:
    """Tell whether a response class has a ``repr`` of its own: its document may have secrets."""
    return type(response).__repr__ is not GlobusHTTPResponse.__repr__


class IterableResponse(GlobusHTTPResponse[Mapping[str, Any]], Generic[T_co]):
    """
    A response whose document has a list of items; iterate over it for the items.

    Attributes:
        items: The items.
    """

    __slots__ = ("items",)

    def __init__(self, raw: RawResponse, data: Mapping[str, Any], items_key: str = "DATA") -> None:
        super().__init__(raw, data)
        items = member_at(data, items_key, [])
        if not (is_list(items) and all(map(is_object, items))):
            raise raw.decode_error(f"its {items_key!r} should be a list of objects")
        self.items: list[T_co] = items

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def _repr_html_(self) -> str:
        """Return the items as an HTML table, for notebooks."""
        if _hides_document(self):
            return super()._repr_html_()
        shown = [concealed(item) for item in self.items]
        return items_html(f"{type(self).__name__} of {len(shown)} items", shown, remark=self._remark())

    def _remark(self) -> str:
        """Return a sentence to show below the items."""
        return ""


class ArrayResponse(GlobusHTTPResponse[Sequence[T_co]], Generic[T_co]):
    """
    A response whose document is a list of objects; iterate over it for the items.

    Example:
        >>> groups = await gc.get_my_groups()
        >>> len(groups), groups[0]["name"], [group["name"] for group in groups][-1]
        (3, 'Lab', 'Engines subscription')
    """

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: Sequence[T_co]) -> None:
        super().__init__(raw, data)
        if not (is_list(data) and all(map(is_object, data))):
            raise raw.decode_error("it should be a list of objects")

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.data)

    def _repr_html_(self) -> str:
        """Return the items as an HTML table, for notebooks."""
        return items_html(f"{type(self).__name__} of {len(self.data)} items", [concealed(item) for item in self.data])


async def read_any(raw: RawResponse) -> GlobusHTTPResponse[Any]:
    """Read a response of any content type; one that is not JSON has no data."""
    data: Any = await raw.read_json() if raw.is_json and not raw.is_empty else None
    return GlobusHTTPResponse(raw, data)


async def read_document(response_type: type[Any], raw: RawResponse, *, reject_duplicate_keys: bool = False) -> Any:
    """
    Read a JSON response.

    Args:
        response_type: A subclass of `GlobusHTTPResponse`, or the type of the document, which must be an object.
        raw: The response.
        reject_duplicate_keys: Refuse an object with two members of the same name.
    """
    data = await raw.read_json(reject_duplicate_keys=reject_duplicate_keys)
    response_type = get_origin(response_type) or response_type  # IterableResponse[Widget] is no class
    if isinstance(response_type, type) and issubclass(response_type, GlobusHTTPResponse):
        return cast("Any", response_type)(raw, data)
    if not is_object(data):
        raise raw.decode_error("it should be a JSON object")
    return GlobusHTTPResponse(raw, data)
