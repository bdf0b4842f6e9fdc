"""
Download a directory of a collection, with a progress bar; run it again to continue after an interruption.

Usage: GLOBUS_ACCESS_TOKEN=... GLOBUS_HTTPS_TOKEN=... python examples/download_tree.py COLLECTION_ID /folder/ TARGET

The first token is for Transfer, which lists the directory; the second one has the scope "https" of the collection.
"""

from __future__ import annotations

import asyncio
import os
import sys

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from globus_async import (
    AccessTokenAuthorizer,
    BulkError,
    FileProgress,
    GCSCollectionClient,
    GlobusError,
    TransferClient,
    Transport,
)


async def main(collection_id: str, folder: str, target: str) -> None:
    """Download it, and print the errors of files that could not be downloaded."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as display:
        everything = display.add_task("all files", total=None)

        def show(progress: FileProgress) -> None:
            if progress.path not in bars:
                bars[progress.path] = display.add_task(progress.path, total=progress.total)
            bar = bars[progress.path]
            display.update(bar, completed=progress.done, visible=progress.done != progress.total)
            display.update(everything, completed=sum(display.tasks[each].completed for each in bars.values()))

        async with Transport() as transport:
            tc = TransferClient(
                authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"]), transport=transport
            )
            address = (await tc.get_endpoint(collection_id))["https_server"]
            if address is None:
                sys.exit("the collection has no HTTPS server")
            client = GCSCollectionClient(
                collection_id,
                address,
                authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_HTTPS_TOKEN"]),
                transport=transport,
            )
            try:
                files = await client.download_tree(folder, target, transfer_client=tc, progress=show)
            except BulkError as error:
                sys.exit("\n".join(str(each) for each in error.exceptions))
    print(f"{len(files)} files, {sum(file.size for file in files):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 4 or not {"GLOBUS_ACCESS_TOKEN", "GLOBUS_HTTPS_TOKEN"} <= os.environ.keys():
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except GlobusError as error:
        sys.exit(str(error))
