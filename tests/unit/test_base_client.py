"""Subclasses of the base client, with the class attributes of globus-sdk, and the requests that have no method."""

from __future__ import annotations

import json
from typing import Any

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    ErrorKinds,
    GlobusAPIError,
    GlobusHTTPResponse,
    GlobusSDKUsageError,
    NotFound,
    Scope,
    Secret,
    TransferClient,
)
from globus_async.scopes import DynamicScopeCollection, TransferScopes
from globus_async.services.auth import AuthAPIError, AuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferAPIError
from tests.toolkit.canaries import canary, leaks_of
from tests.toolkit.scripted import Scripted, fields_of, respond


class ReportsAPIError(GlobusAPIError):
    """The reports service returned an error."""


class ReportScopes(DynamicScopeCollection):
    """The scopes of the reports service."""

    @property
    def read(self) -> Scope:
        """Read reports."""
        return Scope(f"https://auth.globus.org/scopes/{self.resource_server}/read")


class Reports(BaseClient):
    """A client as a program of globus-sdk defines it."""

    base_url = "https://reports.example/api"
    error_class = ReportsAPIError
    scopes = ReportScopes("5e1f2a4c")


class Further(Reports):
    """A client that inherits everything."""


class TestClassAttributes:
    def test_base_url(self) -> None:
        """That of the class is used, also by subclasses; an argument takes precedence; a client's cannot be changed."""
        assert Reports.base_url == Further.base_url == "https://reports.example/api"
        client = Further()
        assert client.base_url == "https://reports.example/api/"
        assert Further(base_url="https://other.example").base_url == "https://other.example/"
        with pytest.raises(AttributeError, match="cannot be changed"):
            client.base_url = "https://evil.example/"
        assert client.base_url == "https://reports.example/api/"

    def test_a_base_url_is_checked(self) -> None:
        """As an argument is."""

        class Plain(BaseClient):
            base_url = "http://reports.example/"

        with pytest.raises(GlobusSDKUsageError, match="https"):
            Plain()

    def test_a_service_of_ones_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its address is below the domain of the environment, or in its variable."""

        class Mine(BaseClient):
            service_name = "reports"

        assert Mine().base_url == "https://reports.api.globus.org/"
        assert Mine(environment="preview").base_url == "https://reports.api.preview.globus.org/"
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_REPORTS", "https://reports.example/")
        assert Mine().base_url == "https://reports.example/"

    def test_a_client_without_an_address(self) -> None:
        """The error says what a class needs."""
        with pytest.raises(GlobusSDKUsageError, match="service_name or a base_url"):
            BaseClient()

    def test_resource_server(self) -> None:
        """It is that of the scopes, of the class and of a client."""
        assert Reports.resource_server == Further().resource_server == "5e1f2a4c"
        assert BaseClient.resource_server is None
        assert BaseClient.scopes is None
        assert TransferClient.resource_server == TransferScopes.resource_server
        assert AuthClient.scopes.resource_server == AuthClient.resource_server

        class Other(Reports):
            scopes = ReportScopes("ignored")
            resource_server = "other"

        assert Other.resource_server == "other"

    async def test_error_class(self) -> None:
        """Errors are of this class, and of the common kinds."""
        async with Scripted(respond(404)).client(client_class=Reports) as client:
            with pytest.raises(ReportsAPIError) as caught:
                await client.get("/x")
        assert isinstance(caught.value, NotFound)
        assert TransferClient.error_class is TransferAPIError
        assert AuthClient.error_class is AuthAPIError
        assert BaseClient.error_class is GlobusAPIError

        class Other(BaseClient):
            error_kinds = ErrorKinds(ReportsAPIError)

        assert Other.error_class is ReportsAPIError


class TestRequests:
    @pytest.mark.parametrize(
        ("path", "sent"),
        [
            ("/endpoint/x", "/v0.10/endpoint/x"),
            ("endpoint/x", "/v0.10/endpoint/x"),
            ("/v0.10/endpoint/x", "/v0.10/endpoint/x"),
            ("v0.10/endpoint/x", "/v0.10/endpoint/x"),
            ("/v2/tunnels", "/v2/tunnels"),
            ("/v1", "/v1"),
            ("/volumes", "/v0.10/volumes"),
            ("https://transfer.api.globus.org/private", "/private"),
        ],
    )
    async def test_a_path_of_transfer_without_a_version(self, path: str, sent: str) -> None:
        """It is that of the version of this client, as in release 1; others are left as they are."""
        service = Scripted(respond(200))
        async with service.client(client_class=TransferClient) as client:
            await client.get(path)
        assert service.paths == [sent]

    async def test_a_path_that_leaves_the_service_is_refused(self) -> None:
        """With a base path, too."""
        service = Scripted(respond(200))
        async with service.client(client_class=TransferClient) as client:
            for path in ("../x", "/a/../../x", "//evil.example/x", "https://evil.example/v0.10/x", "v0.10/../x"):
                with pytest.raises(GlobusSDKUsageError):
                    await client.get(path)
        assert service.paths == []

    @pytest.mark.parametrize("method", ["get", "delete", "post", "put", "patch"])
    async def test_without_credentials(self, method: str) -> None:
        """``automatic_authorization=False`` sends none, or the caller's own."""
        service = Scripted(respond(200), respond(200), respond(200))
        async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
            call = getattr(client, method)
            await call("/x")
            await call("/x", automatic_authorization=False)
            await call("/x", headers={"Authorization": "Own"}, automatic_authorization=False)
            with pytest.raises(GlobusSDKUsageError, match="automatic_authorization"):
                await call("/x", headers={"authorization": "Own"})
        assert service.tokens == ["Bearer AgX1", None, "Own"]

    async def test_the_positions_of_release_1(self) -> None:
        """Path, body, query parameters and headers."""
        service = Scripted(respond(200), respond(200))
        async with service.client() as client:
            await client.get("/x", {"a": 1}, {"X-One": "1"})
            await client.post("/x", {"b": 2}, {"a": 1}, {"X-One": "1"})
        for request in service.requests:
            assert request.url.query == b"a=1"
            assert request.headers["x-one"] == "1"
        assert json.loads(service.requests[1].content) == {"b": 2}

    async def test_a_post_that_may_be_repeated(self) -> None:
        """``idempotent=True`` lets it be retried."""
        service = Scripted(respond(500), respond(200))
        async with service.client() as client:
            await client.request("POST", "/x", data={}, idempotent=True)
        assert len(service.paths) == 2

    @pytest.mark.parametrize("option", ["allow_redirects", "stream"])
    async def test_redirects_and_streams(self, option: str) -> None:
        """``False`` is taken, as in globus-sdk; ``True`` is refused before anything is sent."""
        service = Scripted(respond(200))
        async with service.client() as client:
            request: Any = client.request
            await request("GET", "/x", **{option: False})
            with pytest.raises(GlobusSDKUsageError, match=r"allow_redirects= and stream="):
                await request("GET", "/x", **{option: True})
        assert len(service.requests) == 1

    async def test_headers_of_a_call(self) -> None:
        """Methods of a client may send headers of their own, but no second ``Authorization``."""
        service = Scripted(respond(200, {}))
        async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
            await client.call("GET", "/x", GlobusHTTPResponse, headers={"X-One": "1"})
            with pytest.raises(GlobusSDKUsageError, match="Authorization"):
                await client.call("GET", "/x", GlobusHTTPResponse, headers={"AUTHORIZATION": "Own"})
        assert service.requests[0].headers["x-one"] == "1"

    async def test_an_authorizer_by_position(self) -> None:
        """As in release 1."""
        service = Scripted(respond(200))
        async with service.transport() as transport:
            client = TransferClient(
                AccessTokenAuthorizer(Secret("AgX1")), base_url="https://transfer.api.globus.org/", transport=transport
            )
            await client.get("/x")
        assert service.tokens == ["Bearer AgX1"]

    @pytest.mark.parametrize("name", ["password", "client_secret", "refresh_token", "token", "code", "code_verifier"])
    async def test_a_plain_secret_in_a_form(self, name: str) -> None:
        """A field with such a name is a secret without being marked: an error that repeats it does not show it."""
        plain = canary(name)
        service = Scripted(respond(400, {"code": "Refused", "message": f"{plain} is wrong"}))
        async with service.client() as client:
            with pytest.raises(GlobusAPIError) as caught:
                await client.request("POST", "/x", data={name: plain, "other": "shown value"}, encoding="form")
        assert fields_of(service.requests[0])[name] == plain
        assert not leaks_of(f"{caught.value} {caught.value.raw_json} {caught.value.text}")


@pytest.mark.parametrize("wrong", ["a=b", 5, ["a"], [("a", "b")], {1: "a"}])
async def test_query_parameters_are_a_mapping(wrong: Any) -> None:
    """Anything else is refused before a request, in calls, listings and addresses of logins; names are text."""
    async with Scripted().client(client_class=TransferClient) as client:
        assert isinstance(client, TransferClient)
        with pytest.raises(GlobusSDKUsageError, match="query_params"):
            await client.get_endpoint("5e1f2a4c-0000-4000-8000-000000000001", query_params=wrong)
        with pytest.raises(GlobusSDKUsageError, match="query_params"):
            client.task_list(query_params=wrong)
        with pytest.raises(GlobusSDKUsageError, match="query_params"):
            await client.get("/v0.10/task_list", query_params=wrong)
    flow = NativeAppAuthClient("5e1f2a4c-0000-4000-8000-000000000001").oauth2_start_flow()
    with pytest.raises(GlobusSDKUsageError, match="query_params"):
        flow.get_authorize_url(query_params=wrong)
