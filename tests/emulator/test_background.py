"""Background jobs of emulated services: sleeps by the emulator's clock, wake-ups, event loops and threads."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import pytest

from globus_async.emulator.faults import status
from globus_async.emulator.kit.background import Background
from globus_async.emulator.kit.clock import ManualClock, SystemClock
from globus_async.emulator.kit.errors import ServiceError
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.service import Document, Platform, RouteTable, Service
from globus_async.testing import GlobusEmulator


async def test_jobs_sleep_by_the_clock_and_the_clock_stops_at_each_of_their_moments() -> None:
    """Whatever a job does at one moment is done before the clock moves on, in the order of the moments."""
    clock = ManualClock(start=1000)
    background = Background(clock)
    seen: list[tuple[str, float]] = []

    async def tick(name: str, interval: float) -> None:
        for n in range(1, 4):
            assert await background.sleep_until(1000 + n * interval) is False
            seen.append((name, clock.wall()))

    background.start("a", lambda: tick("a", 3))
    background.start("b", lambda: tick("b", 2))
    await clock.advance(6, settle=background.settle)
    assert [(name, round(wall)) for name, wall in seen] == [
        ("b", 1002),
        ("a", 1003),
        ("b", 1004),
        ("a", 1006),
        ("b", 1006),
    ]
    assert "b" not in background
    assert "a" in background
    await background.aclose()


async def test_sleep_until_is_reached_by_a_clock_that_is_advanced_by_as_much() -> None:
    """POSIX seconds with fractions are not exact; a job does not miss its moment because of that."""
    clock = ManualClock()
    background = Background(clock)
    ticks: list[int] = []

    async def tick() -> None:
        start = clock.wall()
        for n in range(1, 20):
            await background.sleep_until(start + n * 0.1)
            ticks.append(n)

    await clock.advance(0.3)
    background.start("job", tick)
    for n in range(1, 20):
        await clock.advance(0.1, settle=background.settle)
        assert ticks[-1:] == [n]


async def test_a_wake_up_ends_a_sleep_and_none_is_lost() -> None:
    """A job that is woken while it works does not sleep at its next wait."""
    background = Background(ManualClock())
    reports: list[bool] = []

    async def work() -> None:
        background.wake("job")
        reports.append(await background.sleep())
        reports.append(await background.sleep(math.inf))
        reports.append(await background.sleep(-1))

    background.start("job", work)
    await background.settle()
    assert reports == [True]
    background.wake("other")
    background.wake("job")
    await background.settle()
    assert reports == [True, True, False]


async def test_an_exception_is_logged_and_ends_only_its_job(caplog: pytest.LogCaptureFixture) -> None:
    """The other jobs go on, and `settle` does not wait for the failed one."""
    clock, ended = ManualClock(), list[str]()
    background = Background(clock)

    async def fail() -> None:
        raise ValueError("broken")

    async def end() -> None:
        await background.sleep(1)
        ended.append("end")

    background.start("fails", fail)
    background.start("ends", end)
    with caplog.at_level(logging.ERROR):
        await background.settle()
    assert "fails" in caplog.text
    assert "broken" in caplog.text
    assert "fails" not in background
    await clock.advance(1, settle=background.settle)
    assert ended == ["end"]


async def test_cancel_and_replace() -> None:
    """A cancelled job cleans up; a job of the same key starts when the one before has ended."""
    background, seen = Background(ManualClock()), list[str]()

    async def work(name: str) -> None:
        seen.append(f"{name} starts")
        try:
            await background.sleep()
        finally:
            await asyncio.sleep(0)
            seen.append(f"{name} ends")

    background.start("job", lambda: work("first"))
    await background.settle()
    background.start("job", lambda: work("second"))
    await background.settle()
    assert seen == ["first starts", "first ends", "second starts"]
    assert background.cancel("job")
    assert not background.cancel("job")
    await background.settle()
    assert seen[-1] == "second ends"
    background.start("job", lambda: work("third"))
    background.cancel("job")
    await background.settle()
    assert "third starts" not in seen
    await background.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        background.start("job", lambda: work("fourth"))


async def test_only_a_job_can_sleep() -> None:
    """A handler that waited here would never be counted as busy."""
    with pytest.raises(RuntimeError, match="only a job"):
        await Background(SystemClock()).sleep(1)


def test_jobs_are_called_again_in_another_event_loop() -> None:
    """A job that had not ended is called again, whether its event loop was left with `stop` or without."""
    clock = ManualClock()
    background, seen = Background(clock), list[str]()

    async def work() -> None:
        seen.append("called")
        await background.sleep_until(clock.wall() + 60)
        seen.append("ended")

    async def start(stop: bool) -> None:
        background.resume()
        await background.settle()
        if stop:
            await background.stop()

    background.start("job", work)  # without an event loop
    for stop in (True, False):
        asyncio.run(start(stop))
    assert seen == ["called"] * 2

    async def end() -> None:
        await clock.advance(0, settle=background.settle)
        await clock.advance(60, settle=background.settle)

    asyncio.run(end())
    assert seen == ["called"] * 3 + ["ended"]


class PeerService(Service[Background]):
    """A service whose job asks Transfer for a collection again and again, an hour apart."""

    name = "peer"
    title = "Peer"
    hosts: ClassVar[tuple[str, ...]] = ("peer.example.org",)
    errors: ClassVar[type[ServiceError]] = ServiceError

    def __init__(self, platform: Platform) -> None:
        background = Background(platform.clock)
        super().__init__(platform, background, background=background)
        self.statuses: list[int] = []

    def tables(self) -> Mapping[str, RouteTable[Background]]:
        async def watch(state: Background, request: Request) -> Document:
            token, path = str(request.document()["token"]), str(request.document()["path"])
            state.start("watch", lambda: self.watch(token, path))
            return {}

        return {"": [("POST", "/watch", watch)]}

    async def watch(self, token: str, path: str) -> None:
        while True:
            self.statuses.append(
                (await self.platform.request("transfer", "GET", path, token=token, query={"fields": "id"})).status
            )
            await self.state.sleep(3600)


def peer(emulator: GlobusEmulator) -> PeerService:
    service = emulator.services["peer"]
    assert isinstance(service, PeerService)
    return service


async def test_a_request_to_another_service_is_neither_recorded_nor_subject_to_faults() -> None:
    """The clock stops for it, and its response has status, document and headers."""
    async with GlobusEmulator(clock=ManualClock(), services=[PeerService]) as emulator:
        token, lab = emulator.access_token(), emulator.add_collection("Lab")
        emulator.faults.add("GET", "*", status(503), times=9)
        await peer(emulator).platform.request(
            "peer", "POST", "/watch", token=None, document={"token": token, "path": f"/v0.10/endpoint/{lab.id}"}
        )
        await emulator.settle()
        emulator.transfer.collections.clear()
        await emulator.advance(7200)
        assert peer(emulator).statuses == [200, 404, 404]
        assert emulator.requests == []
        response = await emulator.platform.request("transfer", "GET", "/v0.10/endpoint/x y", token="wrong")
        assert (response.status, response.is_success) == (401, False)
        assert response.document["code"] == "AuthenticationFailed"
        assert response.headers["content-type"] == "application/json"
        with pytest.raises(LookupError, match="absent"):
            await emulator.platform.request("absent", "GET", "/", token=None)


def test_background_work_of_an_emulator_in_a_thread() -> None:
    """It is paused between two blocks, and goes on in the next one."""
    emulator: Any = GlobusEmulator(clock=ManualClock(), services=[PeerService])
    document = {"token": emulator.access_token(), "path": f"/v0.10/endpoint/{emulator.add_collection('Lab').id}"}
    for expected in (1, 3):
        with emulator.serve_in_thread() as server:
            if expected == 1:
                httpx.post(f"{server.url}/watch", json=document).raise_for_status()
            server.run(emulator.settle())
            assert len(peer(emulator).statuses) == expected
            server.run(emulator.advance(3600))
            assert len(peer(emulator).statuses) == expected + 1
    asyncio.run(emulator.aclose())
    assert "watch" not in peer(emulator).state
