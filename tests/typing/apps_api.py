"""What type checkers make of apps, token storages, login flows and credentials; never run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import assert_type

from globus_async import (
    ClientApp,
    ClientCredentialsAuthorizer,
    ConfidentialAppAuthClient,
    GlobusApp,
    GlobusAppConfig,
    NativeAppAuthClient,
    OAuthTokenResponse,
    RefreshTokenAuthorizer,
    Scope,
    Secret,
    TransferClient,
    UserApp,
)
from globus_async.authorizers import LoginAuthorizer
from globus_async.credentials import CredentialChain, EnvironmentCredentials, GlobusCLICredentials, StorageCredentials
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager, LoginFlowManager
from globus_async.scopes import TransferScopes
from globus_async.testing import EmulatedLogin, GlobusEmulator
from globus_async.token_storage import (
    EncryptedTokenStorage,
    JSONTokenStorage,
    KeyFile,
    Lease,
    MemoryTokenStorage,
    SQLiteTokenStorage,
    TokenStorage,
    TokenStorageData,
    TokenValidationError,
)


async def apps(client_id: str, emulator: GlobusEmulator) -> None:
    """An app is made from names, classes or objects; clients take it."""
    for config in (
        GlobusAppConfig(),
        GlobusAppConfig(token_storage="sqlite", login_flow_manager="local-server"),
        GlobusAppConfig(token_storage=MemoryTokenStorage, login_flow_manager=CommandLineLoginFlowManager),
        GlobusAppConfig(token_storage=JSONTokenStorage, login_flow_manager=LocalServerLoginFlowManager),
        GlobusAppConfig(token_storage=MemoryTokenStorage(), login_flow_manager=EmulatedLogin(emulator)),
        GlobusAppConfig(token_validation_error_handler=None),
        GlobusAppConfig(token_validation_error_handler=handle),
    ):
        async with UserApp("app", client_id=client_id, config=config) as app:
            assert_type(app, UserApp)
            assert_type(TransferClient(app=app).add_app_data_access_scope(client_id), TransferClient)
            assert_type(app.scope_requirements, dict[str, list[Scope]])
            assert_type(await app.login_required(), bool)
            await app.login(auth_params=GlobusAuthorizationParameters(prompt="login"))
            header = await app.get_authorizer("transfer.api.globus.org").get_authorization_header()
            assert_type(header, Secret)
            await app.logout(sweep=True)
    app_of_a_service = ClientApp("service", client_id=client_id, client_secret=Secret("s"))
    app_of_a_service.add_scope_requirements({"transfer.api.globus.org": [TransferScopes.all, "x"]})
    assert_type(emulator.user_app(), UserApp)
    assert_type(emulator.client_app(), ClientApp)


async def handle(app: GlobusApp, error: TokenValidationError) -> None:
    """A handler may be a coroutine function."""
    assert_type(error, TokenValidationError)
    await app.login(force=True)


async def storages(path: Path, tokens: OAuthTokenResponse, native: NativeAppAuthClient) -> None:
    """Each storage has the same methods, and authorizers take any."""
    inner: list[TokenStorage] = [MemoryTokenStorage(), JSONTokenStorage(path), SQLiteTokenStorage(path, namespace="a")]
    for storage in [*inner, *(EncryptedTokenStorage(each, KeyFile(path)) for each in inner)]:
        await storage.store_token_response(tokens)
        data = await storage.get_token_data("transfer.api.globus.org")
        assert_type(data, TokenStorageData | None)
        assert_type(await storage.get_token_data_by_resource_server(), dict[str, TokenStorageData])
        assert_type(storage.lease("x", 10), AbstractAsyncContextManager[Lease])
        if data is not None:
            assert_type(data.access_token, Secret)
            assert_type(await storage.compare_and_set(None, data), bool)
        RefreshTokenAuthorizer(None, native, storage=storage, resource_server="transfer.api.globus.org")


async def credentials(chain: CredentialChain, storage: TokenStorage, app: GlobusApp) -> None:
    """Places of a chain are of several types."""
    CredentialChain([EnvironmentCredentials(), StorageCredentials(storage), GlobusCLICredentials(), app])
    assert_type(chain.get_authorizer("transfer.api.globus.org"), LoginAuthorizer)


class OwnStorage(TokenStorage):
    """A storage needs three methods."""

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None: ...

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        return {}

    async def remove_token_data(self, resource_server: str) -> bool:
        return False


class OwnLogin(LoginFlowManager):
    """A login needs one."""

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        raise NotImplementedError


def own(native: NativeAppAuthClient, app: ConfidentialAppAuthClient) -> None:
    """Both are settings of an app, and a storage is an argument of authorizers."""
    GlobusAppConfig(token_storage=OwnStorage(), login_flow_manager=OwnLogin(native))
    ClientCredentialsAuthorizer(app, "x", storage=OwnStorage(), resource_server="y")
    JSONTokenStorage(12)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    GlobusAppConfig(token_storage="yaml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    UserApp("app", client_id="x", storage=OwnStorage())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
