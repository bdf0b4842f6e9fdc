"""The official command line logs in; this library uses and refreshes its tokens; the command line works on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from globus_async import ConfidentialAppAuthClient, RefreshTokenAuthorizer, TransferClient
from globus_async.emulator.transfer.models import Collection
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.token_storage import GlobusCLILogin
from tests.emulator import test_transfer_official_cli
from tests.emulator.test_transfer_official_cli import Commands, Shell

commands = test_transfer_official_cli.commands
pytestmark = test_transfer_official_cli.pytestmark

TRANSFER = "transfer.api.globus.org"


@pytest.fixture
def shell(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    emulator = GlobusEmulator(rotate_refresh_tokens=True)
    emulator.add_identity("ada@example.org", name="Ada")
    with emulator.serve_in_thread() as server:
        for name, value in {"HOME": str(tmp_path), **server.environ}.items():
            monkeypatch.setenv(name, value)
        made = Shell(commands, emulator, server, tmp_path)
        made.login()
        yield made


def expire_access_tokens(emulator: GlobusEmulator) -> None:
    for token in list(emulator.auth.tokens.access):
        emulator.auth.expire(token.reveal())


def refreshes(emulator: GlobusEmulator) -> int:
    return emulator.auth.token_requests["refresh_token"]


async def names_in(collection: Collection, then: Callable[[], Any] = lambda: None) -> list[list[str]]:
    """List a collection twice with the tokens of the command line, and do something in between."""
    login = await GlobusCLILogin.read()
    assert login is not None
    async with ConfidentialAppAuthClient(login.client_id, login.client_secret) as auth_client:
        authorizer = RefreshTokenAuthorizer(None, auth_client, storage=login.token_storage, resource_server=TRANSFER)
        async with TransferClient(authorizer=authorizer) as tc:
            first = await tc.operation_ls(collection.id)
            then()
            second = await tc.operation_ls(collection.id)
    return [[each["name"] for each in page] for page in (first, second)]


def test_the_command_line_and_this_library_share_a_login(shell: Shell, tmp_path: Path) -> None:
    """Each refreshes with the refresh token that the other one has stored; no old one is used."""
    emulator = shell.emulator
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"data.txt": "1"}))
    assert shell("ls", lab.id).split() == ["data.txt"]
    assert refreshes(emulator) == 0

    names = asyncio.run(names_in(lab, lambda: expire_access_tokens(emulator)))
    assert names == [["data.txt"]] * 2
    assert refreshes(emulator) == 1

    assert shell("ls", lab.id).split() == ["data.txt"]  # with the new access token
    assert refreshes(emulator) == 1
    expire_access_tokens(emulator)
    assert shell("ls", lab.id).split() == ["data.txt"]  # with the new refresh token
    assert refreshes(emulator) == 2
    assert asyncio.run(names_in(lab, lambda: expire_access_tokens(emulator))) == names
    assert refreshes(emulator) == 3
    shell("whoami")
    assert emulator.auth.replays == 0

    with closing(sqlite3.connect(tmp_path / ".globus" / "cli" / "storage.db")) as database:
        versions = dict(database.execute("SELECT attribute, value FROM sdk_storage_adapter_internal"))
    assert versions["globus-sdk.database_schema_version"] == "1"


def test_a_login_that_has_ended(shell: Shell, tmp_path: Path) -> None:
    """After a logout there is none, and reading leaves no trace."""
    shell("logout", "--yes")
    before = sorted(each.name for each in (tmp_path / ".globus" / "cli").iterdir())
    assert asyncio.run(GlobusCLILogin.read()) is None
    assert sorted(each.name for each in (tmp_path / ".globus" / "cli").iterdir()) == before
    shell.login()
    login = asyncio.run(GlobusCLILogin.read())
    assert login is not None
    assert TRANSFER in login.resource_servers


def test_profiles_are_apart(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The login of one profile is not that of another."""
    shell._environ["GLOBUS_PROFILE"] = "work"
    shell("whoami", exit_code=4)
    assert asyncio.run(GlobusCLILogin.read(profile="work")) is None
    shell.login()
    for environment in ("", "work"):
        monkeypatch.setenv("GLOBUS_PROFILE", environment)
        login = asyncio.run(GlobusCLILogin.read())
        assert login is not None
        assert login.token_storage.namespace == f"userprofile/production{environment and '/work'}"
