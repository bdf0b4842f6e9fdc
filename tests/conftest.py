"""Checks of every test: no leaks, no blocking, no connection to other machines, no settings of this machine."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import pytest
from blockbuster import blockbuster_ctx

from tests.toolkit.leaks import Snapshot

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_SETTINGS = ("GLOBUS_", "SSL_CERT_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class LeftTheMachine(BaseException):
    """A test tried to reach another machine; not an `Exception`, so that it is not handled as a network error."""


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise LeftTheMachine(f"connects to {address}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name and not name.startswith(_LOOPBACK):
            raise LeftTheMachine(f"resolves {name}")


def pytest_configure() -> None:
    """Let sockets reach this machine only; names that end in ``.invalid`` are unknown, as everywhere."""
    sys.addaudithook(_guard)
    asyncio.set_event_loop(None)  # or asyncio would make a loop that is never closed
    gc.disable()  # until the tests are collected, which makes hundreds of thousands of objects that all stay


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow tests first, so that at the end no process runs one while the others have none left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Exclude objects made by imports from later garbage collections, which run after every test."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Exclude what a test imported, and what the tests of a module left, such as reports, too."""
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    elif len(sys.modules) != _modules[-1]:  # not after each test: what a test still refers to is never freed then
        _modules.append(len(sys.modules))
        gc.freeze()


_modules = [0]
"""The numbers of imported modules at which objects were excluded from garbage collections."""


def _is_asynchronous(test: pytest.Item) -> bool:
    return inspect.iscoroutinefunction(getattr(test, "function", None))


SUMMARY = "summary"
"""The property under which a test records a line of text."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines that tests recorded, and the sums of the numbers, such as of the points of cancellation."""
    sums: dict[str, int] = {}
    lines: set[str] = set()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == SUMMARY:
                lines.add(str(value))
            elif isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    for line in sorted(lines):
        terminalreporter.write_line(line)
    for name, value in sorted(sums.items()):
        terminalreporter.write_line(f"{value:,} {name}")


@pytest.fixture
def summary(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that adds a line to the summary of the run, in whichever process the test runs."""
    return partial(record_property, SUMMARY)


@pytest.fixture(autouse=True, scope="session")
def _libraries_imported() -> None:
    """Import the HTTP libraries, so that the first call of a test process suspends no more often than all others."""
    from globus_async import Transport  # noqa: PLC0415 -- collecting tests needs no client

    async def load() -> None:
        async with Transport() as transport:
            await transport.load()

    asyncio.run(load())


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the settings of this machine and its user."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(_empty_home(tmp_path_factory)))


def _empty_home(factory: pytest.TempPathFactory) -> Path:
    home = factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    return home


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The library of the HTTP clients that `mock_client` makes; the test runs once with each."""
    from tests.toolkit.http_clients import in_use  # noqa: PLC0415 -- most tests need neither library

    with in_use(request.param) as module:
        yield module


@pytest.fixture(autouse=True)
def _nothing_left_open(_own_environment: None) -> Iterator[None]:
    """Fail a test that leaves a descriptor open."""
    before = Snapshot.take()
    yield
    if before.new_descriptors():
        gc.collect()
    before.assert_nothing_new()


@pytest.fixture(autouse=True)
def _loop_watched(request: pytest.FixtureRequest, _nothing_left_open: None) -> None:
    """Check the loop of a test that has one; after `_nothing_left_open`, whose check needs a closed loop."""
    if _is_asynchronous(request.node):
        request.getfixturevalue("_nothing_left_running")


def _is_a_failed_handshake(context: dict[str, Any]) -> bool:
    """Whether a test's TLS server reports that a client rejected its certificate."""
    return context.get("message") == "Error on transport creation for incoming connection"


def _in_debug_mode(test: pytest.Item) -> bool:
    """
    Whether asyncio's debug mode checks a test: a quarter of the tests, or all in a thorough run; not the slow ones.

    It doubles the time of a test.
    """
    is_chosen = "TEST_THOROUGH" in os.environ or crc32(test.nodeid.encode()) % 4 == 0
    return is_chosen and test.get_closest_marker("slow") is None


@pytest.fixture
async def _nothing_left_running(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task running, blocks the loop in package code, or causes an unhandled error."""
    loop = asyncio.get_running_loop()
    loop.set_debug(_in_debug_mode(request.node))
    unseen: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: None if _is_a_failed_handshake(context) else unseen.append(context))
    before = Snapshot.take()
    with blockbuster_ctx("globus_async"):
        yield
    for _ in range(5):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task not in before.tasks and task is not asyncio.current_task()]
    assert not left, f"{len(left)} tasks are left running: {left[:3]}"
    gc.collect()
    loop.set_exception_handler(None)
    assert not unseen, f"unhandled errors: {[context.get('exception') or context for context in unseen]}"
