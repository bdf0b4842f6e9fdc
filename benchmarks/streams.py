"""Bodies that are read as they arrive, as those of files are, beside aiohttp's."""

from __future__ import annotations

from benchmarks.measure import Bench, Work
from benchmarks.tables import Cell, Table, by_row, cells

__all__ = ("processor_time",)

_SIZE = 10_000_000
_GIGABYTE = 1_000_000_000


def processor_time(bench: Bench) -> Table:
    """Processor time per gigabyte."""
    options = {"count": bench.few(50), "size": _SIZE}
    works = {row: Work(row, "downloads", options) for row in ("ours", "aiohttp")}
    found = bench.in_turn(works, processes=2, rounds=4)
    columns: dict[str, dict[str, Cell]] = {
        "download": cells(found, "aiohttp", "cpu", _GIGABYTE / _SIZE / options["count"])
    }
    return Table(
        title="Streams: processor time",
        how="Bodies of 10 MB are read chunk by chunk, as they arrive: processor time per gigabyte.",
        reference="aiohttp",
        units={"download": "s"},
        rows=by_row(columns),
        aims={"download": 1.1},
    )
