"""
Log in once, and mirror a folder: now, or every night for months, with the same login.

Usage: python examples/login.py SOURCE:/folder/ DESTINATION:/folder/ [--every HOURS]

Needs a native app's id in GLOBUS_CLIENT_ID (register one at https://app.globus.org/settings/developers). The first run
asks for a login. Its tokens are stored in a file below ~/.globus/app that only you can read, and refreshed when
needed; further runs, also at the same time, use them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime

from globus_async import (
    GlobusAppConfig,
    GlobusError,
    LoginRequired,
    TaskProgress,
    TransferClient,
    TransferData,
    UserApp,
)
from globus_async.login_flows import CommandLineLoginFlowEOFError


async def mirror(tc: TransferClient, source: str, destination: str) -> None:
    """Transfer new and changed files of a folder, and show a progress bar."""
    (source_id, source_path), (destination_id, destination_path) = source.split(":", 1), destination.split(":", 1)
    data = TransferData(source_id, destination_id, items={source_path: destination_path}, sync_level="checksum")
    await tc.run_task(data, progress=show, polling_interval=1, cancel_task_if_cancelled=True)


def show(progress: TaskProgress) -> None:
    """Draw a bar."""
    share = progress.fraction or 0
    end = "\n" if progress.is_done else "\r"
    print(f"[{'#' * round(40 * share):<40}] {share:4.0%} {progress}", end=end, flush=True)


async def main(source: str, destination: str, hours: float | None) -> None:
    """Log in if necessary, and mirror the folder once or again and again."""
    config = GlobusAppConfig(request_refresh_tokens=True)
    async with (
        UserApp("globus_async example", client_id=os.environ["GLOBUS_CLIENT_ID"], config=config) as app,
        TransferClient(app=app) as tc,
    ):
        while True:
            try:
                await mirror(tc, source, destination)
            except (LoginRequired, CommandLineLoginFlowEOFError):
                raise  # only a person can help: the login has ended, and there is no terminal
            except GlobusError as error:
                if hours is None:
                    raise
                print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} failed, trying again later: {error}", file=sys.stderr)
            if hours is None:
                return
            await asyncio.sleep(hours * 3600)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("destination")
    parser.add_argument("--every", type=float, metavar="HOURS")
    options = parser.parse_args()
    asyncio.run(main(options.source, options.destination, options.every))
