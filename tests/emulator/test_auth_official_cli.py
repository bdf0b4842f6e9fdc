"""The official command line, unchanged, logs in at the emulated Globus Auth and out again."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from globus_async.emulator.auth import AuthService, AuthState
from globus_async.emulator.kit.directory import Identity
from globus_async.emulator.kit.service import Platform
from tests.emulator.auth_world import DATA_ACCESS, TRANSFER
from tests.emulator.test_auth_official_sdk import served

PYTHON = os.environ.get("OFFICIAL_SDK_PYTHON", sys.executable)

pytestmark = [
    pytest.mark.skipif(
        sys.executable == PYTHON and importlib.util.find_spec("globus_cli") is None,
        reason="globus-cli is not installed, and OFFICIAL_SDK_PYTHON names no interpreter that has it",
    ),
    pytest.mark.slow,
]


class CommandLine:
    """The official command line with its own home directory, and the emulated Auth."""

    def __init__(self, state: AuthState, address: str, home: Path) -> None:
        self.state = state
        self.environment = {
            "GLOBUS_SDK_SERVICE_URL_AUTH": f"{address}/",
            "HOME": str(home),
            "PATH": os.environ["PATH"],
        }

    async def run(self, *arguments: str, identity: Identity | None = None, code: int = 0) -> str:
        """Run a command, log in when it shows a URL, and return its output."""
        process = await asyncio.create_subprocess_exec(
            PYTHON,
            "-m",
            "globus_cli",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        output = ""
        try:
            async with asyncio.timeout(40):
                while line := (await process.stdout.readline()).decode():
                    output += line
                    if url := re.match(r"http://\S+/v2/oauth2/authorize\S+", line):
                        process.stdin.write(self.state.authorize(url[0], identity).code.encode() + b"\n")
                        await process.stdin.drain()
                process.stdin.close()
                await process.wait()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        assert process.returncode == code, output
        return output


@pytest.fixture
async def globus(tmp_path: Path) -> AsyncIterator[CommandLine]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    service = AuthService(Platform(url=address))
    state = service.state
    state.link(state.add_identity("alice@example.org"), state.add_identity("bob@uni.example.edu"))
    async with served(service, listener):
        yield CommandLine(state, address, tmp_path)


async def test_login_session_commands_and_logout(globus: CommandLine) -> None:
    """With their exit codes."""
    await globus.run("whoami", code=4)
    assert "successfully logged in" in await globus.run("login", "--no-local-server")
    assert "already logged in" in await globus.run("login", "--no-local-server")
    identities = json.loads(await globus.run("whoami", "--linked-identities", "-F", "json"))
    assert [each["username"] for each in identities] == ["alice@example.org", "bob@uni.example.edu"]
    assert (await globus.run("get-identities", "bob@uni.example.edu")).strip() == identities[1]["sub"]

    await globus.run("session", "update", "--no-local-server", "bob@uni.example.edu")
    session = json.loads(await globus.run("session", "show", "-F", "json"))
    assert set(session["authentications"]) == {each["sub"] for each in identities}
    await globus.run("session", "consent", "--no-local-server", f"{TRANSFER}[*{DATA_ACCESS}]")
    (consent,) = [each for each in _consents(globus.state) if each == DATA_ACCESS]
    assert consent

    tokens = [*globus.state.tokens.access.values(), *globus.state.tokens.refresh.values()]
    assert "Logging out of Globus as alice@example.org" in await globus.run("logout", "--yes")
    assert sum(token.revoked for token in tokens) >= 12
    await globus.run("whoami", code=4)


def _consents(state: AuthState) -> list[str]:
    everybody = frozenset(state.directory.identities)
    return [each.scope.scope_string for each in state.consents.of(everybody)]


async def test_another_identity_cannot_replace_a_login(globus: CommandLine) -> None:
    """The command line compares the id_token, revokes the new tokens and fails."""
    stranger = globus.state.add_identity("stranger@elsewhere.example")
    await globus.run("login", "--no-local-server")
    output = await globus.run("login", "--force", "--no-local-server", identity=stranger, code=1)
    assert "didn't match" in output
    theirs = [token for token in globus.state.tokens.refresh.values() if token.identity_id == stranger.id]
    assert theirs
    assert all(token.revoked for token in theirs)
