"""Request id, attempts, elapsed time and URL: of every response, and of the error of a call."""

from __future__ import annotations

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    ClientClosedError,
    GlobusAPIError,
    GlobusConnectionError,
    IterableResponse,
    NetworkError,
    Page,
    ResponseDecodeError,
    TransferClient,
)
from tests.clients import ID
from tests.toolkit.scripted import Scripted, fails, raw, respond

TOKEN = "AgCanaryCanaryCanaryCanary"


async def test_a_response_of_the_first_attempt() -> None:
    """It has one attempt, and the header as request id."""
    service = Scripted(respond(200, {"a": 1}, x_request_id="r1"))
    async with service.client() as client:
        response = await client.get("/v1/x", query_params={"q": "a b"})
    assert response.request_id == "r1"
    assert response.url == "https://transfer.api.globus.org/v1/x?q=a%20b"
    assert [(attempt.outcome, attempt.waited, attempt.maybe_executed) for attempt in response.attempts] == [
        ("200 OK", None, True)
    ]
    assert response.elapsed == 0.0


async def test_a_response_after_retries() -> None:
    """The time is that of the whole call, and the last attempt the successful one."""
    service = Scripted(respond(503, retry_after="7"), fails(httpx.ReadError), respond(200, x_request_id="r3"))
    async with service.client() as client:
        response = await client.get("/v1/x")
    assert response.elapsed == 10.0
    assert [(attempt.outcome, attempt.waited) for attempt in response.attempts] == [
        ("503 Service Unavailable", 8.0),
        ("GlobusConnectionError, no response", 2.0),
        ("200 OK", None),
    ]
    assert (response.request_id, response.raw.request_id, response.raw.url) == ("r3", "r3", response.url)


async def test_a_page_and_a_response_without_an_id() -> None:
    """Each page has those of its call."""
    service = Scripted(respond(429), respond(200, {"DATA": [], "total": 0}))
    async with service.client(client_class=TransferClient) as client:
        assert isinstance(client, TransferClient)
        page = await client.task_list()
    assert isinstance(page, Page)
    assert isinstance(page, IterableResponse)
    assert (page.request_id, len(page.attempts), page.elapsed) == (None, 2, 1.0)
    assert page.url.startswith("https://transfer.api.globus.org/v0.10/task_list")


async def test_an_error_response() -> None:
    """The error has the time and the URL without the query, which may be confidential."""
    service = Scripted(respond(503, retry_after="7"), respond(404, x_request_id="r2"))
    async with service.client() as client:
        with pytest.raises(GlobusAPIError) as caught:
            await client.get("/v1/x", query_params={"q": "canary"})
    error = caught.value
    assert (error.request_id, len(error.attempts), error.elapsed) == ("r2", 2, 8.0)
    assert error.url == "https://transfer.api.globus.org/v1/x"


async def test_an_error_without_a_response() -> None:
    """It has no request id."""
    async with Scripted(fails(httpx.ConnectError)).client() as client:
        with pytest.raises(GlobusConnectionError) as caught:
            await client.get("/v1/x")
    error = caught.value
    assert (error.request_id, len(error.attempts), error.elapsed) == (None, 6, 31.0)
    assert error.url == "https://transfer.api.globus.org/v1/x"


async def test_an_error_with_a_response() -> None:
    """Its request id is that of the response, without a credential that the service echoes in it."""
    service = Scripted(raw(200, b"[", content_type="application/json", x_request_id=f"r-{TOKEN}"))
    async with service.client(authorizer=AccessTokenAuthorizer(TOKEN)) as client:
        with pytest.raises(ResponseDecodeError) as caught:
            await client.post("/v1/x")
    assert caught.value.request_id == "r-***"
    assert isinstance(caught.value, NetworkError)


async def test_errors_without_a_call() -> None:
    """They have neither."""
    async with Scripted().client(client_class=TransferClient) as client:
        assert isinstance(client, TransferClient)
        await client.transport.aclose()
        with pytest.raises(ClientClosedError) as caught:
            await client.get_task(ID)
    assert (caught.value.url, caught.value.elapsed) == (None, None)
