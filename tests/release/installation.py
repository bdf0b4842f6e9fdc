"""A distribution in a new environment: its names, README's example, the types, and all extras."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.source import ROOT

__all__ = ("example_of_readme", "try_distribution")

IMPORT_NAMES = """
import globus_async
for name in globus_async.__all__:
    getattr(globus_async, name)
print(globus_async.__version__)
"""
IMPORT_WITHOUT_EXTRA = """
import importlib.util
for extra in {extras!r}:
    module = "globus_async." + ("testing" if extra == "emulator" else extra)
    if importlib.util.find_spec(module) is not None:
        try:
            exec(f"from {{module}} import *")
        except ImportError as error:
            assert f"globus-async[{{extra}}]" in " ".join([str(error), *getattr(error, "__notes__", [])])
            print(extra)
"""
IMPORT_MODULES = """
import importlib, pkgutil, globus_async
for found in pkgutil.walk_packages(globus_async.__path__, "globus_async."):
    if not found.name.endswith(("__main__", "pytest_plugin")):
        importlib.import_module(found.name)
print(len(globus_async.__all__))
"""
TYPED = """
from globus_async import TransferClient
async def name(tc: TransferClient, id: str) -> str:
    return (await tc.get_endpoint(id)).data["id"]
reveal_type(name)
"""


def example_of_readme(text: str) -> str:
    """Return the first complete program of README."""
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if "asyncio.run(" in block)


class Environment:
    """A virtual environment with nothing but pip."""

    def __init__(self, python: str, folder: Path) -> None:
        self._folder = folder
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GLOBUS"))}
        self._execute(python, "-m", "venv", str(folder / "env"))
        self.python = str(folder / "env" / "bin" / "python")

    def _execute(self, *command: str, **variables: str) -> str:
        environ = {**self._environ, **variables}
        done = subprocess.run(list(command), cwd=self._folder, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def install(self, requirement: str) -> None:
        """Install a distribution, with extras after its path."""
        self._execute(self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement)
        self._execute(self.python, "-m", "pip", "check")

    def run(self, source: str) -> str:
        """Run a program and return what it prints; a warning of Python is an error."""
        return self._execute(self.python, "-I", "-W", "error", "-c", source, HOME=str(self._folder))

    def check_types(self, source: str) -> str:
        """Check a program against the installed package, with the mypy of this environment."""
        options = ("--strict", "--config-file=", "--python-executable", self.python)
        return self._execute(sys.executable, "-m", "mypy", *options, "-c", source)


def try_distribution(python: str, distribution: Path, extras: list[str], folder: Path) -> None:
    """
    Install a distribution without extras, with that of the emulator, and with all; print the seconds of each step.

    Args:
        python: The interpreter.
        distribution: A wheel or a source distribution.
        extras: All extras.
        folder: An empty directory.

    Raises:
        SystemExit: A step failed.
    """
    started = time.monotonic()

    def check(step: str, passed: bool) -> None:
        print(  # noqa: T201 -- a script
            f"{distribution.suffix[1:]:4} {step:60} {time.monotonic() - started:6.1f} s", flush=True
        )
        if not passed:
            raise SystemExit(f"{step} failed")

    environment = Environment(python, folder)
    environment.install(str(distribution))
    check(f"{python}, without extras", bool(environment.run(IMPORT_NAMES)))
    named = environment.run(IMPORT_WITHOUT_EXTRA.format(extras=extras)).split()
    check(f"missing extras are named: {', '.join(named)}", "emulator" in named)
    check("types", "Coroutine[Any, Any, str]" in environment.check_types(TYPED))
    environment.install(f"{distribution}[emulator]")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    printed = environment.run(example_of_readme(readme))
    check("README's example", bool(printed) and all(line in readme for line in printed.splitlines()))
    environment.install(f"{distribution}[{','.join(extras)}]")
    check("all extras, all modules", int(environment.run(IMPORT_MODULES)) > 0)
