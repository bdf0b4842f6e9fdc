"""Apps whose tokens are encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest

from globus_async import TransferClient
from globus_async.token_storage import (
    EncryptedTokenStorage,
    JSONTokenStorage,
    KeyFile,
    TokenStorage,
    TokenStorageDamaged,
)
from tests.globus_app.world import TRANSFER, Globus, globus


async def listed(world: Globus, browser: object, storage: TokenStorage) -> list[str]:
    """Call a service in a process of its own, so to speak."""
    async with world.app(browser, token_storage=storage, request_refresh_tokens=True) as app:
        page = await TransferClient(app=app).operation_ls(world.lab.id)
        return [entry["name"] for entry in page["DATA"]]


async def test_an_app_logs_in_once_and_refreshes(tmp_path: Path) -> None:
    """Its tokens are in the file of the storage, and not readable there."""
    key = KeyFile(tmp_path / "keys" / "tokens.key")
    await key.create()
    path = tmp_path / "tokens.json"
    async with globus(rotate_refresh_tokens=True, auth={"access_token_lifetime": 5}) as world:
        browser = world.browser()
        for _ in range(3):
            assert await listed(world, browser, EncryptedTokenStorage(JSONTokenStorage(path), key)) == ["data.txt"]
            for token in list(world.emulator.auth.tokens.access):
                world.emulator.auth.expire(token.reveal())
        assert len(browser.logins) == 1
        assert world.grants()["refresh_token"] >= 2
        assert world.emulator.auth.replays == 0
        content = path.read_text()
        tokens = world.emulator.auth.tokens
        assert not any(token.reveal() in content for token in [*tokens.access, *tokens.refresh])


async def test_another_key_is_no_reason_to_log_in(tmp_path: Path) -> None:
    """The tokens of the right key would be lost."""
    path = tmp_path / "tokens.json"
    async with globus() as world:
        browser = world.browser()
        await listed(world, browser, EncryptedTokenStorage(JSONTokenStorage(path), "k" * 32))
        before = path.read_bytes()
        with pytest.raises(TokenStorageDamaged, match=TRANSFER):
            await listed(world, browser, EncryptedTokenStorage(JSONTokenStorage(path), "o" * 32))
        assert len(browser.logins) == 1
        assert path.read_bytes() == before
