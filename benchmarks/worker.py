"""A client in a process of its own: runs the benchmarks named on stdin, and prints their figures on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def ids(count: int) -> Iterator[str]:
    """Yield UUIDs, all different, so that no client gains from caching a parsed URL."""
    for number in range(count):
        yield f"ddb59aef-6d04-11e5-ba46-{number:012x}"


@contextmanager
def measured() -> Generator[dict[str, Any]]:
    """Measure the block: wall time, and processor time of all threads of this process, in seconds."""
    result: dict[str, Any] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123 -- as few imports as possible
        return int(numbers.read().split()[1]) * 4096


def serve(works: Mapping[str, Callable[..., dict[str, Any]]], versions: Mapping[str, str]) -> None:
    """Run the benchmark of each line of stdin."""
    print(json.dumps(dict(versions)), flush=True)
    for line in sys.stdin:
        options = json.loads(line)
        print(json.dumps(works[options.pop("work")](**options)), flush=True)
