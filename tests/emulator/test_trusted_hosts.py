"""Web pages of other sites cannot use an emulator on a socket, neither by a rebound name nor across sites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from globus_async.emulator.trusted_hosts import TrustedHosts, is_loopback
from globus_async.testing import GlobusEmulator, LoopbackServer, MemoryStorage

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STATE = "/emulator/state"


@pytest.fixture
async def emulator() -> AsyncIterator[GlobusEmulator]:
    async with GlobusEmulator() as made:
        made.add_identity("ada@example.org")
        yield made


@pytest.fixture
async def server(emulator: GlobusEmulator) -> AsyncIterator[LoopbackServer]:
    async with emulator.serve() as listening:
        yield listening


async def status(
    server: LoopbackServer, *hosts: str, target: str = STATE, version: str = "1.1", method: str = "GET"
) -> int:
    """Send a request by hand, and return the status."""
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = [f"{method} {target} HTTP/{version}", *(f"Host: {host}" for host in hosts), "Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    line = (await reader.read()).partition(b"\r\n")[0]
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1])


TRUSTED = [
    "localhost",
    "localhost:1",
    "LocalHost:80",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1.:65535",
    "127.255.255.254",
    "[::1]",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:127.0.0.1]:8080",
]
FOREIGN = [
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.localhost",
    "transfer.api.globus.org",
    "0.0.0.0",
    "10.0.0.1",
    "127.1",
    "127.0.0.1..",
    "2130706433",
    "0x7f.0.0.1",
    "127.0.0.01",
    "[::]",
    "[::2]",
    "[::ffff:10.0.0.1]",
    "[::1%25eth0]",
    "::1",
    "[::1",
    "localhost:80:80",
    "localhost:evil",
    "user@localhost",
    "localhost@evil.example",
    "localhost evil.example",
    "localhost,evil.example",
    "localhost/evil",
    "",
    ":80",
]


@pytest.mark.parametrize("host", TRUSTED)
async def test_loopback_names(server: LoopbackServer, host: str) -> None:
    """Every name and address of the loopback interface is trusted, with any port, since ports can be forwarded."""
    assert await status(server, host) == 200


@pytest.mark.parametrize("host", FOREIGN)
async def test_foreign_names(server: LoopbackServer, host: str) -> None:
    """Another name, or what other software might take for one, is refused whatever the path."""
    for target in (STATE, "/", "/v0.10/task_list", "/v2/oauth2/authorize", "/.well-known/openid-configuration"):
        assert await status(server, host, target=target) == 421


async def test_targets_in_absolute_form(server: LoopbackServer) -> None:
    """Their authority is checked as well as ``Host``, and a trusted one is served (RFC 9112, section 3.2.2)."""
    assert await status(server, "localhost", target=f"http://localhost{STATE}") == 200
    assert await status(server, "localhost", target=f"http://evil.example{STATE}") == 421
    assert await status(server, "evil.example", target=f"http://localhost{STATE}") == 421
    assert await status(server, "localhost", target=f"http://localhost@evil.example{STATE}") == 421
    assert await status(server, "localhost", target="http://[") == 421
    assert await status(server, "localhost", target="evil.example:80", method="CONNECT") == 421


async def test_missing_and_repeated_hosts(server: LoopbackServer) -> None:
    """HTTP/1.0 has requests without ``Host``; several are a malformed request, at the latest if they differ."""
    assert await status(server, version="1.0") == 421
    assert await status(server) == 400
    assert await status(server, "localhost", "evil.example") == 400
    responses = []

    async def app(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("the request was served")

    async def send(message: dict[str, object]) -> None:
        responses.append(message.get("status"))

    for second, refused in ((b"evil.example", 421), (b"127.0.0.1", 400)):
        headers = [(b"host", b"localhost"), (b"host", second)]
        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "headers": headers}
        await TrustedHosts(app, ())(scope, None, send)  # type: ignore[arg-type]
        assert responses[0] == refused
        responses.clear()


async def test_the_refusal_says_what_to_do(server: LoopbackServer) -> None:
    """It names the argument and the option."""
    async with httpx.AsyncClient() as http:
        refused = await http.get(server.url, headers={"Host": "globus.lab.example"})
    assert "allowed_hosts" in refused.json()["message"]
    assert "--allow-host" in refused.json()["message"]


async def test_further_hosts(emulator: GlobusEmulator) -> None:
    """The host that it listens on and those in ``allowed_hosts`` are trusted, in any case of letters."""
    async with emulator.serve(host="0.0.0.0", allowed_hosts=["Globus.Lab.example"]) as server:
        port = server.url.rpartition(":")[2]
        local = LoopbackServer(f"http://127.0.0.1:{port}", server.loop, {})
        for host in ("0.0.0.0", "globus.lab.example:8080", "GLOBUS.lab.example.", "localhost"):
            assert await status(local, host) == 200
        assert await status(local, "lab.example") == 421


def test_loopback() -> None:
    """What `ipaddress` takes for a loopback address, and one name."""
    hosts = ("localhost", "127.9.9.9", "::1", "::2", "10.0.0.1", "localhost.localdomain", "")
    assert [each for each in hosts if is_loopback(each)] == ["localhost", "127.9.9.9", "::1"]


VISIT = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        # programs, typed addresses, and the emulator's own pages
        ("GET", {}, 200),
        ("GET", {"Sec-Fetch-Site": "none", **VISIT}, 200),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ("GET", {"Origin": "{own}"}, 200),
        ("POST", {"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, 405),
        # links and redirects of other sites
        ("GET", {"Sec-Fetch-Site": "cross-site", **VISIT}, 200),
        ("GET", {"Sec-Fetch-Site": "same-site", **VISIT}, 200),
        # images, scripts, frames and requests of other sites
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ("GET", {"Origin": "http://evil.example"}, 403),
        ("GET", {"Origin": "null"}, 403),
        # even from another port of this machine
        ("GET", {"Origin": "http://127.0.0.1:1"}, 403),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": "file://{host}"}, 403),
        ("POST", {"Origin": "http://["}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site", **VISIT}, 403),
        ("OPTIONS", {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}, 403),
        ("DELETE", {"Origin": "https://evil.example"}, 403),
    ],
)
async def test_requests_of_other_sites(
    server: LoopbackServer, method: str, headers: dict[str, str], expected: int
) -> None:
    """Only a visit of a page may come from another site, since no page sees its response."""
    own = {"own": server.url, "host": server.url.removeprefix("http://")}
    filled = {name: value.format(**own) for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=server.url) as http:
        response = await http.request(method, STATE, headers=filled)
    assert response.status_code == expected
    assert [name for name in response.headers if name.startswith("access-control-")] == []


async def test_several_origins(server: LoopbackServer) -> None:
    """Each of them has to be that of the emulator."""
    async with httpx.AsyncClient(base_url=server.url) as http:
        response = await http.get(STATE, headers=[("Origin", server.url), ("Origin", "http://evil.example")])
    assert response.status_code == 403


async def test_no_service_lets_other_sites_read(emulator: GlobusEmulator, server: LoopbackServer) -> None:
    """No response has a CORS header, neither on success nor on failure."""
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
    headers = {"Authorization": f"Bearer {emulator.access_token()}"}
    paths = ("/v0.10/task_list", f"/v0.10/operation/endpoint/{lab.id}/ls", "/v0.10/none", "/jwk.json", "/", STATE)
    async with httpx.AsyncClient(base_url=server.url) as http:
        for path in paths:
            for sent in (headers, {}):
                response = await http.get(path, headers=sent)
                assert [name for name in response.headers if name.startswith("access-control-")] == []


async def test_codes_are_shown_on_own_addresses_only(emulator: GlobusEmulator, server: LoopbackServer) -> None:
    """The page that shows codes is one of the emulator's addresses; which, does not depend on ``Host``."""
    native = emulator.add_client("Native app", redirect_uris=["http://localhost/callback"])
    port = server.url.rpartition(":")[2]
    query = {
        "client_id": native.id,
        "scope": "openid",
        "response_type": "code",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    async with httpx.AsyncClient(base_url=server.url) as http:
        for origin, expected in (
            (server.url, 302),
            (f"http://localhost:{port}", 302),
            (f"http://[::1]:{port}", 302),
            ("https://auth.globus.org", 302),
            (f"http://evil.example:{port}", 400),
            ("http://localhost:1", 400),
        ):
            redirect_uri = f"{origin}/v2/web/auth-code"
            host = {"Host": "localhost:1"} if origin == "http://localhost:1" else {}
            page = await http.get("/v2/oauth2/authorize", params={**query, "redirect_uri": redirect_uri}, headers=host)
            assert page.status_code == expected, origin
            assert "code=" not in page.headers.get("location", "") or page.headers["location"].startswith(redirect_uri)
        configuration = (await http.get("/.well-known/openid-configuration", headers={"Host": "localhost"})).json()
    assert configuration["issuer"] == server.url


async def test_in_process_every_host_is_served(emulator: GlobusEmulator) -> None:
    """No browser reaches it there."""
    async with emulator.http_client(base_url="https://transfer.api.globus.org") as http:
        assert (await http.get("/v0.10/task_list", headers={"Origin": "http://a.example"})).status_code == 401
