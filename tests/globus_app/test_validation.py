"""Checks of stored tokens: what each refuses, when, and with which error; and errors that are copied and pickled."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from globus_async import GlobusError, GlobusSDKUsageError, LoginRequired, TransferClient
from globus_async.login_flows import InteractiveLoginRequired
from globus_async.scopes import Scope, ScopeParser
from globus_async.scopes.consents import ConsentForest
from globus_async.token_storage import (
    ExpiredTokenError,
    HasRefreshTokensValidator,
    IdentityMismatchError,
    MemoryTokenStorage,
    MissingTokenError,
    NotExpiredValidator,
    ScopeRequirementsValidator,
    TokenDataValidator,
    TokenStorageData,
    TokenValidationContext,
    TokenValidationError,
    UnchangingIdentityIDValidator,
    UnmetScopeRequirementsError,
    ValidatingTokenStorage,
)
from tests.globus_app.world import TRANSFER, globus
from tests.toolkit.clock import FakeClock

ALICE, BOB = "alice's id", "bob's id"


def data(
    *,
    server: str = TRANSFER,
    identity: str | None = ALICE,
    scope: str = "all",
    refresh: str | None = None,
    at: int = 2_000,
) -> TokenStorageData:
    return TokenStorageData(server, identity, scope, "AgX1", refresh, at, "Bearer")


async def stored(*entries: TokenStorageData) -> MemoryTokenStorage:
    storage = MemoryTokenStorage()
    await storage.store_token_data_by_resource_server({each.resource_server: each for each in entries})
    return storage


class Consents:
    """Auth with consents to these scopes."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes
        self.requests: list[str] = []

    async def get_consents(self, identity_id: str) -> Consents:
        await asyncio.sleep(0)
        self.requests.append(identity_id)
        return self

    def to_forest(self) -> ConsentForest:
        documents: list[Mapping[str, Any]] = []

        def add(scope: Scope, path: list[int]) -> None:
            number = len(documents) + 1
            moment = "2026-01-01T00:00:00+00:00"
            texts = {"client": "c", "scope": "s", "scope_name": scope.scope_string, "status": "approved"}
            moments = dict.fromkeys(("created", "updated", "last_used"), moment)
            switches = dict.fromkeys(("allows_refresh", "auto_approved", "atomically_revocable"), False)
            numbers = {"id": number, "dependency_path": [*path, number], "effective_identity": ALICE}
            documents.append({**texts, **moments, **switches, **numbers})
            for dependency in scope.dependencies:
                add(dependency, [*path, number])

        for text in self.scopes:
            for scope in ScopeParser.parse(text):
                add(scope, [])
        return ConsentForest(documents)


async def test_nothing_is_read_by_the_constructor() -> None:
    """The identity is known from the first use on."""

    class Counting(MemoryTokenStorage):
        reads = 0

        async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
            self.reads += 1
            return await super().get_token_data_by_resource_server()

    storage = Counting("mine")
    await storage.store_token_data_by_resource_server({TRANSFER: data()})
    checked = ValidatingTokenStorage(storage)
    assert (storage.reads, checked.identity_id, checked.namespace) == (0, None, "mine")
    assert (await checked.get_token_data(TRANSFER)).scope == "all"
    assert checked.identity_id == ALICE


async def test_missing() -> None:
    """An error instead of ``None``."""
    checked = ValidatingTokenStorage(MemoryTokenStorage())
    with pytest.raises(MissingTokenError, match="transfer") as caught:
        await checked.get_token_data(TRANSFER)
    assert caught.value.resource_server == TRANSFER
    assert isinstance(caught.value, LookupError)
    assert await checked.get_token_data_by_resource_server() == {}
    assert not await checked.remove_token_data(TRANSFER)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
async def test_expired(seconds: int) -> None:
    """From the second after; stored all the same."""
    checked = ValidatingTokenStorage(
        MemoryTokenStorage(), validators=[NotExpiredValidator(clock=FakeClock(wall=2_000))]
    )
    await checked.store_token_data_by_resource_server({TRANSFER: data(at=2_000 + seconds)})
    if seconds < 0:
        with pytest.raises(ExpiredTokenError, match="1970-01-01T00:33:19") as caught:
            await checked.get_token_data(TRANSFER)
        assert caught.value.expiration == datetime(1970, 1, 1, 0, 33, 19, tzinfo=UTC)
    else:
        await checked.get_token_data(TRANSFER)


@pytest.mark.parametrize("seconds", [-(10**15), 10**15])
def test_an_absurd_expiry(seconds: int) -> None:
    """Has an error all the same."""
    assert ExpiredTokenError(seconds).expiration.tzinfo is UTC


async def test_no_refresh_token() -> None:
    """After reading only."""
    checked = ValidatingTokenStorage(MemoryTokenStorage(), validators=[HasRefreshTokensValidator()])
    await checked.store_token_data_by_resource_server({TRANSFER: data()})
    with pytest.raises(MissingTokenError, match="refresh token"):
        await checked.get_token_data(TRANSFER)
    await checked.store_token_data_by_resource_server({TRANSFER: data(refresh="Ag1")})
    await checked.get_token_data(TRANSFER)


async def test_scopes() -> None:
    """Those of the token itself before storing; after reading the consents to dependent ones, too, looked up once."""
    required = {TRANSFER: [Scope.parse("all[a[b]]")]}
    auth = Consents("all[a[b]]")
    validator = ScopeRequirementsValidator(required, auth)
    checked = ValidatingTokenStorage(await stored(data(scope="other")), validators=[validator])
    for act in (
        checked.get_token_data(TRANSFER),
        checked.store_token_data_by_resource_server({TRANSFER: data(scope="x")}),
    ):
        with pytest.raises(UnmetScopeRequirementsError, match="lacks all") as caught:
            await act
        assert caught.value.scope_requirements == required
    assert auth.requests == []
    await checked.store_token_data_by_resource_server({TRANSFER: data(scope="x all")})
    assert auth.requests == []
    await asyncio.gather(*(checked.get_token_data(TRANSFER) for _ in range(20)))
    assert auth.requests == [ALICE]
    required[TRANSFER] = [Scope.parse("all[a[b] c]")]
    with pytest.raises(UnmetScopeRequirementsError, match="consent"):
        await checked.get_token_data(TRANSFER)
    auth.scopes = ("all[a[b] c]",)
    await checked.get_token_data(TRANSFER)
    assert auth.requests == [ALICE] * 3


async def test_the_consents_of_another_identity() -> None:
    """They are looked up anew; for an unknown one there is no look-up."""
    auth = Consents("all[a]")
    validator = ScopeRequirementsValidator({TRANSFER: [Scope.parse("all[a]")]}, auth)
    for identity, requests in ((None, []), (ALICE, [ALICE]), (BOB, [ALICE, BOB]), (BOB, [ALICE, BOB])):
        checked = ValidatingTokenStorage(await stored(data(identity=identity)), validators=[validator])
        await checked.get_token_data(TRANSFER)
        assert auth.requests == requests


async def test_the_identity() -> None:
    """It is that of the first tokens that have one; others are refused before storing."""
    checked = ValidatingTokenStorage(await stored(data(identity=None)), validators=[UnchangingIdentityIDValidator()])
    await checked.get_token_data(TRANSFER)
    assert checked.identity_id is None
    with pytest.raises(TokenValidationError, match="openid"):
        await checked.store_token_data_by_resource_server({TRANSFER: data(identity=None)})
    await checked.store_token_data_by_resource_server({TRANSFER: data()})
    assert checked.identity_id == ALICE
    with pytest.raises(IdentityMismatchError, match=BOB) as caught:
        await checked.store_token_data_by_resource_server({TRANSFER: data(identity=BOB)})
    assert (caught.value.stored_id, caught.value.new_id) == (ALICE, BOB)
    assert (await checked.get_token_data(TRANSFER)).identity_id == ALICE
    both = {TRANSFER: data(), "x": data(server="x", identity=BOB)}
    with pytest.raises(IdentityMismatchError):
        await checked.store_token_data_by_resource_server(both)
    await checked.remove_token_data(TRANSFER)
    checked.reset_identity()
    await checked.store_token_data_by_resource_server({TRANSFER: data(identity=BOB)})
    assert checked.identity_id == BOB


async def test_the_identity_is_stored_while_it_is_read() -> None:
    """A task that found no tokens does not store those of somebody else over those of another task."""

    class Slow(MemoryTokenStorage):
        async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
            found = await super().get_token_data_by_resource_server()
            reading.set()
            await may_read.wait()
            return found

    reading, may_read = asyncio.Event(), asyncio.Event()
    checked = ValidatingTokenStorage(storage := Slow(), validators=[UnchangingIdentityIDValidator()])
    slow = asyncio.create_task(checked.store_token_data_by_resource_server({"x": data(server="x", identity=BOB)}))
    await reading.wait()
    checked.token_storage = MemoryTokenStorage()
    await checked.store_token_data_by_resource_server({TRANSFER: data()})
    checked.token_storage = storage
    may_read.set()
    with pytest.raises(IdentityMismatchError):
        await slow


async def test_a_check_that_fails_leaves_the_identity() -> None:
    """Tokens that were not stored say nothing of who has logged in."""

    class Refusing(TokenDataValidator):
        async def before_store(self, token_data_by_resource_server: Any, context: TokenValidationContext) -> None:
            raise TokenValidationError(f"{context.prior_identity_id}, {context.token_data_identity_id}")

        async def after_retrieve(self, token_data_by_resource_server: Any, context: TokenValidationContext) -> None:
            pass

    checked = ValidatingTokenStorage(MemoryTokenStorage(), validators=[Refusing()])
    with pytest.raises(TokenValidationError, match=f"None, {ALICE}"):
        await checked.store_token_data_by_resource_server({TRANSFER: data()})
    assert checked.identity_id is None
    assert await checked.token_storage.get_token_data(TRANSFER) is None


async def test_leases_and_compare_and_set() -> None:
    """They are those of the storage, and check nothing: a refreshed token must not be lost."""
    storage = await stored(data(refresh="one"))
    checked = ValidatingTokenStorage(storage, validators=[NotExpiredValidator(), UnchangingIdentityIDValidator()])
    async with checked.lease(TRANSFER, 5) as lease:
        lease.check()
        assert await checked.compare_and_set(data(refresh="one"), data(refresh="two"))
    assert not await checked.compare_and_set(data(refresh="one"), data(refresh="three"))
    assert await storage.get_token_data(TRANSFER) == data(refresh="two")


async def test_the_response_to_a_refresh() -> None:
    """Its tokens belong to the identity of those that are stored."""
    async with globus() as world, world.app(request_refresh_tokens=True) as app:
        TransferClient(app=app)
        await app.login()
        before = await app.token_storage.get_token_data(TRANSFER)
        assert before.refresh_token is not None
        response = await world.login_client.oauth2_refresh_token(before.refresh_token)
        app.token_storage.reset_identity()
        await app.token_storage.store_token_response(response)
        after = await app.token_storage.get_token_data(TRANSFER)
        assert after.identity_id == world.alice.id
        assert after.access_token != before.access_token


@pytest.mark.parametrize("arguments", [("storage",), (MemoryTokenStorage(), 3), (MemoryTokenStorage(), ["x"])], ids=str)
def test_wrong_arguments(arguments: Any) -> None:
    """They are refused."""
    with pytest.raises((GlobusSDKUsageError, TypeError)):
        ValidatingTokenStorage(arguments[0], **({"validators": arguments[1]} if arguments[1:] else {}))


async def test_a_token_that_expires() -> None:
    """An app without refresh tokens logs in when it ends; other clients' requirements, too, make it read again."""
    clock = FakeClock()
    async with globus(clock=clock, transport={"clock": clock}) as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app)
        await tc.operation_ls(world.lab.id)
        await clock.advance(172_800 - 1)
        await tc.operation_ls(world.lab.id)
        assert len(browser.logins) == 1
        await clock.advance(2)
        assert await app.login_required()
        await app.get_authorizer(TRANSFER).get_authorization_header()  # an expired one is not sent
        assert len(browser.logins) == 2
        await asyncio.gather(*(tc.operation_ls(world.lab.id) for _ in range(10)))
        assert len(browser.logins) == 2
        tc.add_app_scope("urn:globus:auth:scope:transfer.api.globus.org:gateway_administration")
        assert await app.login_required()


async def test_tokens_of_another_program() -> None:
    """A token that has expired is read again before there is a login: another program may have logged in."""
    clock, storage = FakeClock(), MemoryTokenStorage()
    async with globus(clock=clock, transport={"clock": clock}) as world:
        first, second = (world.app(world.browser(), token_storage=storage) for _ in range(2))
        async with first, second:
            clients = [TransferClient(app=app) for app in (first, second)]
            await clients[0].operation_ls(world.lab.id)
            await clients[1].operation_ls(world.lab.id)
            await clock.advance(172_801)
            await clients[0].operation_ls(world.lab.id)
            await clients[1].operation_ls(world.lab.id)
            assert [len(app._login_flow_manager.logins) for app in (first, second)] == [2, 0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("handled", [False, True])
async def test_a_revoked_refresh_token(handled: bool) -> None:
    """The user logs in again, once; without a handler it is the error."""
    clock = FakeClock()
    settings: Any = {} if handled else {"token_validation_error_handler": None}
    async with globus(clock=clock, transport={"clock": clock}) as world:
        browser = world.browser()
        async with world.app(browser, request_refresh_tokens=True, **settings) as app:
            tc = TransferClient(app=app)
            await app.login()
            await clock.advance(172_801)
            await tc.operation_ls(world.lab.id)
            assert len(browser.logins) == 1
            stored = await app.token_storage.get_token_data(TRANSFER)
            assert stored.refresh_token is not None
            world.emulator.auth.revoke(stored.refresh_token.reveal())
            await clock.advance(172_801)
            calls = [tc.operation_ls(world.lab.id) for _ in range(10)]
            results = await asyncio.gather(*calls, return_exceptions=True)
            if handled:
                assert not [each for each in results if isinstance(each, BaseException)]
                assert len(browser.logins) == 2
            else:
                assert {type(each) for each in results} == {LoginRequired}
                assert await app.login_required()
                await app.login()
                await tc.operation_ls(world.lab.id)


async def test_a_service_gets_its_tokens_itself() -> None:
    """At the first call, and when they expire; concurrent calls share a request."""
    clock = FakeClock()
    async with globus(clock=clock, transport={"clock": clock}) as world, world.client_app() as app:
        tc = TransferClient(app=app)
        assert not await app.login_required()
        assert not world.grants()
        await asyncio.gather(*(tc.task_list() for _ in range(50)))
        assert world.grants() == {"client_credentials": 1}
        await clock.advance(172_801)
        await asyncio.gather(*(tc.task_list() for _ in range(50)))
        assert world.grants() == {"client_credentials": 2}
        await app.login()
        assert world.grants() == {"client_credentials": 2}
        await app.login(force=True)
        assert world.grants() == {"client_credentials": 3}
        assert not await app.login_required()
        with pytest.raises(GlobusSDKUsageError, match="requires no scopes of groups"):
            await app.get_authorizer("groups.api.globus.org").get_authorization_header()
        await app.logout()
        await tc.task_list()


async def test_the_errors_of_a_deferred_login() -> None:
    """A copy has the flow; a pickle has not, and no secret."""
    async with globus() as world, world.app("deferred") as app:
        with pytest.raises(InteractiveLoginRequired) as caught:
            await app.login()
        error = caught.value
        assert error.flow is not None
        pickled = pickle.dumps(error)
        assert error.flow.verifier.reveal().encode() not in pickled
        restored = pickle.loads(pickled)
        assert (restored.flow, restored.authorize_url) == (None, error.authorize_url)
        assert isinstance(restored, LoginRequired)
        assert isinstance(restored, GlobusError)
        results = await asyncio.gather(*(app.login() for _ in range(3)), return_exceptions=True)
        assert {each.authorize_url for each in results if isinstance(each, InteractiveLoginRequired)}.__len__() == 1
