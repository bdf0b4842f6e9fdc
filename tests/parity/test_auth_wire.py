"""Logins, and other calls of Auth that take several steps, send the same requests as globus-sdk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import globus_sdk
import pytest

from globus_async import GlobusSDKUsageError
from globus_async.services import auth
from tests.clients import SERVICES
from tests.parity.facts import WireCall
from tests.parity.recording import RecordingServer
from tests.parity.wire import TOKEN, make_ours, make_theirs, our_requests, their_requests
from tests.services.auth.differences import DIFFERENCES
from tests.services.auth.parity import APP, CALLBACK, IDS, NATIVE, UNICODE, USER, A, B

pytestmark = pytest.mark.slow

(AUTH,) = (service for service in SERVICES if service.name == "auth")
VERIFIER = "v" * 43


def test_scopes_with_dependencies(server: RecordingServer) -> None:
    """`create_scope`, of which we take the last two arguments by name."""
    assert DIFFERENCES.reasons("positional")
    server.respond = AUTH.parity.respond
    both: list[dict[str, Any]] = [{}, {"required_domains": ["a.org"], "advertised": True}]
    for options in both:
        specs: list[tuple[Any, bool, bool]] = [(A, True, False), (UUID(B), False, True)]
        with globus_sdk.AuthClient(base_url=server.url, authorizer=globus_sdk.AccessTokenAuthorizer(TOKEN)) as client:
            theirs = [globus_sdk.DependentScopeSpec(*spec) for spec in specs]
            client.create_scope(UUID(A), UNICODE, "what it is", "all", dependent_scopes=theirs, **options)
        expected = server.taken()

        async def run(options: dict[str, Any] = options, specs: list[Any] = specs) -> None:
            async with make_ours(AUTH, USER, server.url) as client:
                mine = [auth.DependentScopeSpec(*spec) for spec in specs]
                await client.create_scope(
                    UUID(A),
                    UNICODE,
                    description="what it is",
                    scope_suffix="all",
                    dependent_scopes=mine,
                    **options,
                )

        asyncio.run(run())
        assert server.taken() == expected


FLOWS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    (NATIVE, ("openid",), {"verifier": VERIFIER, "state": "s"}),
    (NATIVE, (["openid", "a[*b]"],), {"verifier": VERIFIER, "state": UNICODE, "refresh_tokens": True}),
    (
        NATIVE,
        ("openid",),
        {"verifier": VERIFIER, "state": "s", "redirect_uri": CALLBACK, "prefill_named_grant": UNICODE},
    ),
    (APP, (CALLBACK, "openid"), {"state": "s"}),
    (APP, (CALLBACK, ["openid", "email"]), {"state": UNICODE, "refresh_tokens": True}),
]
SESSIONS: list[dict[str, Any]] = [
    {},
    *({"session_required_identities": ids} for ids in IDS),
    {"session_required_identities": []},
    {"session_required_single_domain": ["a.org", "b.org"]},
    {"session_required_single_domain": "a.org"},
    *({"session_required_policies": ids} for ids in IDS),
    {"session_required_mfa": True},
    {"session_required_mfa": False},
    {"session_message": UNICODE},
    {"prompt": "login"},
    {"query_params": {"extra": UNICODE}},
]


@pytest.mark.parametrize("session", SESSIONS, ids=str)
@pytest.mark.parametrize(("client", "args", "options"), FLOWS, ids=str)
def test_addresses(client: str, args: tuple[Any, ...], options: dict[str, Any], session: dict[str, Any]) -> None:
    """The address of a login has the same parameters."""
    url = "https://auth.example.org/"
    with make_theirs(AUTH, client, url) as sync_client:
        sync_client.oauth2_start_flow(*args, **options)
        theirs = _parameters(sync_client.oauth2_get_authorize_url(**session))
    our_client = make_ours(AUTH, client, url)
    our_client.oauth2_start_flow(*args, **options)
    mine = _parameters(our_client.oauth2_get_authorize_url(**session))
    if client == APP:
        assert DIFFERENCES.reasons("pkce")
        assert mine.pop("code_challenge")
        assert mine.pop("code_challenge_method") == "S256"
    if "session_required_mfa" in mine:
        assert DIFFERENCES.reasons("booleans")
        mine["session_required_mfa"] = mine["session_required_mfa"].title()
    assert mine == theirs


def _parameters(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://auth.example.org/v2/oauth2/authorize"
    return {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}


@pytest.mark.parametrize(("client", "args", "options"), FLOWS, ids=str)
def test_exchanges(server: RecordingServer, client: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """The code is sent with the same fields, and the verifier that PKCE adds."""
    server.respond = AUTH.parity.respond
    with make_theirs(AUTH, client, server.url) as sync_client:
        sync_client.oauth2_start_flow(*args, **options)
        sync_client.oauth2_exchange_code_for_tokens("the code")
    theirs = server.taken()

    async def run() -> None:
        async with make_ours(AUTH, client, server.url) as our_client:
            our_client.oauth2_start_flow(*args, **options)
            await our_client.oauth2_exchange_code_for_tokens("the code")

    asyncio.run(run())
    mine = server.taken()
    if client == APP:
        assert DIFFERENCES.reasons("pkce")
        mine = [replace(each, body=[pair for pair in each.body if pair[0] != "code_verifier"]) for each in mine]
    assert mine == theirs


@pytest.mark.parametrize(
    "call",
    [
        WireCall(USER, "get_identities", (), {"ids": A, "usernames": "ada@example.org"}),
        WireCall(USER, "get_identities"),
        WireCall(USER, "get_identity_providers"),
        WireCall(NATIVE, "oauth2_refresh_token", ("a token with blanks",)),
    ],
    ids=str,
)
def test_refused_arguments(server: RecordingServer, call: WireCall) -> None:
    """What cannot be right is sent by theirs, and refused by ours before anything is sent: difference "usage"."""
    assert DIFFERENCES.reasons("usage")
    assert their_requests(server, AUTH, call)
    with pytest.raises(GlobusSDKUsageError):
        our_requests(server, AUTH, call)
    assert not server.taken()


def test_the_state(server: RecordingServer) -> None:
    """Theirs is ``_default`` for everybody, ours is random: difference "state"."""
    assert DIFFERENCES.reasons("state")
    states = set[str]()
    for make in (make_theirs, make_ours):
        for _ in range(3):
            client: Any = make(AUTH, NATIVE, server.url)
            client.oauth2_start_flow("openid")
            states.add(parse_qs(urlsplit(client.oauth2_get_authorize_url()).query)["state"][0])
    assert len(states) == 4
    assert "_default" in states
