"""Logins in the user's own browser: which browsers are suitable, and real ones."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from globus_async import NativeAppAuthClient
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import LocalServerLoginError, LocalServerLoginFlowManager
from globus_async.testing import GlobusEmulator
from tests.emulator.status_browser import PROGRAM, browser
from tests.examples.test_portal_screens import SCHEMES, SCREENS, UNREADABLE, WIDER
from tests.login_flows.world import OPENID, PYTHON_PATH, Globus, query_of

PATIENCE = 40
WRITES_URL = 'printf %s "$1" > "$BROWSED.new"; mv "$BROWSED.new" "$BROWSED"'

pytestmark = pytest.mark.slow


def run(directory: Path, *, name: str = "browser", script: str = WRITES_URL, **environment: str) -> str:
    """Run the program with a browser of that name; return the outcome, and whether a port was opened and closed."""
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("browser_program.py"))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("SSH_")},
            "PYTHONPATH": PYTHON_PATH,
            "BROWSER": str(program),
            "BROWSED": str(directory / "url"),
            **environment,
        },
    )
    found = re.search("<outcome>(.*)", done.stdout, re.DOTALL)
    assert found, done
    assert done.stderr == ""
    return found[1].strip()


def test_the_default_browser(tmp_path: Path) -> None:
    """It opens the URL."""
    assert run(tmp_path) == "['auth.globus.org']</outcome> True True"


def test_a_browser_that_runs_on(tmp_path: Path) -> None:
    """Neither the login nor the end of the program waits for it."""
    assert (
        run(tmp_path, script=f"{WRITES_URL}; exec sleep 60 > /dev/null 2>&1")
        == "['auth.globus.org']</outcome> True True"
    )


def test_a_browser_that_fails(tmp_path: Path) -> None:
    """The port is closed."""
    outcome = run(tmp_path, script="exit 1")
    assert outcome.startswith("LocalServerEnvironmentalLoginError: the browser could not be opened")
    assert outcome.endswith(" True True")


@pytest.mark.parametrize("name", ["lynx", "www-browser"])
def test_text_browsers(tmp_path: Path, name: str) -> None:
    """No port is opened for them, and they are not started."""
    outcome = run(tmp_path, name=name)
    assert outcome.startswith(f"LocalServerEnvironmentalLoginError: the browser {name} shows text only")
    assert outcome.endswith(" False True")
    assert not (tmp_path / "url").exists()


@pytest.mark.parametrize("name", ["SSH_TTY", "SSH_CONNECTION"])
def test_remote_sessions(tmp_path: Path, name: str) -> None:
    """Their browser is on another machine."""
    outcome = run(tmp_path, **{name: "x"})
    assert outcome.startswith("LocalServerEnvironmentalLoginError: this is a remote session")
    assert outcome.endswith(" False True")


def test_no_browser(tmp_path: Path) -> None:
    """As on most servers."""
    outcome = run(tmp_path, BROWSER="", PATH=str(tmp_path / "empty"), DISPLAY="", WAYLAND_DISPLAY="")
    assert outcome.startswith("LocalServerEnvironmentalLoginError: there is no browser")
    assert outcome.endswith(" False True")


async def test_the_browser_of_the_emulator(globus: Globus) -> None:
    """For the tests of programs."""
    manager = LocalServerLoginFlowManager(globus.client, open_browser=globus.emulator.open_browser)
    assert list((await manager.run_login_flow(OPENID)).by_resource_server) == ["auth.globus.org"]


def test_another_event_loop(tmp_path: Path) -> None:
    """Which closes sockets and connections in its own way."""
    assert run(tmp_path, LOOP="uvloop") == "['auth.globus.org']</outcome> True True"


@pytest.mark.skipif(not PROGRAM, reason="no Chromium is installed; TEST_CHROMIUM can name one")
@pytest.mark.parametrize("ending", ["success", "failure"])
def test_chromium(ending: str) -> None:
    """The page is styled in spite of its policy, readable on all screens, light and dark, and loads nothing else."""
    problems: list[Any] = []

    def visit(page: Any, url: str) -> None:
        page.open(url)
        page.wait_for(f"document.querySelector('main.{ending}') && document.readyState === 'complete'")
        for scheme in SCHEMES:
            page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            for width, height in SCREENS:
                page.call(
                    "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True
                )
                problems.extend(page.evaluate(WIDER.replace("WIDTH", str(width))) + page.evaluate(UNREADABLE))
                background = page.evaluate("getComputedStyle(document.body).backgroundColor")
                is_dark = sum(map(int, re.findall(r"\d+", background))) < 3 * 64
                problems.extend([] if is_dark == (scheme == "dark") else [f"{scheme}: {background}"])
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0

    async def log_in(page: Any, browsing: ThreadPoolExecutor) -> None:
        async with GlobusEmulator() as emulator:
            emulator.add_identity("ada@example.org")
            app = emulator.add_client("Laptop")
            visits: list[asyncio.Future[None]] = []

            def open_browser(url: str) -> None:
                redirect = emulator.auth.authorize(url).url
                if ending == "failure":
                    long = "You+did+not+consent+to+the+requested+access." + "x" * 200
                    state = query_of(url)["state"]
                    redirect = (
                        f"{redirect.partition('?')[0]}?error=access_denied&error_description={long}&state={state}"
                    )
                visits.append(asyncio.wrap_future(browsing.submit(visit, page, redirect), loop=loop))

            loop = asyncio.get_running_loop()
            transport = emulator.transport()
            async with transport, NativeAppAuthClient(app.id, transport=transport) as client:
                manager = LocalServerLoginFlowManager(client, open_browser=open_browser)
                scopes = GlobusAuthorizationParameters(required_scopes=["openid"])
                if ending == "success":
                    await manager.run_login_flow(scopes)
                else:
                    with pytest.raises(LocalServerLoginError, match="consent"):
                        await manager.run_login_flow(scopes)
            await visits[0]

    with browser() as page, ThreadPoolExecutor(1) as browsing:
        asyncio.run(log_in(page, browsing))
    assert problems == []
