"""Copies of a client with other options."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest

from globus_async import (
    AuthClient,
    BaseClient,
    ClientClosedError,
    GlobusAPIError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    NullAuthorizer,
    RateLimit,
    RetryPolicy,
    TransferClient,
    Transport,
    bulk,
)
from tests.clients import CLIENTS, ID, Client
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import Scripted, respond


def stall(_: httpx.Request) -> Awaitable[httpx.Response]:
    """Never respond."""
    return asyncio.get_running_loop().create_future()


class Widgets(BaseClient):
    """A client of a program's own, with state of its own."""

    base_url = "https://widgets.example.org"

    def __init__(self, colour: str, *, transport: Transport) -> None:
        super().__init__(transport=transport)
        self.colour = colour

    async def get_widget(self) -> Any:
        """Fetch a widget."""
        return await self.call("GET", "/v1/widget", dict[str, Any], params={"colour": self.colour})


@pytest.mark.parametrize("client", CLIENTS, ids=str)
async def test_every_client_has_copies(client: Client) -> None:
    """Of its class, with everything that it has, but for the options; it is not changed itself."""
    async with Transport() as transport:
        original = client.make(transport=transport, authorizer=NullAuthorizer())
        before = dict(vars(original))
        made = original.with_options(retry=RetryPolicy(max_retries=0), timeout=5, rate_limit=None, headers={"X-A": "1"})
        assert type(made) is type(original)
        assert (made.transport, made.authorizer) == (original.transport, original.authorizer)
        assert (made.base_url, repr(made)) == (original.base_url, repr(original))
        assert vars(original) == before
        changed = {name for name, value in vars(made).items() if value != before[name]}
        assert changed - {"rate_limit"} == {"retry", "_timeout", "_own_headers", "_default_headers"}


async def test_a_client_of_a_programs_own() -> None:
    """Its attributes are copied."""
    service = Scripted(respond(200, {"a": 1}))
    async with service.transport() as transport:
        await Widgets("red", transport=transport).with_options(headers={"X-A": "1"}).get_widget()
    assert str(service.requests[0].url) == "https://widgets.example.org/v1/widget?colour=red"
    assert service.requests[0].headers["x-a"] == "1"


async def test_retries() -> None:
    """The copy has its policy, the client keeps its own."""
    service = Scripted(respond(503))
    async with service.client(retry=RetryPolicy(max_retries=2)) as client:
        for each, attempts in ((client.with_options(retry=RetryPolicy(max_retries=0)), 1), (client, 3)):
            with pytest.raises(GlobusAPIError) as caught:
                await each.get("/v1/x")
            assert len(caught.value.attempts) == attempts


@pytest.mark.parametrize(("seconds", "total", "is_enough"), [(5, 300, False), (600, 7, True), (math.inf, 7, True)])
async def test_the_timeout_is_that_of_each_call(seconds: float, total: float, is_enough: bool) -> None:
    """It replaces that of the transport, whether it is shorter or longer; each call has all of it."""
    steps = (respond(503, retry_after="100"), respond(200)) if is_enough else (respond(503, retry_after="100"),)
    service = Scripted(*steps, *steps)
    async with service.client(total_timeout=total) as client:
        made = client.with_options(timeout=seconds)
        for _ in range(2):
            if is_enough:
                assert (await made.get("/v1/x")).http_status == 200
            else:
                with pytest.raises(GlobusAPIError, match="503"):
                    await made.get("/v1/x")
                await service.clock.sleep(100)


async def test_the_timeout_ends_a_call() -> None:
    """With the error that the total timeout of the transport causes."""
    service = Scripted(stall, clock=FakeClock())
    async with service.client() as client:
        call = asyncio.create_task(client.with_options(timeout=5).get("/v1/x"))
        await service.clock.advance(4.9)
        assert not call.done()
        await service.clock.advance(0.1)
        with pytest.raises(GlobusTimeoutError, match="the total timeout expired"):
            await call


async def test_a_pause_longer_than_the_timeout() -> None:
    """It is not waited for; the client itself waits for it."""
    service = Scripted(respond(429, retry_after="60"), respond(200))
    async with service.client() as client:
        with pytest.raises(GlobusAPIError):
            await client.with_options(retry=RetryPolicy(max_retries=0)).get("/v1/x")
        with pytest.raises(GlobusTimeoutError, match="requested a pause longer than the total timeout"):
            await client.with_options(timeout=5).get("/v1/x")
        assert (await client.get("/v1/x")).http_status == 200


async def test_the_timeout_of_a_listing_and_of_a_bulk() -> None:
    """It is that of each of their calls, which together take longer."""
    pages = [respond(200, {"DATA": [{"task_id": ID}], "next_marker": marker}) for marker in ("1", "2", None)]
    last = respond(200, {"DATA_TYPE": "task", "task_id": ID})
    service = Scripted(*(step for page in (*pages, last) for step in (respond(503, retry_after="4"), page)))
    async with service.client(client_class=TransferClient) as client:
        made = client.with_options(timeout=5.5)
        assert isinstance(made, TransferClient)
        assert len(await made.task_successful_transfers(ID, num_results=None).list()) == 3
        assert service.times[-1] == 15
        outcomes = await bulk(made.get_task, [ID, ID])
    assert [outcome.error for outcome in outcomes] == [None, None]


async def test_a_wait_through_a_copy_has_its_options() -> None:
    """Also if the client itself has waited before: their polls are not shared."""
    done = respond(200, {"DATA_TYPE": "task", "task_id": ID, "status": "SUCCEEDED"})
    service = Scripted(done)
    async with service.client(client_class=TransferClient) as client:
        assert isinstance(client, TransferClient)
        for each in (client, client.with_options(headers={"X-A": "1"}), client):
            await each.task_wait(ID)
    sent = [request.headers.get("x-a") for request in service.requests]
    assert set(sent) == {None, "1"}
    assert (sent[0], sent[-1]) == (None, None)


async def test_the_rate_limit() -> None:
    """Of a copy without one, calls do not wait."""
    service = Scripted(respond(200))
    async with service.transport() as transport:
        client = BaseClient(
            base_url="https://x.example", transport=transport, rate_limit=RateLimit(calls=1, seconds=60)
        )
        free = client.with_options(rate_limit=None)
        for _ in range(3):
            await free.get("/v1/x")
        assert service.times == [0, 0, 0]
        for _ in range(2):
            await client.get("/v1/x")
        assert service.times[-1] > 60
        assert free.with_options(rate_limit=RateLimit(calls=2)).rate_limit == RateLimit(calls=2)
        assert free.with_options(timeout=1).rate_limit is None


async def test_headers() -> None:
    """They are added to those of earlier copies, and replace those of the same name; a call's replace them."""
    service = Scripted(respond(200))
    async with service.client() as client:
        first = client.with_options(headers={"X-A": "1", "X-B": "2"})
        second = first.with_options(headers={"x-a": "3"}).with_options(timeout=5)
        for each in (client, first, second):
            await each.get("/v1/x")
        await second.get("/v1/x", headers={"X-B": "4"})
        second.app_name = "renamed"
        await second.post("/v1/x", {"a": 1})
    sent = [(request.headers.get_list("x-a"), request.headers.get_list("x-b")) for request in service.requests]
    assert sent == [([], []), (["1"], ["2"]), (["3"], ["2"]), (["3"], ["4"]), (["3"], ["2"])]
    assert service.requests[-1].headers["user-agent"].endswith("/renamed")
    assert service.requests[-1].headers.get_list("content-type") == ["application/json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout must be a number, above 0"),
        ({"timeout": "5"}, "timeout must be a number, above 0"),
        ({"timeout": math.nan}, "timeout must be a number, above 0"),
        ({"retry": 3}, "retry must be a RetryPolicy"),
        ({"rate_limit": 20}, "rate_limit must be a RateLimit"),
        ({"headers": ["X-A"]}, "headers must be a mapping"),
        ({"headers": {"X-A": 1}}, "headers must be text"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "not allowed in headers"),
        ({"headers": {"Host": "x"}}, "Host is set by the client"),
        ({"headers": {"authorization": "Bearer x"}}, "credentials are those of the client's authorizer="),
        ({"headers": {"CONTENT-TYPE": "text/plain"}}, "the type of a body is an argument of its call"),
    ],
)
async def test_bad_options(options: dict[str, Any], message: str) -> None:
    """They are refused at once."""
    async with Transport() as transport:
        with pytest.raises(GlobusSDKUsageError, match=message):
            TransferClient(transport=transport).with_options(**options)


async def test_a_copy_owns_nothing() -> None:
    """Closing it does nothing; closing the client closes the transport that it made, for the copy too."""
    client = BaseClient(base_url="https://x.example")
    async with client.with_options(timeout=5) as made:
        pass
    await made.with_options(timeout=6).aclose()
    assert not client.transport.closed
    await client.aclose()
    with pytest.raises(ClientClosedError):
        await made.get("/v1/x")


async def test_a_copy_is_treated_as_its_client() -> None:
    """It is not pickled, can be copied, and shows no header."""
    async with AuthClient().with_options(headers={"X-Secret": "canary"}) as made:
        assert "canary" not in repr(made)
        assert copy.deepcopy(made).transport is made.transport
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(made)
        await made.transport.aclose()
