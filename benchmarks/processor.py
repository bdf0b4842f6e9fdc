"""Processor time, in turn: concurrent calls to a slow service, and calls one after the other on each Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.measure import Bench, Work, is_installed
from benchmarks.tables import Cell, Table, by_row, cells

__all__ = ("concurrent", "sequential")

_CONCURRENT = {
    "ours": "ours",
    "ours, through `bulk`": "ours_bulk",
    "aiohttp": "aiohttp",
    "httpx": "httpx",
    "globus-sdk, 50 threads": "globus_sdk",
    "pyreqwest (Rust)": "pyreqwest",
    "wreq (Rust)": "wreq",
    "curl_cffi (libcurl)": "curl_cffi",
    "asyncio streams": "streams",
}
_IN_FLIGHT, _LATENCY = 100, 0.05


def concurrent(bench: Bench) -> Table:
    """2,000 calls, 100 of them at a time, without and with TLS, and on uvloop."""
    calls, in_flight = (4, 2) if bench.is_quick else (2000, _IN_FLIGHT)
    options = {"warm_up": 2 * in_flight, "count": calls, "in_flight": in_flight}
    works = {
        row: Work(client, "calls", options, latency=_LATENCY, connections=in_flight)
        for row, client in _CONCURRENT.items()
        if is_installed(client)
    }
    encrypted = {row: replace(work, tls=True) for row, work in works.items() if row != "httpx"}
    on_uvloop = {row: replace(work, flags=("--uvloop",)) for row, work in works.items() if row in {"ours", "aiohttp"}}
    cpu, wall = _compare(bench, works, processes=5)
    columns = {
        "CPU": cpu,
        "CPU, TLS": _compare(bench, encrypted, processes=3)[0],
        "CPU, uvloop": _compare(bench, on_uvloop, processes=3)[0],
        "wall": wall,
    }
    missing = [row for row in _CONCURRENT if row not in works]
    return Table(
        title=f"{calls:,} calls, {in_flight} at a time",
        how=(
            f"A server that responds after {_LATENCY * 1000:.0f} ms, connections kept alive: processor time and wall "
            "time of the client's process for all calls, the median of five processes (TLS and uvloop: three; httpx: "
            f"one). The shortest possible wall time is {calls / in_flight * _LATENCY:g} s."
        ),
        reference="aiohttp",
        units=dict.fromkeys(columns, "s"),
        rows=by_row(columns),
        aims={"CPU": 1.2, "CPU, TLS": 1.2, "CPU, uvloop": 1.2, "wall": 1.1},
        floor="asyncio streams",
        left_out=[f"{row}: not installed, left out." for row in missing],
    )


def _compare(bench: Bench, works: Mapping[str, Work], *, processes: int) -> tuple[dict[str, Cell], dict[str, Cell]]:
    """Return the columns of processor time and wall time; httpx takes many times as long, and runs once."""
    found = bench.in_turn({row: work for row, work in works.items() if row != "httpx"}, processes=processes, rounds=1)
    cpu, wall = cells(found, "aiohttp", "cpu"), cells(found, "aiohttp", "wall")
    if "httpx" in works:
        once = bench.in_turn({row: works[row] for row in ("aiohttp", "httpx")}, processes=1, rounds=1)
        cpu["httpx"] = cells(once, "aiohttp", "cpu")["httpx"]
        wall["httpx"] = cells(once, "aiohttp", "wall")["httpx"]
    return {row: cpu[row] for row in works}, {row: wall[row] for row in works}


def sequential(bench: Bench) -> Table:
    """One call after the other, on each interpreter."""
    options = {"warm_up": 2, "count": bench.few(300)}
    columns: dict[str, Mapping[str, Cell]] = {}
    for version, python in bench.pythons.items():
        work = Work("ours", "calls", options, python=python)
        works = {
            "ours": work,
            "ours, without orjson": replace(work, flags=("--without-orjson",)),
            "aiohttp": replace(work, client="aiohttp"),
            "httpx": replace(work, client="httpx"),
            "globus-sdk": replace(work, client="globus_sdk"),
        }
        found = bench.in_turn(works, processes=5, rounds=3)
        columns[f"Python {version}"] = cells(found, "globus-sdk", "cpu", 1e6 / options["count"])
    return Table(
        title="One call after the other",
        how="A server that responds at once: microseconds of processor time per call, without TLS, on each Python.",
        reference="globus-sdk",
        units=dict.fromkeys(columns, "us"),
        rows=by_row(columns),
        aims=dict.fromkeys(columns, 0.65),
    )
