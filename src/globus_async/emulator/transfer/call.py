"""One request as a route sees it, and the way from a table of routes to Starlette."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..kit.authentication import AuthenticationFailure
from .errors import ServiceError
from .state import TransferState, request_id

if TYPE_CHECKING:
    from starlette.requests import Request

    from .models import Collection, Document
    from .permissions import Caller
    from .work.task_runner import TaskRunner

__all__ = (
    "TRANSFER_SCOPE",
    "Call",
    "Gate",
    "Handler",
    "RouteTable",
    "answer",
    "bool_member",
    "error_response",
    "raw_answer",
    "required_text",
    "result",
    "starlette_routes",
    "text_member",
)

TRANSFER_SCOPE: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"
_HEADERS: Final = {
    "x-transfer-api-version": "0.10",
    "x-transfer-api-koa-version": "5.8",
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "0",
    "access-control-allow-origin": "*",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known."""

    state: TransferState
    task_runner: TaskRunner
    caller: Caller
    request: Request
    body: bytes
    request_id: str

    @property
    def resource(self) -> str:
        """The path that was called."""
        return self.request.url.path

    def id(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def collection(self, name: str = "endpoint_id") -> Collection:
        """Return the collection that the path names."""
        return self.state.collection(self.id(name))

    def query(self, name: str, default: str | None = None) -> str | None:
        """Return a query parameter; the empty text counts as absent."""
        return self.request.query_params.get(name) or default

    def number(self, name: str, default: int, *, least: int = 0, most: int) -> int:
        """Return a number from the query; one above the limit is cut to it."""
        text = self.query(name)
        if text is None:
            return min(default, most)
        try:
            value = int(text)
        except ValueError:
            raise ServiceError(
                400, "BadRequest", f"Invalid value for parameter '{name}': '{text}' is not a number"
            ) from None
        if value < least:
            raise ServiceError(400, "BadRequest", f"Invalid value for parameter '{name}': {value} is less than {least}")
        return min(value, most)

    def document(self) -> Document:
        """
        Read the body.

        Raises:
            ServiceError: It is no JSON object.
        """
        try:
            value: object = json.loads(self.body)
        except UnicodeDecodeError:
            raise ServiceError(400, "BadRequest", "Could not parse JSON: the body is not UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise ServiceError(400, "BadRequest", f"Could not parse JSON: {error}") from None
        if not isinstance(value, dict):
            raise ServiceError(400, "BadRequest", "The request body must be a JSON object")
        return cast("Document", value)


Handler: TypeAlias = Callable[[Call], Awaitable["Document | Response"]]
RouteTable: TypeAlias = Iterable[tuple[str, str, Handler]]


def text_member(document: Document, name: str, *, required: bool = False) -> str | None:
    """
    Return a text from a document.

    Raises:
        ServiceError: It is something else, or missing.
    """
    value = document.get(name)
    if value is None:
        if required:
            raise ServiceError(400, "BadRequest", f"Missing required field '{name}'")
        return None
    if not isinstance(value, str):
        raise ServiceError(400, "BadRequest", f"Invalid value for field '{name}': a string is required")
    return value


def required_text(document: Document, name: str) -> str:
    """Return a text that must be there."""
    return text_member(document, name, required=True) or ""


def bool_member(document: Document, name: str, *, default: bool = False) -> bool:
    """
    Return a boolean from a document.

    Raises:
        ServiceError: It is something else.
    """
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ServiceError(400, "BadRequest", f"Invalid value for field '{name}': a boolean is required")
    return value


def result(call: Call, code: str, message: str, *, data_type: str = "result", **members: object) -> Document:
    """Make the document that most writes answer with."""
    return {
        "DATA_TYPE": data_type,
        "code": code,
        "message": message,
        "request_id": call.request_id,
        "resource": call.resource,
        **members,
    }


def answer(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON answer."""
    return raw_answer(json.dumps(document).encode(), status=status, headers=headers)


def raw_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make an answer of JSON that is written already."""
    return Response(body, status, {**_HEADERS, **(headers or {})}, media_type="application/json")


def error_response(error: ServiceError, *, resource: str, id: str) -> Response:
    """Make the answer that carries an error: as a document in v0.10, in the form of JSON:API in v2."""
    if resource.startswith("/v2/"):
        entry = {"status": str(error.status), "code": error.code, "title": error.code, "detail": error.message}
        document: Document = {"errors": [entry], "meta": {"request_id": id}}
        document |= error.members
    else:
        document = {
            "code": error.code,
            "message": error.message,
            "request_id": id,
            "resource": resource,
            **error.members,
        }
    return answer(document, status=error.status, headers={"x-transfer-api-error": error.code, **error.headers})


class Gate:
    """Lets callers in: knows them by their token, and holds back those who call too often."""

    def __init__(
        self,
        state: TransferState,
        authenticate: Callable[[str | None], Caller],
        *,
        rate_limit: float | None = None,
        missing_status: int = 401,
    ) -> None:
        """
        Guard the routes.

        Args:
            state: Whose clock is used, and who remembers the names of callers.
            authenticate: Turns an ``Authorization`` header into a caller.
            rate_limit: Requests per second that one identity may make, metered over 10 seconds; no limit by default.
            missing_status: The status without an ``Authorization`` header; the service has been seen with 400 and 401.
        """
        self._state = state
        self._authenticate = authenticate
        self._rate_limit = rate_limit
        self._missing_status = missing_status
        self._recent: dict[str, deque[float]] = {}

    def admit(self, header: str | None) -> Caller:
        """
        Return who calls.

        Raises:
            ServiceError: No valid token, a token for something else, or too many calls.
        """
        try:
            caller = self._authenticate(header)
        except AuthenticationFailure as failure:
            if failure.kind == "missing":
                code = "ClientError.AuthenticationFailed"
                raise ServiceError(self._missing_status, code, "No credentials supplied") from None
            raise ServiceError(401, "AuthenticationFailed", "Token is not active") from None
        if not any(scope.partition("[")[0] == TRANSFER_SCOPE for scope in caller.scopes):
            raise ServiceError(403, "PermissionDenied", f"The token does not have the scope '{TRANSFER_SCOPE}'")
        self._state.usernames[caller.identity_id] = caller.username
        self._meter(caller.identity_id)
        return caller

    def _meter(self, identity_id: str) -> None:
        if self._rate_limit is None:
            return
        window = 10.0
        now = self._state.clock.monotonic()
        recent = self._recent.setdefault(identity_id, deque())
        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= self._rate_limit * window:
            wait = max(1, math.ceil(recent[0] + window - now))
            raise ServiceError(
                429,
                "ClientError.TooManyRequests",
                f"Too many requests: more than {self._rate_limit:g} per second",
                headers={"retry-after": str(wait)},
            )
        recent.append(now)


def starlette_routes(
    prefix: str, table: RouteTable, state: TransferState, task_runner: TaskRunner, gate: Gate
) -> list[BaseRoute]:
    """Bind routes to the state they serve; those of one path become one, so that other methods get a 405."""
    by_path: dict[str, dict[str, Handler]] = {}
    for method, path, handler in table:
        by_path.setdefault(prefix + path, {})[method] = handler
    return [
        Route(path, _endpoint(handlers, state, task_runner, gate), methods=list(handlers))
        for path, handlers in by_path.items()
    ]


def _endpoint(
    handlers: Mapping[str, Handler], state: TransferState, task_runner: TaskRunner, gate: Gate
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        name = request_id()
        try:
            caller = gate.admit(request.headers.get("authorization"))
            body = await request.body()
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            made = await handler(Call(state, task_runner, caller, request, body, name))
        except ServiceError as error:
            return error_response(error, resource=request.url.path, id=name)
        return made if isinstance(made, Response) else answer(_selected(made, request))

    return serve


def _selected(document: Document, request: Request) -> Document:
    """Leave only the members that ``fields`` asks for, in a list in each of its documents."""
    fields = request.query_params.get("fields")
    if not fields or request.method != "GET":
        return document
    wanted = {name.strip() for name in fields.split(",")}
    if isinstance(document.get("DATA"), list) and str(document.get("DATA_TYPE", "")).endswith(("_list", "s")):
        entries = cast("list[dict[str, Any]]", document["DATA"])
        return {**document, "DATA": [_only(entry, wanted) for entry in entries]}
    return _only(document, wanted)


def _only(document: Document, wanted: set[str]) -> Document:
    return {key: value for key, value in document.items() if key in wanted or key == "DATA_TYPE"}
