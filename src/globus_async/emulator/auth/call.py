"""One request, as plain values, and the answers that are not JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..._http.json_reader import is_object
from .errors import ApiError, OAuthError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...secret import Secret


__all__ = ("Call", "Page", "SeeOther")


@dataclass(frozen=True, slots=True)
class Call:
    """What a client sent."""

    origin: str
    """Scheme and host under which the client sees the service."""
    path: Mapping[str, str]
    query: list[tuple[str, str]]
    authorization: str | None = field(repr=False)
    body: bytes = field(repr=False)
    browser: Secret | None = None
    """The cookie."""

    def parameter(self, name: str) -> str | None:
        """Return a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def form(self) -> dict[str, str]:
        """
        Return the form that was posted; each field may be given once (RFC 6749 3.2).

        Raises:
            OAuthError: 400 ``invalid_request``.
        """
        try:
            pairs = parse_qsl(self.body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise OAuthError("invalid_request", why="the body is no form", description="The body is no form") from None
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise OAuthError("invalid_request", why="a field given twice", description="A field was given twice")
        return fields

    def member(self, name: str) -> dict[str, object]:
        """
        Return the document that was posted under its name.

        Raises:
            ApiError: 400 or 422.
        """
        try:
            document: object = json.loads(self.body)
        except (ValueError, RecursionError):
            raise ApiError(400, "BAD_REQUEST", "Bad Request", "The body is not JSON") from None
        member: object = document.get(name) if is_object(document) else None
        if not is_object(member):
            raise ApiError.unprocessable(f"The body must be an object with a member {name!r}, an object")
        return member


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page."""

    html: str = field(repr=False)
    status: int = 200
    browser: Secret | None = None
    """A cookie to set."""
    nonce: str = ""
    """Allows the page's own script."""


@dataclass(frozen=True, slots=True)
class SeeOther:
    """A redirect."""

    url: str = field(repr=False)
    browser: Secret | None = None
