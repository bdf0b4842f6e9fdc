"""What a call returns: the service's document, with the HTTP answer around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, overload

from typing_extensions import TypeVar

from ._http.json_reader import is_list, is_object

if TYPE_CHECKING:
    from ._http.response import RawResponse

__all__ = ("GlobusHTTPResponse", "IterableResponse")

D_co = TypeVar("D_co", bound=object, default=Any, covariant=True)
T_co = TypeVar("T_co", bound=object, default=Any, covariant=True)


class GlobusHTTPResponse(Generic[D_co]):
    """
    An answer of a service. Its document's members are reached as items, ``response["id"]``.

    Attributes:
        answer: The HTTP answer as it came.

    Example:
        >>> endpoint = await tc.get_endpoint(endpoint_id)
        >>> endpoint["display_name"], endpoint.http_status, "no such field" in endpoint
        ('Lab storage', 200, False)
    """

    __slots__ = ("_data", "answer")

    def __init__(self, answer: RawResponse, data: D_co) -> None:
        self.answer = answer
        self._data = data

    @property
    def data(self) -> D_co:
        """The document: a dict or list, or ``None`` if the answer is not JSON."""
        return self._data

    @property
    def text(self) -> str:
        """The body as text."""
        return self.answer.text

    @property
    def binary_content(self) -> bytes:
        """The body as bytes."""
        return self.answer.body

    @property
    def http_status(self) -> int:
        """The HTTP status, such as 200."""
        return self.answer.status

    @property
    def http_reason(self) -> str:
        """The reason phrase that came with the status."""
        return self.answer.reason

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer; names in any case."""
        return self.answer.headers

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` header."""
        return self.answer.headers.get("content-type")

    def __getitem__(self, key: Any) -> Any:
        data: Any = self._data
        if data is None:
            raise TypeError(f"the answer is not JSON but {self.content_type!r}; look at .text")
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

    def __repr__(self) -> str:
        shown = repr(self._data)
        return f"{type(self).__name__}({shown if len(shown) <= 500 else shown[:497] + '...'})"

    __str__ = __repr__


class IterableResponse(GlobusHTTPResponse[Mapping[str, Any]], Generic[T_co]):
    """An answer whose document holds a list of items; iterating gives the items."""

    __slots__ = ("items",)

    def __init__(self, answer: RawResponse, data: Mapping[str, Any], items_key: str = "DATA") -> None:
        super().__init__(answer, data)
        items = data.get(items_key, [])
        if not (is_list(items) and all(map(is_object, items))):
            raise answer.unusable(f"its {items_key!r} should be a list of objects")
        self.items: list[T_co] = items

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
