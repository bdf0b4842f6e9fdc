"""Authentication of requests by the session cookie, as a security scheme in the OpenAPI document."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

from collections.abc import Awaitable, Callable

from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase

from .sessions import Session

__all__ = ("SessionCookie",)


class SessionCookie(SecurityBase):
    """
    A dependency that provides the `Session` of a request, or of the handshake of a WebSocket.

    Without a session, a request for HTML is redirected to the login, and any other is refused with 401. The handshake
    of a WebSocket is refused with 403 if it comes from a page of another site.
    """

    scheme_name = "Session"

    def __init__(self, name: str, find: Callable[[HTTPConnection], Awaitable[Session]]) -> None:
        self._name = name
        self._find = find
        self.model: SecurityModel = APIKey.model_validate({"in": APIKeyIn.cookie, "name": name})

    def __repr__(self) -> str:
        return f"<SessionCookie {self._name}>"

    async def __call__(self, connection: HTTPConnection) -> Session:
        """Return the session of a request or handshake."""
        return await self._find(connection)
