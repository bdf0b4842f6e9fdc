"""The attributes of spans and metrics, after the semantic conventions for HTTP clients. All are of low cardinality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..transport import ObservedAttempt, ObservedCall, ObservedRefresh

__all__ = ("Attributes", "attempt_result", "call_name", "refresh_attributes", "request_attributes", "request_name")

Attributes = dict[str, str | int | float]

_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
"""The methods that the conventions know; any other is ``_OTHER``."""


def request_attributes(call: ObservedCall) -> Attributes:
    """Return the attributes of the request that each attempt of a call sends; neither URL nor query are among them."""
    method = call.http_method
    attributes: Attributes = {
        "http.request.method": method if method in _METHODS else "_OTHER",
        "server.address": call.server_address,
        "server.port": call.server_port,
        "url.scheme": call.scheme,
    }
    if call.path_template is not None:
        attributes["url.template"] = call.path_template
    return attributes


def request_name(request: Mapping[str, str | int | float]) -> str:
    """Return the name of the span of a request: its method, and its path template if there is one."""
    method = str(request["http.request.method"])
    name = "HTTP" if method == "_OTHER" else method
    return f"{name} {request['url.template']}" if "url.template" in request else name


def call_name(call: ObservedCall, request: Mapping[str, str | int | float]) -> str:
    """Return the name of the span of a call: the client method that made it."""
    return call.operation or request_name(request)


def attempt_result(attempt: ObservedAttempt) -> Attributes:
    """Return the attributes of the end of an attempt: its status, and the kind of its error."""
    result: Attributes = {}
    if attempt.status is not None:
        result["http.response.status_code"] = attempt.status
    if attempt.status is not None and attempt.status >= 400:
        result["error.type"] = str(attempt.status)
    elif attempt.error is not None:
        result["error.type"] = attempt.error
    return result


def refresh_attributes(refresh: ObservedRefresh) -> Attributes:
    """Return the attributes of a token refresh, without its resource server: that may be the id of a collection."""
    attributes: Attributes = {"globus.authorizer": refresh.authorizer}
    if refresh.error is not None:
        attributes["error.type"] = refresh.error
    return attributes
