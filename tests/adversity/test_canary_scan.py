"""Every public class and exception of the package is made, with secrets inside where it holds any, and shows none."""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

import globus_async
from globus_async import (
    AccessTokenAuthorizer,
    BasicAuthorizer,
    ClientCredentialsAuthorizer,
    GlobusAPIError,
    RefreshTokenAuthorizer,
    Secret,
    errors,
    gare,
    paging,
    scopes,
    transport,
)
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.scopes import consents
from globus_async.services import auth, transfer
from globus_async.services.transfer.waiting import outcomes, task_watch
from tests.services.auth.service import BASE, CLIENT_ID, Asked, Service, say, token_document
from tests.services.auth.tokens import signed
from tests.toolkit.canaries import Listener, canary, leaks_of, leaks_of_error

ACCESS, REFRESH, CLIENT_SECRET, CODE, NEW_SECRET, COOKIE = (
    canary(name) for name in ("access token", "refresh token", "client secret", "code", "new secret", "cookie")
)
VERIFIER = Secret(canary("verifier").replace("+", "-").replace("/", "_") + "~~")
SENT = (Secret(ACCESS), Secret(REFRESH), Secret(CLIENT_SECRET))
MODULES = (
    "globus_async",
    "globus_async.authorizers",
    "globus_async.bulk",
    "globus_async.errors",
    "globus_async.fastapi",
    "globus_async.gare",
    "globus_async.paging",
    "globus_async.response",
    "globus_async.scopes",
    "globus_async.scopes.consents",
    "globus_async.services.auth",
    "globus_async.services.transfer",
    "globus_async.transport",
)


def public_classes() -> Iterator[type]:
    """Give every class that a public module offers and that can be made."""
    seen = set[type]()
    for name in MODULES:
        module = importlib.import_module(name)
        for thing in (getattr(module, each) for each in module.__all__):
            if not inspect.isclass(thing) or typing.is_typeddict(thing) or inspect.isabstract(thing) or thing in seen:
                continue
            if not getattr(thing, "_is_protocol", False) and thing.__module__.startswith("globus_async"):
                seen.add(thing)
                yield thing


CLASSES = list(public_classes())
DOCUMENT = token_document(access_token=ACCESS, refresh_token=REFRESH, id_token=signed())
NO_SECRETS = {
    "AuthorizerCache",
    "BearerToken",
    "Bulk",
    "CancelOnDisconnect",
    "LinkedIdentity",
    "SessionCookie",
    "BatchSubmission",
    "SubmittedTask",
    "TaskEndReason",
    "DirectoryWalk",
}
"""Classes that hold nothing of the kind, and are made by others."""


def answer(body: object, status: int = 200) -> RawResponse:
    """Make an answer, with a cookie in it."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    fields = [(b"Content-Type", b"application/json"), (b"Set-Cookie", f"session={COOKIE}".encode())]
    return RawResponse(method="POST", path="/x", status=status, reason="No", headers=Headers(fields), body=content)


BODIES: list[object] = [
    {"error": "invalid_grant", "error_description": f"{REFRESH} is no good"},
    {"errors": [{"code": "UNAUTHORIZED", "detail": f"not {ACCESS}", "id": "e1"}]},
    {"code": "ConsentRequired", "message": f"token {ACCESS}", "required_scopes": ["a"]},
    {"code": "X", "authorization_parameters": {"session_message": ACCESS}},
    {"access_token": ACCESS, "refresh_token": REFRESH, "id_token": ACCESS, "client_secret": CLIENT_SECRET},
    f"<html>{ACCESS} {CLIENT_SECRET}",
    f'{{"access_token": "{REFRESH}"',
    [ACCESS],
    ACCESS,
    None,
]


@dataclass
class World:
    """Clients of a service, and what they were given."""

    native: auth.NativeAppAuthClient
    app: auth.ConfidentialAppAuthClient
    user: auth.AuthClient
    tc: transfer.TransferClient
    made: dict[str, list[object]]


async def world() -> World:
    """Log in, renew, ask: keep everything that comes of it."""

    def answered(asked: Asked) -> Any:
        if asked.path.endswith("/introspect"):
            return {"active": True, "sub": "x", "scope": "y"}
        if asked.path.endswith("/credentials"):
            return {"credential": {"id": "x", "secret": NEW_SECRET}}
        if asked.path == "/v2/api/clients":
            return {"client": {"id": "x"}, "included": {"client_credential": {"secret": NEW_SECRET}}}
        if "dependent" in asked.form.get("grant_type", ""):
            return [DOCUMENT]
        return DOCUMENT if asked.path == "/v2/oauth2/token" else {"consents": [], "DATA": [], "identities": []}

    service = Service(answered)
    native = service.client(auth.NativeAppAuthClient, CLIENT_ID)
    app = service.client(auth.ConfidentialAppAuthClient, CLIENT_ID, CLIENT_SECRET)
    bearer = AccessTokenAuthorizer(ACCESS)
    user = service.client(auth.AuthClient, CLIENT_ID, bearer)
    tc = transfer.TransferClient(base_url=BASE, transport=service.transport(), authorizer=bearer)
    renewing = RefreshTokenAuthorizer(REFRESH, native, access_token=ACCESS, expires_at=service.clock.wall() + 9)
    credentials = ClientCredentialsAuthorizer(app, "openid")
    for authorizer in (renewing, RefreshTokenAuthorizer(REFRESH, native)):
        await authorizer.get_authorization_header()
    flow = native.oauth2_start_flow(verifier=VERIFIER)
    web = app.oauth2_start_flow("https://portal.example.org/", "openid", verifier=VERIFIER)
    tokens = await flow.exchange_code_for_tokens(CODE)
    things: list[object] = [
        native,
        app,
        user,
        tc,
        native.transport,
        bearer,
        renewing,
        credentials,
        BasicAuthorizer(CLIENT_ID, CLIENT_SECRET),
        globus_async.NullAuthorizer(),
        globus_async.BaseClient(base_url=BASE, authorizer=renewing, transport=native.transport),
        auth.AuthLoginClient(CLIENT_ID, renewing, base_url=BASE, transport=native.transport),
        flow,
        web,
        auth.GlobusOAuthFlowManager(native, verifier=VERIFIER),
        tokens,
        tokens.by_scopes,
        await app.oauth2_token({"grant_type": "x", "refresh_token": REFRESH}),
        await native.oauth2_refresh_token(REFRESH),
        await app.oauth2_client_credentials_tokens("openid"),
        await app.oauth2_get_dependent_tokens(ACCESS),
        await app.oauth2_token_introspect(ACCESS),
        await user.create_client_credential(CLIENT_ID, "x"),
        await native.create_native_app_instance(CLIENT_ID, "x"),
        await user.get_consents(CLIENT_ID),
        await tc.get("/thing"),
        await tc.task_list(),
        tc.task_list(),
        auth.IdentityMap(user, [CLIENT_ID]),
        auth.IDTokenDecoder(native),
        auth.DependentScopeSpec(CLIENT_ID, optional=True, requires_refresh_token=False),
        Secret(ACCESS),
        tc.task_watch(CLIENT_ID),
    ]
    made: dict[str, list[object]] = {}
    for thing in things:
        made.setdefault(type(thing).__name__, []).append(thing)
    return World(native, app, user, tc, made)


def values(world: World) -> dict[str, Callable[[], list[object]]]:
    """Say how to make what is made without a call."""
    client = CLIENT_ID
    consent = consents.Consent.load(
        {
            **dict.fromkeys(("client", "scope", "scope_name", "effective_identity", "status"), "x"),
            **dict.fromkeys(("created", "updated", "last_used"), "2026-01-01T00:00:00+00:00"),
            **dict.fromkeys(("allows_refresh", "auto_approved", "atomically_revocable"), True),
            "id": 1,
            "dependency_path": [1],
        }
    )
    forest = consents.ConsentForest([consent])
    parameters = gare.GlobusAuthorizationParameters(required_scopes=["a"])
    page = answer({"DATA": [], "items": []})
    return {
        "Prefetch": lambda: [world.tc.task_list(num_results=None).prefetch()],
        "Attempt": lambda: [errors.Attempt("503", 1.0)],
        "Consent": lambda: [consent],
        "ConsentForest": lambda: [forest],
        "ConsentRequiredInfo": lambda: [gare.ConsentRequiredInfo(["a"])],
        "ConsentTree": lambda: list(forest.trees),
        "CreateTunnelData": lambda: [transfer.CreateTunnelData(client, client)],
        "DeleteData": lambda: [transfer.DeleteData(client)],
        "DynamicScopeCollection": lambda: [scopes.DynamicScopeCollection(client)],
        "ErrorInfo": lambda: [gare.ErrorInfo(parameters, gare.ConsentRequiredInfo(["a"]))],
        "ErrorSubdocument": lambda: [errors.ErrorSubdocument({}, None, None)],
        "GARE": lambda: [gare.GARE("x", parameters)],
        "GCSCollectionScopes": lambda: [scopes.GCSCollectionScopes(client)],
        "GCSEndpointScopes": lambda: [scopes.GCSEndpointScopes(client)],
        "GlobusAuthorizationParameters": lambda: [parameters],
        "IterableResponse": lambda: [globus_async.IterableResponse(page, {"DATA": []})],
        "ActivationRequirementsResponse": lambda: [
            transfer.ActivationRequirementsResponse(page, typing.cast("Any", {"DATA": [], "expires_in": -1}))
        ],
        "MissingType": lambda: [globus_async.MISSING],
        "Outcome": lambda: [globus_async.bulk.Outcome(0, "item", None, None)],
        "Progress": lambda: [globus_async.bulk.Progress(1, 0, 2)],
        "RateLimit": lambda: [transport.RateLimit()],
        "RetryBudget": lambda: [transport.RetryBudget()],
        "RetryPolicy": lambda: [transport.RetryPolicy()],
        "Scope": lambda: [scopes.Scope.parse("a[b]")],
        "ScopeCollection": lambda: [scopes.TransferScopes],
        "ScopeParser": lambda: [scopes.ScopeParser()],
        "SpecificFlowScopes": lambda: [scopes.SpecificFlowScopes(client)],
        "StaticScopeCollection": lambda: [scopes.AuthScopes, scopes.FlowsScopes],
        "PagingStyle": lambda: [paging.single, paging.offset_total],
        "TaskOutcome": lambda: [
            outcomes.TaskOutcome(next(iter(outcomes.TaskEndReason)), typing.cast("Any", {"task_id": client}))
        ],
        "TaskWatch": lambda: [task_watch.TaskWatch(world.tc._poller, client, 1)],
        "TransferData": lambda: [transfer.TransferData(client, client)],
        **of_backends(),
    }


def of_backends() -> dict[str, Callable[[], list[object]]]:
    """Say how to make what an application in front of Globus holds."""
    from globus_async import fastapi  # noqa: PLC0415 -- its extra is there where it is tested

    one = UUID(int=1)
    principal = fastapi.Principal(
        id=one,
        username="ada@example.org",
        name=None,
        email=None,
        identities=(),
        scopes=frozenset(),
        client_id=CLIENT_ID,
        expires_at=0.0,
        dependent_tokens_cache_id=None,
        token=Secret(ACCESS),
        document={"active": True},
    )
    backend = fastapi.GlobusBackend(CLIENT_ID, CLIENT_SECRET)
    app = auth.ConfidentialAppAuthClient(CLIENT_ID, CLIENT_SECRET, base_url=BASE)
    session = fastapi.Session("k", one, "ada@example.org", None, None, Secret(COOKIE), 0.0, ())
    return {
        "DependentTokenAuthorizer": lambda: [fastapi.DependentTokenAuthorizer(app, principal, "openid")],
        "GlobusBackend": lambda: [backend],
        "GlobusLogin": lambda: [fastapi.GlobusLogin(backend, public_url="https://portal.example.org")],
        "MemorySessionStore": lambda: [fastapi.MemorySessionStore()],
        "Principal": lambda: [principal],
        "Session": lambda: [session],
    }


def made_errors(kind: type[Exception]) -> list[Exception]:
    """Make an exception of a class in every way it comes about."""
    if issubclass(kind, GlobusAPIError):
        statuses = (200, 401, 403)
        return [kind(answer(body, status).redacted(*SENT)) for body, status in itertools.product(BODIES, statuses)]
    if issubclass(kind, errors.NetworkError):
        stages: tuple[errors.Stage, ...] = ("not sent", "no answer", "answer cut")
        return [kind("no answer", stage=stage) for stage in stages]
    match kind.__name__:
        case "BulkError":
            return [kind("some failed", [errors.GlobusError("x")])]
        case "ConsentParseError" | "ConsentTreeConstructionError":
            return [kind("x", {})]
        case "IdTokenError":
            return [kind("aud", "it is for another")]
        case "TaskInactive":
            return [kind({"task_id": CLIENT_ID})]
        case _:
            return [kind("what happened")]


async def test_every_public_class_is_made_and_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """0 canaries in repr, str, format, vars, JSON, pickles, copies, notes and the log at DEBUG."""
    objects, leaks, missing = 0, list[str](), list[str]()
    with Listener() as listener:
        house = await world()
        ways = values(house)
        for kind in CLASSES:
            if issubclass(kind, Exception):
                things: list[Any] = [*made_errors(kind)]
            else:
                things = [*house.made.get(kind.__name__, ()), *ways.get(kind.__name__, list)()]
                if not things and kind.__name__ not in NO_SECRETS:
                    missing.append(f"{kind.__module__}.{kind.__name__}")
            for thing in things:
                leaks += leaks_of_error(thing) if isinstance(thing, Exception) else leaks_of(thing)
            objects += len(things)
        await house.app.transport.aclose()
    leaks += listener.leaks()
    told = f"{objects} objects of {len(CLASSES)} public classes, {len(listener.records)} log records"
    say(capsys, f"{told}: {len(leaks)} leaks")
    assert not leaks, "\n".join(sorted(set(leaks))[:20])
    assert not missing, "classes that nobody makes here: " + ", ".join(missing)
    assert objects >= 400
    assert {kind.__name__ for kind in CLASSES} >= NO_SECRETS


def test_the_scan_would_find_one() -> None:
    """An object with a plain token in it is found; so is an error, and one that forgets to hide what it was sent."""
    assert leaks_of(SimpleNamespace(token=ACCESS))
    assert leaks_of_error(ValueError(REFRESH))
    assert leaks_of_error(GlobusAPIError(answer(BODIES[1], 401)))
