"""The benchmarks and their targets."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Bench, Figure, fresh

Measured = dict[str, dict[str, float]]
"""The values to plot, by row."""


def sequential(bench: Bench, plots: dict[str, Measured], *, calls: int = 300) -> list[Figure]:
    """Sequential calls: processor time per call."""
    rows = ("ours", "ours, uvloop", "ours, no orjson", "httpx", "aiohttp", "official")
    works = {row: (row, "sequential", {"calls": calls}) for row in rows}
    found = bench.alternate(works, processes=9, rounds=3)
    per_call = {row: took["cpu"] / calls * 1e6 for row, took in found.items()}
    plots["sequential"] = {row: {"microseconds of CPU per call": value} for row, value in per_call.items()}
    work = "sequential `await tc.get_endpoint(id)`, CPU per call"
    ours = per_call["ours"]
    return [
        Figure(work, f"of {compared}", ours / per_call[other], aim, f"{ours:.0f} / {per_call[other]:.0f} us")
        for other, compared, aim in (
            ("httpx", "`httpx.AsyncClient.get().json()`", 0.5),
            ("official", "the official SDK", 0.65),
            ("aiohttp", "bare aiohttp with `json()`", 2.0),
            ("ours, no orjson", "ours without orjson", None),
            ("ours, uvloop", "ours on uvloop", None),
        )
    ]


def bulk(bench: Bench, plots: dict[str, Measured], *, calls: int = 2000) -> list[Figure]:
    """Many concurrent calls to a slow service."""
    flights = {"calls": calls, "in_flight": 100}
    found = bench.alternate(
        {
            "ours": ("ours", "bulk", flights),
            "ours, uvloop": ("ours, uvloop", "bulk", flights),
            "aiohttp": ("aiohttp", "bulk", flights),
            "official, 50 threads": ("official", "bulk", {"calls": calls, "threads": 50}),
        },
        processes=5,
        rounds=1,
    )
    slow = {
        "httpx": ("httpx", "bulk", flights),
        "official, 10 threads": ("official", "bulk", {"calls": calls, "threads": 10}),
    }
    found |= bench.alternate(slow, processes=1, rounds=1)
    plots["bulk"] = {row: {"seconds": took["wall"], "seconds of CPU": took["cpu"]} for row, took in found.items()}
    ideal = calls / 100 * 0.05
    ours, threads = found["ours"], found["official, 50 threads"]
    work = f"{calls:,} `get_endpoint` through `bulk`, 50 ms server, 100 in flight"
    return [
        Figure(work, "wall, of the ideal", ours["wall"] / ideal, 1.2, f"{ours['wall']:.2f} / {ideal:.2f} s"),
        Figure(
            work,
            "wall, of the official SDK in 50 threads",
            ours["wall"] / threads["wall"],
            0.6,
            f"{ours['wall']:.2f} / {threads['wall']:.2f} s",
        ),
        Figure(
            work,
            "CPU, of the official SDK in 50 threads",
            ours["cpu"] / threads["cpu"],
            0.6,
            f"{ours['cpu']:.2f} / {threads['cpu']:.2f} s",
        ),
        Figure(
            work,
            "wall, of bare aiohttp",
            ours["wall"] / found["aiohttp"]["wall"],
            None,
            f"{ours['wall']:.2f} / {found['aiohttp']['wall']:.2f} s",
        ),
        Figure(
            work,
            "CPU, of bare aiohttp",
            ours["cpu"] / found["aiohttp"]["cpu"],
            None,
            f"{ours['cpu']:.2f} / {found['aiohttp']['cpu']:.2f} s",
        ),
    ]


def queued(bench: Bench, plots: dict[str, Measured]) -> list[Figure]:
    """More calls at once than there are connections."""
    sizes = (500, 2000, 10_000)
    works = {str(size): ("ours", "queued", {"tasks": size, "connections": 20}) for size in sizes}
    found = bench.alternate(works, processes=5, rounds=1)
    per_call = {size: found[str(size)]["cpu"] / size * 1e6 for size in sizes}
    plots["queued"] = {f"{size:,} tasks": {"microseconds of CPU per call": value} for size, value in per_call.items()}
    errors = sum(found[str(size)]["errors"] for size in sizes)
    work = "10,000 queued tasks on 20 connections"
    return [
        Figure(work, "pool errors", errors, 0.0),
        Figure(
            work,
            "CPU per call, of that at 500 tasks",
            per_call[10_000] / per_call[500],
            1.3,
            f"{per_call[10_000]:.0f} / {per_call[500]:.0f} us",
        ),
    ]


def paging(bench: Bench, plots: dict[str, Measured], *, pages: int = 20) -> list[Figure]:
    """A long listing."""
    rows = ("ours", "ours, no orjson", "httpx", "aiohttp", "official")
    found = bench.alternate({row: (row, "paging", {"pages": pages}) for row in rows}, processes=3, rounds=2)
    plots["paging"] = {row: {"seconds": took["wall"]} for row, took in found.items()}
    ours, official = found["ours"]["wall"], found["official"]["wall"]
    work = f"{pages} pages of 1,000 tasks, 100 ms each"
    return [
        Figure(work, "wall, of the official SDK's paginator", ours / official, 0.25, f"{ours:.2f} / {official:.2f} s")
    ]


def waiting(bench: Bench, plots: dict[str, Measured], *, tasks: int = 1000, seconds: int = 10) -> list[Figure]:
    """Waiting for many tasks at once, with one poll per second."""
    works = {"ours": ("ours", "waiting", {"tasks": tasks, "seconds": seconds})}
    took = bench.alternate(works, processes=1, rounds=1)["ours"]
    intervals = seconds + 1  # the first poll is immediate
    requests = took["requests"] / intervals
    per_wait = took["cpu"] / tasks / intervals * 1e6
    plots["waiting"] = {
        "ours": {"requests per polling interval": requests},
        "one by one": {"requests per polling interval": float(tasks)},
    }
    work = f"{tasks:,} tasks waited for"
    return [
        Figure(work, "requests per polling interval", requests, 25, f"{took['requests']:.0f} in {intervals} intervals"),
        Figure(work, "CPU per wait and interval, us", per_wait, None),
    ]


def memory(bench: Bench, plots: dict[str, Measured], *, calls: int = 20_000) -> list[Figure]:  # noqa: ARG001
    """Many calls from a generator, in little memory."""
    took = bench.alternate({"ours": ("ours", "memory", {"calls": calls})}, processes=1, rounds=1)["ours"]
    return [
        Figure(f"{calls:,} bulk queries from a generator", "peak above the idle client, MB", took["bytes"] / 1e6, 8)
    ]


def importing(bench: Bench, plots: dict[str, Measured], *, rounds: int = 11) -> list[Figure]:
    """From process start to the first response."""
    url = f"http://127.0.0.1:{bench.ports['0.0']}/"
    endpoint_id = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
    ours = f"""
import asyncio
from globus_async import AccessTokenAuthorizer, TransferClient
async def main():
    async with TransferClient(base_url={url!r}, authorizer=AccessTokenAuthorizer("AgBenchmarkToken")) as tc:
        assert (await tc.get_endpoint({endpoint_id!r}))["display_name"]
asyncio.run(main())
"""
    official = f"""
from globus_sdk import AccessTokenAuthorizer, TransferClient
tc = TransferClient(base_url={url!r}, authorizer=AccessTokenAuthorizer("AgBenchmarkToken"))
assert tc.get_endpoint({endpoint_id!r})["display_name"]
"""
    found = fresh(
        rounds,
        {
            "python alone": (bench.python, ""),
            "import globus_async": (bench.python, "import globus_async"),
            "import globus_sdk": (bench.official_python, "import globus_sdk"),
            "import httpx": (bench.python, "import httpx"),
            "import aiohttp": (bench.python, "import aiohttp"),
            "import aiohttp, httpx": (bench.python, "import aiohttp, httpx"),
            "globus_async, first response": (bench.python, ours),
            "globus_sdk, first response": (bench.official_python, official),
        },
    )
    plots["importing"] = {row: {"milliseconds": 1000 * seconds} for row, seconds in found.items()}
    return [
        Figure(
            work,
            "wall, of the official SDK",
            found[mine] / found[theirs],
            aim,
            f"{1000 * found[mine]:.0f} / {1000 * found[theirs]:.0f} ms; {1000 * found[included]:.0f} ms {of_what}",
        )
        for work, mine, theirs, aim, included, of_what in (
            (
                "`import globus_async` in a fresh process",
                "import globus_async",
                "import globus_sdk",
                0.5,
                "python alone",
                "of each are Python's own start",
            ),
            (
                "to the first response in a fresh process",
                "globus_async, first response",
                "globus_sdk, first response",
                0.9,
                "import aiohttp, httpx",
                "of ours are Python's start and `import aiohttp, httpx`",
            ),
        )
    ]


WORKS: dict[str, Callable[[Bench, dict[str, Measured]], list[Figure]]] = {
    "sequential": sequential,
    "bulk": bulk,
    "queued": queued,
    "paging": paging,
    "waiting": waiting,
    "memory": memory,
    "importing": importing,
}
