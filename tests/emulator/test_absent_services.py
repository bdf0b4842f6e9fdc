"""Every Globus service is at the emulator's address: those it lacks are refused there, and never reached elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, ClassVar

import globus_sdk
import httpx
import pytest
from globus_sdk.config import get_service_url, get_webapp_url

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusAPIError, NotFound, config
from globus_async.emulator.kit.errors import ServiceError
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.service import Document, Platform, RouteTable, Service
from globus_async.testing import GlobusEmulator, LoopbackServer


def official_clients() -> list[type[globus_sdk.BaseClient]]:
    """Return all clients of the official SDK, the experimental ones too."""
    for module in pkgutil.walk_packages(globus_sdk.__path__, "globus_sdk."):
        if not module.name.startswith("globus_sdk._internal"):
            importlib.import_module(module.name)
    found: list[type[globus_sdk.BaseClient]] = [globus_sdk.BaseClient]
    for each in found:
        found += [cls for cls in each.__subclasses__() if cls.__module__.startswith("globus_sdk.") and cls not in found]
    return found[1:]


def test_no_official_client_leaves_the_emulator(globus_server: LoopbackServer) -> None:
    """Each of them resolves to the emulator, but for the client of a server whose address its user gives."""
    clients = official_clients()
    assert len(clients) >= 13
    groups: Any = globus_sdk.GroupsClient
    for each in clients:
        if each.service_name not in {"_base", "globus_connect_server"}:
            assert get_service_url(each.service_name).startswith(f"{globus_server.url}/"), each
    assert groups().base_url.startswith(globus_server.url)


@pytest.mark.parametrize("environment", ["production", "preview", "sandbox"])
def test_no_service_of_this_package_leaves_the_emulator(
    environment: str, globus_server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every Globus environment the variables come first."""
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", environment)
    for service in config._HOSTS:
        assert config.get_service_url(service).startswith(f"{globus_server.url}/")
        assert get_service_url(service).startswith(f"{globus_server.url}/")
    assert get_webapp_url().startswith(f"{globus_server.url}/")


def test_a_call_of_a_service_that_is_absent(globus_emulator: GlobusEmulator, globus_server: LoopbackServer) -> None:
    """It fails with a status that no missing thing has, and says what is missing."""
    url = globus_server.environ["GLOBUS_SDK_SERVICE_URL_ACTIONS"]
    assert url == f"{globus_server.url}/actions.automate.globus.org/"
    base: Any = globus_sdk.BaseClient
    client = base(base_url=url, authorizer=globus_sdk.AccessTokenAuthorizer("x"))
    for method, path in (("GET", "/x"), ("POST", "/transfer/run"), ("GET", "/v2/bookmarks")):
        with pytest.raises(globus_sdk.GlobusAPIError) as caught:
            client.request(method, path)
        assert caught.value.http_status == 501
        assert "does not implement" in str(caught.value.message)
        assert "the action providers of Globus" in str(caught.value.message)
    assert globus_emulator.unknown_paths["POST /transfer/run"] == 1


async def test_in_process() -> None:
    """A request for the host of an absent service is refused as such, not as one for a missing thing."""

    class ActionsClient(BaseClient):
        base_url = "https://actions.automate.globus.org/"

    async with GlobusEmulator() as emulator:
        authorizer = AccessTokenAuthorizer(emulator.access_token())
        client = ActionsClient(authorizer=authorizer, transport=emulator.transport())
        with pytest.raises(GlobusAPIError, match="the action providers of Globus") as caught:
            await client.get("/transfer/x")
        assert caught.value.http_status == 501
        assert not isinstance(caught.value, NotFound)


class OwnService(Service[list[str]]):
    name = "own"
    title = "Own"
    hosts: ClassVar[tuple[str, ...]] = ("own.example.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_OWN",)
    errors = ServiceError

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, [])

    def tables(self) -> Mapping[str, RouteTable[list[str]]]:
        return {"/v0.10": (("GET", "/endpoint/{name}", _read), ("GET", "/own", _read))}


async def _read(_state: list[str], request: Request) -> Document:
    return {"path": request.path, "query": request.parameter("q")}


async def test_a_service_with_paths_of_an_earlier_one() -> None:
    """It has its own address below the emulator's, in front of which the other one stays what it was."""
    async with GlobusEmulator(services=[OwnService]) as emulator, emulator.serve() as server:
        own = server.environ["GLOBUS_SDK_SERVICE_URL_OWN"]
        assert own == f"{server.url}/own.example.org/"
        async with httpx.AsyncClient() as http:
            read = await http.get(f"{own}v0.10/endpoint/x%20y?q=1")
            assert read.json() == {"path": "/v0.10/endpoint/x y", "query": "1"}
            assert (await http.get(f"{server.url}/v0.10/endpoint/x")).status_code == 401
            assert (await http.get(f"{own}v0.10/other")).json()["code"] == "NOT_IMPLEMENTED"
        assert emulator.requests[0].path == "/v0.10/endpoint/x y"


async def test_a_service_without_a_host_needs_paths_of_its_own() -> None:
    """It could not be reached."""

    class Hidden(OwnService):
        hosts = ()

    with pytest.raises(ValueError, match=r"the service own needs a host, since .* GET /v0.10/endpoint/\{\}"):
        GlobusEmulator(services=[Hidden])


@pytest.mark.parametrize(
    ("its_hosts", "variables"),
    [
        (("actions.automate.globus.org",), ("GLOBUS_SDK_SERVICE_URL_ACTIONS",)),
        (("actions.example.org",), ("GLOBUS_SDK_SERVICE_URL_ACTIONS",)),
        (("actions.automate.globus.org",), ("GLOBUS_SDK_SERVICE_URL_OURS",)),
    ],
)
def test_a_service_of_ones_own_in_place_of_an_absent_one(its_hosts: tuple[str], variables: tuple[str]) -> None:
    """Then it is not absent any more, whether it has the host or the variable."""

    class Actions(OwnService):
        hosts = its_hosts
        url_variables = variables

    emulator = GlobusEmulator(services=[Actions])
    assert "actions" not in emulator.services
    assert emulator.environ("http://127.0.0.1:1")[variables[0]] == f"http://127.0.0.1:1/{its_hosts[0]}/"
    assert len(emulator.environ("")) == len(GlobusEmulator().environ(""))
