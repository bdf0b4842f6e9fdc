"""
Calls that programs make, each a probe of its own: by the official SDK, and the last ones by this package.

A probe sees an emulator by its address only. So another one can be probed, too: all that it needs is a `World`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import pytest
import requests
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.scopes import AuthScopes, GCSCollectionScopes, GroupsScopes, TransferScopes

import globus_async
from globus_async.testing import GlobusEmulator, ManualClock

C = TypeVar("C")

SERVICE: Final = "9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d"
SECRET: Final = "s3cret"
NATIVE: Final = "3f0c2b1a-90a3-4f7e-8d55-1c2b3a4d5e6f"
BACK: Final = "http://localhost/back"
LAB: Final = "0d6a1b9e-3f2c-4f1e-9a57-6b1a1f3f7a10"
VAULT: Final = "5b3ff5a1-8c27-4c2f-8d0f-2f4f1f0d9c22"
GUEST: Final = "8c1f27a2-5d8b-4b0e-a3b1-6f1f6f6e2d11"
ADA: Final = "c0ffee00-1111-4222-8333-444455556666"
BOB: Final = "c0ffee00-1111-4222-8333-444455557777"

SEED: Final = {
    "identities": [{"username": "ada@example.org", "id": ADA}, {"username": "bob@example.org", "id": BOB}],
    "clients": [
        {"id": SERVICE, "name": "Service", "secret": SECRET, "redirect_uris": [BACK]},
        {"id": NATIVE, "name": "Native"},
    ],
    "collections": [
        {"id": LAB, "display_name": "Lab", "owner": ADA, "files": {"/a/x": "1", "/a/y": "22"}},
        {"id": VAULT, "display_name": "Vault", "owner": ADA, "files": {"/old": "0"}},
        {"id": GUEST, "display_name": "Guest", "owner": ADA, "host": LAB, "host_path": "/a"},
    ],
    "roles": [{"collection": VAULT, "role": "activity_manager", "principal": SERVICE}],
}


class World:
    """
    An emulator with the `SEED`, as its probes reach it.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened: list[Any] = []

    def control(self, method: str, path: str, document: object = None) -> Any:
        """Send a request to the control plane."""
        headers = {"X-Emulator-Control": "1"}
        response = requests.request(method, f"{self.url}/emulator/{path}", json=document, headers=headers, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None

    def token(self, *scopes: object) -> str:
        """Return an access token of Ada."""
        document = {"identity": ADA, "scopes": [str(each) for each in scopes]}
        return str(self.control("POST", "tokens", document)["access_token"])

    def fault(self, path: str, name: str, *, times: int = 1, **arguments: object) -> None:
        self.control("POST", "faults", {"path": path, "fault": name, "arguments": arguments, "times": times})

    def advance(self, seconds: int) -> None:
        self.control("POST", "clock/advance", {"seconds": seconds})

    def now(self) -> float:
        return float(self.control("GET", "clock")["now"])

    def dump(self) -> Any:
        return self.control("GET", "seed")

    def load(self, document: object) -> None:
        self.control("PUT", "seed", document)

    def reset(self) -> None:
        self.control("POST", "reset")

    def finish_a_task(self) -> str:
        """Return a task of Ada, from the lab to the vault, that has succeeded."""
        task = submit(self)
        self.advance(60)
        return task

    # clients of the official SDK

    @property
    def service(self) -> globus_sdk.ConfidentialAppAuthClient:
        return self.opening(globus_sdk.ConfidentialAppAuthClient(SERVICE, SECRET))

    @property
    def transfer(self) -> globus_sdk.TransferClient:
        authorizer = globus_sdk.AccessTokenAuthorizer(self.token(TransferScopes.all))
        return self.opening(globus_sdk.TransferClient(authorizer=authorizer))

    @property
    def groups(self) -> globus_sdk.GroupsManager:
        authorizer = globus_sdk.AccessTokenAuthorizer(self.token(GroupsScopes.all))
        return globus_sdk.GroupsManager(self.opening(globus_sdk.GroupsClient(authorizer=authorizer)))

    @property
    def manager_token(self) -> str:
        tokens = self.service.oauth2_client_credentials_tokens(TransferScopes.all)
        return str(tokens.by_resource_server["transfer.api.globus.org"]["access_token"])

    @property
    def manager(self) -> globus_sdk.TransferClient:
        authorizer = globus_sdk.AccessTokenAuthorizer(self.manager_token)
        return self.opening(globus_sdk.TransferClient(authorizer=authorizer))

    def opening(self, client: C) -> C:
        """Return a client, which is closed at the end."""
        self.opened.append(client)
        return client

    def sign_in(self, url: str) -> str:
        """Return the code of an authorize URL."""
        response = requests.get(url, allow_redirects=False, timeout=30)
        return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]

    def log_in(self, *scopes: object, refresh: bool = False) -> globus_sdk.OAuthTokenResponse:
        client = self.service
        client.oauth2_start_flow(BACK, requested_scopes=[str(each) for each in scopes], refresh_tokens=refresh)
        return client.oauth2_exchange_code_for_tokens(self.sign_in(client.oauth2_get_authorize_url()))


OPENID: Final = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email)


def one_service(world: World) -> None:
    tokens = world.service.oauth2_client_credentials_tokens(TransferScopes.all)
    assert set(tokens.by_resource_server) == {"transfer.api.globus.org"}


def two_services(world: World) -> None:
    tokens = world.service.oauth2_client_credentials_tokens([TransferScopes.all, GroupsScopes.all])
    assert set(tokens.by_resource_server) == {"transfer.api.globus.org", "groups.api.globus.org"}


def https_scope(world: World) -> None:
    tokens = world.service.oauth2_client_credentials_tokens(GCSCollectionScopes(LAB).https)
    assert set(tokens.by_resource_server) == {LAB}


def authorization_code(world: World) -> None:
    assert world.log_in(*OPENID, GroupsScopes.all).by_resource_server["groups.api.globus.org"]["access_token"]


def id_token(world: World) -> None:
    claims = world.log_in(*OPENID).decode_id_token()
    assert (claims["sub"], claims["aud"]) == (ADA, SERVICE)


def userinfo(world: World) -> None:
    token = world.log_in(*OPENID).by_resource_server["auth.globus.org"]["access_token"]
    client = world.opening(globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(token)))
    assert client.userinfo()["preferred_username"] == "ada@example.org"


def introspect(world: World) -> None:
    token = world.log_in(*OPENID).by_resource_server["auth.globus.org"]["access_token"]
    assert world.service.oauth2_token_introspect(token)["username"] == "ada@example.org"


def revoke(world: World) -> None:
    token = world.log_in(*OPENID).by_resource_server["auth.globus.org"]["access_token"]
    world.service.oauth2_revoke_token(token)
    assert world.service.oauth2_token_introspect(token)["active"] is False


def refresh_tokens(world: World) -> None:
    tokens = world.log_in(*OPENID, refresh=True).by_resource_server["auth.globus.org"]
    fresh = world.service.oauth2_refresh_token(tokens["refresh_token"])
    assert fresh["access_token"] != tokens["access_token"]


def native_app(world: World) -> None:
    client = world.opening(globus_sdk.NativeAppAuthClient(NATIVE))
    client.oauth2_start_flow(requested_scopes=TransferScopes.all)
    tokens = client.oauth2_exchange_code_for_tokens(world.sign_in(client.oauth2_get_authorize_url()))
    assert set(tokens.by_resource_server) == {"transfer.api.globus.org"}


def user_app(world: World) -> None:
    class Pasted(CommandLineLoginFlowManager):
        def print_authorize_url(self, authorize_url: str) -> None:
            self.code = world.sign_in(authorize_url)

        def prompt_for_code(self) -> str:
            return self.code

    config = globus_sdk.GlobusAppConfig(login_flow_manager=Pasted, token_storage="memory")
    with globus_sdk.UserApp("App", client_id=NATIVE, config=config) as app:
        assert globus_sdk.TransferClient(app=app).get_endpoint(LAB)["display_name"] == "Lab"


def client_app(world: World) -> None:
    config = globus_sdk.GlobusAppConfig(token_storage="memory")
    with globus_sdk.ClientApp("App", client_id=SERVICE, client_secret=SECRET, config=config) as app:
        client = globus_sdk.TransferClient(app=app)
        client.endpoint_manager_task_list(filter_endpoint=VAULT, filter_status="ACTIVE")


def identities(world: World) -> None:
    token = world.token("urn:globus:auth:scope:auth.globus.org:view_identities")
    client = world.opening(globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(token)))
    assert client.get_identities(usernames="bob@example.org")["identities"][0]["id"] == BOB


def dependent_tokens(world: World) -> None:
    authorizer = globus_sdk.AccessTokenAuthorizer(world.token(AuthScopes.manage_projects))
    client = world.opening(globus_sdk.AuthClient(authorizer=authorizer))
    project = client.create_project("P", "ada@example.org", admin_ids=[ADA])["project"]["id"]
    made = client.create_client("S", project=project, client_type="hybrid_confidential_client_resource_server")
    portal = made["client"]["id"]
    secret = client.create_client_credential(portal, "K")["credential"]["secret"]
    needed = client.get_scopes(scope_strings=str(TransferScopes.all))["scopes"][0]["id"]
    dependency = globus_sdk.DependentScopeSpec(needed, False, False)
    scope = client.create_scope(portal, "All", "Use it", "all", dependent_scopes=[dependency])["scope"]["scope_string"]
    confidential = world.opening(globus_sdk.ConfidentialAppAuthClient(portal, secret))
    tokens = confidential.oauth2_get_dependent_tokens(world.token(scope))
    assert set(tokens.by_resource_server) == {"transfer.api.globus.org"}


def scope_trees(world: World) -> None:
    scope = TransferScopes.all.with_dependency(GCSCollectionScopes(LAB).data_access.with_optional(True))
    client = world.opening(globus_sdk.NativeAppAuthClient(NATIVE))
    client.oauth2_start_flow(requested_scopes=scope)
    assert client.oauth2_exchange_code_for_tokens(world.sign_in(client.oauth2_get_authorize_url()))["access_token"]


def get_endpoint(world: World) -> None:
    assert world.transfer.get_endpoint(LAB)["display_name"] == "Lab"


def endpoint_search(world: World) -> None:
    assert [each["id"] for each in world.transfer.endpoint_search("lab")] == [LAB]


def ls(world: World) -> None:
    assert [each["name"] for each in world.transfer.operation_ls(LAB, path="/a/")] == ["x", "y"]


def stat(world: World) -> None:
    assert world.transfer.operation_stat(LAB, "/a/y")["size"] == 2


def mkdir(world: World) -> None:
    world.transfer.operation_mkdir(LAB, "/new/")
    assert "new" in {each["name"] for each in world.transfer.operation_ls(LAB, path="/")}


def bookmarks(world: World) -> None:
    client = world.transfer
    made = client.create_bookmark({"name": "home", "endpoint_id": LAB, "path": "/"})
    assert [each["id"] for each in client.bookmark_list()] == [made["id"]]


def access_rules(world: World) -> None:
    rule = {"DATA_TYPE": "access", "principal_type": "identity", "principal": BOB, "path": "/", "permissions": "r"}
    made = world.transfer.add_endpoint_acl_rule(GUEST, rule)["access_id"]
    assert made in {each["id"] for each in world.transfer.endpoint_acl_list(GUEST)}


def tunnels(world: World) -> None:
    assert world.transfer.list_tunnels()["data"] == []


def submission_id(world: World) -> None:
    assert len(world.transfer.get_submission_id()["value"]) == 36


def submit(world: World) -> str:
    data = globus_sdk.TransferData(LAB, VAULT, label="a")
    data.add_item("/a/", "/copy/", recursive=True)
    return str(world.transfer.submit_transfer(data)["task_id"])


def wait(world: World) -> None:
    task = world.finish_a_task()
    assert world.transfer.task_wait(task, timeout=1, polling_interval=1)


def files_are_there(world: World) -> None:
    world.finish_a_task()
    assert [each["name"] for each in world.transfer.operation_ls(VAULT, path="/copy/")] == ["x", "y"]


def same_submission_id(world: World) -> None:
    data = globus_sdk.TransferData(LAB, VAULT, submission_id=world.transfer.get_submission_id()["value"])
    data.add_item("/a/x", "/x")
    first, second = (world.transfer.submit_transfer(data) for _ in range(2))
    assert (first["task_id"], second["code"]) == (second["task_id"], "Duplicate")


def delete_task(world: World) -> None:
    data = globus_sdk.DeleteData(endpoint=VAULT)
    data.add_item("/old")
    world.transfer.submit_delete(data)
    world.advance(60)
    assert [each["name"] for each in world.transfer.operation_ls(VAULT, path="/")] == []


def task_list(world: World) -> None:
    task = world.finish_a_task()
    assert [each["task_id"] for each in world.transfer.task_list()] == [task]


def events(world: World) -> None:
    task = world.finish_a_task()
    assert "SUCCEEDED" in {each["code"] for each in world.transfer.task_event_list(task)}


def manager_task_list(world: World) -> None:
    task = world.finish_a_task()
    found = world.manager.endpoint_manager_task_list(filter_endpoint=VAULT)
    assert [each["task_id"] for each in found] == [task]


def manager_get_task(world: World) -> None:
    task = world.finish_a_task()
    assert world.manager.endpoint_manager_get_task(task)["status"] == "SUCCEEDED"


def manager_successful_transfers(world: World) -> None:
    task = world.finish_a_task()
    found = world.manager.endpoint_manager_task_successful_transfers(task)
    assert {each["destination_path"] for each in found} == {"/copy/x", "/copy/y"}


def manager_cancel(world: World) -> None:
    task = submit(world)
    assert world.manager.endpoint_manager_cancel_tasks([task], "stop")["id"]
    assert world.transfer.get_task(task)["status"] == "FAILED"


def group_create(world: World) -> None:
    made = world.groups.create_group("Lab", "Ours")
    assert made["name"] == "Lab"


def group_batch(world: World) -> None:
    groups = world.groups
    group = groups.create_group("Lab", "Ours")["id"]
    assert groups.add_member(group, BOB)["add"][0]["identity_id"] == BOB


def group_policies(world: World) -> None:
    groups = world.groups
    group = groups.create_group("Lab", "Ours")["id"]
    groups.set_group_policies(
        group,
        is_high_assurance=False,
        group_visibility="private",
        group_members_visibility="managers",
        join_requests=True,
        signup_fields=["address1"],
    )
    assert groups.client.get_group_policies(group)["join_requests"] is True


def retried_503(world: World) -> None:
    world.fault("/v0.10/endpoint_manager/task/*", "status", code=503, times=2)
    task = world.finish_a_task()
    assert world.manager.endpoint_manager_get_task(task)["task_id"] == task


def retry_after(world: World) -> None:
    task = world.finish_a_task()
    manager = world.manager
    world.fault("/v0.10/endpoint_manager/task/*", "status", code=429, retry_after=1)
    started = time.monotonic()
    assert manager.endpoint_manager_get_task(task)["task_id"] == task
    assert 0.9 < time.monotonic() - started < 5


def dropped(world: World) -> None:
    world.fault("/v0.10/endpoint/*", "drop_before")
    assert world.transfer.get_endpoint(LAB)["id"] == LAB


def cut(world: World) -> None:
    world.fault("/v0.10/endpoint/*", "drop_within", size=10)
    assert world.transfer.get_endpoint(LAB)["id"] == LAB


def malformed(world: World) -> None:
    world.fault("/v0.10/endpoint/*", "malformed")
    response = world.transfer.get_endpoint(LAB)
    assert (response.data, response.text[:2]) == (None, "{{")


def slow(world: World) -> None:
    world.fault("/v0.10/endpoint/*", "slow_body", size=100, pause=0)
    assert world.transfer.get_endpoint(LAB)["id"] == LAB


def clock(world: World) -> None:
    before = world.now()
    world.advance(3600)
    assert world.now() == before + 3600


def dump(world: World) -> None:
    assert LAB in str(world.dump())


def load(world: World) -> None:
    document = world.dump()
    world.load(document)
    assert world.dump() == document


def reset(world: World) -> None:
    document = world.dump()
    world.finish_a_task()
    world.reset()
    assert world.dump() == document


def refused_without_a_token(world: World) -> None:
    with pytest.raises(globus_sdk.TransferAPIError) as caught:
        world.opening(globus_sdk.TransferClient()).endpoint_manager_task_list()
    assert caught.value.http_status == 401


def async_client_credentials(world: World) -> None:
    async def run() -> None:
        async with globus_async.ConfidentialAppAuthClient(SERVICE, SECRET) as client:
            tokens = await client.oauth2_client_credentials_tokens(str(TransferScopes.all))
            assert set(tokens.by_resource_server) == {"transfer.api.globus.org"}

    asyncio.run(run())


async def _async_log_in(world: World, client: globus_async.ConfidentialAppAuthClient) -> Any:
    client.oauth2_start_flow(BACK, requested_scopes=[str(each) for each in OPENID])
    code = await asyncio.to_thread(world.sign_in, client.oauth2_get_authorize_url())
    return await client.oauth2_exchange_code_for_tokens(code)


def async_authorization_code(world: World) -> None:
    async def run() -> None:
        async with globus_async.ConfidentialAppAuthClient(SERVICE, SECRET) as client:
            assert (await _async_log_in(world, client)).by_resource_server["auth.globus.org"]["access_token"]

    asyncio.run(run())


def async_id_token(world: World) -> None:
    async def run() -> None:
        async with globus_async.ConfidentialAppAuthClient(SERVICE, SECRET) as client:
            claims = await (await _async_log_in(world, client)).decode_id_token()
            assert claims["sub"] == ADA

    asyncio.run(run())


def async_introspect(world: World) -> None:
    async def run() -> None:
        async with globus_async.ConfidentialAppAuthClient(SERVICE, SECRET) as client:
            tokens = await _async_log_in(world, client)
            token = tokens.by_resource_server["auth.globus.org"]["access_token"]
            assert (await client.oauth2_token_introspect(token))["username"] == "ada@example.org"

    asyncio.run(run())


def _async_transfer(token: str) -> globus_async.TransferClient:
    return globus_async.TransferClient(authorizer=globus_async.AccessTokenAuthorizer(token), rate_limit=None)


def async_endpoint_manager(world: World) -> None:
    task, token = world.finish_a_task(), world.manager_token

    async def run() -> None:
        async with _async_transfer(token) as client:
            assert (await client.endpoint_manager_get_task(task))["status"] == "SUCCEEDED"

    asyncio.run(run())


def async_retried_503(world: World) -> None:
    task, token = world.finish_a_task(), world.manager_token
    world.fault("/v0.10/endpoint_manager/task/*", "status", code=503, times=2)

    async def run() -> None:
        async with _async_transfer(token) as client:
            assert (await client.endpoint_manager_get_task(task))["task_id"] == task

    asyncio.run(run())


def async_501(world: World) -> None:
    token = world.token(TransferScopes.all)

    async def run() -> None:
        async with _async_transfer(token) as client:
            with pytest.raises(globus_async.TransferAPIError) as caught:
                await client.get("/v0.10/no_such_resource")
            assert (caught.value.http_status, bool(caught.value.code)) == (501, True)

    asyncio.run(run())


def async_get_endpoint(world: World) -> None:
    token = world.token(TransferScopes.all)

    async def run() -> None:
        async with _async_transfer(token) as client:
            assert (await client.get_endpoint(LAB))["display_name"] == "Lab"

    asyncio.run(run())


def async_ls(world: World) -> None:
    token = world.token(TransferScopes.all)

    async def run() -> None:
        async with _async_transfer(token) as client:
            assert [each["name"] async for each in client.operation_ls(LAB, path="/a/")] == ["x", "y"]

    asyncio.run(run())


PROBES: Final[tuple[Callable[[World], object], ...]] = (
    *(one_service, two_services, https_scope),
    *(authorization_code, id_token, userinfo, introspect, revoke, refresh_tokens),
    *(native_app, user_app, client_app, identities, dependent_tokens, scope_trees, refused_without_a_token),
    *(get_endpoint, endpoint_search, ls, stat, mkdir, bookmarks, access_rules, tunnels),
    *(submission_id, submit, wait, files_are_there, same_submission_id, delete_task, task_list, events),
    *(manager_task_list, manager_get_task, manager_successful_transfers, manager_cancel),
    *(group_create, group_batch, group_policies),
    *(retried_503, retry_after, dropped, cut, malformed, slow),
    *(clock, dump, load, reset),
    *(async_client_credentials, async_authorization_code, async_id_token, async_introspect),
    *(async_endpoint_manager, async_retried_503, async_501, async_get_endpoint, async_ls),
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    emulator = GlobusEmulator(clock=ManualClock(start=time.time()))  # clients verify id_tokens by their own clock
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        world = World(server.url)
        world.load(SEED)
        yield world
        for client in world.opened:
            client.close()


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_probe(probe: Callable[[World], object], world: World) -> None:
    """The emulator answers it as the real service does."""
    probe(world)


def test_the_number_of_probes() -> None:
    assert len(PROBES) == 58
