"""Instances of the classes of token storages, logins, credentials and apps, with secrets inside where they hold any."""

from __future__ import annotations

from urllib.parse import quote

import globus_async
from globus_async import Secret, credentials, globus_app, login_flows, redis, sql, token_storage
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.scopes import TransferScopes
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from tests.clients import ID
from tests.toolkit.canaries import Canaries

__all__ = ("errors_of_logins", "objects_with_tokens")

SERVER = "transfer.api.globus.org"


class KeyringOfOne:
    """A keyring that has one key."""

    def __init__(self, key: str) -> None:
        self.key = Secret(key)

    def get_password(self, service: str, username: str, /) -> str:
        return self.key.reveal()

    def set_password(self, service: str, username: str, password: str, /) -> None:
        raise NotImplementedError


async def objects_with_tokens(shared: globus_async.Transport, secrets: Canaries) -> list[object]:
    """Make an instance of each class, and use it."""
    data = token_storage.TokenStorageData(
        SERVER, None, "all", secrets.access, secrets.refresh, 1, "Bearer", {"more": secrets.created}
    )
    return [
        *(await storages(data, secrets)),
        *validators(shared, data),
        *logins(shared, secrets),
        *(await chains(shared, secrets)),
        *(await apps(shared, data, secrets)),
    ]


async def storages(data: token_storage.TokenStorageData, secrets: Canaries) -> list[object]:
    """Make storages with tokens in them."""
    memory, key = token_storage.MemoryTokenStorage(), secrets.client_secret
    filled = [memory, token_storage.EncryptedTokenStorage(token_storage.MemoryTokenStorage(), [key, Secret(key)])]
    for storage in filled:
        await storage.store_token_data_by_resource_server({SERVER: data})
    from_keyring = token_storage.SystemKeyring(keyring=KeyringOfOne(key))
    await from_keyring.read_key()
    of_cli = token_storage.GlobusCLITokenStorage(filepath="x")
    database = redis.RedisDatabase.from_url(f"redis://:{quote(key, safe='')}@localhost")
    sql_database = sql.SQLDatabase.from_url(f"postgresql+asyncpg://portal:{quote(key, safe='')}@localhost/portal")
    async with memory.lease(SERVER, 60) as lease:
        return [
            database,
            redis.RedisLeases(database),
            redis.RedisRateLimits(database),
            redis.RedisSessionStore(database, key=key),
            redis.RedisTokenStorage(database),
            sql_database,
            sql.SQLLeases(sql_database),
            sql.SQLRateLimits(sql_database),
            sql.SQLSessionStore(sql_database, key=key),
            sql.SQLTokenStorage(sql_database),
            *filled,
            await memory.get_token_data_by_resource_server(),
            data,
            from_keyring,
            lease,
            of_cli,
            token_storage.GlobusCLILogin(of_cli, ID, Secret(key), frozenset()),
            token_storage.JSONTokenStorage("tokens.json"),
            token_storage.KeyFile("tokens.key"),
            token_storage.SQLiteTokenStorage("tokens.db"),
        ]


def validators(shared: globus_async.Transport, data: token_storage.TokenStorageData) -> list[object]:
    """Make a storage with validators."""
    made = [
        token_storage.HasRefreshTokensValidator(),
        token_storage.NotExpiredValidator(),
        token_storage.ScopeRequirementsValidator({}, AuthClient(transport=shared)),
        token_storage.UnchangingIdentityIDValidator(),
    ]
    validating = token_storage.ValidatingTokenStorage(token_storage.MemoryTokenStorage(), validators=made)
    return [*made, validating, token_storage.TokenValidationContext(ID, data.identity_id)]


def logins(shared: globus_async.Transport, secrets: Canaries) -> list[object]:
    """Make login flow managers."""
    app = ConfidentialAppAuthClient(ID, secrets.client_secret, transport=shared)
    return [
        login_flows.CommandLineLoginFlowManager(app, redirect_uri="https://portal.example.org/"),
        login_flows.DeferredLoginFlowManager(app, redirect_uri="https://portal.example.org/"),
        login_flows.LocalServerLoginFlowManager(NativeAppAuthClient(ID, transport=shared)),
    ]


async def chains(shared: globus_async.Transport, secrets: Canaries) -> list[object]:
    """Make a chain of credentials, and use it."""
    environment = credentials.EnvironmentCredentials(
        {
            "GLOBUS_ASYNC_CLIENT_ID": ID,
            "GLOBUS_ASYNC_CLIENT_SECRET": secrets.client_secret,
            "GLOBUS_ASYNC_ACCESS_TOKEN_X": secrets.access,
        }
    )
    of_cli = credentials.GlobusCLICredentials()
    client = ConfidentialAppAuthClient(ID, secrets.client_secret, transport=shared)
    stored = credentials.StorageCredentials(token_storage.MemoryTokenStorage(), client)
    chain = credentials.CredentialChain([environment, of_cli, stored], transport=shared)
    reports = [await chain.report(name) for name in ("x", SERVER)]
    return [environment, of_cli, stored, chain, *reports, *map(chain.get_authorizer, ("x", SERVER))]


async def apps(shared: globus_async.Transport, data: token_storage.TokenStorageData, secrets: Canaries) -> list[object]:
    """Make apps whose storage has tokens."""
    storage = token_storage.MemoryTokenStorage()
    await storage.store_token_data_by_resource_server({SERVER: data})
    config = globus_app.GlobusAppConfig(token_storage=storage)
    user_app = globus_app.UserApp("Nightly", client_id=ID, config=config, transport=shared)
    client_app = globus_app.ClientApp(
        "Service", client_id=ID, client_secret=secrets.client_secret, config=config, transport=shared
    )
    return [
        config,
        user_app,
        client_app,
        user_app.get_authorizer(SERVER),
        client_app.get_authorizer(SERVER),
        user_app.token_storage,
    ]


def errors_of_logins(kind: type[Exception], secrets: Canaries) -> list[Exception]:
    """Make an error of a class that has further arguments."""
    match kind.__name__:
        case "IdentityMismatchError":
            return [token_storage.IdentityMismatchError("other", ID, ID)]
        case "InteractiveLoginRequired":
            client = ConfidentialAppAuthClient(ID, secrets.client_secret)
            flow = client.oauth2_start_flow("https://portal.example.org/", "openid")
            parameters = GlobusAuthorizationParameters(required_scopes=["openid"])
            return [login_flows.InteractiveLoginRequired(parameters, flow, flow.get_authorize_url())]
        case "MissingTokenError":
            return [token_storage.MissingTokenError("no token", SERVER)]
        case "ExpiredTokenError":
            return [token_storage.ExpiredTokenError(1.0)]
        case "UnmetScopeRequirementsError":
            return [token_storage.UnmetScopeRequirementsError("lacking", {SERVER: [TransferScopes.all]})]
        case _:
            return []
