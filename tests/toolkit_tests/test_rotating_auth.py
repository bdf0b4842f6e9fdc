"""The token server rotates, revokes on replay, and counts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.toolkit.rotating_auth import RotatingAuth


async def exchanged(auth: RotatingAuth, request: str, body: str = "") -> tuple[int, dict[str, Any]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", auth.server.port)
    try:
        writer.write(
            f"{request} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{{}}\r\n\r\n".format("X: y").encode() + body.encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(head.split()[1]), json.loads(await reader.readexactly(length))
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def refreshed(auth: RotatingAuth, token: str) -> tuple[int, dict[str, Any]]:
    return await exchanged(auth, "POST /v2/oauth2/token", f"grant_type=refresh_token&refresh_token={token}")


async def test_a_replay_revokes_the_family() -> None:
    """Each refresh token works once; using it again ends the login."""
    async with RotatingAuth() as auth:
        _, first = auth.login()
        status, document = await refreshed(auth, first)
        assert (status, document["expires_in"]) == (200, 3600)
        assert document["refresh_token"] == auth.refresh_token() != first
        assert not auth.is_revoked()
        assert (await refreshed(auth, first))[0] == 400
        assert auth.is_revoked()
        assert await refreshed(auth, document["refresh_token"]) == (400, {"error": "invalid_grant"})
        assert (auth.token_requests, auth.replays) == (3, 1)


async def test_grace_allows_a_replay() -> None:
    """With a grace of one, the last token works once more, and not twice."""
    async with RotatingAuth(grace=1) as auth:
        _, first = auth.login()
        for expected in (200, 200, 400):
            assert (await refreshed(auth, first))[0] == expected
        assert auth.is_revoked()


async def test_the_reply_is_dropped_at_any_byte() -> None:
    """The server has rotated, and the client receives only a part of the response."""
    async with RotatingAuth(cut_at=5) as auth:
        _, first = auth.login()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await refreshed(auth, first)
        assert auth.refresh_token() != first
        assert (await refreshed(auth, auth.refresh_token()))[0] == 200


async def test_guards_a_resource() -> None:
    """Live access tokens open it, revoked and unknown ones do not."""
    async with RotatingAuth(rotates=False, lifetime=None) as auth:
        access, refresh = auth.login()
        _, granted = await exchanged(auth, "POST /v2/oauth2/token", "grant_type=client_credentials")
        assert "expires_in" not in granted
        assert "refresh_token" not in (await refreshed(auth, refresh))[1]
        for token in (access, granted["access_token"]):
            assert (await exchanged(auth, f"GET /x HTTP/1.1\r\nAuthorization: Bearer {token}\r\nIgnored: "))[0] == 200
        auth.revoke_access_tokens()
        assert (await exchanged(auth, f"GET /x HTTP/1.1\r\nAuthorization: Bearer {access}\r\nIgnored: "))[0] == 401
        assert auth.resource_requests == 3
