"""The loop of every call, branch by branch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from globus_async import BaseClient, RateLimit, RetryPolicy, Transport, bulk
from globus_async._http.path import fill_path
from globus_async._http.request import Request
from globus_async.authorizers import AccessTokenAuthorizer, GlobusAuthorizer
from globus_async.errors import (
    ClientClosedError,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    ResponseDecodeError,
)
from globus_async.response import GlobusHTTPResponse
from globus_async.secret import Secret
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import ORIGIN, Scripted, fails, raw, respond

pytestmark = pytest.mark.usefixtures("library")

GONE = {"code": "EndpointNotFound", "message": "No such endpoint", "request_id": "Ab1"}


class CountingAuthorizer(GlobusAuthorizer):
    """Returns another token at every call, and states whether a refused token can be replaced."""

    def __init__(self, *, can_refresh: bool = True) -> None:
        self.requested = 0
        self.refused: list[str] = []
        self._can_refresh = can_refresh

    async def get_authorization_header(self) -> Secret:
        self.requested += 1
        return Secret(f"Bearer t{self.requested}")

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        assert refused is not None
        self.refused.append(refused.reveal())
        return self._can_refresh


class Client(BaseClient):
    """Has a POST call that is idempotent."""

    async def submit(self, *, idempotent: bool) -> Any:
        return await self.call("POST", fill_path("/submit"), dict[str, Any], data={"a": 1}, idempotent=idempotent)


class TestSuccess:
    async def test_a_2xx_response_is_the_result(self) -> None:
        """One request, one result."""
        service = Scripted(respond(201, {"id": 7}))
        async with service.client() as client:
            response = await client.get("thing")
        assert (response["id"], response.http_status, service.paths) == (7, 201, ["/thing"])

    async def test_no_delay_before_the_first_attempt(self) -> None:
        """A successful call never sleeps."""
        service = Scripted()
        async with service.client() as client:
            await client.get("x")
        assert service.clock.slept == []


class TestRetry:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    async def test_a_get_is_retried_after_a_transient_error(self, status: int) -> None:
        """An idempotent request is sent again, and the second response is the result."""
        service = Scripted(respond(status), respond(200, {"ok": 1}))
        async with service.client() as client:
            assert (await client.get("x"))["ok"] == 1
        assert len(service.requests) == 2

    @pytest.mark.parametrize("status", [301, 400, 403, 404, 409, 410, 422, 501, 505])
    async def test_a_permanent_error_is_not_retried(self, status: int) -> None:
        """A retry would get the same response."""
        service = Scripted(respond(status, GONE))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError) as caught:
                await client.get("x")
        assert (caught.value.http_status, len(service.requests)) == (status, 1)

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    async def test_a_post_that_may_have_been_executed_is_not_retried(self, status: int) -> None:
        """It is sent at most once, whatever the error."""
        service = Scripted(respond(status), respond(200))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError):
                await client.post("x", {"a": 1})
        assert len(service.requests) == 1

    @pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
    async def test_a_post_without_a_response_is_not_retried(self, error: type[httpx.TransportError]) -> None:
        """It may have been executed, and the error says so."""
        service = Scripted(fails(error), respond(200))
        async with service.client() as client:
            with pytest.raises(
                (GlobusConnectionError, GlobusTimeoutError), match="check before you repeat it"
            ) as caught:
                await client.post("x", {"a": 1})
        assert caught.value.maybe_executed
        assert len(service.requests) == 1

    @pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
    async def test_a_post_that_was_not_sent_is_retried(self, error: type[httpx.TransportError]) -> None:
        """It cannot have been executed."""
        service = Scripted(fails(error), respond(200, {"ok": 1}))
        async with service.client() as client:
            assert (await client.post("x", {"a": 1}))["ok"] == 1
        assert len(service.requests) == 2

    @pytest.mark.parametrize(
        "failure",
        [
            respond(500),
            respond(503),
            respond(408),
            fails(httpx.ReadError),
            raw(200, b"{", content_type="application/json"),
        ],
    )
    async def test_an_idempotent_post_is_retried(self, failure: Any) -> None:
        """The service ignores the second of two submissions with one id."""
        service = Scripted(failure, respond(200, {"ok": 1}))
        async with service.client(client_class=Client) as client:
            assert isinstance(client, Client)
            assert (await client.submit(idempotent=True))["ok"] == 1
        assert [request.content for request in service.requests] == [b'{"a":1}'] * 2

    async def test_a_throttled_post_is_retried(self) -> None:
        """A 429 means that the request was not executed."""
        service = Scripted(respond(429), respond(200))
        async with service.client() as client:
            await client.post("x", {"a": 1})
        assert len(service.requests) == 2

    async def test_a_post_is_retried_when_the_service_requests_it(self) -> None:
        """A 503 with Retry-After requests a retry."""
        service = Scripted(respond(503, retry_after="3"), respond(200))
        async with service.client() as client:
            await client.post("x", {"a": 1})
        assert len(service.requests) == 2

    async def test_a_truncated_document_is_retried(self) -> None:
        """Incomplete JSON is a truncated response."""
        service = Scripted(raw(200, b'{"a": 1', content_type="application/json"), respond(200, {"a": 1}))
        async with service.client() as client:
            assert (await client.get("x"))["a"] == 1

    async def test_a_login_page_is_not_retried(self) -> None:
        """The page of a proxy would be returned again."""
        service = Scripted(raw(200, b"<html>", content_type="text/html"))
        async with service.client(client_class=Client) as client:
            assert isinstance(client, Client)
            with pytest.raises(ResponseDecodeError, match="proxy or login page"):
                await client.submit(idempotent=True)
        assert len(service.requests) == 1

    async def test_the_delays_double_up_to_a_maximum(self) -> None:
        """With the largest jitter: 1, 2, 4, 8 seconds, then the maximum."""
        service = Scripted(respond(500))
        async with service.client(retry=RetryPolicy(max_retries=6, max_delay=10)) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert service.clock.slept == [1, 2, 4, 8, 10, 10]

    async def test_the_error_lists_every_attempt(self) -> None:
        """With the outcome and the delay after each."""
        service = Scripted(respond(500), fails(httpx.ConnectError), respond(404, GONE))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError, match=r"3 attempts") as caught:
                await client.get("x")
        attempts = [(attempt.outcome, attempt.waited) for attempt in caught.value.attempts]
        assert attempts == [
            ("500 Internal Server Error", 1.0),
            ("GlobusConnectionError, not sent", 2.0),
            ("404 Not Found", None),
        ]

    async def test_a_network_error_lists_every_attempt(self) -> None:
        """The last failure is raised, with all attempts."""
        service = Scripted(respond(500), fails(httpx.ReadTimeout))
        async with service.client(retry=RetryPolicy(max_retries=1)) as client:
            with pytest.raises(GlobusTimeoutError, match=r"\(2 attempts\)") as caught:
                await client.get("x")
        assert [attempt.outcome for attempt in caught.value.attempts] == [
            "500 Internal Server Error",
            "GlobusTimeoutError, no response",
        ]
        assert caught.value.idempotent

    async def test_one_line_is_logged_per_retry(self, caplog: pytest.LogCaptureFixture) -> None:
        """At level INFO, with the delay."""
        caplog.set_level(logging.INFO, "globus_async")
        service = Scripted(respond(500), respond(200))
        async with service.client() as client:
            await client.get("x", query_params={"q": "nobody's business"})
        ours = [record.getMessage() for record in caplog.records if record.name == "globus_async"]
        assert ours == ["GET /x: 500 Internal Server Error; retry in 1.00 s"]

    async def test_control_characters_of_a_reason_phrase_are_escaped(self, caplog: pytest.LogCaptureFixture) -> None:
        """In the log and in the attempts."""
        caplog.set_level(logging.INFO, "globus_async")
        phrase = {"reason_phrase": b"\x1b[31mBad\rly"}
        service = Scripted(lambda _: httpx.Response(500, extensions=phrase), respond(404, GONE))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError) as caught:
                await client.get("x")
        assert "\x1b" not in caplog.text + repr(caught.value.attempts) + caught.value.attempts[0].outcome
        assert "\r" not in caught.value.attempts[0].outcome

    async def test_cancelling_a_delay_ends_the_call_at_once(self) -> None:
        """No further attempt is made, and the slot is released."""
        service = Scripted(respond(500), respond(200), clock=FakeClock())
        async with service.client(max_in_flight=1) as client:
            call = asyncio.create_task(client.get("x"))
            await service.clock.asleep()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert len(service.requests) == 1
            await client.get("x")

    async def test_no_slot_is_held_during_a_delay(self) -> None:
        """Other calls proceed between two attempts."""
        service = Scripted(respond(500), respond(200), clock=FakeClock())
        async with service.client(max_in_flight=1) as client:
            call = asyncio.create_task(client.get("first"))
            await service.clock.asleep()
            await client.get("second")
            await service.clock.advance(1)
            await call
        assert service.paths == ["/first", "/second", "/first"]


class TestRetryAfter:
    async def test_the_delay_is_never_shorter_than_requested(self) -> None:
        """With the smallest and the largest jitter."""
        for jitter in (0.0, 0.5, 1.0):
            service = Scripted(respond(429, retry_after="7"), respond(200))
            async with service.client() as client:
                client.transport.jitter = partial(float, jitter)
                await client.get("x")
            assert 7 <= service.times[1] <= 8

    async def test_a_date_is_compared_with_the_date_of_the_response(self) -> None:
        """The clocks of the two machines need not agree."""
        dates = {"date": "Sun, 06 Nov 1994 08:49:37 GMT", "retry_after": "Sun, 06 Nov 1994 08:49:47 GMT"}
        service = Scripted(respond(503, **dates), respond(200))
        async with service.client() as client:
            client.transport.jitter = lambda: 0.0
            await client.get("x")
        assert service.times == [0, 10]

    async def test_a_delay_above_the_maximum_fails_at_once(self) -> None:
        """A call does not wait for an hour; the error has the requested delay."""
        service = Scripted(respond(429, retry_after="3600"))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError) as caught:
                await client.get("x")
        assert (caught.value.retry_after, len(service.requests), service.clock.slept) == (3600, 1, [])

    async def test_the_maximum_includes_jitter(self) -> None:
        """No delay is longer than max_retry_after."""
        service = Scripted(respond(429, retry_after="120"), respond(200))
        async with service.client() as client:
            await client.get("x")
        assert service.times[1] == 120

    async def test_retry_after_zero_does_not_cause_a_busy_loop(self) -> None:
        """The delays grow when a service always returns Retry-After: 0."""
        service = Scripted(respond(429, retry_after="0"))
        async with service.client(retry=RetryPolicy(max_retries=3)) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert service.clock.slept == [1, 2, 4]


class TestPause:
    """After a service throttles one call, all calls to it pause."""

    async def test_a_throttled_call_pauses_the_others(self) -> None:
        """No call is sent before the end of the pause."""
        service = Scripted(respond(429, retry_after="5"), respond(200), clock=FakeClock())
        async with service.client() as client:
            client.transport.jitter = lambda: 0.0
            first = asyncio.create_task(client.get("first"))
            await service.clock.asleep()
            others = [asyncio.create_task(client.get(f"other{number}")) for number in range(3)]
            await service.clock.advance(4.9)
            assert service.paths == ["/first"]
            await service.clock.advance(0.2)
            await asyncio.gather(first, *others)
        assert sorted(service.paths) == ["/first", "/first", "/other0", "/other1", "/other2"]

    async def test_the_pause_holds_if_the_throttled_call_is_not_retried(self) -> None:
        """The service's request applies to all calls."""
        service = Scripted(respond(429, retry_after="5"), respond(200))
        async with service.client(retry=RetryPolicy(max_retries=0)) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
            await client.get("y")
        assert service.times == [0, 5]

    async def test_another_service_is_not_paused(self) -> None:
        """Even if all slots of the throttled service are taken by waiting calls."""
        service = Scripted(respond(429, retry_after="5"), respond(200), clock=FakeClock())
        async with service.transport(max_in_flight=2) as transport:
            held = BaseClient(base_url=ORIGIN, transport=transport)
            free = BaseClient(base_url="https://auth.globus.org/", transport=transport)
            waiting = [asyncio.create_task(held.get("held"))]
            await service.clock.asleep()
            waiting += [asyncio.create_task(held.get("held")) for _ in range(4)]
            await service.clock.asleep(2)
            await free.get("free")
            assert service.paths == ["/held", "/free"]
            await service.clock.advance(20)
            await asyncio.gather(*waiting)

    async def test_the_delays_of_many_calls_differ(self) -> None:
        """Calls that are throttled together, without a Retry-After, are not all retried at the same moment."""
        clock = FakeClock()

        async def throttled(_: httpx.Request) -> httpx.Response:
            await clock.sleep(1)
            return httpx.Response(429)

        service = Scripted(*[throttled] * 20, respond(200), clock=clock)
        lots = iter([0.25, *(number / 20 for number in range(1, 20))])
        async with service.client() as client:
            client.transport.jitter = lambda: next(lots)
            calls = [asyncio.create_task(client.get("x")) for _ in range(20)]
            await clock.advance(3)
            await asyncio.gather(*calls)
        assert service.times[:20] == [0] * 20
        assert min(service.times[20:]) == 1.25
        assert len(set(service.times[20:])) == 15

    async def test_the_pause_counts_towards_the_total_timeout(self) -> None:
        """The error says that the pause is too long, and nothing is sent."""
        service = Scripted(respond(503, retry_after="100"), respond(200))
        async with service.client(retry=RetryPolicy(max_retries=0), total_timeout=60) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
            with pytest.raises(GlobusTimeoutError, match="requested a pause") as caught:
                await client.post("y", {})
        assert not caught.value.maybe_executed
        assert service.paths == ["/x"]

    async def test_a_pause_that_is_too_long_is_not_tried_again(self) -> None:
        """Calls fail at once, and take nothing of the budget of retries."""
        service = Scripted(respond(429, retry_after="60"), respond(500), respond(200))
        async with service.client(total_timeout=30) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
            for _ in range(100):
                with pytest.raises(GlobusTimeoutError, match="requested a pause") as caught:
                    await client.get("x")
                assert len(caught.value.attempts) == 1
            assert service.clock.slept == []
            await service.clock.advance(60)
            assert (await client.get("x")).http_status == 200


class TestAuthorization:
    async def test_every_attempt_gets_its_own_header(self) -> None:
        """A new token is used from the next attempt on."""
        authorizer = CountingAuthorizer()
        service = Scripted(respond(500), respond(503), respond(200))
        async with service.client(authorizer=authorizer) as client:
            await client.get("x")
        assert service.tokens == ["Bearer t1", "Bearer t2", "Bearer t3"]

    async def test_a_refused_token_is_replaced_once(self) -> None:
        """At once, and without counting as a retry."""
        authorizer = CountingAuthorizer()
        service = Scripted(respond(401), respond(200))
        async with service.client(authorizer=authorizer, retry=RetryPolicy(max_retries=0)) as client:
            await client.get("x")
        assert (service.tokens, authorizer.refused, service.clock.slept) == (
            ["Bearer t1", "Bearer t2"],
            ["Bearer t1"],
            [],
        )

    async def test_a_second_401_is_the_error(self) -> None:
        """At most two attempts of a call for one refused token."""
        service = Scripted(respond(401))
        async with service.client(authorizer=CountingAuthorizer()) as client:
            with pytest.raises(GlobusAPIError) as caught:
                await client.get("x")
        assert (caught.value.http_status, len(service.requests), len(caught.value.attempts)) == (401, 2, 2)

    async def test_a_post_is_retried_with_a_fresh_token(self) -> None:
        """A 401 means that the request was not executed."""
        service = Scripted(respond(401), respond(200))
        async with service.client(authorizer=CountingAuthorizer()) as client:
            await client.post("x", {"a": 1})
        assert [request.content for request in service.requests] == [b'{"a":1}'] * 2

    async def test_a_401_after_a_transient_error_still_refreshes_the_token(self) -> None:
        """Both are counted separately."""
        service = Scripted(respond(500), respond(401), respond(502), respond(200))
        async with service.client(authorizer=CountingAuthorizer()) as client:
            await client.get("x")
        assert service.tokens == ["Bearer t1", "Bearer t2", "Bearer t3", "Bearer t4"]

    async def test_an_authorizer_without_a_new_token_ends_the_call(self) -> None:
        """An AccessTokenAuthorizer has one token only."""
        service = Scripted(respond(401))
        async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert len(service.requests) == 1

    async def test_retry_401_can_be_disabled(self) -> None:
        """For calls that check whether a token is valid."""
        authorizer = CountingAuthorizer()
        service = Scripted(respond(401))
        async with service.client(authorizer=authorizer) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x", retry_401=False)
        assert (len(service.requests), authorizer.refused) == (1, [])

    async def test_without_an_authorizer_there_is_no_header_and_401_is_the_error(self) -> None:
        """There is no other token."""
        service = Scripted(respond(401))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert service.tokens == [None]

    async def test_a_call_without_the_clients_credentials(self) -> None:
        """`automatic_authorization=False` uses no authorizer."""
        authorizer = CountingAuthorizer()
        service = Scripted()
        async with service.client(authorizer=authorizer) as client:
            await client.request("GET", "x", automatic_authorization=False)
        assert (service.tokens, authorizer.requested) == ([None], 0)

    async def test_two_authorization_headers_are_refused(self) -> None:
        """A header of the caller would be sent in addition to the authorizer's."""
        service = Scripted()
        async with service.client(authorizer=CountingAuthorizer()) as client:
            with pytest.raises(GlobusSDKUsageError, match="automatic_authorization=False"):
                await client.get("x", headers={"authorization": "Bearer mine"})
            assert service.requests == []
            await client.request("GET", "x", headers={"Authorization": "Bearer mine"}, automatic_authorization=False)
        assert service.tokens == ["Bearer mine"]

    @pytest.mark.parametrize("header", ["Bearer s\u00e4mtlich", "Bearer a\r\nX: y", "Bearer \x00"])
    async def test_an_invalid_header_of_a_custom_authorizer_is_refused(self, header: str) -> None:
        """Before anything is sent, at the first attempt, and without showing it."""

        class Own(GlobusAuthorizer):
            async def get_authorization_header(self) -> Secret:
                return Secret(header)

        service = Scripted()
        async with service.client(authorizer=Own()) as client:
            with pytest.raises(GlobusSDKUsageError, match="not allowed in a header") as caught:
                await client.get("x")
        assert service.requests == []
        error: BaseException | None = caught.value
        while error is not None:
            assert header not in repr(vars(error)) + repr(error)
            error = error.__context__

    @pytest.mark.parametrize("header", ["Bearer own-token", b"Bearer own-token", Secret("Bearer own-token")])
    async def test_text_of_a_custom_authorizer_is_taken(self, header: Any) -> None:
        """As authorizers of other libraries return it; and it is redacted like any other."""

        class Own(GlobusAuthorizer):
            async def get_authorization_header(self) -> Any:
                return header

        service = Scripted(respond(404, {"message": "no own-token here"}))
        async with service.client(authorizer=Own()) as client:
            with pytest.raises(GlobusAPIError, match=r"no \*\*\* here"):
                await client.get("x")
        assert service.tokens == ["Bearer own-token"]

    @pytest.mark.parametrize("header", [5, ["Bearer x"], {"Authorization": "x"}, object()])
    async def test_anything_else_of_a_custom_authorizer_is_refused(self, header: Any) -> None:
        """With the name of the method and the type, and before anything is sent."""

        class Own(GlobusAuthorizer):
            async def get_authorization_header(self) -> Any:
                return header

        service = Scripted()
        async with service.client(authorizer=Own()) as client:
            with pytest.raises(GlobusSDKUsageError, match=r"get_authorization_header\(\).* must return a Secret"):
                await client.get("x")
        assert service.requests == []

    async def test_the_token_is_redacted_from_the_error(self) -> None:
        """Even if the service quotes it."""
        token = "AgX" + "t0ken" * 5
        service = Scripted(respond(403, {"code": "No", "message": f"the token {token} may not"}))
        async with service.client(authorizer=AccessTokenAuthorizer(token)) as client:
            with pytest.raises(GlobusAPIError, match=r"the token \*\*\* may not") as caught:
                await client.get("x")
        assert token not in caught.value.raw_text
        assert token not in str(caught.value.raw_json)


class TestDeadline:
    """The total timeout of a call."""

    async def test_no_delay_exceeds_the_timeout(self) -> None:
        """The call fails at once instead of waiting."""
        service = Scripted(respond(500))
        async with service.client(total_timeout=5) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert service.clock.slept == [1, 2]

    async def test_the_time_of_attempts_counts(self) -> None:
        """An attempt of four of five seconds leaves no time for a delay of one."""
        clock = FakeClock(skipping=True)

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(4)
            return httpx.Response(500)

        service = Scripted(slow, clock=clock)
        async with service.client(total_timeout=5) as client:
            with pytest.raises(GlobusAPIError):
                await client.get("x")
        assert len(service.requests) == 1

    async def test_an_attempt_ends_with_the_timeout(self) -> None:
        """The error says that the request may have been executed."""
        clock = FakeClock()

        async def silent(_: httpx.Request) -> httpx.Response:
            await clock.sleep(1000)
            raise AssertionError("it was waited for")

        service = Scripted(silent, clock=clock)
        async with service.client(total_timeout=5) as client:
            call = asyncio.create_task(client.post("x", {}))
            await clock.advance(4.9)
            assert not call.done()
            await clock.advance(0.2)
            with pytest.raises(GlobusTimeoutError) as caught:
                await call
        assert caught.value.stage == "no response"
        assert len(service.requests) == 1

    async def test_a_hanging_authorizer_ends_with_the_timeout(self) -> None:
        """Nothing was sent."""
        clock = FakeClock()

        class Hanging(GlobusAuthorizer):
            async def get_authorization_header(self) -> Secret:
                await clock.sleep(1000)
                raise AssertionError("it was waited for")

        service = Scripted(clock=clock)
        async with service.client(authorizer=Hanging(), total_timeout=5) as client:
            call = asyncio.create_task(client.post("x", {}))
            await clock.advance(6)
            with pytest.raises(GlobusTimeoutError, match="token") as caught:
                await call
        assert not caught.value.maybe_executed
        assert service.requests == []

    async def test_waiting_for_a_slot_counts(self) -> None:
        """A call that is queued for too long ends with the others, is not sent, and its error says why."""
        clock = FakeClock()

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(4)
            return httpx.Response(200)

        service = Scripted(slow, clock=clock)
        async with service.client(total_timeout=5, max_in_flight=1) as client:
            calls = [asyncio.create_task(client.post(f"{number}", {})) for number in range(4)]
            await clock.advance(5.1)
            assert all(call.done() for call in calls)
            await calls[0]
            sent, *queued = (call.exception() for call in calls[1:])
        assert isinstance(sent, GlobusTimeoutError)
        assert sent.stage == "no response"
        for error in queued:
            assert isinstance(error, GlobusTimeoutError)
            assert (error.stage, error.maybe_executed) == ("not sent", False)
            assert "queued behind other calls" in str(error)
            assert "bulk()" in str(error)
        assert service.paths == ["/0", "/1"]

    async def test_waiting_for_the_rate_limit_counts(self) -> None:
        """Of 300 calls at once, 200 are sent, and the others end with the total timeout."""
        service = Scripted(clock=FakeClock())
        async with service.client(total_timeout=5) as client:
            client.rate_limit = RateLimit(200, 10.0)
            calls = [asyncio.create_task(client.get("x")) for _ in range(300)]
            for _ in range(1000):
                await asyncio.sleep(0)
            await service.clock.advance(5)
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        failed = [outcome for outcome in outcomes if isinstance(outcome, GlobusTimeoutError)]
        assert len(service.requests) + len(failed) == 300
        assert len(failed) >= 100
        assert {error.stage for error in failed} == {"not sent"}

    async def test_a_bulk_queues_no_calls(self) -> None:
        """Each call of a bulk has the total timeout for itself, however long the bulk takes."""
        clock = FakeClock()

        async def slow(_: httpx.Request) -> httpx.Response:
            await clock.sleep(4)
            return httpx.Response(200)

        service = Scripted(slow, clock=clock)
        async with service.client(total_timeout=5, max_in_flight=2) as client:
            working = asyncio.ensure_future(bulk(client.get, [f"{number}" for number in range(20)], concurrency=2))
            await clock.advance(40)
            outcomes = await working
        assert [outcome.error for outcome in outcomes] == [None] * 20

    async def test_reading_a_large_document_counts(self) -> None:
        """A document that waits for a worker thread is given up at the end of the total timeout."""
        clock = FakeClock()

        class Slow(BaseClient):
            async def read(self, _: object) -> GlobusHTTPResponse[Any]:
                await clock.sleep(1000)
                raise AssertionError("it was waited for")

        service = Scripted(clock=clock)
        async with service.client(total_timeout=5, client_class=Slow) as client:
            assert isinstance(client, Slow)
            call = asyncio.ensure_future(client._exchange(Request("POST", f"{ORIGIN}x"), None, client.read))
            await clock.advance(6)
            with pytest.raises(GlobusTimeoutError) as caught:
                await call
        assert (caught.value.stage, caught.value.maybe_executed) == ("response truncated", True)

    async def test_an_attempt_that_was_not_sent_after_one_that_was(self) -> None:
        """The call may have been executed by the earlier attempt."""
        service = Scripted(fails(httpx.ReadError), fails(httpx.ConnectError))
        async with service.client(retry=RetryPolicy(max_retries=1)) as client:
            with pytest.raises(GlobusConnectionError) as caught:
                await client.delete("x")
        assert (caught.value.stage, caught.value.maybe_executed) == ("not sent", True)

    async def test_the_callers_own_timeout(self) -> None:
        """`asyncio.timeout` and anyio's scopes get their own cancellation, and raise their own error."""

        async def silent(_: httpx.Request) -> httpx.Response:
            await asyncio.get_running_loop().create_future()
            raise AssertionError("never")

        async def beside_a_failure(client: BaseClient) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get, "x")
                await anyio.lowlevel.checkpoint()
                raise LookupError

        service = Scripted(silent)
        async with service.client(max_in_flight=1) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await client.get("x")
            with pytest.raises(TimeoutError), anyio.fail_after(0.01):
                await client.get("x")
            with anyio.move_on_after(0.01) as scope:
                await client.get("x")
            assert scope.cancelled_caught
            with pytest.raises(ExceptionGroup) as caught:
                await beside_a_failure(client)
            assert caught.group_contains(LookupError)
            service.steps = (respond(200),)
            await client.get("x")


class TestSlots:
    async def test_first_come_first_served(self) -> None:
        """Calls are sent in the order in which they were made."""
        service = Scripted()
        async with service.client(max_in_flight=3) as client, asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(client.get(f"{number}"))
        assert service.paths == [f"/{number}" for number in range(50)]

    async def test_no_more_than_the_maximum_at_once(self) -> None:
        """Counted by the server."""
        under_way = most = 0

        async def count(_: httpx.Request) -> httpx.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            under_way -= 1
            return httpx.Response(200)

        service = Scripted(count)
        async with service.client(max_in_flight=7) as client, asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(client.get("x"))
        assert most == 7

    async def test_cancelled_waiters_lose_no_slot(self) -> None:
        """Even if they are cancelled at the moment in which they acquire one."""
        for passes in range(6):
            service = Scripted()
            async with service.client(max_in_flight=2) as client:
                calls = [asyncio.create_task(client.get("x")) for _ in range(12)]
                for _ in range(passes):
                    await asyncio.sleep(0)
                for call in calls[::2]:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
                async with asyncio.timeout(1):
                    await asyncio.gather(*(client.get("y") for _ in range(4)))


class TestBudget:
    async def test_an_outage_does_not_cause_a_storm_of_retries(self) -> None:
        """However many calls fail, there are at most 40 retries; after the outage, retries work again."""
        service = Scripted(raw(503))
        async with service.client() as client:
            for _ in range(200):
                with pytest.raises(GlobusAPIError):
                    await client.get("x")
            assert 200 < len(service.requests) <= 240
            service.steps = (respond(200),)
            for _ in range(100):
                await client.get("x")
            service.requests, service.steps = [], (raw(503), respond(200))
            await client.get("x")
            assert len(service.requests) == 2

    async def test_client_errors_refill_the_budget(self) -> None:
        """A service that returns 404 is available; looking for missing resources must not use up the budget."""
        service = Scripted()
        async with service.client() as client:
            for _ in range(100):
                service.steps, service.requests = (raw(500), respond(404, GONE)), []
                with pytest.raises(GlobusAPIError) as caught:
                    await client.get("x")
                assert caught.value.http_status == 404

    async def test_each_service_has_its_own_budget(self) -> None:
        """The outage of one does not prevent retries at another."""
        service = Scripted(raw(503))
        async with service.transport() as transport:
            down = BaseClient(base_url=ORIGIN, transport=transport)
            up = BaseClient(base_url="https://auth.globus.org/", transport=transport)
            for _ in range(50):
                with pytest.raises(GlobusAPIError):
                    await down.get("x")
            service.requests.clear()
            service.steps = (raw(503), respond(200))
            await up.get("y")
            assert len(service.requests) == 2


class TestLifetime:
    @pytest.mark.parametrize(
        "options",
        [
            {"max_in_flight": 0},
            {"max_in_flight": 2.5},
            {"max_in_flight": None},
            {"max_response_bytes": 0},
            {"max_response_bytes": "1"},
            {"connect_timeout": 0},
            {"read_timeout": None},
            {"read_timeout": "5"},
            {"total_timeout": float("nan")},
        ],
    )
    def test_invalid_limits_are_refused(self, options: dict[str, Any]) -> None:
        """Whole numbers and seconds, above 0; the error names the argument."""
        with pytest.raises(GlobusSDKUsageError, match=next(iter(options))):
            Transport(**options)

    async def test_a_closed_client_refuses_calls(self) -> None:
        """Before anything is sent."""
        service = Scripted()
        async with service.client() as client:
            pass
        with pytest.raises(ClientClosedError):
            await client.get("x")
        assert service.requests == []

    async def test_the_callers_http_client_stays_open(self) -> None:
        """A transport closes only the client that it made."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(Scripted())) as http:
            async with Transport(http_client=http) as transport:
                await BaseClient(base_url=ORIGIN, transport=transport).get("x")
            assert not http.is_closed

    async def test_a_shared_transport_is_not_closed_by_a_client(self) -> None:
        """Only the client that made a transport closes it."""
        service = Scripted()
        async with service.transport() as transport:
            async with BaseClient(base_url=ORIGIN, transport=transport) as client:
                await client.get("x")
            assert not transport.closed


async def test_stages() -> None:
    """Not sent, sent without a response, and a truncated response."""

    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise httpx.ReadError("gone")

    service = Scripted(
        fails(httpx.ConnectTimeout),
        fails(httpx.ReadTimeout),
        lambda _: httpx.Response(200, stream=Broken()),
        lambda _: httpx.Response(200, stream=Broken()),
    )
    stages: list[str] = []
    async with service.client(retry=RetryPolicy(max_retries=0)) as client:
        for _ in range(3):
            with pytest.raises((GlobusConnectionError, GlobusTimeoutError, GlobusConnectionTimeoutError)) as caught:
                await client.get("x")
            stages.append(caught.value.stage)
    assert stages == ["not sent", "no response", "response truncated"]
