"""The description of a call for the observer of its transport: by which method it is made, and to which resource."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import currentframe
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .._http.path import FilledPath
from ..transport import ObservedCall

if TYPE_CHECKING:
    from .._http.request import Request

__all__ = ("calls_of", "method_on_stack", "observed_call")

_GENERIC: Final = frozenset({"call", "delete", "get", "listing", "patch", "post", "put", "request"})
"""The methods by which others make calls."""
_MAX_FRAMES: Final = 24
_method: Final[ContextVar[str]] = ContextVar("globus_async method", default="")
_PORTS: Final = {"http": 80, "https": 443}


@contextmanager
def calls_of(method: str) -> Generator[None]:
    """Name the client method of the calls in this block, which need not have it on their stack."""
    token = _method.set(method)
    try:
        yield
    finally:
        _method.reset(token)


def observed_call(client: object, request: Request, path: str | None, method: str | None) -> ObservedCall:
    """
    Describe a call.

    Args:
        client: The client that makes it.
        request: The request.
        path: The path, a constant or made by `fill_path`; ``None`` for a path of the caller's own.
        method: The name of the client method; by default it is found on the stack.
    """
    url = urlsplit(request.url)
    template = path.template if isinstance(path, FilledPath) else path
    name = method_on_stack(client) if method is None else method
    return ObservedCall(
        operation=f"{type(client).__name__}.{name}" if name else "",
        http_method=request.method,
        path_template=None if template is None else template.replace(":text}", "}"),
        scheme=url.scheme,
        server_address=url.hostname or "",
        server_port=url.port or _PORTS.get(url.scheme, 0),
    )


def method_on_stack(client: object) -> str:
    """Return the innermost method of the client that has a purpose of its own; else that of `calls_of`, or another."""
    found = ""
    frame = currentframe()
    for _ in range(_MAX_FRAMES):
        frame = None if frame is None else frame.f_back
        if frame is None:
            break
        code = frame.f_code
        if frame.f_globals["__name__"] == __name__:
            continue
        if code.co_argcount and not code.co_name.startswith("_") and frame.f_locals.get(code.co_varnames[0]) is client:
            if code.co_name not in _GENERIC:
                return code.co_name
            found = code.co_name
    return _method.get() or found
