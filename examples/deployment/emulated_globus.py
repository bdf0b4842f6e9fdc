"""An emulated Globus for trying the application: prints its settings, and a bearer token."""

import asyncio
import secrets

from globus_async.testing import GlobusEmulator

URL = "http://127.0.0.1:8000"


async def main() -> None:
    """Serve until interrupted."""
    async with GlobusEmulator() as globus, globus.serve() as server:
        ada = globus.add_identity("ada@example.org", name="Ada Lovelace")
        secret = secrets.token_urlsafe(32)
        portal = globus.add_client("Portal", secret=secret, redirect_uris=[f"{URL}/callback"])
        scope = globus.auth.add_scope(portal, "all").scope_string
        settings = {
            **server.environ,
            "GLOBUS_CLIENT_ID": portal.id,
            "GLOBUS_CLIENT_SECRET": secret,
            "PORTAL_API_SCOPE": scope,
            "PORTAL_URL": URL,
            "PORTAL_KEYS": secrets.token_urlsafe(32),
            "PORTAL_STATE": "sessions.db",
            "TOKEN": globus.access_token(ada, scopes=[scope]),
        }
        for name, value in settings.items():
            print(f"export {name}={value}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
