"""The description of a call for the observer of its transport: by which method it is made, and to which resource."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from inspect import currentframe
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .._http.path import FilledPath, is_uuid

if TYPE_CHECKING:
    from .._http.request import Request
    from ..transport import ObservedCall

__all__ = ("calls_of", "method_on_stack", "observed_call")

_GENERIC: Final = frozenset({"call", "delete", "get", "listing", "patch", "post", "put", "request", "stream"})
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
        with suppress(ValueError):  # closed in another context, when the event loop has ended
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
    from ..transport import ObservedCall  # noqa: PLC0415 -- few programs have an observer

    url = urlsplit(request.url)
    template = path.template if isinstance(path, FilledPath) else path
    if template is path and path is not None and any(is_uuid(part) or part.isdecimal() for part in path.split("/")):
        template = None  # it is no constant: each resource would have a template of its own
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
    found, kind = "", type(client)
    frame = currentframe()
    for _ in range(_MAX_FRAMES):
        frame = None if frame is None else frame.f_back
        if frame is None:
            break
        code, name = frame.f_code, frame.f_code.co_name
        # the locals last: reading those of a caller's function keeps what it deletes
        if name.startswith("_") or not code.co_argcount or not hasattr(kind, name):
            continue
        if frame.f_locals.get(code.co_varnames[0]) is client:
            if name not in _GENERIC:
                return name
            found = name
    return _method.get() or found
