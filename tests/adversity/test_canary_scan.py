"""Instances of every public class and exception, with secrets inside where they hold any, show none of them."""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import typing
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx

import globus_async
from globus_async import (
    AccessTokenAuthorizer,
    BasicAuthorizer,
    ClientCredentialsAuthorizer,
    GlobusAPIError,
    RefreshTokenAuthorizer,
    Secret,
    authorizers,
    errors,
    fastapi,
    gare,
    otel,
    paging,
    scopes,
    transport,
)
from globus_async._http.headers import Headers
from globus_async._http.redaction import Redaction
from globus_async._http.response import RawResponse
from globus_async.scopes import consents
from globus_async.services.auth import ConfidentialAppAuthClient
from tests.adversity.objects_with_tokens import errors_of_logins, objects_with_tokens
from tests.clients import ID, SERVICES, Service
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.canaries import SECRETS, Canaries, Listener, leaks_of, leaks_of_error
from tests.toolkit.clock import FakeClock

pytestmark = pytest.mark.slow

SENT = Redaction((Secret(SECRETS.access), Secret(SECRETS.refresh), Secret(SECRETS.client_secret)))
CORE = (
    "globus_async",
    "globus_async.authorizers",
    "globus_async.bulk_calls",
    "globus_async.credentials",
    "globus_async.errors",
    "globus_async.fastapi",
    "globus_async.gare",
    "globus_async.globus_app",
    "globus_async.login_flows",
    "globus_async.otel",
    "globus_async.paging",
    "globus_async.redis",
    "globus_async.response",
    "globus_async.scopes",
    "globus_async.scopes.consents",
    "globus_async.sql",
    "globus_async.token_storage",
    "globus_async.transport",
)
WITHOUT_SECRETS = frozenset(
    {
        "AuthorizerCache",
        "BearerToken",
        "Bulk",
        "CallSite",
        "Caller",
        "CancelOnDisconnect",
        "LinkedIdentity",
        "SessionCookie",
    }
)
"""Classes of the core that hold no secret, and are made by others."""

MINIMUM = {"core": 200, "auth": 150, "transfer": 150}
"""The number of instances, at least."""


def exported_classes(*module_names: str) -> Iterator[type]:
    """Yield each class that public modules export and that can be instantiated."""
    seen = set[type]()
    for module_name in module_names:
        module = importlib.import_module(module_name)
        for thing in (getattr(module, each) for each in module.__all__):
            if not inspect.isclass(thing) or typing.is_typeddict(thing) or inspect.isabstract(thing) or thing in seen:
                continue
            if not getattr(thing, "_is_protocol", False) and thing.__module__.startswith("globus_async"):
                seen.add(thing)
                yield thing


def response(body: object, status: int = 200) -> RawResponse:
    """Make a response with a cookie in it."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    fields = [(b"Content-Type", b"application/json"), (b"Set-Cookie", f"session={SECRETS.cookie}".encode())]
    return RawResponse(method="POST", path="/x", status=status, reason="No", headers=Headers(fields), body=content)


BODIES: list[object] = [
    {"error": "invalid_grant", "error_description": f"{SECRETS.refresh} is no good"},
    {"errors": [{"code": "UNAUTHORIZED", "detail": f"not {SECRETS.access}", "id": "e1"}]},
    {"code": "ConsentRequired", "message": f"token {SECRETS.access}", "required_scopes": ["a"]},
    {"code": "X", "authorization_parameters": {"session_message": SECRETS.access}},
    {
        "access_token": SECRETS.access,
        "refresh_token": SECRETS.refresh,
        "id_token": SECRETS.access,
        "client_secret": SECRETS.client_secret,
    },
    f"<html>{SECRETS.access} {SECRETS.client_secret}",
    f'{{"access_token": "{SECRETS.refresh}"',
    [SECRETS.access],
    SECRETS.access,
    None,
]


async def core_objects(secrets: Canaries) -> list[object]:
    """Make instances of the classes that all services share."""
    document: dict[str, Any] = {"DATA": [], "items": []}
    router = respx.Router()
    router.get(host="service.example").respond(json=document, headers={"Set-Cookie": f"session={secrets.cookie}"})
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with globus_async.Transport(http_client=http_client, clock=FakeClock(skipping=True)) as shared:
        auth_client = FakeAuth(shared)
        refreshing = RefreshTokenAuthorizer(secrets.refresh, auth_client)
        await refreshing.get_authorization_header()
        client = globus_async.BaseClient(
            base_url="https://service.example/", authorizer=AccessTokenAuthorizer(secrets.access), transport=shared
        )
        pages: globus_async.Pages[Any] = client.listing("/things", dict, style=paging.offset_total)
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
        stream = client.stream("GET", "/thing")
        async with client.stream("GET", "/thing") as streamed:
            pass
        observed = transport.ObservedCall("BaseClient.get", "GET", None, "https", "service.example", 443)
        return [
            client,
            shared,
            await client.get("/thing"),
            pages,
            await pages,
            pages.prefetch(),
            stream,
            streamed,
            globus_async.StreamBody(lambda: aiter(pages), size=3),
            refreshing,
            AccessTokenAuthorizer(secrets.access),
            BasicAuthorizer(ID, secrets.client_secret),
            ClientCredentialsAuthorizer(auth_client, "openid"),
            globus_async.NullAuthorizer(),
            Secret(secrets.access),
            authorizers.IssuedToken(Secret(secrets.access), 172800.0),
            consent,
            forest,
            *forest.trees,
            parameters,
            errors.Attempt("503", 1.0),
            errors.ErrorKinds(errors.GlobusAPIError),
            errors.ErrorSubdocument({}, None, None),
            gare.ConsentRequiredInfo(["a"]),
            gare.ErrorInfo(parameters, gare.ConsentRequiredInfo(["a"])),
            gare.GARE("x", parameters),
            globus_async.ArrayResponse(response([document]), [document]),
            globus_async.IterableResponse(response(document), document),
            response({"echoed": secrets.access}).redacted(SENT),
            response(document).headers,
            globus_async.MISSING,
            globus_async.SystemClock(),
            globus_async.Outcome(0, "item", None, None),
            globus_async.Progress(1, 0, 2),
            paging.single,
            paging.offset_total,
            scopes.AuthScopes,
            scopes.ComputeScopes,
            scopes.DynamicScopeCollection(ID),
            scopes.FlowsScopes,
            scopes.GCSCollectionScopes(ID),
            scopes.GCSEndpointScopes(ID),
            scopes.Scope.parse("a[b]"),
            scopes.ScopeParser(),
            scopes.SpecificFlowScopes(ID),
            scopes.FlowsScopes,
            scopes.GroupsScopes,
            scopes.SearchScopes,
            scopes.TimersScopes,
            scopes.TransferScopes,
            otel.OpenTelemetryObserver(),
            observed,
            transport.ObservedAttempt(observed, 1, 0.0),
            transport.ObservedRefresh("RefreshTokenAuthorizer", "", 0.0, 1.0, calls=(observed,)),
            transport.Observer(),
            transport.RateLimit(),
            transport.RetryBudget(),
            transport.RetryPolicy(),
            *web_objects(shared, secrets),
            *(await objects_with_tokens(shared, secrets)),
        ]


def web_objects(shared: globus_async.Transport, secrets: Canaries) -> list[object]:
    """Make instances of the classes of web backends."""
    one = UUID(int=1)
    principal = fastapi.Principal(
        id=one,
        username="ada@example.org",
        name=None,
        email=None,
        identities=(),
        scopes=frozenset(),
        client_id=ID,
        expires_at=0.0,
        dependent_tokens_cache_id=None,
        token=Secret(secrets.access),
        document={"active": True},
    )
    backend = fastapi.GlobusBackend(ID, secrets.client_secret)
    app = ConfidentialAppAuthClient(ID, secrets.client_secret, transport=shared)
    return [
        fastapi.DependentTokenAuthorizer(app, principal, "openid"),
        backend,
        fastapi.GlobusLogin(backend, public_url="https://portal.example.org", key=secrets.cookie * 4),
        fastapi.Readiness(backend),
        fastapi.MemorySessionStore(),
        fastapi.SQLiteSessionStore("sessions.db", key=secrets.cookie * 4),
        principal,
        fastapi.Session("k", one, "ada@example.org", None, None, Secret(secrets.cookie), 0.0, ()),
    ]


def make_errors(kind: type[Exception]) -> list[Exception]:
    """Make an exception of a class in every way that it is made in."""
    if issubclass(kind, GlobusAPIError):
        statuses = (200, 401, 403)
        return [kind(response(body, status).redacted(SENT)) for body, status in itertools.product(BODIES, statuses)]
    if issubclass(kind, errors.NetworkError):
        return [kind("no response", stage=stage) for stage in typing.get_args(errors.Stage)]
    match kind.__name__:
        case "BulkError":
            return [kind("some failed", [errors.GlobusError("x")])]
        case "ConsentParseError" | "ConsentTreeConstructionError":
            return [kind("x", {})]
        case "IdTokenError":
            return [kind("aud", "it is for another")]
        case _:
            return [kind("a message")]


async def objects_of(service: Service) -> list[object]:
    """Make instances of a service's clients, and of the classes that its facts can make."""
    async with globus_async.Transport() as shared:
        authorizer = AccessTokenAuthorizer(SECRETS.access)
        constructor = {"client_secret": SECRETS.client_secret}
        clients = [client.make(shared, authorizer=authorizer, constructor=constructor) for client in service.clients]
        return [*clients, *(await service.facts.objects(SECRETS) if service.facts.objects is not None else ())]


@pytest.mark.parametrize("part", ["core", *SERVICES], ids=str)
async def test_no_instance_shows_a_secret(part: str | Service, record_property: Callable[[str, object], None]) -> None:
    """0 canaries in repr, str, format, vars, JSON, pickles, copies, notes and the log at DEBUG."""
    count, leaks, missing = 0, list[str](), list[str]()
    with Listener() as listener:
        if isinstance(part, Service):
            where = f"FACTS.objects in tests/services/{part}/facts.py"
            classes = [kind for kind in exported_classes(part.module.__name__) if is_of_a_service(kind)]
            made, without_secrets = await objects_of(part), part.facts.without_secrets
        else:
            where = "core_objects in tests/adversity/test_canary_scan.py"
            classes = [kind for kind in exported_classes(*CORE) if not is_of_a_service(kind)]
            made, without_secrets = await core_objects(SECRETS), WITHOUT_SECRETS
        for kind in classes:
            things = [thing for thing in made if type(thing) is kind] or [
                thing for thing in made if isinstance(thing, kind)
            ]
            if not things and issubclass(kind, Exception):
                things += errors_of_logins(kind, SECRETS) or make_errors(kind)
            if not things and kind.__name__ not in without_secrets:
                missing.append(f"{kind.__module__}.{kind.__name__}")
            for thing in things:
                leaks += leaks_of_error(thing) if isinstance(thing, BaseException) else leaks_of(thing)
            count += len(things)
    leaks += listener.leaks()
    record_property("objects searched for secrets", count)
    assert not leaks, "\n".join(sorted(set(leaks))[:20])
    assert not missing, f"no instance of {', '.join(missing)}: add it to {where}, or declare it in without_secrets"
    assert count >= MINIMUM.get(str(part), 1)
    assert {kind.__name__ for kind in classes} >= without_secrets


def is_of_a_service(kind: type) -> bool:
    return kind.__module__.startswith("globus_async.services.")


def test_the_scan_finds_leaks() -> None:
    """An object that holds a plain token is found; so is an error, and an API error that was not redacted."""
    assert leaks_of(SimpleNamespace(token=SECRETS.access))
    assert leaks_of_error(ValueError(SECRETS.refresh))
    assert leaks_of_error(GlobusAPIError(response(BODIES[1], 401)))
