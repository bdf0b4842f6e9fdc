"""The client of Globus Connect Server: all its operations, credentials of an app, errors and listings."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import httpx
import pytest
import respx

from globus_async import ClientApp, GCSClient, GlobusSDKUsageError, PaginationStalled, ResponseDecodeError, Transport
from globus_async.emulator.gcs.grades import GRADES
from globus_async.services.gcs import InvalidDocument, PermissionDenied, UnpackingGCSResponse
from globus_async.testing import GlobusEmulator

ADDRESS = "abc.def.data.globus.org"
REST = re.compile(r"REST: `(?P<verb>[A-Z]+) /api(?P<path>\S+)\s")
BROWSER = {
    "GET /api/v1/authcallback",
    "GET /api/v1/authcallback_google",
    "GET /api/v1/authclicomplete",
    "POST /api/v1/user_credentials",
}


def test_every_operation_has_a_method() -> None:
    """There are sixty, without those of browsers; the emulated Manager has the same."""
    found = [
        f"{match['verb']} /api{match['path']}"
        for _, method in inspect.getmembers(GCSClient, inspect.isfunction)
        if (match := REST.search(inspect.getdoc(method) or "")) and method.__name__ != "fetch_endpoint_client_id"
    ]
    assert (len(found), len(set(found))) == (60, 60)
    assert {*found} == {operation for operation in GRADES if "/api/" in operation} - BROWSER


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (ADDRESS, f"https://{ADDRESS}/api/"),
        (f"https://{ADDRESS}", f"https://{ADDRESS}/api/"),
        (f"https://{ADDRESS}/", f"https://{ADDRESS}/api/"),
        (f"https://{ADDRESS}/api", f"https://{ADDRESS}/api/"),
        (f"https://{ADDRESS}/api/", f"https://{ADDRESS}/api/"),
        ("api", "https://api/api/"),
        (f"http://127.0.0.1:8000/{ADDRESS}", f"http://127.0.0.1:8000/{ADDRESS}/api/"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    """A domain or a URL."""
    assert GCSClient(address).base_url == url


@pytest.mark.parametrize(
    "address",
    ["", "https://", "https:///api", "abc.org/evil", "http://abc.org", f"https://user:x@{ADDRESS}", "https://a?b"],
)
def test_refused_addresses(address: str) -> None:
    """Nothing is sent to them."""
    with pytest.raises(GlobusSDKUsageError, match="gcs_address"):
        GCSClient(address)


async def test_an_app_learns_the_client_id_at_the_first_call() -> None:
    """The constructor makes no request; one look-up serves all calls, and the scope is required of the app."""
    async with GlobusEmulator() as emulator:
        confidential = emulator.add_client("Robot", secret="a secret")
        endpoint = emulator.gcs.add_endpoint("Laboratory", owner=confidential.id)
        async with emulator.transport() as transport:
            app = ClientApp("Robot", client_id=confidential.id, client_secret="a secret", transport=transport)
            client = GCSClient(endpoint.host, app=app)
            assert not GCSClient.resource_server
            with pytest.raises(GlobusSDKUsageError, match="endpoint_client_id="):
                _ = client.endpoint_client_id
            with pytest.raises(GlobusSDKUsageError, match="exclude each other"):
                client.attach_globus_app(app)
            found = await asyncio.gather(*(client.with_options(timeout=5).get_endpoint() for _ in range(3)))
            assert {each["display_name"] for each in found} == {"Laboratory"}
            assert client.resource_server == client.endpoint_client_id == endpoint.client_id
            assert [str(each) for each in client.default_scope_requirements] == [endpoint.scope]
            assert endpoint.client_id in app.scope_requirements
            known = GCSClient(endpoint.host, app=app, endpoint_client_id=endpoint.client_id)
            assert (await known.get_endpoint())["display_name"] == "Laboratory"


def _client(router: respx.Router) -> tuple[Transport, GCSClient]:
    transport = Transport(http_client=httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler)))
    return transport, GCSClient(ADDRESS, transport=transport)


async def test_errors() -> None:
    """They have the typed detail; each problem of a document is a message."""
    router = respx.Router()
    role = {"DATA_TYPE": "missing_required_role#1.0.0", "roles": [{"role": "owner"}]}
    router.get(path="/api/endpoint").respond(403, json={"code": "permission_denied", "message": None, "detail": role})
    problems = {"DATA_TYPE": "invalid_input#1.0.0", "errors": [{"property": "public", "message": "is missing"}]}
    refusal = {"code": "unprocessable_entity", "message": "Data Validation Error", "detail": problems}
    router.post(path="/api/roles").respond(422, json=refusal)
    transport, client = _client(router)
    async with transport:
        with pytest.raises(PermissionDenied, match=r"missing_required_role#1\.0\.0") as denied:
            await client.get_endpoint()
        assert (denied.value.detail, denied.value.detail_data_type) == (role, "missing_required_role#1.0.0")
        with pytest.raises(InvalidDocument, match="Data Validation Error; public: is missing"):
            await client.create_role({})


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        ([{"collection": None, "role": "owner"}, {"role": "administrator"}], ": owner, administrator"),
        ([{"collection": "5e1f", "role": "access_manager"}], ": access_manager of collection 5e1f"),
        ([{"collection": 5, "role": "owner"}, {"role": None}, "owner"], ": owner"),
        ("owner", ""),
        ([], ""),
    ],
)
async def test_the_message_names_the_missing_roles(roles: object, named: str) -> None:
    """The user reads which role to ask for."""
    router = respx.Router()
    detail = {"DATA_TYPE": "missing_required_role#1.0.0", "roles": roles}
    refusal = {"code": "permission_denied", "message": "Insufficient permissions", "detail": detail}
    router.get(path="/api/endpoint").respond(403, json=refusal)
    transport, client = _client(router)
    async with transport:
        with pytest.raises(PermissionDenied) as denied:
            await client.get_endpoint()
    assert denied.value.message == f"Insufficient permissions [missing_required_role#1.0.0{named}]"


async def test_listings_and_responses() -> None:
    """An empty marker ends a listing; a page that has a next one but no marker is refused."""
    router = respx.Router()
    page = {"data": [{"id": "1"}], "has_next_page": True}
    router.get(path="/api/roles", params={"marker": "m"}).respond(json={"data": [{"id": "2"}], "marker": ""})
    router.get(path="/api/roles").respond(json={**page, "marker": "m"})
    router.get(path="/api/nodes").respond(json=page)
    router.get(path="/api/storage_gateways").respond(json={"data": [], "has_next_page": ["yes"]})
    documents = [{"DATA_TYPE": "endpointer#1.0.0"}, {"DATA_TYPE": 5}, {"DATA_TYPE": "endpoint#9.0.0", "id": "x"}]
    router.get(path="/api/endpoint").respond(json={"code": "success", "data": documents})
    router.delete(path="/api/nodes/5e1f2a4c-0000-4000-8000-000000000001").respond(json={"code": "success"})
    transport, client = _client(router)
    async with transport:
        assert [role["id"] async for role in client.get_role_list()] == ["1", "2"]
        with pytest.raises(PaginationStalled):
            await client.get_node_list().list()
        with pytest.raises(ResponseDecodeError, match="has_next_page"):
            await client.get_storage_gateway_list().list()
        endpoint = await client.get_endpoint()
        assert (endpoint["id"], endpoint.full_data["code"]) == ("x", "success")
        own: UnpackingGCSResponse[dict[str, Any]] = UnpackingGCSResponse(
            endpoint.raw, endpoint.full_data, lambda document: document["DATA_TYPE"] == 5
        )
        assert own.data == {"DATA_TYPE": 5}
        with pytest.raises(GlobusSDKUsageError, match="match"):
            UnpackingGCSResponse(endpoint.raw, endpoint.full_data, "a b")
