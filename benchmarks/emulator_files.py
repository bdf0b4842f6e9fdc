"""
Transfers of the emulator, compared with a plain copy in one thread that computes both checksums.

The transfers are submitted in process and run in an event loop, as in a test; a plain copy of the same files takes its
turn with them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from globus_async import AccessTokenAuthorizer, TransferClient, TransferData
from globus_async.testing import GlobusEmulator

__all__ = ("main", "measure")

_CHUNK = 1 << 20


class _Seconds(NamedTuple):
    wall: float
    cpu: float
    longest_gap: float
    """Between two turns of another task of the event loop."""


def _fill(source: Path, files: int, size: int) -> None:
    for number in range(files):
        folder = source / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{number:06}.dat").open("wb") as file:
            for start in range(0, size, _CHUNK):
                file.write(os.urandom(min(_CHUNK, size - start)))


def _plain_copy(source: Path, destination: Path) -> None:
    """Copy a tree file by file; hash each while it is read, and its copy afterwards."""
    for folder in sorted(source.iterdir()):
        (destination / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir()):
            copied = destination / folder.name / path.name
            digest = hashlib.md5(usedforsecurity=False)
            with path.open("rb", buffering=0) as read, copied.open("wb", buffering=0) as write:
                while data := read.read(_CHUNK):
                    write.write(data)
                    digest.update(data)
            with copied.open("rb", buffering=0) as read:
                again = hashlib.file_digest(read, lambda: hashlib.md5(usedforsecurity=False))
            if again.digest() != digest.digest():
                raise AssertionError(f"{copied} differs")


async def _transfer(source: Path, destination: Path) -> float:
    """Transfer a tree; return the longest time between two turns of another task."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)
            before = time.perf_counter()

    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org")
        origin = emulator.add_collection("Source", path=source, owner=ada)
        target = emulator.add_collection("Destination", path=destination, owner=ada)
        async with TransferClient(
            AccessTokenAuthorizer(emulator.access_token(ada)), transport=emulator.transport()
        ) as tc:
            data = TransferData(source_endpoint=origin.id, destination_endpoint=target.id, verify_checksum=True)
            data.add_item("/", "/", recursive=True)
            ticking = asyncio.create_task(tick())
            task_id = (await tc.submit_transfer(data))["task_id"]
            while not emulator.transfer.tasks[task_id].is_final:  # noqa: ASYNC110 -- the emulator has no event
                await asyncio.sleep(0.02)
            ticking.cancel()
            task = await tc.get_task(task_id)
            if task["status"] != "SUCCEEDED" or task["faults"]:
                raise AssertionError(task)
    return longest


def _time(work: Callable[[Path, Path], float | None], source: Path, destination: Path) -> _Seconds:
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir()
    cpu, wall = time.process_time(), time.perf_counter()
    gap = work(source, destination)
    return _Seconds(time.perf_counter() - wall, time.process_time() - cpu, gap or 0.0)


def _compare(root: Path, *, files: int, size: int, rounds: int) -> tuple[_Seconds, _Seconds]:
    """Return the medians of the emulator and of the plain copy, whose rounds take turns."""
    source, destination = root / "source", root / "destination"
    shutil.rmtree(source, ignore_errors=True)
    _fill(source, files, size)

    def transfer(source: Path, destination: Path) -> float:
        return asyncio.run(_transfer(source, destination))

    found: tuple[list[_Seconds], list[_Seconds]] = ([], [])
    for _ in range(rounds):
        for work, times in zip((transfer, _plain_copy), found, strict=True):
            times.append(_time(work, source, destination))
    ours, plain = (_Seconds(*map(statistics.median, zip(*times, strict=True))) for times in found)
    return ours, plain


def measure(*, rounds: int = 5) -> list[tuple[str, float, float, float]]:
    """
    Measure many small files, and a large one.

    Returns:
        For each: its name, the wall time and the processor time of a transfer, both as multiples of a plain copy, and
        the longest time between two turns of another task of the event loop, in seconds.
    """
    found: list[tuple[str, float, float, float]] = []
    with tempfile.TemporaryDirectory() as root:
        for name, files, size in (("10,000 files of 1 KB", 10_000, 1000), ("one file of 500 MB", 1, 500_000_000)):
            ours, plain = _compare(Path(root), files=files, size=size, rounds=rounds)
            found.append((name, ours.wall / plain.wall, ours.cpu / plain.cpu, ours.longest_gap))
            print(
                f"{name}: {ours.wall:.2f} / {plain.wall:.2f} s, CPU {ours.cpu:.2f} / {plain.cpu:.2f}", file=sys.stderr
            )
    return found


def main() -> None:
    """Print a table."""
    figures = measure()
    print("| Transfer with checksums | Wall, of a plain copy | CPU, of a plain copy | Longest gap of the loop |")
    print("|---|---|---|---|")
    for name, wall, cpu, gap in figures:
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {1000 * gap:.0f} ms |")


if __name__ == "__main__":
    main()
