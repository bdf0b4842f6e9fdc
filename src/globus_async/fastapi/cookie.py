"""Authentication of requests by the session cookie, as a security scheme in the OpenAPI document."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase

from .sessions import Session

__all__ = ("SessionCookie",)


class SessionCookie(SecurityBase):
    """A dependency that provides the `Session` of a request. Without one, browsers are redirected to the login."""

    def __init__(self, name: str, find: Callable[[Request], Awaitable[Session]]) -> None:
        self._name = name
        self._find = find
        self.scheme_name = "Session"
        self.model = APIKey.model_validate({"in": APIKeyIn.cookie, "name": name})

    def __repr__(self) -> str:
        return f"<SessionCookie {self._name}>"

    async def __call__(self, request: Request) -> Session:
        """Return the session of a request."""
        return await self._find(request)
