"""Credentials from the first of several places that has some."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    ConfidentialAppAuthClient,
    GlobusSDKUsageError,
    NativeAppAuthClient,
    NullAuthorizer,
    Secret,
    TransferClient,
    Transport,
)
from globus_async.authorizers import GlobusAuthorizer
from globus_async.credentials import (
    CredentialChain,
    CredentialReport,
    CredentialSource,
    EnvironmentCredentials,
    GlobusCLICredentials,
    NoCredentials,
    StorageCredentials,
)
from globus_async.scopes import GCSCollectionScopes, TransferScopes
from globus_async.testing import GlobusEmulator
from globus_async.token_storage import (
    EncryptedTokenStorage,
    MemoryTokenStorage,
    TokenStorageDamaged,
    TokenStorageData,
)
from tests.globus_app.test_login import until
from tests.globus_app.world import globus
from tests.token_storage.test_globus_cli import write
from tests.toolkit.canaries import Listener, canary, leaks_of, leaks_of_error
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock

TRANSFER, OTHER = "transfer.api.globus.org", "3a8c6f5e-0000-4000-8000-000000000002"
ALL = str(TransferScopes.all)
ID = "5e1f2a4c-0000-4000-8000-000000000001"
SECRET, TOKEN = canary("secret of an application"), canary("access token in a variable")
OWN = {"GLOBUS_ASYNC_CLIENT_ID": ID, "GLOBUS_ASYNC_CLIENT_SECRET": SECRET}
TOKEN_NAME = "GLOBUS_ASYNC_ACCESS_TOKEN_TRANSFER_API_GLOBUS_ORG"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLOBUS_SDK_ENVIRONMENT", "GLOBUS_PROFILE", "GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator() -> GlobusEmulator:
    emulator = GlobusEmulator(rotate_refresh_tokens=True)
    emulator.add_identity("ada@example.org")
    return emulator


@pytest.fixture
async def transport(emulator: GlobusEmulator) -> AsyncIterator[Transport]:
    async with emulator.transport() as transport:
        yield transport


class Place:
    """A place with a token, with a reason why there is none, or with an error."""

    def __init__(self, name: str, *outcomes: str | Exception) -> None:
        self.name = name
        self.outcomes = list(outcomes)
        self.searches: list[tuple[str, str | None]] = []

    def __repr__(self) -> str:
        return self.name

    async def find(self, resource_server: str, *, scopes: str | None, transport: Transport) -> GlobusAuthorizer:
        self.searches.append((resource_server, scopes))
        await asyncio.sleep(0)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return AccessTokenAuthorizer(outcome)


EMPTY = NoCredentials("it is empty")


async def header(chain: CredentialChain, server: str = TRANSFER, scopes: Any = None) -> str:
    value = await chain.get_authorizer(server, scopes).get_authorization_header()
    assert value is not None
    return value.reveal().removeprefix("Bearer ")


# the chain


async def test_the_first_place_with_credentials_counts() -> None:
    """And those after it are not searched."""
    places = [Place("one", EMPTY), Place("two", "Ag2"), Place("three", "Ag3")]
    async with CredentialChain(places) as chain:
        assert await header(chain) == "Ag2"
        report = await chain.report(TRANSFER)
    assert report == CredentialReport(TRANSFER, places[1], ((places[0], "it is empty"),))
    assert str(report) == f"{TRANSFER}: from two\n  one: it is empty"
    assert [len(each.searches) for each in places] == [1, 1, 0]


async def test_no_place_has_credentials() -> None:
    """The error has the reason of each."""
    async with CredentialChain([Place("one", EMPTY), Place("two", NoCredentials("no login"))]) as chain:
        with pytest.raises(NoCredentials) as caught:
            await header(chain)
    assert str(caught.value) == f"there are no credentials for {TRANSFER}:\n  one: it is empty\n  two: no login"


async def test_what_is_wrong_is_not_skipped() -> None:
    """Otherwise a mistake would change which account is used."""
    last = Place("last", "Ag1")
    for error in (TokenStorageDamaged("it is damaged"), GlobusSDKUsageError("half"), RuntimeError("bug")):
        async with CredentialChain([Place("first", error), last]) as chain:
            with pytest.raises(type(error), match=str(error)):
                await header(chain)
    assert last.searches == []


async def test_nothing_is_searched_before_the_first_call() -> None:
    place = Place("one", "Ag1")
    async with CredentialChain([place]) as chain:
        authorizer = chain.get_authorizer(TRANSFER)
        assert repr(authorizer) == f"<authorizer of a CredentialChain for {TRANSFER}, not yet used>"
        assert place.searches == []
        await authorizer.get_authorization_header()
        assert repr(authorizer) == f"<authorizer of a CredentialChain for {TRANSFER}, from one>"


async def test_concurrent_calls_search_once() -> None:
    """Also if one of them is cancelled, and whichever authorizer they have."""
    place = Place("one", "Ag1")
    async with CredentialChain([place]) as chain:
        calls = [asyncio.create_task(header(chain)) for _ in range(50)]
        await asyncio.sleep(0)
        calls[0].cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert results[1:] == ["Ag1"] * 49
    assert len(place.searches) == 1


async def test_a_search_that_is_cancelled_at_every_suspension(record_property: Callable[[str, object], None]) -> None:
    """The next call searches again."""
    places = [Place("one", EMPTY), Place("two", "Ag1")]
    async with CredentialChain(places) as chain:

        async def call() -> None:
            chain._authorizers.clear()
            await header(chain)

        async def holds() -> None:
            assert await header(chain) == "Ag1"

        record_property(POINTS, await every_suspension(call, holds))


async def test_a_failed_search_is_repeated_by_the_next_call() -> None:
    place = Place("one", EMPTY, "Ag1")
    async with CredentialChain([place]) as chain:
        with pytest.raises(NoCredentials):
            await header(chain)
        assert await header(chain) == "Ag1"


async def test_resource_servers_and_scopes_are_apart() -> None:
    """Each pair has an authorizer of its own, and always the same."""
    place = Place("one", "Ag1")
    async with CredentialChain([place]) as chain:
        assert chain.get_authorizer(TRANSFER) is chain.get_authorizer(TRANSFER)
        assert chain.get_authorizer(TRANSFER, [ALL]) is chain.get_authorizer(TRANSFER, TransferScopes.all)
        for server, scopes in ((TRANSFER, None), (TRANSFER, ALL), (OTHER, "a b")):
            await header(chain, server, scopes)
    assert place.searches == [(TRANSFER, None), (TRANSFER, ALL), (OTHER, "a b")]


async def test_a_refused_token_is_searched_again_by_the_next_call(
    emulator: GlobusEmulator, transport: Transport
) -> None:
    """Another process may have stored a new one; the call itself fails, as with any access token."""
    old, new = emulator.access_token(), emulator.access_token()
    emulator.auth.revoke(old)
    async with CredentialChain([Place("one", old, new)], transport=transport) as chain:
        tc = TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=transport)
        with pytest.raises(Exception, match="401"):
            await tc.task_list()
        await tc.task_list()


async def test_an_unused_authorizer_cannot_help() -> None:
    async with CredentialChain([Place("one", "Ag1")]) as chain:
        authorizer = chain.get_authorizer(TRANSFER)
        assert not authorizer.handle_missing_authorization()
        assert not authorizer.is_refreshing()
        assert authorizer.login_for(NoCredentials("none")) is None


async def test_an_app_is_the_last_place() -> None:
    """Whatever has authorizers; its own one is used."""

    class App:
        def __repr__(self) -> str:
            return "<UserApp>"

        def get_authorizer(self, resource_server: str, /) -> GlobusAuthorizer:
            return AccessTokenAuthorizer(f"AgOf{resource_server}")

    async with CredentialChain([Place("one", EMPTY), App()]) as chain:
        assert await header(chain) == f"AgOf{TRANSFER}"
        assert str(await chain.report(TRANSFER)) == f"{TRANSFER}: from <UserApp>\n  one: it is empty"


async def test_an_app_logs_in_for_the_calls_of_a_chain() -> None:
    """At the first call, and again when a service requires a consent."""
    async with globus(transport={"max_in_flight": 1}) as world:
        browser = world.browser()
        async with world.app(browser, auto_redrive_gares=True) as app:
            app.add_scope_requirements({TRANSFER: TransferScopes.all})
            async with CredentialChain([EnvironmentCredentials({}), app], transport=world.transport) as chain:
                tc = TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=world.transport)
                assert browser.logins == []
                await asyncio.gather(*(tc.operation_ls(world.lab.id) for _ in range(5)))
                assert len(browser.logins) == 1
                await tc.operation_ls(world.mapped.id)
                assert len(browser.logins) == 2
                assert (await chain.report(TRANSFER)).source is app


async def test_the_wait_for_a_user_does_not_count() -> None:
    """A day passes, and the call is made."""
    clock = FakeClock()
    options: Any = {"clock": clock, "transport": {"clock": clock, "total_timeout": 30}}
    async with globus(**options) as world, world.app(browser := world.browser()) as app:
        app.add_scope_requirements({TRANSFER: TransferScopes.all})
        chain = CredentialChain([app], transport=world.transport)
        tc = TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=world.transport)
        browser.may_log_in.clear()
        call = asyncio.create_task(tc.get_endpoint(world.lab.id))
        await until(lambda: browser.running == 1)
        await clock.advance(86_400)
        browser.may_log_in.set()
        assert (await call)["display_name"] == "Lab"


async def test_an_authorizer_without_a_header() -> None:
    """Nothing is sent without credentials."""

    class Nothing:
        def get_authorizer(self, resource_server: str, /) -> GlobusAuthorizer:
            return NullAuthorizer()

    async with CredentialChain([Nothing()]) as chain:
        with pytest.raises(NoCredentials, match="has no credentials"):
            await header(chain)


async def test_only_an_own_transport_is_closed(transport: Transport) -> None:
    async with CredentialChain([Place("one", "Ag1")], transport=transport):
        pass
    transport.check()
    async with CredentialChain([Place("one", "Ag1")]) as chain:
        pass
    with pytest.raises(Exception, match="closed"):
        chain.transport.check()


@pytest.mark.parametrize("sources", [[], None, 7, "environment", [None], [EnvironmentCredentials], [object()]])
def test_wrong_sources(sources: Any) -> None:
    with pytest.raises(GlobusSDKUsageError, match="sources"):
        CredentialChain(sources)


# environment variables


async def found(environ: Mapping[str, str], transport: Transport, server: str = TRANSFER, scopes: Any = None) -> Any:
    return await EnvironmentCredentials(environ).find(server, scopes=scopes, transport=transport)


async def test_an_access_token_in_a_variable(transport: Transport) -> None:
    """It counts before an application; the name of the resource server is part of the variable's."""
    environ = {TOKEN_NAME: TOKEN, **OWN}
    authorizer = await found(environ, transport)
    assert await authorizer.get_authorization_header() == Secret(f"Bearer {TOKEN}")
    server = f"GLOBUS_ASYNC_ACCESS_TOKEN_{OTHER.upper().replace('-', '_')}"
    assert isinstance(await found({server: TOKEN}, transport, OTHER), AccessTokenAuthorizer)


async def test_the_order_of_applications(transport: Transport) -> None:
    names = ("ASYNC", "CLI", "COMPUTE")
    ids = [f"5e1f2a4c-0000-4000-8000-00000000000{number}" for number in range(3)]
    environ = dict[str, str]()
    for name, client_id in reversed(list(zip(names, ids, strict=True))):
        environ |= {f"GLOBUS_{name}_CLIENT_ID": client_id, f"GLOBUS_{name}_CLIENT_SECRET": SECRET}
        authorizer = await found(environ, transport)
        assert authorizer.confidential_client.client_id == client_id
        assert authorizer.scopes == ALL


async def test_an_application_calls_a_service(emulator: GlobusEmulator, transport: Transport) -> None:
    """With the usual scopes of the resource server, or with those that are given."""
    app = emulator.add_client("Service", secret=SECRET)
    environ = {"GLOBUS_CLI_CLIENT_ID": app.id, "GLOBUS_CLI_CLIENT_SECRET": SECRET}
    async with CredentialChain([EnvironmentCredentials(environ)], transport=transport) as chain:
        tc = TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=transport)
        await tc.task_list()
        await tc.task_list()
    assert emulator.auth.token_requests == {"client_credentials": 1}
    https = str(GCSCollectionScopes(OTHER).https)
    assert (await found(environ, transport, OTHER, https)).scopes == https


@pytest.mark.parametrize("name", ["GLOBUS_ASYNC_CLIENT", "GLOBUS_CLI_CLIENT", "GLOBUS_COMPUTE_CLIENT"])
@pytest.mark.parametrize("part", ["_ID", "_SECRET"])
@pytest.mark.parametrize("other", [{}, {"_ID": "", "_SECRET": ""}])
async def test_half_of_a_pair(transport: Transport, name: str, part: str, other: dict[str, str]) -> None:
    """It is an error, which shows no value."""
    environ = {f"{name}{key}": value for key, value in {**other, part: SECRET}.items()}
    if f"{name}{part}" == "GLOBUS_COMPUTE_CLIENT_ID":  # as of an application that users log in to
        with pytest.raises(NoCredentials):
            await found(environ, transport)
        return
    with pytest.raises(GlobusSDKUsageError, match=f"{name}{part} is set, but .* is not: set both, or neither") as error:
        await found(environ, transport)
    assert leaks_of_error(error.value) == []


@pytest.mark.parametrize(
    "environ",
    [
        {TOKEN_NAME: f"{TOKEN}\n"},
        {TOKEN_NAME: f"Bearer {TOKEN}"},
        {**OWN, "GLOBUS_ASYNC_CLIENT_ID": SECRET},
        {**OWN, "GLOBUS_ASYNC_CLIENT_SECRET": f"{SECRET}\r\nX: y"},
    ],
)
async def test_malformed_values(transport: Transport, environ: dict[str, str]) -> None:
    """The error names the variable, and shows no value."""
    with Listener() as listener, pytest.raises(GlobusSDKUsageError, match=r"^GLOBUS_ASYNC_\w+ (is not|has)") as error:
        await found(environ, transport)
    assert leaks_of_error(error.value) == []
    assert listener.leaks() == []


async def test_unknown_scopes_are_an_error(transport: Transport) -> None:
    """The application is not skipped in favour of another account."""
    with pytest.raises(GlobusSDKUsageError, match=r"are not known: pass get_authorizer\(resource_server, scopes="):
        await found(OWN, transport, OTHER)


@pytest.mark.parametrize("environ", [{}, {TOKEN_NAME: "", "GLOBUS_CLI_CLIENT_ID": "", "GLOBUS_CLI_CLIENT_SECRET": ""}])
async def test_no_variable(transport: Transport, environ: dict[str, str]) -> None:
    """The reason names those that were tried."""
    with pytest.raises(NoCredentials, match=f"none of {TOKEN_NAME}, GLOBUS_ASYNC_CLIENT_ID with .* is set"):
        await found(environ, transport)


async def test_the_variables_of_the_process(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are when credentials are needed."""
    source = EnvironmentCredentials()
    monkeypatch.setenv(TOKEN_NAME, TOKEN)
    authorizer = await source.find(TRANSFER, scopes=None, transport=transport)
    assert await authorizer.get_authorization_header() == Secret(f"Bearer {TOKEN}")


# a token storage


class Login:
    """Tokens of a native application in memory."""

    def __init__(self, emulator: GlobusEmulator, transport: Transport) -> None:
        self.app = emulator.add_client("Native")
        self.client = NativeAppAuthClient(self.app.id, transport=transport)
        self.storage = MemoryTokenStorage()
        self._emulator = emulator

    async def store(self, *, refresh: bool = True, expires_in: float = 3600, server: str = TRANSFER) -> None:
        ada = self._emulator.auth.login_identity
        assert ada is not None
        access = self._emulator.access_token(ada, client=self.app, lifetime=expires_in) if expires_in > 0 else "AgX"
        refresh_token = self._emulator.auth.refresh_token(ada, scopes=[ALL], client=self.app) if refresh else None
        expires_at = int(self.client.transport.clock.wall() + expires_in)
        data = TokenStorageData(server, ada.id, ALL, access, refresh_token, expires_at, "Bearer")
        await self.storage.store_token_data_by_resource_server({server: data})


@pytest.fixture
def login(emulator: GlobusEmulator, transport: Transport) -> Login:
    return Login(emulator, transport)


@pytest.mark.parametrize("expires_in", [3600, -10])
async def test_stored_tokens(emulator: GlobusEmulator, transport: Transport, login: Login, expires_in: float) -> None:
    """They are refreshed when they expire, and the rotated refresh token is stored."""
    await login.store(expires_in=expires_in)
    before = await login.storage.get_token_data(TRANSFER)
    source = StorageCredentials(login.storage, login.client)
    async with CredentialChain([source], transport=transport) as chain:
        await TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=transport).task_list()
    after = await login.storage.get_token_data(TRANSFER)
    assert (before == after) is (expires_in > 0)
    assert emulator.auth.token_requests["refresh_token"] == (expires_in < 0)


@pytest.mark.parametrize(
    ("refresh", "with_client", "reason"),
    [
        (False, True, "has expired; log in again"),
        (True, False, "has expired; pass auth_client="),
        (True, True, None),
    ],
)
async def test_stored_access_tokens(
    transport: Transport, login: Login, *, refresh: bool, with_client: bool, reason: str | None
) -> None:
    """Without a refresh token, or the client for it, they are used until they expire."""
    source = StorageCredentials(login.storage, login.client if with_client else None)
    await login.store(refresh=refresh)
    await source.find(TRANSFER, scopes=None, transport=transport)
    await login.store(refresh=refresh, expires_in=-10)
    if reason is None:
        await source.find(TRANSFER, scopes=None, transport=transport)
    else:
        with pytest.raises(NoCredentials, match=re.escape(reason)):
            await source.find(TRANSFER, scopes=None, transport=transport)


async def test_a_storage_without_the_tokens_or_the_scope(transport: Transport, login: Login) -> None:
    await login.store()
    source = StorageCredentials(login.storage, login.client)
    with pytest.raises(NoCredentials, match=f"no tokens for {OTHER}"):
        await source.find(OTHER, scopes=None, transport=transport)
    with pytest.raises(NoCredentials, match="lack the scope more; log in again"):
        await source.find(TRANSFER, scopes=f"{ALL}[*below] more *optional", transport=transport)
    await source.find(TRANSFER, scopes=f"{ALL}[*below]", transport=transport)


async def test_a_storage_that_cannot_be_read_is_not_skipped(transport: Transport, login: Login) -> None:
    await login.store()
    source = StorageCredentials(EncryptedTokenStorage(login.storage, "k" * 32), login.client)
    async with CredentialChain([source, Place("last", "Ag1")], transport=transport) as chain:
        with pytest.raises(TokenStorageDamaged):
            await header(chain)


@pytest.mark.parametrize("arguments", [(None,), ("tokens.json",), (MemoryTokenStorage(), "client")])
def test_wrong_arguments_of_a_storage(arguments: Any) -> None:
    with pytest.raises(GlobusSDKUsageError):
        StorageCredentials(*arguments)


# globus-cli


async def test_the_login_of_globus_cli(emulator: GlobusEmulator, transport: Transport, tmp_path: Path) -> None:
    """With the client of the installation, which refreshes the tokens."""
    app = emulator.add_client("Globus CLI", secret=SECRET)
    ada = emulator.auth.login_identity
    assert ada is not None
    tokens = {
        "scope": ALL,
        "access_token": "AgExpired",
        "refresh_token": emulator.auth.refresh_token(ada, scopes=[ALL], client=app),
        "expires_at_seconds": 1,
        "token_type": "Bearer",
        "resource_server": TRANSFER,
    }
    path = write(tmp_path, tokens=tokens, client={"client_id": app.id, "client_secret": SECRET})
    source = GlobusCLICredentials(filepath=path)
    async with CredentialChain([EnvironmentCredentials({}), source], transport=transport) as chain:
        await TransferClient(authorizer=chain.get_authorizer(TRANSFER), transport=transport).task_list()
        assert (await chain.report(TRANSFER)).source is source
        with pytest.raises(NoCredentials, match=f"no refresh token for {OTHER}"):
            await header(chain, OTHER)
        with pytest.raises(NoCredentials, match="lack the scope more"):
            await header(chain, scopes="more")
    assert emulator.auth.token_requests == {"refresh_token": 1}


async def test_globus_cli_without_a_login(transport: Transport, tmp_path: Path) -> None:
    source = GlobusCLICredentials(filepath=tmp_path / "storage.db")
    with pytest.raises(NoCredentials, match="log in with: globus login"):
        await source.find(TRANSFER, scopes=None, transport=transport)


async def test_globus_cli_as_an_application(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's login is not what globus-cli would use."""
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_ID", ID)
    monkeypatch.setenv("GLOBUS_CLI_CLIENT_SECRET", SECRET)
    source = GlobusCLICredentials(filepath=write(tmp_path))
    with pytest.raises(NoCredentials, match="acts as an application"):
        await source.find(TRANSFER, scopes=None, transport=transport)


# what is shown


async def test_nothing_shows_a_secret(emulator: GlobusEmulator, login: Login, transport: Transport) -> None:
    """Neither the places, nor the chain, its authorizers, reports and errors."""
    await login.store()
    environment = EnvironmentCredentials({**OWN, TOKEN_NAME: TOKEN})
    client = ConfidentialAppAuthClient(ID, SECRET, transport=transport)
    sources: list[CredentialSource] = [environment, StorageCredentials(login.storage, client), GlobusCLICredentials()]
    with Listener() as listener:
        async with CredentialChain(sources, transport=transport) as chain:
            await header(chain)
            shown = [*sources, chain, chain.get_authorizer(TRANSFER), await chain.report(TRANSFER)]
            with pytest.raises(GlobusSDKUsageError) as caught:
                await header(chain, OTHER)
    assert [leak for each in shown for leak in leaks_of(each)] == []
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []
    assert repr(chain) == (
        "<CredentialChain of environment variables, <MemoryTokenStorage, namespace 'DEFAULT'>, the login of globus-cli>"
    )
