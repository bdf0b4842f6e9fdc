"""Run all benchmarks, or the named ones, and print the table; ``--write`` writes it and the plots into docs/."""

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
    options = parser.parse_args()
    if unknown := set(options.works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    if options.works and options.write:
        parser.error("only all works together are written")
    figures: list[Figure] = []
    plots: dict[str, Measured] = {}
    with bench(options.official_python) as running:
        for name in options.works or WORKS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            figures += WORKS[name](running, plots)
        used = versions(running)
    print(table(figures))
    print(used)
    if options.write:
        write(figures, plots, used)


main()
