"""A transfer through an emulated Globus: ``python examples/quickstart.py``."""

import asyncio

from globus_async import AccessTokenAuthorizer, TransferClient, TransferData
from globus_async.testing import GlobusEmulator, MemoryStorage


async def main() -> None:
    """Transfer two files from one collection to another, and list the result."""
    async with GlobusEmulator() as globus:
        lab = globus.add_collection("Lab", storage=MemoryStorage({"run1/a.csv": "1,2\n", "run1/b.csv": "3,4\n"}))
        archive = globus.add_collection("Archive", storage=MemoryStorage())
        authorizer = AccessTokenAuthorizer(globus.access_token())
        async with TransferClient(authorizer=authorizer, transport=globus.transport()) as tc:
            data = TransferData(lab.id, archive.id, items={"/run1/": "/2027/run1/"}, label="Run 1")
            outcome = await tc.run_task(data, timeout=60)
            print("finished:", outcome.reason)
            async for entry in tc.operation_ls(archive.id, "/2027/run1/"):
                print(entry["name"], entry["size"], "bytes")


if __name__ == "__main__":
    asyncio.run(main())
