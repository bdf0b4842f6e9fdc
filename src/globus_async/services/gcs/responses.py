"""Responses of Globus Connect Server: the document that was asked for, out of the envelope around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..._http.json_reader import is_list, is_object
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_callable
from ...response import GlobusHTTPResponse, IterableResponse

if TYPE_CHECKING:
    from ..._http.response import RawResponse

__all__ = ("IterableGCSResponse", "UnpackingGCSResponse", "unpacked")

D_co = TypeVar("D_co", covariant=True)
D = TypeVar("D")
T_co = TypeVar("T_co", covariant=True)


class IterableGCSResponse(IterableResponse[T_co]):
    """
    A response whose ``data`` is a list of documents; iterate over it for them.

    Example:
        >>> len(await gcs.check_collection(collection_id))
        0
    """

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: Mapping[str, Any], items_key: str = "data") -> None:
        if not is_object(data):
            raise raw.decode_error("it should be a JSON object")
        super().__init__(raw, data, items_key)


class UnpackingGCSResponse(GlobusHTTPResponse[D_co]):
    """
    A response whose document is one of those in the ``data`` of an envelope.

    It is the first one of the type that the method asks for. If there is none, as after a change that the service only
    confirms, the document is the whole envelope.

    Args:
        raw: The HTTP response.
        envelope: Its document.
        match: The type, such as ``"collection"``, of any version; or a function that is given a document, and returns
            whether it is the right one.

    Raises:
        GlobusSDKUsageError: The type is empty, or has other characters than letters, digits and underscores.

    Attributes:
        full_data: The whole envelope.

    Example:
        >>> collection = await gcs.get_collection(collection_id)
        >>> collection["display_name"], collection.full_data["code"]
        ('Lab storage', 'success')
    """

    __slots__ = ("full_data",)

    def __init__(
        self, raw: RawResponse, envelope: Mapping[str, Any], match: str | Callable[[dict[str, Any]], bool]
    ) -> None:
        found = _first(envelope, _of_type(match) if isinstance(match, str) else match)
        super().__init__(raw, cast("Any", envelope if found is None else found))
        self.full_data: Mapping[str, Any] = envelope


def _first(envelope: Mapping[str, Any], matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    check_callable("match", matches, optional=False)
    documents: object = envelope.get("data")
    if not is_list(documents):
        return None
    return next((each for each in documents if is_object(each) and matches(each)), None)


def _of_type(name: str) -> Callable[[dict[str, Any]], bool]:
    if not name.isidentifier():
        raise GlobusSDKUsageError("match must be the name of a type, such as 'collection', or a function")

    def matches(document: dict[str, Any]) -> bool:
        data_type = document.get("DATA_TYPE")
        return isinstance(data_type, str) and data_type.startswith(f"{name}#")

    return matches


async def unpacked(
    call: Awaitable[GlobusHTTPResponse[Mapping[str, Any]]],
    document_type: type[D],  # noqa: ARG001 -- for type checkers
    name: str,
) -> UnpackingGCSResponse[D]:
    """
    Await a call, and take the document out of the envelope of its response.

    Args:
        call: The call.
        document_type: The type of the document, such as a ``TypedDict``.
        name: The name of its ``DATA_TYPE``.
    """
    response = await call
    return UnpackingGCSResponse(response.raw, response.data, name)
