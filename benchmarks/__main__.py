"""Run all benchmarks, or the named ones, and print their tables; ``--write`` writes tables and charts into docs/."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks import applications, bodies, instructions, processor, scale, starting, streams
from benchmarks.measure import Bench, bench
from benchmarks.report import document, versions, write
from benchmarks.tables import Section

QUESTIONS: dict[str, Callable[[Bench], Section]] = {
    "instructions": instructions.measure,
    "observed": instructions.observed,
    "concurrent": processor.concurrent,
    "sequential": processor.sequential,
    "bodies": bodies.processor_time,
    "standstills": bodies.standstills,
    "streams": streams.processor_time,
    "paging": scale.paging,
    "growth": scale.growth,
    "starting": starting.measure,
    "fastapi": applications.fastapi_requests,
    "emulator": applications.emulator_files,
}


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "questions", nargs="*", metavar="question", help=f"any of {', '.join(QUESTIONS)}; by default all"
    )
    parser.add_argument("--python", action="append", default=[], help="a further interpreter, with the packages")
    parser.add_argument("--quick", action="store_true", help="few calls: whether everything runs, no figures")
    parser.add_argument("--write", action="store_true", help="write tables and charts into README and docs/")
    options = parser.parse_args()
    if unknown := set(options.questions) - set(QUESTIONS):
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    if options.write and (options.questions or options.quick):
        parser.error("only all figures together are written")
    sections: dict[str, Section] = {}
    with bench(options.python, is_quick=options.quick) as running:
        for name in options.questions or QUESTIONS:
            began = time.perf_counter()
            print(f"{name} ...", file=sys.stderr, end=" ", flush=True)
            sections[name] = QUESTIONS[name](running)
            print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        used = versions(running)
    print(document(list(sections.values())))
    print(f"\n{used}")
    if options.quick:
        print("\nA quick run shows that the benchmarks run; so few calls compare nothing. For figures omit --quick.")
    if options.write:
        write(sections, used)


if __name__ == "__main__":
    main()
