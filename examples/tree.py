"""
List a directory tree as a stream, and sum up the file sizes.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/tree.py COLLECTION_ID [/folder/]
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import PurePosixPath

from globus_async import AccessTokenAuthorizer, GlobusError, TransferClient


def report_unreadable(path: str, error: GlobusError) -> None:
    """Print a message about a folder that cannot be read; it is skipped."""
    print(f"{path}: {error}", file=sys.stderr)


async def main(collection_id: str, folder: str = "/") -> None:
    """Walk the tree; several folders are listed concurrently, and none is kept in memory."""
    sizes: Counter[str] = Counter()
    async with TransferClient(authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])) as tc:
        async for entry in tc.operation_walk(collection_id, folder, on_error=report_unreadable):
            print(entry["path"])
            if entry["type"] == "file":
                sizes[PurePosixPath(entry["name"]).suffix or "(none)"] += entry["size"]
    for suffix, size in sizes.most_common():
        print(f"{size:>15,} bytes in files that end in {suffix}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
