"""
A report about any number of endpoints: ids on standard input, a table on standard output, the progress on a terminal.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/report.py [CALLS_PER_SECOND] < ids.txt > report.csv

Transfer allows 20 calls per second and user, which is the default, and refuses further ones.
"""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.status import Status

from globus_async import AccessTokenAuthorizer, Progress, RateLimit, TransferClient, bulk


def ids() -> Iterator[str]:
    """Read one id at a time: a million ids need no more memory than a hundred."""
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


async def main(calls_per_second: int) -> None:
    """Fetch fifty endpoints at a time, and write a row for each response."""
    table = csv.writer(sys.stdout)
    table.writerow(["id", "name", "type", "owner", "problem"])
    authorizer = AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])
    console = Console(stderr=True)
    latest = Progress(0, 0, None)

    def show(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        status.update(str(progress))

    with Status("waiting", console=console) as status:
        async with (
            TransferClient(authorizer=authorizer, rate_limit=RateLimit(10 * calls_per_second, 10)) as tc,
            bulk(tc.get_endpoint, ids(), concurrency=50, progress=show) as outcomes,
        ):
            async for outcome in outcomes:
                if outcome.error is None:
                    found = outcome.value
                    row = [outcome.item, found["display_name"], found["entity_type"], found["owner_string"], ""]
                    table.writerow(row)
                else:
                    table.writerow([outcome.item, "", "", "", outcome.error])
    console.print(str(latest))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
