"""
A nightly job with an identity of its own: mirror one folder to another, and exit with an error if that fails.

Usage: python examples/service.py SOURCE_ID DESTINATION_ID

Needs a confidential client in GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET, whose identity has access to both
collections.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from globus_async import ClientApp, GlobusError, TaskEndReason, TransferClient, TransferData


async def mirror(tc: TransferClient, source_id: str, destination_id: str) -> bool:
    """Copy new and changed files; return whether all of them arrived."""
    data = TransferData(
        source_endpoint=source_id,
        destination_endpoint=destination_id,
        items={"/": "/mirror/"},
        label=f"Mirror of {datetime.now(UTC):%Y-%m-%d}",
        sync_level="checksum",
        deadline=datetime.now(UTC) + timedelta(hours=6),
    )
    # no timeout: the token is refreshed when needed, and the task has a deadline
    outcome = await tc.run_task(data, error_events=100)
    task = outcome.task
    print(f"{task['status']}: {task['files_transferred']} files, {task['bytes_transferred']} bytes")
    for event in outcome.error_events:
        print(f"  {event['time']} {event['code']}: {event['details']}")
    return outcome.reason is TaskEndReason.SUCCEEDED


async def main(source_id: str, destination_id: str) -> int:
    """Mirror the folder; return the exit status."""
    client_id, client_secret = os.environ["GLOBUS_CLIENT_ID"], os.environ["GLOBUS_CLIENT_SECRET"]
    async with (
        ClientApp("nightly mirror", client_id=client_id, client_secret=client_secret) as app,
        TransferClient(app=app) as tc,
    ):
        try:
            return 0 if await mirror(tc, source_id, destination_id) else 1
        except GlobusError as error:
            print(error, file=sys.stderr)
            return 2


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:3])))
