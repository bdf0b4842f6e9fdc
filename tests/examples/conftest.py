"""The portal in a process of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.source import ROOT


@pytest.fixture
def portal() -> Iterator[str]:
    """Run the portal; give its address."""
    with served() as (url, _):
        yield url


@contextmanager
def served(public_url: str | None = None) -> Generator[tuple[str, int]]:
    """Run the portal as ``nox -s portal`` does, with an emulated Globus in a hurry; give its address and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "examples.portal", "--port", str(port), "--speed", "1.5"]
    command += [] if public_url is None else ["--public-url", public_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = re.match(r"The portal is at (http://localhost:\d+\S*)/ ", process.stdout.readline())
            assert told is not None
            url = told[1]
            for _ in range(200):
                try:
                    httpx.get(f"http://localhost:{port}")
                except httpx.ConnectError:
                    continue
                break
            yield url, port
        finally:
            process.terminate()
            process.wait(10)
