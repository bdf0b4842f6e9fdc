"""
``python -m examples.portal``: the portal, with an emulated Globus or the real one.

For the real Globus, register a confidential client (a "portal") at https://app.globus.org/settings/developers, with the
redirect URI that is printed, set GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET, and restart.

Several workers share their sessions: --workers 4. By default they do so in a temporary SQLite file, which ends with the
portal; for one that stays, set PORTAL_STORE (a path, redis://... or postgresql://...) and PORTAL_KEY, a random text.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import uvicorn

from globus_async import Secret

from .emulated import emulated
from .settings import Settings

GRACE_SECONDS = 5
"""For open responses, when the portal is stopped."""


async def serve(settings: Settings, *, port: int, workers: int, speed: float) -> None:
    """Serve the portal until it is interrupted."""
    async with AsyncExitStack() as stack:
        backend = "with Globus"
        if not settings.client_id:
            services = await stack.enter_async_context(emulated(settings.public_url, megabytes_per_second=speed))
            settings = replace(
                settings,
                client_id=services.client_id,
                client_secret=Secret(services.client_secret),
                services_url=services.url,
            )
            backend = f"with an emulated Globus, whose status page is at {services.url}/"
        if workers > 1 and not settings.store:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            settings = replace(settings, store=Secret(str(Path(folder, "sessions.db"))))
        sys.stdout.write(
            f"The portal is at {settings.public_url}/ {backend}\nRedirect URI: {settings.public_url}/callback\n"
        )
        sys.stdout.flush()
        if workers > 1:
            await serve_workers(settings, port=port, workers=workers)
        else:
            config = uvicorn.Config(
                settings.make_app(),
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=GRACE_SECONDS,
                proxy_headers=False,
            )
            await uvicorn.Server(config).serve()


async def serve_workers(settings: Settings, *, port: int, workers: int) -> None:
    """Run several workers, which uvicorn supervises in a process of its own."""
    arguments = ["examples.portal.settings:create_app", "--factory", "--workers", str(workers), "--port", str(port)]
    arguments += ["--log-level", "warning", "--no-proxy-headers", "--timeout-graceful-shutdown", str(GRACE_SECONDS)]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", *arguments, env={**os.environ, **settings.to_environment()}
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, server)
    try:
        await server.wait()
    finally:
        stop(server)
        await server.wait()


def stop(server: asyncio.subprocess.Process) -> None:
    """Ask a server to stop, unless it has stopped already."""
    with suppress(ProcessLookupError):
        server.terminate()


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.portal", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--public-url", help="the URL for browsers, also below a path of a proxy; by default localhost")
    parser.add_argument("--workers", type=int, default=1, help="the number of processes")
    parser.add_argument("--store", default=os.environ.get("PORTAL_STORE", ""), help="where sessions are stored")
    parser.add_argument("--client-id", default=os.environ.get("GLOBUS_CLIENT_ID", ""), help="use the real Globus")
    parser.add_argument("--speed", type=float, default=0.5, help="emulated speed of a file, in megabytes per second")
    options = parser.parse_args()
    if options.client_id and not os.environ.get("GLOBUS_CLIENT_SECRET"):
        parser.error("set GLOBUS_CLIENT_SECRET, too: the secret of the client")
    settings = Settings(
        public_url=(options.public_url or f"http://localhost:{options.port}").rstrip("/"),
        client_id=options.client_id,
        # secrets in the arguments could be read by every user of this machine
        client_secret=Secret(os.environ["GLOBUS_CLIENT_SECRET"] if options.client_id else ""),
        services_url="",
        store=Secret(options.store),
        key=Secret(os.environ.get("PORTAL_KEY") or secrets.token_urlsafe(32)),
    )
    asyncio.run(serve(settings, port=options.port, workers=options.workers, speed=options.speed))


if __name__ == "__main__":
    main()
