"""The portal in a process of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.source import ROOT


@pytest.fixture
def portal() -> Iterator[str]:
    """Run the portal as ``nox -s portal`` does, with an emulated Globus in a hurry; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "examples.portal", "--port", str(port), "--speed", "1.5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = re.match(r"The portal is at (http://localhost:\d+)/ ", process.stdout.readline())
            assert told is not None
            url = told[1]
            for _ in range(200):
                try:
                    httpx.get(url)
                except httpx.ConnectError:
                    continue
                break
            yield url
        finally:
            process.terminate()
            process.wait(10)
