"""The comparison of Auth with globus-sdk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import globus_sdk

from tests.clients import Service
from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest
from tests.parity.wire import TOKEN
from tests.services.auth.differences import DIFFERENCES

__all__ = ("ANYBODY", "APP", "CALLBACK", "IDS", "NATIVE", "PARITY", "UNICODE", "USER", "A", "B")

A, B, C = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2, 3))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"
CALLBACK = "https://portal.example.org/callback?a=b"
TOKEN_RESPONSE: dict[str, Any] = {
    "access_token": "AgX",
    "token_type": "Bearer",
    "resource_server": "auth.globus.org",
    "scope": "openid",
    "expires_in": 3600,
    "other_tokens": [],
}
LISTS = ("identities", "identity_providers", "projects", "policies", "clients", "credentials", "scopes", "consents")


def _respond(request: RecordedRequest) -> object:
    """Respond with a document that has the members that any method of Auth reads."""
    form = dict(request.body) if request.path.startswith("/v2/oauth2") and request.body else {}
    if "dependent_token" in form.get("grant_type", ""):
        return [TOKEN_RESPONSE]
    document = {**TOKEN_RESPONSE, "active": True, "jwks_uri": "", "keys": []}
    return document | {name: [] for name in LISTS}


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


def service_calls() -> Iterator[WireCall]:
    yield WireCall(USER, "userinfo")
    yield from (WireCall(USER, "get_identities", (), {"usernames": names}) for names in NAMES)
    yield WireCall(USER, "get_identities", (), {"usernames": NAMES[0], "provision": True})
    yield from (WireCall(USER, "get_identities", (), {"ids": ids}) for ids in IDS)
    yield WireCall(USER, "get_identities", (), {"ids": A, "query_params": MORE_QUERY})
    yield WireCall(USER, "get_identities", (), {"query_params": {"ids": A}})
    yield from (WireCall(USER, "get_identity_providers", (), {"ids": ids}) for ids in IDS)
    yield from (
        WireCall(USER, "get_identity_providers", (), {"domains": domains}) for domains in ("a.org", ["a.org", "b.org"])
    )
    yield WireCall(USER, "get_identity_providers", (), {"ids": A, "query_params": MORE_QUERY})
    yield WireCall(USER, "get_identity_providers", (), {"query_params": MORE_QUERY})
    yield WireCall(USER, "get_identities", (), {"query_params": MORE_QUERY})
    yield from (
        WireCall(USER, "get_consents", (one,), {"all": every}, ("booleans",))
        for one in (A, UUID(A))
        for every in (True, False)
    )

    yield WireCall(USER, "get_projects")
    for method in ("get_project", "delete_project"):
        yield from (WireCall(USER, method, (one,)) for one in (A, UUID(A)))
    admins = {"admin_ids": IDS, "admin_group_ids": IDS}
    yield from WireCall(USER, "create_project", (UNICODE, "ada@example.org")).with_each(admins)
    yield from WireCall(USER, "update_project", (A,)).with_each(
        {"display_name": [UNICODE], "contact_email": ["ada@example.org"], **admins}
    )

    yield WireCall(USER, "get_policies")
    for method in ("get_policy", "delete_policy"):
        yield from (WireCall(USER, method, (one,)) for one in (A, UUID(A)))
    yield from WireCall(USER, "create_policy", (), POLICY).with_each(
        {"high_assurance": [True, False], **POLICY_OPTIONS}
    )
    yield from WireCall(USER, "update_policy", (A,)).with_each(
        {"project_id": [A, UUID(B)], "display_name": [UNICODE], "description": [""], **POLICY_OPTIONS},
    )

    yield WireCall(USER, "get_scopes")
    yield from (WireCall(USER, "get_scopes", (), {"ids": ids}) for ids in IDS)
    yield from (WireCall(USER, "get_scopes", (), {"scope_strings": names}) for names in ("openid", ["openid", UNICODE]))
    for method in ("get_scope", "delete_scope"):
        yield from (WireCall(USER, method, (one,)) for one in (A, UUID(A)))
    yield from WireCall(USER, "update_scope", (UUID(A),)).with_each(
        {"name": [UNICODE], "description": ["x"], "scope_suffix": ["all"], **SCOPE_OPTIONS},
    )


def client_calls() -> Iterator[WireCall]:
    yield WireCall(USER, "get_clients")
    yield from (WireCall(USER, "get_client", (), {"client_id": one}) for one in (A, UUID(A)))
    yield WireCall(USER, "get_client", (), {"fqdn": "a.example.org"})
    kinds: list[dict[str, Any]] = [
        {"public_client": True},
        {"public_client": False},
        {"client_type": "resource_server"},
    ]
    for kind in kinds:
        yield WireCall(USER, "create_client", (UNICODE, UUID(A)), kind)
        yield WireCall(APP, "create_child_client", (UNICODE,), kind)
    for call in (
        WireCall(USER, "create_client", (UNICODE, A), kinds[0]),
        WireCall(APP, "create_child_client", (UNICODE,), kinds[0]),
    ):
        yield from call.with_each(CLIENT_OPTIONS)
        yield replace(call, kwargs={**call.kwargs, **PAGES})
    yield from WireCall(USER, "update_client", (A,)).with_each({"name": [UNICODE], **CLIENT_OPTIONS})
    yield WireCall(USER, "update_client", (A,), PAGES)
    yield WireCall(USER, "update_client", (A,), dict.fromkeys(PAGES))
    yield WireCall(USER, "update_client", (A,), {"required_idp": None, "preselect_idp": None})
    yield from (WireCall(NATIVE, "create_native_app_instance", (one, UNICODE)) for one in (A, UUID(A)))
    for method, more in (
        ("delete_client", ()),
        ("get_client_credentials", ()),
        ("create_client_credential", (UNICODE,)),
        ("delete_client_credential", (UUID(B),)),
    ):
        yield from (WireCall(USER, method, (one, *more)) for one in (A, UUID(A)))


def token_calls() -> Iterator[WireCall]:
    for client in (NATIVE, APP, ANYBODY):
        yield WireCall(client, "oauth2_refresh_token", (TOKEN,))
        yield WireCall(client, "oauth2_refresh_token", (TOKEN,), {"body_params": MORE_FORM})
        yield WireCall(client, "oauth2_revoke_token", (TOKEN,))
        yield WireCall(client, "oauth2_revoke_token", (TOKEN,), {"body_params": MORE_FORM})
        yield WireCall(client, "oauth2_token", ({"grant_type": "x", "other": UNICODE},))
        yield WireCall(client, "oauth2_token", ({"grant_type": "x"},), {"body_params": {"grant_type": "y"}})
        yield WireCall(client, "get_openid_configuration", (), {}, ("discovery",))
    theirs = globus_sdk.Scope("openid")
    for scopes in ("openid profile", ["openid", "a[*b]"], theirs, [theirs, "email"]):
        yield WireCall(APP, "oauth2_client_credentials_tokens", (scopes,))
    yield WireCall(APP, "oauth2_get_dependent_tokens", (TOKEN,))
    yield from WireCall(APP, "oauth2_get_dependent_tokens", (TOKEN,)).with_each(
        {"refresh_tokens": [True, False], "scope": ["a b", ["a", "b"], ("a[b]",)]},
    )
    yield from WireCall(APP, "oauth2_token_introspect", (TOKEN,)).with_each(
        {"include": ["identity_set", "identity_set,session_info"], "query_params": [MORE_QUERY]},
    )


def _calls(_: Service) -> Iterator[WireCall]:
    yield from service_calls()
    yield from client_calls()
    yield from token_calls()


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the accepted differences out of the requests."""
    if "booleans" in call.accepts:
        ours = in_their_spelling(ours)
    if "discovery" in call.accepts:
        assert ours[0].authorization is None
        theirs = [replace(each, authorization=None) for each in theirs]
    return ours, theirs


def in_their_spelling(recorded: list[RecordedRequest]) -> list[RecordedRequest]:
    """Spell our booleans as Python does."""
    spelling = {"true": "True", "false": "False"}
    return [
        replace(each, query=tuple((name, spelling.get(value, value)) for name, value in each.query))
        for each in recorded
    ]


CLIENTS = (USER, ANYBODY, NATIVE, APP)
REMOVED = {
    **{
        (f"{owner}.{name}", "additional_params"): "additional_params"
        for owner, name in (
            ("AuthClient", "oauth2_get_authorize_url"),
            ("AuthClient", "oauth2_refresh_token"),
            ("AuthClient", "oauth2_revoke_token"),
            ("AuthClient", "oauth2_validate_token"),
            ("ConfidentialAppAuthClient", "oauth2_get_dependent_tokens"),
            ("GlobusAuthorizationCodeFlowManager", "get_authorize_url"),
            ("GlobusNativeAppFlowManager", "get_authorize_url"),
        )
    },
    ("OAuthTokenResponse.decode_id_token", "jwt_params"): "decoder",
    ("OAuthDependentTokenResponse", "decode_id_token"): "dependent_id_token",
    ("IDTokenDecoder.__init__", "jwt_leeway"): "decoder",
    ("IDTokenDecoder.__init__", "jwt_options"): "decoder",
    **{
        ("IDTokenDecoder", name): "decoder"
        for name in (
            "get_jwk",
            "get_jwt_audience",
            "get_openid_configuration",
            "store_jwk",
            "store_openid_configuration",
        )
    },
}


WIRE_TESTS = "tests/parity/test_auth_wire.py"

PARITY = ParityFacts(
    differences=DIFFERENCES,
    removed=REMOVED,
    by_name={
        "AuthLoginClient.__init__": 1,
    },
    seed_names={
        **{
            (f"AuthClient.{method}", "additional_params"): "body_params"
            for method in ("oauth2_refresh_token", "oauth2_revoke_token", "oauth2_validate_token")
        },
        **{
            (f"{owner}.get_authorize_url", "additional_params"): "query_params"
            for owner in ("GlobusAuthorizationCodeFlowManager", "GlobusNativeAppFlowManager")
        },
        ("AuthClient.oauth2_get_authorize_url", "additional_params"): "query_params",
    },
    constructor={"client_id": UUID(C), "client_secret": "s3cret/+of=client"},
    calls=_calls,
    not_compared={
        **{f"{client}.get_jwk": "the address of the keys is checked first" for client in CLIENTS},
        **{f"{client}.oauth2_start_flow": "sends no request" for client in CLIENTS},
        **{
            f"{ANYBODY}.{method}": "needs a flow, which only the clients of applications start"
            for method in ("oauth2_get_authorize_url", "oauth2_exchange_code_for_tokens")
        },
    },
    compared_by={
        f"{USER}.create_scope": f"{WIRE_TESTS}::test_scopes_with_dependencies",
        **{f"{client}.oauth2_get_authorize_url": f"{WIRE_TESTS}::test_addresses" for client in (NATIVE, APP)},
        **{f"{client}.oauth2_exchange_code_for_tokens": f"{WIRE_TESTS}::test_exchanges" for client in (NATIVE, APP)},
    },
    respond=_respond,
    reconcile=_reconcile,
)
