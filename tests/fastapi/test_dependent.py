"""Acting for users: each with tokens of his own, got once, and never with another's."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace
from uuid import UUID

import pytest

from globus_async import AuthClient, LoginRequired, NullAuthorizer, Secret, TransferClient
from globus_async.fastapi import GlobusBackend, Session
from globus_async.fastapi.dependent import AuthorizerCache
from globus_async.fastapi.sessions import store_key
from globus_async.scopes import TransferScopes
from globus_async.testing import MemoryStorage
from globus_async.testing.faults import status
from tests.fastapi.conftest import House, Make

DEPENDENT = "urn:globus:auth:grant_type:dependent_token"


async def test_a_route_acts_for_its_user(house: House) -> None:
    """It sees what the user may see, and is refused what he may not."""
    browser = await house.browser()
    own = await browser.get(f"/files/{house.collections['ada']}", headers=house.bearer("ada"))
    assert own.json() == {"user": "ada@example.org", "names": ["of-ada.txt"]}
    foreign = await browser.get(f"/files/{house.collections['bob']}", headers=house.bearer("ada"))
    assert foreign.status_code == 403


async def test_many_requests_of_a_user_make_one_grant(house: House) -> None:
    """Dependent tokens are fetched once, however many requests come at once."""
    browser, headers = await house.browser(), house.bearer()
    answers = await asyncio.gather(
        *(browser.get(f"/files/{house.collections['ada']}", headers=headers) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert house.emulator.auth.token_requests[DEPENDENT] == 1


async def test_a_new_token_of_the_same_user_needs_no_new_grant(house: House) -> None:
    """Tokens with the same cache id have the same dependent tokens."""
    browser = await house.browser()
    for _ in range(3):
        answer = await browser.get(f"/files/{house.collections['ada']}", headers=house.bearer())
        assert answer.status_code == 200
    assert house.emulator.auth.introspections == 3
    assert house.emulator.auth.token_requests[DEPENDENT] == 1


async def test_dependent_tokens_are_renewed_once(make_house: Make) -> None:
    """When they are over they are fetched again, once, with the user's token of that time."""
    house = await make_house()
    browser = await house.browser()
    path = f"/files/{house.collections['ada']}"
    first = house.bearer(lifetime=1000)
    assert (await browser.get(path, headers=first)).status_code == 200
    await house.clock.advance(1001)
    assert (await browser.get(path, headers=first)).status_code == 401
    fresh = house.bearer(lifetime=1000)
    answers = await asyncio.gather(*(browser.get(path, headers=fresh) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert house.emulator.auth.token_requests[DEPENDENT] == 2


async def test_missing_consent_is_a_403_with_the_document_that_helps(make_house: Make) -> None:
    """The body is a GARE document: a client library can start the login that it asks for."""
    house = await make_house(optional=True)
    browser = await house.browser()
    answer = await browser.get(f"/files/{house.collections['ada']}", headers=house.bearer(scopes=(house.scope,)))
    assert answer.status_code == 403
    document = answer.json()
    assert document["code"] == "ConsentRequired"
    assert document["authorization_parameters"]["required_scopes"] == [f"{house.scope}[{TransferScopes.all}]"]
    agreed = await browser.get(
        f"/files/{house.collections['ada']}",
        headers=house.bearer(scopes=tuple(document["authorization_parameters"]["required_scopes"])),
    )
    assert agreed.status_code == 200


async def test_consent_of_a_collection_is_passed_on(house: House) -> None:
    """What Transfer itself asks for reaches the client in the same form."""
    mapped = house.emulator.add_collection(
        "Mapped", owner=house.people["ada"], storage=MemoryStorage(), needs_data_access=True
    ).id
    browser = await house.browser()
    answer = await browser.get(f"/files/{mapped}", headers=house.bearer())
    assert answer.status_code == 403
    assert answer.json()["code"] == "ConsentRequired"
    (scope,) = answer.json()["authorization_parameters"]["required_scopes"]
    assert mapped in scope


@pytest.mark.timeout(240)
async def test_two_users_in_10000_interleaved_requests(house: House) -> None:
    """Each sees only his own files and name: with few tokens, many tokens, and all at once."""
    asyncio.get_running_loop().set_debug(False)  # twice as fast
    order = random.Random(7)
    tokens = {who: [house.bearer(who) for _ in range(5)] for who in house.people}
    crossed: list[object] = []

    async def ask(who: str) -> None:
        kind, name = order.choice([("endpoint", f"Storage of {who}")] * 9 + [("files", f"of-{who}.txt")])
        status, body = await house.get(f"/{kind}/{house.collections[who]}", order.choice(tokens[who]))
        if status != 200 or json.loads(body) != {"user": f"{who}@example.org", "names": [name]}:
            crossed.append((who, status, body))

    for _ in range(50):
        await asyncio.gather(*(ask(order.choice(("ada", "bob"))) for _ in range(200)))
    assert crossed == []
    assert house.emulator.auth.introspections == 10


async def test_a_refused_dependent_token_is_fetched_again(house: House) -> None:
    """A dependent token that was revoked costs one grant more, and the request succeeds."""
    browser, headers = await house.browser(), house.bearer()
    path = f"/files/{house.collections['ada']}"
    assert (await browser.get(path, headers=headers)).status_code == 200
    for token in house.emulator.auth.tokens.access.values():
        if token.resource_server == TransferClient.resource_server:
            house.emulator.auth.revoke(token.secret.reveal())
    assert (await browser.get(path, headers=headers)).status_code == 200
    assert house.emulator.auth.token_requests[DEPENDENT] == 2


@pytest.mark.parametrize("first", [50_000, 100_000])
async def test_who_logs_out_elsewhere_goes_on_here(house: House, first: int) -> None:
    """A token that was revoked does not keep a user from being served with another, whichever lives longer."""
    browser, path = await house.browser(), f"/files/{house.collections['ada']}"
    revoked, kept = house.bearer(lifetime=100_000), house.bearer(lifetime=50_000)
    for headers in (revoked, kept) if first == 100_000 else (kept, revoked, kept):
        assert (await browser.get(path, headers=headers)).status_code == 200
    assert house.emulator.auth.token_requests[DEPENDENT] == 1
    for token in list(house.emulator.auth.tokens.access.values()):
        if token.resource_server == TransferClient.resource_server:
            house.emulator.auth.revoke(token.secret.reveal())
    house.emulator.auth.revoke(revoked["Authorization"].removeprefix("Bearer "))
    assert [(await browser.get(path, headers=kept)).status_code for _ in range(3)] == [200] * 3
    # once to find out that the one is revoked, once with the other
    assert house.emulator.auth.token_requests[DEPENDENT] == 3


async def test_a_user_whose_logins_are_all_over_is_told_so_once_a_token(house: House) -> None:
    """A token that brings nothing any more is not tried again and again; a new one is."""
    token = Secret(house.token())
    user = await house.globus.introspect(token)
    assert user is not None
    house.emulator.auth.revoke(token.reveal())
    tc = house.globus.client_for(TransferClient, user, TransferScopes.all)
    for _ in range(3):
        with pytest.raises(LoginRequired):
            await tc.task_list()
    assert house.emulator.auth.token_requests[DEPENDENT] == 1
    again = await house.globus.introspect(Secret(house.token()))
    assert again is not None
    assert house.globus.client_for(TransferClient, again, TransferScopes.all).authorizer is tc.authorizer
    await tc.task_list()


async def test_a_token_for_less_shares_nothing_with_one_for_more(house: House) -> None:
    """Whatever the service says of its dependent tokens, each set of scopes has its own."""
    user = await house.globus.introspect(Secret(house.token()))
    assert user is not None
    less = replace(user, scopes=frozenset())
    clients = [house.globus.client_for(TransferClient, who, TransferScopes.all) for who in (user, user, less)]
    assert clients[0].authorizer is clients[1].authorizer
    assert clients[0].authorizer is not clients[2].authorizer


async def test_wrong_credentials_of_the_application_are_not_the_users_fault(house: House) -> None:
    """502: the user can do nothing about it, be it found out by an introspection, a grant or a renewal."""
    browser, headers = await house.browser(), house.bearer()
    await house.log_in(browser)
    assert (await browser.get("/me", headers=headers)).status_code == 200
    house.client.credentials.clear()
    for token in list(house.emulator.auth.tokens.access.values()):
        if token.resource_server == TransferClient.resource_server:
            house.emulator.auth.revoke(token.secret.reveal())
    path = house.collections["ada"]
    for answer in (
        await browser.get("/me", headers=house.bearer()),
        await browser.get(f"/files/{path}", headers=headers),
        await browser.get(f"/browse/{path}"),
    ):
        assert answer.status_code == 502
        assert "registration" in answer.json()["detail"]


async def test_throttling_is_passed_on_as_unavailability(house: House) -> None:
    """503 with the wait that Globus asks for."""
    house.emulator.faults.add("GET", "/v0.10/*", status(429, retry_after=300), times=9)
    browser = await house.browser()
    answer = await browser.get(f"/files/{house.collections['ada']}", headers=house.bearer())
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "300"


async def test_malformed_ids_are_the_callers(house: House) -> None:
    """422, and nothing was sent."""
    browser = await house.browser()
    before = len(house.emulator.requests)
    answer = await browser.get("/files/not-an-id", headers=house.bearer())
    assert answer.status_code == 422
    assert len(house.emulator.requests) == before + 1  # the introspection


async def test_every_client_can_act_for_a_user(house: House) -> None:
    """Whatever the service, with the tokens of a session or the application's own."""
    browser = await house.browser()
    await house.log_in(browser)
    key = store_key("session", Secret(browser.cookies["__Host-globus_session"]))
    kept = await house.login.store.get(key)
    assert kept is not None
    ac = await house.login.client_for(AuthClient, Session.load(key, kept))
    assert (await ac.userinfo())["preferred_username"] == "ada@example.org"
    for kind in (AuthClient, TransferClient):
        assert house.globus.make_client(kind, None).rate_limit is None


async def test_where_services_are_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request reads the machine's settings, which are in files, once they are known."""
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", "https://one.example")
    globus = GlobusBackend(UUID(int=1), "secret")
    async with globus.lifespan():
        first = globus.make_client(TransferClient, None)
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", "https://two.example")
        second = globus.make_client(TransferClient, None)
    assert first.base_url == second.base_url == "https://one.example/"


async def test_a_client_that_has_an_address_of_its_own_keeps_it() -> None:
    """Whatever was found out before for other clients of the same service."""

    class Mirror(TransferClient):
        default_base_url = "https://mirror.example"

    async with (globus := GlobusBackend(UUID(int=1), "secret")).lifespan():
        assert globus.make_client(TransferClient, None).base_url == "https://transfer.api.globus.org/"
        assert globus.make_client(Mirror, None).base_url == "https://mirror.example/"


async def test_an_application_can_act_as_itself(house: House) -> None:
    """With its client credentials, fetched once."""
    tc = house.globus.own_client(TransferClient, TransferScopes.all)
    again = house.globus.own_client(TransferClient, TransferScopes.all)
    assert tc.authorizer is again.authorizer
    await asyncio.gather(*(tc.endpoint_search("Storage") for _ in range(10)))
    assert house.emulator.auth.token_requests["client_credentials"] == 1


async def test_the_cache_of_authorizers_is_bounded() -> None:
    """Those used last are kept."""
    cache = AuthorizerCache(max_entries=2)
    for name in "abc":
        cache.add(name, NullAuthorizer())
        cache.get("a")
    assert cache.get("a") is not None
    assert cache.get("b") is None
    assert len(cache) == 2
