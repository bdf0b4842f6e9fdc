"""
A large task in a separate process, to measure its memory.

Usage: ``transfer_scale.py FILES BYTES DIRECTORY [--lists | --items]``.

Prints a JSON object: seconds, latencies of concurrent requests, peak memory, and whether the trees are the same.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage

PER_DIRECTORY = 500


def write_files(root: Path, files: int, size: int) -> None:
    """Write files of random bytes, with 500 in each directory."""
    block = os.urandom(size + files)
    for number in range(files):
        directory = root / f"{number // PER_DIRECTORY:04}"
        if number % PER_DIRECTORY == 0:
            directory.mkdir(parents=True)
        (directory / f"{number:06}.bin").write_bytes(block[number : number + size])


def same(one: Path, other: Path) -> bool:
    """Compare two trees byte by byte."""
    names = [sorted(str(path.relative_to(root)) for path in root.rglob("*")) for root in (one, other)]
    return names[0] == names[1] and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in names[0] if (one / name).is_file()
    )


def percentile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000, 1)


def peak_megabytes() -> int:
    """Return the peak memory of this process; ``ru_maxrss`` includes that of the parent process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


async def send_requests(http: httpx.AsyncClient, path: Callable[[], str], done: asyncio.Event) -> list[float]:
    """Send small requests until the end, and measure their durations in seconds."""
    taken: list[float] = []
    while not done.is_set():
        start = time.perf_counter()
        (await http.get(path())).raise_for_status()
        taken.append(time.perf_counter() - start)
        await asyncio.sleep(0.01)
    return taken


async def run(files: int, size: int, root: Path) -> dict[str, Any]:
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        source = emulator.add_collection("Source", path=root / "source")
        target = emulator.add_collection("Target", path=root / "target")
        headers = {"Authorization": f"Bearer {emulator.access_token()}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:
            document = {
                "submission_id": str(uuid.uuid4()),
                "source_endpoint": source.id,
                "destination_endpoint": target.id,
                "verify_checksum": True,
                "DATA": [{"source_path": "/", "destination_path": "/"}],
            }
            start = time.perf_counter()
            task_id = (await http.post("/v0.10/transfer", json=document)).json()["task_id"]
            done = asyncio.Event()
            requests = asyncio.create_task(send_requests(http, lambda: f"/v0.10/endpoint/{source.id}", done))
            seen: set[int] = set()
            while (task := (await http.get(f"/v0.10/task/{task_id}")).json())["status"] == "ACTIVE":
                seen.add(task["files_transferred"])
                await asyncio.sleep(0.05)
            seconds = time.perf_counter() - start
            done.set()
            taken = await requests
        return {
            "status": task["status"],
            "files": task["files_transferred"],
            "bytes": task["bytes_transferred"],
            "checksummed": task["bytes_checksummed"],
            "faults": task["faults"],
            "seconds": round(seconds, 2),
            "steps_seen": len(seen),
            "requests": len(taken),
            "p50_ms": round(statistics.median(taken) * 1000, 1),
            "p99_ms": percentile(taken, 0.99),
            "worst_ms": percentile(taken, 1),
        }


async def run_lists(files: int, root: Path) -> dict[str, Any]:
    """List one directory with all files, with concurrent requests."""
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        source = emulator.add_collection("Source", path=root)
        headers = {"Authorization": f"Bearer {emulator.access_token()}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:
            done = asyncio.Event()
            requests = asyncio.create_task(send_requests(http, lambda: f"/v0.10/endpoint/{source.id}", done))
            start = time.perf_counter()
            listed = await http.get(f"/v0.10/operation/endpoint/{source.id}/ls", params={"orderby": "size DESC"})
            seconds = time.perf_counter() - start
            done.set()
            taken = await requests
    return {
        "entries": listed.content.count(b'"name"'),
        "megabytes": round(len(listed.content) / 1e6, 1),
        "seconds": round(seconds, 2),
        "requests": len(taken),
        "p99_ms": percentile(taken, 0.99),
        "files": files,
    }


async def watch_loop(done: asyncio.Event) -> tuple[float, float]:
    """Measure the longest iteration of the event loop, in wall time and in CPU time of its thread."""
    longest = max_work = 0.0
    while not done.is_set():
        began, worked = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0.001)
        longest, max_work = max(longest, time.perf_counter() - began), max(max_work, time.thread_time() - worked)
    return longest, max_work


async def run_items(items: int) -> dict[str, Any]:
    """Submit a transfer of many items from another process, and let them fail twice."""
    async with GlobusEmulator(clock=ManualClock()) as emulator, emulator.serve() as server:
        source, target = (emulator.add_collection(name, storage=MemoryStorage()) for name in ("Source", "Target"))
        document = {
            "submission_id": str(uuid.uuid4()),
            "source_endpoint": source.id,
            "destination_endpoint": target.id,
            "store_base_path_info": True,
            "DATA": [
                {
                    "DATA_TYPE": "transfer_item",
                    "source_path": f"/{'s' * 50}/{n}",
                    "destination_path": f"/{'d' * 50}/{n}",
                }
                for n in range(items)
            ],
        }
        body = json.dumps(document).encode()
        del document
        submit = (
            "import sys, httpx\n"
            "url, token = sys.argv[1:]\n"
            "body = sys.stdin.buffer.read()\n"
            "for code in 'Accepted', 'Duplicate':\n"
            "    response = httpx.post(url, content=body, headers={'Authorization': 'Bearer ' + token}, timeout=60)\n"
            "    assert response.json()['code'] == code, response.text\n"
        )
        words = (sys.executable, "-c", submit, f"{server.url}/v0.10/transfer", emulator.access_token())
        process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.PIPE)
        done = asyncio.Event()
        gc.collect()
        watching = asyncio.create_task(watch_loop(done))
        await process.communicate(body)
        await emulator.advance(2)
        await emulator.advance(6)
        done.set()
        longest, max_work = await watching
        (task,) = emulator.tasks
        return {
            "exit_code": process.returncode,
            "megabytes": round(len(body) / 1e6, 1),
            "faults": task.counts.faults,
            "longest_ms": round(longest * 1000, 1),
            "worked_ms": round(max_work * 1000, 1),
        }


def main() -> None:
    files, size, root = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    if "--lists" in sys.argv:
        (root / "many").mkdir()
        for number in range(files):
            os.mknod(root / "many" / f"{number:06}")
        figures = asyncio.run(run_lists(files, root / "many"))
    elif "--items" in sys.argv:
        figures = asyncio.run(run_items(files))
    else:
        (root / "target").mkdir()
        write_files(root / "source", files, size)
        figures = asyncio.run(run(files, size, root))
        figures["same"] = same(root / "source", root / "target")
    figures["peak_mb"] = peak_megabytes()
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
