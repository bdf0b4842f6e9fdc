"""Bodies of error responses: every combination of the members that services send, and their damaged forms."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

__all__ = ("ErrorBody", "error_bodies")

_JSON: Final = "application/json"
_TYPES: Final = (
    _JSON,
    "application/json; charset=utf-8",
    "application/vnd.api+json",
    "application/problem+json",
    "text/html; charset=utf-8",
    "text/plain",
    None,
)

_ENTRY: Final[dict[str, Any]] = {
    "id": "e1",
    "code": "NOT_FOUND",
    "status": "404",
    "title": "Not found",
    "detail": "No.",
}
_LISTS: Final[tuple[object, ...]] = (
    [],
    [_ENTRY],
    [{"code": "A", "detail": "one"}, {"code": "A", "title": "two"}],
    [{"code": "A", "detail": "one"}, {"code": "B", "message": "two"}],
    [{"id": "e1"}, {"id": "e2"}],
    [{"id": "e1"}, {"id": "e1", "detail": ""}],
    [{"id": 5, "code": 7, "message": None, "detail": ["x"], "title": "t"}],
    [{}],
    [_ENTRY, "text"],
    ["text"],
    [None],
    {"code": "A"},
    "text",
    None,
)
_CODES: Final[tuple[object, ...]] = ("EndpointNotFound", "", 404, None)
_MESSAGES: Final[tuple[object, ...]] = ("No such endpoint", "", ["x"], None)
_REQUEST_IDS: Final[tuple[object, ...]] = ("Ab1", 7, None)
_PARAMETERS: Final[tuple[object, ...]] = (
    {"session_message": "Log in", "session_required_identities": ["a", "b"]},
    {"session_required_policies": "p1,p2", "session_required_mfa": True},
    {"session_required_policies": ["p1"], "session_required_single_domain": ["a.org"], "more": 1},
    {"session_required_single_domain": "a.org", "session_required_mfa": "true"},
    {"session_message": 5, "session_required_identities": "a"},
    {"session_message": 5, "session_required_identities": ["a"], "session_required_mfa": "no"},
    {"required_scopes": ["x"], "prompt": "login"},
    {},
    "text",
    None,
)
_ABSENT: Final = object()


@dataclass(frozen=True)
class ErrorBody:
    """The body of an error response, and the headers that matter."""

    content: bytes
    content_type: str | None = _JSON
    status: int = 404
    reason: str = "Not Found"
    request_id: str | None = None
    """The ``X-Request-Id`` header."""

    def __str__(self) -> str:
        return ascii(f"{self.status} {self.content_type} {self.content[:60].decode('latin-1')}")[1:-1]

    @property
    def document(self) -> Any:
        """The decoded body, ``None`` if it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


def _documents() -> Iterator[object]:
    """Yield documents of every known form, and wrong ones."""
    for code, message, request_id in itertools.product(
        (*_CODES, _ABSENT), (*_MESSAGES, _ABSENT), (*_REQUEST_IDS, _ABSENT)
    ):
        yield _without_absent(code=code, message=message, request_id=request_id)
    for entries in _LISTS:
        yield {"errors": entries}
        yield {"errors": entries, "code": "Outer", "message": "outer", "request_id": "Ab1"}
        yield {"errors": entries, "code": "Outer", "message": "outer", "request_id": 5}
        yield {"errors": entries, "detail": "outer", "meta": {"request_id": "m1"}}
        yield {"errors": entries, "error": "invalid_grant", "error_description": "expired"}
    for name in ("detail", "title", "description", "error_description", "error", "id"):
        yield {name: "some text"}
        yield {name: {"code": "Inner", "detail": "inner"}, "code": "Outer"}
        yield {name: None, "message": "m"}
    for parameters in _PARAMETERS:
        yield {"code": "AuthorizationRequired", "message": "m", "authorization_parameters": parameters}
        yield {"authorization_parameters": parameters}
        yield {"errors": [{"code": "X", "authorization_parameters": parameters}]}
    for scopes in (["a", "b"], "a", [], [5], None):
        yield {"code": "ConsentRequired", "message": "m", "required_scopes": scopes}
        yield {"code": "ConsentRequired", "required_scope": scopes, "description": "d"}
        yield {"code": "Other", "required_scopes": scopes}
    problem = {"loc": ["body", 0], "msg": "Field required", "type": "missing"}
    yield {"detail": [problem]}
    yield {"code": "Outer", "message": "outer", "detail": [problem], "debug_id": "d1"}
    yield {"error": {"code": "Inner", "message": "inner", "detail": [problem]}, "debug_id": "d1"}
    yield {"code": "Outer", "message": "outer", "error_data": {"messages": {"json": ["inner"]}, "cause": "cause"}}
    yield from ([], [{"code": "X"}], "text", 17, True, None, 1.5)


def _without_absent(**members: object) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not _ABSENT}


_DAMAGED: Final = (
    b"",
    b" ",
    b'{"code": "X", "mess',
    b'{"code": "\xff"}',
    b'{"code": "X", "number": NaN}',
    b'{"code": "X", "code": "Y", "message": "m"}',
    b"\xef\xbb\xbf{}",
    b"<html><body>Bad Gateway</body></html>",
    "<p>süß 日本語</p>".encode(),
    b"upstream connect error",
    bytes(range(256)),
    b"[" * 2000,
)


def error_bodies() -> list[ErrorBody]:
    """Return all bodies."""
    bodies = [ErrorBody(json.dumps(document).encode()) for document in _documents()]
    typical: list[object] = [
        {"code": "EndpointNotFound", "message": "No such endpoint", "request_id": "Ab1"},
        {"errors": [_ENTRY]},
        {"errors": [{"code": "A", "message": "m", "title": "t"}], "code": "Outer", "message": "outer"},
        {"error": "invalid_grant"},
        {"code": "AuthorizationRequired", "authorization_parameters": _PARAMETERS[0]},
    ]
    for content_type in _TYPES:
        bodies += [ErrorBody(json.dumps(document).encode(), content_type) for document in typical]
        bodies += [ErrorBody(json.dumps({"errors": entries}).encode(), content_type) for entries in _LISTS]
        bodies += [ErrorBody(content, content_type, 502, "Bad Gateway") for content in _DAMAGED]
    for status, reason in ((401, "Unauthorized"), (403, "Forbidden"), (409, ""), (429, "Too Many"), (503, "Busy")):
        bodies += [ErrorBody(json.dumps(document).encode(), _JSON, status, reason, "h1") for document in typical]
    return bodies
