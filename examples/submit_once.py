"""
Submit a transfer exactly once, despite a lost response, a crash, or a second run.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/submit_once.py JOURNAL SOURCE_ID DESTINATION_ID

The document is written to JOURNAL, with its submission id, before anything is submitted. The service accepts each id
once only, so a second run with the same journal finds the task instead of creating another.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from globus_async import AccessTokenAuthorizer, SubmissionUncertain, TransferClient, TransferData


def written(journal: Path) -> dict[str, Any] | None:
    """Return the document that an earlier run stored; refuse any other file."""
    if not journal.exists():
        return None
    try:
        document = json.loads(journal.read_bytes())
        if document["DATA_TYPE"] == "transfer" and document["submission_id"]:
            return dict(document)
    except (ValueError, LookupError, TypeError):
        pass
    sys.exit(f"{journal} is not a document that this program stored")


def store(journal: Path, document: dict[str, Any]) -> None:
    """Write the document to the disk atomically, under a name of its own until it is complete."""
    with tempfile.NamedTemporaryFile("w", dir=journal.parent, prefix=f".{journal.name}.", delete=False) as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(journal)


async def new_document(tc: TransferClient, source_id: str, destination_id: str) -> dict[str, Any]:
    """Return a new document with a submission id."""
    submission_id = (await tc.get_submission_id())["value"]
    data = TransferData(source_endpoint=source_id, destination_endpoint=destination_id, submission_id=submission_id)
    data.add_item("/", "/once/", recursive=True)
    return data


async def main(journal: Path, source_id: str, destination_id: str) -> None:
    """Load the stored document or make a new one, and submit it until the service confirms it."""
    document = written(journal)
    async with TransferClient(authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])) as tc:
        if document is None:
            document = await new_document(tc, source_id, destination_id)
            store(journal, document)
        while True:
            try:
                result = await tc.submit_transfer(document)
            except SubmissionUncertain as error:
                print(f"{error}; retrying", file=sys.stderr)
                await asyncio.sleep(1)
            else:
                print(result["code"], result["task_id"])
                return


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:4]))
