"""Making a response of an answer: read as JSON, and of the response_type that was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ._http.json_reader import is_large, is_object
from .paging import Page
from .response import GlobusHTTPResponse

if TYPE_CHECKING:
    from ._http.response import RawResponse

__all__ = ("as_it_came", "as_page", "as_shape")


async def _decoded(answer: RawResponse, *, reject_duplicate_keys: bool = False) -> Any:
    """Read an answer's JSON; a large one in a worker thread."""
    return (
        await answer.decoded_apart(reject_duplicate_keys=reject_duplicate_keys)
        if is_large(answer.body)
        else answer.decoded(reject_duplicate_keys=reject_duplicate_keys)
    )


async def as_it_came(answer: RawResponse) -> GlobusHTTPResponse[Any]:
    """Take any answer; one that is not JSON has no data."""
    data: Any = await _decoded(answer) if answer.is_json and not answer.is_empty else None
    return GlobusHTTPResponse(answer, data)


async def as_shape(response_type: type[Any], answer: RawResponse, *, reject_duplicate_keys: bool) -> Any:
    """Make the response class that was asked for, or a plain response around a JSON object."""
    data = await _decoded(answer, reject_duplicate_keys=reject_duplicate_keys)
    if isinstance(response_type, type) and issubclass(response_type, GlobusHTTPResponse):  # dict[str, Any] is no class
        return cast("Any", response_type)(answer, data)
    if not is_object(data):
        raise answer.unusable("it should be a JSON object")
    return GlobusHTTPResponse(answer, data)


async def as_page(key: str, answer: RawResponse) -> Page[Any]:
    """Make a page of a listing whose items stand under a key."""
    data = await _decoded(answer)
    if not is_object(data):
        raise answer.unusable("it should be a JSON object")
    return Page(answer, data, key, None)
