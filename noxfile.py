"""The one door to everything that can be done here: ``nox -l`` lists it."""

from __future__ import annotations

import re
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.error_on_missing_interpreters = False
nox.options.error_on_external_run = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHON = "3.11"


def group(name: str) -> list[str]:
    """Return what a dependency group of pyproject.toml asks for."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def install_official(session: nox.Session) -> None:
    """
    Install the official SDK and CLI, which the emulator must convince and our requests are compared with.

    A package index may lack the certifi that the SDK pins: then it stands beside its other dependencies. The CLI always
    does, because it pins the SDK before the newest.
    """
    session.install(*group("beside-official"))
    try:
        session.install(*group("official-sdk"))
    except CommandFailed:
        session.warn("the index lacks something that globus-sdk pins: installing it without its dependencies")
        session.install("--no-deps", *group("official-sdk"))
    session.install("--no-deps", *group("official-cli"))
    names = ("globus-sdk", "globus-cli", "certifi")
    session.run("python", "-c", f"import importlib.metadata as m; print(*(f'{{n}} {{m.version(n)}}' for n in {names}))")


@nox.session(python=PYTHON)
def demo(session: nox.Session) -> None:
    """Start the emulator and do the main job from login to compared checksums."""
    session.install(".[emulator]")
    session.run("python", "-m", "globus_async.demo", *session.posargs)


@nox.session(python=PYTHON)
def portal(session: nox.Session) -> None:
    """Serve the research data portal, in front of an emulated Globus unless GLOBUS_CLIENT_ID is set."""
    session.install(".[emulator,fastapi]", *group("examples"))
    session.run("python", "-m", "examples.portal", *session.posargs)


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after ``--`` go to pytest."""
    session.install("-e", ".[emulator,fastapi]", *group("tests"))
    install_official(session)
    session.run("pytest", *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"])
def newer(session: nox.Session) -> None:
    """Run the tests on those newer versions of Python that are there."""
    tests(session)


@nox.session(python=PYTHON)
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that are allowed."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    asked = [*PYPROJECT["project"]["dependencies"], *extras["emulator"], *extras["fastapi"]]
    oldest = [re.sub(r">=([\d.]+).*", r"==\1.*", requirement) for requirement in asked]
    session.install("-e", ".[emulator,fastapi]", *group("tests"), *oldest)
    install_official(session)
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHON)
def mutants(session: nox.Session) -> None:
    """Take the guards of the code out one at a time: each must be missed by a test. Takes half an hour."""
    session.install("-e", ".[emulator,fastapi]", *group("tests"))
    install_official(session)
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHON)
def types(session: nox.Session) -> None:
    """Check types, with both checkers."""
    session.install("-e", ".[emulator,fastapi]", *group("types"))
    install_official(session)
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(Path(session.bin, "python")))


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    session.install("-e", ".[emulator,fastapi]", *group("docs"))
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs)


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """Compare speed and memory with httpx, aiohttp and the official SDK in one run; write the figures into the docs."""
    session.install(".[emulator,speed]", *group("bench"))
    install_official(session)
    session.run("python", "-m", "benchmarks", "--write", *session.posargs)


@nox.session(python=PYTHON)
def soak(session: nox.Session) -> None:
    """Make calls by the hundred thousand in bad weather; nothing may grow. ``-- --calls 1000000`` for a night."""
    session.install(".[speed]")
    session.run("python", "-m", "benchmarks.soak", *session.posargs)
