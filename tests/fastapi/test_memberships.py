"""Routes that require membership in a Globus group."""

# no `from __future__ import annotations`: the annotations of routes use names that are local to a function

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Security

from globus_async import GlobusSDKUsageError, GroupsClient
from globus_async.emulator.kit.directory import Identity
from globus_async.fastapi import GlobusBackend, Principal, Session, add_error_handlers
from globus_async.scopes import GroupsScopes, TransferScopes
from globus_async.testing import GlobusEmulator, ManualClock
from globus_async.testing.faults import latency, status
from tests.fastapi.conftest import Make

SECRET = "a-client-secret-of-the-tests"
LAB, SUB = "5e1f2a4c-0000-4000-8000-00000000000a", "5e1f2a4c-0000-4000-8000-00000000000b"
GROUPS = str(GroupsScopes.view_my_groups_and_memberships)


@dataclass
class World:
    """An application with routes for members, and people with different roles."""

    emulator: GlobusEmulator
    clock: ManualClock
    app: FastAPI
    scope: str
    people: dict[str, Identity]
    browser: httpx.AsyncClient

    def headers(self, who: str) -> dict[str, str]:
        token = self.emulator.access_token(self.people[who], scopes=[f"{self.scope}[{GROUPS}]"])
        return {"Authorization": f"Bearer {token}"}

    @property
    def calls(self) -> int:
        """How often Groups was called."""
        return sum(each.path == "/v2/groups/my_groups" for each in self.emulator.requests)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(GlobusEmulator(clock=clock))
        people = {name: emulator.add_identity(f"{name}@example.org") for name in ("ada", "max", "mia", "sue", "bob")}
        emulator.add_group([people["mia"]], managers=[people["max"]], admins=[people["ada"]], id=LAB)
        emulator.add_group([people["sue"]], parent=LAB, id=SUB)
        emulator.groups.add_membership(emulator.groups.group(LAB), people["bob"].id, role="admin", status="invited")
        client = emulator.add_client("Portal", secret=SECRET)
        scope = emulator.auth.add_scope(client, "all", optional_dependencies=[GROUPS]).scope_string
        globus = GlobusBackend(
            client.id, SECRET, scopes={scope: "Use it"}, transport=lambda: emulator.transport(clock=clock)
        )
        app = FastAPI(lifespan=globus.lifespan)
        add_error_handlers(app)
        _routes(app, globus, scope)
        await stack.enter_async_context(globus.lifespan(app))
        wire = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        browser = await stack.enter_async_context(httpx.AsyncClient(transport=wire, base_url="https://portal.example"))
        yield World(emulator, clock, app, scope, people, browser)


def _routes(app: FastAPI, globus: GlobusBackend, scope: str) -> None:
    @app.get("/member")
    async def member(user: Annotated[Principal, Security(globus.member_of(LAB), scopes=[scope])]) -> str:
        return user.username

    @app.get("/manager")
    async def manager(
        user: Annotated[Principal, Security(globus.member_of(LAB.upper(), role="manager"), scopes=[scope])],
    ) -> str:
        return user.username

    @app.get("/admin")
    async def admin(user: Annotated[Principal, Security(globus.member_of(LAB, role="admin"), scopes=[scope])]) -> str:
        return user.username

    @app.get("/names")
    async def names(
        gc: Annotated[
            GroupsClient,
            Security(globus.client(GroupsClient, GroupsScopes.view_my_groups_and_memberships), scopes=[scope]),
        ],
    ) -> Any:
        return [group["id"] for group in await gc.get_my_groups()]


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("ada", {"/member", "/manager", "/admin"}),
        ("max", {"/member", "/manager"}),
        ("mia", {"/member"}),
        ("sue", {"/member"}),  # of a subgroup
        ("bob", set[str]()),  # invited
    ],
)
async def test_roles(world: World, who: str, allowed: set[str]) -> None:
    """Higher roles include lower ones; a refusal says what is required; one call serves all routes."""
    headers = world.headers(who)
    for path in ("/member", "/manager", "/admin"):
        response = await world.browser.get(path, headers=headers)
        if path in allowed:
            assert (response.status_code, response.json()) == (200, f"{who}@example.org")
        else:
            assert response.status_code == 403
            assert LAB in response.json()["detail"]
            assert path[1:] in response.json()["detail"]
    assert world.calls == 1


async def test_a_membership_counts_for_a_short_time(world: World) -> None:
    """After thirty seconds the groups are fetched again."""
    headers = world.headers("mia")
    assert (await world.browser.get("/member", headers=headers)).status_code == 200
    world.emulator.groups.group(LAB).memberships[world.people["mia"].id].status = "removed"
    await world.clock.advance(29)
    assert (await world.browser.get("/member", headers=headers)).status_code == 200
    await world.clock.advance(2)
    assert (await world.browser.get("/member", headers=headers)).status_code == 403
    assert world.calls == 2


async def test_concurrent_requests_share_a_call(world: World) -> None:
    """Of one token; and one that is cancelled does not disturb the others."""
    headers = world.headers("mia")
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        arrived.set()
        await go_on.wait()
        await app(scope, receive, send)

    world.emulator.faults.add("GET", "/v2/groups/my_groups", hold)
    requests = [asyncio.create_task(world.browser.get("/member", headers=headers)) for _ in range(20)]
    await arrived.wait()
    requests[0].cancel()
    go_on.set()
    await asyncio.wait(requests)
    assert requests[0].cancelled()
    assert {each.result().status_code for each in requests[1:]} == {200}
    assert world.calls == 1


@pytest.mark.parametrize("failure", [status(503), status(500), latency(60)], ids=["503", "500", "slow"])
async def test_groups_is_unavailable(world: World, failure: Any) -> None:
    """The response says so, and when to try again; the failure is not remembered."""
    world.emulator.faults.add("GET", "/v2/groups/my_groups", failure, times=10)
    headers = world.headers("mia")
    request = asyncio.create_task(world.browser.get("/member", headers=headers))
    while not request.done():
        await world.clock.advance(1)
    response = request.result()
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert response.json() == {"detail": "Group memberships are temporarily unavailable"}
    world.emulator.faults.clear()
    assert (await world.browser.get("/member", headers=headers)).status_code == 200


async def test_a_missing_consent(world: World) -> None:
    """The response is the document of the login that is required."""
    token = world.emulator.access_token(world.people["mia"], scopes=[world.scope])
    response = await world.browser.get("/member", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 403
    assert response.json()["authorization_parameters"]["required_scopes"]


async def test_a_client_of_groups(world: World) -> None:
    """It acts for the user."""
    assert (await world.browser.get("/names", headers=world.headers("mia"))).json() == [LAB]


async def test_the_openapi_document(world: World) -> None:
    """It has the security of the routes, and their responses."""
    operation = world.app.openapi()["paths"]["/manager"]["get"]
    assert operation["security"] == [{"Globus": [world.scope]}]
    assert {"403", "503"} <= operation["responses"].keys()


def test_wrong_arguments() -> None:
    """They are refused when the route is declared."""
    globus = GlobusBackend(LAB, SECRET)
    wrong: Any = "owner"
    with pytest.raises(GlobusSDKUsageError, match="role must be one of 'member', 'manager', 'admin'"):
        globus.member_of(LAB, role=wrong)
    with pytest.raises(GlobusSDKUsageError, match="group_id must be a UUID"):
        globus.member_of("../x")
    with pytest.raises(GlobusSDKUsageError, match="membership_max_age"):
        GlobusBackend(LAB, SECRET, membership_max_age=-1)


async def test_members_in_a_browser(make_deployment: Make) -> None:
    """A session is admitted by the roles of its user, which are fetched once for all routes."""
    deployment = await make_deployment(login={"scopes": [TransferScopes.all, GROUPS]})
    groups = deployment.emulator
    groups.add_group([deployment.people["bob"]], managers=[deployment.people["ada"]], id=LAB)
    login = deployment.login

    @deployment.app.get("/curators")
    async def curators(session: Annotated[Session, Depends(login.member_of(LAB.upper(), role="manager"))]) -> str:
        return session.username

    @deployment.app.get("/members")
    async def members(session: Annotated[Session, Depends(login.member_of(LAB))]) -> str:
        return session.username

    ada, bob = await deployment.browser(), await deployment.browser()
    assert (await ada.get("/curators")).status_code == 401
    for browser, who, statuses in ((ada, "ada", [200, 200]), (bob, "bob", [403, 200])):
        await deployment.log_in(browser, who)
        responses = [await browser.get(path) for path in ("/curators", "/members")]
        assert [each.status_code for each in responses] == statuses
    assert "must be manager or admin of the Globus group" in (await bob.get("/curators")).json()["detail"]
    assert sum(each.path == "/v2/groups/my_groups" for each in groups.requests) == 2
    refusals: list[Any] = [{"group_id": "lab"}, {"group_id": LAB, "role": "boss"}]
    for refused in refusals:
        with pytest.raises(GlobusSDKUsageError):
            login.member_of(**refused)
