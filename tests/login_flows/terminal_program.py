"""A program with a login at its terminal, which tests run in a terminal of its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Callable
from typing import Any

from globus_async.login_flows import CommandLineLoginFlowEOFError, CommandLineLoginFlowManager
from tests.login_flows.world import OPENID, Globus, open_globus


def show(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Manager(CommandLineLoginFlowManager):
    """Prints the code that the login page would show, too."""

    def __init__(self, globus: Globus) -> None:
        super().__init__(globus.client)
        self.globus = globus

    def print_authorize_url(self, authorize_url: str) -> None:
        """Print the URL and the code."""
        super().print_authorize_url(authorize_url)
        show(f"<code>{self.globus.redirect(authorize_url).code}</code>")


class NoReaders(asyncio.SelectorEventLoop):
    """A loop that waits for sockets only, as that of Windows does."""

    def add_reader(self, *_: Any) -> None:  # type: ignore[override]
        """Refuse."""
        raise NotImplementedError


async def log_in(globus: Globus) -> None:
    """Log in while another task runs."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    try:
        tokens = await Manager(globus).run_login_flow(OPENID)
    except CommandLineLoginFlowEOFError as error:
        show(f"<ended>{error}</ended>")
    else:
        show(f"<tokens>{list(tokens.by_resource_server)} {ticks > 3}</tokens>")
    finally:
        ticking.cancel()


async def cancel(globus: Globus) -> None:
    """Cancel a login; the next line is for the program itself."""
    try:
        async with asyncio.timeout(0.05):
            await Manager(globus).run_login_flow(OPENID)
    except TimeoutError:
        show("<cancelled/>")
    line = await asyncio.to_thread(input)
    show(f"<line>{line}</line> {os.get_blocking(0)}")


async def again(globus: Globus) -> None:
    """Cancel a login, and log in again."""
    manager = Manager(globus)
    try:
        async with asyncio.timeout(0.05):
            await manager.run_login_flow(OPENID)
    except TimeoutError:
        show("<cancelled/>")
    tokens = await manager.run_login_flow(OPENID)
    show(f"<tokens>{list(tokens.by_resource_server)}</tokens>")


async def give_up(globus: Globus) -> None:
    """Cancel a login, and end."""
    try:
        async with asyncio.timeout(0.05):
            await Manager(globus).run_login_flow(OPENID)
    except TimeoutError:
        show("<cancelled/>")


async def main(scenario: Callable[[Globus], Any]) -> None:
    """Open the emulator, and play a scenario."""
    async with open_globus() as globus:
        await scenario(globus)


if __name__ == "__main__":
    _, loop, name = sys.argv
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    factory: Any = NoReaders if loop == "no readers" else asyncio.SelectorEventLoop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    scenarios = {"log in": log_in, "cancel": cancel, "again": again, "give up": give_up}
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(scenarios[name]))
