"""Measure everything, or the works that are named, and print the table; ``--write`` puts it and plots into docs/."""

from __future__ import annotations

import argparse
import sys

from benchmarks.measure import Figure, bench
from benchmarks.report import table, versions, write
from benchmarks.works import WORKS, Measured


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="work", help=f"any of {', '.join(WORKS)}; by default all")
    parser.add_argument("--official-python", default=sys.executable, help="an interpreter that has globus_sdk")
    parser.add_argument("--write", action="store_true", help="write table and plots into README and docs/")
    told = parser.parse_args()
    if unknown := set(told.works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    if told.works and told.write:
        parser.error("only all works together are written")
    figures: list[Figure] = []
    plots: dict[str, Measured] = {}
    with bench(told.official_python) as running:
        for name in told.works or WORKS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            figures += WORKS[name](running, plots)
        used = versions(running)
    print(table(figures))
    print(used)
    if told.write:
        write(figures, plots, used)


main()
