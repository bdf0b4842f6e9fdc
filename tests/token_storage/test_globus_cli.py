"""The storage of globus-cli: read, written, and never created or moved."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusAppConfig, GlobusSDKUsageError, Secret, UserApp
from globus_async.token_storage import (
    GlobusCLILogin,
    GlobusCLITokenStorage,
    TokenStorageDamaged,
    TokenStorageError,
)
from tests.token_storage.factories import token_data
from tests.toolkit.canaries import canary, leaks_of, leaks_of_error

TRANSFER = "transfer.api.globus.org"
ID = "5e1f2a4c-0000-4000-8000-000000000001"
SECRET, TOKEN = canary("client secret of the command line"), canary("token of the command line")

SCHEMA = """
CREATE TABLE config_storage (
    namespace VARCHAR NOT NULL, config_name VARCHAR NOT NULL, config_data_json VARCHAR NOT NULL,
    PRIMARY KEY (namespace, config_name)
);
CREATE TABLE token_storage (
    namespace VARCHAR NOT NULL, resource_server VARCHAR NOT NULL, token_data_json VARCHAR NOT NULL,
    PRIMARY KEY (namespace, resource_server)
);
CREATE TABLE sdk_storage_adapter_internal (attribute VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (attribute));
INSERT INTO sdk_storage_adapter_internal VALUES ('globus-sdk.database_schema_version', '1');
"""
TOKENS = {
    "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
    "access_token": TOKEN,
    "refresh_token": TOKEN,
    "expires_at_seconds": 1_900_000_000,
    "token_type": "Bearer",
    "resource_server": TRANSFER,
}
CLIENT = {"client_id": ID, "client_secret": SECRET}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLOBUS_SDK_ENVIRONMENT", "GLOBUS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def write(
    folder: Path, *, namespace: str = "userprofile/production", tokens: object = TOKENS, client: object = CLIENT
) -> Path:
    """Write a file as globus-cli does; a text is stored as it is."""
    path = folder / "storage.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        for table, name, value in (
            ("token_storage", TRANSFER, tokens),
            ("config_storage", "auth_client_data", client),
        ):
            if value is not None:
                text = value if isinstance(value, str) else json.dumps(value)
                database.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (namespace, name, text))
    return path


async def test_a_login(tmp_path: Path) -> None:
    """With its client; nothing shows a secret."""
    login = await GlobusCLILogin.read(filepath=write(tmp_path))
    assert login is not None
    assert (login.client_id, login.client_secret) == (ID, Secret(SECRET))
    assert login.resource_servers == {TRANSFER}
    data = await login.token_storage.get_token_data(TRANSFER)
    assert data is not None
    assert data.refresh_token == Secret(TOKEN)
    assert leaks_of(login) == []


async def test_refreshed_tokens_are_written_as_the_command_line_reads_them(tmp_path: Path) -> None:
    """In the same row, with the same members, in a file of the same version."""
    path = write(tmp_path)
    storage = GlobusCLITokenStorage(filepath=path)
    old = await storage.get_token_data(TRANSFER)
    assert old is not None
    new = type(old)(TRANSFER, None, old.scope, "AgNew", "AgRotated", 1_950_000_000, "Bearer")
    assert await storage.compare_and_set(old, new)
    with closing(sqlite3.connect(path)) as database:
        (row,) = database.execute("SELECT * FROM token_storage").fetchall()
        versions = database.execute("SELECT * FROM sdk_storage_adapter_internal").fetchall()
    assert row[:2] == ("userprofile/production", TRANSFER)
    assert json.loads(row[2]) == {
        **TOKENS,
        "access_token": "AgNew",
        "refresh_token": "AgRotated",
        "expires_at_seconds": 1_950_000_000,
    }
    assert versions == [("globus-sdk.database_schema_version", "1")]


@pytest.mark.parametrize(
    ("variables", "arguments", "namespace"),
    [
        ({}, {}, "userprofile/production"),
        ({"GLOBUS_SDK_ENVIRONMENT": "preview"}, {}, "userprofile/preview"),
        ({"GLOBUS_SDK_ENVIRONMENT": "preview"}, {"environment": "test"}, "userprofile/test"),
        ({"GLOBUS_PROFILE": "work"}, {}, "userprofile/production/work"),
        ({"GLOBUS_PROFILE": "work"}, {"profile": "home"}, "userprofile/production/home"),
        ({"GLOBUS_PROFILE": "work"}, {"profile": ""}, "userprofile/production"),
        ({"GLOBUS_PROFILE": "work"}, {"client_id": ID}, f"clientprofile/production/{ID}"),
        ({"GLOBUS_SDK_ENVIRONMENT": "test"}, {"client_id": ID}, f"clientprofile/test/{ID}"),
    ],
)
def test_namespaces(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], arguments: dict[str, Any], namespace: str
) -> None:
    """Those of globus-cli, whose variables count."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    storage = GlobusCLITokenStorage(**arguments)
    assert storage.namespace == namespace
    assert storage.filepath == str(Path("~/.globus/cli/storage.db").expanduser())


@pytest.mark.parametrize(
    "arguments",
    [{"environment": "nowhere"}, {"environment": 7}, {"profile": 7}, {"profile": "x", "client_id": ID}],
)
def test_wrong_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(GlobusSDKUsageError):
        GlobusCLITokenStorage(**arguments)


async def test_without_a_login(tmp_path: Path) -> None:
    """Without a file, in another profile, or after a logout: there is none, and nothing is created."""
    assert await GlobusCLILogin.read(filepath=tmp_path / "new" / "storage.db") is None
    assert list_of(tmp_path) == []
    path = write(tmp_path, tokens=None)
    assert await GlobusCLILogin.read(filepath=path) is None
    assert await GlobusCLILogin.read(filepath=path, profile="work") is None
    assert list_of(tmp_path) == ["storage.db"]


def list_of(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize(
    "client",
    [
        None,
        "{",
        "[]",
        f'{{"client_id": "{ID}"',
        {"client_id": ID},
        {"client_secret": SECRET},
        {"client_id": "../x", "client_secret": SECRET},
        {"client_id": 7, "client_secret": SECRET},
        {"client_id": ID, "client_secret": ""},
        {"client_id": ID, "client_secret": [SECRET]},
        "\x00" + SECRET,
    ],
)
async def test_a_login_without_a_usable_client(tmp_path: Path, client: object) -> None:
    """The error says how to repair it, and shows no secret."""
    path = write(tmp_path, client=client)
    with pytest.raises(TokenStorageDamaged, match="globus login --force") as caught:
        await GlobusCLILogin.read(filepath=path)
    assert leaks_of_error(caught.value) == []


async def test_a_file_without_settings(tmp_path: Path) -> None:
    """Such as one that globus-sdk 4 has made, which is of schema 2."""
    path = write(tmp_path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE config_storage")
    assert await GlobusCLITokenStorage(filepath=path).read_config("auth_client_data") is None
    with pytest.raises(TokenStorageDamaged, match="globus login --force"):
        await GlobusCLILogin.read(filepath=path)


async def test_a_damaged_file_stays_where_it_is(tmp_path: Path) -> None:
    """It is not ours to move."""
    path = write(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(TokenStorageDamaged, match=r"move it away.*globus login") as caught:
        await GlobusCLILogin.read(filepath=path)
    assert leaks_of_error(caught.value) == []
    assert path.read_bytes() == content[: len(content) // 2]
    assert not any("damaged" in name for name in list_of(tmp_path))


async def test_a_removed_file_is_not_created_again(tmp_path: Path) -> None:
    """Without the table of its settings, globus-cli would fail."""
    path = write(tmp_path)
    storage = GlobusCLITokenStorage(filepath=path)
    old = await storage.get_token_data(TRANSFER)
    path.unlink()
    for call in (
        storage.compare_and_set(old, token_data("a")),
        storage.store_token_data_by_resource_server({TRANSFER: token_data("a")}),
    ):
        with pytest.raises(TokenStorageError, match="was removed; log in with: globus login"):
            await call
    assert "storage.db" not in list_of(tmp_path)


def test_it_is_no_storage_of_an_app() -> None:
    config = GlobusAppConfig(token_storage=GlobusCLITokenStorage)
    with pytest.raises(GlobusSDKUsageError, match="use GlobusCLICredentials"):
        UserApp("Nightly", client_id=ID, config=config)


WITHOUT_A_HOME = """
import asyncio, os
from globus_async.token_storage import GlobusCLILogin, GlobusCLITokenStorage, TokenStorageUnavailable
print(asyncio.run(GlobusCLILogin.read()))
os.environ.pop("HOME", None)
os.setuid(2_000_000)
print(asyncio.run(GlobusCLILogin.read()))
try:
    GlobusCLITokenStorage()
except TokenStorageUnavailable as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_user_without_a_home_directory(tmp_path: Path) -> None:
    """As in many containers: there is no login."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_HOME],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "None",
        "None",
        "this user has no home directory for tokens: set the variable HOME",
    ]
