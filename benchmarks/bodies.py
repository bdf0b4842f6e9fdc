"""Large bodies: listings of directories from 1 KB to 10 MB, parsed with orjson by ours and by aiohttp."""

from __future__ import annotations

from benchmarks.measure import Bench, Work
from benchmarks.tables import Cell, Table, by_row, cells

__all__ = ("processor_time", "standstills")

_SIZES = {"1 KB": (1_000, 300), "100 KB": (100_000, 100), "10 MB": (10_000_000, 4)}
"""By name: the size of the body, and the number of calls."""
_CLIENTS = {"ours": "ours", "aiohttp": "aiohttp", "globus-sdk": "globus_sdk"}


def processor_time(bench: Bench) -> Table:
    """Processor time per call."""
    columns: dict[str, dict[str, Cell]] = {}
    for name, (size, count) in _SIZES.items():
        options = {"count": bench.few(count), "size": size}
        works = {row: Work(client, "listings", options) for row, client in _CLIENTS.items()}
        found = bench.in_turn(works, processes=2, rounds=3)
        columns[name] = cells(found, "globus-sdk", "cpu", 1000 / options["count"])
    return Table(
        title="Large bodies: processor time",
        how="`operation_ls` of directories whose JSON document has 1 KB, 100 KB and 10 MB: processor time per call.",
        reference="globus-sdk",
        units=dict.fromkeys(columns, "ms"),
        rows=by_row(columns),
        aims=dict.fromkeys(columns, 1.1),
    )


def standstills(bench: Bench) -> Table:
    """The longest time for which the event loop stands still."""
    columns: dict[str, dict[str, Cell]] = {}
    for name, (size, _) in _SIZES.items():
        works = {row: Work(row, "gap", {"count": bench.few(5), "size": size}) for row in ("ours", "aiohttp")}
        gaps = {
            row: min(result["gap"] for result in results) * 1000
            for row, results in bench.in_turn(works, processes=2, rounds=4).items()
        }
        columns[name] = {row: Cell(gap, gap / gaps["aiohttp"]) for row, gap in gaps.items()}
    return Table(
        title="Large bodies: standstill of the event loop",
        how=(
            "The same calls beside a task that only yields to the event loop: the longest time between two of its "
            "turns, the best of eight runs. globus-sdk blocks the loop for the whole call, or takes a thread."
        ),
        reference="aiohttp",
        units=dict.fromkeys(columns, "ms"),
        rows=by_row(columns),
    )
