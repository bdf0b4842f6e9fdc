"""Whose tokens they are: another person's login, logout, and storages with the tokens of two people."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async import GlobusAppConfig, GlobusError, IDTokenDecoder, NativeAppAuthClient, TransferClient, UserApp
from globus_async.login_flows import LoginFlowManager
from globus_async.testing.faults import status
from globus_async.token_storage import (
    IdentityMismatchError,
    MemoryTokenStorage,
    MissingIdentityError,
    TokenStorageUnavailable,
    UnmetScopeRequirementsError,
)
from tests.globus_app.world import AUTH, TRANSFER, Globus, globus


def live(world: Globus, identity: Any) -> int:
    """Count the access tokens of a person that were not revoked."""
    return sum(
        not token.revoked and token.identity_id == identity.id for token in world.emulator.auth.tokens.access.values()
    )


@pytest.mark.parametrize("refresh", [False, True])
async def test_a_login_as_somebody_else(refresh: bool) -> None:
    """The error has both ids; the old tokens stay and work, the new ones are revoked."""
    async with globus() as world, world.app(browser := world.browser(), request_refresh_tokens=refresh) as app:
        tc = TransferClient(app=app)
        await app.login()
        before = await app.token_storage.get_token_data_by_resource_server()
        browser.identity = world.bob
        with pytest.raises(IdentityMismatchError) as caught:
            await app.login(force=True)
        assert (caught.value.stored_id, caught.value.new_id) == (world.alice.id, world.bob.id)
        assert isinstance(caught.value, ValueError)
        assert await app.token_storage.get_token_data_by_resource_server() == before
        await tc.operation_ls(world.lab.id)
        assert live(world, world.bob) == 0
        assert live(world, world.alice) == 2


async def test_somebody_else_after_a_logout() -> None:
    """The identity belongs to the login."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app)
        await app.login()
        await app.logout()
        assert app.token_storage.identity_id is None
        assert live(world, world.alice) == 0
        assert await app.login_required()
        browser.identity = world.bob
        await tc.operation_ls(world.lab.id)
        assert app.token_storage.identity_id == world.bob.id


async def test_another_process_has_changed_the_user() -> None:
    """An app compares with the identity of the tokens that are stored now, not with the one that it found first."""
    storage = MemoryTokenStorage()
    async with (
        globus() as world,
        world.app(browser := world.browser(), token_storage=storage) as app,
        world.app(other_browser := world.browser(), token_storage=storage) as other,
    ):
        await app.login()
        browser.identity = other_browser.identity = world.bob
        await other.logout()
        await other.login()
        await app.login(force=True)
        assert app.token_storage.identity_id == world.bob.id
        browser.identity = world.alice
        with pytest.raises(IdentityMismatchError, match=f"stored tokens belong to {world.bob.id}"):
            await app.login(force=True)


@pytest.mark.parametrize("sweep", [False, True])
async def test_what_a_logout_removes(sweep: bool) -> None:
    """The tokens of services that the app requires; with ``sweep`` all of them."""
    storage = MemoryTokenStorage()
    async with globus() as world:
        async with world.app(token_storage=storage) as app:
            TransferClient(app=app)
            await app.login()
        async with world.app(token_storage=storage) as app:
            await app.logout(sweep=sweep)
        assert set(await storage.get_token_data_by_resource_server()) == (set() if sweep else {TRANSFER})
        assert live(world, world.alice) == (0 if sweep else 1)


async def test_a_logout_with_errors() -> None:
    """The rest is revoked, everything is removed, and each failure is reported."""
    async with globus() as world, world.app(world.browser(), request_refresh_tokens=True) as app:
        TransferClient(app=app)
        await app.login()
        world.emulator.faults.add("POST", "/v2/oauth2/token/revoke", status(403), times=2)
        with pytest.raises(GlobusError) as caught:
            await app.logout()
        assert len(getattr(caught.value, "__notes__", [])) == 1
        assert await app.token_storage.token_storage.get_token_data_by_resource_server() == {}
        refresh = world.emulator.auth.tokens.refresh.values()
        assert sum(not token.revoked for token in refresh) == 1
        assert app.token_storage.identity_id is None


async def test_two_identities_in_one_storage() -> None:
    """A typed error, from the first use on; removing all tokens ends it."""
    storage = MemoryTokenStorage()
    async with globus() as world:
        other = MemoryTokenStorage()
        async with world.app(token_storage=storage) as app:
            await app.login()
        browser = world.browser()
        browser.identity = world.bob
        async with world.app(browser, token_storage=other) as app:
            TransferClient(app=app)
            await app.login()
        data = await other.get_token_data(TRANSFER)
        assert data is not None
        await storage.store_token_data_by_resource_server({TRANSFER: data})
        async with world.app(token_storage=storage) as app:
            tc = TransferClient(app=app)
            for _ in range(2):
                with pytest.raises(IdentityMismatchError, match="logout"):
                    await tc.operation_ls(world.lab.id)
            await app.logout(sweep=True)
            await tc.operation_ls(world.lab.id)


async def test_a_login_without_openid() -> None:
    """Its tokens belong to no known identity; they are not stored, but revoked."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        TransferClient(app=app)
        browser.scopes = lambda scopes: [each for each in scopes if "transfer" in each]
        with pytest.raises(MissingIdentityError):
            await app.login()
        assert live(world, world.alice) == 0
        assert await app.token_storage.token_storage.get_token_data_by_resource_server() == {}


async def test_a_login_with_fewer_scopes() -> None:
    """The user has declined one."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        app.add_scope_requirements({AUTH: "openid email"})
        browser.scopes = lambda _: ["openid"]
        with pytest.raises(UnmetScopeRequirementsError) as caught:
            await app.login()
        assert set(caught.value.scope_requirements) == {AUTH}
        assert live(world, world.alice) == 0


async def test_tokens_that_cannot_be_stored() -> None:
    """They are revoked, since nobody has them."""

    class Full(MemoryTokenStorage):
        async def store_token_data_by_resource_server(self, token_data_by_resource_server: Any) -> None:
            raise TokenStorageUnavailable("the disk is full")

    async with globus() as world, world.app(token_storage=Full()) as app:
        with pytest.raises(TokenStorageUnavailable, match="full"):
            await app.login()
        assert live(world, world.alice) == 0


async def test_the_decoder_of_the_settings() -> None:
    """It checks the id_token of the login, whichever client has received it."""
    decoded: list[object] = []

    class Recording(IDTokenDecoder):
        async def decode(self, id_token: Any, **options: Any) -> Any:
            decoded.append(self)
            return await super().decode(id_token, **options)

    async with globus() as world, world.app(id_token_decoder=Recording) as app:
        await app.login()
        own = Recording(world.login_client)
        async with world.app(id_token_decoder=own) as other:
            await other.login()
        assert len(decoded) == 2
        assert decoded[1] is own


async def test_one_storage_for_two_apps() -> None:
    """The id_tokens of each are checked for its own client."""
    storage = MemoryTokenStorage()
    async with globus() as world:
        second = world.emulator.add_client("Second")
        async with world.app(token_storage=storage) as app:
            await app.login()
        manager = for_client(world, second.id)
        config = GlobusAppConfig(login_flow_manager=manager, token_storage=storage)
        async with UserApp("Second", client_id=second.id, transport=world.transport, config=config) as app:
            await app.login(force=True)
            assert not await app.login_required()


def for_client(world: Globus, client_id: str) -> LoginFlowManager:
    browser = world.browser()
    browser.login_client = NativeAppAuthClient(client_id, transport=world.transport)
    return browser
