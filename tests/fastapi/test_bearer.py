"""Authentication of requests by bearer tokens, and the responses to missing and invalid ones."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request, Security, WebSocket
from fastapi.security import SecurityScopes

from globus_async import GlobusSDKUsageError, Secret
from globus_async.emulator import faults
from globus_async.fastapi import BearerToken, GlobusBackend, Principal, challenge, error_response
from globus_async.fastapi.introspection import IntrospectionCache
from globus_async.scopes import TransferScopes
from globus_async.services.auth import IntrospectionResponse
from globus_async.testing.faults import latency
from tests.fastapi.conftest import Deployment, Make

pytestmark = pytest.mark.slow

INTROSPECT = "/v2/oauth2/token/introspect"


async def test_the_principal_of_a_valid_token(deployment: Deployment) -> None:
    """It has the identity, the linked identities and the scopes."""
    deployment.emulator.auth.link(deployment.people["ada"], deployment.people["bob"])
    browser = await deployment.browser()
    response = await browser.get("/me", headers=deployment.bearer())
    assert response.status_code == 200
    user = response.json()
    assert user["id"] == deployment.people["ada"].id
    assert user["username"] == "ada@example.org"
    assert user["linked"] == sorted(person.id for person in deployment.people.values())
    assert user["scopes"] == [deployment.scope]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_case_insensitive(deployment: Deployment, scheme: str) -> None:
    """RFC 9110."""
    browser = await deployment.browser()
    assert (await browser.get("/me", headers={"Authorization": f"{scheme} {deployment.token()}"})).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "token abc"])
async def test_without_a_token(deployment: Deployment, header: str | None) -> None:
    """401 with a challenge that has no error (RFC 6750 3.1)."""
    browser = await deployment.browser()
    response = await browser.get("/me", headers={} if header is None else {"Authorization": header})
    assert response.status_code == 401
    expected = challenge() if header != "Bearer" else response.headers["www-authenticate"]
    assert response.headers["www-authenticate"] == expected
    assert response.headers["www-authenticate"].startswith('Bearer realm="globus"')
    assert deployment.emulator.auth.introspections == 0


@pytest.mark.parametrize("token", ["two words", "caf\xe9", "a" * 5000, "a,b", '"quoted"', "=", "a=b"])
async def test_malformed_tokens_are_not_introspected(deployment: Deployment, token: str) -> None:
    """401 invalid_token, without a request to Globus Auth; the response does not contain the token."""
    browser = await deployment.browser()
    response = await browser.get("/me", headers={b"Authorization": f"Bearer {token}".encode("latin-1")})
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert token not in response.text + str(response.headers) or token in {"=", "a=b"}
    assert deployment.emulator.auth.introspections == 0


async def test_two_authorization_headers(deployment: Deployment) -> None:
    """400 invalid_request: it is ambiguous which token counts."""
    browser = await deployment.browser()
    header = ("Authorization", f"Bearer {deployment.token()}")
    response = await browser.get("/me", headers=[header, header])
    assert response.status_code == 400
    assert 'error="invalid_request"' in response.headers["www-authenticate"]


async def test_unknown_revoked_and_expired_tokens(deployment: Deployment) -> None:
    """401 invalid_token for each; the response does not contain the token."""
    revoked, expired = deployment.token(), deployment.token(lifetime=10)
    deployment.emulator.auth.revoke(revoked)
    await deployment.clock.advance(11)
    browser = await deployment.browser()
    for token in ("AgUnknownToken", revoked, expired):
        response = await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert token not in response.text + str(response.headers)


async def test_a_missing_scope(deployment: Deployment) -> None:
    """403 insufficient_scope with the required scopes."""
    browser = await deployment.browser()
    response = await browser.get("/admin", headers=deployment.bearer())
    assert response.status_code == 403
    header = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in header
    assert f'scope="{deployment.scope} {deployment.scope}-admin"' in header


async def test_a_token_for_another_service(deployment: Deployment) -> None:
    """A user's token for Transfer is refused, even if it was issued to this application."""
    browser = await deployment.browser()
    for client in (None, deployment.client):
        token = deployment.token(scopes=(str(TransferScopes.all),), client=client)
        for path in ("/me", "/anyone", "/admin"):
            response = await browser.get(path, headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == 401, path
            assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_a_token_for_another_service_is_explained_in_the_log(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """With its audience and scopes, and what is required; without the token."""
    browser, token = (
        await deployment.browser(),
        deployment.token(scopes=(str(TransferScopes.all),), client=deployment.client),
    )
    await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "'transfer.api.globus.org'" in message
    assert repr([str(TransferScopes.all)]) in message
    assert repr(deployment.client.id) in message
    assert repr([deployment.scope]) in message
    assert token not in message


async def test_a_token_of_another_resource_server_with_the_same_scope(deployment: Deployment) -> None:
    """It is refused."""
    other = deployment.emulator.add_client("Other", secret="another-secret")
    scope = deployment.emulator.auth.add_scope(other, "all").scope_string
    browser = await deployment.browser()
    response = await browser.get("/anyone", headers=deployment.bearer(scopes=(scope,)))
    assert response.status_code == 401


async def test_a_route_without_scopes(deployment: Deployment) -> None:
    """It accepts every token that is for this application."""
    browser = await deployment.browser()
    assert (await browser.get("/anyone", headers=deployment.bearer())).json() == "ada@example.org"


async def test_a_revoked_token_is_refused_after_max_age(make_deployment: Make) -> None:
    """A cached introspection is used for max_age seconds, not longer."""
    deployment = await make_deployment(max_age=30)
    browser, token = await deployment.browser(), deployment.token()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/me", headers=headers)).status_code == 200
    deployment.emulator.auth.revoke(token)
    await deployment.clock.advance(29)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    assert deployment.emulator.auth.introspections == 1
    await deployment.clock.advance(2)
    assert (await browser.get("/me", headers=headers)).status_code == 401
    assert deployment.emulator.auth.introspections == 2


async def test_the_cache_ends_with_the_token(make_deployment: Make) -> None:
    """A long max_age does not extend a token."""
    deployment = await make_deployment(max_age=3600)
    browser, headers = await deployment.browser(), deployment.bearer(lifetime=20)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    await deployment.clock.advance(21)
    assert (await browser.get("/me", headers=headers)).status_code == 401


async def test_inactive_tokens_are_cached_briefly(deployment: Deployment) -> None:
    """A client that repeats a bad token causes one introspection in five seconds."""
    browser, headers = await deployment.browser(), {"Authorization": "Bearer AgNobody"}
    for _ in range(10):
        assert (await browser.get("/me", headers=headers)).status_code == 401
    assert deployment.emulator.auth.introspections == 1
    await deployment.clock.advance(6)
    await browser.get("/me", headers=headers)
    assert deployment.emulator.auth.introspections == 2


async def test_a_failed_introspection(deployment: Deployment) -> None:
    """503 while Globus Auth is down, with an error for each caller; it is not cached."""
    deployment.emulator.faults.add("POST", INTROSPECT, faults.status(503), times=100)
    browser, headers = await deployment.browser(), deployment.bearer()
    requests = asyncio.gather(*(browser.get("/me", headers=headers) for _ in range(20)))
    responses = await deployment.run_with_clock(requests)
    assert {response.status_code for response in responses} == {503}
    deployment.emulator.faults.clear()
    assert (await browser.get("/me", headers=headers)).status_code == 200


def _each(status: int, name: str, *values: Any) -> list[tuple[dict[str, Any], int]]:
    return [({name: value}, status) for value in values]


ODD: list[tuple[dict[str, Any], int]] = [
    *_each(503, "exp", "nan", "inf", "-inf", 10**400, None, [1], {}, "soon"),
    *_each(401, "exp", -5, True, 1e-9),
    *_each(503, "nbf", "soon", [1], {"a": 1}, 10**400),
    *_each(401, "nbf", "nan", "inf", 1e12),
    *_each(200, "nbf", None, 0, -5, "-inf"),
    *_each(503, "sub", None, 1, "ada"),
    *_each(401, "aud", None, 5, True, {"a": 1}, [["a"]], [None], "x", []),
    *_each(503, "identity_set", 5, ["ada"], "ada", [None]),
    *_each(503, "identity_set_detail", 5, [1], [{}], "ada"),
    *_each(401, "scope", None, 5, ["all"]),
    ({"username": 5, "name": [], "email": {}, "client_id": 7, "dependent_tokens_cache_id": []}, 200),
]


async def test_malformed_introspections_admit_nobody(deployment: Deployment) -> None:
    """Unusual members mean no principal or an unusable response; never endless or unchecked access."""
    token = deployment.token()
    good = await deployment.globus.auth_client.oauth2_token_introspect(token)
    request = Request({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})

    async def answered(change: dict[str, Any]) -> int:
        async def odd(_: Secret) -> IntrospectionResponse:
            return IntrospectionResponse(good.raw, {**good.data, **change})

        try:
            cache = IntrospectionCache(odd, deployment.clock, max_age=60)
            await BearerToken(Doorkeeper(deployment, cache))(request, SecurityScopes())
        except HTTPException as refused:
            return refused.status_code
        return 200

    assert [await answered(change) for change, _ in ODD] == [status for _, status in ODD]


class Doorkeeper:
    """A backend for `BearerToken` with its own cache of introspections."""

    def __init__(self, deployment: Deployment, introspections: IntrospectionCache) -> None:
        self.client_id = deployment.globus.client_id
        self.scopes = deployment.globus.scopes
        self.auth_url = deployment.globus.auth_url
        self.introspect = introspections.principal_of


async def test_1000_requests_with_one_token_make_one_introspection(deployment: Deployment) -> None:
    """Concurrent requests share it."""
    browser, headers = await deployment.browser(), deployment.bearer()
    responses = await asyncio.gather(*(browser.get("/me", headers=headers) for _ in range(1000)))
    assert {response.status_code for response in responses} == {200}
    assert deployment.emulator.auth.introspections == 1


async def test_200_tokens_make_200_introspections(deployment: Deployment) -> None:
    """One for each, with five concurrent requests; every response is about its own token."""
    browser = await deployment.browser()
    tokens = [(who, deployment.token(who)) for who in ("ada", "bob") for _ in range(100)]

    async def ask(who: str, token: str) -> None:
        response = await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert response.json()["username"] == f"{who}@example.org"

    await asyncio.gather(*(ask(*each) for each in tokens * 5))
    assert deployment.emulator.auth.introspections == 200


async def test_cancelling_one_request_does_not_affect_others(deployment: Deployment) -> None:
    """The introspection ends when all its requests are cancelled."""
    headers = deployment.bearer()
    arrived = deployment.arrival("POST", INTROSPECT)
    deployment.emulator.faults.add("POST", INTROSPECT, latency(3, clock=deployment.clock))
    browser = await deployment.browser()
    callers = [asyncio.create_task(browser.get("/me", headers=headers)) for _ in range(10)]
    await arrived.wait()
    for caller in callers[:9]:
        caller.cancel()
    await asyncio.sleep(0)
    await deployment.clock.advance(4)
    assert (await callers[9]).status_code == 200
    assert deployment.emulator.auth.introspections == 1
    await asyncio.gather(*callers, return_exceptions=True)


def test_the_openapi_document_contains_the_scheme(openapi_document: dict[str, Any]) -> None:
    """OAuth 2 with the URLs of Globus Auth, and the required scopes of each route."""
    schemes = openapi_document["components"]["securitySchemes"]
    flow = schemes["Globus"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == "https://auth.globus.org/v2/oauth2/authorize"
    assert flow["tokenUrl"] == "https://auth.globus.org/v2/oauth2/token"
    (scope,) = flow["scopes"]
    paths = openapi_document["paths"]
    assert paths["/me"]["get"]["security"] == [{"Globus": [scope]}]
    assert paths["/files/{collection_id}"]["get"]["security"] == [{"Globus": [scope]}]
    assert paths["/session"]["get"]["security"] == [{"Session": []}]
    assert schemes["Session"]["in"] == "cookie"
    assert "/login" not in paths


@pytest.fixture
async def openapi_document(deployment: Deployment) -> dict[str, Any]:
    return deployment.app.openapi()


def test_a_challenge_cannot_be_injected() -> None:
    """Quotes, backslashes and line breaks are removed."""
    header = challenge(error="invalid_token", description='a"b\\c\r\nX-Evil: 1\xe9')
    assert header == 'Bearer realm="globus", error="invalid_token", error_description="abcX-Evil: 1"'


async def test_a_backend_that_is_not_running() -> None:
    """A missing lifespan raises an error with the remedy, and is not the fault of the request."""
    backend = GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")
    with pytest.raises(GlobusSDKUsageError, match="lifespan") as caught:
        _ = backend.transport
    assert error_response(caught.value).status_code == 503
    assert "secret" not in repr(backend).replace("client_secret", "")


async def test_a_backend_can_be_restarted_but_not_started_twice(deployment: Deployment) -> None:
    """A second start while it runs is refused."""
    with pytest.raises(GlobusSDKUsageError, match="running"):
        async with deployment.globus.lifespan():
            pass


async def test_an_application_can_be_started_many_times() -> None:
    """Each start has its own transport."""
    backend = GlobusBackend("11111111-1111-4111-8111-111111111111", "secret")
    app = FastAPI(lifespan=backend.lifespan)
    seen = []
    for _ in range(3):
        async with app.router.lifespan_context(app):
            seen.append(backend.transport)
            assert not backend.transport.closed
    assert len(set(map(id, seen))) == 3
    assert all(transport.closed for transport in seen)


async def test_other_methods_of_a_protected_route(deployment: Deployment) -> None:
    """HEAD without a token is a 405."""
    browser = await deployment.browser()
    assert (await browser.head("/me")).status_code == 405


async def test_the_principal_of_a_websocket(deployment: Deployment) -> None:
    """Programs send their tokens in the handshake; a wrong one is refused with the challenge, before it is accepted."""
    needs = Security(deployment.globus.principal, scopes=[deployment.scope])

    @deployment.app.websocket("/live")
    async def live(websocket: WebSocket, user: Principal = needs) -> None:
        await websocket.accept()
        await websocket.send_text(user.username)
        await websocket.close()

    async def handshake(headers: dict[str, str]) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "websocket",
            "path": "/live",
            "query_string": b"",
            "subprotocols": [],
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "extensions": {"websocket.http.response": {}},
        }
        await deployment.app(scope, receive, send)
        return sent

    assert [each.get("text") for each in await handshake(deployment.bearer())] == [None, "ada@example.org", None]
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        start = (await handshake(headers))[0]
        assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
        assert b"www-authenticate" in dict(start["headers"])
