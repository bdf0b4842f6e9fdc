"""An emulated Globus in a process of its own: users log in on its pages, and its refresh tokens rotate."""

from __future__ import annotations

import asyncio
from typing import Any

from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator
from tests.deployment.commanded import obey

__all__ = ("PROGRAM", "username")

PROGRAM = "tests.deployment.emulated_globus"
GRACE = 120.0
"""
Seconds in which a replaced refresh token is accepted once more, with the same successor: a process that is killed
between the response and its storage loses the only copy of the new one.
"""
SECRET = "the-secret-of-the-portal-in-tests"


def username(number: int) -> str:
    """Return the name of a user."""
    return f"user-{number}@example.org"


async def main() -> None:
    """Serve until the input ends."""
    options = {"auto_consent": False, "rotation_grace": GRACE}
    async with GlobusEmulator(rotate_refresh_tokens=True, auth=options) as emulator, emulator.serve() as server:

        def register(redirect_uri: str, users: int) -> dict[str, Any]:
            """Register the portal and its users; return its settings, and a bearer token of each user."""
            portal = emulator.add_client("Portal", secret=SECRET, redirect_uris=[redirect_uri])
            api = emulator.auth.add_scope(portal, "all", dependencies=[str(TransferScopes.all)]).scope_string
            people = [
                emulator.directory.find(username(number)) or emulator.add_identity(username(number))
                for number in range(users)
            ]
            settings = {
                **server.environ,
                "GLOBUS_CLIENT_ID": portal.id,
                "GLOBUS_CLIENT_SECRET": SECRET,
                "PORTAL_API_SCOPE": api,
            }
            laptop = emulator.add_client("Laptop")
            tokens = [emulator.access_token(each, scopes=[api], client=laptop) for each in people]
            return {"settings": settings, "tokens": tokens, "identities": [each.id for each in people]}

        def set_lifetime(seconds: float) -> None:
            """Set the lifetime of the access tokens that are issued from now on."""
            emulator.auth.tokens.lifetime = seconds

        def counts() -> dict[str, int]:
            """Return how often tokens were requested, introspected, and used again after their replacement."""
            auth = emulator.auth
            return {**auth.token_requests, "introspections": auth.introspections, "replays": auth.replays}

        await obey({"register": register, "set_lifetime": set_lifetime, "counts": counts})


if __name__ == "__main__":
    asyncio.run(main())
