"""No object, error, traceback, local variable or log record shows a secret."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable

import httpx
import pytest

import globus_async
from globus_async import (
    AccessTokenAuthorizer,
    BasicAuthorizer,
    ClientCredentialsAuthorizer,
    GlobusError,
    RefreshTokenAuthorizer,
    RetryPolicy,
    Transport,
)
from globus_async.secret import Secret
from globus_async.services.auth import ConfidentialAppAuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferClient
from tests.clients import BASE, CLIENTS, ID, Call, Client
from tests.toolkit.canaries import Listener, canary, leaks_in_text, leaks_of, leaks_of_error
from tests.toolkit.clock import FakeClock
from tests.toolkit.http_clients import in_use, mock_client
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok, reply

pytestmark = pytest.mark.slow

BEARER = canary("bearer token")
CLIENT_SECRET = canary("client secret")
REFRESH = canary("refresh token")
CODE = canary("authorization code")
ARGUMENT = canary("token argument")
GRANTED = canary("granted token")
GRANTED_REFRESH = canary("granted refresh token")
EVERYTHING = (BEARER, CLIENT_SECRET, REFRESH, CODE, ARGUMENT)

SECRET_ARGUMENTS = {
    "auth_code": Secret(CODE),
    "refresh_token": Secret(REFRESH),
    "token": Secret(ARGUMENT),
    "form_data": {"grant_type": "refresh_token", "refresh_token": Secret(REFRESH)},
}

Handler = Callable[[httpx.Request], httpx.Response]


def broken(error: type[httpx.TransportError]) -> Handler:
    """Fail with an error of the HTTP library that quotes the request."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error(f"{request.headers.get('authorization')} sent to {request.url}", request=request)

    return fail


def echoed(status: int, content_type: str, frame: str) -> Handler:
    """Respond with the credentials and the body of the request, as a careless service does."""

    def respond(request: httpx.Request) -> httpx.Response:
        sent = f"{request.headers.get('authorization', '').partition(' ')[2]} {request.content.decode()}"
        body = frame % json.dumps(sent)[1:-1]
        return httpx.Response(status, text=body, headers={"Content-Type": content_type})

    return respond


def echoed_in_headers(status: int) -> Handler:
    """Respond with the credentials and the body of the request in the headers, as a careless proxy does."""

    def respond(request: httpx.Request) -> httpx.Response:
        sent = f"{request.headers.get('authorization', '').partition(' ')[2]} {request.content.decode()}"
        names = ("Content-Type", "X-Request-Id", "WWW-Authenticate", "Location", "Retry-After", f"X-{sent}")
        return httpx.Response(status, text="{}", headers=[(name, sent) for name in names])

    return respond


OUTCOMES: dict[str, Handler] = {
    "no connection": broken(httpx.ConnectError),
    "connect timeout": broken(httpx.ConnectTimeout),
    "malformed request": broken(httpx.LocalProtocolError),
    "malformed response": broken(httpx.RemoteProtocolError),
    "read timeout": broken(httpx.ReadTimeout),
    "broken connection": broken(httpx.ReadError),
    "400 in JSON": echoed(400, "application/json", '{"code":"Bad","message":"%s"}'),
    "401 in JSON": echoed(401, "application/json", '{"error":"invalid","error_description":"%s"}'),
    "403 in a list": echoed(403, "application/json", '{"errors":[{"code":"No","detail":"%s"}]}'),
    "500 in HTML": echoed(500, "text/html", "<pre>%s</pre>"),
    "404 in text": echoed(404, "text/plain", "%s"),
    "400 in headers": echoed_in_headers(400),
    "401 in headers": echoed_in_headers(401),
    "503 in headers": echoed_in_headers(503),
    "200 in headers": echoed_in_headers(200),
    "200 in HTML": echoed(200, "text/html", "<pre>%s</pre>"),
    "200 in malformed JSON": echoed(200, "application/json", '{"a": %s'),
}


LIBRARIES = [("httpx", client) for client in CLIENTS] + [("httpx2", BASE)]
"""All clients make their requests as `BaseClient` does, whichever the library."""


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(("library", "client"), LIBRARIES, ids=str)
async def test_every_error_of_every_method(
    library: str, client: Client, outcome: str, record_property: Callable[[str, object], None]
) -> None:
    """0 canaries in the error, its chain, the locals of all frames, warnings, and the logs at DEBUG."""
    asyncio.get_running_loop().set_debug(False)
    searched = 0
    found: set[str] = set()
    with Listener() as listener, in_use(library), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with (
            mock_client(OUTCOMES[outcome]) as http,
            Transport(http_client=http, clock=FakeClock(skipping=True)) as transport,
        ):
            made = client.make(
                transport,
                authorizer=AccessTokenAuthorizer(BEARER),
                constructor={"client_secret": CLIENT_SECRET},
                retry=RetryPolicy(max_retries=1),
            )
            found.update(leaks_of(made))
            calls = [Call(client, call.method, SECRET_ARGUMENTS, base=call.base) for call in client.all_calls]
            for call in calls:
                try:
                    await call.run(made)
                except GlobusError as error:
                    searched += 1
                    # httpx's own frames hold a request's headers; none of them may be on a traceback of ours
                    found.update(f"{call}: {leak}" for leak in leaks_of_error(error))
        found.update(listener.leaks())
        found.update(leak for warning in warned for leak in leaks_in_text(str(warning.message)))
    record_property("errors searched for secrets", searched)
    assert not found, "\n".join(sorted(found)[:40])
    # bulk calls report errors in their outcomes instead of raising them
    assert searched >= len(calls) * 0.8 or outcome.startswith("200")


async def test_a_cancelled_call_shows_no_secret() -> None:
    """The traceback of a cancelled call shows no header in any frame."""
    async with RawServer([[]]) as server, Transport() as transport:
        client = TransferClient(base_url=server.url, transport=transport, authorizer=AccessTokenAuthorizer(BEARER))
        call = asyncio.create_task(client.get("/"))
        await server.wait_for_requests(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await call
        assert leaks_of_error(cancelled.value) == []
        with pytest.raises(TimeoutError) as late:
            async with asyncio.timeout(0.01):
                await client.get("/")
        assert leaks_of_error(late.value) == []


def granted(_: Received) -> Script:
    document = {
        "access_token": GRANTED,
        "refresh_token": GRANTED_REFRESH,
        "token_type": "Bearer",
        "expires_in": 3600,
        "resource_server": "auth.globus.org",
        "scope": "openid profile email",
        "other_tokens": [],
    }
    return [Send(ok(json.dumps(document).encode()))]


async def test_objects_that_hold_tokens_do_not_show_them() -> None:
    """Authorizers before and after a refresh, token responses, flows, and the clients around them."""
    with Listener() as listener:
        async with RawServer(granted) as server, Transport() as transport:
            native = NativeAppAuthClient(ID, base_url=server.url, transport=transport)
            confidential = ConfidentialAppAuthClient(ID, CLIENT_SECRET, base_url=server.url, transport=transport)
            held: list[object] = [
                native,
                confidential,
                transport,
                AccessTokenAuthorizer(BEARER),
                BasicAuthorizer(ID, CLIENT_SECRET),
                RefreshTokenAuthorizer(REFRESH, native),
                ClientCredentialsAuthorizer(confidential, "openid"),
                native.oauth2_start_flow("openid"),
                await confidential.oauth2_client_credentials_tokens("openid"),
                await native.oauth2_refresh_token(REFRESH),
                await native.oauth2_exchange_code_for_tokens(CODE),
            ]
            for authorizer in held:
                if isinstance(authorizer, globus_async.GlobusAuthorizer):
                    await authorizer.get_authorization_header()
            leaks = [leak for thing in held for leak in leaks_of(thing)]
        leaks += listener.leaks()
    assert not leaks, "\n".join(leaks)
    assert len(held) == 11


async def test_token_errors_show_nothing() -> None:
    """The error of a refused refresh does not show the token that the response quotes."""
    quoting = reply(400, json.dumps({"error": "invalid_grant", "error_description": f"bad {REFRESH}"}).encode())
    with Listener() as listener:
        async with RawServer([[Send(quoting)]]) as server, Transport() as transport:
            authorizer = RefreshTokenAuthorizer(
                REFRESH, NativeAppAuthClient(ID, base_url=server.url, transport=transport)
            )
            with pytest.raises(GlobusError) as raised:
                await authorizer.get_authorization_header()
        leaks = leaks_of_error(raised.value) + listener.leaks()
    assert not leaks, "\n".join(leaks)


BAD_TOKENS = ("", " ", "\n", "a b", "a\nb", "a\r\nX: y", "a\0b", "café", "a\tb", "a,b", '"a"')


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=ascii)
def test_bad_tokens_are_refused_without_being_quoted(bad: str) -> None:
    """A token that is not valid in a header is refused at once, and none of its characters is shown."""
    text = BEARER[:20] + bad + BEARER[20:] if bad else ""
    with pytest.raises(GlobusError) as raised:
        AccessTokenAuthorizer(text)
    assert leaks_of_error(raised.value) == []


def test_the_search_finds_every_canary() -> None:
    """The same search finds each canary in a text; and each is an argument of some call, or of a constructor."""
    for secret in EVERYTHING:
        assert leaks_in_text(f"Bearer {secret}") != []
    parameters = {name for client in CLIENTS for call in client.calls for name in call.arguments}
    assert set(SECRET_ARGUMENTS) <= parameters
