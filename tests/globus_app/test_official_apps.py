"""
The official apps and ours side by side, against one emulator over a socket: their defects show there, and not here.

The letters are those of the defects in the order in which they were found. One of them, of the client of Globus Connect
Server (m), is not of an app.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from globus_async import ClientApp, GlobusAppConfig, NativeAppAuthClient, TransferClient, Transport, UserApp
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.token_storage import (
    ExpiredTokenError,
    MemoryTokenStorage,
    MissingTokenError,
    SQLiteTokenStorage,
)
from tests.toolkit.clock import FakeClock
from tests.toolkit.leaks import Snapshot

PYTHON = os.environ.get("OFFICIAL_SDK_PYTHON", sys.executable)
SCRIPT = Path(__file__).with_name("official_defects.py")
SECRET = "the secret of the service"
AUTH, TRANSFER = "auth.globus.org", "transfer.api.globus.org"
ALL = "urn:globus:auth:scope:transfer.api.globus.org:all"

pytestmark = [
    pytest.mark.skipif(
        sys.executable == PYTHON and importlib.util.find_spec("globus_sdk") is None,
        reason="globus-sdk is not installed, and OFFICIAL_SDK_PYTHON names no interpreter that has it",
    ),
    pytest.mark.slow,
]


class Both:
    """The emulator on a socket, its people and clients, and what the official apps found."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.emulator = GlobusEmulator(rotate_refresh_tokens=True)
        self.alice = self.emulator.add_identity("alice@example.org")
        self.bob = self.emulator.add_identity("bob@example.org")
        self.native = self.emulator.add_client("Defects")
        self.second = self.emulator.add_client("Second")
        self.service = self.emulator.add_client("Service", secret=SECRET)
        self.lab = self.emulator.add_collection("Lab", storage=MemoryStorage({"data.txt": "1"}))
        self.environment: dict[str, str] = {}

    def official(self, *steps: str) -> dict[str, Any]:
        """Run steps of the official apps in a process of its own."""
        given = {
            "native": self.native.id,
            "second": self.second.id,
            "service": self.service.id,
            "secret": SECRET,
            "lab": self.lab.id,
            "bob": self.bob.id,
            "steps": steps,
        }
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), **self.environment}
        command = [PYTHON, str(SCRIPT), json.dumps(given)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def app(
        self, name: str = "Defects", transport: Transport | None = None, **settings: Any
    ) -> tuple[UserApp, PastedCode]:
        """Return our app, and its login flow manager."""
        settings.setdefault("token_storage", "memory")
        transport = Transport(default_rate_limits=False) if transport is None else transport
        client = NativeAppAuthClient(settings.pop("client_id", self.native.id), transport=transport)
        manager = PastedCode(client, self, request_refresh_tokens=settings.get("request_refresh_tokens", False))
        config = GlobusAppConfig(login_flow_manager=manager, **settings)
        return UserApp(name, login_client=client, config=config), manager


class PastedCode(CommandLineLoginFlowManager):
    """The flow at a terminal, with a person who opens the page and pastes the code, which takes a moment."""

    def __init__(self, client: NativeAppAuthClient, both: Both, **options: Any) -> None:
        super().__init__(client, **options)
        self.both = both
        self.urls: list[str] = []

    def print_authorize_url(self, authorize_url: str) -> None:
        self.urls.append(authorize_url)

    async def prompt_for_code(self) -> str:
        await asyncio.sleep(0.05)
        return await self.both_code(self.urls[-1])

    async def both_code(self, url: str) -> str:
        """Open a login page as a browser does; return the code."""
        async with httpx.AsyncClient() as browser:
            response = await browser.get(url)
        return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Serve the emulator from a thread, and point both at it."""
    made = Both(tmp_path_factory.mktemp("home"))
    with made.emulator.serve_in_thread() as server:
        made.environment = dict(server.environ)
        yield made


@pytest.fixture(autouse=True)
def settings(both: Both, found: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point ours at it, too; at the end, wait until the emulator's thread has closed its side of the connections."""
    for name, value in {**both.environment, "HOME": str(both.home)}.items():
        monkeypatch.setenv(name, value)
    before = Snapshot.take()
    yield
    deadline = time.monotonic() + 5
    while before.new_descriptors() and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.fixture(scope="module")
def found(both: Both) -> dict[str, Any]:
    """Return what the official apps found."""
    return both.official(*"abcdefghijklnopqr", "missing")


async def test_a_concurrent_first_calls(both: Both, found: dict[str, Any]) -> None:
    """Several logins of twenty threads; one of a hundred tasks."""
    assert found["a"] > 1
    app, manager = both.app()
    async with app.transport, app:
        tc = TransferClient(app=app)
        await asyncio.gather(*(tc.operation_ls(both.lab.id) for _ in range(100)))
        assert len(manager.urls) == 1


async def test_b_an_access_token_that_has_expired(both: Both, found: dict[str, Any]) -> None:
    """The storage says so and no login is tried; ours logs in when it ends."""
    assert found["b"] == {"storage": "ExpiredTokenError", "call": "TransferAPIError", "logins": 0}
    clock = FakeClock(wall=time.time())
    app, manager = both.app(transport=Transport(default_rate_limits=False, clock=clock))
    async with app.transport, app:
        tc = TransferClient(app=app)
        await tc.operation_ls(both.lab.id)
        data = await app.token_storage.get_token_data(TRANSFER)
        both.emulator.auth.revoke(data.access_token.reveal())
        clock.suspend(data.expires_at_seconds - clock.wall() + 1)
        assert await app.login_required()
        manager.urls.clear()
        await tc.operation_ls(both.lab.id)
        assert len(manager.urls) == 1


async def test_c_somebody_else_after_a_logout(both: Both, found: dict[str, Any]) -> None:
    """The identity is remembered; ours belongs to the login."""
    assert found["c"] == "IdentityMismatchError"
    app, _ = both.app()
    async with app.transport, app:
        await app.login()
        await app.logout()
        await app.login(auth_params=GlobusAuthorizationParameters(session_required_identities=[both.bob.id]))
        assert app.token_storage.identity_id == both.bob.id


async def test_d_to_h_the_local_server(both: Both, found: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    """Any request ends the login, a foreign state is accepted, markup is, the code is logged, the server stays."""
    assert found["d"]
    assert (found["e"], found["f"], found["g"]) == ("", True, True)
    assert found["h"] > 0
    pages: list[httpx.Response] = []
    addresses: list[str] = []

    async def browser(url: str) -> bool:
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        addresses.append(redirect)
        tasks.append(asyncio.create_task(visit(url, redirect)))
        return True

    async def visit(url: str, redirect: str) -> None:
        async with httpx.AsyncClient() as client:
            pages.append(await client.get(f"{redirect}/favicon.ico"))
            pages.append(await client.get(redirect, params={"code": "x", "state": "foreign"}))
            pages.append(await client.get(redirect, params={"error": "no", "error_description": "<script>x</script>"}))
            pages.append(await client.get(url, follow_redirects=True))

    tasks: list[asyncio.Task[None]] = []
    async with Transport(default_rate_limits=False) as transport:
        client = NativeAppAuthClient(both.native.id, transport=transport)
        manager = LocalServerLoginFlowManager(client, open_browser=browser)
        tokens = await manager.run_login_flow(GlobusAuthorizationParameters(required_scopes=["openid"]))
        await asyncio.gather(*tasks)
    assert set(tokens.by_resource_server) == {AUTH}
    assert [page.is_success for page in pages] == [False, False, False, True]
    assert not any("<script>x" in page.text for page in pages)
    assert "code=" not in capfd.readouterr().err
    host = urlsplit(addresses[0])
    with pytest.raises(OSError):
        await asyncio.open_connection(host.hostname, host.port)


async def test_i_one_storage_for_two_apps(both: Both, found: dict[str, Any]) -> None:
    """The storage keeps the decoder of the first; ours has none."""
    assert found["i"] == "InvalidAudienceError"
    storage = MemoryTokenStorage()
    async with Transport(default_rate_limits=False) as transport:
        for client_id in (both.native.id, both.second.id):
            app, _ = both.app(transport=transport, token_storage=storage, client_id=client_id)
            async with app:
                await app.login(force=True)
                assert not await app.login_required()


async def test_j_a_call_during_another_one(both: Both, found: dict[str, Any]) -> None:
    """It finds the handler switched off; ours logs in."""
    assert found["j"] == "MissingTokenError"

    class Slow(MemoryTokenStorage):
        async def get_token_data(self, resource_server: str) -> Any:
            if resource_server == TRANSFER and not go_on.is_set():
                reading.set()
                await go_on.wait()
            return await super().get_token_data(resource_server)

    reading, go_on = asyncio.Event(), asyncio.Event()
    app, manager = both.app(token_storage=Slow())
    app.add_scope_requirements({TRANSFER: ALL})
    async with app.transport, app:
        first = asyncio.create_task(app.get_authorizer(TRANSFER).get_authorization_header())
        await reading.wait()
        await app.get_authorizer(AUTH).get_authorization_header()
        assert len(manager.urls) == 1
        go_on.set()
        await first
        assert len(manager.urls) == 1


async def test_k_requirements(both: Both, found: dict[str, Any]) -> None:
    """They grow with every client; ours are a set."""
    assert found["k"] == 5
    app, _ = both.app()
    for _ in range(5):
        TransferClient(app=app)
    assert len(app.scope_requirements[TRANSFER]) == 1


async def test_l_constructors(both: Both, found: dict[str, Any]) -> None:
    """Making an authorizer requests a token; ours does when it is used."""
    assert found["l"]
    before = both.emulator.auth.token_requests.total()
    async with ClientApp("Service", client_id=both.service.id, client_secret=SECRET) as app:
        tc = TransferClient(app=app)
        authorizer = app.get_authorizer(TRANSFER)
        assert both.emulator.auth.token_requests.total() == before
        assert authorizer is tc.authorizer
        await tc.task_list()
        assert both.emulator.auth.token_requests.total() == before + 1


def test_n_the_expiration(found: dict[str, Any]) -> None:
    """It is naive local time; ours is UTC, in copies too."""
    assert found["n"]
    error = pickle.loads(pickle.dumps(ExpiredTokenError(1_800_000_000)))
    assert error.expiration.tzinfo is UTC
    assert error.expiration.timestamp() == 1_800_000_000


def test_o_the_life_of_an_access_token(found: dict[str, Any]) -> None:
    """The documentation says two hours; it is two days."""
    assert found["o"]
    assert "two days" in (GlobusAppConfig.__doc__ or "")


async def test_p_the_tokens_of_a_service(both: Both, found: dict[str, Any]) -> None:
    """They are stored in the home directory; ours in memory."""
    assert found["p"]
    before = sorted(both.home.rglob("*"))
    async with ClientApp("Another", client_id=both.service.id, client_secret=SECRET) as app:
        await TransferClient(app=app).task_list()
    assert sorted(both.home.rglob("*")) == before


async def test_q_a_database_in_another_thread(both: Both, found: dict[str, Any]) -> None:
    """It is bound to its thread; ours is not."""
    assert found["q"] == "ProgrammingError"
    async with SQLiteTokenStorage(both.home / "ours.db") as storage:
        assert await storage.get_token_data_by_resource_server() == {}
        found = await asyncio.to_thread(lambda: asyncio.run(storage.get_token_data_by_resource_server()))
        assert found == {}


def test_r_awaitable(found: dict[str, Any]) -> None:
    """A login blocks; ours is awaited."""
    assert not found["r"]
    assert inspect.iscoroutinefunction(UserApp.login)


def test_the_bases_of_an_error(found: dict[str, Any]) -> None:
    """The same names."""
    own = [each.__name__ for each in MissingTokenError.__mro__ if each.__module__ != "builtins"]
    assert own == found["missing"]


async def test_tokens_of_one_are_used_by_the_other(both: Both) -> None:
    """The official app logs in, ours refreshes and stores, the official one goes on; and the other way round."""
    both.official("shared")
    settings: dict[str, Any] = {"token_storage": "json", "request_refresh_tokens": True}
    for _ in range(2):
        app, manager = both.app("Shared", **settings)
        async with app.transport, app:
            assert not await app.login_required()
            assert [each["name"] for each in await TransferClient(app=app).operation_ls(both.lab.id)] == ["data.txt"]
            assert manager.urls == []
            authorizer: Any = app.get_authorizer(TRANSFER)
            assert authorizer.handle_missing_authorization(await authorizer.get_authorization_header())
            await TransferClient(app=app).operation_ls(both.lab.id)  # with a refresh, which replaces the refresh token
        used = both.official("use_shared")["use_shared"]
        assert used == {"names": ["data.txt"], "logins": 0, "login_required": False}
    app, manager = both.app("Shared", **settings)
    async with app.transport, app:
        await app.login(force=True)
        assert len(manager.urls) == 1
    assert both.official("use_shared")["use_shared"]["logins"] == 0
    assert both.emulator.auth.replays == 0
