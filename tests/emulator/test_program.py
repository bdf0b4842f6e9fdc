"""The emulator as a program: the container file, and the shell script that drives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from globus_async.emulator.absent import AbsentService
from globus_async.testing import GlobusEmulator
from tests.source import ROOT

FOLDER = ROOT / "examples" / "emulator"


def instructions() -> dict[str, str]:
    """Return the instructions of the container file, by name."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def compose() -> str:
    return (FOLDER / "compose.yaml").read_text(encoding="utf-8")


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_container_file() -> None:
    """It installs the extra, runs as nobody in particular, and is checked; the exposure is its first sentence."""
    found = instructions()
    assert "globus-async[emulator]" in found["RUN"]
    assert re.fullmatch(r"[1-9][0-9]*", found["USER"])
    assert not found["FROM"].endswith("latest")
    for name in ("Dockerfile", "compose.yaml"):
        head = (FOLDER / name).read_text(encoding="utf-8").partition("\n" if name == "compose.yaml" else "\nFROM")[0]
        assert "Whoever reaches" in head
        assert "change everything" in head


def test_the_compose_file() -> None:
    """The port is published for this machine only, and the variables are those of all services."""
    text = compose()
    assert re.findall(r'ports: \["([^"]*)"\]', text) == ["127.0.0.1:8080:8080"]
    emulator = GlobusEmulator()
    absent = {each.name for each in emulator.services.values() if isinstance(each, AbsentService)}
    variables = emulator.environ("http://globus:8080")
    for name in absent:
        for variable in emulator.services[name].url_variables:
            del variables[variable]
    assert dict(re.findall(r"^ +(GLOBUS_SDK_\w+): (\S+)$", text, re.MULTILINE)) == {
        name: value for name, value in variables.items() if name.startswith("GLOBUS_SDK_SERVICE_URL_")
    }
    assert "condition: service_healthy" in text


@pytest.fixture
def contained() -> Iterator[int]:
    """Run the command line of the compose file, on another port; yield the port."""
    port = unused_port()
    command = json.loads(instructions()["ENTRYPOINT"])
    options = json.loads(re.findall(r"command: (\[.*--remote-control.*\])", compose())[0])
    words = [sys.executable, *command[1:], *options]
    changed = {"8080": str(port), "/seed.toml": str(FOLDER / "seed.toml")}
    with subprocess.Popen([changed.get(word, word) for word in words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "# control" not in process.stdout.readline():
            pass
        yield port
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_the_same_without_a_container(contained: int) -> None:
    """The health check succeeds, and the address that others use is the one in the documents."""
    words = json.loads(instructions()["HEALTHCHECK"].partition(" CMD ")[2])
    check = [sys.executable, *(word.replace(":8080", f":{contained}") for word in words[1:])]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 0
    broken = [sys.executable, *(word.replace(":8080", f":{unused_port()}") for word in words[1:])]
    assert subprocess.run(broken, check=False, capture_output=True).returncode != 0
    with httpx.Client(base_url=f"http://127.0.0.1:{contained}", headers={"Host": "globus:8080"}) as http:
        document = http.get("/.well-known/openid-configuration").json()
        assert document["issuer"] == "http://globus:8080"
        assert document["jwks_uri"] == "http://globus:8080/jwk.json"
        assert http.post("/emulator/reset", headers={"X-Emulator-Control": "1"}).status_code == 204


def test_the_shell_script() -> None:
    """It starts an emulator, drives it with curl, and ends it; each run prints the same."""
    assert shutil.which("curl"), "this test needs curl"
    environ = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([str(FOLDER / "curl.sh")], capture_output=True, text=True, env=environ, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "transfer: ACTIVE",
        "a minute later: SUCCEEDED, 2 files",
        "groups: Physics",
        "search: run 1",
        "fault by a header: 503",
        "fault of the next request: 429, then 200",
        "saved with the group Physics",
        "after a reset: [] groups, token: 401",
    ]


def test_every_service_has_its_variable() -> None:
    """No request of a client leaves for the real service, also of those that the emulator lacks."""
    with GlobusEmulator().serve_in_thread() as server:
        names = ("AUTH", "TRANSFER", "GROUPS", "SEARCH", "FLOWS", "TIMER", "COMPUTE", "ACTIONS", "APP")
        for name in names:
            assert server.environ[f"GLOBUS_SDK_SERVICE_URL_{name}"].startswith(f"{server.url}/")
