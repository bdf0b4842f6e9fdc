"""
Ingest records from a file of JSON lines into an index of Globus Search, with a progress bar.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/ingest.py INDEX_ID FILE [JOURNAL]

Each line of FILE is an entry: {"subject": ..., "visible_to": ["public"], "content": {...}}. The token needs the scope
urn:globus:auth:scope:search.api.globus.org:ingest. After a crash or Ctrl-C, the same command continues where it was:
JOURNAL, by default FILE.journal, has what was sent. For a file to try it with: python examples/ingest.py --make 100000

Needs the package rich.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from globus_async import AccessTokenAuthorizer, BatchOutcome, BatchProgress, SearchClient

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Read the entries one by one, so that a file of any size takes little memory."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                sys.exit(f"line {number} of {path} is not JSON: {error}")


def made(count: int) -> Iterator[str]:
    """Make the lines of a file to try the program with."""
    for number in range(count):
        content = {"number": number, "material": ("copper", "glass", "oak")[number % 3], "year": 2000 + number % 26}
        subject = f"https://example.org/samples/{number:06}"
        yield json.dumps({"subject": subject, "visible_to": ["public"], "content": content})


async def ingest(index_id: str, path: Path, journal: Path) -> list[BatchOutcome]:
    """Ingest the file; return the batches and lines that failed."""
    with path.open("rb") as file:
        total = sum(1 for _ in file)
    with Progress(*COLUMNS, console=Console(stderr=True)) as bars:
        sent, done = bars.add_task("sent", total=total), bars.add_task("found", total=total)

        def show(progress: BatchProgress) -> None:
            bars.update(sent, completed=progress.submitted)
            bars.update(done, completed=progress.succeeded)

        async with SearchClient(authorizer=AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])) as sc:
            run = sc.ingest_entries(
                index_id,
                records(path),
                journal=journal,
                max_batch_entries=5000,
                invalid="report",
                retry_failed=True,
                progress=show,
            )
            return [batch async for batch in run if not batch.is_success]


def main() -> None:
    """Run the program."""
    match sys.argv[1:]:
        case ["--make", count]:
            print(*made(int(count)), sep="\n")
        case [index_id, path, *journal] if len(journal) <= 1:
            failed = asyncio.run(ingest(index_id, Path(path), Path(journal[0] if journal else f"{path}.journal")))
            for batch in failed:
                print(f"lines {batch.positions[0] + 1} to {batch.positions[-1] + 1}: {batch.message}")
            sys.exit(f"{sum(len(batch.positions) for batch in failed)} records failed" if failed else 0)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
