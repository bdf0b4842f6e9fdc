"""The token endpoint: requests, and responses including unusual ones."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from globus_async import AccessTokenAuthorizer, GlobusSDKUsageError, RefreshTokenAuthorizer, ResponseDecodeError, Secret
from globus_async.scopes import TransferScopes
from globus_async.services.auth import (
    AuthAPIError,
    AuthClient,
    AuthLoginClient,
    ConfidentialAppAuthClient,
    ConsentRequired,
    InvalidClient,
    InvalidGrant,
    NativeAppAuthClient,
    OAuthDependentTokenResponse,
    OAuthRefreshTokenResponse,
    OAuthTokenResponse,
)
from tests.services.auth.service import BASE, CLIENT_ID, Service, as_json, token_document
from tests.toolkit.canaries import canary, leaks_of, leaks_of_error
from tests.toolkit.raw_server import RawServer, Send, reply

NOW = 1_800_000_000
TRANSFER = "transfer.api.globus.org"


@pytest.fixture
def service() -> Service:
    return Service(lambda _: token_document())


@pytest.fixture
def native(service: Service) -> NativeAppAuthClient:
    return service.client(NativeAppAuthClient, CLIENT_ID)


@pytest.fixture
def confidential(service: Service) -> ConfidentialAppAuthClient:
    return service.client(ConfidentialAppAuthClient, CLIENT_ID, "secret-of-the-client")


class TestRequests:
    async def test_a_native_app_refreshes_with_its_client_id(
        self, service: Service, native: NativeAppAuthClient
    ) -> None:
        """No header, the id in the form; additional fields and parameters are sent."""
        await native.oauth2_refresh_token("AgR", body_params={"more": "x"}, query_params={"q": 1})
        (request,) = service.requests
        assert request.form == {
            "refresh_token": "AgR",
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "more": "x",
        }
        assert request.query == {"q": "1"}
        assert "authorization" not in request.headers

    async def test_a_confidential_app_refreshes_with_its_secret(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """In the header."""
        await confidential.oauth2_refresh_token(Secret("AgR"))
        (request,) = service.requests
        assert request.form == {"refresh_token": "AgR", "grant_type": "refresh_token"}
        assert request.headers["authorization"].startswith("Basic ")

    async def test_client_credentials(self, service: Service, confidential: ConfidentialAppAuthClient) -> None:
        """Scopes may have any form and have a default."""
        for scopes, sent in (
            ((), "openid profile email urn:globus:auth:scope:transfer.api.globus.org:all"),
            ((TransferScopes.all,), "urn:globus:auth:scope:transfer.api.globus.org:all"),
            ((["openid", "email"],), "openid email"),
        ):
            await confidential.oauth2_client_credentials_tokens(*scopes)
            assert service.requests[-1].form == {"grant_type": "client_credentials", "scope": sent}

    async def test_dependent_tokens(self, service: Service, confidential: ConfidentialAppAuthClient) -> None:
        """Omitted arguments are not sent."""
        service.respond = lambda _: []
        await confidential.oauth2_get_dependent_tokens("AgT")
        grant = {"grant_type": "urn:globus:auth:grant_type:dependent_token", "token": "AgT"}
        assert service.requests[-1].form == grant
        await confidential.oauth2_get_dependent_tokens("AgT", refresh_tokens=True, scope=["a", "b"])
        assert service.requests[-1].form == {**grant, "access_type": "offline", "scope": "a b"}

    async def test_introspection(self, service: Service, confidential: ConfidentialAppAuthClient) -> None:
        """By POST, so that the token is in no URL."""
        service.respond = lambda _: {"active": True, "sub": "x"}
        await confidential.oauth2_token_introspect("AgT", include=["identity_set", "session_info"])
        (request,) = service.requests
        assert (request.method, request.path, request.query) == ("POST", "/v2/oauth2/token/introspect", {})
        assert request.form == {"token": "AgT", "include": "identity_set,session_info"}

    @pytest.mark.parametrize("call", ["oauth2_validate_token", "oauth2_revoke_token"])
    async def test_validation_and_revocation_are_authenticated(self, service: Service, call: str) -> None:
        """By a header, or by the id in the form if there is no header."""
        service.respond = lambda _: {"active": False}
        path = f"/v2/oauth2/token/{call.removeprefix('oauth2_').removesuffix('_token')}"
        for client, form, header in (
            (service.client(NativeAppAuthClient, CLIENT_ID), {"token": "AgT", "client_id": CLIENT_ID}, None),
            (service.client(AuthClient), {"token": "AgT"}, None),
            (service.client(AuthClient, CLIENT_ID), {"token": "AgT", "client_id": CLIENT_ID}, None),
            (service.client(ConfidentialAppAuthClient, CLIENT_ID, "s" * 20), {"token": "AgT"}, "Basic"),
            (service.client(AuthClient, CLIENT_ID, AccessTokenAuthorizer("AgA")), {"token": "AgT"}, "Bearer"),
        ):
            assert (await getattr(client, call)("AgT"))["active"] is False
            request = service.requests[-1]
            assert (request.path, request.form) == (path, form)
            assert request.headers.get("authorization", "").partition(" ")[0] == (header or "")

    async def test_the_token_endpoint_is_not_called_with_a_refreshing_authorizer(
        self, service: Service, native: NativeAppAuthClient
    ) -> None:
        """Its refresh is one request without a header, and does not wait for itself."""
        client = service.client(AuthClient, CLIENT_ID, RefreshTokenAuthorizer("AgR", native))
        await client.oauth2_token({"grant_type": "x"})
        assert [request.headers.get("authorization") for request in service.requests] == [None]

    @pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "a\r\nX: y", "tök", "a\x00", "<token>"])
    async def test_malformed_tokens_are_refused(
        self, service: Service, confidential: ConfidentialAppAuthClient, token: str
    ) -> None:
        """By every call that takes one, before anything is sent; the error does not contain it."""
        for call in (
            confidential.oauth2_refresh_token,
            confidential.oauth2_validate_token,
            confidential.oauth2_revoke_token,
            confidential.oauth2_get_dependent_tokens,
            confidential.oauth2_token_introspect,
        ):
            with pytest.raises(GlobusSDKUsageError) as caught:
                await call(token)
            assert not token.strip() or token not in str(caught.value)
        assert not service.requests

    async def test_missing_credentials_are_refused(self) -> None:
        """Id and secret are required."""
        makers: tuple[Callable[[], object], ...] = (
            lambda: NativeAppAuthClient(""),
            lambda: ConfidentialAppAuthClient(CLIENT_ID, ""),
            lambda: ConfidentialAppAuthClient("", "s"),
            lambda: ConfidentialAppAuthClient("a:b", "s"),
            lambda: ConfidentialAppAuthClient(f"{CLIENT_ID}\n", "s"),
            lambda: NativeAppAuthClient("My app"),
            lambda: AuthClient("My app"),
        )
        for make in makers:
            with pytest.raises(GlobusSDKUsageError):
                make()


class TestResponses:
    async def test_tokens_by_resource_server_and_by_scope(self, service: Service, native: NativeAppAuthClient) -> None:
        """As plain text, with an expiration counted from the start of the request."""
        service.clock.step_wall(0.9)
        tokens = await native.oauth2_token({"grant_type": "x"})
        assert isinstance(tokens, OAuthTokenResponse)
        assert tokens.by_resource_server == {
            TRANSFER: {
                "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
                "access_token": "AgTransferToken",
                "refresh_token": "AgRefreshToken",
                "token_type": "Bearer",
                "expires_at_seconds": NOW + 172_800,
                "resource_server": TRANSFER,
            },
            "auth.globus.org": {
                "scope": "openid email profile",
                "access_token": "AgAuthToken",
                "refresh_token": None,
                "token_type": "Bearer",
                "expires_at_seconds": NOW + 3600,
                "resource_server": "auth.globus.org",
            },
        }
        assert list(tokens.by_resource_server) == [TRANSFER, "auth.globus.org"]
        auth = tokens.by_resource_server["auth.globus.org"]
        assert tokens.by_scopes["openid"] is tokens.by_scopes["profile email"] is auth
        assert "openid" in tokens.by_scopes
        assert "openid urn:globus:auth:scope:transfer.api.globus.org:all" not in tokens.by_scopes
        number: object = 5
        assert number not in tokens.by_scopes
        assert len(tokens.by_scopes) == 4
        for wrong in ("", "nothing", "openid nothing", "openid urn:globus:auth:scope:transfer.api.globus.org:all"):
            with pytest.raises(KeyError):
                tokens.by_scopes[wrong]
        assert tokens["access_token"] == "AgTransferToken"

    async def test_the_lifetime_counts_from_the_start_of_the_request(self, service: Service) -> None:
        """Not from the arrival of a slow response."""

        async def slow(_: Any) -> Any:
            service.clock.step_wall(100)
            return token_document(expires_in=3600)

        service.respond = slow
        tokens = await service.client(NativeAppAuthClient, CLIENT_ID).oauth2_refresh_token("AgR")
        assert tokens.by_resource_server[TRANSFER]["expires_at_seconds"] == NOW + 3600

    @pytest.mark.parametrize(
        ("expires_in", "seconds"),
        [
            ("3600", 3600),
            (3600.9, 3600),
            (0, 0),
            (-5, 0),
            (None, 0),
            ("soon", 0),
            (True, 0),
            ([], 0),
            (10**12, 366 * 86_400),
            ("9" * 400, 366 * 86_400),
        ],
    )
    async def test_unusual_lifetimes(
        self, service: Service, native: NativeAppAuthClient, expires_in: Any, seconds: int
    ) -> None:
        """A token without a usable lifetime counts as expired."""
        service.respond = lambda _: token_document(expires_in=expires_in)
        tokens = await native.oauth2_refresh_token("AgR")
        assert tokens.by_resource_server[TRANSFER]["expires_at_seconds"] == NOW + seconds

    async def test_a_refresh_response_without_a_refresh_token(
        self, service: Service, native: NativeAppAuthClient
    ) -> None:
        """It contains the previous one, so that it can be stored; a new one replaces it."""
        document = token_document(other_tokens=[])
        del document["refresh_token"]
        service.respond = lambda _: document
        tokens = await native.oauth2_refresh_token("AgOld")
        assert isinstance(tokens, OAuthRefreshTokenResponse)
        assert tokens.by_resource_server[TRANSFER]["refresh_token"] == "AgOld"
        service.respond = lambda _: document | {"refresh_token": "AgNew"}
        tokens = await native.oauth2_refresh_token("AgOld")
        assert tokens.by_resource_server[TRANSFER]["refresh_token"] == "AgNew"

    @pytest.mark.parametrize(
        "changes",
        [
            {"other_tokens": None},
            {"other_tokens": "x"},
            {"other_tokens": [None, 5, {}, {"access_token": 7}, {"access_token": ""}]},
            {"scope": None},
            {"scope": ["x"]},
            {"token_type": None},
            {"token_type": "bearer"},
            {"token_type": "MAC"},
            {"resource_server": None},
            {"state": {}},
            {"expires_in": {}},
        ],
        ids=str,
    )
    async def test_a_refresh_token_is_found_in_an_unusual_response(
        self, service: Service, native: NativeAppAuthClient, changes: dict[str, Any]
    ) -> None:
        """It may be the only valid one."""
        service.respond = lambda _: token_document(**{"other_tokens": []} | changes)
        tokens = await native.oauth2_refresh_token("AgOld")
        assert [one["refresh_token"] for one in tokens.by_resource_server.values()] == ["AgRefreshToken"]
        assert tokens["refresh_token"] == "AgRefreshToken"

    @pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
    async def test_the_token_type_is_case_insensitive(
        self, service: Service, native: NativeAppAuthClient, kind: str
    ) -> None:
        """RFC 6749 5.1."""
        service.respond = lambda _: token_document(token_type=kind)
        assert (await native.oauth2_token({"grant_type": "x"})).by_resource_server[TRANSFER]["token_type"] == kind

    @pytest.mark.parametrize(
        "document",
        [
            {},
            [],
            None,
            "token",
            5,
            [token_document()],
            token_document(access_token=None),
            token_document(access_token=""),
            token_document(access_token=["x"]),
            token_document(token_type=None),
            token_document(token_type="MAC"),
        ],
        ids=lambda document: json.dumps(document)[:40],
    )
    async def test_a_response_without_a_bearer_token_is_refused(
        self, service: Service, native: NativeAppAuthClient, document: Any
    ) -> None:
        """The error shows nothing of it."""
        service.respond = lambda _: as_json(document)
        with pytest.raises(ResponseDecodeError, match="bearer token") as caught:
            await native.oauth2_token({"grant_type": "x"})
        assert "AgTransferToken" not in repr(vars(caught.value))
        assert len(service.requests) == 1

    @pytest.mark.parametrize(
        ("document", "kind"),
        [
            ({"error": "invalid_grant", "error_description": "gone"}, InvalidGrant),
            ({"error": "invalid_client"}, InvalidClient),
            ({"error": "something_new"}, AuthAPIError),
            ({"error": None}, AuthAPIError),
            (token_document(error="invalid_grant"), InvalidGrant),
        ],
    )
    async def test_an_error_document_with_status_200_is_an_error(
        self, service: Service, native: NativeAppAuthClient, document: dict[str, Any], kind: type[AuthAPIError]
    ) -> None:
        """Some OAuth servers send them."""
        service.respond = lambda _: document
        with pytest.raises(kind) as caught:
            await native.oauth2_refresh_token("AgR")
        assert caught.value.http_status == 200
        assert "AgTransferToken" not in caught.value.raw_text
        with pytest.raises(kind):
            await service.client(ConfidentialAppAuthClient, CLIENT_ID, "s" * 20).oauth2_get_dependent_tokens("AgT")

    async def test_duplicate_members_are_refused(self) -> None:
        """It would be unclear which token is valid."""
        twice = json.dumps(token_document())[:-1] + ', "access_token": "AgOther"}'
        async with (
            RawServer([[Send(reply(200, twice.encode()))]]) as server,
            NativeAppAuthClient(CLIENT_ID, base_url=server.url) as client,
        ):
            with pytest.raises(ResponseDecodeError, match="twice"):
                await client.oauth2_refresh_token("AgR")

    async def test_dependent_tokens_are_a_list(self, service: Service, confidential: ConfidentialAppAuthClient) -> None:
        """One per resource server, without an id_token."""
        first = token_document()
        others = first.pop("other_tokens")
        service.respond = lambda _: [first, *others]
        tokens = await confidential.oauth2_get_dependent_tokens("AgT")
        assert isinstance(tokens, OAuthDependentTokenResponse)
        assert list(tokens.by_resource_server) == [TRANSFER, "auth.globus.org"]
        assert tokens.data[0]["access_token"] == "AgTransferToken"
        wrongs: list[Any] = [{}, None, [{}], [first, None], token_document()]
        for wrong in wrongs:
            service.respond = lambda _, wrong=wrong: as_json(wrong)
            with pytest.raises(ResponseDecodeError, match="list of tokens"):
                await confidential.oauth2_get_dependent_tokens("AgT")

    @pytest.mark.parametrize("active", [False, None, "true", 1, "false", []])
    async def test_only_true_is_active(
        self, service: Service, confidential: ConfidentialAppAuthClient, active: Any
    ) -> None:
        """The introspection of an inactive token has no other member."""
        service.respond = lambda _: {"active": active, "sub": "x", "username": "ada@example.org"}
        introspection = await confidential.oauth2_token_introspect("AgT")
        assert not introspection.active
        assert introspection.data == {"active": False}
        assert "username" not in introspection
        service.respond = lambda _: {"active": True, "sub": "x"}
        introspection = await confidential.oauth2_token_introspect("AgT")
        assert introspection.active
        assert introspection["sub"] == "x"
        wrongs: list[Any] = [{}, [], None, {"sub": "x"}]
        for wrong in wrongs:
            service.respond = lambda _, wrong=wrong: as_json(wrong)
            with pytest.raises(ResponseDecodeError, match="active"):
                await confidential.oauth2_token_introspect("AgT")


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "document", "kind"),
        [
            (400, {"error": "invalid_grant"}, InvalidGrant),
            (401, {"error": "invalid_grant"}, InvalidGrant),
            (401, {"error": "invalid_client"}, InvalidClient),
            (400, {"errors": [{"code": "UNAUTHORIZED_CLIENT", "id": "e1"}]}, InvalidClient),
            (500, {"error": "server_error"}, AuthAPIError),
        ],
    )
    async def test_error_classes(
        self, service: Service, status: int, document: dict[str, Any], kind: type[AuthAPIError]
    ) -> None:
        """They differ by class and code, and can be pickled."""
        service.respond = lambda _: httpx.Response(status, json=document)
        with pytest.raises(AuthAPIError) as caught:
            await service.client(NativeAppAuthClient, CLIENT_ID).oauth2_refresh_token("AgR")
        assert type(caught.value) is kind
        code = document.get("error") or document["errors"][0]["code"]
        assert caught.value.code == code
        assert pickle.loads(pickle.dumps(caught.value)).code == code

    async def test_a_missing_consent_names_the_scopes(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """So that the next login can request them."""
        document = {
            "error": "dependent_consent_required",
            "errors": [{"code": "DEPENDENT_CONSENT_REQUIRED", "id": "e1", "unapproved_scopes": ["a[*b]"]}],
        }
        service.respond = lambda _: httpx.Response(403, json=document)
        with pytest.raises(ConsentRequired) as caught:
            await confidential.oauth2_get_dependent_tokens("AgT")
        assert caught.value.required_scopes == ["a[*b]"]
        assert caught.value.info.consent_required.required_scopes == ["a[*b]"]
        assert caught.value.request_id == "e1"

    async def test_a_failed_revocation_raises(self, service: Service, native: NativeAppAuthClient) -> None:
        """503 is retried, and raised if it persists."""
        service.respond = lambda _: httpx.Response(503, headers={"Retry-After": "1000"}, json={})
        with pytest.raises(AuthAPIError) as caught:
            await native.oauth2_revoke_token("AgT")
        assert caught.value.retry_after == 1000


class TestSecrets:
    async def test_responses_do_not_show_their_tokens(self, service: Service) -> None:
        """In no representation; the caller accesses them by name."""
        access, refresh, other, id_token = (canary(name) for name in ("access", "refresh", "other", "id_token"))
        document = token_document(access_token=access, refresh_token=refresh, id_token=id_token)
        document["other_tokens"][0]["access_token"] = other
        service.respond = lambda _: document
        client = service.client(ConfidentialAppAuthClient, CLIENT_ID, canary("client secret"))
        tokens = await client.oauth2_refresh_token(refresh)
        assert tokens.by_resource_server[TRANSFER]["access_token"] == access
        for thing in (tokens, tokens.by_scopes, client, client.authorizer):
            assert leaks_of(thing) == []
        assert repr(tokens).startswith("<OAuthRefreshTokenResponse for transfer.api.globus.org (urn:")
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(tokens)
        service.respond = lambda _: document["other_tokens"]
        assert leaks_of(await client.oauth2_get_dependent_tokens(access)) == []
        service.respond = lambda _: {"credential": {"name": "x", "secret": canary("new secret")}}
        made = await client.create_client_credential(CLIENT_ID, "x")
        assert "secret" in made["credential"]
        assert leaks_of(made) == []

    @pytest.mark.parametrize(
        "respond",
        [
            lambda sent: httpx.Response(
                400, json={"error": "invalid_grant", "error_description": f"{sent} is no good"}
            ),
            lambda sent: httpx.Response(
                200, json={"error": "invalid_grant", "error_description": f"{sent} is no good"}
            ),
            lambda sent: httpx.Response(200, json=token_document(access_token=sent, token_type=None)),
            lambda sent: httpx.Response(200, json={"refresh_token": sent, "id_token": sent}),
            lambda sent: httpx.Response(200, json=[{"access_token": sent}, {}]),
            lambda sent: httpx.Response(200, text=f"<html>{sent}"),
            lambda sent: httpx.Response(
                200, text=f'{{"access_token": "{sent}"', headers={"Content-Type": "application/json"}
            ),
            as_json,
            lambda sent: httpx.Response(500, text=sent),
        ],
    )
    @pytest.mark.parametrize("call", ["oauth2_refresh_token", "oauth2_get_dependent_tokens", "oauth2_token_introspect"])
    async def test_errors_show_no_secret_even_if_the_service_repeats_it(
        self, service: Service, call: str, respond: Any
    ) -> None:
        """In text, attributes, notes, chain and the local variables of every frame."""
        sent = canary(f"sent to {call}")
        service.respond = lambda _: respond(sent)
        client = service.client(ConfidentialAppAuthClient, CLIENT_ID, canary("client secret"))
        shown: list[str] = []
        try:
            await getattr(client, call)(sent)
        except (AuthAPIError, ResponseDecodeError) as error:
            shown = leaks_of_error(error)
        assert shown == []


async def test_secrets_in_custom_forms_are_not_shown(service: Service) -> None:
    """Neither in the form nor in additional fields."""
    service.respond = lambda _: httpx.Response(400, json={"error": "invalid_grant"})
    client = service.client(NativeAppAuthClient, CLIENT_ID)
    for form, more in (({"refresh_token": canary("in the form")}, None), ({}, {"token": canary("in a field")})):
        with pytest.raises(InvalidGrant) as caught:
            await client.oauth2_token(form, body_params=more)
        assert leaks_of_error(caught.value) == []


def test_the_class_hierarchy() -> None:
    """Clients of apps have all methods of AuthClient, as in globus_sdk; the common ones are in one class."""
    assert issubclass(NativeAppAuthClient, AuthClient)
    assert issubclass(ConfidentialAppAuthClient, AuthClient)
    assert issubclass(AuthClient, AuthLoginClient)
    assert AuthClient.service_name == "auth"
    assert AuthClient.resource_server == "auth.globus.org"
    assert AuthClient(base_url=BASE).client_id is None
