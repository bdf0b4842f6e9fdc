"""
A transfer every night: creates the timer unless it exists, and shows the next runs and the last results.

Usage: GLOBUS_CLIENT_ID=... python examples/nightly_timer.py NAME SOURCE_ID:/path/ DESTINATION_ID:/path/ [HOUR]

The hour is one of UTC, 3 by default. The user logs in at the first run, and consents to all that the timer needs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from globus_async import (
    GlobusAppConfig,
    RecurringTimerSchedule,
    TimersClient,
    TransferClient,
    TransferData,
    TransferTimer,
    UserApp,
)

if TYPE_CHECKING:
    from globus_async.services.timers.documents import JobDocument

DAY: Final = timedelta(days=1)


def next_time(hour: int, now: datetime) -> datetime:
    """Return the next time that it is so late."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + DAY


async def needs_data_access(tc: TransferClient, collection_id: str) -> bool:
    """Return whether the timer needs a consent for the data of a collection: of a mapped one, unless high-assurance."""
    collection = await tc.get_endpoint(collection_id)
    return collection["entity_type"] == "GCSv5_mapped_collection" and not collection.get("high_assurance")


async def nightly_timer(app: UserApp, name: str, source: str, destination: str, start: datetime) -> JobDocument:
    """Return the timer of this name; create it if there is none."""
    sides = [side.partition(":") for side in (source, destination)]
    (source_id, _, source_path), (destination_id, _, destination_path) = sides
    tc, timers = TransferClient(app=app), TimersClient(app=app)
    mapped = [each for each in (source_id, destination_id) if await needs_data_access(tc, each)]
    timers.add_app_transfer_data_access_scope(mapped)  # the next call logs in again, if a consent is missing
    async for job in timers.list_jobs(filter_name=name, filter_status=["active", "inactive"]):
        if job["name"] == name:
            return job
    data = TransferData(source_id, destination_id, items={source_path: destination_path}, sync_level="checksum")
    timer = TransferTimer(name=name, schedule=RecurringTimerSchedule(DAY, start=start), body=data)
    created = await timers.create_timer(timer)
    return (await timers.get_job(created["timer"]["job_id"])).data


async def show(app: UserApp, job: JobDocument) -> None:
    """Print what the timer will do, and what it has done."""
    timers = TimersClient(app=app)
    print(f"{job['name']}: {job['status']}, {job['n_runs']} runs, {job['n_errors']} of them could not be started")
    if job["next_run"] is not None:
        next_run = datetime.fromisoformat(job["next_run"])
        print("next runs:", ", ".join(f"{next_run + number * DAY:%d %b %H:%M %Z}" for number in range(3)))
    async for result in timers.list_job_results(job["job_id"]):
        print(result["ran_at"], result.get("run_status"), result.get("resource_id"))


async def main(name: str, source: str, destination: str, hour: int) -> None:
    """Log in, create or find the timer, and show it."""
    config = GlobusAppConfig(request_refresh_tokens=True)
    async with UserApp("nightly-timer", client_id=os.environ["GLOBUS_CLIENT_ID"], config=config) as app:
        job = await nightly_timer(app, name, source, destination, next_time(hour, datetime.now(UTC)))
        await show(app, job)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 3))
