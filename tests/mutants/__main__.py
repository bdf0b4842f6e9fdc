"""Takes the guards out one at a time, in a copy of the package, and sees whether the tests notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.guards import GUARDS, Guard
from tests.source import ROOT

SECONDS = 300
NOTICED = 1
"""What pytest returns when a test failed; anything else but 0 would be an accident."""


def noticed(guard: Guard, source: Path) -> bool:
    """Run a guard's tests without it; return whether one failed."""
    module = source / "globus_async" / guard.module
    whole = module.read_text(encoding="utf-8")
    module.write_text(whole.replace(guard.code, guard.without), encoding="utf-8")
    tests = [str(ROOT / "tests" / name) for name in guard.tests.split()]
    options = ("-x", "-q", "--no-header", "--timeout=30", "-p", "no:cacheprovider")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        module.write_text(whole, encoding="utf-8")
    if done.returncode not in {0, NOTICED}:
        raise SystemExit(f"{guard.module}: {guard.code.strip()!r}: the tests could not run\n{done.stdout}{done.stderr}")
    return done.returncode == NOTICED


def main() -> None:
    """Check all guards, or those of the modules named."""
    wanted = [guard for guard in GUARDS if not sys.argv[1:] or guard.module in sys.argv[1:]]
    unseen = []
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for guard in wanted:
            seen = noticed(guard, Path(folder))
            unseen += [] if seen else [guard]
            print("noticed  " if seen else "UNNOTICED", guard.module, repr(guard.code.strip()), flush=True)  # noqa: T201
    print(f"{len(wanted)} guards, {len(unseen)} of them not missed by any test")  # noqa: T201
    sys.exit(bool(unseen))


if __name__ == "__main__":
    main()
