"""Logins: the authorize URL, the redirect, and the exchange of the code."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import pickle
import re
import traceback
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from globus_async import GlobusSDKUsageError, Scope, Secret
from globus_async.services.auth import (
    AuthClient,
    ConfidentialAppAuthClient,
    GlobusAuthorizationCodeFlowManager,
    GlobusNativeAppFlowManager,
    InvalidGrant,
    LoginRefused,
    NativeAppAuthClient,
)
from tests.services.auth.service import BASE, CLIENT_ID, ReceivedRequest, Service, token_document
from tests.toolkit.canaries import canary, leaks_of

DEFAULT = "openid profile email urn:globus:auth:scope:transfer.api.globus.org:all"
VERIFIER = "v" * 42 + "~"
CALLBACK = "https://portal.example.org/callback"


@pytest.fixture
def service() -> Service:
    return Service(lambda _: token_document(scope="openid", other_tokens=[]))


@pytest.fixture
def native(service: Service) -> NativeAppAuthClient:
    return service.client(NativeAppAuthClient, CLIENT_ID)


@pytest.fixture
def confidential(service: Service) -> ConfidentialAppAuthClient:
    return service.client(ConfidentialAppAuthClient, CLIENT_ID, "secret-of-the-client")


def parameters(url: str) -> dict[str, str]:
    assert url.startswith(f"{BASE}v2/oauth2/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class TestAuthorizeUrl:
    async def test_defaults_of_a_native_app(self, native: NativeAppAuthClient) -> None:
        """The default scopes, the page that shows the code, PKCE and a random state."""
        flow = native.oauth2_start_flow()
        assert isinstance(flow, GlobusNativeAppFlowManager)
        assert parameters(flow.get_authorize_url()) == {
            "client_id": CLIENT_ID,
            "redirect_uri": f"{BASE}v2/web/auth-code",
            "scope": DEFAULT,
            "state": flow.state,
            "response_type": "code",
            "access_type": "online",
            "code_challenge": challenge(flow.verifier.reveal()),
            "code_challenge_method": "S256",
        }

    async def test_every_argument_is_in_the_url(self, native: NativeAppAuthClient) -> None:
        """Each argument is a query parameter."""
        flow = native.oauth2_start_flow(
            [Scope("openid"), "profile", Scope.parse("transfer[*data]")],
            redirect_uri="http://localhost:8080/",
            state="my state & more",
            verifier=VERIFIER,
            nonce="n",
            refresh_tokens=True,
            prefill_named_grant="Ada's laptop",
        )
        url = flow.get_authorize_url(
            {"custom": "x"},
            session_required_identities=[UUID(int=1), "ada@example.org"],
            session_required_single_domain="example.org",
            session_required_policies=UUID(int=2),
            session_required_mfa=True,
            session_message="please",
            prompt="login",
        )
        assert parameters(url) == {
            "client_id": CLIENT_ID,
            "redirect_uri": "http://localhost:8080/",
            "scope": "openid profile transfer[*data]",
            "state": "my state & more",
            "response_type": "code",
            "access_type": "offline",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
            "nonce": "n",
            "prefill_named_grant": "Ada's laptop",
            "custom": "x",
            "session_required_identities": f"{UUID(int=1)},ada@example.org",
            "session_required_single_domain": "example.org",
            "session_required_policies": str(UUID(int=2)),
            "session_required_mfa": "true",
            "session_message": "please",
            "prompt": "login",
        }
        assert VERIFIER not in url

    async def test_empty_lists_are_omitted(self, native: NativeAppAuthClient) -> None:
        """Empty lists of identities, domains and policies are not sent."""
        url = native.oauth2_start_flow(state=None, verifier=None).get_authorize_url(
            session_required_identities=[], session_required_single_domain="", session_required_policies=None
        )
        assert not [name for name in parameters(url) if name.startswith("session")]

    async def test_defaults_of_a_web_application(self, confidential: ConfidentialAppAuthClient) -> None:
        """PKCE and a random state protect its users as well."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid")
        assert isinstance(flow, GlobusAuthorizationCodeFlowManager)
        found = parameters(flow.get_authorize_url())
        assert (found["redirect_uri"], found["scope"], found["code_challenge_method"]) == (CALLBACK, "openid", "S256")
        assert parameters(confidential.oauth2_get_authorize_url()) == found
        with pytest.raises(GlobusSDKUsageError, match="redirect_uri"):
            confidential.oauth2_start_flow("")

    async def test_state_and_verifier_are_unique(self, native: NativeAppAuthClient) -> None:
        """State and verifier are 32 random bytes each."""
        flows = [native.oauth2_start_flow() for _ in range(200)]
        assert len({flow.state for flow in flows}) == len({flow.verifier for flow in flows}) == 200
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.state) for flow in flows)
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.verifier.reveal()) for flow in flows)

    @pytest.mark.parametrize("verifier", ["", "short", "v" * 42, "v" * 129, "v" * 43 + "!", "v" * 43 + "\n", "ü" * 43])
    async def test_a_malformed_verifier_is_refused(self, native: NativeAppAuthClient, verifier: str) -> None:
        """RFC 7636: 43 to 128 unreserved characters; it is not repeated in the error."""
        with pytest.raises(GlobusSDKUsageError, match="43 to 128") as caught:
            native.oauth2_start_flow(verifier=verifier)
        assert not verifier or verifier not in str(caught.value)

    @pytest.mark.parametrize(
        "name",
        ["state", "code_challenge", "code_challenge_method", "client_id", "redirect_uri", "response_type", "nonce"],
    )
    async def test_protecting_parameters_cannot_be_replaced(self, native: NativeAppAuthClient, name: str) -> None:
        """Additional parameters change neither PKCE nor state."""
        with pytest.raises(GlobusSDKUsageError, match=name):
            native.oauth2_start_flow().get_authorize_url({name: "x"})

    async def test_missing_scopes_or_client_id_are_refused(self, service: Service, native: NativeAppAuthClient) -> None:
        """A login requires scopes and a client_id."""
        with pytest.raises(GlobusSDKUsageError, match="scope"):
            native.oauth2_start_flow([])
        with pytest.raises(GlobusSDKUsageError, match="client"):
            GlobusNativeAppFlowManager(service.client(AuthClient))


class TestCodeExchange:
    async def test_a_native_app_sends_verifier_and_client_id(
        self, service: Service, native: NativeAppAuthClient
    ) -> None:
        """It has no secret, so its id is in the form."""
        flow = native.oauth2_start_flow("openid", verifier=VERIFIER)
        tokens = await native.oauth2_exchange_code_for_tokens("the code")
        assert tokens.by_scopes["openid"]["access_token"] == "AgTransferToken"
        (request,) = service.requests
        assert (request.method, request.path) == ("POST", "/v2/oauth2/token")
        assert request.form == {
            "client_id": CLIENT_ID,
            "grant_type": "authorization_code",
            "code": "the code",
            "code_verifier": VERIFIER,
            "redirect_uri": flow.redirect_uri,
        }
        assert "authorization" not in request.headers

    async def test_a_copy_of_the_client_exchanges_with_its_options(
        self, service: Service, native: NativeAppAuthClient
    ) -> None:
        """Also the code of a login that the client itself has started; the flow keeps its client."""
        flow = native.oauth2_start_flow()
        made = native.with_options(headers={"X-A": "1"})
        for exchange in (made.oauth2_exchange_code_for_tokens, flow.exchange_code_for_tokens):
            await exchange("the code", state=flow.state)
        assert [request.headers.get("x-a") for request in service.requests] == ["1", None]

    async def test_a_web_application_authenticates_with_its_secret(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """In the header, not in the form."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid")
        await flow.exchange_code_for_tokens("the code", state=flow.state, iss=BASE.rstrip("/"))
        (request,) = service.requests
        assert request.form == {
            "grant_type": "authorization_code",
            "code": "the code",
            "code_verifier": flow.verifier.reveal(),
            "redirect_uri": CALLBACK,
        }
        basic = base64.b64encode(f"{CLIENT_ID}:secret-of-the-client".encode()).decode()
        assert request.headers["authorization"] == f"Basic {basic}"

    @pytest.mark.parametrize("state", [None, "", "_default", "wrong", "ü"])
    async def test_a_wrong_state_is_refused_before_anything_is_sent(
        self, service: Service, confidential: ConfidentialAppAuthClient, state: str | None
    ) -> None:
        """Also a missing state, and one with the same beginning."""
        flow = confidential.oauth2_start_flow(CALLBACK)
        for wrong in (state, flow.state[:-1], flow.state + "x"):
            with pytest.raises(LoginRefused, match="state"):
                await flow.exchange_code_for_tokens("code", state=wrong)
        assert not service.requests

    @pytest.mark.parametrize("iss", [None, "", "https://auth.evil.org", BASE])
    async def test_a_wrong_issuer_is_refused_before_anything_is_sent(
        self, service: Service, confidential: ConfidentialAppAuthClient, iss: str | None
    ) -> None:
        """A code of another service is not sent to this one."""
        flow = confidential.oauth2_start_flow(CALLBACK)
        with pytest.raises(LoginRefused, match="another issuer"):
            await flow.exchange_code_for_tokens("code", state=flow.state, iss=iss)
        assert not service.requests

    async def test_an_empty_code_is_refused(self, service: Service, native: NativeAppAuthClient) -> None:
        """Nothing is sent."""
        with pytest.raises(GlobusSDKUsageError, match="empty"):
            await native.oauth2_start_flow().exchange_code_for_tokens("")
        assert not service.requests

    async def test_an_invalid_code(self, service: Service, native: NativeAppAuthClient) -> None:
        """It is sent once: a code must never be sent again."""
        service.respond = lambda _: httpx.Response(401, json={"error": "invalid_grant"})
        with pytest.raises(InvalidGrant):
            await native.oauth2_start_flow().exchange_code_for_tokens("used")
        assert len(service.requests) == 1
        service.respond = lambda _: httpx.Response(503)
        with pytest.raises(Exception, match="503"):
            await native.oauth2_start_flow().exchange_code_for_tokens("unlucky")
        assert len(service.requests) == 2

    @pytest.mark.parametrize("is_used", [False, True])
    async def test_a_code_of_another_flow(
        self, service: Service, confidential: ConfidentialAppAuthClient, is_used: bool
    ) -> None:
        """The error says that PKCE ties the code to the flow that made the URL, and what to keep; without secrets."""
        service.respond = lambda _: httpx.Response(400, json={"error": "invalid_grant"})
        code = canary("code")
        flow = confidential.oauth2_start_flow(CALLBACK)
        if is_used:
            flow.get_authorize_url()
        with pytest.raises(InvalidGrant, match=r"PKCE .* get_authorize_url.* state and verifier") as caught:
            await confidential.oauth2_exchange_code_for_tokens(code)
        assert ("this flow has made no login URL" in str(caught.value)) == (not is_used)
        assert not leaks_of(str(caught.value))
        assert flow.verifier.reveal() not in "".join(traceback.format_exception(caught.value))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    async def test_a_restored_flow(self, service: Service, confidential: ConfidentialAppAuthClient) -> None:
        """A flow made again from its verifier may own the code; a refused refresh token has no such advice."""
        service.respond = lambda _: httpx.Response(400, json={"error": "invalid_grant"})
        with pytest.raises(InvalidGrant, match="was used, has expired, or belongs to another flow"):
            await confidential.oauth2_start_flow(CALLBACK, verifier=VERIFIER).exchange_code_for_tokens("code")
        with pytest.raises(InvalidGrant) as caught:
            await confidential.oauth2_refresh_token("Ag1")
        assert caught.value.advice is None
        assert "PKCE" not in str(caught.value)

    async def test_the_methods_of_the_client_require_a_started_flow(self, native: NativeAppAuthClient) -> None:
        """Nothing is sent before."""
        with pytest.raises(GlobusSDKUsageError, match="oauth2_start_flow"):
            native.oauth2_get_authorize_url()
        with pytest.raises(GlobusSDKUsageError, match="oauth2_start_flow"):
            await native.oauth2_exchange_code_for_tokens("code")

    async def test_scopes_that_were_not_granted_are_logged(
        self, service: Service, native: NativeAppAuthClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Optional scopes and dependencies are not counted."""
        flow = native.oauth2_start_flow("openid email[*a b[c]] *maybe transfer")
        tokens = await flow.exchange_code_for_tokens("code")
        assert tokens.missing_scopes(flow.requested_scopes) == ["email", "transfer"]
        assert "email transfer" in caplog.text


class TestConcurrentLogins:
    async def test_concurrent_logins_of_one_client_are_separate(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """200 users: every code is sent with the verifier of its own login, which gets the tokens."""

        async def respond(request: ReceivedRequest) -> Any:
            await asyncio.sleep(0)
            return token_document(access_token=f"token-for-{request.form['code']}", scope="openid", other_tokens=[])

        service.respond = respond
        flows = [confidential.oauth2_start_flow(CALLBACK, "openid") for _ in range(200)]
        assert len({parameters(flow.get_authorize_url())["state"] for flow in flows}) == 200
        tokens = await asyncio.gather(
            *(flow.exchange_code_for_tokens(f"code{n}", state=flow.state) for n, flow in enumerate(flows))
        )
        for n, (flow, one) in enumerate(zip(flows, tokens, strict=True)):
            assert one.by_scopes["openid"]["access_token"] == f"token-for-code{n}"
            request = next(request for request in service.requests if request.form["code"] == f"code{n}")
            assert request.form["code_verifier"] == flow.verifier.reveal()
        with pytest.raises(LoginRefused):
            await flows[0].exchange_code_for_tokens("stolen", state=flows[1].state)

    async def test_a_flow_is_immutable_and_can_be_restored(self, confidential: ConfidentialAppAuthClient) -> None:
        """It is created again from state and verifier, for instance in another process."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid", nonce="n")
        again = confidential.oauth2_start_flow(
            CALLBACK, "openid", state=flow.state, verifier=flow.verifier.reveal(), nonce=flow.nonce
        )
        assert again == flow
        assert again.get_authorize_url() == flow.get_authorize_url()
        assert flow != confidential.oauth2_start_flow(CALLBACK, "openid")
        with pytest.raises(AttributeError):
            flow.state = "x"  # type: ignore[misc]

    async def test_a_flow_shows_no_secret(self, native: NativeAppAuthClient) -> None:
        """The verifier is in no representation, and pickling is refused."""
        verifier = Secret(canary("verifier").replace("+", "-").replace("/", "_") + "~~")
        flow = native.oauth2_start_flow(verifier=verifier)
        assert not leaks_of(flow)
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(flow)
