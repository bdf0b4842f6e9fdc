"""Run the clients alternately, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.server import LATENCIES

ROOT = Path(__file__).parent.parent
Result = Mapping[str, float]


class Process:
    """A process that reads the names of benchmarks from its standard input."""

    def __init__(self, python: str, *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- our own modules
            [python, "-m", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.said: Any = self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a process of the benchmark ended early: {self._process.args!r}")
        return json.loads(line)

    def do(self, work: str, **options: object) -> dict[str, Any]:
        """Run a benchmark; return its figures."""
        assert self._process.stdin is not None
        print(json.dumps({"work": work, **options}), file=self._process.stdin, flush=True)
        result: dict[str, Any] = self._line()
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


class Bench:
    """
    The server and the clients.

    Attributes:
        ports: The server's ports, by their latency.
        versions: The versions of all libraries used.
        python: The interpreter with this library.
        official_python: The interpreter with the official SDK.
    """

    def __init__(self, ports: dict[str, int], official_python: str) -> None:
        self.ports = ports
        self.versions: dict[str, str] = {}
        self.python = sys.executable
        self.official_python = official_python
        self._programs = {
            "ours": (self.python, "benchmarks.ours"),
            "ours, uvloop": (self.python, "benchmarks.ours", "uvloop"),
            "ours, no orjson": (self.python, "benchmarks.ours", "plain"),
            "httpx": (self.python, "benchmarks.bare", "httpx"),
            "aiohttp": (self.python, "benchmarks.bare", "aiohttp"),
            "official": (official_python, "benchmarks.official"),
        }

    def alternate(
        self, works: Mapping[str, tuple[str, str, Mapping[str, object]]], *, processes: int, rounds: int
    ) -> dict[str, dict[str, float]]:
        """
        Run benchmarks alternately, round by round; return the medians of their figures.

        Args:
            works: By the name of a row: the client, the benchmark, and its options.
            processes: Number of fresh processes per client: the memory layout of a process makes it up to a fifth
                faster or slower.
            rounds: Number of runs of each benchmark per process.
        """
        found: dict[str, list[Result]] = {row: [] for row in works}
        for _ in range(processes):
            with ExitStack() as stack:
                clients = {name: stack.enter_context(Process(*self._programs[name])) for name, _, _ in works.values()}
                for client in clients.values():
                    self.versions |= client.said
                for _ in range(rounds):
                    for row, (name, work, options) in works.items():
                        found[row].append(clients[name].do(work, ports=self.ports, **options))
        return {row: medians(results) for row, results in found.items()}


def medians(results: Sequence[Result]) -> dict[str, float]:
    """Return the median of each of the figures."""
    return {name: statistics.median(result[name] for result in results) for name in results[0]}


@contextmanager
def bench(official_python: str) -> Generator[Bench]:
    """Run the server as long as the block lasts."""
    with Process(sys.executable, "benchmarks.server") as server:
        ports = {str(latency): port for latency, port in zip(LATENCIES, server.said, strict=True)}
        yield Bench(ports, official_python)


def fresh(rounds: int, programs: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    """Run programs alternately, each in a fresh process; return the median wall time of each in seconds."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (python, program) in programs.items():
            began = time.perf_counter()
            subprocess.run([python, "-c", program], check=True, cwd=ROOT)  # noqa: S603 -- our own lines
            found[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


Work = Callable[[Bench], list["Figure"]]


@dataclass(frozen=True)
class Figure:
    """
    One line of the table.

    Attributes:
        work: The benchmark.
        what: The quantity, and the client it is compared with.
        measured: The figure.
        aim: The highest acceptable figure.
        note: The absolute numbers behind it.
    """

    work: str
    what: str
    measured: float
    aim: float | None
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the figure reaches its target."""
        return self.aim is None or self.measured <= self.aim
