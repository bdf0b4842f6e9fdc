"""The error of the operating system or of TLS behind a network error: its number, and nothing of the request."""

from __future__ import annotations

import asyncio
import copy
import errno
import pickle
import socket
import ssl
from typing import Any

import globus_sdk
import httpx
import pytest
from globus_sdk.transport import RetryConfig

from globus_async import AccessTokenAuthorizer, GlobusConnectionError, NetworkError, RetryPolicy
from tests.toolkit.canaries import canary, leaks_of_error
from tests.toolkit.clients import client_of
from tests.toolkit.http_clients import mock_client


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def failure_of(url: str, **options: Any) -> NetworkError:
    """Return the error of a call."""
    async with client_of(url, retry=RetryPolicy(max_retries=0), **options) as client:
        client.authorizer = AccessTokenAuthorizer(canary("token"))
        with pytest.raises(NetworkError) as caught:
            await client.get("/x")
    return caught.value


def check(error: NetworkError, kind: type[OSError]) -> OSError:
    """Check what all such errors have in common."""
    cause = error.underlying_exception
    assert isinstance(cause, kind)
    assert error.__cause__ is cause
    assert (cause.__traceback__, cause.__context__, cause.__cause__) == (None, None, None)
    assert leaks_of_error(error) == []
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again.underlying_exception) is type(cause)
        assert str(again.underlying_exception) == str(cause)
    return cause


async def test_a_refused_connection() -> None:
    """Both SDKs have an exception below; here it is the system's own."""
    url = f"http://127.0.0.1:{closed_port()}/"
    error = await failure_of(url)
    assert isinstance(error, GlobusConnectionError)
    assert check(error, ConnectionRefusedError).errno == errno.ECONNREFUSED
    retry = RetryConfig(max_retries=0)
    with (
        pytest.raises(globus_sdk.NetworkError) as caught,
        globus_sdk.TransferClient(base_url=url, retry_config=retry) as tc,
    ):
        tc.get("/x")
    assert caught.value.underlying_exception is not None


async def test_a_host_without_an_address() -> None:
    """The number of the resolver."""
    error = await failure_of("https://host.invalid/")
    assert isinstance(check(error, socket.gaierror).errno, int)


async def test_a_server_without_tls() -> None:
    """The reason that the TLS library gives."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 this is another protocol\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        error = await failure_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert isinstance(check(error, ssl.SSLError), ssl.SSLError)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.usefixtures("library")
async def test_a_client_of_ones_own(wrapped: bool) -> None:
    """The chain of its exceptions is read; their texts, which may quote anything, are not."""
    quoted = "text of a proxy"

    def reset(request: httpx.Request) -> httpx.Response:
        cause = ConnectionResetError(errno.ECONNRESET, quoted)
        if not wrapped:
            raise cause
        inner = RuntimeError(quoted)
        inner.__cause__ = cause
        raise httpx.ReadError("broken", request=request) from inner

    async with mock_client(reset) as http:
        error = await failure_of("http://127.0.0.1/", http_client=http)
    cause = check(error, ConnectionResetError)
    assert quoted not in str(cause)


@pytest.mark.usefixtures("library")
async def test_no_system_error() -> None:
    """There is none for a broken response."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("broken", request=request)

    async with mock_client(broken) as http:
        error = await failure_of("http://127.0.0.1/", http_client=http)
    assert error.underlying_exception is None
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "odd",
    [ssl.SSLError("text"), ssl.SSLError(), OSError("text"), socket.gaierror(), TimeoutError(), OSError(5, "x", "f")],
)
async def test_odd_system_errors(odd: OSError) -> None:
    """Whatever arguments they were made with, the call ends with an error of this library."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise odd

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as http:
        error = await failure_of("http://127.0.0.1/", http_client=http)
    assert "'f'" not in str(error.underlying_exception)
