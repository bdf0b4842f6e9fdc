"""A client in a process of its own: does the works it is told to on stdin, and says on stdout what they took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def ids(count: int) -> Iterator[str]:
    """Yield UUIDs, all different: nobody is helped by having parsed a URL before."""
    for number in range(count):
        yield f"ddb59aef-6d04-11e5-ba46-{number:012x}"


@contextmanager
def measured() -> Generator[dict[str, Any]]:
    """Measure the block: seconds of wall clock, and of processor for all threads of this process."""
    result: dict[str, Any] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def resident() -> int:
    """Return how many bytes this process holds in memory."""
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123 -- no import more than needed
        return int(numbers.read().split()[1]) * 4096


def serve(works: Mapping[str, Callable[..., dict[str, Any]]], versions: Mapping[str, str]) -> None:
    """Do what each line of stdin says, until it ends."""
    print(json.dumps(dict(versions)), flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        print(json.dumps(works[told.pop("work")](**told)), flush=True)
