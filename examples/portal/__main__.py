"""
``python -m examples.portal``: the portal, with an emulated Globus or the real one.

For the real Globus, register a confidential client (a "portal") at https://app.globus.org/settings/developers, with the
redirect URI that is printed, set GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET, and restart.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack

import uvicorn

from globus_async.fastapi import GlobusBackend, GlobusLogin

from .app import make_app
from .emulated import emulated


async def serve(port: int, public_url: str, client_id: str | None, speed: float) -> None:
    """Serve the portal until it is interrupted."""
    async with AsyncExitStack() as stack:
        if client_id is None:
            services = await stack.enter_async_context(emulated(public_url, megabytes_per_second=speed))
            globus = GlobusBackend(
                services.client_id,
                services.client_secret,
                service_urls={"auth": services.url, "transfer": services.url},
            )
            backend = f"with an emulated Globus, whose status page is at {services.url}/"
        else:
            # a secret in the arguments could be read by every user of this machine
            globus = GlobusBackend(client_id, os.environ["GLOBUS_CLIENT_SECRET"], app_name="Meridian")
            backend = "with Globus"
        login = GlobusLogin(globus, public_url=public_url, after_login="/collections")
        sys.stdout.write(f"The portal is at {public_url}/ {backend}\nRedirect URI: {login.redirect_uri}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            make_app(globus, login), port=port, log_level="warning", timeout_graceful_shutdown=2, proxy_headers=False
        )
        await uvicorn.Server(config).serve()


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(prog="python -m examples.portal", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--public-url", help="the URL for browsers, also below a path of a proxy; by default localhost")
    parser.add_argument("--client-id", default=os.environ.get("GLOBUS_CLIENT_ID"), help="use the real Globus")
    parser.add_argument("--speed", type=float, default=0.5, help="emulated speed of a file, in megabytes per second")
    options = parser.parse_args()
    public_url = (options.public_url or f"http://localhost:{options.port}").rstrip("/")
    asyncio.run(serve(options.port, public_url, options.client_id, options.speed))


if __name__ == "__main__":
    main()
