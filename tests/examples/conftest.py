"""The portal on a thread or in processes of its own, and one browser for all tests of a process."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import pytest

from tests.emulator.status_browser import PROGRAM, Page, browser
from tests.examples.portal_server import PortalServer, running
from tests.source import ROOT


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    """Run the portal on a thread."""
    with running() as portal:
        yield portal


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    """Run a browser with one tab."""
    if not PROGRAM:
        pytest.skip("no Chromium is installed; TEST_CHROMIUM can name one")
    with browser() as page:
        page.open("about:blank")
        yield page


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """The tab of the browser, as it was at first."""
    yield chromium
    chromium.call("Page.navigate", url="about:blank")
    chromium.call("Network.clearBrowserCookies")
    chromium.call("Emulation.setTouchEmulationEnabled", enabled=False)
    chromium.call("Emulation.setEmulatedMedia", features=[])
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)


class Program(NamedTuple):
    """The portal in processes of its own."""

    url: str
    port: int
    pid: int


@contextmanager
def served(public_url: str | None = None, *, workers: int = 1) -> Generator[Program]:
    """Run the portal as ``nox -s portal`` does, with an emulated Globus in a hurry."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "examples.portal", "--port", str(port), "--speed", "1.5"]
    command += [] if public_url is None else ["--public-url", public_url]
    with subprocess.Popen(
        [*command, "--workers", str(workers)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            match = re.match(r"The portal is at (http://localhost:\d+\S*)/ ", process.stdout.readline())
            assert match is not None
            for _ in range(2000):
                try:
                    httpx.get(f"http://localhost:{port}")
                except (httpx.ConnectError, httpx.ReadError):
                    continue
                break
            yield Program(match[1], port, process.pid)
        finally:
            process.terminate()
            process.wait(20)
