"""Token refresh: once for all callers, whatever is cancelled, and whatever service and callback do."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from globus_async import BaseClient, RateLimit, Transport
from globus_async.authorizers import ClientCredentialsAuthorizer, RefreshTokenAuthorizer
from globus_async.errors import (
    ApplicationRefused,
    ClientClosedError,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    ResponseDecodeError,
    TokenRefreshError,
    is_transient,
)
from globus_async.secret import Secret
from tests.authorizers.errors import api_error
from tests.toolkit.auth_clients import FakeAuth, SocketAuth
from tests.toolkit.cancel import MODES, CancelAt, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.rotating_auth import RotatingAuth
from tests.toolkit.scheduler import run_shuffled
from tests.toolkit.scripted import ORIGIN, Scripted, raw, respond

pytestmark = pytest.mark.slow

SERVER = "transfer.api.globus.org"


def unreachable(_: int) -> GlobusConnectionError:
    """Return the error of a service that is down."""
    return GlobusConnectionError("no connection", stage="not sent")


@asynccontextmanager
async def fake(
    *, held: float | None = None, on_refresh: Any = None, skipping: bool = False, **options: Any
) -> AsyncGenerator[tuple[RefreshTokenAuthorizer, FakeAuth, FakeClock]]:
    """Make an authorizer over a token server in memory; ``held`` is the lifetime of its first token in seconds."""
    clock = FakeClock(skipping=skipping)
    async with Transport(clock=clock) as transport:
        auth = FakeAuth(transport, **options)
        beginning: dict[str, Any] = {}
        if held is not None:
            beginning = {"access_token": "at-0", "expires_at": clock.wall() + held}
        yield RefreshTokenAuthorizer("rt-0", auth, on_refresh=on_refresh, **beginning), auth, clock


@asynccontextmanager
async def real(
    **options: Any,
) -> AsyncGenerator[tuple[RefreshTokenAuthorizer, BaseClient, RotatingAuth]]:
    """Make an authorizer and a client of a token server whose refresh tokens work once."""
    max_in_flight = options.pop("max_in_flight", 50)
    held = options.pop("held", None)
    async with RotatingAuth(**options) as server, Transport(max_in_flight=max_in_flight) as transport:
        access, refresh = server.login()
        auth = SocketAuth(base_url=server.url, transport=transport)
        beginning: dict[str, Any] = {}
        if held is not None:
            beginning = {"access_token": access, "expires_at": transport.clock.wall() + held}
        authorizer = RefreshTokenAuthorizer(refresh, auth, **beginning)
        yield authorizer, BaseClient(base_url=server.url, transport=transport, authorizer=authorizer), server


def refresh_task(authorizer: RefreshTokenAuthorizer) -> asyncio.Task[Any] | None:
    """Return the task of the running refresh."""
    return authorizer._refreshes.running("token refresh")


async def header_of(authorizer: RefreshTokenAuthorizer) -> str:
    """Return the header as text."""
    return (await authorizer.get_authorization_header()).reveal()


class TestConcurrentCalls:
    """Any number of calls make one token request."""

    async def test_a_thousand_calls_with_an_expired_token(self) -> None:
        """Over real sockets: exactly 1 token request."""
        async with real(held=0, delay=0.02) as (_, client, server):
            await asyncio.gather(*(client.get("thing") for _ in range(1000)))
            assert (server.token_requests, server.resource_requests) == (1, 1000)

    async def test_a_thousand_calls_whose_token_is_refused_at_once(self) -> None:
        """Exactly 1 token request, at most two attempts each, and all succeed."""
        async with real(held=3600, delay=0.02) as (authorizer, client, server):
            server.revoke_access_tokens()
            before = await header_of(authorizer)
            responses = await asyncio.gather(*(client.get("thing") for _ in range(1000)))
            assert {response.http_status for response in responses} == {200}
            assert server.token_requests == 1
            assert 1000 < server.resource_requests <= 2000
            assert await header_of(authorizer) != before

    async def test_a_thousand_calls_whose_refresh_fails(self) -> None:
        """1 request, and 1,000 exceptions, one for each call."""
        async with real(held=0, delay=0.02) as (_, client, server):
            server.fails_with = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 25\r\n\r\n{"error":"invalid_grant"}'
            errors = await asyncio.gather(*(client.get("thing") for _ in range(1000)), return_exceptions=True)
            assert {type(error) for error in errors} == {LoginRequired}
            assert server.token_requests == 1
            assert len({id(error) for error in errors}) == 1000
            assert len({id(error.__cause__) for error in errors if isinstance(error, LoginRequired)}) == 1000
            with pytest.raises(LoginRequired, match="log in again"):
                await client.get("thing")
            assert server.token_requests == 1

    @pytest.mark.parametrize("held", [0, 3600])
    async def test_a_refresh_does_not_wait_for_its_waiters(self, held: float) -> None:
        """All slots are taken by calls that need the token, and the refresh uses the same transport."""
        async with real(held=held, max_in_flight=1) as (_, client, server), asyncio.timeout(5):
            server.revoke_access_tokens()
            await asyncio.gather(*(client.get("thing") for _ in range(20)))
            assert server.token_requests == 1

    async def test_clients_that_share_an_authorizer_share_its_refresh(self) -> None:
        """Ten clients, one authorizer, one request."""
        async with fake() as (authorizer, auth, _):
            service = Scripted()
            async with service.transport() as transport:
                clients = [BaseClient(base_url=ORIGIN, transport=transport, authorizer=authorizer) for _ in range(10)]
                await asyncio.gather(*(client.get("x") for client in clients for _ in range(10)))
            assert auth.requests == 1
            assert set(service.tokens) == {"Bearer at-1"}

    async def test_authorizers_do_not_wait_for_each_other(self) -> None:
        """Ten resource servers take the time of one."""
        async with fake(seconds=5) as (_, auth, clock):
            authorizers = [RefreshTokenAuthorizer(f"rt-{number}", auth) for number in range(10)]
            calls = [asyncio.create_task(header_of(authorizer)) for authorizer in authorizers for _ in range(10)]
            await clock.advance(5)
            await asyncio.gather(*calls)
            assert auth.requests == 10

    def test_any_order_of_tasks(self) -> None:
        """200 random orders of calls, refusals and cancellations; never more than one request per lost token."""

        async def scenario() -> None:
            async with fake(held=0, passes=3) as (authorizer, auth, _):
                tokens: list[str] = []

                async def call() -> None:
                    header = await authorizer.get_authorization_header()
                    await asyncio.sleep(0)
                    if header.reveal() == "Bearer at-1":  # refused by the service: all calls that used it get a 401
                        assert authorizer.handle_missing_authorization(header)
                        header = await authorizer.get_authorization_header()
                    tokens.append(header.reveal())

                calls = [asyncio.create_task(call()) for _ in range(12)]
                await asyncio.sleep(0)
                for one in calls[::4]:
                    one.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
                assert auth.requests == 2
                assert set(tokens) == {"Bearer at-2"}
                assert authorizer.refresh_token == Secret("rt-2")

        run_shuffled(scenario, range(200))


class TestFailure:
    async def test_notes_are_not_shared(self) -> None:
        """Notes that one caller adds to its exception, or to its cause, are not on those of others."""
        async with fake(passes=3, skipping=True) as (authorizer, auth, _):
            auth.script = lambda _: api_error(503, {"DATA_TYPE": "unhelpful"})
            errors = await asyncio.gather(*(header_of(authorizer) for _ in range(3)), return_exceptions=True)
        assert auth.requests == 2
        one, *others = errors
        assert isinstance(one, TokenRefreshError)
        assert isinstance(one.__cause__, GlobusAPIError)
        one.add_note("mine")
        one.__cause__.add_note("mine too")
        for other in others:
            assert isinstance(other, TokenRefreshError)
            assert isinstance(other.__cause__, GlobusAPIError)
            assert "mine" not in getattr(other, "__notes__", [])
            assert "mine too" not in other.__cause__.__notes__
            assert other.__cause__.http_status == 503

    @pytest.mark.parametrize("document", [None, [], "at-1", {}, {"access_token": None}, {"access_token": 3}])
    async def test_a_response_without_a_token(self, document: object) -> None:
        """Always an error of this library."""
        async with fake() as (authorizer, auth, _):
            auth.script = lambda _: document if document is not None else [None]
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)

    @pytest.mark.parametrize("token", ["", "with blank", "line\r\nbreak", "nül", "\x00"])
    async def test_an_invalid_access_token(self, token: str) -> None:
        """It is refused before it is sent in a header, and no message shows it."""
        async with fake() as (authorizer, auth, _):
            auth.script = lambda _: {"access_token": token, "expires_in": 60}
            for _ in range(3):
                with pytest.raises(TokenRefreshError) as caught:
                    await header_of(authorizer)
                assert is_transient(caught.value)
                assert not token or token not in str(caught.value)
            assert auth.requests == 1

    async def test_a_token_of_another_type(self) -> None:
        """Only bearer tokens are used."""
        async with fake() as (authorizer, auth, _):
            auth.script = lambda _: {"access_token": "at", "token_type": "mac", "expires_in": 60}
            with pytest.raises(TokenRefreshError, match="bearer"):
                await header_of(authorizer)

    async def test_any_error_of_an_auth_client_is_raised_in_an_error_of_the_caller(self) -> None:
        """Also one that is not of this library."""
        async with fake(passes=3) as (authorizer, auth, _):
            auth.script = lambda _: LookupError("odd")
            errors = await asyncio.gather(*(header_of(authorizer) for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in errors] == [TokenRefreshError] * 3
        assert len({id(error) for error in errors}) == 3
        assert isinstance(errors[0], TokenRefreshError)
        assert isinstance(errors[0].__cause__, LookupError)

    @pytest.mark.parametrize(
        "document",
        [
            {"error": "invalid_grant"},
            {"error": "access_denied"},
            {"error": {"odd": 1}, "errors": [{"code": "invalid_grant"}]},
            {"errors": [{"code": "INVALID_GRANT", "detail": "revoked"}]},
            {"error": "invalid_grant", "errors": [{"code": "UNAUTHORIZED", "title": "Unauthorized"}]},
        ],
    )
    async def test_an_invalid_grant_is_not_requested_again(self, document: object) -> None:
        """In either format of Globus Auth, and however much later."""
        async with fake() as (authorizer, auth, clock):
            auth.script = lambda _: api_error(400, document)
            for _ in range(3):
                with pytest.raises(LoginRequired):
                    await header_of(authorizer)
                clock.jump(3600)
            assert auth.requests == 1
            assert not authorizer.handle_missing_authorization()

    @pytest.mark.parametrize(
        ("status", "code"), [(401, "invalid_client"), (400, "unauthorized_client"), (401, "odd"), (401, None)]
    )
    async def test_a_refused_application(self, status: int, code: str | None) -> None:
        """No login helps: the error is one of the application. It is tried again, as the registration may change."""
        async with fake() as (_, auth, clock):
            auth.script = lambda number: api_error(status, {"error": code} if code else {}) if number % 2 else None
            for authorizer in (RefreshTokenAuthorizer("rt", auth), ClientCredentialsAuthorizer(auth, "s")):
                with pytest.raises(ApplicationRefused, match="correct the client's id and secret") as caught:
                    await authorizer.get_authorization_header()
                assert not isinstance(caught.value, LoginRequired)
                assert authorizer.handle_missing_authorization()
                await clock.advance(1)
                assert await authorizer.get_authorization_header()

    @pytest.mark.parametrize("code", ["invalid_grant", "access_denied"])
    async def test_a_grant_refused_to_an_application(self, code: str) -> None:
        """An application that acts as itself has no user who could log in."""
        async with fake() as (_, auth, _clock):
            auth.script = lambda _: api_error(400, {"error": code})
            with pytest.raises(ApplicationRefused, match="correct its registration"):
                await ClientCredentialsAuthorizer(auth, "s").get_authorization_header()

    async def test_a_transient_failure_is_retried_after_a_second(self) -> None:
        """With the same refresh token."""
        async with fake() as (authorizer, auth, clock):
            auth.script = lambda number: unreachable(number) if number == 1 else None
            with pytest.raises(TokenRefreshError, match=r"no connection; it is tried again in 1\.0 s"):
                await header_of(authorizer)
            await clock.advance(1)
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.sent == ["rt-0", "rt-0"]

    async def test_calls_during_an_outage_make_few_requests(self) -> None:
        """Without a token, calls fail with copies of the failure, which say when the refresh is tried again."""
        async with fake() as (authorizer, auth, clock):
            auth.script = unreachable
            requests_at: list[float] = []
            begun = due = clock.monotonic()
            for _ in range(300):
                before = auth.requests
                with pytest.raises(TokenRefreshError, match="no connection") as caught:
                    await header_of(authorizer)
                with pytest.raises(TokenRefreshError) as other:
                    await header_of(authorizer)
                assert other.value is not caught.value
                assert other.value.__cause__ is not caught.value.__cause__
                if auth.requests > before:
                    assert auth.requests == before + 1
                    requests_at.append(clock.monotonic() - begun)
                    assert other.value.retry_after == min(30, 2.0 ** (len(requests_at) - 1))
                    due = clock.monotonic() + min(30, 2.0 ** (len(requests_at) - 1))
                assert other.value.retry_after == due - clock.monotonic()
                await clock.advance(0.5)
            assert requests_at == [0, 1, 3, 7, 15, 31, 61, 91, 121]
            auth.script = lambda _: None
            await clock.advance(30)
            await header_of(authorizer)
            authorizer.handle_missing_authorization()
            auth.script = unreachable
            with pytest.raises(TokenRefreshError) as caught:
                await header_of(authorizer)
            assert caught.value.retry_after == 1

    @pytest.mark.parametrize(("requested", "pause"), [(None, 1), ("20", 20), ("100000", 600)])
    async def test_a_requested_pause_is_kept(self, requested: str | None, pause: float) -> None:
        """``Retry-After`` of the token endpoint lengthens the pause, up to ten minutes."""
        async with fake() as (authorizer, auth, clock):
            auth.script = lambda _: api_error(429, {}, retry_after=requested)
            with pytest.raises(TokenRefreshError) as caught:
                await header_of(authorizer)
            assert caught.value.retry_after == pause
            for seconds, requests in ((pause - 0.5, 1), (0.5, 2)):
                await clock.advance(seconds)
                with pytest.raises(TokenRefreshError):
                    await header_of(authorizer)
                assert auth.requests == requests

    async def test_wrong_use_causes_no_pause(self) -> None:
        """Nothing was sent."""
        async with fake() as (authorizer, auth, _):
            auth.script = lambda number: ClientClosedError("closed") if number == 1 else None
            with pytest.raises(TokenRefreshError, match="closed"):
                await header_of(authorizer)
            assert await header_of(authorizer) == "Bearer at-2"

    @pytest.mark.parametrize(
        ("failure", "requests"),
        [
            (GlobusConnectionError("reset", stage="no response"), 2),
            (ResponseDecodeError("cut", stage="response truncated"), 2),
            (502, 2),
            (503, 2),
            (GlobusConnectionError("no connection", stage="not sent"), 1),  # the transport has retried it
            (GlobusTimeoutError("stalled", stage="no response"), 1),  # callers have waited long enough
            (429, 1),
            (400, 1),
            (404, 1),
        ],
    )
    async def test_a_lost_response(self, failure: GlobusError | int, requests: int) -> None:
        """The request is repeated once, with the same refresh token, and no caller notices."""
        async with fake(skipping=True, passes=3) as (authorizer, auth, clock):
            error = api_error(failure, {}) if isinstance(failure, int) else failure
            auth.script = lambda number: error if number == 1 else None
            outcomes = await asyncio.gather(*(header_of(authorizer) for _ in range(100)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == ({str} if requests == 2 else {TokenRefreshError})
            assert auth.sent == ["rt-0"] * requests
            auth.script = lambda _: error
            authorizer.handle_missing_authorization()
            await clock.advance(1)
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)
            assert auth.requests == 2 * requests

    async def test_a_refresh_token_replaced_by_a_lost_response(self) -> None:
        """Without a grace period the login has ended; the error says that a response was lost."""
        async with fake(skipping=True) as (authorizer, auth, _):
            auth.script = lambda number: (
                GlobusConnectionError("reset", stage="no response")
                if number == 1
                else api_error(400, {"error": "invalid_grant"})
            )
            with pytest.raises(LoginRequired) as caught:
                await header_of(authorizer)
            assert auth.requests == 2
            assert caught.value.__cause__ is not None
            assert "no usable response: reset" in caught.value.__cause__.__notes__[-1]

    async def test_a_401_of_the_token_endpoint_does_not_refresh(self) -> None:
        """A refresh never causes another."""
        async with Scripted(respond(401, {"errors": [{"code": "UNAUTHORIZED"}]})).transport() as transport:
            auth = SocketAuth(base_url=ORIGIN, transport=transport)
            authorizer = RefreshTokenAuthorizer("rt", auth)
            service = Scripted(respond(401))
            async with service.client(authorizer=authorizer) as client:
                with pytest.raises(TokenRefreshError):
                    await client.get("x")
            assert service.requests == []


class TestCancellation:
    async def test_no_refresh_token_is_lost_at_any_suspension(self) -> None:
        """The token to which the server rotated is kept, wherever the caller was cancelled."""
        async with real() as (authorizer, client, server):

            async def unharmed() -> None:
                assert (await client.get("thing")).http_status == 200
                assert authorizer.refresh_token == Secret(server.refresh_token())
                assert server.replays == 0

            def call() -> Any:
                server.revoke_access_tokens()
                return client.get("thing")

            points = await every_suspension(call, unharmed)
        assert points >= 9

    @pytest.mark.parametrize("mode", MODES)
    async def test_cancelling_the_first_caller_only(self, mode: Any) -> None:
        """99 others do not fail, and wait for at most one further pass of the loop."""
        for k in range(1, 4):
            async with fake(passes=4) as (authorizer, auth, _):
                leader = asyncio.create_task(_await(CancelAt(authorizer.get_authorization_header(), k, mode)))
                others = [asyncio.create_task(header_of(authorizer)) for _ in range(99)]
                passes = 0
                while not all(other.done() for other in others):
                    await asyncio.sleep(0)
                    passes += 1
                assert {other.result() for other in others} == {"Bearer at-1"}
                assert auth.requests == 1
                assert passes <= 9
                await asyncio.wait({leader})

    async def test_a_refresh_finishes_when_all_callers_are_cancelled(self) -> None:
        """Nobody waits any more, but the new token is kept."""
        async with fake(seconds=5) as (authorizer, auth, clock):
            calls = [asyncio.create_task(header_of(authorizer)) for _ in range(100)]
            await clock.asleep()
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            assert all(call.cancelled() for call in calls)
            await clock.advance(5)
            assert await header_of(authorizer) == "Bearer at-1"
            assert (auth.requests, authorizer.refresh_token) == (1, Secret("rt-1"))

    async def test_cancelled_waiters_leave_nothing_behind(self) -> None:
        """Not one reference of 1,000 cancelled waiters."""
        async with fake(seconds=5) as (authorizer, _, clock):
            for _ in range(1000):
                call = asyncio.create_task(header_of(authorizer))
                await asyncio.sleep(0)
                call.cancel()
                await asyncio.wait({call})
            refresh = refresh_task(authorizer)
            assert refresh is not None
            await clock.advance(5)
            assert refresh.done()
            assert refresh_task(authorizer) is None
            assert not getattr(refresh, "_callbacks", None)

    async def test_scopes_of_anyio_cancel_the_caller_only(self) -> None:
        """As in a FastAPI application whose client disconnected."""
        async with fake(seconds=5) as (authorizer, auth, clock):
            with anyio.move_on_after(0.01) as scope:
                await header_of(authorizer)
            assert scope.cancelled_caught
            waiting = asyncio.create_task(header_of(authorizer))
            await clock.advance(5)
            assert await waiting == "Bearer at-1"
            assert auth.requests == 1

    async def test_a_sibling_that_fails_cancels_the_caller_only(self) -> None:
        """In asyncio's own task groups."""

        async def fail() -> None:
            await asyncio.sleep(0)
            raise LookupError

        async def group(authorizer: RefreshTokenAuthorizer) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(header_of(authorizer))
                tasks.create_task(fail())

        async with fake(seconds=5) as (authorizer, auth, clock):
            with pytest.raises(ExceptionGroup):
                await group(authorizer)
            await clock.advance(5)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    async def test_a_refresh_cancelled_from_outside_does_not_cancel_the_callers(self) -> None:
        """They get an error, and the next call refreshes."""
        async with fake(seconds=5) as (authorizer, auth, clock):
            call = asyncio.create_task(header_of(authorizer))
            await clock.asleep()
            refresh = refresh_task(authorizer)
            assert refresh is not None
            refresh.cancel()
            with pytest.raises(TokenRefreshError, match="cancelled from outside"):
                await call
            again = asyncio.create_task(header_of(authorizer))
            await clock.advance(5)
            assert await again == "Bearer at-2"
            assert auth.requests == 2


class TestWindows:
    """When a token is refreshed, by a fake clock."""

    async def test_a_fresh_token_is_used(self) -> None:
        """No request while its remaining lifetime is more than five minutes."""
        async with fake(held=3600) as (authorizer, auth, clock):
            await clock.advance(3299)
            assert await header_of(authorizer) == "Bearer at-0"
            assert auth.requests == 0

    async def test_in_the_last_five_minutes_it_is_refreshed_in_the_background(self) -> None:
        """A call does not wait for a refresh that takes five seconds."""
        async with fake(held=3600, seconds=5) as (authorizer, auth, clock):
            await clock.advance(3301)
            for _ in range(1000):
                assert await header_of(authorizer) == "Bearer at-0"
            await clock.advance(5)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    async def test_in_the_last_minute_calls_wait_for_the_refresh(self) -> None:
        """A token that may expire in transit is not sent if there is another."""
        async with fake(held=3600) as (authorizer, auth, clock):
            await clock.advance(3541)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    async def test_an_unavailable_service_fails_no_call_before_expiry(self) -> None:
        """No call fails before the old token expires, and a request is made every 30 seconds."""
        async with fake(held=3600) as (authorizer, auth, clock):
            auth.script = unreachable
            await clock.advance(3300)
            for _ in range(298):
                await clock.advance(1)
                assert await header_of(authorizer) == "Bearer at-0"
            assert 9 <= auth.requests <= 11
            await clock.advance(3)
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)

    async def test_a_failed_background_refresh_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        """A WARNING, without a traceback."""
        async with fake(held=100) as (authorizer, auth, clock):
            auth.script = unreachable
            await clock.advance(45)
            await header_of(authorizer)
            await clock.advance(10)
            await header_of(authorizer)
            await clock.advance(0)
        records = [record for record in caplog.records if record.name == "globus_async"]
        assert [(record.levelno, record.exc_info) for record in records] == [(logging.WARNING, None)]

    @pytest.mark.parametrize(
        "lifetime", [0, 1, 2, 30, 59, 60, 119, -5, "30", "x", None, 1e12, math.inf, math.nan, True]
    )
    async def test_no_lifetime_causes_a_loop(self, lifetime: object) -> None:
        """At most one refresh per token, at once and after it has expired."""
        async with fake(lifetime=lifetime) as (authorizer, auth, clock):
            for number in range(1, 6):
                got = await asyncio.gather(*(header_of(authorizer) for _ in range(20)))
                assert len(set(got)) == 1
                assert auth.requests <= number
            before = auth.requests
            await clock.advance(200)
            await asyncio.gather(*(header_of(authorizer) for _ in range(20)))
            assert auth.requests <= before + 1

    async def test_a_new_token_is_not_refreshed_at_once(self) -> None:
        """One of 30 seconds is fresh for 15."""
        async with fake(lifetime=30) as (authorizer, auth, clock):
            await header_of(authorizer)
            await clock.advance(14)
            await header_of(authorizer)
            assert auth.requests == 1
            await clock.advance(2)
            await header_of(authorizer)
            assert auth.requests == 2

    async def test_a_lifetime_is_counted_from_the_start_of_the_request(self) -> None:
        """The duration of the request is subtracted."""
        async with fake(lifetime=100, seconds=40) as (authorizer, auth, clock):
            call = asyncio.create_task(header_of(authorizer))
            await clock.advance(40)
            await call
            await clock.advance(11)  # 49 s of 100 remain
            again = asyncio.create_task(header_of(authorizer))
            await clock.advance(40)
            assert await again == "Bearer at-2"
            assert auth.requests == 2

    @pytest.mark.parametrize("step", [3600, -3600, 10 * 365 * 86400.0, -10 * 365 * 86400.0])
    async def test_a_step_of_the_wall_clock_costs_one_refresh_at_most(self, step: float) -> None:
        """Forward or back, an hour or ten years."""
        async with fake(held=7200, lifetime=7200) as (authorizer, auth, clock):
            clock.step_wall(step)
            for _ in range(5):
                await header_of(authorizer)
                await clock.advance(1)
            assert auth.requests <= 1
            clock.step_wall(-step)
            for _ in range(5):
                await header_of(authorizer)
                await clock.advance(1)
            assert auth.requests <= 2

    async def test_a_token_that_expired_while_the_machine_slept_is_not_used(self) -> None:
        """The monotonic clock stopped for eight hours; the wall clock did not."""
        async with fake(held=3600) as (authorizer, auth, clock):
            clock.suspend(8 * 3600)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    async def test_a_token_expires_although_the_wall_clock_was_set_back(self) -> None:
        """By the monotonic clock."""
        async with fake(held=3600) as (authorizer, auth, clock):
            clock.step_wall(-86400)
            await clock.advance(3590)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    @pytest.mark.parametrize("expires_at", ["tomorrow", object(), True])
    async def test_an_invalid_expires_at_is_refused(self, expires_at: Any) -> None:
        """With an error that says what it should be."""
        async with fake() as (_, auth, _clock):
            with pytest.raises(GlobusSDKUsageError, match="POSIX seconds"):
                RefreshTokenAuthorizer("rt", auth, access_token="at", expires_at=expires_at)

    async def test_a_login_without_refresh_tokens(self) -> None:
        """Its response has ``None`` in place of a refresh token."""
        async with fake() as (_, auth, _clock):
            with pytest.raises(GlobusSDKUsageError, match="refresh_tokens=True"):
                RefreshTokenAuthorizer(None, auth)

    async def test_access_token_and_expires_at_go_together(self) -> None:
        """One without the other is refused."""
        async with fake() as (_, auth, _clock):
            with pytest.raises(GlobusSDKUsageError, match="go together"):
                RefreshTokenAuthorizer("rt", auth, access_token="at")
            with pytest.raises(GlobusSDKUsageError, match="go together"):
                RefreshTokenAuthorizer("rt", auth, expires_at=1.0)


class TestRotation:
    async def test_each_refresh_sends_the_newest_token(self) -> None:
        """A refresh token that was replaced is never sent again."""
        async with fake(lifetime=30) as (authorizer, auth, clock):
            for _ in range(4):
                await header_of(authorizer)
                await clock.advance(20)
            assert auth.sent == ["rt-0", "rt-1", "rt-2", "rt-3"]

    @pytest.mark.parametrize("rotated", [None, "", 7])
    async def test_a_response_without_a_refresh_token_keeps_the_old(self, rotated: object) -> None:
        """RFC 6749 section 6 allows it."""
        async with fake(lifetime=30) as (authorizer, auth, clock):
            auth.script = lambda number: {"access_token": f"at-{number}", "expires_in": 30, "refresh_token": rotated}
            await header_of(authorizer)
            await clock.advance(20)
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.sent == ["rt-0", "rt-0"]

    @pytest.mark.parametrize(
        "access", [{}, {"access_token": "not a token"}, {"access_token": "at", "token_type": "mac"}]
    )
    async def test_a_refresh_token_of_an_unusable_response_is_kept(self, access: dict[str, object]) -> None:
        """It may be the only one that is still valid."""
        async with fake() as (authorizer, auth, clock):
            auth.script = lambda number: access | {"refresh_token": "rt-new"} if number == 1 else None
            with pytest.raises(TokenRefreshError):
                await header_of(authorizer)
            await clock.advance(1)
            await header_of(authorizer)
            assert auth.sent == ["rt-0", "rt-new"]

    async def test_the_tokens_of_other_resource_servers_are_ignored(self) -> None:
        """Each has a refresh token of its own."""

        def two(number: int) -> object:
            own = {"access_token": f"at-{number}", "refresh_token": f"rt-{number}", "resource_server": SERVER}
            other = {"access_token": f"other-{number}", "refresh_token": "rt-other", "resource_server": "groups"}
            first, second = (own, other) if number == 1 else (other, own)
            return first | {"expires_in": 30, "other_tokens": [second | {"expires_in": 30}, "odd", None]}

        async with fake() as (authorizer, auth, clock):
            auth.script = two
            assert await header_of(authorizer) == "Bearer at-1"
            await clock.advance(20)
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.sent == ["rt-0", "rt-1"]


class TestRefused:
    async def test_only_the_refused_token_is_discarded(self) -> None:
        """A late 401 for an old token does not discard the new one."""
        async with fake(held=3600) as (authorizer, auth, _):
            old = await authorizer.get_authorization_header()
            assert authorizer.handle_missing_authorization(old)
            assert await header_of(authorizer) == "Bearer at-1"
            assert authorizer.handle_missing_authorization(old)
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1

    async def test_a_token_refused_during_on_refresh_is_refreshed_again(self) -> None:
        """Waiters for the first refresh get the token of the second."""
        stored = asyncio.Event()

        async def slow(_: Any) -> None:
            if auth.requests == 1:
                await stored.wait()

        async with fake(on_refresh=slow) as (authorizer, auth, _):
            first = asyncio.create_task(header_of(authorizer))
            await _passes(5)
            new = await authorizer.get_authorization_header()
            assert authorizer.handle_missing_authorization(new)
            second = asyncio.create_task(header_of(authorizer))
            await asyncio.sleep(0)
            stored.set()
            assert set(await asyncio.gather(first, second)) == {"Bearer at-2"}


class TestOnRefresh:
    async def test_it_is_called_before_waiters_continue(self) -> None:
        """A token is stored before it is used."""
        order: list[str] = []

        async def store(response: Any) -> None:
            await asyncio.sleep(0)
            order.append(f"stored {response.data['refresh_token']}")

        async with fake(on_refresh=store) as (authorizer, _, _clock):
            await header_of(authorizer)
            order.append("used")
        assert order == ["stored rt-1", "used"]

    async def test_it_may_be_a_plain_function(self) -> None:
        """Its return value is ignored."""
        stored: list[Any] = []
        async with fake(on_refresh=stored.append) as (authorizer, _, _clock):
            await header_of(authorizer)
        assert [one.data["access_token"] for one in stored] == ["at-1"]

    @pytest.mark.parametrize("asynchronous", [False, True])
    async def test_it_may_raise(self, asynchronous: bool, caplog: pytest.LogCaptureFixture) -> None:
        """The token is in use all the same, and the log has the type of the error only."""

        def fail(_: Any) -> None:
            raise LookupError("at-1 must not be logged")

        async def fail_later(_: Any) -> None:
            await asyncio.sleep(0)
            fail(None)

        async with fake(on_refresh=fail_later if asynchronous else fail) as (authorizer, _, _clock):
            assert await header_of(authorizer) == "Bearer at-1"
            assert authorizer.refresh_token == Secret("rt-1")
        assert "LookupError" in caplog.text
        assert "at-1" not in caplog.text

    async def test_it_may_hang(self) -> None:
        """After 30 seconds the callers continue with the token; new callers do not wait."""

        async def hang(_: Any) -> None:
            await asyncio.get_running_loop().create_future()

        async with fake(on_refresh=hang) as (authorizer, auth, clock):
            first = asyncio.create_task(header_of(authorizer))
            await clock.asleep()
            assert await header_of(authorizer) == "Bearer at-1"
            assert not first.done()
            await clock.advance(30)
            assert await first == "Bearer at-1"
            assert auth.requests == 1

    async def test_its_cancellation_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """The token is valid, but may not have been stored."""

        async def cut_off(_: Any) -> None:
            raise asyncio.CancelledError

        async with fake(on_refresh=cut_off) as (authorizer, auth, _):
            assert await header_of(authorizer) == "Bearer at-1"
            assert await header_of(authorizer) == "Bearer at-1"
            assert auth.requests == 1
        assert "on_refresh was cancelled" in caplog.text

    async def test_it_may_use_the_authorizer(self) -> None:
        """A call from it gets the new token instead of waiting for itself."""
        seen: list[str] = []

        async def callback(_: Any) -> None:
            seen.append(await header_of(authorizer))

        async with fake(on_refresh=callback, lifetime=0) as (authorizer, auth, _), asyncio.timeout(1):
            await header_of(authorizer)
            assert seen == ["Bearer at-1"]
            assert auth.requests == 1

    @pytest.mark.parametrize("calls", [1, 3])
    async def test_its_calls_bypass_the_limits(self, calls: int) -> None:
        """All slots are taken by calls that wait for it; also if it makes its calls in tasks of their own."""
        service = Scripted(respond(200))

        async def callback(_: Any) -> None:
            await asyncio.gather(*(client.get("inside") for _ in range(calls)))

        async with (
            fake(on_refresh=callback) as (authorizer, auth, _),
            service.transport(max_in_flight=2) as transport,
            asyncio.timeout(1),
        ):
            client = BaseClient(
                base_url=ORIGIN, authorizer=authorizer, transport=transport, rate_limit=RateLimit(calls=2, seconds=1)
            )
            await asyncio.gather(client.get("a"), client.get("b"), client.get("c"))
            assert auth.requests == 1
        assert service.paths[:calls] == ["/inside"] * calls

    async def test_its_tasks_are_ordinary_after_the_refresh(self) -> None:
        """A task that outlives the refresh waits for a slot like all others."""
        begun: list[asyncio.Task[bool]] = []

        async def later() -> bool:
            during = authorizer.is_refreshing()
            while refresh_task(authorizer) is not None:  # noqa: ASYNC110 -- tests wait, and nothing else does
                await asyncio.sleep(0)
            return during and not authorizer.is_refreshing()

        async with fake(on_refresh=lambda _: begun.append(asyncio.create_task(later()))) as (authorizer, _, _clock):
            await header_of(authorizer)
            assert await begun[0]

    @pytest.mark.parametrize("own_task", [False, True])
    async def test_a_refusal_during_it_does_not_wait_for_itself(self, own_task: bool) -> None:
        """Its own call fails, and the outer one refreshes the token."""
        inside: list[BaseException] = []

        async def refused() -> None:
            authorizer.handle_missing_authorization(await authorizer.get_authorization_header())
            try:
                await authorizer.get_authorization_header()
            except TokenRefreshError as error:
                inside.append(error)

        async def callback(_: Any) -> None:
            if not inside:
                await (asyncio.create_task(refused()) if own_task else refused())

        async with fake(on_refresh=callback) as (authorizer, auth, _), asyncio.timeout(1):
            assert await header_of(authorizer) == "Bearer at-2"
            assert auth.requests == 2
        assert "while on_refresh" in str(inside[0])

    async def test_context_variables_of_the_caller_are_not_visible(self) -> None:
        """One user's context variables are not another's."""
        user = contextvars.ContextVar("user", default="nobody")
        seen: list[str] = []
        async with fake(on_refresh=lambda _: seen.append(user.get())) as (authorizer, _, _clock):
            user.set("ada")
            await header_of(authorizer)
        assert seen == ["nobody"]


class TestClosing:
    async def test_the_transport_waits_for_a_running_refresh(self) -> None:
        """Ctrl-C in the middle of a program does not lose a rotated token."""
        stored: list[Any] = []
        async with RotatingAuth(delay=0.05) as server:
            _, refresh = server.login()
            async with Transport() as transport:
                auth = SocketAuth(base_url=server.url, transport=transport)
                authorizer = RefreshTokenAuthorizer(refresh, auth, on_refresh=stored.append)
                call = asyncio.create_task(header_of(authorizer))
                await server.server.wait_for_requests(1)
                call.cancel()
            assert authorizer.refresh_token == Secret(server.refresh_token()) != Secret(refresh)
            assert len(stored) == 1
            await asyncio.wait({call})

    async def test_no_refresh_after_closing(self) -> None:
        """The error says that the client is closed."""
        async with RotatingAuth() as server:
            _, refresh = server.login()
            async with Transport() as transport:
                authorizer = RefreshTokenAuthorizer(refresh, SocketAuth(base_url=server.url, transport=transport))
            with pytest.raises(TokenRefreshError, match="closed"):
                await header_of(authorizer)
            assert server.token_requests == 0

    async def test_closing_does_not_wait_forever(self) -> None:
        """A hanging callback is cancelled after five seconds; nothing is left running, and the token is kept."""

        async def hang(_: Any) -> None:
            await asyncio.get_running_loop().create_future()

        async with fake(on_refresh=hang) as (authorizer, auth, clock):
            call = asyncio.create_task(header_of(authorizer))
            await clock.asleep()
            closing = asyncio.create_task(auth.transport.aclose())
            await clock.advance(4.9)
            assert not closing.done()
            await clock.advance(0.2)
            await closing
            assert refresh_task(authorizer) is None
            assert authorizer.refresh_token == Secret("rt-1")
            assert await call == "Bearer at-1"

    async def test_no_refresh_starts_during_closing(self) -> None:
        """It could not be finished."""
        async with RotatingAuth(delay=0.05) as server:
            _, refresh = server.login()
            async with Transport() as transport:
                auth = SocketAuth(base_url=server.url, transport=transport)
                first, second = RefreshTokenAuthorizer(refresh, auth), RefreshTokenAuthorizer(refresh, auth)
                under_way = asyncio.create_task(header_of(first))
                await server.server.wait_for_requests(1)
                closing = asyncio.create_task(transport.aclose())
                await asyncio.sleep(0)
                with pytest.raises(TokenRefreshError, match="closed"):
                    await header_of(second)
                await closing
                assert await under_way
            assert server.token_requests == 1


class TestLoops:
    def test_a_refresh_interrupted_by_the_end_of_its_loop(self) -> None:
        """The next loop starts another."""
        clock = FakeClock()
        transport = Transport(clock=clock)
        auth = FakeAuth(transport, passes=10)
        authorizer = RefreshTokenAuthorizer("rt-0", auth)
        loop = asyncio.new_event_loop()
        task = loop.create_task(header_of(authorizer))
        loop.run_until_complete(_passes(5))
        refresh = refresh_task(authorizer)
        assert refresh is not None
        loop.close()
        left_over: tuple[Any, ...] = (task, refresh)
        for left in left_over:
            left._log_destroy_pending = False  # the loop was closed on purpose
        assert asyncio.run(header_of(authorizer)) == "Bearer at-2"
        for left in left_over:
            left.get_coro().close()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    async def test_a_process_forked_during_a_refresh_makes_its_own(self) -> None:
        """It does not wait for a task that only the parent's loop runs."""
        async with fake(passes=30) as (authorizer, _, _clock):
            call = asyncio.create_task(header_of(authorizer))
            await _passes(5)
            assert refresh_task(authorizer) is not None
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    code = 0 if asyncio.run(header_of(authorizer)) == "Bearer at-2" else 2
                finally:
                    os._exit(code)
            _, status = await asyncio.to_thread(os.waitpid, child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            assert await call == "Bearer at-1"


class TestClientCredentials:
    async def test_its_scopes_are_requested(self) -> None:
        """As one string, in whatever form they were passed."""
        async with Transport(clock=FakeClock()) as transport:
            auth = FakeAuth(transport)
            for scopes in ("a b", ["a", "b"]):
                authorizer = ClientCredentialsAuthorizer(auth, scopes)
                assert (await authorizer.get_authorization_header()).reveal() == f"Bearer at-{auth.requests}"
        assert auth.sent == ["a b", "a b"]

    @pytest.mark.parametrize("scopes", ["", " ", [], [""]])
    async def test_no_scopes_are_refused(self, scopes: Any) -> None:
        """Before anything is sent."""
        async with Transport(clock=FakeClock()) as transport:
            with pytest.raises(GlobusSDKUsageError, match="at least one scope"):
                ClientCredentialsAuthorizer(FakeAuth(transport), scopes)

    async def test_scopes_of_two_resource_servers_are_refused(self) -> None:
        """One authorizer has one token."""
        async with Transport(clock=FakeClock()) as transport:
            auth = FakeAuth(transport)
            auth.script = lambda _: {
                "access_token": "a",
                "resource_server": "one",
                "other_tokens": [{"access_token": "b", "resource_server": "two"}],
            }
            with pytest.raises(TokenRefreshError, match=r"2 resource servers \(one, two\)"):
                await ClientCredentialsAuthorizer(auth, "a b").get_authorization_header()

    async def test_a_thousand_callers_make_one_request(self) -> None:
        """As with refresh tokens."""
        async with RotatingAuth(delay=0.02) as server, Transport() as transport:
            auth = SocketAuth(base_url=server.url, transport=transport)
            authorizer = ClientCredentialsAuthorizer(auth, "s")
            client = BaseClient(base_url=server.url, transport=transport, authorizer=authorizer)
            await asyncio.gather(*(client.get("thing") for _ in range(1000)))
            assert server.token_requests == 1


async def test_every_attempt_sends_the_current_token() -> None:
    """A token refreshed between two attempts of a call is sent with the second."""
    clock = FakeClock(skipping=True)
    async with Transport(clock=clock) as transport:
        auth = FakeAuth(transport, lifetime=100)
        authorizer = RefreshTokenAuthorizer("rt", auth)
        service = Scripted(raw(503, retry_after="90"), respond(200), clock=clock)
        async with service.client(authorizer=authorizer) as client:
            client.transport.jitter = lambda: 0.0
            await client.get("x")
    assert service.tokens == ["Bearer at-1", "Bearer at-2"]


async def _passes(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _await(awaitable: Any) -> Any:
    return await awaitable
