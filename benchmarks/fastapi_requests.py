"""
Processor time that the FastAPI integration adds to a request, without sockets.

Each request is an asyncio task with ``scope``, ``receive`` and ``send`` of its own, as uvicorn has it: ``receive``
waits for a disconnect once the body was read. For the instructions of one kind of request, let callgrind count those of
two numbers of requests: ``valgrind --tool=callgrind python -m benchmarks.fastapi_requests principal 2000``.
"""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

import asyncio
import hashlib
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Security
from starlette.types import ASGIApp, Message, Scope

from globus_async import TransferClient
from globus_async.fastapi import CancelOnDisconnect, GlobusBackend, GlobusLogin, Principal, Session
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator

__all__ = ("main", "measure")

_ROUNDS = 31
_REQUESTS = 400
_ORIGIN = "https://portal.example.org"
_COMPARED = {
    "hand-written cache": "plain",
    "principal": "hand-written cache",
    "client": "plain",
    "session": "plain",
    "client of a session": "session",
    "CancelOnDisconnect, plain": "plain",
    "CancelOnDisconnect, waiting": "waiting",
}
"""The kind of request that each is compared with."""


class _Exchange:
    """One request without a body, from its arrival to the last part of the response."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._is_complete = False
        self.status = 0

    async def receive(self) -> Message:
        if not self._is_complete:
            await self._arrived.wait()
            self._arrived.clear()
        if self._is_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body", False):
            self._is_complete = True
            self._arrived.set()


@asynccontextmanager
async def _applications() -> AsyncGenerator[tuple[dict[str, ASGIApp], dict[str, str]]]:
    """Yield an application for each kind of request, and the headers for all of them."""
    async with GlobusEmulator() as emulator:
        ada = emulator.add_identity("ada@example.org")
        registered = emulator.add_client(
            "API",
            secret="s3cret",  # noqa: S106 -- of the emulator
            redirect_uris=[f"{_ORIGIN}/callback"],
        )
        transfer = str(TransferScopes.all)
        scope = emulator.auth.add_scope(registered, "all", dependencies=[transfer]).scope_string
        globus = GlobusBackend(
            registered.id, "s3cret", scopes={scope: "Use it"}, introspection_timeout=60, transport=emulator.transport
        )
        token = emulator.access_token(ada, scopes=[f"{scope}[{transfer}]"])
        known = {hashlib.sha256(token.encode()).digest(): ("ada@example.org", time.time() + 3600)}

        async def by_hand(request: Request) -> str:
            scheme, _, text = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                raise HTTPException(401)
            username, expires_at = known.get(hashlib.sha256(text.encode()).digest(), ("", 0.0))
            if expires_at < time.time():
                raise HTTPException(401)
            return username

        # each on an application of its own: the place among the routes would matter, too
        names = ("plain", "waiting", "hand-written cache", "principal", "client", "session", "client of a session")
        routes = {name: FastAPI() for name in names}
        login = GlobusLogin(globus, public_url=_ORIGIN)

        @routes["plain"].get("/")
        async def plain() -> str:
            return "ada@example.org"

        @routes["waiting"].get("/")
        async def waiting() -> str:
            for _ in range(3):
                await asyncio.sleep(0)
            return "ada@example.org"

        @routes["hand-written cache"].get("/")
        async def cached(username: Annotated[str, Depends(by_hand)]) -> str:
            return username

        @routes["principal"].get("/")
        async def principal(user: Annotated[Principal, Security(globus.principal, scopes=[scope])]) -> str:
            return user.username

        @routes["client"].get("/")
        async def client(
            tc: Annotated[TransferClient, Security(globus.client(TransferClient, TransferScopes.all), scopes=[scope])],
        ) -> str:
            return tc.service_name

        @routes["session"].get("/")
        async def session(session: Annotated[Session, Depends(login.session)]) -> str:
            return session.username

        @routes["client of a session"].get("/")
        async def client_of_session(tc: Annotated[TransferClient, Depends(login.client(TransferClient))]) -> str:
            return tc.service_name

        site = FastAPI()
        site.include_router(login.router)
        cancelling = {f"CancelOnDisconnect, {name}": CancelOnDisconnect(routes[name]) for name in ("plain", "waiting")}
        async with globus.lifespan():
            wire = httpx.ASGITransport(app=site)
            async with httpx.AsyncClient(transport=wire, base_url=_ORIGIN) as browser:
                url = (await browser.get("/login")).headers["location"]
                await browser.get(emulator.auth.authorize(url, ada).url)
                cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            yield {**routes, **cancelling}, {"authorization": f"Bearer {token}", "cookie": cookie}


async def _make(requests: int, app: ASGIApp, headers: Mapping[str, str]) -> float:
    """Make requests one after the other; return the seconds of processor time."""
    began = time.process_time()
    for _ in range(requests):
        exchange = _Exchange()
        await asyncio.create_task(app(_scope(headers), exchange.receive, exchange.send))  # type: ignore[arg-type]
        if exchange.status != 200:
            raise AssertionError(f"the response is {exchange.status}")
    return time.process_time() - began


def _scope(headers: Mapping[str, str]) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate"),
            (b"connection", b"keep-alive"),
            (b"user-agent", b"python-httpx/0.28.1"),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def _measure(requests: int, rounds: int) -> Mapping[str, float]:
    async with _applications() as (applications, headers):
        found: dict[str, list[float]] = {name: [] for name in applications}
        for number in range(rounds + 1):
            for name, app in applications.items():
                seconds = await _make(requests, app, headers)
                if number:  # the first round fills the caches
                    found[name].append(seconds / requests * 1e6)
    return {name: statistics.median(times) for name, times in found.items()}


async def _repeat(name: str, requests: int) -> None:
    async with _applications() as (applications, headers):
        await _make(requests, applications[name], headers)


def measure(*, requests: int = _REQUESTS, rounds: int = _ROUNDS) -> list[tuple[str, float, float]]:
    """
    Measure all kinds of requests in turn.

    Returns:
        For each: its name, the processor time of a request, and the difference to the kind it is compared with, both
        in microseconds.
    """
    found = asyncio.run(_measure(requests, rounds))
    return [(name, value, value - found[_COMPARED.get(name, name)]) for name, value in found.items()]


def main() -> None:
    """Print a table; or, with a kind of request and a number, only make so many requests."""
    arguments: Any = sys.argv[1:]
    if arguments:
        asyncio.run(_repeat(arguments[0], int(arguments[1])))
        return
    print("| Request | CPU, us | More | Than |\n|---|---|---|---|")
    for name, value, more in measure():
        print(f"| {name} | {value:.0f} | {more:+.0f} | {_COMPARED.get(name, '')} |")


if __name__ == "__main__":
    main()
