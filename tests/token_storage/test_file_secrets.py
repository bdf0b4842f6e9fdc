"""Errors and log records of file storages show no token, whatever is in the file."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.token_storage import (
    FileTokenStorage,
    JSONTokenStorage,
    SQLiteTokenStorage,
    TokenStorageData,
    TokenStorageError,
)
from tests.toolkit.canaries import SECRETS, Listener, leaks_of, leaks_of_error

SERVER = "transfer.api.globus.org"
DATA = TokenStorageData(SERVER, None, "all", SECRETS.access, SECRETS.refresh, 1_900_000_000, "Bearer")
DOCUMENT = {"data": {"DEFAULT": {SERVER: DATA.to_dict()}}, "format_version": "2.0", "globus-sdk.version": "4.10.0"}


def json_texts() -> list[str]:
    text = json.dumps(DOCUMENT)
    return [
        text[:-1],
        text.replace('"DEFAULT"', '"DEFAULT": {}, "DEFAULT"'),
        json.dumps({**DOCUMENT, "format_version": SECRETS.access}),
        json.dumps({**DOCUMENT, "data": SECRETS.access}),
        json.dumps({**DOCUMENT, "data": {"DEFAULT": [SECRETS.access]}}),
        json.dumps({**DOCUMENT, "data": {"DEFAULT": {"bad": SECRETS.access, "worse": {"access_token": 1}}}}),
        json.dumps([DOCUMENT]),
        text.replace("4.10.0", "\\ud800"),
    ]


async def errors_of(storage: FileTokenStorage, restore: Any) -> list[BaseException]:
    """Return the errors of all calls, each with the file as it was."""
    found: list[BaseException] = []
    for call in (
        storage.get_token_data_by_resource_server,
        lambda: storage.store_token_data_by_resource_server({SERVER: DATA}),
        lambda: storage.compare_and_set(DATA, DATA),
        lambda: storage.remove_token_data(SERVER),
    ):
        restore()
        try:
            await call()
        except (TokenStorageError, GlobusSDKUsageError) as error:
            found.append(error)
    return found


@pytest.mark.parametrize("number", range(len(json_texts())))
async def test_json(number: int, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    storage = JSONTokenStorage(path)
    with Listener() as listener:
        errors = await errors_of(storage, lambda: path.write_text(json_texts()[number]))
    assert len(errors) == 4 or number == 5
    assert [leak for error in errors for leak in leaks_of_error(error)] == []
    assert listener.leaks() == []
    assert leaks_of(storage) == []


async def test_sqlite(tmp_path: Path) -> None:
    """Damaged at places of all kinds."""
    path = tmp_path / "tokens.db"
    await SQLiteTokenStorage(path).store_token_data_by_resource_server({SERVER: DATA})
    content = path.read_bytes()
    found: list[BaseException] = []
    with Listener() as listener:
        for index in range(0, len(content), 509):
            damaged = content[:index] + b"\xff" * 64 + content[index + 64 :]
            found += await errors_of(SQLiteTokenStorage(path), lambda damaged=damaged: path.write_bytes(damaged))
    assert len(found) > 20
    assert [leak for error in found for leak in leaks_of_error(error)] == []
    assert listener.leaks() == []


@pytest.mark.parametrize("kind", [JSONTokenStorage, SQLiteTokenStorage])
async def test_other_errors(kind: type[FileTokenStorage], tmp_path: Path) -> None:
    """Of folders, locks, arguments; and of a database that is locked."""
    path = tmp_path / "tokens"
    storage = kind(path, lock_timeout=0)
    odd = TokenStorageData(SERVER, None, "all", SECRETS.access, SECRETS.refresh, 1, "Bearer", {"x": float("nan")})
    errors = await errors_of(kind(tmp_path), lambda: None)
    errors += await errors_of(kind(path / "x"), path.touch)
    path.unlink()
    with pytest.raises(GlobusSDKUsageError) as caught:
        await storage.store_token_data_by_resource_server({SERVER: odd})
    errors.append(caught.value)
    if kind is SQLiteTokenStorage:
        await storage.store_token_data_by_resource_server({SERVER: DATA})
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")
            errors += await errors_of(storage, lambda: None)
    else:
        os.mkfifo(tmp_path / "tokens.lock")
        errors += await errors_of(storage, lambda: None)
    assert len(errors) > 7
    assert [leak for error in errors for leak in leaks_of_error(error)] == []
