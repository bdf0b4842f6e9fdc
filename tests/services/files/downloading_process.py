"""A process that downloads a file, and may be killed: ``downloading_process.py CONFIGURATION``, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from globus_async import AccessTokenAuthorizer, GCSCollectionClient, TransferClient, Transport


async def main() -> None:
    """Download it; write the number of bytes that an earlier process had left."""
    told = json.loads(sys.argv[1])
    async with Transport(default_rate_limits=False) as transport:
        tc = TransferClient(
            base_url=told["transfer"], authorizer=AccessTokenAuthorizer(told["transfer_token"]), transport=transport
        )
        client = GCSCollectionClient(
            told["collection_id"],
            told["address"],
            authorizer=AccessTokenAuthorizer(told["https_token"]),
            transport=transport,
        )
        done = await client.download(told["path"], Path(told["target"]), transfer_client=tc)
        sys.stdout.write(str(done.continued_from))


if __name__ == "__main__":
    asyncio.run(main())
