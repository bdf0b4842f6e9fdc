"""Tokens, client secrets and verifiers are in no form of an app and its parts, in no error with its frames, no log."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async import ClientApp, GlobusAppConfig, GlobusError, TransferClient, UserApp
from globus_async.login_flows import InteractiveLoginRequired
from globus_async.token_storage import MemoryTokenStorage, TokenStorageData
from tests.globus_app.world import AUTH, TRANSFER, globus
from tests.toolkit.canaries import Listener, canary, leaks_of, leaks_of_error

ACCESS, REFRESH, SECRET = (canary(name) for name in ("access token", "refresh token", "client secret"))


async def storage_of(identity: Any, **changes: Any) -> MemoryTokenStorage:
    """Return a storage with tokens of a person."""
    storage = MemoryTokenStorage()
    scopes = {AUTH: "openid", TRANSFER: "urn:globus:auth:scope:transfer.api.globus.org:all"}
    entries = {
        server: TokenStorageData(server, identity.id, scope, ACCESS, REFRESH, 2_000_000_000, "Bearer", **changes)
        for server, scope in scopes.items()
    }
    await storage.store_token_data_by_resource_server(entries)
    return storage


@pytest.mark.parametrize("refresh", [False, True])
async def test_stored_tokens(refresh: bool) -> None:
    """Of an app that uses them, is refused, logs out and is closed."""
    async with globus() as world:
        storage = await storage_of(world.alice)
        with Listener() as listener:
            settings: Any = {"request_refresh_tokens": refresh, "token_validation_error_handler": None}
            async with world.app(token_storage=storage, **settings) as app:
                tc = TransferClient(app=app)
                shown = [app, tc, app.token_storage, app.get_authorizer(TRANSFER), app.config]
                with pytest.raises(GlobusError) as caught:  # the emulator knows none of them
                    await tc.operation_ls(world.lab.id)
                assert leaks_of_error(caught.value) == []
                assert [leak for each in (*shown, *vars(app).values()) for leak in leaks_of(each)] == []
                await app.logout()
            assert [leak for each in shown for leak in leaks_of(each)] == []
        assert listener.leaks() == []


async def test_the_secret_of_a_service() -> None:
    """It is wrong; the error shows none of it."""
    async with globus() as world:
        with Listener() as listener:
            app = ClientApp("x", client_id=world.service.id, client_secret=SECRET, transport=world.transport)
            async with app:
                tc = TransferClient(app=app)
                for call in (lambda: tc.operation_ls(world.lab.id), lambda: app.login(force=True)):
                    with pytest.raises(GlobusError) as caught:
                        await call()
                    assert leaks_of_error(caught.value) == []
                assert [leak for each in (app, *vars(app).values()) for leak in leaks_of(each)] == []
        assert listener.leaks() == []
        with pytest.raises(GlobusError) as refused:
            UserApp("x", client_id=world.service.id, client_secret=SECRET, config=GlobusAppConfig(), transport=3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        assert leaks_of_error(refused.value) == []


async def test_the_flow_of_a_deferred_login() -> None:
    """The verifier is not in the error."""
    async with globus() as world, world.app("deferred") as app:
        with pytest.raises(InteractiveLoginRequired) as caught:
            await app.login()
        assert caught.value.flow is not None
        verifier = caught.value.flow.verifier.reveal()
        assert verifier not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
