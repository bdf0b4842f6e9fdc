"""SIGTERM for a real server under load: requests end, streams end, and no refresh token is lost."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from globus_async.testing import GlobusEmulator
from tests.source import ROOT

pytestmark = pytest.mark.slow

SECRET = "the-secret-of-the-application"
LIMIT = 20
"""Seconds in which the server has to end, whatever the load of this machine is."""
NEW_CONNECTION = {"Connection": "close"}


class Server:
    """An application in a uvicorn of its own."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log

    async def stopped(self) -> int:
        """Wait until the process has ended."""
        async with asyncio.timeout(LIMIT):
            return await self.process.wait()


@asynccontextmanager
async def serving(settings: dict[str, str], url: str, log: Path) -> AsyncGenerator[Server]:
    """Run the application until the end of the block."""
    parts = urlsplit(url)
    options = ("--host", str(parts.hostname), "--port", str(parts.port), "--timeout-graceful-shutdown", "10")
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "uvicorn", "tests.fastapi.shutdown_application:app", *options),
            cwd=ROOT,
            env={**os.environ, **settings, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            stdout=file,
            stderr=file,
        )
    try:
        async with httpx.AsyncClient(base_url=url) as client:
            while True:
                assert process.returncode is None, _text_of(log)
                with suppress(httpx.TransportError):
                    if (await client.get("/ready", headers=NEW_CONNECTION)).status_code == 200:
                        break
                await asyncio.sleep(0.05)
        yield Server(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _text_of(log: Path) -> str:
    return log.read_text(errors="replace")


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


class Gate:
    """A fault that holds a request at Globus until it is opened."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        self.arrived.set()
        await self.opened.wait()
        await app(scope, receive, send)


async def logged_in(globe: GlobusEmulator, person: Any, url: str) -> httpx.AsyncClient:
    """Return a browser that has logged in."""
    browser = httpx.AsyncClient(base_url=url, timeout=LIMIT)
    started = await browser.get("/login")
    back = globe.auth.authorize(started.headers["location"], person).url
    assert (await browser.get(back)).status_code == 303
    return browser


async def read(browser: httpx.AsyncClient, path: str, begun: asyncio.Event) -> str:
    """Read a stream until its end."""
    text = ""
    async with browser.stream("GET", path) as response:
        async for piece in response.aiter_text():
            text += piece
            begun.set()
    return text


async def watch(url: str, browser: httpx.AsyncClient, begun: asyncio.Event) -> int | None:
    """Read a WebSocket until its end; return the code with which it was closed."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    address = f"{url.replace('http', 'ws', 1)}/watch"
    async with connect(address, additional_headers={"Cookie": cookies}, proxy=None) as connection:
        with suppress(ConnectionClosed):
            while True:
                await connection.recv()
                begun.set()
        code: int | None = connection.close_code
        return code


async def tasks_until(refreshing: asyncio.Event, browser: httpx.AsyncClient) -> httpx.Response:
    """Request the tasks until the access token has expired; return the response that needed a refresh."""
    while True:
        response = await browser.get("/tasks")
        if refreshing.is_set():
            return response


async def hammer(url: str, cookies: httpx.Cookies, counts: dict[int | str, int]) -> None:
    """Make one request after the other, each with a connection of its own."""
    async with httpx.AsyncClient(base_url=url, cookies=cookies, headers=NEW_CONNECTION, timeout=LIMIT) as browser:
        while True:
            try:
                outcome: int | str = (await browser.get("/session")).status_code
            except httpx.TransportError as error:
                outcome = type(error).__name__
            counts[outcome] = counts.get(outcome, 0) + 1
            await asyncio.sleep(0.02)


async def test_a_shutdown_under_load(tmp_path: Path) -> None:
    """A refresh, a revocation, a stream, a WebSocket and requests, while the server gets SIGTERM."""
    url = free_address()
    async with GlobusEmulator(rotate_refresh_tokens=True) as globe, globe.serve() as globus:
        people = [globe.add_identity(f"user-{number}@example.org") for number in range(3)]
        client = globe.add_client("App", secret=SECRET, redirect_uris=[f"{url}/callback"])
        settings = {
            **globus.environ,
            "APP_CLIENT_ID": client.id,
            "APP_CLIENT_SECRET": SECRET,
            "APP_SESSIONS": str(tmp_path / "sessions.db"),
            "APP_URL": url,
            "APP_DRAIN_SECONDS": "3",
        }
        async with serving(settings, url, tmp_path / "log") as server:
            globe.auth.tokens.lifetime = 1
            ada = await logged_in(globe, people[0], url)
            globe.auth.tokens.lifetime = 172_800
            bob, eve = await logged_in(globe, people[1], url), await logged_in(globe, people[2], url)
            csrf = (await eve.get("/session")).json()
            refresh, revocation = Gate(), Gate()
            globe.faults.add("POST", "/v2/oauth2/token", refresh)
            globe.faults.add("POST", "/v2/oauth2/token/revoke", revocation, times=10)
            streaming, watching = asyncio.Event(), asyncio.Event()
            counts: dict[int | str, int] = {}
            load = [asyncio.ensure_future(hammer(url, bob.cookies, counts)) for _ in range(3)]
            page = asyncio.ensure_future(tasks_until(refresh.arrived, ada))
            stream = asyncio.ensure_future(read(bob, "/events", streaming))
            socket_closed = asyncio.ensure_future(watch(url, bob, watching))
            assert (await eve.post("/logout", data={"csrf_token": csrf})).status_code == 303
            for begun in (refresh.arrived, revocation.arrived, streaming, watching):
                async with asyncio.timeout(LIMIT):
                    await begun.wait()

            server.process.terminate()
            async with httpx.AsyncClient(base_url=url, headers=NEW_CONNECTION) as balancer:
                response = await balancer.get("/ready")
                while response.status_code == 200:
                    response = await balancer.get("/ready")
                assert response.json() == {"status": "unavailable", "reasons": ["shutting_down"]}
                assert (await bob.get("/session")).status_code == 200  # the load balancer has to notice it first
            assert set(counts) == {200}
            refresh.opened.set()
            revocation.opened.set()
            async with asyncio.timeout(LIMIT):
                assert (await page).status_code == 200
                assert (await stream).endswith("data: end\n\n")
                assert await socket_closed == 1012
            await server.stopped()
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)
            assert {outcome for outcome in counts if isinstance(outcome, int)} <= {200, 503}
            log = _text_of(server.log)
            assert "Traceback" not in log
            assert "ERROR" not in log
            assert "Application shutdown complete" in log

        tokens = [token for token in globe.auth.tokens.refresh.values() if token.identity_id == people[2].id]
        assert tokens
        assert all(token.revoked for token in tokens)
        async with serving(settings, url, tmp_path / "log 2"):
            assert (await ada.get("/tasks")).status_code == 200
        assert globe.auth.replays == 0
        for browser in (ada, bob, eve):
            await browser.aclose()
