"""
Copy files and folders between two collections, with a progress bar; Ctrl-C cancels the task.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/copy_files.py SOURCE_ID DESTINATION_ID SOURCE_PATH=DESTINATION_PATH ...

A path with a trailing slash is a folder.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from globus_async import AccessTokenAuthorizer, TaskEndReason, TaskProgress, TransferClient, TransferData


async def size_of(tc: TransferClient, collection_id: str, path: str) -> int:
    """Return the bytes of a file, or of all files of a folder: the service does not report them in advance."""
    if not path.endswith("/"):
        return (await tc.operation_stat(collection_id, path)).data["size"]
    return sum([entry["size"] async for entry in tc.operation_walk(collection_id, path) if entry["type"] == "file"])


async def copy(tc: TransferClient, source_id: str, destination_id: str, paths: Mapping[str, str]) -> bool:
    """Transfer files and folders, and show the progress; return whether all of them arrived."""
    size = sum([await size_of(tc, source_id, path) for path in paths])
    data = TransferData(source_id, destination_id, items=paths, verify_checksum=True)
    columns = BarColumn(), TaskProgressColumn(), TextColumn("{task.description}")
    with Progress(*columns) as bar:
        row = bar.add_task("submitting", total=None)

        def show(progress: TaskProgress) -> None:
            progress = replace(progress, bytes_total=size)
            bar.update(row, total=1, completed=progress.fraction, description=str(progress))

        outcome = await tc.run_task(
            data, progress=show, polling_interval=1, stalled_after=20, error_events=3, cancel_task_if_cancelled=True
        )
    print(f"{outcome.reason}: {TaskProgress.of(outcome.task)}")
    for event in outcome.error_events:
        print(f"  {event['code']}: {event['details']}")
    return outcome.reason is TaskEndReason.SUCCEEDED


async def main(source_id: str, destination_id: str, *pairs: str) -> int:
    """Copy, and return the exit status."""
    paths = dict(pair.split("=", 1) for pair in pairs)
    async with TransferClient(authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])) as tc:
        return 0 if await copy(tc, source_id, destination_id, paths) else 1


if __name__ == "__main__":
    if len(sys.argv) < 4 or not all("=" in pair for pair in sys.argv[3:]):
        sys.exit(__doc__)
    try:
        sys.exit(asyncio.run(main(*sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit("canceled")
