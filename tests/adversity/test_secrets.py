"""Secrets are shown by nothing: no object, no error with its tracebacks and locals, no log record."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator

import httpx
import pytest

import globus_async
from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    BasicAuthorizer,
    ClientCredentialsAuthorizer,
    GlobusError,
    RefreshTokenAuthorizer,
    RetryPolicy,
    Transport,
)
from globus_async.secret import Secret
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferClient
from tests.toolkit import calls
from tests.toolkit.calls import ID, Call, every_call
from tests.toolkit.canaries import Listener, canary, leaks_in_text, leaks_of, leaks_of_error
from tests.toolkit.clock import FakeClock
from tests.toolkit.raw_server import RawServer, Received, Script, Send, ok, reply

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

Answered = Callable[[httpx.Request], httpx.Response]


def broken(error: type[httpx.TransportError]) -> Answered:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error(f"as {request.headers.get('authorization')} was said to {request.url}", request=request)

    return answer


def echoed(status: int, content_type: str, frame: str) -> Answered:
    """Answer as a careless service does: with what it was sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent = f"{request.headers.get('authorization', '').partition(' ')[2]} {request.content.decode()}"
        body = frame % json.dumps(sent)[1:-1]
        return httpx.Response(status, text=body, headers={"Content-Type": content_type})

    return answer


def echoed_in_headers(status: int) -> Answered:
    """Answer as a careless proxy does: with what it was sent, everywhere but in the body."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent = f"{request.headers.get('authorization', '').partition(' ')[2]} {request.content.decode()}"
        names = ("Content-Type", "X-Request-Id", "WWW-Authenticate", "Location", "Retry-After", f"X-{sent}")
        return httpx.Response(status, text="{}", headers=[(name, sent) for name in names])

    return answer


OUTCOMES: dict[str, Answered] = {
    "no connection": broken(httpx.ConnectError),
    "no connection in time": broken(httpx.ConnectTimeout),
    "a request that cannot be sent": broken(httpx.LocalProtocolError),
    "an answer that is none": broken(httpx.RemoteProtocolError),
    "no answer in time": broken(httpx.ReadTimeout),
    "a broken connection": broken(httpx.ReadError),
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
    "200 that is no JSON": echoed(200, "application/json", '{"a": %s'),
}


def clients(door: Transport) -> Iterator[BaseClient]:
    retry, bearer = RetryPolicy(max_retries=1), AccessTokenAuthorizer(BEARER)
    yield TransferClient(transport=door, retry=retry, authorizer=bearer)
    yield AuthClient(transport=door, retry=retry, authorizer=bearer)
    yield NativeAppAuthClient(ID, transport=door, retry=retry)
    yield ConfidentialAppAuthClient(ID, CLIENT_SECRET, transport=door, retry=retry)


def with_secrets(call: Call) -> Call:
    secret = {name: SECRET_ARGUMENTS[name] for name in call.arguments if name in SECRET_ARGUMENTS}
    return Call(call.method, call.arguments | secret)


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_every_error_of_every_method(outcome: str, record_property: Callable[[str, object], None]) -> None:
    """Whatever goes wrong, 0 canaries in the error, its chain, the locals of all frames, and the logs at DEBUG."""
    asyncio.get_running_loop().set_debug(False)
    looked_at = 0
    found: set[str] = set()
    with Listener() as listener, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(OUTCOMES[outcome])) as http,
            Transport(http_client=http, clock=FakeClock(skipping=True)) as door,
        ):
            for client in clients(door):
                found.update(leaks_of(client))
                for call in map(with_secrets, every_call(type(client))):
                    try:
                        await call.on(client)
                    except GlobusError as error:
                        looked_at += 1
                        # httpx's own frames hold a request's headers; none of them may be on a traceback of ours
                        found.update(f"{call}: {leak}" for leak in leaks_of_error(error))
        found.update(listener.leaks())
        found.update(leak for warning in warned for leak in leaks_in_text(str(warning.message)))
    record_property("errors searched for secrets", looked_at)
    assert not found, "\n".join(sorted(found)[:40])
    assert looked_at >= 100 or outcome.startswith("200")


async def test_a_cancelled_call_shows_nothing_either() -> None:
    """The traceback of a cancellation is the caller's; no frame below shows a header."""
    async with RawServer([[]]) as server, Transport() as door:
        client = TransferClient(base_url=server.url, transport=door, authorizer=AccessTokenAuthorizer(BEARER))
        call = asyncio.create_task(client.get("/"))
        await server.answered(1)
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


async def test_what_holds_tokens_does_not_show_them() -> None:
    """Authorizers before and after renewing, token responses, flows, and the clients around them."""
    with Listener() as listener:
        async with RawServer(granted) as server, Transport() as door:
            native = NativeAppAuthClient(ID, base_url=server.url, transport=door)
            confidential = ConfidentialAppAuthClient(ID, CLIENT_SECRET, base_url=server.url, transport=door)
            held: list[object] = [
                native,
                confidential,
                door,
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
    """A renewal that is refused, with an answer that quotes the token, tells its callers nothing of it."""
    quoting = reply(400, json.dumps({"error": "invalid_grant", "error_description": f"bad {REFRESH}"}).encode())
    with Listener() as listener:
        async with RawServer([[Send(quoting)]]) as server, Transport() as door:
            authorizer = RefreshTokenAuthorizer(REFRESH, NativeAppAuthClient(ID, base_url=server.url, transport=door))
            with pytest.raises(GlobusError) as raised:
                await authorizer.get_authorization_header()
        leaks = leaks_of_error(raised.value) + listener.leaks()
    assert not leaks, "\n".join(leaks)


BAD_TOKENS = ("", " ", "\n", "a b", "a\nb", "a\r\nX: y", "a\0b", "café", "a\tb", "a,b", '"a"')


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=ascii)
def test_bad_tokens_are_refused_without_being_quoted(bad: str) -> None:
    """A token that cannot stand in a header is refused at once, and none of its characters is shown."""
    text = BEARER[:20] + bad + BEARER[20:] if bad else ""
    with pytest.raises(GlobusError) as raised:
        AccessTokenAuthorizer(text)
    assert leaks_of_error(raised.value) == []


def test_the_search_would_find_them() -> None:
    """The same search finds each canary where it is shown: in clients of the calls above, all of them take part."""
    for secret in EVERYTHING:
        assert leaks_in_text(f"Bearer {secret}") != []
    assert set(SECRET_ARGUMENTS) <= set(calls.VALUES)
