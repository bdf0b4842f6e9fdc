"""Remove the guards one at a time, in a copy of the package, and check that a test fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.guards import GUARDS
from tests.mutants.mutation import Guard
from tests.source import ROOT

SECONDS = 300
FAILED = 1
"""What pytest returns when a test failed; anything else but 0 would be an accident."""


def is_noticed(guard: Guard) -> bool:
    """Run a guard's tests without it; return whether one failed."""
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        module = Path(folder, "globus_async", guard.module)
        module.write_text(guard.mutant(module.read_text(encoding="utf-8")), encoding="utf-8")
        tests = [str(ROOT / "tests" / name) for name in guard.tests.split()]
        options = ("-x", "-q", "--no-header", "--timeout=30", "-p", "no:cacheprovider", "-p", "no:xdist")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *tests],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
    if done.returncode not in {0, FAILED}:
        raise SystemExit(f"{guard}: the tests could not run\n{done.stdout}{done.stderr}")
    return done.returncode == FAILED


def main() -> None:
    """Check all guards, or those of the modules named."""
    modules = sys.argv[1:]
    wanted = [guard for guard in GUARDS if not modules or guard.module in modules]
    if unknown := set(modules) - {guard.module for guard in wanted}:
        sys.exit(f"no guards in {', '.join(sorted(unknown))}; name modules as transport/_call.py")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = [(guard, pool.submit(is_noticed, guard)) for guard in wanted]
        for guard, noticed in results:
            print("noticed  " if noticed.result() else "UNNOTICED", guard, flush=True)  # noqa: T201
    unnoticed = sum(not noticed.result() for _, noticed in results)
    print(f"{len(wanted)} guards, {unnoticed} of them without a test that fails")  # noqa: T201
    sys.exit(bool(unnoticed))


if __name__ == "__main__":
    main()
