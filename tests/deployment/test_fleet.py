"""Several workers behind a proxy: logins and sessions outlast the workers that made them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.deployment.browsers import Browser, Records
from tests.deployment.fleet import assembled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform == "win32", reason="sockets are passed on as systemd does"),
]

USERS = 12
REQUESTS = 20
A_DAY = 86_400


async def test_no_login_is_lost_with_a_killed_worker(tmp_path: Path) -> None:
    """Nobody is refused, although all access tokens expire meanwhile; no refresh token is used after its rotation."""
    records = Records()
    async with (
        assembled(tmp_path, users=USERS) as fleet,
        fleet.application(str(tmp_path / "sessions.db"), workers=2) as application,
        fleet.browsers(USERS, records) as browsers,
    ):
        await fleet.globus.ask("set_lifetime", 1)
        await asyncio.gather(*(each.log_in() for each in browsers))
        await fleet.globus.ask("set_lifetime", A_DAY)

        async def use(browser: Browser) -> None:
            for number in range(REQUESTS):
                await browser.request(number)
                if number == REQUESTS // 2 and browser is browsers[0]:
                    application.kill_a_worker()

        await asyncio.gather(*map(use, browsers))
        await application.has_started(3)
        await asyncio.gather(*(each.log_out() for each in browsers))
        counts = await fleet.globus.ask("counts")
    assert len(application.killed) == 1
    assert records.logins == USERS
    assert not records.refused
    assert counts["replays"] == 0
    assert counts["refresh_token"] >= USERS
