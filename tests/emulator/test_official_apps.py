"""The official UserApp and ClientApp, unchanged, against the emulator: logins, refreshes, consents, logout."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_async.testing import GlobusEmulator, MemoryStorage

PYTHON = os.environ.get("OFFICIAL_SDK_PYTHON", sys.executable)
SCRIPT = Path(__file__).with_name("official_apps.py")
SECRET = "the secret of the service"
TRANSFER, AUTH = "transfer.api.globus.org", "auth.globus.org"

pytestmark = [
    pytest.mark.skipif(
        sys.executable == PYTHON and importlib.util.find_spec("globus_sdk") is None,
        reason="globus-sdk is not installed, and OFFICIAL_SDK_PYTHON names no interpreter that has it",
    ),
    pytest.mark.slow,
]


class Official:
    """The official apps of one person, with a home directory, and the emulator."""

    def __init__(self, emulator: GlobusEmulator, environment: dict[str, str], home: Path) -> None:
        self.emulator = emulator
        self.alice = emulator.add_identity("alice@example.org")
        self.native = emulator.add_client("Nightly")
        self.service = emulator.add_client("Service", secret=SECRET)
        self.lab = emulator.add_collection("Lab", storage=MemoryStorage({"data.txt": "1"}))
        self.mapped = emulator.add_collection(
            "Mapped", storage=MemoryStorage({"mapped.txt": "1"}), needs_data_access=True
        )
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
        self.tokens_file = home / ".globus" / "app" / self.native.id / "nightly" / "tokens.json"

    def step(self, name: str) -> Any:
        """Run a step in a process of its own."""
        given = {
            "step": name,
            "native": self.native.id,
            "service": self.service.id,
            "secret": SECRET,
            "lab": self.lab.id,
            "mapped": self.mapped.id,
        }
        command = [PYTHON, str(SCRIPT), json.dumps(given)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=50)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def grants(self) -> dict[str, int]:
        """Count the token requests so far, by grant type."""
        return dict(self.emulator.auth.token_requests)


@pytest.fixture
def official(tmp_path: Path) -> Iterator[Official]:
    # each process finds its access tokens expired, since the official SDK refreshes 60 seconds before
    emulator = GlobusEmulator(rotate_refresh_tokens=True, auth={"access_token_lifetime": 30})
    with emulator.serve_in_thread() as server:
        yield Official(emulator, server.environ, tmp_path)


def test_one_login_and_a_refresh_in_each_process(official: Official) -> None:
    """The id_token proves the identity, and each process stores the refresh token that replaced its own."""
    first = official.step("use")
    assert first["logins"] == 1
    assert first["names"] == ["data.txt"]
    assert not first["login_required"]
    assert set(first["tokens"]) == {TRANSFER, AUTH}
    assert {each["identity_id"] for each in first["tokens"].values()} == {official.alice.id}
    second = official.step("use")
    third = official.step("use")
    assert [second["logins"], third["logins"]] == [0, 0]
    assert second["names"] == third["names"] == ["data.txt"]
    refresh_tokens = [each["tokens"][TRANSFER]["refresh_token"] for each in (first, second, third)]
    assert len(set(refresh_tokens)) == 3
    assert official.emulator.auth.replays == 0
    assert official.grants()["authorization_code"] == 1


def test_a_refresh_token_of_another_process_ends_the_login(official: Official) -> None:
    """A copy of the tokens is refused after the original was used, and so is the original from then on."""
    official.step("use")
    copy = official.tokens_file.read_text()
    official.step("use")
    official.tokens_file.write_text(copy)
    refused = official.step("refused")
    assert refused["status"] == 400
    assert "invalid_grant" in refused["message"]
    assert official.emulator.auth.replays >= 1
    family = [each for each in official.emulator.auth.tokens.refresh.values() if each.resource_server == TRANSFER]
    assert all(each.revoked for each in family)


def test_a_further_consent(official: Official) -> None:
    """The error of the collection leads to a second login; later the app finds the consent among its own."""
    official.step("use")
    mapped = official.step("mapped")
    assert mapped["names"] == ["mapped.txt"]
    assert mapped["logins"] == 1
    later = official.step("dependent")
    assert later == {"login_required": False, "names": ["mapped.txt"], "logins": 0}


def test_a_dependent_scope_without_consent(official: Official) -> None:
    """The app asks Globus Auth for the consents, and logs in again."""
    official.step("use")
    later = official.step("dependent")
    assert later == {"login_required": True, "names": ["mapped.txt"], "logins": 1}


def test_another_identity(official: Official) -> None:
    """The id_token of the second login proves another identity, and its tokens are not stored."""
    official.step("use")
    stranger = official.emulator.add_identity("stranger@elsewhere.example")
    official.emulator.auth.login_identity = stranger
    official.emulator.auth.browser.identity = None
    assert official.step("stranger") == {
        "stored_id": official.alice.id,
        "new_id": stranger.id,
        "logins": 1,
    }


def test_logout(official: Official) -> None:
    """Every token is revoked at Globus Auth, and removed."""
    official.step("use")
    assert official.step("logout") == {"tokens": {}, "logins": 0}
    tokens = official.emulator.auth.tokens
    assert all(each.revoked for each in tokens.refresh.values())
    assert all(each.revoked for each in tokens.access.values())
    assert (official.step("use"))["logins"] == 1


def test_access_tokens_only(official: Official) -> None:
    """A login without refresh tokens."""
    short = official.step("short")
    assert short["names"] == ["data.txt"]
    assert all("refresh_token" not in each for each in short["tokens"].values())


def test_an_application_acts_as_itself(official: Official) -> None:
    """With client credentials; it never logs in."""
    official.emulator.add_identity("unused@example.org")
    client = official.step("client")
    assert client["names"] == ["data.txt"]
    assert not client["login_required"]
    assert client["logins"] == 0
    assert set(official.grants()) == {"client_credentials"}
