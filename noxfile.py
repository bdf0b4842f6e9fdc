"""Sessions for tests, checks, documentation and benchmarks: ``nox -l`` lists them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.error_on_external_run = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHON = "3.11"
EXTRAS = "emulator,fastapi,fsspec,otel,redis,sql"
"""What the tests need."""
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PARALLEL = ("-n", str(PROCESSORS + 1), "--dist", "worksteal")
"""One process more than processors, since tests also wait."""


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def install_official(session: nox.Session) -> None:
    """
    Install the official SDK and CLI: clients of the emulator, and the reference that our requests are compared with.

    Where the package index lacks the certifi that the SDK pins, the SDK is installed without its dependencies. The CLI
    always is, because it pins the SDK before the newest.
    """
    session.install(*group("beside-official"))
    try:
        session.install(*group("official-sdk"))
    except CommandFailed:
        session.warn("the index lacks a package that globus-sdk pins: installing globus-sdk without its dependencies")
        session.install("--no-deps", *group("official-sdk"))
    session.install("--no-deps", *group("official-cli"))
    names = ("globus-sdk", "globus-cli", "certifi")
    session.run("python", "-c", f"import importlib.metadata as m; print(*(f'{{n}} {{m.version(n)}}' for n in {names}))")


@nox.session(python=PYTHON)
def demo(session: nox.Session) -> None:
    """Start the emulator and transfer files through it, from login to compared checksums."""
    session.install(".[emulator]")
    session.run("python", "-m", "globus_async.demo", *session.posargs)


@nox.session(python=PYTHON)
def portal(session: nox.Session) -> None:
    """Serve the research data portal, in front of an emulated Globus unless GLOBUS_CLIENT_ID is set."""
    session.install(".[emulator,fastapi,redis,sql]", *group("examples"))
    session.run("python", "-m", "examples.portal", *session.posargs)


def install_tests(session: nox.Session) -> None:
    """Install the package, what the tests need, and the official SDK and CLI."""
    session.install("-e", f".[{EXTRAS}]", *group("tests"))
    install_official(session)


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """Run the tests, in one process per processor; arguments after ``--`` go to pytest."""
    install_tests(session)
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session(python=PYTHON, reuse_venv=True)
def quick(session: nox.Session) -> None:
    """Run the tests but the slow ones, in three minutes on two processors once its environment is there."""
    if not Path(session.bin, "pytest").exists():
        install_tests(session)
    session.run("pytest", *PARALLEL, "-m", "not slow", *session.posargs)


@nox.session(python=PYTHON)
def thorough(session: nox.Session) -> None:
    """Run the tests with all random cases and all of them in asyncio's debug mode, four times as many as usual."""
    install_tests(session)
    session.run("pytest", *PARALLEL, *session.posargs, env={"TEST_THOROUGH": "1"})


@nox.session(python=["3.12", "3.13", "3.14"])
def newer(session: nox.Session) -> None:
    """Run the tests on the newer versions of Python that are installed."""
    tests(session)


@nox.session(python=PYTHON)
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that are allowed."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    asked = [*PYPROJECT["project"]["dependencies"], *(each for name in EXTRAS.split(",") for each in extras[name])]
    oldest = [re.sub(r">=([\d.]+).*", r"==\1.*", requirement) for requirement in asked]
    session.install("-e", f".[{EXTRAS}]", *group("tests"), *oldest)
    install_official(session)
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session(python=PYTHON)
def mutants(session: nox.Session) -> None:
    """Remove the guards of the code one at a time: a test must fail for each. Takes a quarter of an hour."""
    install_tests(session)
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHON)
def types(session: nox.Session) -> None:
    """Check types, with both checkers, and that all that users see has a type."""
    session.install(f".[{EXTRAS}]", *group("types"))  # not editable: --verifytypes looks for an installed package
    install_official(session)
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(Path(session.bin, "python")))
    command = ("pyright", "--verifytypes", "globus_async", "--ignoreexternal", "--outputjson")
    text = str(session.run(*command, silent=True, success_codes=[0, 1]))
    if incomplete := incomplete_types(json.loads(text[text.index("{") :])):
        session.error(f"without a complete type: {', '.join(incomplete)}")


def incomplete_types(report: dict[str, Any]) -> list[str]:
    """Return what users see without a complete type, but for classes of fsspec's, which has no type hints."""
    symbols = [each for each in report["typeCompleteness"]["symbols"] if each["isExported"]]
    return [
        each["name"]
        for each in symbols
        if (each["isTypeAmbiguous"] or not each["isTypeKnown"])
        and not all(re.search("base class|metaclass", found["message"]) for found in each["diagnostics"])
    ]


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Build the documentation, in which every warning is an error, and check its pages and search index."""
    session.install("-e", f".[{EXTRAS}]", *group("docs"))
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs)
    session.run("python", "-m", "tests.docs_site", "docs/_build/html")


@nox.session(python=PYTHON)
def screens(session: nox.Session) -> None:
    """
    Check the main pages of the built documentation in Chromium, after ``nox -s docs``, on a phone and a desk.

    With a folder after ``--``, write the pictures into it.
    """
    session.install("axe-core-python>=0.1")
    session.run("python", "-m", "tests.docs_site.screens", "docs/_build/html", *session.posargs)


@nox.session(python=PYTHON)
def build(session: nox.Session) -> None:
    """
    Make the wheel and the source distribution in ``dist``, and check what an index and its users would receive.

    Contents, which must be committed, metadata and description; then, in new environments of the oldest and the newest
    Python that are installed: an import without extras, the types, README's example, and all extras. Takes two minutes.
    """
    session.install(*group("build"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))
    claimed = [each.rpartition(" ")[2] for each in PYPROJECT["project"]["classifiers"] if re.search(r":: 3\.\d", each)]
    installed = [name for name in claimed if is_python(f"python{name}")]
    for name in claimed:
        if name not in installed:
            session.warn(f"not tried on Python {name}, which is not installed")
    pythons = dict.fromkeys((installed[0], installed[-1]) if installed else ())
    session.run("python", "-m", "tests.release", "dist", *(f"python{name}" for name in pythons))


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """
    Compare speed with HTTP libraries and the official SDK in one run; write the figures into the docs.

    Where python3.13 is found, it gets an environment and figures of its own. ``-- --quick`` makes a few calls of each
    kind and writes nothing.
    """
    session.install(".[emulator,fastapi,speed]", *group("bench"))
    install_official(session)
    options = [] if "--quick" in session.posargs else ["--write"]
    if is_python("python3.13"):
        options += ["--python", second_environment(session, "python3.13")]
    session.run("python", "-m", "benchmarks", *options, *session.posargs)


def is_python(name: str) -> bool:
    """Return whether an interpreter is there and runs: pyenv has commands for versions that are not chosen."""
    if shutil.which(name) is None:
        return False
    return subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603 -- our name


def second_environment(session: nox.Session, python: str) -> str:
    """Make an environment of another interpreter for the benchmarks; return its path."""
    home = Path(session.virtualenv.location, python)
    session.run(python, "-m", "venv", str(home), external=True)
    interpreter = str(home / "bin" / "python")
    pip = (interpreter, "-m", "pip", "install", "-q")
    session.run(*pip, ".[speed]", *group("http-libraries"), *group("beside-official"), external=True)
    session.run(*pip, "--no-deps", *group("official-sdk"), external=True)
    return interpreter


@nox.session(python=PYTHON)
def soak(session: nox.Session) -> None:
    """Make 100,000 calls with faults and cancellations; nothing may grow. ``-- --calls 1000000`` for a long run."""
    session.install(".[speed]")
    session.run("python", "-m", "benchmarks.soak", *session.posargs)
