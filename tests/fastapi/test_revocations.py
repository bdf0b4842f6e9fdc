"""Revocations while Globus Auth hangs: their number and the time of a shutdown are limited."""

from __future__ import annotations

import asyncio
import gc

import pytest

from globus_async import Secret
from globus_async.fastapi.revocations import Revocations
from globus_async.testing import ManualClock


class Auth:
    """A Globus Auth that responds to revocations when it is told to."""

    def __init__(self) -> None:
        self.responds = asyncio.Event()
        self.revoked: list[str] = []

    async def oauth2_revoke_token(self, token: Secret) -> None:
        await self.responds.wait()
        self.revoked.append(token.reveal())


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "globus_async"]


def log_out(revocations: Revocations, sessions: range) -> None:
    for number in sessions:
        revocations.start([Secret(f"refresh {number}"), Secret(f"access {number}")])


async def test_a_limited_number_waits(caplog: pytest.LogCaptureFixture) -> None:
    """Those above it are logged, once per session, without their tokens; there is room again when Auth responds."""
    auth = Auth()
    revocations = Revocations(auth, ManualClock())
    log_out(revocations, range(700))
    assert len(revocations) == 1000
    assert len(logged(caplog)) == 200
    assert logged(caplog)[0] == "2 tokens of an ended session were not revoked, because 1000 revocations wait"
    auth.responds.set()
    await revocations.aclose()
    assert len(auth.revoked) == 1000
    assert {f"refresh {number}" for number in range(500)} <= set(auth.revoked)
    log_out(revocations, range(700, 1200))
    assert len(revocations) == 1000
    await revocations.aclose()
    assert len(auth.revoked) == 2000


async def test_a_shutdown_while_many_wait(caplog: pytest.LogCaptureFixture) -> None:
    """It takes five seconds, and each token that was not revoked is logged; there is room again."""
    clock = ManualClock()
    revocations = Revocations(Auth(), clock)
    log_out(revocations, range(500))
    closing = asyncio.create_task(revocations.aclose())
    await clock.advance(4.9)
    assert not closing.done()
    await clock.advance(0.2)
    await closing
    assert len(revocations) == 0
    assert len(logged(caplog)) == 1000
    log_out(revocations, range(1))
    assert len(revocations) == 2
    closing = asyncio.create_task(revocations.aclose())
    await clock.advance(5)
    await closing


async def test_work_that_fails_without_a_waiter() -> None:
    """The request that waited for it was cancelled: no 'exception was never retrieved' in the log."""
    problems: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["message"]))
    revocations = Revocations(Auth(), ManualClock())

    async def fail() -> None:
        raise OSError

    revocations.run(fail(), name="logout")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    assert problems == []
    assert len(revocations) == 0
