"""The portal in two worker processes that share a SQLite file: any of them serves a session and its live pages."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.emulator.status_browser import Page
from tests.examples.conftest import served
from tests.examples.portal_visit import Visitor, session

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
]


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def workers(pid: int) -> set[int]:
    """Return the worker processes of a portal."""
    (server,) = children(pid)
    return {each for each in children(server) if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()}


def test_a_worker_is_killed_while_a_page_is_live(page: Page) -> None:
    """Each of the two in turn: the session is still there, and the page goes on to the end of the transfer."""
    with served(workers=2) as program:
        visitor = Visitor(page, program.url)
        visitor.log_in()
        visitor.open_collection("Beamline 7")
        visitor.see('input[value="README.txt"]')
        visitor.select(["2027-03 perovskite/", "2027-02 silica gel/"], "Campus cluster", "Killed")
        visitor.click("#start")
        visitor.see("li.task")
        visitor.wait_until_live()
        page.evaluate("window.notReloaded = true")
        for killed in sorted(workers(program.pid)):
            os.kill(killed, signal.SIGKILL)
            end = time.monotonic() + 60
            while killed in (now := workers(program.pid)) or len(now) < 2:
                assert time.monotonic() < end
                time.sleep(0.1)
            before = visitor.percent("Killed")
            visitor.wait_until_live(30)
            page.wait_for(f"{visitor.task('Killed')}.querySelector('progress').value > {before}", seconds=30)
        page.wait_for(f"{visitor.state('Killed')} === 'SUCCEEDED'", seconds=60)
        assert page.evaluate("document.title") == "Transfers · Meridian"
        visitor.go("/collections")
        visitor.see(".card a")
        assert "Ada Lindgren" in visitor.text("header")


@pytest.mark.parametrize("number", [1, 2])
def test_a_portal_that_is_stopped_ends_its_streams(number: int) -> None:
    """Complete, although the server waits for open responses: browsers connect to its successor at once."""
    with (
        served(workers=number) as program,
        session(program.url) as client,
        client.stream("GET", "/tasks/events", timeout=30) as response,
    ):
        lines = response.iter_lines()
        assert next(lines).startswith("retry: ")
        os.kill(program.pid, signal.SIGTERM)
        for _ in lines:  # raises if the connection was cut
            pass
