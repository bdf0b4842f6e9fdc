"""An emulated Globus for the examples in docstrings: two collections, and timers that have run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from globus_async import AccessTokenAuthorizer, TransferData, UserApp
from globus_async.services.timers import (
    FlowTimer,
    OnceTimerSchedule,
    RecurringTimerSchedule,
    TimerJob,
    TimersClient,
    TransferTimer,
)
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage

__all__ = ("world",)

_TEN_YEARS = 315_360_000


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Create it, yield its names, and close it."""
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        researcher = emulator.add_identity("researcher@example.edu", name="Robin Researcher")
        source = emulator.add_collection("Instrument", storage=MemoryStorage({"run1/a.csv": "1,2\n"}))
        destination = emulator.add_collection("Archive", storage=MemoryStorage({}))
        scopes = [str(TimersClient.transfer_timer_scope())]
        authorizer = AccessTokenAuthorizer(emulator.access_token(researcher, scopes=scopes, lifetime=_TEN_YEARS))
        transport = emulator.transport()
        app = UserApp("Nightly", client_id=emulator.add_client("Nightly").id, transport=transport)
        async with transport, TimersClient(authorizer=authorizer, transport=transport) as timers:
            data = TransferData(source.id, destination.id, items={"/run1/": "/copy/"})
            nightly = TransferTimer(name="nightly", schedule=RecurringTimerSchedule(86_400), body=data)
            created = await timers.create_timer(nightly)
            # not the same paths: a task is refused while an equal one goes on
            other = TransferData(source.id, destination.id, items={"/run1/": "/other/"})
            ended = await timers.create_timer(TransferTimer(name="once", schedule=OnceTimerSchedule(), body=other))
            await emulator.advance(86_400 + 60)
            yield {
                "FlowTimer": FlowTimer,
                "OnceTimerSchedule": OnceTimerSchedule,
                "RecurringTimerSchedule": RecurringTimerSchedule,
                "TimerJob": TimerJob,
                "TimersClient": TimersClient,
                "TransferData": TransferData,
                "TransferTimer": TransferTimer,
                "app": app,
                "authorizer": authorizer,
                "destination_id": destination.id,
                "emulator": emulator,
                "ended_job_id": ended["timer"]["job_id"],
                "flow_id": "a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c",
                "job_id": created["timer"]["job_id"],
                "source_id": source.id,
                "timers": timers,
                "transport": transport,
            }
