"""Logins through a local server: what ends them, what is refused and changes nothing, and that the port is closed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from string import Template
from typing import Any
from urllib.parse import urlsplit

import pytest

from globus_async import GlobusSDKUsageError
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import (
    Exchange,
    LocalServerEnvironmentalLoginError,
    LocalServerLoginError,
    LocalServerLoginFlowManager,
)
from globus_async.services.auth import ConfidentialAppAuthClient, InvalidGrant, OAuthTokenResponse
from tests.login_flows.world import OPENID, Globus, Settings, is_open, query_of, send
from tests.toolkit.cancel import POINTS, every_suspension
from tests.toolkit.clock import FakeClock
from tests.toolkit.leaks import Snapshot, recorded_problems


class Login:
    """A running login, whose page has been opened."""

    def __init__(self, globus: Globus, url: str, task: asyncio.Task[OAuthTokenResponse]) -> None:
        self.globus = globus
        self.url = url
        self.task = task
        self.port = urlsplit(query_of(url)["redirect_uri"]).port or 0
        self.state = query_of(url)["state"]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def target(self) -> str:
        """Log in, and return the path and query of the redirect."""
        parts = urlsplit(self.globus.redirect(self.url).url)
        return f"{parts.path or '/'}?{parts.query}"

    def request(self, target: str | None = None) -> bytes:
        """Return the request of a browser that follows the redirect."""
        return f"GET {target or self.target()} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()

    async def follow(self, target: str | None = None) -> str:
        """Follow the redirect; return the page."""
        response = await send(self.port, self.request(target))
        return response.decode()


@asynccontextmanager
async def begin(globus: Globus, complete: Any = None, **options: Any) -> AsyncGenerator[Login]:
    """Begin a login; at the end it must be done, and its port closed."""
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open_browser(url: str) -> None:
        opened.set_result(url)

    manager = LocalServerLoginFlowManager(globus.client, open_browser=open_browser, **options)
    call = manager.run_login_flow(OPENID) if complete is None else manager.run_with_completion(OPENID, complete)
    task = asyncio.create_task(call)
    try:
        login = Login(globus, await opened, task)
        yield login
        assert task.done()
        assert not await is_open(login.port)
    finally:
        task.cancel()
        await asyncio.wait({task})


def text_of(page: str) -> tuple[str, str]:
    """Return the heading and the text of a page."""
    head, text = re.search(r"<h1>(.*)</h1>", page), re.search(r"<p>(.*)</p>", page)
    assert head
    assert text
    return head[1], text[1]


async def test_a_login(globus: Globus, capsys: pytest.CaptureFixture[str]) -> None:
    """The URL is printed, the browser shows the result, and the port is closed."""
    async with begin(globus, request_refresh_tokens=True) as login:
        page = await login.follow()
        tokens = await login.task
    assert list(tokens.by_resource_server) == ["auth.globus.org"]
    assert tokens.by_resource_server["auth.globus.org"]["refresh_token"]
    assert text_of(page) == ("Login successful", "You can close this window and return to the program.")
    printed = capsys.readouterr()
    assert login.url in printed.out
    assert "code=" not in printed.out + printed.err


async def test_the_redirect_uri(globus: Globus) -> None:
    """It is a free port of the loopback interface, without a path."""
    async with begin(globus) as login:
        assert query_of(login.url)["redirect_uri"] == f"http://127.0.0.1:{login.port}"
        assert query_of(login.url)["code_challenge_method"] == "S256"
        await login.follow()
        await login.task


async def test_headers_of_the_page(globus: Globus) -> None:
    """Nothing is loaded, stored, framed, or told to others; the style of the page is allowed by its hash."""
    async with begin(globus) as login:
        response = await login.follow()
        await login.task
    head, _, body = response.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 200 OK"
    policy = fields["Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:;"
        r" style-src 'sha256-[A-Za-z0-9+/]{43}='",
        policy,
    )
    assert fields["Cache-Control"] == "no-store"
    assert fields["Referrer-Policy"] == "no-referrer"
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Connection"] == "close"
    assert int(fields["Content-Length"]) == len(body.encode())
    assert "<script" not in body
    assert " style=" not in body


def changed(find: str, replacement: str) -> Callable[[Login], bytes]:
    """Return the right request with another text in one place."""

    def request(login: Login) -> bytes:
        right = login.request().decode()
        assert find.format(login=login) in right
        return right.replace(find.format(login=login), replacement.format(login=login)).encode("latin-1")

    return request


def query(text: str) -> Callable[[Login], bytes]:
    """Return a request with another query."""
    return lambda login: login.request(f"/?{text.format(login=login)}")


WRONG: dict[str, tuple[int, Callable[[Login], bytes]]] = {
    "favicon": (404, lambda login: login.request("/favicon.ico")),
    "another path": (404, lambda login: login.request("/callback" + login.target()[1:])),
    "two slashes": (404, lambda login: login.request("/" + login.target())),
    "an encoded path": (404, lambda login: login.request("/%2e" + login.target()[1:])),
    "no query": (400, lambda login: login.request("/")),
    "an empty query": (400, lambda login: login.request("/?")),
    "a foreign state": (400, changed("state={login.state}", "state=" + "x" * 43)),
    "a state with more": (400, changed("state={login.state}", "state={login.state}x")),
    "an empty state": (400, changed("state={login.state}", "state=")),
    "a state that is no ASCII": (400, changed("state={login.state}", "state=%C3%A9")),
    "no state": (400, changed("&state={login.state}", "")),
    "two states": (400, changed("state={login.state}", "state={login.state}&state={login.state}")),
    "an error without a state": (400, query("error=access_denied")),
    "an error of another login": (400, query("error=access_denied&state=x")),
    "an empty error": (400, query("error=&state={login.state}")),
    "a code and an error": (400, changed("code=", "error=access_denied&code=")),
    "two codes": (400, changed("code=", "code=x&code=")),
    "an encoded second code": (400, changed("code=", "c%6Fde=x&code=")),
    "an empty code": (400, query("code=&state={login.state}")),
    "a code with a line break": (400, query("code=a%0D%0Ab&state={login.state}")),
    "no code": (400, query("state={login.state}")),
    "a foreign issuer": (400, changed("state=", "iss=https%3A%2F%2Fevil.example&state=")),
    "an empty issuer": (400, changed("state=", "iss=&state=")),
    "invalid percent-encoding": (400, changed("code=", "x=%zz&code=")),
    "invalid UTF-8": (400, changed("code=", "x=%ff&code=")),
    "characters that URLs do not have": (400, changed("code=", 'x="<>&code=')),
    "bytes beyond ASCII": (400, changed("code=", "x=\xe9&code=")),
    "a fragment": (400, changed(" HTTP/1.1", "#fragment HTTP/1.1")),
    "the whole URL": (400, changed("GET /", "GET http://{login.host}/")),
    "an asterisk": (400, lambda login: login.request("*")),
    "POST": (405, changed("GET", "POST")),
    "HEAD": (405, changed("GET", "HEAD")),
    "OPTIONS": (405, changed("GET", "OPTIONS")),
    "a method in small letters": (405, changed("GET", "get")),
    "a body": (400, changed("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\nx")),
    "a chunked body": (400, changed("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    "another host": (421, changed("Host: {login.host}", "Host: evil.example:{login.port}")),
    "localhost": (421, changed("Host: {login.host}", "Host: localhost:{login.port}")),
    "another port": (421, changed("Host: {login.host}", "Host: 127.0.0.1:1")),
    "a host without a port": (421, changed("Host: {login.host}", "Host: 127.0.0.1")),
    "no host": (400, changed("Host: {login.host}\r\n", "")),
    "two hosts": (400, changed("Host: {login.host}", "Host: {login.host}\r\nHost: {login.host}")),
    "a folded field": (400, changed("\r\n\r\n", "\r\nX: a\r\n b\r\n\r\n")),
    "a blank before the colon": (400, changed("Host:", "Host :")),
    "a line break within a field": (400, changed("\r\n\r\n", "\r\nX: a\nb\r\n\r\n")),
    "another version of HTTP": (505, changed("HTTP/1.1", "HTTP/2.0")),
    "HTTP/0.9": (400, changed(" HTTP/1.1", "")),
    "two blanks": (400, changed("GET /", "GET  /")),
    "a long address": (414, changed("state=", "x=" + "y" * 4096 + "&state=")),
    "a long request": (431, changed("\r\n\r\n", "\r\nX: " + "y" * 9000 + "\r\n\r\n")),
    "TLS": (400, lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_wrong_request_changes_nothing(globus: Globus, kind: str) -> None:
    """It is refused, quotes nothing, and the login waits for the right one."""
    status, make = WRONG[kind]
    async with begin(globus) as login:
        response = (await send(login.port, make(login))).decode()
        head, _, body = response.partition("\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ")
        assert "Cache-Control: no-store" in head
        assert "default-src 'none'" in head
        assert "Content-Type: text/plain" in head
        assert login.state not in response
        assert "evil" not in body
        assert not login.task.done()
        assert globus.token_requests == 0
        await login.follow()
        await login.task


async def test_the_issuer_may_be_named(globus: Globus) -> None:
    """RFC 9207: the issuer is Globus Auth."""
    async with begin(globus) as login:
        await login.follow(f"{login.target()}&iss=https%3A%2F%2Fauth.globus.org")
        await login.task


@pytest.mark.parametrize(
    ("error", "shown", "raised"),
    [
        ("error=access_denied", "access_denied", "access_denied"),
        (
            "error=access_denied&error_description=You+said+%3Cscript%3Ealert(1)%3C%2Fscript%3E%1B%5B2J%0Ano",
            r"You said &lt;script&gt;alert(1)&lt;/script&gt;\x1b[2J no (access_denied)",
            r"You said <script>alert(1)</script>\x1b[2J no (access_denied)",
        ),
        (f"error=server_error&error_description={'x' * 2000}", "xxx... (server_error)", "xxx... (server_error)"),
    ],
)
async def test_a_refusal_ends_the_login(globus: Globus, error: str, shown: str, raised: str) -> None:
    """The page escapes it for browsers, the error for terminals; both are short."""
    async with begin(globus) as login:
        page = await login.follow(f"/?{error}&state={login.state}")
        with pytest.raises(LocalServerLoginError) as caught:
            await login.task
    assert str(caught.value).startswith("the login was refused: ")
    assert str(caught.value).endswith(raised)
    assert len(str(caught.value)) < 400
    heading, text = text_of(page)
    assert heading == "Login failed"
    assert text.endswith(shown)
    assert globus.token_requests == 0


async def test_a_code_that_is_refused(globus: Globus) -> None:
    """The page says so: it is sent after the exchange."""
    async with begin(globus) as login:
        page = await login.follow(f"/?code=wrong&state={login.state}")
        with pytest.raises(InvalidGrant):
            await login.task
    assert text_of(page)[0] == "Login failed"


async def test_the_page_waits_for_the_completion(globus: Globus) -> None:
    """What the caller does with the tokens can still fail, and then the page says so."""
    received, storing = asyncio.Event(), asyncio.Event()

    async def complete(exchange: Exchange) -> OAuthTokenResponse:
        await exchange()
        received.set()
        await storing.wait()
        raise LocalServerLoginError("this is another user")

    async with begin(globus, complete) as login:
        following = asyncio.create_task(login.follow())
        await received.wait()
        assert not following.done()
        assert not await is_open(login.port)
        storing.set()
        assert text_of(await following) == ("Login failed", "This is another user")
        with pytest.raises(LocalServerLoginError, match="another user"):
            await login.task


async def test_a_long_completion(globus: Globus) -> None:
    """After ten seconds the browser is told that the login has not ended yet."""
    clock, received, storing = FakeClock(), asyncio.Event(), asyncio.Event()

    async def complete(exchange: Exchange) -> OAuthTokenResponse:
        tokens = await exchange()
        received.set()
        await storing.wait()
        return tokens

    async with begin(globus, complete, clock=clock) as login:
        following = asyncio.create_task(login.follow())
        await received.wait()
        await clock.advance(9.9)
        assert not following.done()
        await clock.advance(0.2)
        assert text_of(await following)[0] == "Login accepted"
        storing.set()
        await login.task


async def test_an_error_that_is_not_ours(globus: Globus) -> None:
    """The page shows no text of it, which may be confidential."""

    async def complete(_: Exchange) -> OAuthTokenResponse:
        raise ZeroDivisionError("confidential")

    async with begin(globus, complete) as login:
        page = await login.follow()
        with pytest.raises(ZeroDivisionError):
            await login.task
    assert text_of(page)[0] == "Login not completed"
    assert "confidential" not in page


async def test_an_error_with_control_characters(globus: Globus) -> None:
    """Such as one that reverses the direction of the text."""

    async def complete(_: Exchange) -> OAuthTokenResponse:
        raise LocalServerLoginError("<user> \u202eda")

    async with begin(globus, complete) as login:
        page = await login.follow()
        with pytest.raises(LocalServerLoginError):
            await login.task
    assert text_of(page) == ("Login failed", r"&lt;user&gt; \u202eda")


async def test_a_cancelled_completion(globus: Globus) -> None:
    """The browser gets a page then, too."""
    begun = asyncio.Event()

    async def complete(_: Exchange) -> OAuthTokenResponse:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with begin(globus, complete) as login:
        following = asyncio.create_task(login.follow())
        await begun.wait()
        login.task.cancel()
        assert text_of(await following)[0] == "Login not completed"
        with pytest.raises(asyncio.CancelledError):
            await login.task


async def test_silent_and_slow_connections(globus: Globus) -> None:
    """A browser opens connections that it may never use; they do not delay the redirect."""
    async with begin(globus) as login:
        streams = [await asyncio.open_connection("127.0.0.1", login.port) for _ in range(8)]
        for _, writer in streams[4:]:
            writer.write(b"GET /")
        await login.follow()
        await login.task
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "globus_async login server"]
        for reader, writer in streams:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_silent_connections_are_closed(globus: Globus) -> None:
    """After ten seconds."""
    clock = FakeClock()
    async with begin(globus, clock=clock) as login:
        reader, writer = await asyncio.open_connection("127.0.0.1", login.port)
        await clock.asleep(2)
        await clock.advance(9.9)
        assert not reader.at_eof()
        await clock.advance(0.2)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.transport.abort()
        await login.follow()
        await login.task


async def test_many_connections(globus: Globus) -> None:
    """There are at most sixteen; more of them close the oldest one, and do not lock out the browser."""
    async with begin(globus, clock=FakeClock()) as login:  # none is closed because of its age
        streams = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", login.port) for _ in range(40)))
        closed = [asyncio.create_task(reader.read()) for reader, _ in streams]
        while sum(task.done() for task in closed) < 24:
            await asyncio.wait([task for task in closed if not task.done()], return_when=asyncio.FIRST_COMPLETED)
        assert sum(task.done() for task in closed) == 24
        await login.follow()
        await login.task
        await asyncio.gather(*closed, return_exceptions=True)
        for _, writer in streams:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_a_request_in_small_pieces(globus: Globus) -> None:
    """A request is read as a whole, whatever its packets."""
    async with begin(globus) as login:
        reader, writer = await asyncio.open_connection("127.0.0.1", login.port)
        request = login.request()
        for start in range(0, len(request), 50):
            writer.write(request[start : start + 50])
            await writer.drain()
            await asyncio.sleep(0.001)
        assert b"Login successful" in await reader.read()
        writer.transport.abort()
        await login.task


async def test_only_the_first_redirect_counts(globus: Globus) -> None:
    """A second one, sent at the same moment, is not exchanged."""
    async with begin(globus) as login:
        request = login.request()
        pages = await asyncio.gather(send(login.port, request), send(login.port, request), return_exceptions=True)
        await login.task
    assert sum(isinstance(page, bytes) and b"Login successful" in page for page in pages) == 1
    assert globus.token_requests == 1


async def test_nobody_logs_in(globus: Globus) -> None:
    """The login ends after five minutes."""
    clock = FakeClock()
    async with begin(globus, clock=clock) as login:
        await clock.asleep()
        await clock.advance(299)
        assert not login.task.done()
        await clock.advance(2)
        with pytest.raises(LocalServerLoginError, match="within 300 s"):
            await login.task


async def test_a_timeout_of_another(globus: Globus) -> None:
    """The `TimeoutError` of a caller's own code is not taken for the end of the five minutes."""

    async def complete(_: Exchange) -> OAuthTokenResponse:
        raise TimeoutError("of the storage")

    async with begin(globus, complete) as login:
        await login.follow()
        with pytest.raises(TimeoutError, match="of the storage"):
            await login.task


async def ports_of(manager: LocalServerLoginFlowManager, opened: list[str]) -> None:
    """Check that the port of the URL that was opened is closed."""
    for url in opened:
        assert not await is_open(urlsplit(query_of(url)["redirect_uri"]).port or 0)


async def refusing(_: str) -> bool:
    return False


async def failing(_: str) -> None:
    raise OSError("no display")


def refusing_in_a_thread(_: str) -> bool:
    return False


def failing_in_a_thread(_: str) -> None:
    raise OSError("no display")


@pytest.mark.parametrize("opener", [refusing, failing, refusing_in_a_thread, failing_in_a_thread])
async def test_a_browser_that_does_not_open(globus: Globus, opener: Callable[[str], Any]) -> None:
    """The login ends with an error that names the alternative."""
    opened: list[str] = []

    def noting(url: str) -> Any:
        opened.append(url)
        return opener(url)

    manager = LocalServerLoginFlowManager(globus.client, open_browser=noting)
    with pytest.raises(LocalServerEnvironmentalLoginError, match="CommandLineLoginFlowManager"):
        await manager.run_login_flow(OPENID)
    assert len(opened) == 1
    await ports_of(manager, opened)


async def test_the_context_of_the_browser(globus: Globus) -> None:
    """A function that opens it has the context variables of the caller, although it runs in a thread."""
    variable: ContextVar[str] = ContextVar("variable", default="")
    found: list[str] = []

    def open_browser(_: str) -> bool:
        found.append(variable.get())
        return False

    variable.set("of the caller")
    with pytest.raises(LocalServerEnvironmentalLoginError):
        await LocalServerLoginFlowManager(globus.client, open_browser=open_browser).run_login_flow(OPENID)
    assert found == ["of the caller"]


async def test_a_browser_that_blocks(globus: Globus) -> None:
    """Such as one that runs until it is closed: the redirect is received meanwhile."""
    import threading  # noqa: PLC0415
    from urllib.request import urlopen  # noqa: PLC0415

    closed, ended = threading.Event(), threading.Event()

    def browse(url: str) -> None:
        with urlopen(globus.redirect(url).url) as page:
            page.read()
        closed.wait()
        ended.set()

    try:
        manager = LocalServerLoginFlowManager(globus.client, open_browser=browse)
        tokens = await manager.run_login_flow(OPENID)
    finally:
        closed.set()
        await asyncio.to_thread(ended.wait)
    assert list(tokens.by_resource_server) == ["auth.globus.org"]


async def test_cancelling_anywhere(globus: Globus, record_property: Callable[[str, object], None]) -> None:
    """At every suspension: the port, the connections and the tasks of the login end with it."""
    ports: list[int] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def browse(url: str) -> None:
        ports.append(urlsplit(query_of(url)["redirect_uri"]).port or 0)
        target = urlsplit(globus.redirect(url).url).query
        task = asyncio.create_task(visit(ports[-1], target))
        tasks.add(task)

    async def visit(port: int, target: str) -> None:
        with contextlib.suppress(OSError):
            await send(port, f"GET /?{target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())

    before = Snapshot.take()

    async def invariants() -> None:
        if tasks:
            await asyncio.wait(tasks)
            tasks.clear()
        await before.settle()
        before.assert_nothing_new()
        for port in ports:
            assert not await is_open(port)
        ports.clear()

    def login() -> Awaitable[object]:
        return LocalServerLoginFlowManager(globus.client, open_browser=browse).run_login_flow(OPENID)

    with recorded_problems() as problems:
        points = await every_suspension(login, invariants)
        await invariants()
    problems.assert_none()
    assert points >= 12
    record_property(POINTS, points)


async def test_twenty_logins_at_once(globus: Globus) -> None:
    """Of one client, each on a port of its own; none gets the code of another."""

    async def one() -> OAuthTokenResponse:
        async with begin(globus) as login:
            await login.follow()
            return await login.task

    results = await asyncio.gather(*(one() for _ in range(20)))
    assert len({tokens.by_resource_server["auth.globus.org"]["access_token"] for tokens in results}) == 20


async def test_the_same_port_again(globus: Globus) -> None:
    """A fixed port can be used for one login after another, and not for two at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = ("127.0.0.1", port)
    for _ in range(3):
        async with begin(globus, server_address=address) as login:
            assert login.port == port
            other = LocalServerLoginFlowManager(globus.client, server_address=address, open_browser=refusing)
            with pytest.raises(LocalServerLoginError, match="port 0"):
                await other.run_login_flow(OPENID)
            await login.follow()
            await login.task


async def test_ipv6(globus: Globus) -> None:
    """The address of a redirect stands in brackets."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with begin(globus, server_address=("::1", 0)) as login:
        assert query_of(login.url)["redirect_uri"] == f"http://[::1]:{login.port}"
        reader, writer = await asyncio.open_connection("::1", login.port)
        request = login.request(f"/?error=access_denied&state={login.state}").decode()
        writer.write(request.replace("Host: 127.0.0.1", "Host: [::1]").encode())
        assert b"access_denied" in await reader.read()
        writer.transport.abort()
        with pytest.raises(LocalServerLoginError):
            await login.task


@pytest.mark.parametrize(
    "address",
    [
        ("0.0.0.0", 0),
        ("::", 0),
        ("192.0.2.1", 0),
        ("example.org", 0),
        ("", 0),
        ("localhost", -1),
        ("localhost", "80"),
        ("localhost", 70_000),
        ("localhost",),
        "localhost",
        None,
    ],
)
async def test_addresses_that_others_reach(globus: Globus, address: Any) -> None:
    """The server is for this machine alone."""
    with pytest.raises(GlobusSDKUsageError, match="server_address"):
        LocalServerLoginFlowManager(globus.client, server_address=address)


async def test_a_template_of_ones_own(globus: Globus) -> None:
    """Its styles are allowed by their hashes, and the values are escaped."""
    template = Template("<style>b { color: red }</style><h1>$login_result</h1><p>$post_login_message</p>")
    async with begin(globus, html_template=template) as login:
        page = await login.follow(f"/?error=x&error_description=%3Cb%3E&state={login.state}")
        with pytest.raises(LocalServerLoginError):
            await login.task
    assert text_of(page) == ("Login failed", "The login was refused: &lt;b&gt; (x)")
    assert "style-src 'sha256-" in page


@pytest.mark.parametrize("template", [Template("$login_result $other"), Template("costs $5"), "$login_result"])
async def test_a_template_that_cannot_be_filled(globus: Globus, template: Any) -> None:
    """It is refused before a login."""
    with pytest.raises(GlobusSDKUsageError, match="html_template"):
        LocalServerLoginFlowManager(globus.client, html_template=template)


async def test_a_template_that_fails_later(globus: Globus) -> None:
    """The login succeeds all the same, with the built-in page."""

    class Failing(Template):
        is_new = True

        def substitute(self, *mapping: Any, **values: Any) -> str:
            if self.is_new:
                self.is_new = False
                return super().substitute(*mapping, **values)
            raise RuntimeError("broken")

    async with begin(globus, html_template=Failing("$login_result")) as login:
        page = await login.follow()
        await login.task
    assert text_of(page)[0] == "Login successful"


@pytest.mark.parametrize(
    "options", [{"timeout": 0}, {"timeout": -1}, {"timeout": "1"}, {"open_browser": "firefox"}, {"clock": 1}]
)
async def test_wrong_options(globus: Globus, options: Any) -> None:
    """They are refused at once."""
    with pytest.raises(GlobusSDKUsageError, match=next(iter(options))):
        LocalServerLoginFlowManager(globus.client, **options)


async def test_scopes_are_needed(globus: Globus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them neither a port nor a browser is opened, and none is looked for."""
    monkeypatch.setenv("SSH_TTY", "x")
    opened: list[str] = []
    for opener in (None, opened.append):
        manager = LocalServerLoginFlowManager(globus.client, open_browser=opener)
        with pytest.raises(GlobusSDKUsageError, match="needs scopes"):
            await manager.run_login_flow(GlobusAuthorizationParameters(prompt="login"))
    assert opened == []


async def test_the_manager_of_an_app(globus: Globus) -> None:
    """It has no redirect URI of its own, and needs a native app."""
    make = LocalServerLoginFlowManager.for_globus_app
    manager = make(app_name="Lab tool", config=Settings(request_refresh_tokens=True), login_client=globus.client)
    assert manager.request_refresh_tokens
    assert str(manager.native_prefill_named_grant).startswith("Lab tool")
    with pytest.raises(GlobusSDKUsageError, match="login_redirect_uri"):
        make(app_name="Lab tool", config=Settings("https://lab.example.org"), login_client=globus.client)
    async with ConfidentialAppAuthClient("id", "secret", transport=globus.client.transport) as client:
        with pytest.raises(GlobusSDKUsageError, match="native app"):
            make(app_name="Lab tool", config=Settings(), login_client=client)


async def test_a_confidential_client_with_a_registered_port(globus: Globus) -> None:
    """The redirect URI is registered with the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = globus.emulator.add_client("Service", secret="secret", redirect_uris=[f"http://127.0.0.1:{port}"])
    async with (
        ConfidentialAppAuthClient(app.id, "secret", transport=globus.client.transport) as client,
        begin(Globus(globus.emulator, client), server_address=("127.0.0.1", port)) as login,
    ):
        await login.follow()
        tokens = await login.task
    assert list(tokens.by_resource_server) == ["auth.globus.org"]
