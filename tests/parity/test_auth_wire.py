"""The same call through globus-sdk and through us puts the same request on the wire, but for listed differences."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import globus_sdk
import pytest

import globus_async
from globus_async import GlobusSDKUsageError
from globus_async.services import auth
from tests.parity.auth_differences import DIFFERENCES
from tests.parity.recording import JournalEntry, RecordingServer, recording

A, B, C = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2, 3))
SECRET = "s3cret/+of=client"
TOKEN = "AgT0ken"
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
CALLBACK = "https://portal.example.org/callback?a=b"
VERIFIER = "v" * 43
TOKEN_ANSWER: dict[str, Any] = {
    "access_token": "AgX",
    "token_type": "Bearer",
    "resource_server": "auth.globus.org",
    "scope": "openid",
    "expires_in": 3600,
    "other_tokens": [],
}
LISTS = ("identities", "identity_providers", "projects", "policies", "clients", "credentials", "scopes", "consents")


def answer(asked: JournalEntry) -> object:
    """Answer as the calls want it."""
    form = dict(asked.body) if asked.path.startswith("/v2/oauth2") and asked.body else {}
    if "dependent_token" in form.get("grant_type", ""):
        return [TOKEN_ANSWER]
    document = {**TOKEN_ANSWER, "active": True, "jwks_uri": "", "keys": []}
    return document | {name: [] for name in LISTS}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with recording(answer) as running:
        yield running


@dataclass(frozen=True)
class Call:
    """A call to compare: of which client, the method, its arguments, and which differences are accepted."""

    client: str
    method: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    accepts: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [repr(value)[:24] for value in self.args] + [f"{k}={v!r}"[:44] for k, v in self.kwargs.items()]
        return ascii(f"{self.client}.{self.method}({', '.join(shown)})")[1:-1]


USER, NATIVE, APP, ANYBODY = "AuthClient", "NativeAppAuthClient", "ConfidentialAppAuthClient", "AuthLoginClient"
PAGES = {"terms_and_conditions": "https://example.org/terms", "privacy_policy": "https://example.org/privacy"}
IDS: list[Any] = [A, UUID(A), [A, UUID(B)], (A,)]
NAMES: list[Any] = ["ada@example.org", "ada@example.org,bob@example.org", ["ada@example.org", UNICODE]]
CLIENT_OPTIONS: dict[str, list[Any]] = {
    "visibility": ["public", "private"],
    "redirect_uris": [[CALLBACK], ("https://a.example.org/", "http://localhost/"), []],
    "required_idp": [A, UUID(A)],
    "preselect_idp": [UUID(B)],
    "additional_fields": [{"new": {"a": [1, None]}}, {}],
}
POLICY: dict[str, Any] = {"project_id": A, "display_name": UNICODE, "description": "only staff"}
POLICY_OPTIONS: dict[str, list[Any]] = {
    "authentication_assurance_timeout": [0, 35],
    "required_mfa": [True, False],
    "domain_constraints_include": [["example.org"], [], None],
    "domain_constraints_exclude": [("a.org", "b.org"), None],
}
SCOPE_OPTIONS: dict[str, list[Any]] = {
    "required_domains": [["example.org"], []],
    "advertised": [True, False],
    "allows_refresh_token": [True, False],
}
MORE_QUERY = {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}
MORE_FORM = {"extra": UNICODE, "number": 5}


def with_each(call: Call, options: dict[str, list[Any]]) -> Iterator[Call]:
    """Give the call as it is, with each value of each option alone, and with all options together."""
    yield call
    for name, values in options.items():
        for value in values:
            yield replace(call, kwargs={**call.kwargs, name: value})
    if len(options) > 1:
        yield replace(call, kwargs={**call.kwargs, **{name: values[0] for name, values in options.items()}})


def service_calls() -> Iterator[Call]:
    yield Call(USER, "userinfo")
    yield from (Call(USER, "get_identities", (), {"usernames": names}) for names in NAMES)
    yield Call(USER, "get_identities", (), {"usernames": NAMES[0], "provision": True})
    yield from (Call(USER, "get_identities", (), {"ids": ids}) for ids in IDS)
    yield Call(USER, "get_identities", (), {"ids": A, "query_params": MORE_QUERY})
    yield Call(USER, "get_identities", (), {"query_params": {"ids": A}})
    yield from (Call(USER, "get_identity_providers", (), {"ids": ids}) for ids in IDS)
    yield from (
        Call(USER, "get_identity_providers", (), {"domains": domains}) for domains in ("a.org", ["a.org", "b.org"])
    )
    yield Call(USER, "get_identity_providers", (), {"ids": A, "query_params": MORE_QUERY})
    yield from (
        Call(USER, "get_consents", (one,), {"all": every}, ("booleans",))
        for one in (A, UUID(A))
        for every in (True, False)
    )

    yield Call(USER, "get_projects")
    for method in ("get_project", "delete_project"):
        yield from (Call(USER, method, (one,)) for one in (A, UUID(A)))
    admins = {"admin_ids": IDS, "admin_group_ids": IDS}
    yield from with_each(Call(USER, "create_project", (UNICODE, "ada@example.org")), admins)
    yield from with_each(
        Call(USER, "update_project", (A,)), {"display_name": [UNICODE], "contact_email": ["ada@example.org"], **admins}
    )

    yield Call(USER, "get_policies")
    for method in ("get_policy", "delete_policy"):
        yield from (Call(USER, method, (one,)) for one in (A, UUID(A)))
    yield from with_each(Call(USER, "create_policy", (), POLICY), {"high_assurance": [True, False], **POLICY_OPTIONS})
    yield from with_each(
        Call(USER, "update_policy", (A,)),
        {"project_id": [A, UUID(B)], "display_name": [UNICODE], "description": [""], **POLICY_OPTIONS},
    )

    yield Call(USER, "get_scopes")
    yield from (Call(USER, "get_scopes", (), {"ids": ids}) for ids in IDS)
    yield from (Call(USER, "get_scopes", (), {"scope_strings": names}) for names in ("openid", ["openid", UNICODE]))
    for method in ("get_scope", "delete_scope"):
        yield from (Call(USER, method, (one,)) for one in (A, UUID(A)))
    yield from with_each(
        Call(USER, "update_scope", (UUID(A),)),
        {"name": [UNICODE], "description": ["x"], "scope_suffix": ["all"], **SCOPE_OPTIONS},
    )


def client_calls() -> Iterator[Call]:
    yield Call(USER, "get_clients")
    yield from (Call(USER, "get_client", (), {"client_id": one}) for one in (A, UUID(A)))
    yield Call(USER, "get_client", (), {"fqdn": "a.example.org"})
    kinds: list[dict[str, Any]] = [
        {"public_client": True},
        {"public_client": False},
        {"client_type": "resource_server"},
    ]
    for kind in kinds:
        yield Call(USER, "create_client", (UNICODE, UUID(A)), kind)
        yield Call(APP, "create_child_client", (UNICODE,), kind)
    for call in (
        Call(USER, "create_client", (UNICODE, A), kinds[0]),
        Call(APP, "create_child_client", (UNICODE,), kinds[0]),
    ):
        yield from with_each(call, CLIENT_OPTIONS)
        yield replace(call, kwargs={**call.kwargs, **PAGES})
    yield from with_each(Call(USER, "update_client", (A,)), {"name": [UNICODE], **CLIENT_OPTIONS})
    yield Call(USER, "update_client", (A,), PAGES)
    yield Call(USER, "update_client", (A,), dict.fromkeys(PAGES))
    yield Call(USER, "update_client", (A,), {"required_idp": None, "preselect_idp": None})
    yield from (Call(NATIVE, "create_native_app_instance", (one, UNICODE)) for one in (A, UUID(A)))
    for method, more in (
        ("delete_client", ()),
        ("get_client_credentials", ()),
        ("create_client_credential", (UNICODE,)),
        ("delete_client_credential", (UUID(B),)),
    ):
        yield from (Call(USER, method, (one, *more)) for one in (A, UUID(A)))


def token_calls() -> Iterator[Call]:
    for client in (NATIVE, APP, ANYBODY):
        yield Call(client, "oauth2_refresh_token", (TOKEN,))
        yield Call(client, "oauth2_refresh_token", (TOKEN,), {"body_params": MORE_FORM})
        yield Call(client, "oauth2_revoke_token", (TOKEN,))
        yield Call(client, "oauth2_revoke_token", (TOKEN,), {"body_params": MORE_FORM})
        yield Call(client, "oauth2_token", ({"grant_type": "x", "other": UNICODE},))
        yield Call(client, "oauth2_token", ({"grant_type": "x"},), {"body_params": {"grant_type": "y"}})
        yield Call(client, "get_openid_configuration", (), {}, ("discovery",))
    theirs = globus_sdk.Scope("openid")
    for scopes in ("openid profile", ["openid", "a[*b]"], theirs, [theirs, "email"]):
        yield Call(APP, "oauth2_client_credentials_tokens", (scopes,))
    yield Call(APP, "oauth2_get_dependent_tokens", (TOKEN,))
    yield from with_each(
        Call(APP, "oauth2_get_dependent_tokens", (TOKEN,)),
        {"refresh_tokens": [True, False], "scope": ["a b", ["a", "b"], ("a[b]",)]},
    )
    yield from with_each(
        Call(APP, "oauth2_token_introspect", (TOKEN,)),
        {"include": ["identity_set", "identity_set,session_info"], "query_params": [MORE_QUERY]},
    )


def made(module: Any, name: str, url: str) -> Any:
    """Make a client of theirs or of ours."""
    bearer = module.AccessTokenAuthorizer(TOKEN)
    match name:
        case "AuthClient":
            return module.AuthClient(base_url=url, authorizer=bearer)
        case "NativeAppAuthClient":
            return module.NativeAppAuthClient(C, base_url=url)
        case "ConfidentialAppAuthClient":
            return module.ConfidentialAppAuthClient(UUID(C), SECRET, base_url=url)
        case _:
            kind = auth.AuthLoginClient if module is globus_async else module.AuthLoginClient
            return kind(C, base_url=url, authorizer=bearer)


def ours(value: Any) -> Any:
    """Replace their scopes by ours."""
    if isinstance(value, globus_sdk.Scope):
        return globus_async.Scope.parse(str(value))
    return [ours(item) for item in value] if isinstance(value, list) else value


def asked_of_theirs(server: RecordingServer, call: Call) -> list[JournalEntry]:
    with made(globus_sdk, call.client, server.url) as client:
        getattr(client, call.method)(*call.args, **call.kwargs)
    return server.taken()


def asked_of_ours(server: RecordingServer, call: Call) -> list[JournalEntry]:
    async def run() -> None:
        async with made(globus_async, call.client, server.url) as client:
            await getattr(client, call.method)(*map(ours, call.args), **call.kwargs)

    asyncio.run(run())
    return server.taken()


def in_their_spelling(recorded: list[JournalEntry]) -> list[JournalEntry]:
    """Spell our booleans as Python does."""
    spelling = {"true": "True", "false": "False"}
    return [
        replace(each, query=tuple((name, spelling.get(value, value)) for name, value in each.query))
        for each in recorded
    ]


compared: list[str] = []


@pytest.mark.parametrize("call", [*service_calls(), *client_calls(), *token_calls()], ids=str)
def test_methods(server: RecordingServer, call: Call) -> None:
    """Method, path, query, body and credentials are the same."""
    theirs, mine = asked_of_theirs(server, call), asked_of_ours(server, call)
    assert theirs
    if call.accepts:
        assert DIFFERENCES.reasons(*call.accepts)
    if "booleans" in call.accepts:
        mine = in_their_spelling(mine)
    if "discovery" in call.accepts:
        assert mine[0].authorization is None
        theirs = [replace(each, authorization=None) for each in theirs]
    assert mine == theirs
    compared.append(str(call))


def test_scopes_with_dependencies(server: RecordingServer) -> None:
    """`create_scope`, of which we take the last two arguments by name."""
    assert DIFFERENCES.reasons("positional")
    both: list[dict[str, Any]] = [{}, {"required_domains": ["a.org"], "advertised": True}]
    for options in both:
        specs: list[tuple[Any, bool, bool]] = [(A, True, False), (UUID(B), False, True)]
        with globus_sdk.AuthClient(base_url=server.url, authorizer=globus_sdk.AccessTokenAuthorizer(TOKEN)) as client:
            theirs = [globus_sdk.DependentScopeSpec(*spec) for spec in specs]
            client.create_scope(UUID(A), UNICODE, "what it is", "all", dependent_scopes=theirs, **options)
        expected = server.taken()

        async def run(options: dict[str, Any] = options, specs: list[Any] = specs) -> None:
            async with made(globus_async, USER, server.url) as client:
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
        compared.append("AuthClient.create_scope(...)")


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
    with made(globus_sdk, client, url) as sync_client:
        sync_client.oauth2_start_flow(*args, **options)
        theirs = _parameters(sync_client.oauth2_get_authorize_url(**session))
    our_client = made(globus_async, client, url)
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
    compared.append(f"{client}.oauth2_get_authorize_url({session})")


def _parameters(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://auth.example.org/v2/oauth2/authorize"
    return {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}


@pytest.mark.parametrize(("client", "args", "options"), FLOWS, ids=str)
def test_exchanges(server: RecordingServer, client: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """The code goes out with the same fields, and the verifier that PKCE adds."""
    with made(globus_sdk, client, server.url) as sync_client:
        sync_client.oauth2_start_flow(*args, **options)
        sync_client.oauth2_exchange_code_for_tokens("the code")
    theirs = server.taken()

    async def run() -> None:
        async with made(globus_async, client, server.url) as our_client:
            our_client.oauth2_start_flow(*args, **options)
            await our_client.oauth2_exchange_code_for_tokens("the code")

    asyncio.run(run())
    mine = server.taken()
    if client == APP:
        assert DIFFERENCES.reasons("pkce")
        mine = [replace(each, body=[pair for pair in each.body if pair[0] != "code_verifier"]) for each in mine]
    assert mine == theirs
    compared.append(f"{client}.oauth2_exchange_code_for_tokens(...)")


@pytest.mark.parametrize(
    "call",
    [
        Call(USER, "get_identities", (), {"ids": A, "usernames": "ada@example.org"}),
        Call(USER, "get_identities"),
        Call(USER, "get_identity_providers"),
        Call(NATIVE, "oauth2_refresh_token", ("a token with blanks",)),
    ],
    ids=str,
)
def test_what_ours_refuses(server: RecordingServer, call: Call) -> None:
    """What cannot be right is sent by theirs, and refused by ours before anything is sent: difference "usage"."""
    assert DIFFERENCES.reasons("usage")
    assert asked_of_theirs(server, call)
    with pytest.raises(GlobusSDKUsageError):
        asked_of_ours(server, call)
    assert not server.taken()


def test_the_state(server: RecordingServer) -> None:
    """Theirs is ``_default`` for everybody, ours is random: difference "state"."""
    assert DIFFERENCES.reasons("state")
    states = set[str]()
    for module in (globus_sdk, globus_async):
        for _ in range(3):
            client: Any = made(module, NATIVE, server.url)
            client.oauth2_start_flow("openid")
            states.add(parse_qs(urlsplit(client.oauth2_get_authorize_url()).query)["state"][0])
    assert len(states) == 4
    assert "_default" in states


def test_every_method_is_compared() -> None:
    """Each public method of their clients is in some comparison, or needs none."""
    done = {call.partition("(")[0] for call in compared}
    if len(compared) < 100:
        pytest.skip("only some were selected")
    needless = {"get_jwk": "the address of the keys is checked first", "oauth2_start_flow": "sends nothing"}
    for client in (USER, NATIVE, APP, ANYBODY):
        kind: Callable[..., Any] = getattr(globus_sdk, client)
        for name, _ in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("_") or hasattr(globus_sdk.BaseClient, name) or name in needless:
                continue
            if client == ANYBODY and name in {"oauth2_get_authorize_url", "oauth2_exchange_code_for_tokens"}:
                continue  # they want a flow, which only the apps' clients start
            assert f"{client}.{name}" in done or f"{ANYBODY}.{name}" in done, f"{client}.{name}"


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many were compared."""
    methods = {call.partition("(")[0] for call in compared}
    told = (
        f"{len(compared)} calls of {len(methods)} Auth methods send the same as those of"
        f" globus-sdk {globus_sdk.__version__}"
    )
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 -- figures are to be seen
