"""Run the clients in turn, so that other load on the machine affects all of them alike."""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from benchmarks import certificate

__all__ = ("ROOT", "Bench", "Process", "Result", "Work", "bench", "is_installed", "median", "median_ratio")

ROOT = Path(__file__).parent.parent
Result = Mapping[str, float]


def is_installed(client: str) -> bool:
    """Return whether this interpreter has the library of a client; its module has the library's name."""
    library = "opentelemetry" if client.startswith("ours_otel") else client
    return (
        client in {"ours", "ours_bulk", "ours_observer", "ours_options", "streams"}
        or importlib.util.find_spec(library) is not None
    )


class Process:
    """A process that reads the names of benchmarks from its standard input."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- our own modules
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment},  # modules are compiled once
        )

    @cached_property
    def said(self) -> Any:
        """The first line of the process, once it has started."""
        return self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a process of the benchmark ended early: {self._process.args!r}")
        return json.loads(line)

    def begin(self, work: str, **options: object) -> None:
        """Start a benchmark."""
        assert self._process.stdin is not None
        print(json.dumps({"work": work, **options}), file=self._process.stdin, flush=True)

    def result(self) -> dict[str, float]:
        """Wait for the figures of the benchmark."""
        assert self.said
        result: dict[str, float] = self._line()
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@dataclass(frozen=True)
class Work:
    """
    What one row of a table runs.

    Attributes:
        client: A module of ``benchmarks.clients``.
        work: A function of ``benchmarks.worker``.
        options: Its numbers.
        latency: The time after which the server responds, in seconds.
        tls: Whether connections are encrypted.
        connections: Maximum number of connections.
        flags: Further arguments of the process.
        python: The interpreter; by default the one that runs the benchmark.
    """

    client: str
    work: str
    options: Mapping[str, int]
    latency: float = 0.0
    tls: bool = False
    connections: int = 1
    flags: tuple[str, ...] = ()
    python: str = sys.executable

    def command(self) -> tuple[str, ...]:
        """Return the arguments that start the process."""
        if self.client == "growth":
            return (self.python, "-m", "benchmarks.growth")
        return (self.python, "-m", "benchmarks.worker", self.client, *self.flags)


@dataclass
class Bench:
    """
    The server, and how its clients are run.

    Attributes:
        urls: The server's URLs, by scheme and latency.
        authority: The file of the certificate authority.
        pythons: The interpreters of the clients, by version; the first one runs everything that is not about versions.
        is_quick: Whether each benchmark makes only a few calls, to see that all of it works.
        versions: The versions of the libraries that were measured.
    """

    urls: Mapping[str, str]
    authority: Path
    pythons: Mapping[str, str]
    is_quick: bool = False
    versions: dict[str, str] = field(default_factory=dict)

    def few(self, number: int, quick: int = 2) -> int:
        """Return a number of calls, rounds or processes, lower in a quick run."""
        return min(number, quick) if self.is_quick else number

    def begin(self, process: Process, work: Work) -> None:
        """Start a benchmark in a process."""
        scheme = "https" if work.tls else "http"
        url = self.urls[f"{scheme} {work.latency}"]
        target = {"url": url, "certificate": str(self.authority), "connections": work.connections}
        process.begin(work.work, target=target, **work.options)

    def in_turn(self, works: Mapping[str, Work], *, processes: int, rounds: int) -> dict[str, list[Result]]:
        """
        Run benchmarks in turn, round by round; return the figures of every round.

        Args:
            works: The benchmarks, by the name of their row.
            processes: Number of fresh processes per row: the memory layout of a process makes it up to a fifth faster
                or slower.
            rounds: Number of runs of each benchmark per process.
        """
        found: dict[str, list[Result]] = {row: [] for row in works}
        for _ in range(self.few(processes, 1)):
            with ExitStack() as stack:
                clients = {row: stack.enter_context(Process(*work.command())) for row, work in works.items()}
                for client in clients.values():
                    self.versions |= client.said
                for _ in range(self.few(rounds, 1)):
                    for row, work in works.items():
                        self.begin(clients[row], work)
                        found[row].append(clients[row].result())
        return found


def median(results: Sequence[Result], name: str) -> float:
    """Return the median of one figure."""
    return statistics.median(result[name] for result in results)


def median_ratio(results: Sequence[Result], reference: Sequence[Result], name: str) -> float:
    """Return the median, over all rounds, of one figure as a ratio to that of the reference in the same round."""
    return statistics.median(mine[name] / theirs[name] for mine, theirs in zip(results, reference, strict=True))


@contextmanager
def bench(pythons: Sequence[str] = (), *, is_quick: bool = False) -> Generator[Bench]:
    """Run the server as long as the block lasts."""
    versions = {_version(python): python for python in (sys.executable, *pythons)}
    with tempfile.TemporaryDirectory() as directory:
        authority, server = certificate.make(Path(directory))
        with Process(sys.executable, "-m", "benchmarks.server", str(server)) as process:
            yield Bench(process.said, authority, versions, is_quick)


def _version(python: str) -> str:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([python, "-c", program], text=True).strip()  # noqa: S603 -- named by the caller
