"""Minimal clients of a token server for the refreshing authorizers: one in memory, one over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from globus_async import BaseClient, Transport
from globus_async.response import GlobusHTTPResponse
from globus_async.secret import Secret

__all__ = ("FakeAuth", "FakeResponse", "SocketAuth")


class FakeResponse:
    """A token response: its document."""

    def __init__(self, data: Any) -> None:
        self.data = data


class FakeAuth:
    """
    Issues ``at-1``, ``at-2`` ... and rotates refresh tokens, in memory.

    Attributes:
        lifetime: ``expires_in`` of every response; ``None`` leaves it out.
        script: Called with the number of the request; a document or an exception it returns replaces the response.
        seconds: The duration of a request, by the transport's clock.
        passes: The minimum number of passes of the loop that a request takes.
        responses: The number of requests whose caller has received a response.
    """

    def __init__(
        self, transport: Transport, *, lifetime: object = 172_800, seconds: float = 0, passes: int = 1
    ) -> None:
        self.transport = transport
        self.lifetime = lifetime
        self.seconds = seconds
        self.passes = passes
        self.script: Callable[[int], object] = lambda _: None
        self.requests = 0
        self.responses = 0
        self.sent: list[str] = []
        """The refresh tokens or scopes received, in order."""

    async def oauth2_refresh_token(self, refresh_token: Secret, /) -> FakeResponse:
        """Return a new access token and a new refresh token."""
        return await self._respond(refresh_token.reveal(), {"refresh_token": f"rt-{self.requests + 1}"})

    async def oauth2_client_credentials_tokens(self, requested_scopes: str, /) -> FakeResponse:
        """Return a new access token."""
        return await self._respond(requested_scopes, {})

    async def _respond(self, sent: str, more: dict[str, object]) -> FakeResponse:
        self.requests += 1
        self.sent.append(sent)
        number = self.requests
        for _ in range(self.passes):
            await asyncio.sleep(0)
        if self.seconds:
            await self.transport.clock.sleep(self.seconds)
        scripted = self.script(number)
        if isinstance(scripted, BaseException):
            raise scripted
        self.responses += 1
        if scripted is not None:
            return FakeResponse(scripted)
        document: dict[str, object] = {
            "access_token": f"at-{number}",
            "token_type": "Bearer",
            "resource_server": "transfer.api.globus.org",
            "other_tokens": [],
        } | more
        if self.lifetime is not None:
            document["expires_in"] = self.lifetime
        return FakeResponse(document)


class SocketAuth(BaseClient):
    """Sends real token requests, for `tests.toolkit.rotating_auth`."""

    async def oauth2_refresh_token(self, refresh_token: Secret, /) -> GlobusHTTPResponse[dict[str, Any]]:
        """Refresh a token."""
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def oauth2_client_credentials_tokens(self, requested_scopes: str, /) -> GlobusHTTPResponse[dict[str, Any]]:
        """Request a token for the client itself."""
        return await self._token({"grant_type": "client_credentials", "scope": requested_scopes})

    async def _token(self, form: dict[str, object]) -> GlobusHTTPResponse[dict[str, Any]]:
        return await self.call(
            "POST", "/v2/oauth2/token", dict[str, Any], form=form, bypass_limits=True, authorizer=None
        )
