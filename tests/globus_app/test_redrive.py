"""A call that a service refuses for want of a consent or a session lets the user log in, and is made once more."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from globus_async import (
    AuthenticationFailed,
    BaseClient,
    ConsentRequired,
    GCSCollectionClient,
    GlobusAPIError,
    GlobusAppConfig,
    PermissionDenied,
    TransferClient,
    Transport,
    UserApp,
)
from globus_async.login_flows import InteractiveLoginRequired
from globus_async.scopes import GCSCollectionScopes
from globus_async.testing import MemoryStorage
from tests.globus_app.test_login import until
from tests.globus_app.world import Browser, Globus, globus


def data_access(collection: Any) -> str:
    return GCSCollectionScopes(collection.id).data_access.scope_string


async def test_a_consent_in_between() -> None:
    """The first login lacks the consent for a mapped collection; its error leads to a second login."""
    async with globus() as world, world.app(browser := world.browser(), auto_redrive_gares=True) as app:
        tc = TransferClient(app=app)
        assert [each["name"] for each in await tc.operation_ls(world.mapped.id)] == ["mapped.txt"]
        assert len(browser.logins) == 2
        assert any(data_access(world.mapped) in scope for scope in browser.logins[1].required_scopes or ())
        await tc.operation_ls(world.mapped.id)
        assert len(browser.logins) == 2


async def test_a_consent_that_a_server_of_files_requires() -> None:
    """Its refusal is a text with the document in it."""
    async with globus() as world, world.app(browser := world.browser(), auto_redrive_gares=True) as app:
        address = world.mapped.https_url
        assert address is not None
        client = GCSCollectionClient(world.mapped.id, address, app=app)
        await app.login()
        assert await client.size("/mapped.txt") == len(await client.read("/mapped.txt"))
        assert len(browser.logins) == 2
        assert data_access(world.mapped) in (browser.logins[1].required_scopes or ())


async def test_off_by_default() -> None:
    """The error has what is required."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        with pytest.raises(ConsentRequired) as caught:
            await TransferClient(app=app).operation_ls(world.mapped.id)
        assert len(browser.logins) == 1
        assert data_access(world.mapped) in caught.value.required_scopes[0]


async def test_a_requirement_that_is_known_from_the_start() -> None:
    """One login with the dependent scope; another one when it is added later."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app).add_app_data_access_scope(world.mapped.id)
        await tc.operation_ls(world.mapped.id)
        assert len(browser.logins) == 1
        assert tc.add_app_data_access_scope([world.other.id]) is tc
        await asyncio.gather(*(tc.operation_ls(world.other.id) for _ in range(10)))
        assert len(browser.logins) == 2
        await tc.operation_ls(world.mapped.id)
        assert len(browser.logins) == 2


async def test_concurrent_calls_share_the_login() -> None:
    """Those with the same requirement share one, and those with others that come meanwhile a second one."""
    async with globus() as world, world.app(browser := world.browser(), auto_redrive_gares=True) as app:
        tc = TransferClient(app=app)
        await app.login()
        await asyncio.gather(*(tc.operation_ls(world.mapped.id) for _ in range(20)))
        assert len(browser.logins) == 2
        browser.logins.clear()
        third = world.emulator.add_collection("Third", storage=MemoryStorage({}), needs_data_access=True)
        calls = [tc.operation_ls(each.id) for each in (world.other, third) for _ in range(5)]
        await asyncio.gather(*calls)
        assert 1 <= len(browser.logins) <= 2
        assert browser.max_running == 1


async def test_the_policy_of_a_server() -> None:
    """The error has the URL of the login, what it must satisfy, and the flow that completes it."""
    async with globus() as world:
        config = GlobusAppConfig(login_flow_manager="deferred", token_storage="memory", auto_redrive_gares=True)
        async with UserApp("Portal", client_id=world.native.id, transport=world.transport, config=config) as app:
            tc = TransferClient(app=app)
            for collection in (None, world.mapped):
                with pytest.raises(InteractiveLoginRequired) as caught:
                    await tc.operation_ls((collection or world.lab).id)
                error = caught.value
                assert error.flow is not None
                required = " ".join(error.auth_parameters.required_scopes or ())
                assert (data_access(world.mapped) in required) == (collection is not None)
                code = world.emulator.auth.authorize(error.authorize_url, world.alice).code
                tokens = await error.flow.exchange_code_for_tokens(code, state=error.flow.state)
                await app.token_storage.store_token_response(tokens)
            assert [each["name"] for each in await tc.operation_ls(world.mapped.id)] == ["mapped.txt"]


class Service(BaseClient):
    """A service of one's own."""

    service_name = "flows"
    resource_server = "flows.globus.org"
    base_url = "https://flows.automate.globus.org/"


GARE = {
    "code": "AuthorizationRequired",
    "authorization_parameters": {"session_required_single_domain": ["example.org"]},
}
EMBEDDED = {
    "code": "ExternalError.DirListingFailed.LoginFailed",
    "message": f"Error (login)\n---\nDetails: 530-GridFTP-JSON-Result: {json.dumps(GARE)}",
}


class Refusing:
    """Refuses the first requests of each token, and Auth and Transfer are the emulator's."""

    def __init__(self, world: Globus, status: int, document: object, *, always: bool = False) -> None:
        self.world = world
        self.status = status
        self.document = document
        self.always = always
        self.requests: list[tuple[str, str]] = []
        self.first = ""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["Authorization"]
        self.requests.append((request.method, token))
        self.first = self.first or token
        if self.always or token == self.first:
            return httpx.Response(self.status, json=self.document)
        return httpx.Response(200, json={"done": True})


def own_service(world: Globus, refusing: Any, browser: Browser, **settings: Any) -> tuple[UserApp, Service]:
    """Return an app, and a client of a service of one's own with the token of Transfer."""
    config = GlobusAppConfig(login_flow_manager=browser, token_storage="memory", **settings)
    app = UserApp("Nightly", client_id=world.native.id, transport=world.transport, config=config)
    transport = Transport(http_client=httpx.AsyncClient(transport=httpx.MockTransport(refusing)))
    client = Service(transport=transport)
    app.add_scope_requirements({"transfer.api.globus.org": "urn:globus:auth:scope:transfer.api.globus.org:all"})
    client.authorizer = app.get_authorizer("transfer.api.globus.org")
    return app, client


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("document", [GARE, EMBEDDED], ids=["plain", "embedded"])
async def test_any_method_and_both_statuses(status: int, method: str, document: object) -> None:
    """The request was refused, so that it can be made again; also where the requirement stands in a message."""
    async with globus() as world:
        refusing = Refusing(world, status, document)
        app, client = own_service(world, refusing, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            assert (await client.request(method, "/thing"))["done"]
        assert [each[0] for each in refusing.requests] == [method] * 2
        assert [each.session_required_single_domain for each in browser.logins] == [None, ["example.org"]]


@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationFailed), (403, PermissionDenied)])
async def test_once_for_a_call(status: int, kind: type[GlobusAPIError]) -> None:
    """A service that refuses the new token, too, gets no third one; the error lists the attempts."""
    async with globus() as world:
        refusing = Refusing(world, status, GARE, always=True)
        app, client = own_service(world, refusing, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            with pytest.raises(GlobusAPIError) as caught:
                await client.get("/thing")
            assert caught.value.http_status == status
            assert len(browser.logins) == 2
            assert len(caught.value.attempts) == len(refusing.requests) == 2


@pytest.mark.parametrize("has_more", [False, True])
async def test_a_refusal_that_comes_after_the_login(has_more: bool) -> None:
    """A request that was sent before a login is repeated without another one, unless it requires more than that."""
    async with globus() as world:
        more = {**GARE, "authorization_parameters": {"session_required_identities": [world.alice.id]}}
        refusing = Refusing(world, 403, GARE)
        late, tokens = asyncio.Event(), set[str]()

        async def serve(request: httpx.Request) -> httpx.Response:
            tokens.add(token := request.headers["Authorization"])
            if request.url.path == "/late" and len(tokens) == 1:
                await late.wait()
                return httpx.Response(403, json=more if has_more else GARE)
            return await refusing(request) if request.url.path == "/thing" else httpx.Response(200, json={token: 1})

        app, client = own_service(world, serve, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            calls = [asyncio.create_task(client.get("/late")) for _ in range(3)]
            await until(lambda: len(tokens) == 1)
            await client.get("/thing")
            assert len(browser.logins) == 2
            late.set()
            await asyncio.gather(*calls)
        assert len(browser.logins) == (3 if has_more else 2)


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_no_other_status(status: int) -> None:
    """A requirement in another error is for the caller."""
    async with globus() as world:
        refusing = Refusing(world, status, GARE)
        app, client = own_service(world, refusing, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            with pytest.raises(GlobusAPIError):
                await client.get("/thing")
        assert len(browser.logins) == 1


@pytest.mark.parametrize("scopes", [["a["], ["a[a]"], ["x" * 2_000_000], ["]"]], ids=lambda each: each[0][:5])
async def test_requirements_that_are_no_scopes(scopes: list[str]) -> None:
    """The refusal is the error, as without the setting."""
    async with globus() as world:
        refusing = Refusing(world, 403, {"code": "ConsentRequired", "required_scopes": scopes})
        app, client = own_service(world, refusing, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            with pytest.raises(GlobusAPIError):
                await client.get("/thing")
        assert len(browser.logins) == len(refusing.requests) == 1


async def test_a_login_that_fails_is_the_error() -> None:
    """With its own class; the call is not made again."""
    async with globus() as world:
        refusing = Refusing(world, 403, GARE)
        app, client = own_service(world, refusing, browser := world.browser(), auto_redrive_gares=True)
        async with app, client, client.transport:
            await app.login()
            browser.scopes = lambda _: []
            with pytest.raises(ValueError, match="scopes"):
                await client.get("/thing")
            assert len(refusing.requests) == 1


async def test_a_refused_access_token() -> None:
    """A 401 without requirements: the stored token is read again, and else the user logs in, once a minute."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app)
        await tc.operation_ls(world.lab.id)
        stored = await app.token_storage.get_token_data("transfer.api.globus.org")
        world.emulator.auth.revoke(stored.access_token.reveal())
        with pytest.raises(AuthenticationFailed):  # right after a login another one would not help
            await tc.operation_ls(world.lab.id)
        assert len(browser.logins) == 1
        app._logins.ended_at -= 60
        results = await asyncio.gather(*(tc.operation_ls(world.lab.id) for _ in range(10)))
        assert len(results) == 10
        assert len(browser.logins) == 2
