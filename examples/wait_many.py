"""
Wait for many tasks, and print how each ended. One request covers up to fifty tasks.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/wait_many.py TASK_ID ...
"""

from __future__ import annotations

import asyncio
import os
import sys

from globus_async import AccessTokenAuthorizer, TransferClient


async def main(task_ids: list[str]) -> None:
    """Print a line for each task when it is done, or has ten faults without progress."""
    async with (
        TransferClient(authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])) as tc,
        tc.wait_for_tasks(task_ids, stalled_after=10, error_events=1) as outcomes,
    ):
        async for outcome in outcomes:
            if outcome.error is not None:
                print(f"{outcome.item}: {outcome.error}")
                continue
            ended = outcome.value
            print(f"{ended.task['label'] or outcome.item}: {ended.reason}")
            for event in ended.error_events:
                print(f"  {event['code']}: {event['details']}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1:]))
