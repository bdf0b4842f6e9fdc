"""Calls on behalf of users: each with their own tokens, requested once, and never mixed up."""

from __future__ import annotations

import asyncio
import gc
import json
import random
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from starlette.responses import JSONResponse

from globus_async import (
    AuthClient,
    GlobusError,
    GlobusSDKUsageError,
    LoginRequired,
    NullAuthorizer,
    Secret,
    TransferClient,
)
from globus_async.fastapi import GlobusBackend, Session
from globus_async.fastapi.dependent import AuthorizerCache
from globus_async.fastapi.sessions import store_key
from globus_async.scopes import TransferScopes
from globus_async.testing import MemoryStorage
from globus_async.testing.faults import latency, status
from tests.fastapi.conftest import Deployment, Make
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

DEPENDENT = "urn:globus:auth:grant_type:dependent_token"


async def test_a_route_acts_for_its_user(deployment: Deployment) -> None:
    """It may access what the user may access, and nothing else."""
    browser = await deployment.browser()
    own = await browser.get(f"/files/{deployment.collections['ada']}", headers=deployment.bearer("ada"))
    assert own.json() == {"user": "ada@example.org", "names": ["of-ada.txt"]}
    foreign = await browser.get(f"/files/{deployment.collections['bob']}", headers=deployment.bearer("ada"))
    assert foreign.status_code == 403


async def test_concurrent_requests_of_a_user_make_one_token_request(deployment: Deployment) -> None:
    """Dependent tokens are requested once."""
    browser, headers = await deployment.browser(), deployment.bearer()
    responses = await asyncio.gather(
        *(browser.get(f"/files/{deployment.collections['ada']}", headers=headers) for _ in range(100))
    )
    assert {response.status_code for response in responses} == {200}
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 1


async def test_a_new_token_of_the_same_user(deployment: Deployment) -> None:
    """Tokens with the same cache id have the same dependent tokens."""
    browser = await deployment.browser()
    for _ in range(3):
        response = await browser.get(f"/files/{deployment.collections['ada']}", headers=deployment.bearer())
        assert response.status_code == 200
    assert deployment.emulator.auth.introspections == 3
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 1


async def test_dependent_tokens_are_refreshed_once(make_deployment: Make) -> None:
    """When they have expired, with the user's current token."""
    deployment = await make_deployment()
    browser = await deployment.browser()
    path = f"/files/{deployment.collections['ada']}"
    first = deployment.bearer(lifetime=1000)
    assert (await browser.get(path, headers=first)).status_code == 200
    await deployment.clock.advance(1001)
    assert (await browser.get(path, headers=first)).status_code == 401
    fresh = deployment.bearer(lifetime=1000)
    responses = await asyncio.gather(*(browser.get(path, headers=fresh) for _ in range(50)))
    assert {response.status_code for response in responses} == {200}
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 2


async def test_a_missing_consent_is_a_403_with_a_gare_document(make_deployment: Make) -> None:
    """A client library can start the required login."""
    deployment = await make_deployment(optional=True)
    browser = await deployment.browser()
    response = await browser.get(
        f"/files/{deployment.collections['ada']}", headers=deployment.bearer(scopes=(deployment.scope,))
    )
    assert response.status_code == 403
    document = response.json()
    assert document["code"] == "ConsentRequired"
    assert document["authorization_parameters"]["required_scopes"] == [f"{deployment.scope}[{TransferScopes.all}]"]
    agreed = await browser.get(
        f"/files/{deployment.collections['ada']}",
        headers=deployment.bearer(scopes=tuple(document["authorization_parameters"]["required_scopes"])),
    )
    assert agreed.status_code == 200


async def test_a_missing_consent_for_a_collection_is_passed_on(deployment: Deployment) -> None:
    """The requirement of Transfer reaches the client in the same form."""
    mapped = deployment.emulator.add_collection(
        "Mapped", owner=deployment.people["ada"], storage=MemoryStorage(), needs_data_access=True
    ).id
    browser = await deployment.browser()
    response = await browser.get(f"/files/{mapped}", headers=deployment.bearer())
    assert response.status_code == 403
    assert response.json()["code"] == "ConsentRequired"
    (scope,) = response.json()["authorization_parameters"]["required_scopes"]
    assert mapped in scope


async def test_two_users_in_thousands_of_interleaved_requests(deployment: Deployment) -> None:
    """Each sees only their own files and name: with few tokens, many tokens, and all at once."""
    asyncio.get_running_loop().set_debug(False)  # twice as fast
    order = random.Random(7)
    tokens = {who: [deployment.bearer(who) for _ in range(5)] for who in deployment.people}
    crossed: list[object] = []

    async def ask(who: str) -> None:
        kind, name = order.choice([("endpoint", f"Storage of {who}")] * 9 + [("files", f"of-{who}.txt")])
        status, body = await deployment.get(f"/{kind}/{deployment.collections[who]}", order.choice(tokens[who]))
        if status != 200 or json.loads(body) != {"user": f"{who}@example.org", "names": [name]}:
            crossed.append((who, status, body))

    for _ in range(cases(50)):
        await asyncio.gather(*(ask(order.choice(("ada", "bob"))) for _ in range(200)))
    assert crossed == []
    assert deployment.emulator.auth.introspections == 10


async def test_a_revoked_dependent_token_is_requested_again(deployment: Deployment) -> None:
    """One more token request, and the request succeeds."""
    browser, headers = await deployment.browser(), deployment.bearer()
    path = f"/files/{deployment.collections['ada']}"
    assert (await browser.get(path, headers=headers)).status_code == 200
    for token in deployment.emulator.auth.tokens.access.values():
        if token.resource_server == TransferClient.resource_server:
            deployment.emulator.auth.revoke(token.secret.reveal())
    assert (await browser.get(path, headers=headers)).status_code == 200
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 2


@pytest.mark.parametrize("first", [50_000, 100_000])
async def test_a_logout_elsewhere_does_not_affect_other_tokens(deployment: Deployment, first: int) -> None:
    """A user with a revoked token is served with another one, whichever expires last."""
    browser, path = await deployment.browser(), f"/files/{deployment.collections['ada']}"
    revoked, valid = deployment.bearer(lifetime=100_000), deployment.bearer(lifetime=50_000)
    for headers in (revoked, valid) if first == 100_000 else (valid, revoked, valid):
        assert (await browser.get(path, headers=headers)).status_code == 200
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 1
    for token in list(deployment.emulator.auth.tokens.access.values()):
        if token.resource_server == TransferClient.resource_server:
            deployment.emulator.auth.revoke(token.secret.reveal())
    deployment.emulator.auth.revoke(revoked["Authorization"].removeprefix("Bearer "))
    assert [(await browser.get(path, headers=valid)).status_code for _ in range(3)] == [200] * 3
    # once to find out that the one is revoked, once with the other
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 3


async def test_a_user_without_a_valid_token_must_log_in(deployment: Deployment) -> None:
    """A revoked token is not tried again; a new one is."""
    token = Secret(deployment.token())
    user = await deployment.globus.introspect(token)
    assert user is not None
    deployment.emulator.auth.revoke(token.reveal())
    tc = deployment.globus.client_for(TransferClient, user, TransferScopes.all)
    for _ in range(3):
        with pytest.raises(LoginRequired):
            await tc.task_list()
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 1
    again = await deployment.globus.introspect(Secret(deployment.token()))
    assert again is not None
    assert deployment.globus.client_for(TransferClient, again, TransferScopes.all).authorizer is tc.authorizer
    await tc.task_list()


async def test_tokens_with_different_scopes_share_no_dependent_tokens(deployment: Deployment) -> None:
    """Whatever cache id the service returns."""
    user = await deployment.globus.introspect(Secret(deployment.token()))
    assert user is not None
    less = replace(user, scopes=frozenset())
    clients = [deployment.globus.client_for(TransferClient, who, TransferScopes.all) for who in (user, user, less)]
    assert clients[0].authorizer is clients[1].authorizer
    assert clients[0].authorizer is not clients[2].authorizer


async def test_wrong_credentials_of_the_application_are_a_502(deployment: Deployment) -> None:
    """In a token request or a refresh. An introspection is a 503, as for any other reason."""
    browser, headers = await deployment.browser(), deployment.bearer()
    await deployment.log_in(browser)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    deployment.client.credentials.clear()
    for token in list(deployment.emulator.auth.tokens.access.values()):
        if token.resource_server == TransferClient.resource_server:
            deployment.emulator.auth.revoke(token.secret.reveal())
    path = deployment.collections["ada"]
    assert (await browser.get("/me", headers=deployment.bearer())).status_code == 503
    for response in (
        await browser.get(f"/files/{path}", headers=headers),
        await browser.get(f"/browse/{path}"),
    ):
        assert response.status_code == 502
        assert "registration" in response.json()["detail"]


async def test_throttling_is_a_503(deployment: Deployment) -> None:
    """With the Retry-After of Globus."""
    deployment.emulator.faults.add("GET", "/v0.10/*", status(429, retry_after=300), times=9)
    browser = await deployment.browser()
    response = await browser.get(f"/files/{deployment.collections['ada']}", headers=deployment.bearer())
    assert response.status_code == 503
    assert response.headers["retry-after"] == "300"


async def test_an_id_that_a_route_does_not_check(deployment: Deployment) -> None:
    """Nothing is sent, and the server logs the mistake of the route with a traceback."""
    browser = await deployment.browser()
    before = len(deployment.emulator.requests)
    with pytest.raises(GlobusSDKUsageError, match="must be a UUID"):
        await browser.get("/files/not-an-id", headers=deployment.bearer())
    assert len(deployment.emulator.requests) == before + 1  # the introspection


async def test_every_client_can_act_for_a_user(deployment: Deployment) -> None:
    """With the tokens of a session or the application's own."""
    browser = await deployment.browser()
    await deployment.log_in(browser)
    key = store_key("session", Secret(browser.cookies["__Host-globus_session"]))
    value = await deployment.login.store.get(key)
    assert value is not None
    ac = await deployment.login.client_for(AuthClient, Session.load(key, value))
    assert (await ac.userinfo())["preferred_username"] == "ada@example.org"
    for kind in (AuthClient, TransferClient):
        assert deployment.globus.make_client(kind, None).rate_limit is None


async def test_service_urls_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests do not read configuration files again."""
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", "https://one.example")
    globus = GlobusBackend(UUID(int=1), "secret")
    async with globus.lifespan():
        first = globus.make_client(TransferClient, None)
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", "https://two.example")
        second = globus.make_client(TransferClient, None)
    assert first.base_url == second.base_url == "https://one.example/"


async def test_a_client_with_its_own_default_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used even if other clients of the service have another one."""

    class Mirror(TransferClient):
        default_base_url = "https://mirror.example"

    async with (globus := GlobusBackend(UUID(int=1), "secret")).lifespan():
        assert globus.make_client(TransferClient, None).base_url == "https://transfer.api.globus.org/"
        assert globus.make_client(Mirror, None).base_url == "https://mirror.example/"
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", "https://variable.example")
    async with (globus := GlobusBackend(UUID(int=1), "secret")).lifespan():
        assert globus.make_client(Mirror, None).base_url == "https://variable.example/"


async def test_an_application_can_act_as_itself(deployment: Deployment) -> None:
    """With its client credentials, requested once."""
    tc = deployment.globus.own_client(TransferClient, TransferScopes.all)
    again = deployment.globus.own_client(TransferClient, TransferScopes.all)
    assert tc.authorizer is again.authorizer
    await asyncio.gather(*(tc.endpoint_search("Storage") for _ in range(10)))
    assert deployment.emulator.auth.token_requests["client_credentials"] == 1


async def test_the_cache_of_authorizers_is_limited() -> None:
    """The least recently used ones are removed."""
    cache = AuthorizerCache(max_entries=2)
    for name in "abc":
        cache.add(name, NullAuthorizer())
        cache.get("a")
    assert cache.get("a") is not None
    assert cache.get("b") is None
    assert len(cache) == 2


async def test_an_authorizer_in_use_stays_in_the_cache() -> None:
    """A second one of the same login would use a refresh token that the first has used."""
    cache = AuthorizerCache(max_entries=1)
    used = cache.add("used", NullAuthorizer())
    for number in range(10):
        cache.add(number, NullAuthorizer())
    assert cache.get("used") is used
    cache.remove("used")
    assert cache.get("used") is None


async def test_an_authorizer_that_refreshes_stays_in_the_cache(deployment: Deployment) -> None:
    """Although everybody who waited for it is gone, and others push it out: its token is requested once."""
    globus = deployment.globus
    globus.authorizers._max_entries = 1
    arrived = deployment.arrival("POST", "/v2/oauth2/token")
    deployment.emulator.faults.add("POST", "/v2/oauth2/token", latency(3, clock=deployment.clock))
    browser, headers = await deployment.browser(), deployment.bearer()
    path = f"/files/{deployment.collections['ada']}"
    caller = asyncio.create_task(browser.get(path, headers=headers))
    await arrived.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    for number in range(10):
        globus.own_client(TransferClient, f"scope-{number}")
    gc.collect()
    response = await deployment.run_with_clock(browser.get(path, headers=headers))
    assert response.status_code == 200
    assert deployment.emulator.auth.token_requests[DEPENDENT] == 1


@pytest.mark.parametrize("number", [1, 2, 20])
async def test_tokens_in_turn_while_refreshes_fail(deployment: Deployment, number: int) -> None:
    """A token is a reason for one attempt, not for one per call; the pauses grow as with a single token."""
    headers = [deployment.bearer() for _ in range(number)]
    principals = [await deployment.globus.introspect(Secret(each["Authorization"].split()[1])) for each in headers]
    attempts = 0

    async def refuse(_app: Any, scope: Any, receive: Any, send: Any) -> None:
        nonlocal attempts
        attempts += 1
        await JSONResponse({"error": "invalid_request"}, 400)(scope, receive, send)

    token_requests = deployment.emulator.faults.add("POST", "/v2/oauth2/token", refuse, times=1000)
    for turn in range(100):
        user = principals[turn % number]
        assert user is not None
        tc = deployment.globus.client_for(TransferClient, user, TransferScopes.all)
        with pytest.raises(GlobusError):
            await tc.get_endpoint(deployment.collections["ada"])
    assert 1 <= attempts <= number
    deployment.emulator.faults.remove(token_requests)
    fresh = await deployment.globus.introspect(Secret(deployment.token()))
    assert fresh is not None
    tc = deployment.globus.client_for(TransferClient, fresh, TransferScopes.all)
    assert (await tc.get_endpoint(deployment.collections["ada"]))["display_name"] == "Storage of ada"
