"""A process that ingests entries with a journal, to be killed: see `test_killed_ingest`."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from globus_async import AccessTokenAuthorizer, RetryPolicy, SearchClient, Transport
from globus_async.services.search import BatchProgress


def entries(count: int) -> Iterator[dict[str, Any]]:
    """Generate entries of about 200 bytes."""
    for number in range(count):
        content = {"number": number, "kind": f"kind {number % 7}", "text": f"sample {number} " + "x" * 80}
        yield {"subject": f"https://example.org/{number:06}", "visible_to": ["public"], "content": content}


def resident() -> int:
    """Return the resident size in KiB; 0 where the system does not tell it."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * resource.getpagesize() // 1024 if path.exists() else 0


async def main(url: str, token: str, index_id: str, *, journal: str, count: int, batch: int) -> None:
    """Ingest, and write the resident size after each tenth of the entries."""
    sizes: dict[int, int] = {}

    def note(progress: BatchProgress) -> None:
        sizes.setdefault(10 * progress.submitted // count, resident())

    async with Transport(default_rate_limits=False) as transport:
        sc = SearchClient(
            base_url=url,
            authorizer=AccessTokenAuthorizer(token),
            transport=transport,
            retry=RetryPolicy(max_retries=0),
        )
        outcomes = await sc.ingest_entries(
            index_id,
            entries(count),
            journal=journal,
            max_batch_entries=batch,
            polling_interval=1,
            progress=note,
        )
        assert all(outcome.is_success for outcome in outcomes)
    sys.stdout.write(" ".join(map(str, (*sizes.values(), resident()))))


if __name__ == "__main__":
    where, secret, index, file, number, size = sys.argv[1:]
    asyncio.run(main(where, secret, index, journal=file, count=int(number), batch=int(size)))
