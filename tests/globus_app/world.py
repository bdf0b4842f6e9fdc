"""An emulated Globus, and apps whose users log in without a browser."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from globus_async import ClientApp, GlobusAppConfig, NativeAppAuthClient, Transport, UserApp
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import Completion, LoginFlowManager
from globus_async.services.auth import OAuthTokenResponse
from globus_async.testing import GlobusEmulator, MemoryStorage

__all__ = ("AUTH", "REDIRECT", "SECRET", "TRANSFER", "Browser", "Globus", "globus")

AUTH, TRANSFER = "auth.globus.org", "transfer.api.globus.org"
SECRET = "the-secret-of-the-service"
REDIRECT = "https://portal.example.org/callback"
CODE_PAGE = "https://auth.globus.org/v2/web/auth-code"


class Browser(LoginFlowManager):
    """
    Logs a person in at the emulated Auth, without a browser.

    Attributes:
        logins: The parameters of each login that was begun.
        codes: How many logins got as far as the code.
        identity: Who logs in; the emulator's own choice by default.
        may_log_in: What a login waits for: the user.
        may_exchange: What it waits for with the code.
        scopes: Changes the scopes that are requested.
    """

    def __init__(self, globus: Globus, app: UserApp | None = None, **options: Any) -> None:
        super().__init__(globus.login_client if app is None else app._login_client, **options)
        self.globus = globus
        self.logins: list[GlobusAuthorizationParameters] = []
        self.codes = 0
        self.running = self.max_running = 0
        self.identity: Any = globus.alice
        self.may_log_in = asyncio.Event()
        self.may_log_in.set()
        self.exchanging = asyncio.Event()
        self.may_exchange = asyncio.Event()
        self.may_exchange.set()
        self.scopes: Callable[[list[str]], list[str]] = list

    async def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> OAuthTokenResponse:
        """Log in."""

        async def exchanged(exchange: Any) -> OAuthTokenResponse:
            tokens: OAuthTokenResponse = await exchange()
            return tokens

        return await self.run_with_completion(auth_parameters, exchanged)

    async def run_with_completion(
        self, auth_parameters: GlobusAuthorizationParameters, complete: Completion
    ) -> OAuthTokenResponse:
        """Log in, when the user may."""
        self.logins.append(auth_parameters)
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        try:
            await self.may_log_in.wait()
            for _ in range(3):
                await asyncio.sleep(0)
            assert auth_parameters.required_scopes
            parameters = replace(auth_parameters, required_scopes=self.scopes(auth_parameters.required_scopes))
            flow, url = self._start_flow(parameters, CODE_PAGE)
            code = self.globus.emulator.auth.authorize(url, self.identity).code
            self.codes += 1

            async def exchange() -> OAuthTokenResponse:
                self.exchanging.set()
                await self.may_exchange.wait()
                return await flow.exchange_code_for_tokens(code)

            return await complete(exchange)
        finally:
            self.running -= 1


class Globus:
    """An emulated Globus with two people, a native app, a service and two collections."""

    def __init__(self, emulator: GlobusEmulator, transport: Transport) -> None:
        self.emulator = emulator
        self.transport = transport
        self.alice = emulator.add_identity("alice@example.org")
        self.bob = emulator.add_identity("bob@example.org")
        self.native = emulator.add_client("Nightly")
        self.service = emulator.add_client("Service", secret=SECRET)
        self.portal = emulator.add_client("Portal", secret=SECRET, redirect_uris=[REDIRECT])
        self.lab = emulator.add_collection("Lab", storage=MemoryStorage({"data.txt": "1"}))
        self.mapped, self.other = (
            emulator.add_collection(name, storage=MemoryStorage({"mapped.txt": "1"}), needs_data_access=True)
            for name in ("Mapped", "Other")
        )
        self.login_client = NativeAppAuthClient(self.native.id, transport=transport)

    def browser(self, **options: Any) -> Browser:
        """Return a login flow manager."""
        return Browser(self, **options)

    def app(self, browser: Any = None, **settings: Any) -> UserApp:
        """Return the app of a user, with tokens in memory by default."""
        settings.setdefault("token_storage", "memory")
        manager = self.browser() if browser is None else browser
        if isinstance(manager, Browser) and settings.get("request_refresh_tokens"):
            manager.request_refresh_tokens = True
        config = GlobusAppConfig(login_flow_manager=manager, **settings)
        return UserApp("Nightly", client_id=self.native.id, transport=self.transport, config=config)

    def client_app(self, **settings: Any) -> ClientApp:
        """Return the app of a service."""
        config = GlobusAppConfig(**settings)
        return ClientApp(
            "Service", client_id=self.service.id, client_secret=SECRET, transport=self.transport, config=config
        )

    def grants(self) -> Counter[str]:
        """Count the token requests so far, by grant type."""
        return Counter(dict(self.emulator.auth.token_requests))


@asynccontextmanager
async def globus(*, transport: dict[str, Any] | None = None, **options: Any) -> AsyncGenerator[Globus]:
    """Make an emulated Globus and a transport to it, and close them."""
    async with GlobusEmulator(**options) as emulator, emulator.transport(**(transport or {})) as connections:
        yield Globus(emulator, connections)
