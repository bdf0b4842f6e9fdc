"""Responses of Globus Compute that are no objects, or have passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from ..._http.json_reader import is_object
from ...response import GlobusHTTPResponse
from .documents import EndpointRegistrationResult, ResultConnectionDocument, VersionDocument

if TYPE_CHECKING:
    from ..._http.response import RawResponse

__all__ = ("EndpointRegistrationResponse", "ResultConnectionResponse", "TextResponse", "VersionResponse")

_D = TypeVar("_D")


class TextResponse(GlobusHTTPResponse[str]):
    """A response whose document is a text."""

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: object) -> None:
        super().__init__(raw, cast("str", data))
        if not isinstance(data, str):
            raise raw.decode_error("it should be a text")


class VersionResponse(GlobusHTTPResponse[str | VersionDocument]):
    """
    The version of the service: a text, or an object with several ones.

    Example:
        >>> response = await compute.get_version("all")
        >>> response.api_version == response["api"]
        True
    """

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: object) -> None:
        super().__init__(raw, cast("str | VersionDocument", data))
        if not isinstance(data, str) and not (is_object(data) and isinstance(data.get("api"), str)):
            raise raw.decode_error("it should be the version of the service")

    @property
    def api_version(self) -> str:
        """The version of the API, in both forms."""
        data = self.data
        return data if isinstance(data, str) else data["api"]


class _SecretResponse(GlobusHTTPResponse[_D]):
    """A response with passwords: its document is not shown."""

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: object) -> None:
        super().__init__(raw, cast("_D", data))
        if not is_object(data):
            raise raw.decode_error("it should be a JSON object")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, http_status={self.http_status}>"

    def __str__(self) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a response with passwords cannot be pickled; store the required members")


class ResultConnectionResponse(_SecretResponse[ResultConnectionDocument]):
    """
    The address of the queues of results. It has a password: ``repr``, logs and pickles do not show it.

    Example:
        >>> response = await compute.get_result_amqp_url()
        >>> response
        <ResultConnectionResponse, http_status=200>
        >>> response["connection_url"].partition(":")[0]
        'amqps'
    """

    __slots__ = ()


class EndpointRegistrationResponse(_SecretResponse[EndpointRegistrationResult]):
    """
    An endpoint that was registered, and its queues. Their addresses have passwords, which ``repr`` does not show.

    Example:
        >>> response = await compute_v3.register_endpoint({"endpoint_name": "lab", "metadata": {}})
        >>> response
        <EndpointRegistrationResponse, http_status=200>
        >>> len(response["endpoint_id"])
        36
    """

    __slots__ = ()
