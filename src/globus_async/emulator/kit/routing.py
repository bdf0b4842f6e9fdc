"""The ASGI application of some services."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Host, Match, Route, Router

from .errors import EmulatorClosed, ErrorKind, ServiceError
from .ids import request_id
from .request import Request

if TYPE_CHECKING:
    from starlette.requests import Request as StarletteRequest
    from starlette.types import Scope

    from .service import Handler, Service

__all__ = ("application", "service_routes")

S = TypeVar("S")

_logger: Final = logging.getLogger(__name__)


def service_routes(service: Service[S]) -> list[BaseRoute]:
    """Return the routes of a service; those of one path become one, so that other verbs get a 405 with ``Allow``."""
    by_path: dict[str, dict[str, Handler[S]]] = {}
    for prefix, table in service.tables().items():
        for verb, path, handler in table:
            by_path.setdefault(prefix + path, {})[verb] = handler
    routes = [Route(path, _endpoint(service, verbs), methods=list(verbs)) for path, verbs in by_path.items()]
    return [*routes, *service.extra_routes()]


def _endpoint(
    service: Service[S], handlers: Mapping[str, Handler[S]]
) -> Callable[[StarletteRequest], Awaitable[Response]]:
    async def endpoint(raw: StarletteRequest) -> Response:
        request = _request(service, raw)
        try:
            request = replace(request, authenticated=service.authenticate(request))
            if service.reads_bodies:
                request = replace(request, body=await _body(service, raw))
            handler = handlers["GET" if raw.method == "HEAD" else raw.method]
            result = await handler(service.state, request)
            response = result if isinstance(result, Response) else service.respond(result, request)
            if raw.method in {"GET", "HEAD"} and service.refuses_unknown_parameters(request):
                request.check_parameters_read()
        except ServiceError as error:
            _logger.debug("%s %s refused: %d %s", request.method, request.path, error.status, error)
            return service.error_response(error, request)
        except EmulatorClosed:
            message = "The emulator was reset or closed while it handled the request: send it again"
            return service.error_response(service.errors.of_kind(ErrorKind.UNAVAILABLE, message), request)
        return response

    return endpoint


def _request(service: Service[Any], raw: StarletteRequest) -> Request:
    return Request(raw.method, raw.url.path, request_id(), service.errors, raw, null_is_missing=service.null_is_missing)


class _OwnHosts(Host):
    """The routes of a service on the hosts that it has at the time of a request."""

    def __init__(self, service: Service[Any], app: Router) -> None:
        super().__init__("any", app)
        self._service = service

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request for one of the hosts."""
        host = Headers(scope=scope).get("host", "").partition(":")[0].lower()
        return (Match.FULL, {"endpoint": self.app}) if self._service.serves_host(host) else (Match.NONE, {})


async def _body(service: Service[Any], raw: StarletteRequest) -> bytes:
    if service.max_body is None:
        return await raw.body()
    body = bytearray()
    async for chunk in raw.stream():
        body += chunk
        if len(body) > service.max_body:
            message = f"The request body is larger than {service.max_body} bytes"
            raise service.errors.of_kind(ErrorKind.BODY_TOO_LARGE, message)
    return bytes(body)


def application(
    services: Iterable[Service[Any]],
    *,
    extra_routes: Sequence[BaseRoute] = (),
    on_unknown: Callable[[str, str], None] = lambda _verb, _path: None,
) -> Starlette:
    """
    Return the ASGI application of some services.

    The ``Host`` of a request selects the service, and on other hosts, such as a loopback address, its path. The
    response to an unknown path (501, since the real service may have it) or method (405) has the error format of the
    service.

    Args:
        services: The services; the first one responds to paths that fit no service.
        extra_routes: Routes beside those of the services, on all hosts.
        on_unknown: Called with method and path of each such request.
    """
    known = list(services)
    of_hosts: list[BaseRoute] = []
    of_paths: list[BaseRoute] = []
    for service in known:
        routes = service_routes(service)
        router = Router(routes, redirect_slashes=False)
        of_hosts += [Host(host, router) for host in service.hosts]
        if service.needs_host:
            of_hosts.append(_OwnHosts(service, router))
        else:
            of_paths += routes

    async def unknown(raw: StarletteRequest, error: Exception) -> Response:
        path = raw.url.path
        on_unknown(raw.method, path)
        if not known:
            return Response(status_code=404)
        service = _service_of(raw, known)
        if isinstance(error, HTTPException) and error.status_code == 405:
            allowed = ", ".join(sorted((error.headers or {})["Allow"].split(", ")))
            kind, message = ErrorKind.METHOD_NOT_ALLOWED, f"The resource '{path}' has no method {raw.method}"
            refusal = service.errors.of_kind(kind, message, headers={"Allow": allowed})
        else:
            message = f"The emulator does not implement {raw.method} {path} of {service.title}"
            if service.needs_host and not service.serves_host(host := raw.url.hostname or ""):
                message = f"The emulator has no {service.title} at the host {host!r}"
            refusal = service.errors.of_kind(ErrorKind.NOT_IMPLEMENTED, message)
        return service.error_response(refusal, _request(service, raw))

    async def broken(raw: StarletteRequest, error: Exception) -> Response:
        service = _service_of(raw, known)
        refusal = service.errors.of_kind(ErrorKind.INTERNAL, f"The emulator failed: {type(error).__name__}")
        return service.error_response(refusal, _request(service, raw))

    app = Starlette(
        routes=[*extra_routes, *of_hosts, *of_paths], exception_handlers={404: unknown, 405: unknown, 500: broken}
    )
    app.router.redirect_slashes = False
    return app


def _service_of(raw: StarletteRequest, services: Sequence[Service[Any]]) -> Service[Any]:
    """Return the service in whose format to refuse a request: by its host, else by the longest prefix of its path."""
    host, path = raw.url.hostname, raw.url.path
    for service in services:
        if host is not None and service.serves_host(host):
            return service
    prefixes = [(prefix, service) for service in services for prefix in service.tables()]
    fitting = [(len(prefix), service) for prefix, service in prefixes if prefix and path.startswith(f"{prefix}/")]
    return max(fitting, key=lambda each: each[0], default=(0, services[0]))[1]
