"""Refreshes and storages that fail show no token: in errors with their frames, notes, warnings and logs at DEBUG."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from globus_async import ClientCredentialsAuthorizer, ConfidentialAppAuthClient, GlobusError, RefreshTokenAuthorizer
from globus_async.authorizers import GlobusAuthorizer
from globus_async.token_storage import (
    EncryptedTokenStorage,
    JSONTokenStorage,
    MemoryTokenStorage,
    SQLiteTokenStorage,
    TokenStorage,
    TokenStorageDamaged,
    TokenStorageData,
)
from tests.toolkit.canaries import SECRETS, Listener, leaks_of_error
from tests.toolkit.scripted import Scripted, Step, raw, respond

ID = "5e1f2a4c-0000-4000-8000-000000000001"
SERVER = "transfer.api.globus.org"
DATA = TokenStorageData(SERVER, None, "all", SECRETS.access, SECRETS.refresh, 1, "Bearer", {"more": SECRETS.created})
TOKENS = {
    "access_token": SECRETS.created,
    "refresh_token": SECRETS.code,
    "expires_in": 3600,
    "resource_server": SERVER,
    "scope": "all",
    "token_type": "Bearer",
}


class Hostile(MemoryTokenStorage):
    """A storage whose errors quote everything, as those of databases do."""

    def __init__(self, failing: str) -> None:
        super().__init__()
        self.failing = failing

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        found = await super().get_token_data(resource_server)
        self._fail("read", found)
        return found

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        self._fail("write", old, new)
        return await super().compare_and_set(old, new)

    def _fail(self, call: str, *data: TokenStorageData | None) -> None:
        if call == self.failing:
            quoted = [each.to_dict(include_extra=True) for each in data if each is not None]
            raise RuntimeError(f"syntax error near {quoted}")


async def filled(storage: TokenStorage, data: TokenStorageData = DATA) -> TokenStorage:
    await storage.store_token_data_by_resource_server({SERVER: data})
    return storage


RESPONSES: Mapping[str, Step] = {
    "refused": respond(400, {"error": "invalid_grant", "error_description": f"{SECRETS.refresh} is revoked"}),
    "refused client": respond(401, {"error": "invalid_client", "error_description": SECRETS.client_secret}),
    "broken": respond(500, {"trace": [SECRETS.refresh, SECRETS.client_secret]}),
    "no document": respond(200, [SECRETS.created]),
    "incomplete": respond(200, {**TOKENS, "access_token": None}),
    "of another server": respond(200, {**TOKENS, "resource_server": "other"}),
    "truncated": raw(200, f'{{"access_token": "{SECRETS.created}'.encode(), content_type="application/json"),
}


async def fails(authorizer: GlobusAuthorizer) -> list[str]:
    """Return the secrets that a failing authorizer shows."""
    with pytest.raises(GlobusError) as caught:
        await authorizer.get_authorization_header()
    return leaks_of_error(caught.value) + leaks_of_error(GlobusError(repr(authorizer)))


def client_of(transport: Any) -> ConfidentialAppAuthClient:
    return ConfidentialAppAuthClient(ID, SECRETS.client_secret, base_url="https://auth.example/", transport=transport)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("name", RESPONSES)
async def test_a_failing_refresh(name: str, encrypted: bool) -> None:
    """Of a stored login, whose response quotes the tokens."""
    storage: TokenStorage = MemoryTokenStorage()
    if encrypted:
        storage = EncryptedTokenStorage(storage, SECRETS.cookie)
    await filled(storage)
    service = Scripted(RESPONSES[name])
    with Listener() as listener:
        async with service.transport() as transport:
            authorizer = RefreshTokenAuthorizer(None, client_of(transport), storage=storage, resource_server=SERVER)
            assert await fails(authorizer) == []
    assert listener.leaks() == []
    assert service.requests


@pytest.mark.parametrize("name", ["refused client", "no document", "incomplete", "truncated"])
async def test_a_failing_request_of_an_application(name: str) -> None:
    service = Scripted(RESPONSES[name])
    with Listener() as listener:
        async with service.transport() as transport:
            authorizer = ClientCredentialsAuthorizer(
                client_of(transport), "all", storage=MemoryTokenStorage(), resource_server=SERVER
            )
            assert await fails(authorizer) == []
    assert listener.leaks() == []


async def test_a_storage_that_cannot_be_read() -> None:
    """Its error, which quotes the tokens, is not passed on."""
    with Listener() as listener:
        async with Scripted(respond(200, TOKENS)).transport() as transport:
            storage = await filled(Hostile("read"))
            authorizer = RefreshTokenAuthorizer(None, client_of(transport), storage=storage, resource_server=SERVER)
            assert await fails(authorizer) == []
    assert listener.leaks() == []


async def test_a_storage_that_cannot_be_written() -> None:
    """The new token is used; the warning that it is not stored does not quote it."""
    with Listener() as listener:
        async with Scripted(respond(200, TOKENS)).transport() as transport:
            storage = await filled(Hostile("write"))
            authorizer = RefreshTokenAuthorizer(None, client_of(transport), storage=storage, resource_server=SERVER)
            await authorizer.get_authorization_header()
    assert any("could not be stored" in record.getMessage() for record in listener.records)
    assert listener.leaks() == []


@pytest.mark.parametrize("cut", range(1, 400, 57))
async def test_a_damaged_json_file(tmp_path: Path, cut: int) -> None:
    """Cut in the middle of a token, or anywhere else."""
    path = tmp_path / "tokens.json"
    await filled(JSONTokenStorage(path))
    path.write_bytes(path.read_bytes()[:-cut])
    with Listener() as listener, pytest.raises(TokenStorageDamaged) as caught:
        await JSONTokenStorage(path).get_token_data(SERVER)
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []


@pytest.mark.parametrize("text", [f'{{"access_token": "{SECRETS.access}"', f'["{SECRETS.access}"]', SECRETS.access])
async def test_a_damaged_row(tmp_path: Path, text: str) -> None:
    """The log names it, and nothing of it is shown."""
    path = tmp_path / "tokens.db"
    storage = await filled(SQLiteTokenStorage(path))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE token_storage SET token_data_json = ?", (text,))
    with Listener() as listener:
        assert await storage.get_token_data(SERVER) is None
    assert any("damaged" in record.getMessage() for record in listener.records)
    assert listener.leaks() == []


async def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "tokens.db"
    storage = await filled(SQLiteTokenStorage(path))
    content = bytearray(path.read_bytes())
    content[100:110] = b"\xff" * 10
    path.write_bytes(content)
    with Listener() as listener, pytest.raises(TokenStorageDamaged) as caught:
        await storage.get_token_data(SERVER)
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []
