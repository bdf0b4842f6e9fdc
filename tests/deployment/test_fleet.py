"""Several workers behind a proxy: logins and sessions outlast the workers that made them."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.deployment.browsers import Browser, Records
from tests.deployment.fleet import assembled
from tests.deployment.state_servers import ENGINES, SERVERS, state_in, state_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the workers get their socket as from systemd"),
    pytest.mark.skipif(
        "timeout_worker_healthcheck" not in inspect.signature(uvicorn.Config).parameters,
        reason="this uvicorn has no --timeout-worker-healthcheck, which the guide uses",
    ),
]

USERS = 12
REQUESTS = 20
A_DAY = 86_400
PAUSE = 0.05


@pytest.mark.parametrize("engine", ENGINES)
async def test_no_login_is_lost_with_a_killed_worker(engine: str, tmp_path: Path) -> None:
    """Nobody is refused, although all access tokens expire meanwhile; no refresh token is used after its rotation."""
    records = Records()
    async with (
        state_in(engine, tmp_path) as state,
        assembled(tmp_path, users=USERS) as fleet,
        fleet.application(state.url, workers=2) as application,
        fleet.browsers(USERS, records) as browsers,
    ):
        await fleet.globus.ask("set_lifetime", 1)
        await asyncio.gather(*(each.log_in() for each in browsers))
        await fleet.globus.ask("set_lifetime", A_DAY)

        async def use(browser: Browser, numbers: range) -> None:
            for number in numbers:
                await browser.request(number)
                if number == REQUESTS // 2 and browser is browsers[0]:
                    application.kill_a_worker()

        # all tokens are refreshed before the kill: a request waits a minute for the lease of a worker that was killed
        await asyncio.gather(*(use(each, range(3)) for each in browsers))
        await asyncio.gather(*(use(each, range(3, REQUESTS)) for each in browsers))
        await application.has_started(3)
        await asyncio.gather(*(each.log_out() for each in browsers))
        counts = await fleet.globus.ask("counts")
    assert len(application.killed) == 1
    assert records.logins == USERS
    assert not records.refused
    assert counts["replays"] == 0
    assert counts["refresh_token"] >= USERS


@pytest.mark.parametrize("engine", SERVERS)
async def test_an_outage_of_the_server_that_has_the_state(engine: str, tmp_path: Path) -> None:
    """Sessions that a worker has seen go on, other requests get 503 with Retry-After, and no login is lost."""
    records = Records()
    async with (
        state_server(engine) as server,
        assembled(tmp_path, users=USERS) as fleet,
        fleet.application(server.url, workers=2),
        fleet.browsers(USERS, records) as browsers,
    ):
        await asyncio.gather(*(each.log_in() for each in browsers))
        await asyncio.gather(*(each.request(number) for each in browsers for number in range(6)))
        assert not records.refused

        await asyncio.to_thread(server.kill)
        refused = await until_status(503, browsers[0])
        during = await asyncio.gather(*(each.request(number) for each in browsers for number in range(6)))

        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):  # each worker finds out by itself
            while {each.status_code for each in await requests(browsers)} != {200}:  # noqa: ASYNC110 -- of processes
                await asyncio.sleep(PAUSE)
    assert {each.status_code for each in during} <= {200, 503}
    assert sum(each.status_code == 200 for each in during) > len(during) / 2
    unavailable = [refused, *(each for each in during if each.status_code == 503)]
    assert all(int(each.headers["retry-after"]) > 0 for each in unavailable)
    assert records.logins == USERS


async def requests(browsers: Sequence[Browser]) -> list[httpx.Response]:
    """Send a request of each kind from each browser."""
    return await asyncio.gather(*(each.request(number) for each in browsers for number in range(3)))


async def until_status(status: int, browser: Browser) -> httpx.Response:
    """Send requests that need the store until four in a row, and so both workers, respond in a way; return the last."""
    in_a_row = 0
    while True:
        response = await browser.request_as_stranger()
        in_a_row = in_a_row + 1 if response.status_code == status else 0
        if in_a_row == 4:
            return response
        await asyncio.sleep(PAUSE)
