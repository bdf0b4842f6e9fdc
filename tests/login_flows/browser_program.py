"""A program with a login in the default browser, for which tests set a program of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from globus_async.login_flows import LocalServerLoginError, LocalServerLoginFlowManager
from tests.login_flows.world import OPENID, Globus, is_open, open_globus, query_of, send

URL = Path(os.environ["BROWSED"])


class Manager(LocalServerLoginFlowManager):
    """Notes the port."""

    port = 0

    def print_authorize_url(self, authorize_url: str) -> None:
        """Print the URL."""
        self.port = urlsplit(query_of(authorize_url)["redirect_uri"]).port or 0
        super().print_authorize_url(authorize_url)


async def follow(globus: Globus) -> None:
    """Log in at the URL that the browser was given."""
    while not URL.exists():  # noqa: ASYNC110, ASYNC240 -- another program writes it
        await asyncio.sleep(0.01)
    redirect = urlsplit(globus.redirect(URL.read_text()).url)  # noqa: ASYNC240
    await send(redirect.port or 0, f"GET /?{redirect.query} HTTP/1.1\r\nHost: {redirect.netloc}\r\n\r\n".encode())


async def main() -> None:
    """Log in."""
    async with open_globus() as globus:
        following = asyncio.create_task(follow(globus))
        manager: Any = Manager(globus.client)
        try:
            tokens = await manager.run_login_flow(OPENID)
            outcome = f"{list(tokens.by_resource_server)}"
            await following
        except LocalServerLoginError as error:
            outcome = f"{type(error).__name__}: {error}"
        finally:
            following.cancel()
        is_closed = not manager.port or not await is_open(manager.port)
        sys.stdout.write(f"<outcome>{outcome}</outcome> {manager.port > 0} {is_closed}\n")


if __name__ == "__main__":
    factory: Any = None
    if os.environ.get("LOOP") == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
