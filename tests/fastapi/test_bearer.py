"""Who a request is from, by its token; and what is answered to those who bring none, or the wrong one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.security import SecurityScopes

from globus_async import GlobusError, GlobusSDKUsageError, Secret
from globus_async.emulator import faults
from globus_async.fastapi import BearerToken, GlobusBackend, challenge, error_response
from globus_async.fastapi.introspection import IntrospectionCache
from globus_async.scopes import TransferScopes
from globus_async.services.auth import IntrospectionResponse
from globus_async.testing.faults import latency
from tests.fastapi.conftest import House, Make

INTROSPECT = "/v2/oauth2/token/introspect"


async def test_the_principal_of_a_valid_token(house: House) -> None:
    """It has the identity, the linked identities and the scopes."""
    house.emulator.auth.link(house.people["ada"], house.people["bob"])
    browser = await house.browser()
    answer = await browser.get("/me", headers=house.bearer())
    assert answer.status_code == 200
    told = answer.json()
    assert told["id"] == house.people["ada"].id
    assert told["username"] == "ada@example.org"
    assert told["linked"] == sorted(person.id for person in house.people.values())
    assert told["scopes"] == [house.scope]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_case_insensitive(house: House, scheme: str) -> None:
    """RFC 9110."""
    browser = await house.browser()
    assert (await browser.get("/me", headers={"Authorization": f"{scheme} {house.token()}"})).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "token abc"])
async def test_without_a_token(house: House, header: str | None) -> None:
    """401 with a challenge that has no error (RFC 6750 3.1)."""
    browser = await house.browser()
    answer = await browser.get("/me", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    expected = challenge() if header != "Bearer" else answer.headers["www-authenticate"]
    assert answer.headers["www-authenticate"] == expected
    assert answer.headers["www-authenticate"].startswith('Bearer realm="globus"')
    assert house.emulator.auth.introspections == 0


@pytest.mark.parametrize("token", ["two words", "caf\xe9", "a" * 5000, "a,b", '"quoted"', "=", "a=b"])
async def test_malformed_tokens_are_not_introspected(house: House, token: str) -> None:
    """401 invalid_token, without a request to Globus Auth; the response does not contain the token."""
    browser = await house.browser()
    answer = await browser.get("/me", headers={b"Authorization": f"Bearer {token}".encode("latin-1")})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.text + str(answer.headers) or token in {"=", "a=b"}
    assert house.emulator.auth.introspections == 0


async def test_two_authorization_headers(house: House) -> None:
    """400 invalid_request: it is ambiguous which token counts."""
    browser = await house.browser()
    header = ("Authorization", f"Bearer {house.token()}")
    answer = await browser.get("/me", headers=[header, header])
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["www-authenticate"]


async def test_unknown_revoked_and_expired_tokens(house: House) -> None:
    """401 invalid_token for each; the response does not contain the token."""
    revoked, expired = house.token(), house.token(lifetime=10)
    house.emulator.auth.revoke(revoked)
    await house.clock.advance(11)
    browser = await house.browser()
    for token in ("AgUnknownToken", revoked, expired):
        answer = await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert token not in answer.text + str(answer.headers)


async def test_a_missing_scope(house: House) -> None:
    """403 insufficient_scope with the required scopes."""
    browser = await house.browser()
    answer = await browser.get("/admin", headers=house.bearer())
    assert answer.status_code == 403
    header = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in header
    assert f'scope="{house.scope} {house.scope}-admin"' in header


async def test_a_token_for_another_service(house: House) -> None:
    """A user's token for Transfer is refused, even if it was issued to this application."""
    browser = await house.browser()
    for client in (None, house.client):
        token = house.token(scopes=(str(TransferScopes.all),), client=client)
        for path in ("/me", "/anyone", "/admin"):
            answer = await browser.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, path
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_token_of_another_resource_server_with_the_same_scope(house: House) -> None:
    """It is refused."""
    other = house.emulator.add_client("Other", secret="another-secret")
    scope = house.emulator.auth.add_scope(other, "all").scope_string
    browser = await house.browser()
    answer = await browser.get("/anyone", headers=house.bearer(scopes=(scope,)))
    assert answer.status_code == 401


async def test_a_route_without_scopes(house: House) -> None:
    """It accepts every token that is for this application."""
    browser = await house.browser()
    assert (await browser.get("/anyone", headers=house.bearer())).json() == "ada@example.org"


async def test_a_revoked_token_is_refused_after_max_age(make_house: Make) -> None:
    """A cached introspection is used for max_age seconds, not longer."""
    house = await make_house(max_age=30)
    browser, token = await house.browser(), house.token()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/me", headers=headers)).status_code == 200
    house.emulator.auth.revoke(token)
    await house.clock.advance(29)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    assert house.emulator.auth.introspections == 1
    await house.clock.advance(2)
    assert (await browser.get("/me", headers=headers)).status_code == 401
    assert house.emulator.auth.introspections == 2


async def test_the_cache_ends_with_the_token(make_house: Make) -> None:
    """A long max_age does not extend a token."""
    house = await make_house(max_age=3600)
    browser, headers = await house.browser(), house.bearer(lifetime=20)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    await house.clock.advance(21)
    assert (await browser.get("/me", headers=headers)).status_code == 401


async def test_inactive_tokens_are_cached_briefly(house: House) -> None:
    """A client that repeats a bad token causes one introspection in five seconds."""
    browser, headers = await house.browser(), {"Authorization": "Bearer AgNobody"}
    for _ in range(10):
        assert (await browser.get("/me", headers=headers)).status_code == 401
    assert house.emulator.auth.introspections == 1
    await house.clock.advance(6)
    await browser.get("/me", headers=headers)
    assert house.emulator.auth.introspections == 2


async def test_a_failed_introspection(house: House) -> None:
    """503 while Globus Auth is down, with an error for each caller; it is not cached."""
    house.emulator.faults.add("POST", INTROSPECT, faults.status(503), times=100)
    browser, headers = await house.browser(), house.bearer()
    asked = asyncio.gather(*(browser.get("/me", headers=headers) for _ in range(20)))
    answers = await house.while_time_passes(asked)
    assert {answer.status_code for answer in answers} == {503}
    house.emulator.faults.clear()
    assert (await browser.get("/me", headers=headers)).status_code == 200


def _each(status: int, name: str, *values: Any) -> list[tuple[dict[str, Any], int]]:
    return [({name: value}, status) for value in values]


ODD: list[tuple[dict[str, Any], int]] = [
    *_each(502, "exp", "nan", "inf", "-inf", 10**400, None, [1], {}, "soon"),
    *_each(401, "exp", -5, True, 1e-9),
    *_each(502, "sub", None, 1, "ada"),
    *_each(401, "aud", None, 5, True, {"a": 1}, [["a"]], [None], "x", []),
    *_each(502, "identity_set", 5, ["ada"], "ada", [None]),
    *_each(502, "identity_set_detail", 5, [1], [{}], "ada"),
    *_each(401, "scope", None, 5, ["all"]),
    ({"username": 5, "name": [], "email": {}, "client_id": 7, "dependent_tokens_cache_id": []}, 200),
]


async def test_malformed_introspections_admit_nobody(house: House) -> None:
    """Unusual members mean no principal or an unusable response; never endless or unchecked access."""
    token = house.token()
    good = await house.globus.auth_client.oauth2_token_introspect(token)
    request = Request({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})

    async def answered(change: dict[str, Any]) -> int:
        async def odd(_: Secret) -> IntrospectionResponse:
            return IntrospectionResponse(good.raw, {**good.data, **change})

        try:
            cache = IntrospectionCache(odd, house.clock, max_age=60)
            await BearerToken(Doorkeeper(house, cache))(request, SecurityScopes())
        except HTTPException as refused:
            return refused.status_code
        except GlobusError as error:
            return error_response(error).status_code
        return 200

    assert [await answered(change) for change, _ in ODD] == [status for _, status in ODD]


class Doorkeeper:
    """What `BearerToken` must know of an application, with introspections of its own."""

    def __init__(self, house: House, introspections: IntrospectionCache) -> None:
        self.client_id = house.globus.client_id
        self.scopes = house.globus.scopes
        self.auth_url = house.globus.auth_url
        self.introspect = introspections.principal_of


async def test_1000_requests_with_one_token_make_one_introspection(house: House) -> None:
    """Concurrent requests share it."""
    browser, headers = await house.browser(), house.bearer()
    answers = await asyncio.gather(*(browser.get("/me", headers=headers) for _ in range(1000)))
    assert {answer.status_code for answer in answers} == {200}
    assert house.emulator.auth.introspections == 1


async def test_200_tokens_make_200_introspections(house: House) -> None:
    """One for each, with five concurrent requests; every response is about its own token."""
    browser = await house.browser()
    tokens = [(who, house.token(who)) for who in ("ada", "bob") for _ in range(100)]

    async def ask(who: str, token: str) -> None:
        answer = await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["username"] == f"{who}@example.org"

    await asyncio.gather(*(ask(*each) for each in tokens * 5))
    assert house.emulator.auth.introspections == 200


async def test_cancelling_one_request_does_not_affect_others(house: House) -> None:
    """The introspection ends when all its requests are cancelled."""
    headers = house.bearer()
    arrived = house.arrival("POST", INTROSPECT)
    house.emulator.faults.add("POST", INTROSPECT, latency(5, clock=house.clock))
    browser = await house.browser()
    callers = [asyncio.create_task(browser.get("/me", headers=headers)) for _ in range(10)]
    await arrived.wait()
    for caller in callers[:9]:
        caller.cancel()
    await asyncio.sleep(0)
    await house.clock.advance(6)
    assert (await callers[9]).status_code == 200
    assert house.emulator.auth.introspections == 1
    await asyncio.gather(*callers, return_exceptions=True)


def test_the_openapi_document_contains_the_scheme(house_document: dict[str, Any]) -> None:
    """OAuth 2 with the URLs of Globus Auth, and the required scopes of each route."""
    schemes = house_document["components"]["securitySchemes"]
    flow = schemes["Globus"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == "https://auth.globus.org/v2/oauth2/authorize"
    assert flow["tokenUrl"] == "https://auth.globus.org/v2/oauth2/token"
    (scope,) = flow["scopes"]
    paths = house_document["paths"]
    assert paths["/me"]["get"]["security"] == [{"Globus": [scope]}]
    assert paths["/files/{collection_id}"]["get"]["security"] == [{"Globus": [scope]}]
    assert paths["/session"]["get"]["security"] == [{"Session": []}]
    assert schemes["Session"]["in"] == "cookie"
    assert "/login" not in paths


@pytest.fixture
async def house_document(house: House) -> dict[str, Any]:
    return house.app.openapi()


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


async def test_a_backend_can_be_restarted_but_not_started_twice(house: House) -> None:
    """A second start while it runs is refused."""
    with pytest.raises(GlobusSDKUsageError, match="running"):
        async with house.globus.lifespan():
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


async def test_other_methods_of_a_protected_route(house: House) -> None:
    """HEAD without a token is a 405."""
    browser = await house.browser()
    assert (await browser.head("/me")).status_code == 405
