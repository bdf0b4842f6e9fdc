"""Authorizers with a token storage: one refresh for all, whatever happens to storage, lease and service."""

from __future__ import annotations

import asyncio
import pickle
import re
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any

import pytest

from globus_async import Transport
from globus_async.authorizers import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import (
    GlobusConnectionError,
    GlobusError,
    GlobusSDKUsageError,
    LoginRequired,
    TokenRefreshError,
    is_transient,
)
from globus_async.secret import Secret
from globus_async.token_storage import (
    Lease,
    LeaseLost,
    MemoryTokenStorage,
    TokenStorageDamaged,
    TokenStorageData,
    TokenStorageError,
    TokenStorageUnavailable,
)
from tests.authorizers.errors import api_error
from tests.toolkit.auth_clients import FakeAuth, SocketAuth
from tests.toolkit.cancel import every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.rotating_auth import RotatingAuth

SERVER = "transfer.api.globus.org"
SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all"


class Scripted(MemoryTokenStorage):
    """
    A storage in memory that fails as its script says.

    Attributes:
        calls: The calls that were made, in order: ``"read"``, ``"write"``.
        before: Called before the effect of a call, with its kind; raises an error to fail, or returns a coroutine.
        after: The same after the effect.
    """

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.calls: list[str] = []
        self.before: Callable[[str], Any] = lambda _: None
        self.after: Callable[[str], Any] = lambda _: None

    async def _scripted(self, kind: str, script: Callable[[str], Any]) -> None:
        done = script(kind)
        if isinstance(done, Coroutine):
            await done

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        self.calls.append("read")
        await self._scripted("read", self.before)
        stored = self._data.get(resource_server)
        await self._scripted("read", self.after)
        return stored

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        self.calls.append("write")
        await self._scripted("write", self.before)
        if self._data.get(new.resource_server) != old:
            return False
        self._data[new.resource_server] = new
        await self._scripted("write", self.after)
        return True


def entry(
    access: str = "at-0", refresh: str | None = "rt-0", *, expires_at: float = 0, scope: str = SCOPE, **more: Any
) -> TokenStorageData:
    return TokenStorageData(SERVER, "an-identity", scope, access, refresh, int(expires_at), "Bearer", more)


@asynccontextmanager
async def shared(*, skipping: bool = True) -> AsyncGenerator[tuple[Scripted, FakeAuth, FakeClock]]:
    """Make a storage with an expired token, and a token server in memory."""
    clock = FakeClock(skipping=skipping)
    storage = Scripted(clock)
    await storage.store_token_data_by_resource_server({SERVER: entry(note="kept")})
    async with Transport(clock=clock) as transport:
        yield storage, FakeAuth(transport, lifetime=3600), clock


def login(storage: Scripted, auth: FakeAuth, **options: Any) -> RefreshTokenAuthorizer:
    return RefreshTokenAuthorizer(None, auth, storage=storage, resource_server=SERVER, **options)


async def header_of(authorizer: RefreshTokenAuthorizer | ClientCredentialsAuthorizer) -> str:
    return (await authorizer.get_authorization_header()).reveal()


def failing(error: BaseException, kind: str = "") -> Callable[[str], None]:
    """Return a script that fails all calls, or those of one kind."""

    def script(called: str) -> None:
        if kind in {"", called}:
            raise error

    return script


def application_token(number: int) -> dict[str, object]:
    return {"access_token": f"at-{number}", "resource_server": SERVER, "expires_in": 3600, "scope": SCOPE}


async def passes(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class TestSharing:
    async def test_a_stored_token_is_used(self) -> None:
        """The first header reads the storage, without a request; later ones do not even read."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            authorizer = login(storage, auth)
            assert [await header_of(authorizer) for _ in range(100)] == ["Bearer at-0"] * 100
            assert (storage.calls, auth.requests) == (["read"], 0)

    async def test_twenty_five_expiries(self) -> None:
        """Eight authorizers, three callers each: one request per expiry, each with the newest refresh token."""
        async with shared() as (storage, auth, clock):
            authorizers = [login(storage, auth) for _ in range(8)]
            for number in range(1, 26):
                headers = await asyncio.gather(*(header_of(each) for each in authorizers for _ in range(3)))
                assert set(headers) == {f"Bearer at-{number}"}
                clock.jump(3601)
            assert auth.sent == [f"rt-{number}" for number in range(25)]

    async def test_what_is_stored(self) -> None:
        """The new tokens; the identity and further members stay."""
        async with shared() as (storage, auth, clock):
            await header_of(login(storage, auth))
            stored = await storage.get_token_data(SERVER)
            assert stored == entry("at-1", "rt-1", expires_at=clock.wall() + 3600, scope=SCOPE, note="kept")

    async def test_an_application(self) -> None:
        """Its processes share one access token; nothing else is stored."""
        async with shared() as (storage, auth, clock):
            await storage.remove_token_data(SERVER)
            auth.script = application_token
            authorizers = [
                ClientCredentialsAuthorizer(auth, SCOPE, storage=storage, resource_server=SERVER) for _ in range(8)
            ]
            for number in range(1, 26):
                headers = await asyncio.gather(*(header_of(each) for each in authorizers for _ in range(3)))
                assert set(headers) == {f"Bearer at-{number}"}
                clock.jump(3601)
            assert auth.requests == 25

    async def test_a_token_that_is_due_is_taken_from_another_process(self) -> None:
        """In the last five minutes; the call does not wait, and there is no request."""
        async with shared() as (storage, auth, clock):
            first, second = login(storage, auth), login(storage, auth)
            assert await header_of(first) == await header_of(second) == "Bearer at-1"
            clock.jump(3600 - 299)
            await header_of(first)
            await passes()
            assert await header_of(second) == "Bearer at-1"
            await passes()
            assert await header_of(second) == "Bearer at-2"
            assert auth.requests == 2

    async def test_a_refused_token_is_first_replaced_from_the_storage(self) -> None:
        """Another process may have a new one already; a request is sent only if it has not."""
        async with shared() as (storage, auth, _):
            first, second = login(storage, auth), login(storage, auth)
            seen: list[object] = []
            second.on_refresh = seen.append
            refused = Secret(await header_of(first))
            assert await header_of(second) == refused.reveal()
            first.handle_missing_authorization(refused)
            assert await header_of(first) == "Bearer at-2"
            assert second.handle_missing_authorization(refused)
            assert await header_of(second) == "Bearer at-2"
            assert (auth.requests, seen) == (2, [])

    async def test_an_older_token_in_the_storage_is_not_used(self) -> None:
        """One that expires before the one in use."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 10)})
            authorizer = login(storage, auth, access_token="mine", expires_at=clock.wall() + 200)
            clock.jump(150)
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 10)})
            assert await header_of(authorizer) == "Bearer at-1"

    async def test_a_wall_clock_that_was_set_back(self) -> None:
        """The stored token seems to live on, but it is the one that has expired by the other clock."""
        async with shared() as (storage, auth, clock):
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.step_wall(-7200)
            clock.jump(3601)
            assert await header_of(authorizer) == "Bearer at-2"

    @pytest.mark.parametrize(("changed", "value"), [("token_type", "MAC"), ("access_token", "two words")])
    async def test_a_stored_token_that_cannot_be_sent(self, changed: str, value: str) -> None:
        """It is refreshed."""
        async with shared() as (storage, auth, clock):
            fields = entry(expires_at=clock.wall() + 3600).to_dict() | {changed: value}
            await storage.store_token_data_by_resource_server({SERVER: TokenStorageData.from_dict(fields)})
            assert await header_of(login(storage, auth)) == "Bearer at-1"

    async def test_the_refresh_token_of_the_constructor(self) -> None:
        """It is used while the storage has none; from then on, the storage decides."""
        async with shared() as (storage, auth, clock):
            await storage.remove_token_data(SERVER)
            authorizer = RefreshTokenAuthorizer("rt-given", auth, storage=storage, resource_server=SERVER)
            assert authorizer.refresh_token == Secret("rt-given")
            await header_of(authorizer)
            assert authorizer.refresh_token == Secret("rt-1")
            clock.jump(3601)
            await header_of(RefreshTokenAuthorizer("rt-given", auth, storage=storage, resource_server=SERVER))
            assert auth.sent == ["rt-given", "rt-1"]
            await storage.remove_token_data(SERVER)
            clock.jump(3601)
            with pytest.raises(LoginRequired, match="no tokens"):
                await header_of(authorizer)

    async def test_the_arguments(self) -> None:
        """They go together, and are of these types; without a storage a refresh token is needed."""
        async with shared() as (storage, auth, _):
            assert login(storage, auth).refresh_token is None
            wrong: list[dict[str, Any]] = [
                {"storage": storage},
                {"resource_server": SERVER},
                {"storage": object(), "resource_server": SERVER},
                {"storage": storage, "resource_server": 5},
            ]
            for options in wrong:
                with pytest.raises(GlobusSDKUsageError):
                    RefreshTokenAuthorizer("rt", auth, **options)
                with pytest.raises(GlobusSDKUsageError):
                    ClientCredentialsAuthorizer(auth, SCOPE, **options)

    async def test_on_refresh(self) -> None:
        """It is called with each response of this process, after the tokens were stored."""
        async with shared() as (storage, auth, _):
            stored: list[str] = []

            async def on_refresh(_: object) -> None:
                found = await MemoryTokenStorage.get_token_data(storage, SERVER)
                assert found is not None
                stored.append(found.access_token.reveal())

            await asyncio.gather(*(header_of(login(storage, auth, on_refresh=on_refresh)) for _ in range(5)))
            assert stored == ["at-1"]

    async def test_nothing_secret_is_shown(self) -> None:
        """In whatever an authorizer is made of; and it cannot be pickled."""
        async with shared() as (storage, auth, _):
            authorizer = login(storage, auth)
            await header_of(authorizer)
            shown = [repr(value) for value in vars(authorizer._shared).values()] + [repr(authorizer)]
            assert not [text for text in shown if "at-1" in text or "rt-1" in text]
            with pytest.raises(TypeError):
                pickle.dumps(authorizer)


class TestApplication:
    async def test_a_login_is_not_overwritten(self) -> None:
        """An application that was given the storage of a user says so, and sends nothing."""
        async with shared() as (storage, auth, _):
            authorizer = ClientCredentialsAuthorizer(auth, SCOPE, storage=storage, resource_server=SERVER)
            with pytest.raises(TokenRefreshError, match="tokens of a login"):
                await header_of(authorizer)
            assert (auth.requests, await storage.get_token_data(SERVER)) == (0, entry(note="kept"))

    async def test_a_token_without_the_scopes(self) -> None:
        """It is replaced by one that has them."""
        async with shared() as (storage, auth, clock):
            fresh = entry(refresh=None, expires_at=clock.wall() + 3600, scope="other")
            await storage.store_token_data_by_resource_server({SERVER: fresh})
            for scopes, header in (("other", "Bearer at-0"), (f"other {SCOPE}[*x]", "Bearer at-1")):
                authorizer = ClientCredentialsAuthorizer(auth, scopes, storage=storage, resource_server=SERVER)
                assert await header_of(authorizer) == header

    async def test_a_storage_that_is_away(self) -> None:
        """The application requests a token without it, and stores it later."""
        async with shared() as (storage, auth, _clock):
            await storage.remove_token_data(SERVER)
            auth.script = application_token
            storage.before = failing(TokenStorageUnavailable("it is down"))
            authorizer = ClientCredentialsAuthorizer(auth, SCOPE, storage=storage, resource_server=SERVER)
            assert await header_of(authorizer) == "Bearer at-1"
            storage.before = lambda _: None
            await passes()
            stored = await storage.get_token_data(SERVER)
            assert stored is not None
            assert (stored.access_token, stored.refresh_token, stored.scope) == (Secret("at-1"), None, SCOPE)


def rotating(number: int) -> dict[str, object]:
    """Return a token response with another refresh token each time."""
    return {**application_token(number), "refresh_token": f"rt-{number}"}


class TestFailover:
    """The storage's server has lost its last writes, or a copy was restored."""

    async def test_the_newer_tokens_are_stored_again(self, caplog: pytest.LogCaptureFixture) -> None:
        """Before the newest refresh token is sent, and once; the old one is not sent again."""
        async with shared() as (storage, auth, clock):
            auth.script = rotating
            authorizer = login(storage, auth)
            assert await header_of(authorizer) == "Bearer at-1"
            newest = await storage.get_token_data(SERVER)
            await storage.store_token_data_by_resource_server({SERVER: entry(note="kept")})
            clock.jump(4000)
            storage.calls.clear()
            stored_at_request: list[TokenStorageData | None] = []

            def respond(number: int) -> dict[str, object]:
                stored_at_request.append(storage._data.get(SERVER))
                return rotating(number)

            auth.script = respond
            assert await header_of(authorizer) == "Bearer at-2"
            assert (auth.sent[-1], stored_at_request) == ("rt-1", [newest])
            assert storage.calls == ["read", "write", "read", "write"]
            assert "old refresh token" in caplog.text

    async def test_the_tokens_of_another_process_are_used(self) -> None:
        """What it has refreshed with the old refresh token after the failover, or stored at a login, is newer."""
        async with shared() as (storage, auth, clock):
            auth.script = rotating
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.jump(4000)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-other", "rt-other")})
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.sent[-1] == "rt-other"
            # also if it has tokens that this process has replaced twice
            clock.jump(4000)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-0", "rt-0")})
            await header_of(authorizer)
            assert auth.sent[-1] == "rt-2"

    async def test_a_login_that_was_removed_does_not_come_back(self) -> None:
        async with shared() as (storage, auth, clock):
            auth.script = rotating
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.jump(4000)
            await storage.remove_token_data(SERVER)
            with pytest.raises(LoginRequired, match="no tokens"):
                await header_of(authorizer)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-0", "rt-0")})
            clock.jump(40)
            await header_of(authorizer)
            assert auth.sent[-1] == "rt-0"

    async def test_old_tokens_do_not_replace_other_old_ones(self) -> None:
        """When only old ones are known: after a removal, and with copies that were restored one after the other."""
        async with shared() as (storage, auth, clock):
            auth.script = rotating
            authorizer = login(storage, auth)
            for _ in range(2):
                await header_of(authorizer)
                clock.jump(4000)
            await storage.remove_token_data(SERVER)
            with pytest.raises(LoginRequired):
                await header_of(authorizer)
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            clock.jump(40)
            assert await header_of(authorizer) == "Bearer at-0"
            clock.jump(4000)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-1", "rt-1")})
            await header_of(authorizer)
            assert auth.sent == ["rt-0", "rt-1", "rt-1"]

    async def test_a_login_that_is_removed_during_the_refresh(self) -> None:
        """Its new tokens are neither stored nor used."""
        async with shared() as (storage, auth, _clock):

            def respond(number: int) -> dict[str, object]:
                storage._data.clear()
                return rotating(number)

            auth.script = respond
            with pytest.raises(LoginRequired, match="no tokens"):
                await header_of(login(storage, auth))
            assert await storage.get_token_data(SERVER) is None

    async def test_while_new_tokens_cannot_be_stored(self) -> None:
        """They are stored as soon as that is possible, although those that they replaced are gone."""
        async with shared() as (storage, auth, clock):
            auth.script = rotating
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.jump(4000)
            storage.before = failing(TokenStorageUnavailable("it is full"), "write")
            assert await header_of(authorizer) == "Bearer at-2"
            storage._data[SERVER] = entry(note="kept")
            storage.before = lambda _: None
            await passes()
            stored = await storage.get_token_data(SERVER)
            assert stored is not None
            assert (stored.refresh_token, stored.extra) == (Secret("rt-2"), {"note": "kept"})

    async def test_what_another_process_had_replaced(self) -> None:
        """While the response is on its way, a failover brings back what was stored before the token that was sent."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.jump(4000)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-x", "rt-x")})

            def respond(number: int) -> dict[str, object]:
                storage._data[SERVER] = entry()
                return rotating(number)

            auth.script = respond
            assert await header_of(authorizer) == "Bearer at-1"
            stored = await storage.get_token_data(SERVER)
            assert stored is not None
            assert (auth.sent, stored.refresh_token) == (["rt-x"], Secret("rt-1"))

    async def test_a_request_without_a_response(self) -> None:
        """The token that was sent may be replaced, so what was stored before it is not sent after a failover."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            authorizer = login(storage, auth)
            await header_of(authorizer)
            clock.jump(4000)
            await storage.store_token_data_by_resource_server({SERVER: entry("at-x", "rt-x")})
            auth.script = lambda _: GlobusConnectionError("reset", stage="no response")
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)
            storage._data[SERVER] = entry()
            auth.script = rotating
            clock.jump(40)
            assert await header_of(authorizer) == "Bearer at-3"
            assert auth.sent == ["rt-x"] * 3

    async def test_tokens_without_rotation(self) -> None:
        """The refresh token is the same in all of them: whichever is stored is used."""
        async with shared() as (storage, auth, clock):
            auth.script = application_token
            authorizer = login(storage, auth)
            for number in (1, 2):
                assert await header_of(authorizer) == f"Bearer at-{number}"
                clock.jump(4000)
                await storage.store_token_data_by_resource_server({SERVER: entry()})
            assert set(auth.sent) == {"rt-0"}


class TestUnavailableStorage:
    async def test_new_tokens_are_stored_when_the_storage_says(self) -> None:
        """Not before: after a failure, calls of a database fail at once for a second, without being made."""
        async with shared() as (storage, auth, clock):
            unavailable = TokenStorageUnavailable("its server is down")
            unavailable.retry_after = 1.0

            def script(kind: str) -> None:
                if kind == "write" and storage.calls.count("write") == 1:
                    clock.slept.clear()
                    raise unavailable

            storage.before = script
            assert await header_of(login(storage, auth)) == "Bearer at-1"
            assert (clock.slept, storage.calls.count("write")) == ([1.0], 2)

    async def test_a_refused_token_that_is_stored_is_not_used(self) -> None:
        """Also if it was stored while another one was requested."""
        async with shared() as (storage, auth, clock):
            await storage.store_token_data_by_resource_server({SERVER: entry(expires_at=clock.wall() + 3600)})
            authorizer = login(storage, auth)
            header = await header_of(authorizer)
            assert authorizer.handle_missing_authorization(Secret(header))

            def respond(number: int) -> dict[str, object]:
                storage._data[SERVER] = entry(expires_at=clock.wall() + 3600, note="newer")
                return application_token(number)

            auth.script = respond
            assert await header_of(authorizer) == "Bearer at-1"

    @pytest.mark.parametrize("retry_after", [None, 45.0])
    async def test_the_error_says_when_it_is_tried_again(self, retry_after: float | None) -> None:
        """The failure may pass, the storage is not asked before its time, and then a token is there."""
        async with shared() as (storage, auth, clock):
            unavailable = TokenStorageUnavailable("its server is down")
            unavailable.retry_after = retry_after
            storage.before = failing(unavailable)
            authorizer = login(storage, auth)
            for _ in range(2):
                with pytest.raises(TokenRefreshError, match="server is down; it is tried again in") as caught:
                    await header_of(authorizer)
                assert is_transient(caught.value)
                assert caught.value.retry_after == (retry_after or 1.0)
                assert isinstance(caught.value.__cause__, TokenStorageUnavailable)
            assert storage.calls == ["read"]
            storage.before = lambda _: None
            clock.jump(retry_after or 1.0)
            assert await header_of(authorizer) == "Bearer at-1"

    @pytest.mark.parametrize(("error", "transient"), [(ConnectionError(), True), (KeyError(), False)], ids=repr)
    async def test_errors_of_a_storage_of_ones_own(self, error: Exception, transient: bool) -> None:
        """Those of networks may pass."""
        async with shared() as (storage, auth, _clock):
            storage.before = failing(error)
            with pytest.raises(TokenRefreshError, match=type(error).__name__) as caught:
                await header_of(login(storage, auth))
            assert is_transient(caught.value) is transient


INVALID_GRANT = api_error(400, {"error": "invalid_grant"})


class TestRefusedLogin:
    async def test_one_request_for_all_waiters(self) -> None:
        """The login has ended: nothing is removed from the storage, and the refresh token is not sent again."""
        async with shared() as (storage, auth, clock):
            auth.script = lambda _: INVALID_GRANT
            authorizer = login(storage, auth)
            outcomes = await asyncio.gather(*(header_of(authorizer) for _ in range(100)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {LoginRequired}
            for _ in range(20):
                clock.jump(100)
                with pytest.raises(LoginRequired, match="refused the refresh token"):
                    await header_of(authorizer)
            assert (auth.requests, await storage.get_token_data(SERVER)) == (1, entry(note="kept"))

    async def test_a_new_login_is_noticed(self) -> None:
        """After a pause, which grows from one second to thirty; calls in between do not read the storage."""
        async with shared() as (storage, auth, clock):
            auth.script = lambda _: INVALID_GRANT
            authorizer = login(storage, auth)
            pauses: list[float] = []
            for _ in range(7):
                storage.calls.clear()
                with pytest.raises(LoginRequired) as raised:
                    await header_of(authorizer)
                assert storage.calls
                with pytest.raises(LoginRequired):
                    await header_of(authorizer)
                assert raised.value.retry_after is not None
                pauses.append(raised.value.retry_after)
                clock.jump(raised.value.retry_after)
            assert pauses == [1, 2, 4, 8, 16, 30, 30]
            assert storage.calls == ["read"]
            auth.script = lambda _: None
            await storage.store_token_data_by_resource_server({SERVER: entry("at-new", "rt-new")})
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.sent == ["rt-0", "rt-new"]

    async def test_a_refresh_token_that_was_replaced_during_the_request(self) -> None:
        """The user has logged in again: the new refresh token is used before giving up."""
        async with shared() as (storage, auth, _):

            def log_in_again(number: int) -> object:
                if number > 1:
                    return None
                storage._data[SERVER] = entry("at-new", "rt-new")
                return INVALID_GRANT

            auth.script = log_in_again
            assert await header_of(login(storage, auth)) == "Bearer at-2"
            assert auth.sent == ["rt-0", "rt-new"]

    async def test_a_new_access_token_is_used_without_a_request(self) -> None:
        """The login brought one along."""
        async with shared() as (storage, auth, clock):

            def log_in_again(_: int) -> object:
                storage._data[SERVER] = entry("at-new", "rt-new", expires_at=clock.wall() + 3600)
                return INVALID_GRANT

            auth.script = log_in_again
            assert await header_of(login(storage, auth)) == "Bearer at-new"

    @pytest.mark.parametrize(
        ("stored", "message"), [(None, "no tokens for transfer"), (entry(refresh=None), "refresh_tokens=True")]
    )
    async def test_no_refresh_token(self, stored: TokenStorageData | None, message: str) -> None:
        """The error says what the storage lacks; once it is there, the call succeeds."""
        async with shared() as (storage, auth, clock):
            await storage.remove_token_data(SERVER)
            if stored is not None:
                storage._data[SERVER] = stored
            authorizer = login(storage, auth)
            with pytest.raises(LoginRequired, match=message):
                await header_of(authorizer)
            storage._data[SERVER] = entry()
            clock.jump(1)
            assert await header_of(authorizer) == "Bearer at-1"

    async def test_a_login_in_another_process_during_a_401(self) -> None:
        """A service refuses the last token of a login that has ended: the call loop may try again after the pause."""
        async with shared() as (storage, auth, clock):
            authorizer = login(storage, auth)
            header = Secret(await header_of(authorizer))
            auth.script = lambda _: INVALID_GRANT
            clock.jump(3600 - 299)
            await header_of(authorizer)
            await passes()
            assert not authorizer.handle_missing_authorization(header)
            clock.jump(30)
            assert authorizer.handle_missing_authorization(header)


class TestResponses:
    async def test_tokens_of_another_resource_server(self) -> None:
        """They are not stored as if they were of this one; the new refresh token is kept."""
        async with shared() as (storage, auth, _):
            auth.script = lambda number: (
                application_token(number) | {"resource_server": "other", "refresh_token": "rt-9"}
            )
            with pytest.raises(TokenRefreshError, match="tokens for other, but none for the resource server transfer"):
                await header_of(login(storage, auth))
            assert await storage.get_token_data(SERVER) == entry("at-0", "rt-9", note="kept")

    @pytest.mark.parametrize("changed", [{"access_token": None}, {"access_token": "a b"}, {"token_type": "MAC"}])
    async def test_a_refresh_token_of_an_unusable_response(self, changed: dict[str, object]) -> None:
        """It is stored: it may be the only one that is valid."""
        async with shared() as (storage, auth, _):
            auth.script = lambda number: application_token(number) | {"refresh_token": "rt-9"} | changed
            with pytest.raises(TokenRefreshError):
                await header_of(login(storage, auth))
            assert await storage.get_token_data(SERVER) == entry("at-0", "rt-9", note="kept")

    async def test_a_response_without_a_refresh_token(self) -> None:
        """The old one stays stored; a missing scope, too."""
        async with shared() as (storage, auth, clock):
            auth.script = lambda _: {"access_token": "at-1", "expires_in": 60, "other_tokens": []}
            await header_of(login(storage, auth))
            expected = entry("at-1", "rt-0", expires_at=clock.wall() + 60, note="kept")
            assert await storage.get_token_data(SERVER) == expected

    async def test_the_entry_of_the_resource_server(self) -> None:
        """It may be any of the response."""
        async with shared() as (storage, auth, _):
            other = application_token(7) | {"resource_server": "other"}
            auth.script = lambda number: other | {"other_tokens": [application_token(number)]}
            assert await header_of(login(storage, auth)) == "Bearer at-1"


class TestLease:
    async def test_a_lease_that_ran_out_before_the_request(self) -> None:
        """The process was paused: it sends nothing, takes the lease again and reads again."""
        async with shared() as (storage, auth, clock):
            reads = 0

            def pause(called: str) -> None:
                nonlocal reads
                reads += called == "read"
                if called == "read" and reads == 2:
                    clock.jump(51)  # nine seconds are left, too few for a request

            storage.after = pause
            assert await header_of(login(storage, auth)) == "Bearer at-1"
            assert (storage.calls, auth.requests) == (["read", "read", "read", "write"], 1)

    async def test_a_process_that_is_paused_each_time(self) -> None:
        """It gives up, and says why."""
        async with shared() as (storage, auth, clock):
            storage.after = lambda _: clock.jump(61)
            with pytest.raises(TokenRefreshError, match="ran out") as raised:
                await header_of(login(storage, auth))
            assert isinstance(raised.value.__cause__, LeaseLost)
            assert auth.requests == 0

    async def test_a_request_ends_before_the_lease(self) -> None:
        """So no request is sent after it."""
        async with shared(skipping=False) as (storage, auth, clock):
            auth.seconds = 1000
            call = asyncio.create_task(header_of(login(storage, auth)))
            await clock.asleep()
            await clock.advance(49)
            assert not call.done()
            await clock.advance(1.1)
            with pytest.raises(TokenRefreshError, match="took too long"):
                await call

    async def test_a_lost_response_is_not_followed_by_a_request_without_the_lease(self) -> None:
        """The process was paused before the repetition; the next call takes the lease again."""
        async with shared() as (storage, auth, clock):

            def lose(number: int) -> object:
                if number > 1:
                    return None
                clock.jump(61)
                return GlobusConnectionError("lost", stage="no response")

            auth.script = lose
            authorizer = login(storage, auth)
            with pytest.raises(TokenRefreshError, match="took too long"):
                await header_of(authorizer)
            assert auth.requests == 1
            clock.jump(1)
            assert await header_of(authorizer) == "Bearer at-2"

    async def test_it_is_released(self) -> None:
        """After a failure, and after a cancellation, so that the next one need not wait."""
        async with shared(skipping=False) as (storage, auth, clock):
            auth.script = lambda _: GlobusConnectionError("no connection", stage="not sent")
            with pytest.raises(TokenRefreshError):
                await header_of(login(storage, auth))
            auth.script = lambda _: None
            assert await header_of(login(storage, auth)) == "Bearer at-2"
            assert clock.slept == []

    async def test_one_that_is_never_released(self) -> None:
        """The wait for it ends, with an error that says so."""
        async with shared(skipping=False) as (storage, auth, clock), storage.lease(SERVER, 1000):
            call = asyncio.create_task(header_of(login(storage, auth)))
            await clock.asleep(2)
            await clock.advance(69)
            assert not call.done()
            await clock.advance(2)
            with pytest.raises(TokenRefreshError, match="another process has held the lease"):
                await call

    @pytest.mark.parametrize("error", [TokenStorageUnavailable("down"), OSError("gone")])
    @pytest.mark.parametrize("where", ["lease", "enter", "exit"])
    async def test_it_may_fail(self, where: str, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
        """Without it nothing is sent; if its release fails, the token is used, and the log says so."""

        class FailingLease(AbstractAsyncContextManager[Lease]):
            async def __aenter__(self) -> Lease:
                if where == "enter":
                    raise error
                return Lease(SERVER, 60, clock)

            async def __aexit__(
                self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
            ) -> None:
                raise error

        class Storage(Scripted):
            def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
                if where == "lease":
                    raise error
                return FailingLease()

        async with shared() as (_, auth, clock):
            storage = Storage(clock)
            storage._data[SERVER] = entry()
            if where == "exit":
                assert await header_of(login(storage, auth)) == "Bearer at-1"
                assert "not released" in caplog.text
            else:
                with pytest.raises(TokenRefreshError) as raised:
                    await header_of(login(storage, auth))
                assert isinstance(raised.value.__cause__, TokenStorageError)
                assert auth.requests == 0


class TestOutage:
    async def test_it_costs_nothing_while_the_token_lives(self) -> None:
        """No call reads the storage; in the last five minutes the refresh fails in the background."""
        async with shared() as (storage, auth, clock):
            authorizer = login(storage, auth)
            await header_of(authorizer)
            storage.calls.clear()
            storage.before = failing(TokenStorageUnavailable("it is down"))
            clock.jump(3600 - 301)
            assert await header_of(authorizer) == "Bearer at-1"
            assert storage.calls == []
            for _ in range(29):
                clock.jump(10)
                assert await header_of(authorizer) == "Bearer at-1"
                await passes()
            assert 9 <= len(storage.calls) <= 11
            assert auth.requests == 1

    async def test_an_expired_token(self) -> None:
        """The error says that the storage is away, and when it is tried again; then it succeeds."""
        async with shared() as (storage, auth, clock):
            storage.before = failing(TokenStorageUnavailable("it is down"))
            authorizer = login(storage, auth)
            with pytest.raises(TokenRefreshError, match=r"it is down; it is tried again in 1\.0 s") as raised:
                await header_of(authorizer)
            assert isinstance(raised.value.__cause__, TokenStorageUnavailable)
            storage.before = lambda _: None
            clock.jump(1)
            assert await header_of(authorizer) == "Bearer at-1"

    @pytest.mark.parametrize(
        "error",
        [
            TokenStorageDamaged("unreadable"),
            TokenStorageError("odd"),
            GlobusError("odd"),
            OSError("odd"),
            asyncio.CancelledError(),
            5,
        ],
    )
    async def test_reading_fails(self, error: Any) -> None:
        """With whatever error, or by returning something else: nothing is sent."""
        async with shared() as (storage, auth, _):
            if isinstance(error, BaseException):
                storage.before = failing(error)
            else:
                storage._data[SERVER] = error
            with pytest.raises(TokenRefreshError) as raised:
                await header_of(login(storage, auth))
            assert isinstance(raised.value.__cause__, TokenStorageError)
            assert auth.requests == 0

    async def test_a_fault_of_a_storage_of_ones_own(self) -> None:
        """The error says where it is, without the frames, whose locals have tokens."""
        async with shared() as (storage, auth, _):
            storage.before = failing(KeyError("AgX-secret"))
            with pytest.raises(TokenRefreshError) as raised:
                await header_of(login(storage, auth))
            told = "".join(traceback.format_exception(raised.value))
            assert "the token storage failed with KeyError" in told
            assert re.search(r'File ".*test_storage\.py", line \d+, in script', told)
            assert "AgX-secret" not in told
            assert raised.value.__cause__ is not None
            assert raised.value.__cause__.__traceback__ is None

    @pytest.mark.parametrize(
        "error",
        [TokenStorageUnavailable("full"), TokenStorageDamaged("odd"), OSError("odd"), asyncio.CancelledError()],
    )
    @pytest.mark.parametrize("has_effect", [False, True])
    async def test_writing_fails(
        self, error: BaseException, has_effect: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The token is used, stored as soon as possible, and the log says so once."""
        async with shared(skipping=False) as (storage, auth, clock):
            if has_effect:
                storage.after = failing(error, "write")
            else:
                storage.before = failing(error, "write")
            authorizer = login(storage, auth)
            call = asyncio.create_task(header_of(authorizer))
            await clock.advance(0.5)
            assert await call == "Bearer at-1"
            await clock.advance(20)
            storage.before = storage.after = lambda _: None
            await clock.advance(20)
            stored = await storage.get_token_data(SERVER)
            assert stored == entry("at-1", "rt-1", expires_at=clock.wall() - 40.5 + 3600, note="kept")
            expected = 0 if has_effect else 1
            assert caplog.text.count("could not be stored") == expected
            assert authorizer._shared is not None
            assert authorizer._shared._unwritten is None
            assert auth.requests == 1

    async def test_a_newer_token_is_not_overwritten_later(self) -> None:
        """Another process has refreshed the token while this one could not store its own."""
        async with shared(skipping=False) as (storage, auth, clock):
            storage.before = failing(TokenStorageUnavailable("full"), "write")
            authorizer = login(storage, auth)
            call = asyncio.create_task(header_of(authorizer))
            await clock.advance(0.5)
            await call
            newer = storage._data[SERVER] = entry("at-other", "rt-other", expires_at=clock.wall() + 7200)
            storage.before = lambda _: None
            await clock.advance(60)
            assert storage._data[SERVER] == newer
            assert await header_of(authorizer) == "Bearer at-1"
            clock.jump(3601)
            assert await header_of(authorizer) == "Bearer at-other"

    async def test_a_token_stored_by_another_at_the_same_time(self) -> None:
        """It is used, and so is its refresh token."""
        async with shared() as (storage, auth, clock):

            def overtake(called: str) -> None:
                if called == "write":
                    storage._data[SERVER] = entry("at-other", "rt-other", expires_at=clock.wall() + 3600)

            storage.before = overtake
            authorizer = login(storage, auth)
            assert await header_of(authorizer) == "Bearer at-other"
            assert authorizer.refresh_token == Secret("rt-other")
            storage.before = lambda _: None
            clock.jump(3601)
            await header_of(authorizer)
            assert auth.sent == ["rt-0", "rt-other"]

    async def test_a_refresh_token_is_not_used_before_it_is_stored(self) -> None:
        """Its use would revoke the one that is stored, which other processes use. One that stays the same is used."""
        for rotates in (True, False):
            async with shared() as (storage, auth, clock):
                if not rotates:
                    auth.script = lambda number: application_token(number) | {"refresh_token": "rt-0"}
                storage.before = failing(TokenStorageUnavailable("full"), "write")
                authorizer = login(storage, auth)
                assert await header_of(authorizer) == "Bearer at-1"
                clock.jump(3601)
                if rotates:
                    with pytest.raises(TokenRefreshError, match="full"):
                        await header_of(authorizer)
                    storage.before = lambda _: None
                    clock.jump(30)
                assert await header_of(authorizer) == "Bearer at-2"
                assert auth.sent == ["rt-0", "rt-1" if rotates else "rt-0"]
                storage.before = lambda _: None
                await passes(200)

    @pytest.mark.parametrize("kind", ["read", "write"])
    async def test_a_call_that_hangs(self, kind: str) -> None:
        """It is given up after four seconds, even if it cannot be cancelled, as a call in a thread cannot."""
        async with shared(skipping=False) as (storage, auth, clock):
            released = asyncio.Event()

            async def hang() -> None:
                while not released.is_set():
                    try:
                        await released.wait()
                    except asyncio.CancelledError:
                        continue

            storage.before = lambda called: hang() if called == kind else None
            call = asyncio.create_task(header_of(login(storage, auth)))
            await clock.asleep()
            await clock.advance(4)
            if kind == "read":
                with pytest.raises(TokenRefreshError, match="did not respond within 4 seconds"):
                    await call
                closing = asyncio.create_task(auth.transport.aclose())
                await passes()
                assert not closing.done()  # it waits for the call, which would otherwise be left behind
                released.set()
                await closing
            else:
                await clock.advance(0.5)
                await clock.advance(4)
                assert await call == "Bearer at-1"
            storage.before = lambda _: None
            released.set()
            await clock.advance(60)


class TestCancellation:
    async def test_no_refresh_token_is_lost_at_any_suspension(self) -> None:
        """A caller is cancelled at each one: afterwards the only valid refresh token is stored."""
        async with RotatingAuth() as server, Transport() as transport:
            _, refresh = server.login()
            storage = MemoryTokenStorage()
            storage._data[SERVER] = entry("at-0", refresh)
            auth = SocketAuth(base_url=server.url, transport=transport)
            authorizer = RefreshTokenAuthorizer(None, auth, storage=storage, resource_server=SERVER)

            async def call() -> None:
                authorizer.handle_missing_authorization()
                await authorizer.get_authorization_header()

            async def nothing_is_lost() -> None:
                await authorizer.get_authorization_header()
                stored = storage._data[SERVER].refresh_token
                assert stored == authorizer.refresh_token == Secret(server.refresh_token())
                assert not storage._leases._held

            points = await every_suspension(call, nothing_is_lost)
            assert points >= 3
            assert server.replays == 0

    @pytest.mark.parametrize("passes_before", range(30))
    def test_a_program_that_ends_in_the_middle(self, passes_before: int) -> None:
        """All its tasks are cancelled, those that store the token too: if it was received, it is stored."""
        storage = Scripted(FakeClock(skipping=True))
        storage._data[SERVER] = entry()

        async def program() -> FakeAuth:
            transport = Transport(clock=storage._clock)
            auth = FakeAuth(transport, lifetime=3600)
            task = asyncio.create_task(header_of(login(storage, auth)))
            await passes(passes_before)
            assert task is not None
            return auth

        storage.after = lambda called: passes(3)
        auth = asyncio.run(program())
        stored = storage._data[SERVER]
        assert stored.refresh_token in {Secret("rt-0"), Secret("rt-1")}
        if auth.responses:
            assert stored.refresh_token == Secret("rt-1")

    @pytest.mark.parametrize("fails", [False, True])
    async def test_closing_in_the_middle(self, fails: bool) -> None:
        """The transport waits until the token is stored; the last time five seconds later."""
        async with shared(skipping=False) as (storage, auth, clock):
            auth.seconds = 1
            if fails:
                storage.before = failing(TokenStorageUnavailable("full"), "write")
            call = asyncio.create_task(header_of(login(storage, auth)))
            await clock.asleep()
            closing = asyncio.create_task(auth.transport.aclose())
            await clock.advance(1.6)
            assert await call == "Bearer at-1"
            if fails:
                assert not closing.done()
                await clock.advance(3.3)
                storage.before = lambda _: None
                await clock.advance(0.2)
            await closing
            assert storage._data[SERVER].refresh_token == Secret("rt-1")

    async def test_a_refresh_that_was_cancelled_after_the_response(self) -> None:
        """The next call uses the token that was received, even if the storage is away."""
        async with shared() as (storage, auth, _):
            authorizer = login(storage, auth)
            task: asyncio.Task[Any] | None = None

            def cancel(called: str) -> None:
                nonlocal task
                if called == "write":
                    task = task or authorizer._refreshes.running("token refresh")
                    assert task is not None
                    task.cancel()
                    raise TokenStorageUnavailable("down")

            storage.before = cancel
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)
            storage.before = failing(TokenStorageUnavailable("down"))
            assert await header_of(authorizer) == "Bearer at-1"
            storage.before = lambda _: None
            assert auth.requests == 1
