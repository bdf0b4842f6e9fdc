"""
Instructions per call, in user space: repeatable where processor time is not, because no other load affects them.

Callgrind counts the instructions of two processes that differ in their number of calls; the difference is that of the
calls alone, without start, warm-up and end.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Bench, Process, Work, is_installed
from benchmarks.tables import Cell, Note, Table

__all__ = ("measure", "observed")

_CLIENTS = {"ours": "ours", "aiohttp": "aiohttp"}
_FURTHER = {"httpx": "httpx", "globus-sdk": "globus_sdk", "asyncio streams": "streams"}
_OBSERVED = {
    "ours": "ours",
    "ours, with_options for each call": "ours_options",
    "ours, an observer that does nothing": "ours_observer",
    "ours, OpenTelemetry without SDK": "ours_otel_idle",
    "ours, metrics, no span sampled": "ours_otel_metrics",
    "ours, metrics and spans": "ours_otel",
}
_TITLE = "Instructions per call"
_WARM_UP, _FEWER, _MORE = 20, 10, 110
_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def measure(bench: Bench) -> Table | Note:
    """Count the instructions of each client, and on each interpreter those of ours and aiohttp."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return Note(_TITLE, "Not measured: valgrind is not installed. Processor time follows.")
    rows: dict[str, dict[str, Cell]] = {row: {} for row in (*_CLIENTS, *_FURTHER)}
    fewer, more = (2, 4) if bench.is_quick else (_FEWER, _MORE)
    pythons = dict(list(bench.pythons.items())[:1]) if bench.is_quick else bench.pythons
    for number, (version, python) in enumerate(pythons.items()):
        clients = _CLIENTS if number or bench.is_quick else {**_CLIENTS, **_FURTHER}
        counts = {
            row: _instructions(
                bench, valgrind, Work(client, "calls", {"warm_up": _WARM_UP}, python=python), fewer, more
            )
            for row, client in clients.items()
        }
        for row, count in counts.items():
            rows[row][f"Python {version}"] = Cell(count / 1000, count / counts["aiohttp"])
    return Table(
        title=_TITLE,
        how=(
            "One `get_endpoint` after the other, without TLS: thousands of instructions per call, counted by callgrind "
            f"(user space; the difference between {fewer} and {more} calls)."
        ),
        reference="aiohttp",
        units={f"Python {version}": "k" for version in pythons},
        rows=rows,
        aims={f"Python {version}": 1.1 if version == "3.11" else 1.2 for version in pythons},
        floor="asyncio streams",
    )


def observed(bench: Bench) -> Table | Note:
    """Count the instructions of a call through a copy of its client, and with each kind of observer."""
    title = "Instructions per call with options or an observer"
    valgrind = shutil.which("valgrind")
    if valgrind is None or not is_installed("ours_otel"):
        return Note(title, "Not measured: valgrind or OpenTelemetry is not installed.")
    fewer, more = (2, 4) if bench.is_quick else (_FEWER, _MORE)
    counts = {
        row: _instructions(bench, valgrind, Work(client, "calls", {"warm_up": _WARM_UP}), fewer, more)
        for row, client in _OBSERVED.items()
    }
    return Table(
        title=title,
        how=(
            "As above. Spans are queued for an exporter in batches and discarded, so that what an exporter costs is not"
            " in the figures."
        ),
        reference="ours",
        units={"instructions": "k"},
        rows={row: {"instructions": Cell(count / 1000, count / counts["ours"])} for row, count in counts.items()},
    )


def _instructions(bench: Bench, valgrind: str, work: Work, fewer: int, more: int) -> float:
    """Return the instructions of one call; both processes run at the same time."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory, str(count)) for count in (fewer, more)]
        with ExitStack() as stack:
            processes: list[Process] = []
            for file, count in zip(files, (fewer, more), strict=True):
                command = (valgrind, "--tool=callgrind", "-q", f"--callgrind-out-file={file}", *work.command())
                processes.append(stack.enter_context(Process(*command, PYTHONHASHSEED="0")))
                bench.begin(processes[-1], replace(work, options={**work.options, "count": count}))
            for process in processes:
                process.result()
        low, high = (_total(file) for file in files)
    return (high - low) / (more - fewer)


def _total(file: Path) -> int:
    found = _TOTALS.search(file.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"callgrind wrote no total into {file}")
    return int(found[1])
