"""The responses of this package's dependencies in the OpenAPI document of an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .bearer import BearerToken
from .cookie import SessionCookie

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ("document_responses",)

_BAD_REQUEST: Final = "GlobusBadRequest"
_UNAUTHENTICATED: Final = "GlobusUnauthenticated"
_NO_SESSION: Final = "GlobusNoSession"
_FORBIDDEN: Final = "GlobusForbidden"
_UNAVAILABLE: Final = "GlobusUnavailable"
_RESPONSES: Final = {
    BearerToken.scheme_name: {"400": _BAD_REQUEST, "401": _UNAUTHENTICATED, "403": _FORBIDDEN, "503": _UNAVAILABLE},
    SessionCookie.scheme_name: {"401": _NO_SESSION, "403": _FORBIDDEN, "503": _UNAVAILABLE},
}
"""The names of the responses, by the name of the security scheme and the status."""


def document_responses(app: FastAPI) -> None:
    """
    Add the responses of this package's dependencies to the OpenAPI document of an application.

    Those that a route documents itself remain. If a route requires a token as well as a session, the document says so.
    """
    make = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = make()
        if is_new:
            _complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # as the documentation of FastAPI advises


def _complete(document: dict[str, Any]) -> None:
    used = False
    for operation in _operations(document):
        security: list[dict[str, list[str]]] = operation.get("security", [])
        own = [requirement for requirement in security if requirement.keys() <= _RESPONSES.keys()]
        if len(own) > 1:  # requirements of a list are alternatives
            others = [requirement for requirement in security if requirement not in own]
            operation["security"] = [*others, {name: scopes for each in own for name, scopes in each.items()}]
        for name in (name for requirement in own for name in requirement):
            used = True
            for status, response in _RESPONSES[name].items():
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{response}"})
    if used:
        # there are none yet if all routes name their security themselves, in openapi_extra
        document.setdefault("components", {}).setdefault("responses", {}).update(_components())


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document.get("paths", {}).values():
        for operation in item.values():
            if isinstance(operation, dict) and "responses" in operation:
                yield operation


def _components() -> dict[str, Any]:
    challenge, seconds = {"WWW-Authenticate": _header("string")}, {"Retry-After": _header("integer")}
    return {
        _BAD_REQUEST: _response("The Authorization header is malformed.", challenge),
        _UNAUTHENTICATED: _response("There is no access token, or it is not valid for this application.", challenge),
        _NO_SESSION: _response("There is no session. A request for HTML is redirected to the login.", challenge),
        _FORBIDDEN: _response(
            "The token lacks a scope, the request was made by a page of another site, or Globus denied permission."
            " If another login can help, the body is its document (Globus Auth Requirements Error).",
            {},
        ),
        _UNAVAILABLE: _response("Globus or a store of this application is unavailable. Try again later.", seconds),
    }


def _response(description: str, headers: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _header(kind: str) -> dict[str, Any]:
    return {"schema": {"type": kind}}
