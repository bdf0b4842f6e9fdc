"""The environment of the process: proxies, certificates, netrc; and cookies."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import ssl
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusSDKUsageError,
    NetworkError,
    RetryPolicy,
    Secret,
    Transport,
)
from globus_async.transport._connection import Connection
from tests.toolkit.canaries import canary
from tests.toolkit.clients import client_of
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import Fin, RawServer, Rst, Send, Sleep, Stall, Step, Tunnel, ok, reply, server_tls

TOKEN = canary("bearer token")
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.SelectorEventLoop,
    "uvloop": uvloop.new_event_loop,
}
uvloop.new_event_loop().close()  # the first loop of a process opens a pipe that stays


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate, in a file."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


async def test_a_hostile_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ``~/.netrc`` nor ``$NETRC`` replaces or adds credentials."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login thief password gotcha\ndefault login thief password gotcha\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    async with RawServer([[Send(ok())]]) as server:
        async with client_of(server.url, authorizer=AccessTokenAuthorizer(TOKEN)) as client:
            await client.get("/")
        async with client_of(server.url) as client:
            await client.get("/")
    assert [request.header("authorization") for request in server.requests] == [f"Bearer {TOKEN}", None]


async def test_cookies_are_not_kept() -> None:
    """A cookie that the server sets is not sent in any later call of any client of the transport."""
    response = reply(200, b"{}", headers=[("Set-Cookie", "session=1; Path=/"), ("Set-Cookie", "b=2")])
    async with RawServer([[Send(response)]]) as server, client_of(server.url) as client:
        for _ in range(3):
            await client.get("/")
        other = BaseClient(base_url=server.url, transport=client.transport)
        await other.get("/")
    assert [request.header("cookie") for request in server.requests] == [None] * 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """A redirect is an error that says so; no request is sent to its location."""
    async with RawServer([[Send(ok())]]) as other:
        there = reply(status, b"{}", headers=[("Location", f"{other.url}elsewhere")])
        async with (
            RawServer([[Send(there)]]) as server,
            client_of(server.url, authorizer=AccessTokenAuthorizer(TOKEN)) as client,
        ):
            with pytest.raises(GlobusAPIError) as raised:
                await client.get("/")
        assert raised.value.http_status == status
        assert other.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}@127.0.0.1:{other}/x",
        "http://user:pass@127.0.0.1:{port}/x",
        "http://127.0.0.1:{other}/x",
        "//127.0.0.1:{other}/x",
        "https://127.0.0.1:{port}/x",
        "http://127.0.0.1.:{port}/x",
        "http://localhost:{port}/x",
        "http://127.0.0.1:{port}\\@127.0.0.1:{other}/x",
        "HTTP://127.0.0.1:{other}/x",
        "http:127.0.0.1:{other}/x",
        "http:///x",
    ],
)
async def test_credentials_stay_on_their_origin(url: str) -> None:
    """An absolute URL of any other origin, however it is written, is refused before anything is sent."""
    async with RawServer([[Send(ok())]]) as server, RawServer([[Send(ok())]]) as other:
        async with client_of(server.url, authorizer=AccessTokenAuthorizer(TOKEN)) as client:
            with pytest.raises(GlobusSDKUsageError):
                await client.get(url.format(port=server.port, other=other.port))
        assert (server.connections, other.connections) == (0, 0)


async def test_a_bundle_is_trusted(authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CA bundle given in code or named by the environment is trusted; without one, the server is not."""
    async with RawServer([[Send(ok())]], tls=server_tls(authority)) as server:
        async with client_of(server.url, ca_bundle=bundle) as client:
            await client.get("/")
        async with client_of(server.url) as client:
            with pytest.raises(GlobusConnectionError, match=r"not trusted: (unable|self)") as raised:
                await client.get("/")
            assert raised.value.stage == "not sent"
        monkeypatch.setenv("GLOBUS_SDK_VERIFY_SSL", bundle)
        async with client_of(server.url) as client:
            await client.get("/")
        assert len(server.requests) == 2


@pytest.mark.parametrize("value", ["0", "false", "False", "no", "off", "", "none"])
@pytest.mark.parametrize("variable", ["GLOBUS_SDK_VERIFY_SSL", "PYTHONHTTPSVERIFY"])
async def test_the_environment_cannot_disable_verification(
    authority: trustme.CA, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a variable says, a server without a trusted certificate is refused before a token is sent."""
    monkeypatch.setenv(variable, value)
    async with RawServer([[Send(ok())]], tls=server_tls(authority)) as server:
        async with client_of(server.url, authorizer=AccessTokenAuthorizer(TOKEN)) as client:
            with pytest.raises(GlobusConnectionError):
                await client.get("/")
        assert server.requests == []


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, bundle: str) -> None:
    """A trusted authority's certificate for another name is refused."""
    async with RawServer([[Send(ok())]], tls=server_tls(authority, "elsewhere.example")) as server:
        async with client_of(server.url, ca_bundle=bundle) as client:
            with pytest.raises(GlobusConnectionError, match=r"not trusted: .*127\.0\.0\.1"):
                await client.get("/")
        assert server.requests == []


async def test_verification_can_be_disabled_in_code_with_a_warning(authority: trustme.CA) -> None:
    """``verify=False`` works, for this transport, and warns where it is written."""
    async with RawServer([[Send(ok())]], tls=server_tls(authority)) as server:
        with pytest.warns(UserWarning, match="anybody on the way can read the tokens") as warned:
            transport = Transport(verify=False)
        assert warned[0].filename == __file__
        async with transport:
            await BaseClient(base_url=server.url, transport=transport).get("/")
        async with client_of(server.url) as client:
            with pytest.raises(GlobusConnectionError):
                await client.get("/")


async def test_a_bundle_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    """The error names a file that is no bundle or does not exist."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for file in (empty, tmp_path / "missing.pem"):
        async with client_of("https://127.0.0.1:1/", ca_bundle=file) as client:
            with pytest.raises(GlobusSDKUsageError, match=file.name):
                await client.get("/")


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800", b"bytes", 5])
def test_a_bundle_that_is_no_path(path: Any) -> None:
    """A path that no file can have is refused when the transport is made."""
    with pytest.raises(GlobusSDKUsageError, match="ca_bundle"):
        Transport(ca_bundle=path)


@pytest.mark.parametrize("seconds", [math.inf, 1e299, 10**299])
@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "total_timeout"])
async def test_no_time_limit(name: str, seconds: float) -> None:
    """A time limit that is infinite, or as good as that, is none."""
    limits: dict[str, Any] = {name: seconds}
    async with RawServer([[Send(ok())]]) as server, client_of(server.url, **limits) as client:
        await client.get("/")
        assert len(server.requests) == 1


async def test_one_context_per_process(authority: trustme.CA, bundle: str) -> None:
    """Loading certificates costs as much as a hundred calls, so transports of the same trust share a context."""

    def contexts() -> int:
        return sum(isinstance(thing, ssl.SSLContext) for thing in gc.get_objects())

    async with RawServer([[Send(ok())]], tls=server_tls(authority)) as server, AsyncExitStack() as stack:
        before = contexts()
        for _ in range(5):
            client = await stack.enter_async_context(client_of(server.url, ca_bundle=bundle))
            await client.get("/")
        assert contexts() - before == 1
        assert server.connections == 5


async def test_a_proxy_sees_no_token(authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``HTTPS_PROXY`` the call uses CONNECT, and the token is sent only inside the tunnel."""
    async with (
        RawServer([[Send(ok(b'{"far":true}'))]], tls=server_tls(authority, "far.example")) as far,
        RawServer([[Tunnel("127.0.0.1", far.port)]]) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        url = f"https://far.example:{far.port}/"
        async with client_of(url, ca_bundle=bundle, authorizer=AccessTokenAuthorizer(TOKEN)) as client:
            assert (await client.get("/"))["far"] is True
        (connect,) = proxy.requests
        assert (connect.method, connect.target) == ("CONNECT", f"far.example:{far.port}")
        assert connect.header("authorization") is None
        assert connect.header("proxy-authorization") is None
        assert far.requests[0].header("authorization") == f"Bearer {TOKEN}"


@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_a_proxy_that_refuses_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal by the proxy, or a missing proxy, is a connection error; nothing was sent to the service."""
    async with RawServer([[Send(reply(407, b"no"))]]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}127.0.0.1:{proxy.port}")
        async with client_of("https://far.example/", authorizer=AccessTokenAuthorizer(TOKEN)) as client:
            with pytest.raises(GlobusConnectionError, match="proxy") as raised:
                await client.get("/")
        assert raised.value.stage == "not sent"
        assert all(request.header("authorization") is None for request in proxy.requests)
    async with client_of("https://far.example/") as client:
        with pytest.raises(GlobusConnectionError) as raised:
            await client.get("/")
        assert raised.value.stage == "not sent"


@pytest.mark.parametrize(("status", "attempts"), [(403, 1), (407, 1), (502, 3), (429, 3)])
async def test_a_refusal_by_the_proxy_is_repeated_if_it_may_pass(
    status: int, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one that wants credentials: repeated, they may block an account."""
    async with RawServer([[Send(reply(status, b"no"))]]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of(
            "https://far.example/", retry=RetryPolicy(max_retries=2), clock=FakeClock(skipping=True)
        ) as client:
            with pytest.raises(GlobusConnectionError, match=rf"the proxy of HTTPS_PROXY.*\({status}\)") as raised:
                await client.post("/", {})
        assert len(raised.value.attempts) == len(proxy.requests) == attempts
        assert not raised.value.maybe_executed


@pytest.mark.parametrize("first", [b"\x05\xff", b"220 this is another protocol\r\n\r\n", b""])
async def test_what_is_no_proxy_is_named(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of another protocol, or one that closes the connection: nothing was sent."""
    async with RawServer([[Send(first), Fin()]]) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with client_of("https://far.example/") as client:
            with pytest.raises(GlobusConnectionError, match="through the proxy of ALL_PROXY") as raised:
                await client.post("/", {})
    assert not raised.value.maybe_executed
    assert "Error" not in str(raised.value)


@pytest.mark.parametrize("status", [None, 200])
async def test_a_proxy_that_does_not_respond_is_named(status: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any stage of the connection."""
    steps: list[Step] = [Stall()] if status is None else [Send(b"HTTP/1.1 200 OK\r\n\r\n"), Stall()]
    async with RawServer([steps]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of("https://far.example/", connect_timeout=0.1, read_timeout=0.1) as client:
            with pytest.raises(GlobusConnectionTimeoutError, match="through the proxy of HTTPS_PROXY in time"):
                await client.get("/")


CONNECTED = Send(b"HTTP/1.1 200 OK\r\n\r\n")
TUNNELS: dict[str, tuple[Step, ...]] = {
    "reset": (CONNECTED, Sleep(0.005), Rst()),
    "ended": (CONNECTED, Fin()),
    "ended later": (CONNECTED, Sleep(0.005), Fin()),
    "more than its response": (Send(CONNECTED.data + b"Hello"), Stall()),
    "no TLS": (CONNECTED, Sleep(0.005), Send(b"Hello"), Stall()),
    "silent": (CONNECTED, Stall()),
}


@pytest.fixture(params=["http", "https"])
def proxy_tls(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext | None:
    """The TLS of a proxy, if it has any."""
    return server_tls(authority) if request.param == "https" else None


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("case", TUNNELS)
def test_a_tunnel_without_a_service(
    case: str, loop: str, proxy_tls: ssl.SSLContext | None, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a connection error, and nothing of the connection is kept."""

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # Python 3.11.7 reports TLS over TLS
        async with RawServer([TUNNELS[case]], tls=proxy_tls) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            async with client_of("https://far.example/", ca_bundle=bundle, connect_timeout=0.05) as client:
                for _ in range(3):
                    with pytest.raises(NetworkError, match="through the proxy of HTTPS_PROXY") as raised:
                        await client.post("/", {})
                    assert raised.value.stage == "not sent"
                    assert "ValueError" not in str(raised.value)
                    assert "TypeError" not in str(raised.value)
                await asyncio.sleep(0.01)
                gc.collect()
                assert not [kept for kept in gc.get_objects() if isinstance(kept, Connection)]

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_certificate_for_another_name_in_a_tunnel_of_tls(
    loop: str, authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the certificate."""

    async def run() -> None:
        async with (
            RawServer([[Send(ok())]], tls=server_tls(authority, "other.example")) as far,
            RawServer([[Tunnel("127.0.0.1", far.port)]], tls=server_tls(authority)) as proxy,
        ):
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            async with client_of(f"https://far.example:{far.port}/", ca_bundle=bundle) as client:
                with pytest.raises(GlobusConnectionError, match="the certificate is not trusted"):
                    await client.get("/")

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run())


@pytest.mark.parametrize(
    "value",
    [
        "socks5://u:pa55wordX@127.0.0.1:{port}",
        "socks://127.0.0.1:{port}",
        "ftp://127.0.0.1",
        "http://",
        "http://u:pa55wordX@",
        "127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_an_unusable_proxy_is_refused(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first call that would use it, before it asks for a token; the error names the variable."""

    class Asked(AccessTokenAuthorizer):
        async def get_authorization_header(self) -> Secret:
            raise AssertionError("a token was requested")

    async with RawServer([[Send(ok())]]) as server:
        monkeypatch.setenv(variable, value.format(port=server.port))
        for _ in range(2):
            async with client_of("https://far.example/", retry=RetryPolicy(), authorizer=Asked("AgX1abcd")) as client:
                with pytest.raises(GlobusSDKUsageError, match=variable) as raised:
                    await client.get("/")
                assert "pa55wordX" not in repr(raised.value)
                assert "SOCKS" in str(raised.value) or "socks" not in value
        assert server.connections == 0
        async with client_of(server.url) as client:
            await client.get("/")


@pytest.mark.parametrize("exempt", ["*", "far.invalid", ".invalid", "a, invalid:443", "FAR.invalid"])
async def test_no_proxy_is_honoured(exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to a host in ``NO_PROXY``, and to loopback addresses, are sent directly."""
    async with RawServer([[Send(reply(500, b"no"))]]) as proxy, RawServer([[Send(ok())]]) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exempt)
        async with client_of("https://far.invalid/") as client:
            with pytest.raises(GlobusConnectionError):
                await client.get("/")
        async with client_of(server.url) as client:
            await client.get("/")
        assert proxy.connections == 0


@pytest.mark.parametrize("verify", [True, False])
async def test_ordinary_use_does_not_warn(verify: bool) -> None:
    """Only disabling verification warns."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with Transport(verify=verify):
            pass
    assert len(warned) == (0 if verify else 1)


@pytest.mark.parametrize("status", [200, 404])
async def test_no_url_is_logged(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """By no library, at no level: URLs have the names of users, files and folders."""
    caplog.set_level(logging.DEBUG)
    async with RawServer([[Send(reply(status, b"{}"))]]) as server, client_of(server.url) as client:
        with suppress(GlobusAPIError):
            await client.get("/files/patient-4711", query_params={"usernames": "patient-4711"})
        assert "patient-4711" in server.requests[0].target
    assert "usernames" not in caplog.text
    assert [record for record in caplog.records if record.name.startswith("http")] == []
