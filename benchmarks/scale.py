"""Long listings, and what must not grow with the number of calls."""

from __future__ import annotations

from benchmarks.measure import Bench, Work, median
from benchmarks.tables import Fact, Facts, Table, cells

__all__ = ("growth", "paging")


def paging(bench: Bench) -> Table:
    """A long listing, from a server that takes its time for each page."""
    options = {"pages": bench.few(20)}
    works = {
        row: Work(client, "paging", options, latency=0.1, connections=10)
        for row, client in {"ours": "ours", "aiohttp": "aiohttp", "globus-sdk": "globus_sdk"}.items()
    }
    found = bench.in_turn(works, processes=3, rounds=2)
    columns = {"wall": cells(found, "globus-sdk", "wall"), "CPU": cells(found, "globus-sdk", "cpu")}
    return Table(
        title="A long listing",
        how=(
            f"{options['pages']} pages of 1,000 tasks, each after 100 ms. Ours requests pages at the same time, "
            "aiohttp and the SDK's paginator one after the other; the time includes the parsing of all tasks."
        ),
        reference="globus-sdk",
        units={"wall": "s", "CPU": "s"},
        rows={row: {name: column[row] for name, column in columns.items()} for row in works},
        aims={"wall": 0.25},
    )


def growth(bench: Bench) -> Facts:
    """Queued calls, waits and bulk queries in large numbers."""
    many, few, waits, calls = (4, 2, 4, 10) if bench.is_quick else (10_000, 500, 1000, 20_000)
    seconds = 1 if bench.is_quick else 10
    works = {
        "many": Work("growth", "queued", {"tasks": many}, latency=0.005, connections=20),
        "few": Work("growth", "queued", {"tasks": few}, latency=0.005, connections=20),
    }
    found = bench.in_turn(works, processes=3, rounds=1)
    per_call = {row: median(results, "cpu") / works[row].options["tasks"] for row, results in found.items()}
    errors = sum(result["errors"] for results in found.values() for result in results)
    wait = {"wait": Work("growth", "waiting", {"tasks": waits, "seconds": seconds}, latency=0.005, connections=20)}
    waited = bench.in_turn(wait, processes=1, rounds=1)["wait"][0]
    query = {"": Work("growth", "memory", {"calls": calls}, connections=50)}
    memory = median(bench.in_turn(query, processes=3, rounds=1)[""], "bytes")
    intervals = seconds + 1  # the first poll is immediate
    return Facts(
        title="Many calls",
        how="Ours alone, with limits that do not depend on the machine.",
        facts=[
            Fact(
                f"CPU per call of {many:,} calls at once on 20 connections",
                per_call["many"] / per_call["few"],
                f"of that of {few:,}",
                1.3,
            ),
            Fact("errors of these calls", errors, "", 0),
            Fact(f"requests per interval while {waits:,} tasks are waited for", waited["requests"] / intervals, "", 25),
            Fact(
                f"memory of {calls:,} bulk queries from a generator, above the idle client",
                memory / 1e6,
                "MB",
                8,
            ),
        ],
    )
