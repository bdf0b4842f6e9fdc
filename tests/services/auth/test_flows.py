"""Logging a user in: the address, what comes back, and the code for tokens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import pickle
import re
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
from tests.services.auth.service import BASE, CLIENT_ID, Asked, Service, token_document
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


class TestTheAddress:
    async def test_a_native_app_asks_for_a_code_to_copy(self, native: NativeAppAuthClient) -> None:
        """The defaults are the scopes of old, the page that shows the code, PKCE and a random state."""
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

    async def test_everything_that_can_be_said(self, native: NativeAppAuthClient) -> None:
        """Each argument is in the address."""
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

    async def test_what_is_empty_is_left_out(self, native: NativeAppAuthClient) -> None:
        """Empty lists of identities, domains and policies ask for nothing."""
        url = native.oauth2_start_flow(state=None, verifier=None).get_authorize_url(
            session_required_identities=[], session_required_single_domain="", session_required_policies=None
        )
        assert not [name for name in parameters(url) if name.startswith("session")]

    async def test_a_web_application_says_where_to_come_back(self, confidential: ConfidentialAppAuthClient) -> None:
        """PKCE and a random state protect its users too."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid")
        assert isinstance(flow, GlobusAuthorizationCodeFlowManager)
        found = parameters(flow.get_authorize_url())
        assert (found["redirect_uri"], found["scope"], found["code_challenge_method"]) == (CALLBACK, "openid", "S256")
        assert parameters(confidential.oauth2_get_authorize_url()) == found
        with pytest.raises(GlobusSDKUsageError, match="redirect_uri"):
            confidential.oauth2_start_flow("")

    async def test_no_two_logins_have_the_same_secrets(self, native: NativeAppAuthClient) -> None:
        """State and verifier are 32 random bytes each."""
        flows = [native.oauth2_start_flow() for _ in range(200)]
        assert len({flow.state for flow in flows}) == len({flow.verifier for flow in flows}) == 200
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.state) for flow in flows)
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.verifier.reveal()) for flow in flows)

    @pytest.mark.parametrize("verifier", ["", "short", "v" * 42, "v" * 129, "v" * 43 + "!", "v" * 43 + "\n", "ü" * 43])
    async def test_a_verifier_that_breaks_the_rules_is_refused(
        self, native: NativeAppAuthClient, verifier: str
    ) -> None:
        """RFC 7636: 43 to 128 unreserved characters; it is not repeated in the error."""
        with pytest.raises(GlobusSDKUsageError, match="43 to 128") as caught:
            native.oauth2_start_flow(verifier=verifier)
        assert not verifier or verifier not in str(caught.value)

    @pytest.mark.parametrize(
        "name",
        ["state", "code_challenge", "code_challenge_method", "client_id", "redirect_uri", "response_type", "nonce"],
    )
    async def test_what_protects_a_login_cannot_be_taken_away(self, native: NativeAppAuthClient, name: str) -> None:
        """Further parameters change neither PKCE nor state."""
        with pytest.raises(GlobusSDKUsageError, match=name):
            native.oauth2_start_flow().get_authorize_url({name: "x"})

    async def test_no_scopes_and_no_client_are_refused(self, service: Service, native: NativeAppAuthClient) -> None:
        """A login asks somebody's permission for something."""
        with pytest.raises(GlobusSDKUsageError, match="scope"):
            native.oauth2_start_flow([])
        with pytest.raises(GlobusSDKUsageError, match="client"):
            GlobusNativeAppFlowManager(service.client(AuthClient))


class TestTheExchange:
    async def test_a_native_app_sends_the_verifier(self, service: Service, native: NativeAppAuthClient) -> None:
        """And its id, since it has no secret to say who it is."""
        flow = native.oauth2_start_flow("openid", verifier=VERIFIER)
        tokens = await native.oauth2_exchange_code_for_tokens("the code")
        assert tokens.by_scopes["openid"]["access_token"] == "AgTransferToken"
        (asked,) = service.asked
        assert (asked.method, asked.path) == ("POST", "/v2/oauth2/token")
        assert asked.form == {
            "client_id": CLIENT_ID,
            "grant_type": "authorization_code",
            "code": "the code",
            "code_verifier": VERIFIER,
            "redirect_uri": flow.redirect_uri,
        }
        assert "authorization" not in asked.headers

    async def test_a_web_application_sends_its_secret_too(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """In the header, not in the form."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid")
        await flow.exchange_code_for_tokens("the code", state=flow.state, iss=BASE.rstrip("/"))
        (asked,) = service.asked
        assert asked.form == {
            "grant_type": "authorization_code",
            "code": "the code",
            "code_verifier": flow.verifier.reveal(),
            "redirect_uri": CALLBACK,
        }
        basic = base64.b64encode(f"{CLIENT_ID}:secret-of-the-client".encode()).decode()
        assert asked.headers["authorization"] == f"Basic {basic}"

    @pytest.mark.parametrize("state", [None, "", "_default", "wrong", "ü"])
    async def test_another_state_is_refused_before_anything_is_sent(
        self, service: Service, confidential: ConfidentialAppAuthClient, state: str | None
    ) -> None:
        """Also one that is missing from the redirect; a state that begins alike is another."""
        flow = confidential.oauth2_start_flow(CALLBACK)
        for wrong in (state, flow.state[:-1], flow.state + "x"):
            with pytest.raises(LoginRefused, match="state"):
                await flow.exchange_code_for_tokens("code", state=wrong)
        assert not service.asked

    @pytest.mark.parametrize("iss", [None, "", "https://auth.evil.org", BASE])
    async def test_another_issuer_is_refused_before_anything_is_sent(
        self, service: Service, confidential: ConfidentialAppAuthClient, iss: str | None
    ) -> None:
        """A code that another service gave is not sent to this one."""
        flow = confidential.oauth2_start_flow(CALLBACK)
        with pytest.raises(LoginRefused, match="another issuer"):
            await flow.exchange_code_for_tokens("code", state=flow.state, iss=iss)
        assert not service.asked

    async def test_an_empty_code_is_refused(self, service: Service, native: NativeAppAuthClient) -> None:
        """Nothing was copied."""
        with pytest.raises(GlobusSDKUsageError, match="empty"):
            await native.oauth2_start_flow().exchange_code_for_tokens("")
        assert not service.asked

    async def test_a_code_that_does_not_work(self, service: Service, native: NativeAppAuthClient) -> None:
        """It is sent once: a code must never be tried twice."""
        service.answer = lambda _: httpx.Response(401, json={"error": "invalid_grant"})
        with pytest.raises(InvalidGrant):
            await native.oauth2_start_flow().exchange_code_for_tokens("used")
        assert len(service.asked) == 1
        service.answer = lambda _: httpx.Response(503)
        with pytest.raises(Exception, match="503"):
            await native.oauth2_start_flow().exchange_code_for_tokens("unlucky")
        assert len(service.asked) == 2

    async def test_without_a_flow_nothing_is_exchanged(self, native: NativeAppAuthClient) -> None:
        """The client's own methods want a flow that was started."""
        with pytest.raises(GlobusSDKUsageError, match="oauth2_start_flow"):
            native.oauth2_get_authorize_url()
        with pytest.raises(GlobusSDKUsageError, match="oauth2_start_flow"):
            await native.oauth2_exchange_code_for_tokens("code")

    async def test_less_than_asked_is_noticed(
        self, service: Service, native: NativeAppAuthClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A scope that was not granted is logged; optional ones and dependencies are not counted."""
        flow = native.oauth2_start_flow("openid email[*a b[c]] *maybe transfer")
        tokens = await flow.exchange_code_for_tokens("code")
        assert tokens.missing_scopes(flow.requested_scopes) == ["email", "transfer"]
        assert "email transfer" in caplog.text


class TestManyAtOnce:
    async def test_one_client_serves_many_logins_without_mixing_them(
        self, service: Service, confidential: ConfidentialAppAuthClient
    ) -> None:
        """200 users at once: every code goes out with the verifier of its own login, and the tokens come to it."""

        async def answer(asked: Asked) -> Any:
            await asyncio.sleep(0)
            return token_document(access_token=f"token-for-{asked.form['code']}", scope="openid", other_tokens=[])

        service.answer = answer
        flows = [confidential.oauth2_start_flow(CALLBACK, "openid") for _ in range(200)]
        assert len({parameters(flow.get_authorize_url())["state"] for flow in flows}) == 200
        tokens = await asyncio.gather(
            *(flow.exchange_code_for_tokens(f"code{n}", state=flow.state) for n, flow in enumerate(flows))
        )
        for n, (flow, one) in enumerate(zip(flows, tokens, strict=True)):
            assert one.by_scopes["openid"]["access_token"] == f"token-for-code{n}"
            asked = next(asked for asked in service.asked if asked.form["code"] == f"code{n}")
            assert asked.form["code_verifier"] == flow.verifier.reveal()
        with pytest.raises(LoginRefused):
            await flows[0].exchange_code_for_tokens("stolen", state=flows[1].state)

    async def test_a_flow_is_a_value(self, confidential: ConfidentialAppAuthClient) -> None:
        """It cannot be changed, and is made again from state and verifier, say in another process."""
        flow = confidential.oauth2_start_flow(CALLBACK, "openid", nonce="n")
        again = confidential.oauth2_start_flow(
            CALLBACK, "openid", state=flow.state, verifier=flow.verifier.reveal(), nonce=flow.nonce
        )
        assert again == flow
        assert again.get_authorize_url() == flow.get_authorize_url()
        assert flow != confidential.oauth2_start_flow(CALLBACK, "openid")
        with pytest.raises(AttributeError):
            flow.state = "x"  # type: ignore[misc]

    async def test_it_hides_its_secret(self, native: NativeAppAuthClient) -> None:
        """The verifier is in no text of it, and it refuses to be pickled."""
        verifier = Secret(canary("verifier").replace("+", "-").replace("/", "_") + "~~")
        flow = native.oauth2_start_flow(verifier=verifier)
        assert not leaks_of(flow)
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(flow)
