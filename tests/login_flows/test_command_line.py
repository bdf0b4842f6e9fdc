"""Logins at a terminal, up to the input: its URL, what may be entered, and who completes the login."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, LoginRefused, NativeAppAuthClient, Secret
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import (
    CommandLineLoginFlowEOFError,
    CommandLineLoginFlowManager,
    Exchange,
    LoginFlowManager,
)
from globus_async.services.auth import ConfidentialAppAuthClient, InvalidGrant, OAuthTokenResponse
from tests.login_flows.world import OPENID, Globus, Settings, query_of
from tests.toolkit.cancel import POINTS, every_suspension


class Asking(CommandLineLoginFlowManager):
    """Asks a function instead of a person."""

    def __init__(self, globus: Globus, enter: Any = None, **options: Any) -> None:
        super().__init__(globus.client, **options)
        self.globus = globus
        self.enter = enter or (lambda url: globus.redirect(url).code)
        self.urls: list[str] = []

    def print_authorize_url(self, authorize_url: str) -> None:
        self.urls.append(authorize_url)

    async def prompt_for_code(self) -> str | Secret:
        await asyncio.sleep(0)
        entered: str | Secret = self.enter(self.urls[-1])
        return entered

    @property
    def query(self) -> dict[str, str]:
        return query_of(self.urls[-1])


async def test_a_login(globus: Globus) -> None:
    """From the printed URL to tokens."""
    manager = Asking(globus, request_refresh_tokens=True)
    tokens = await manager.run_login_flow(OPENID)
    assert list(tokens.by_resource_server) == ["auth.globus.org"]
    assert tokens.by_resource_server["auth.globus.org"]["refresh_token"]


async def test_the_requirements_are_in_the_url(globus: Globus) -> None:
    """All of them, and the caller's object is not changed."""
    parameters = GlobusAuthorizationParameters(
        session_message="Please use the lab account",
        session_required_identities=["ada@example.org"],
        session_required_policies=["b6a2bd55-7d14-4b3f-a0c3-4b31ddbe2b4f"],
        session_required_single_domain=["example.org"],
        session_required_mfa=True,
        required_scopes=["openid", "email"],
        prompt="login",
    )
    before = parameters.to_dict(include_extra=True)
    manager = Asking(globus, lambda _: "no code", native_prefill_named_grant="Laptop on desk")
    with pytest.raises(LoginRefused):
        await manager.run_login_flow(parameters)
    query = manager.query
    assert query["session_message"] == "Please use the lab account"
    assert query["session_required_identities"] == "ada@example.org"
    assert query["session_required_policies"] == "b6a2bd55-7d14-4b3f-a0c3-4b31ddbe2b4f"
    assert query["session_required_single_domain"] == "example.org"
    assert query["session_required_mfa"] == "true"
    assert query["prompt"] == "login"
    assert query["scope"] == "openid email"
    assert query["prefill_named_grant"] == "Laptop on desk"
    assert query["code_challenge_method"] == "S256"
    assert parameters.to_dict(include_extra=True) == before


async def test_two_logins_of_one_client(globus: Globus) -> None:
    """Each has a state and a verifier of its own, so that their codes are not mixed up."""
    one, two = Asking(globus), Asking(globus)
    await asyncio.gather(one.run_login_flow(OPENID), two.run_login_flow(OPENID))
    assert one.query["state"] != two.query["state"]
    assert one.query["code_challenge"] != two.query["code_challenge"]


async def test_one_manager_asks_once_at_a_time(globus: Globus) -> None:
    """The URLs and prompts of concurrent logins are not mixed up."""
    asking: list[int] = []

    class Counting(Asking):
        async def prompt_for_code(self) -> str | Secret:
            asking.append(1)
            assert len(asking) == 1
            code = await super().prompt_for_code()
            asking.pop()
            return code

    manager = Counting(globus)
    await asyncio.gather(*(manager.run_login_flow(OPENID) for _ in range(3)))
    assert len(set(manager.urls)) == 3


def test_one_manager_in_several_event_loops() -> None:
    """Its concurrent logins ask one after another in each of them."""

    class Interrupted(CommandLineLoginFlowManager):
        async def prompt_for_code(self) -> str | Secret:
            await asyncio.sleep(0)
            raise CommandLineLoginFlowEOFError("the input ended")

    manager = Interrupted(NativeAppAuthClient("5e1f2a4c-0000-4000-8000-000000000001"))

    async def log_in() -> list[Any]:
        return await asyncio.gather(*(manager.run_login_flow(OPENID) for _ in range(3)), return_exceptions=True)

    for _ in range(2):
        assert [type(each) for each in asyncio.run(log_in())] == [CommandLineLoginFlowEOFError] * 3


@pytest.mark.parametrize(
    "parameters", [GlobusAuthorizationParameters(), GlobusAuthorizationParameters(required_scopes=[])]
)
async def test_a_login_needs_scopes(globus: Globus, parameters: GlobusAuthorizationParameters) -> None:
    """Nothing is printed without them."""
    manager = Asking(globus)
    with pytest.raises(GlobusSDKUsageError, match="needs scopes"):
        await manager.run_login_flow(parameters)
    assert manager.urls == []


async def test_the_whole_redirect_url(globus: Globus) -> None:
    """Users copy the address of the page as well."""
    await Asking(globus, lambda url: f"  {globus.redirect(url).url}\n").run_login_flow(OPENID)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("state=", "state=x"), "another login"),
        (lambda url: url.partition("&state=")[0], "another login"),
        (lambda url: url + "&code=again", "twice"),
        (lambda url: url.replace("code=", "kode="), "no code"),
        (lambda url: url + "&iss=https%3A%2F%2Fevil.example", "issuer"),
        (lambda url: url + "&error=access_denied", "both"),
        (lambda _: "https://auth.globus.org/", "no code"),
    ],
)
async def test_a_foreign_redirect_url(globus: Globus, change: Any, message: str) -> None:
    """Only a redirect of this login is exchanged."""
    with pytest.raises(LoginRefused, match=message):
        await Asking(globus, lambda url: change(globus.redirect(url).url)).run_login_flow(OPENID)
    assert globus.token_requests == 0


async def test_a_redirect_url_with_an_error(globus: Globus) -> None:
    """The message of the service is shown without characters that a terminal acts on."""

    def refuse(url: str) -> str:
        state = query_of(url)["state"]
        return (
            f"https://auth.globus.org/v2/web/auth-code?error=access_denied&error_description=no%1b%5B2J&state={state}"
        )

    with pytest.raises(LoginRefused) as caught:
        await Asking(globus, refuse).run_login_flow(OPENID)
    assert str(caught.value) == r"the login was refused: no\x1b[2J (access_denied)"


@pytest.mark.parametrize("entered", ["", "two words", "\x1b[Acode", "cöde"])
async def test_what_is_no_code(globus: Globus, entered: str) -> None:
    """It is not sent, and not repeated in the error."""
    with pytest.raises(LoginRefused, match="copy the whole code") as caught:
        await Asking(globus, lambda _: entered).run_login_flow(OPENID)
    assert not entered or entered not in str(caught.value)
    assert globus.token_requests == 0


async def test_a_wrong_code(globus: Globus) -> None:
    """The error of the service arrives, and says what its reader, a user, can do."""
    with pytest.raises(InvalidGrant, match="start the login again, and copy the whole code") as caught:
        await Asking(globus, lambda _: "wrong-code").run_login_flow(OPENID)
    assert "PKCE" not in str(caught.value)


async def test_completing_a_cancelled_login(globus: Globus) -> None:
    """The caller of `run_with_completion` can finish an exchange although the login is cancelled."""
    stored: list[OAuthTokenResponse] = []
    begun = asyncio.Event()

    async def exchange_and_store(exchange: Exchange) -> OAuthTokenResponse:
        begun.set()
        tokens = await exchange()
        stored.append(tokens)
        return tokens

    async def complete(exchange: Exchange) -> OAuthTokenResponse:
        task = asyncio.create_task(exchange_and_store(exchange))
        globus.client.transport.adopt(task)
        return await asyncio.shield(task)

    login = asyncio.create_task(Asking(globus).run_with_completion(OPENID, complete))
    await begun.wait()
    login.cancel()
    with pytest.raises(asyncio.CancelledError):
        await login
    await globus.client.transport.aclose()
    assert [list(tokens.by_resource_server) for tokens in stored] == [["auth.globus.org"]]


async def test_no_exchange_is_lost(globus: Globus, record_property: Callable[[str, object], None]) -> None:
    """Wherever a login is cancelled: tokens that were issued are stored, if the caller shields the completion."""
    stored: list[OAuthTokenResponse] = []
    tasks: set[asyncio.Task[OAuthTokenResponse]] = set()
    manager = Asking(globus)

    async def exchange_and_store(exchange: Exchange) -> OAuthTokenResponse:
        tokens = await exchange()
        stored.append(tokens)
        return tokens

    async def complete(exchange: Exchange) -> OAuthTokenResponse:
        task = asyncio.create_task(exchange_and_store(exchange))
        tasks.add(task)
        return await asyncio.shield(task)

    async def invariants() -> None:
        if tasks:
            await asyncio.wait(tasks)
        tasks.clear()
        assert len(stored) == globus.token_requests

    points = await every_suspension(lambda: manager.run_with_completion(OPENID, complete), invariants)
    await invariants()
    assert points >= 6
    assert stored
    record_property(POINTS, points)
    await manager.run_login_flow(OPENID)  # its prompt is free again


async def test_a_manager_of_another_kind(globus: Globus) -> None:
    """A manager that implements `run_login_flow` only can be completed, too."""

    class Own(LoginFlowManager):
        async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
            return await Asking(globus).run_login_flow(auth_parameters)

    async def complete(exchange: Exchange) -> OAuthTokenResponse:
        return await exchange()

    tokens = await Own(globus.client).run_with_completion(OPENID, complete)
    assert list(tokens.by_resource_server) == ["auth.globus.org"]


async def test_the_manager_of_an_app(globus: Globus) -> None:
    """Its settings reach the login; the consent is labelled with the names of the app and of the machine."""
    manager = CommandLineLoginFlowManager.for_globus_app(
        app_name="Lab tool", config=Settings(request_refresh_tokens=True), login_client=globus.client
    )
    assert manager.request_refresh_tokens
    assert manager.redirect_uri == "https://auth.globus.org/v2/web/auth-code"
    host = platform.node().removesuffix(".local")
    assert manager.native_prefill_named_grant == (f"Lab tool on {host}" if host else "Lab tool")


async def test_a_confidential_client(globus: Globus) -> None:
    """It needs a redirect URI of its own."""
    transport = globus.client.transport
    service = globus.emulator.add_client("Service", secret="secret", redirect_uris=["https://lab.example.org/code"])
    async with ConfidentialAppAuthClient(service.id, "secret", transport=transport) as client:
        for config in (Settings(), Settings("")):
            with pytest.raises(GlobusSDKUsageError, match="redirect_uri"):
                CommandLineLoginFlowManager.for_globus_app(app_name="x", config=config, login_client=client)
        manager = Asking(Globus(globus.emulator, client), redirect_uri="https://lab.example.org/code")
        tokens = await manager.run_login_flow(OPENID)
    assert list(tokens.by_resource_server) == ["auth.globus.org"]


@pytest.mark.parametrize("client", [None, "client", object()])
def test_wrong_arguments(client: Any) -> None:
    """They are refused at once."""
    with pytest.raises(GlobusSDKUsageError, match="login_client"):
        CommandLineLoginFlowManager(client)
