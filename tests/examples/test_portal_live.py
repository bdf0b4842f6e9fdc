"""Live pages of the portal: one poll for all tabs, bounded streams, their end at a logout or a stop of the server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from examples.portal.app import make_app
from examples.portal.emulated import emulated
from examples.portal.live import MAX_STREAMS
from examples.portal.shared_poll import SharedPoll
from globus_async import LoginRequired, Secret, SystemClock
from globus_async.fastapi import GlobusBackend, GlobusLogin, MemorySessionStore, SessionStore, SessionStoreUnavailable
from globus_async.testing import GlobusEmulator
from globus_async.testing.faults import latency, status
from tests.examples.portal_visit import form_of
from tests.toolkit.clock import FakeClock

URL = "http://localhost:8000"
ADA, NOOR = "ada@meridian.example", "noor@coast.example"


class Stream:
    """A tab with an open stream."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, path: str) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        path, _, query = path.partition("?")
        self._scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "server": ("localhost", 8000),
            "path": path,
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost:8000"), (b"cookie", cookies.encode())],
        }
        self._gone = asyncio.Event()
        self._sent = asyncio.Queue[dict[str, Any]]()
        self.task = asyncio.create_task(app(self._scope, self._receive, self._send))  # type: ignore[arg-type]

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._sent.put(message)

    async def event(self) -> str:
        """Return the text of the next event; empty at the end of the stream."""
        async with asyncio.timeout(5):
            while (message := await self._sent.get())["type"] != "http.response.body":
                assert message["status"] == 200
            return str(message["body"].decode())

    async def update(self) -> dict[str, str]:
        """Return the next update."""
        text = await self.event()
        return dict(json.loads(text.partition("data: ")[2]))

    async def close(self) -> None:
        self._gone.set()
        async with asyncio.timeout(5):
            await self.task


class Portal:
    """A portal whose live pages are updated fifty times a second."""

    def __init__(self, app: FastAPI, emulator: GlobusEmulator) -> None:
        self.app = app
        self.emulator = emulator

    async def log_in(self, username: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL)
        asked = (await client.get("/login")).headers["location"]
        await client.get(self.emulator.auth.authorize(asked, self.emulator.directory.find(username)).url)
        return client

    def polls(self) -> int:
        return len([request for request in self.emulator.requests if request.path == "/v0.10/task_list"])


@asynccontextmanager
async def portal(
    store: SessionStore | None = None, *, seconds: float = 0.02, outage_seconds: float = 300
) -> AsyncGenerator[Portal]:
    async with emulated(URL) as services:
        urls = {"auth": services.url, "transfer": services.url}
        globus = GlobusBackend(services.client_id, services.client_secret, service_urls=urls)
        login = GlobusLogin(globus, public_url=URL, store=store, outage_seconds=outage_seconds)
        app = make_app(globus, login, live_seconds=seconds)
        async with app.router.lifespan_context(app):
            yield Portal(app, services.emulator)


async def test_one_poll_for_all_tabs_of_a_user() -> None:
    """Ten tabs, of two sessions of one user, poll once; another user polls for itself."""
    async with portal() as visited:
        ada, again, noor = [await visited.log_in(username) for username in (ADA, ADA, NOOR)]
        tabs = [Stream(visited.app, client, "/tasks/events") for client in (ada, again) for _ in range(5)]
        assert len({(await tab.update())["html"] for tab in tabs}) == 1
        assert visited.polls() == 1
        other = Stream(visited.app, noor, "/tasks/events")
        assert "No transfers yet." in (await other.update())["html"]
        assert visited.polls() == 2
        for tab in [*tabs, other]:
            await tab.close()


async def test_a_tab_that_closes_while_it_polls_for_others() -> None:
    """The next tab polls."""
    async with portal() as visited:
        ada = await visited.log_in(ADA)
        visited.emulator.faults.add("GET", "/v0.10/task_list", latency(30))
        first = Stream(visited.app, ada, "/tasks/events")
        async with asyncio.timeout(5):
            while not visited.polls():  # noqa: ASYNC110 -- no event for it
                await asyncio.sleep(0)
        second = Stream(visited.app, ada, "/tasks/events")
        await first.close()
        assert (await second.update())["summary"] == "No transfers."
        await second.close()


async def test_a_logout_ends_all_streams_of_its_session() -> None:
    """Also those of another page; another session goes on."""
    async with portal() as visited:
        ada, again = [await visited.log_in(ADA) for _ in range(2)]
        tabs = [Stream(visited.app, ada, "/tasks/events") for _ in range(3)]
        other = Stream(visited.app, again, "/tasks/events")
        for tab in [*tabs, other]:
            await tab.update()
        form = form_of((await ada.get("/tasks")).text)
        assert (await ada.post("/logout", data=form)).status_code == 303
        for tab in tabs:
            assert await tab.event() == "event: logout\ndata: {}\n\n"
            assert await tab.event() == ""
            await tab.task
        assert not other.task.done()
        await other.close()


async def test_the_number_of_streams_is_bounded() -> None:
    """A further tab receives the present state, and asks again after ten seconds; a closed tab makes room."""
    async with portal() as visited:
        ada = await visited.log_in(ADA)
        opened = [Stream(visited.app, ada, "/tasks/events") for _ in range(MAX_STREAMS + 3)]  # at once
        tabs = [tab for tab in opened if (await tab.event()).startswith("retry: 2000\n")]
        assert len(tabs) == MAX_STREAMS
        further = Stream(visited.app, ada, "/tasks/events")
        assert (await further.event()).startswith("retry: 10000\ndata: ")
        assert await further.event() == ""
        await tabs.pop().close()
        tabs.append(Stream(visited.app, ada, "/tasks/events"))
        assert (await tabs[-1].event()).startswith("retry: 2000\n")
        for tab in tabs:
            await tab.close()


async def test_a_hidden_tab_occupies_no_connection() -> None:
    """Its stream ends after the first event."""
    async with portal() as visited:
        ada = await visited.log_in(ADA)
        tab = Stream(visited.app, ada, "/tasks/events?once")
        assert (await tab.event()).startswith("retry: 10000\ndata: ")
        assert await tab.event() == ""
        await tab.task


async def test_globus_fails() -> None:
    """The streams end, so that the browsers connect again; the failure of one poll is that of all tabs."""
    async with portal(seconds=30) as visited:
        ada = await visited.log_in(ADA)
        visited.emulator.faults.add("GET", "/v0.10/task_list", status(400))
        tabs = [Stream(visited.app, ada, "/tasks/events") for _ in range(5)]
        assert [await tab.event() for tab in tabs] == [""] * 5
        assert visited.polls() == 1


class FailingStore(MemorySessionStore):
    """A store that can be unavailable."""

    fails = False

    async def get(self, key: str) -> Secret | None:
        if self.fails:
            raise SessionStoreUnavailable("locked")
        return await super().get(key)


async def test_the_store_fails() -> None:
    """A session that was seen lately is used for some minutes, so its pages stay live."""
    store = FailingStore()
    async with portal(store) as visited:
        ada = await visited.log_in(ADA)
        tab = Stream(visited.app, ada, "/tasks/events")
        await tab.update()
        store.fails = True
        await asyncio.sleep(0.2)
        assert not tab.task.done()
        await tab.close()


async def test_the_store_fails_for_longer() -> None:
    """The streams end without an error of the server, so that the browsers connect again."""
    store = FailingStore()
    async with portal(store, outage_seconds=0) as visited:
        ada = await visited.log_in(ADA)
        tab = Stream(visited.app, ada, "/tasks/events")
        await tab.update()
        store.fails = True
        assert await tab.event() == ""
        await tab.task


async def test_streams_end_when_the_server_stops() -> None:
    """At once, although the server waits for open responses; its own handler of the signal runs as well."""
    received: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        async with portal() as visited:
            ada = await visited.log_in(ADA)
            tab = Stream(visited.app, ada, "/tasks/events")
            await tab.update()
            os.kill(os.getpid(), signal.SIGTERM)
            assert await tab.event() == ""
            assert received == [signal.SIGTERM]
            late = Stream(visited.app, ada, "/tasks/events")
            assert await late.event() == ""
            await asyncio.gather(tab.task, late.task)
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, previous)


class TestSharedPoll:
    async def test_errors_of_a_login_are_not_shared(self) -> None:
        """Another session of the user may be valid."""
        poll = SharedPoll[str](SystemClock(), lambda _: 60.0)

        async def refused(_: str | None) -> str:
            raise LoginRequired("logged out")

        async def accepted(previous: str | None) -> str:
            return f"after {previous}"

        with pytest.raises(LoginRequired):
            await poll.latest(refused)
        assert await poll.latest(accepted) == "after None"
        assert await poll.latest(refused) == "after None"

    async def test_a_poll_after_an_error(self) -> None:
        """The error lasts for an interval; the result before it is given to the next poll."""
        clock, polls = FakeClock(), 0
        poll = SharedPoll[int](clock, lambda result: 1.0 if result is None else 5.0)

        async def count(previous: int | None) -> int:
            nonlocal polls
            polls += 1
            if polls == 2:
                raise SessionStoreUnavailable("locked")
            return (previous or 0) + 1

        assert await poll.latest(count) == 1
        await clock.advance(4.9)
        assert await poll.latest(count) == 1
        await clock.advance(0.1)
        for _ in range(2):
            with pytest.raises(SessionStoreUnavailable):
                await poll.latest(count)
        await clock.advance(1)
        assert await poll.latest(count) == 2
        assert polls == 3
