"""
A token server whose refresh tokens work once: a replay revokes the whole family (RFC 9700 section 4.14).

It also guards a resource: any other path responds with 200 to a valid access token and with 401 to every other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs

from .raw_server import RawServer, Received, Rst, Script, Send, Sleep, reply

__all__ = ("RotatingAuth",)


@dataclass
class _Family:
    generation: int = 0
    revoked: bool = False
    graced: int = 0


@dataclass(eq=False)
class RotatingAuth:
    """`async with` it; point an authorizer at `token_url` and a client at `url`."""

    lifetime: object = 3600
    """``expires_in`` of every response; ``None`` leaves it out."""
    grace: int = 0
    """The number of replays of the last refresh token that do not revoke the family."""
    rotates: bool = True
    """Whether a response has a new refresh token."""
    delay: float = 0
    """Seconds that a token request takes."""
    cut_at: int | None = None
    """Truncate the next token response after so many bytes; the server has rotated by then."""
    fails_with: bytes | None = None
    """Respond to every token request with these bytes."""
    resource_server: str = "transfer.api.globus.org"
    token_requests: int = 0
    replays: int = 0
    resource_requests: int = 0
    _families: dict[str, _Family] = field(default_factory=dict)
    _live: set[str] = field(default_factory=set)
    _issued: int = 0

    async def __aenter__(self) -> Self:
        self.server = RawServer(self._respond)
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.server.__aexit__(*raised)

    @property
    def url(self) -> str:
        """The base URL, with a trailing slash."""
        return self.server.url

    @property
    def token_url(self) -> str:
        """The address of the token endpoint."""
        return f"{self.url}v2/oauth2/token"

    def login(self, family: str = "user") -> tuple[str, str]:
        """Start a family; return its first access token and refresh token."""
        self._families[family] = _Family()
        return self._access_token(), self.refresh_token(family)

    def refresh_token(self, family: str = "user") -> str:
        """Return the one refresh token of a family that works now."""
        return f"rt-{family}-{self._families[family].generation}"

    def is_revoked(self, family: str = "user") -> bool:
        """Whether a family is revoked: its user must log in again."""
        return self._families[family].revoked

    def revoke_access_tokens(self) -> None:
        """Revoke all access tokens issued so far."""
        self._live.clear()

    def _access_token(self) -> str:
        self._issued += 1
        token = f"at-{self._issued}"
        self._live.add(token)
        return token

    def _respond(self, request: Received) -> Script:
        if request.target != "/v2/oauth2/token":
            return self._guarded(request)
        self.token_requests += 1
        response = self.fails_with or self._token_response(parse_qs(request.body.decode()))
        steps: Script = [Sleep(self.delay)] if self.delay else []
        if self.cut_at is not None:
            kept, self.cut_at = response[: self.cut_at], None
            return [*steps, Send(kept), Rst()]
        return [*steps, Send(response)]

    def _guarded(self, request: Received) -> Script:
        self.resource_requests += 1
        kind, _, token = (request.header("authorization") or "").partition(" ")
        if kind == "Bearer" and token in self._live:
            return [Send(reply(200, b'{"DATA_TYPE":"thing","DATA":[]}'))]
        document = {"code": "AuthenticationFailed", "message": "Token is not valid", "request_id": "abcdefghi"}
        return [Send(reply(401, json.dumps(document).encode(), headers=[("WWW-Authenticate", "Bearer")]))]

    def _token_response(self, form: dict[str, list[str]]) -> bytes:
        if form.get("grant_type") == ["client_credentials"]:
            return self._granted(None)
        given = form.get("refresh_token", [""])[0]
        _, _, rest = given.partition("rt-")
        name, _, generation = rest.rpartition("-")
        family = self._families.get(name)
        if family is None or family.revoked:
            return _refused()
        if given == self.refresh_token(name):
            if self.rotates:
                family.generation += 1
                family.graced = 0
            return self._granted(name)
        self.replays += 1
        if generation == str(family.generation - 1) and family.graced < self.grace:
            family.graced += 1
            return self._granted(name)
        family.revoked = True
        return _refused()

    def _granted(self, family: str | None) -> bytes:
        document: dict[str, object] = {
            "access_token": self._access_token(),
            "token_type": "Bearer",
            "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
            "resource_server": self.resource_server,
            "other_tokens": [],
        }
        if self.lifetime is not None:
            document["expires_in"] = self.lifetime
        if family is not None and self.rotates:
            document["refresh_token"] = self.refresh_token(family)
        return reply(200, json.dumps(document).encode())


def _refused() -> bytes:
    return reply(400, b'{"error":"invalid_grant"}')
