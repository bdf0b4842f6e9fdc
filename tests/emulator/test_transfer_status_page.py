"""The command that serves an emulator, and its status page in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from globus_async.testing import GlobusEmulator, LoopbackServer, ManualClock, MemoryStorage, Pace
from globus_async.testing.__main__ import main
from tests.emulator.status_browser import PROGRAM, browser
from tests.emulator.transfer_world import TransferWorld, transfer_world

pytestmark = pytest.mark.slow


def start(emulator: GlobusEmulator, server: LoopbackServer, **members: object) -> str:
    """Submit a transfer of four files."""
    lab = emulator.add_collection("Lab <b>storage</b>", storage=MemoryStorage(dict.fromkeys("abcd", "x" * 1000)))
    archive = emulator.add_collection("Archive", storage=MemoryStorage())
    headers = {"Authorization": f"Bearer {emulator.access_token()}"}
    document = {
        "submission_id": httpx.get(f"{server.url}/v0.10/submission_id", headers=headers).json()["value"],
        "source_endpoint": lab.id,
        "destination_endpoint": archive.id,
        "DATA": [{"source_path": "/", "destination_path": "/"}],
        **members,
    }
    return str(httpx.post(f"{server.url}/v0.10/transfer", json=document, headers=headers).json()["task_id"])


@pytest.mark.skipif(not PROGRAM, reason="no Chromium is installed; TEST_CHROMIUM can name one")
def test_progress_without_a_reload() -> None:
    """The page shows collections and the progress of a task without a reload."""
    emulator = GlobusEmulator(clock=ManualClock(), pace=Pace(bytes_per_second=1000, workers=1))
    with emulator.serve_in_thread() as server, browser() as page:
        page.open(f"{server.url}/")
        page.wait_for("document.title === 'Globus emulator'")
        page.evaluate("window.notReloaded = true")
        task_id = start(emulator, server, label="demo")
        row = f"document.querySelector('tr[data-key=\"{task_id}\"]')"
        page.wait_for(f"!!{row}")
        size = f"{row}.querySelector('td[data-member=bytes]')"
        for seconds in (1, 1):
            before = page.evaluate(f"parseFloat({size}.title || 0)")
            server.run(emulator.advance(seconds))
            page.wait_for(f"parseFloat({size}.title) > {before}")
            assert 0 < page.evaluate(f"{row}.querySelector('progress').value") < 1
        server.run(emulator.advance(10))
        page.wait_for(f"{row}.querySelector('td[data-member=status]').textContent === 'SUCCEEDED'")
        assert page.evaluate(f"{size}.textContent") == "4.0 kB"
        assert page.evaluate(f"{size}.title") == "4000 bytes"
        assert page.evaluate(f"{row}.querySelector('progress').value") == 1
        assert "Lab <b>storage</b>" in page.evaluate("document.getElementById('collections').textContent")
        assert page.evaluate("document.querySelectorAll('b').length") == 0
        assert page.evaluate("window.notReloaded") is True


async def test_requests_for_the_page_are_not_recorded() -> None:
    """Requests for the page are not recorded; its policy forbids external scripts."""
    world: TransferWorld
    async with transfer_world() as world:
        response = await world.http.get("/")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        state = (await world.http.get("/emulator/state")).json()
        assert [each["name"] for each in state["collections"]] == ["Lab storage", "Archive"]
        assert world.emulator.requests == []


def test_the_command(tmp_path: Path) -> None:
    """The command prints the variables to export and two applications, serves the directories, and ends on a signal."""
    (tmp_path / "a.txt").write_text("1")
    command = [
        sys.executable,
        "-m",
        "globus_async.testing",
        "--collection",
        f"Lab={tmp_path}",
        "--identity",
        "ada@x.org",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = ""
        while "# status page" not in printed:
            printed += process.stdout.readline()
        exported = dict(re.findall(r"^export (\w+)=(\S+)", printed, re.MULTILINE))
        token = exported["GLOBUS_ACCESS_TOKEN"]
        collection = re.findall(r"# collection (\S+)  Lab", printed)[0]
        url = exported["GLOBUS_SDK_SERVICE_URL_TRANSFER"]
        listed = httpx.get(
            f"{url}v0.10/operation/endpoint/{collection}/ls", headers={"Authorization": f"Bearer {token}"}
        ).json()
        assert [entry["name"] for entry in listed["DATA"]] == ["a.txt"]
        app, secret = re.findall(r"GLOBUS_CLIENT_ID=(\S+) GLOBUS_CLIENT_SECRET=(\S+)$", printed, re.MULTILINE)[0]
        granted = httpx.post(
            f"{exported['GLOBUS_SDK_SERVICE_URL_AUTH']}v2/oauth2/token",
            data={"grant_type": "client_credentials", "scope": "openid"},
            auth=(app, secret),
        )
        assert granted.status_code == 200
        native = re.findall(r"^# native app: GLOBUS_CLIENT_ID=(\S+)$", printed, re.MULTILINE)[0]
        assert native != app
        assert re.search(r"^# identity [0-9a-f-]{36}  ada@x.org$", printed, re.MULTILINE)
        assert "Globus emulator" in httpx.get(url).text
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("words", [["--collection", "nothing"], ["--collection", "x=/no/such/place"], ["--port", "x"]])
def test_invalid_arguments(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Invalid arguments are reported, with the exit code of usage errors."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert words[1].removeprefix("x=") in capsys.readouterr().err
