"""
A deployment of four workers under load: workers killed and replaced, and its database stopped.

``python -m benchmarks.deployment``, from a clone with what the tests need. Browsers log in on the pages of an emulated
Globus, whose access tokens live for seconds only and whose refresh tokens rotate. The machine runs all of it, so that
the figures say what is lost and how long an outage lasts, and little about speed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from tests.deployment.application import Application
from tests.deployment.browsers import Browser, Outcome, Records, keep_busy
from tests.deployment.fleet import Fleet, assembled
from tests.deployment.state_servers import ENGINES, SERVERS, State, StateServer, state_in, state_server

REQUESTS = 20
A_DAY = 86_400
KILL_INTERVAL = 1.0
HEALTH_CHECK = 2
"""Seconds: uvicorn starts no worker while it waits for one that was killed."""
OUTAGE = 10.0
CALM = 5.0
PAUSE = 0.2
"""Seconds between two requests of a browser during an outage or a restart."""


async def log_in(browsers: Sequence[Browser]) -> None:
    """Log all users in at once."""
    await asyncio.gather(*(each.log_in() for each in browsers))


async def use(browser: Browser) -> None:
    """Send the requests of one user."""
    for number in range(REQUESTS):
        await browser.request(number)


@asynccontextmanager
async def meanwhile(work: Awaitable[None]) -> AsyncGenerator[None]:
    """Do something until the end of the block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def kill_workers(application: Application) -> None:
    """Kill a worker every second."""
    while True:
        await asyncio.sleep(KILL_INTERVAL)
        application.kill_a_worker()


async def kills(fleet: Fleet, application: Application, browsers: Sequence[Browser], records: Records) -> None:
    """Log in and make requests, while a worker is killed every second."""
    began = time.perf_counter()
    async with meanwhile(kill_workers(application)):
        await log_in(browsers)
        await fleet.globus.ask("set_lifetime", A_DAY)
        between = time.perf_counter()
        await asyncio.gather(*map(use, browsers))
        ended = time.perf_counter()
    print(f"  {len(browsers)} logins in {between - began:.1f} s, {len(application.killed)} workers killed in all")
    await report(fleet, records, [each for each in records.outcomes if each.at >= between], ended - between)


async def replaced(fleet: Fleet, application: Application, browsers: Sequence[Browser], records: Records) -> None:
    """Replace the workers one after the other, with SIGHUP, under load."""

    async def replace() -> None:
        before = application.started()
        application.replace_workers()
        await application.has_started(before + application.workers)

    await during(replace, fleet, browsers, records)


async def restarted(fleet: Fleet, application: Application, browsers: Sequence[Browser], records: Records) -> None:
    """Stop the parent with SIGTERM, and start another one on the same socket, under load."""

    async def restart() -> None:
        await application.stop()
        await application.start()

    await during(restart, fleet, browsers, records)


async def frozen(fleet: Fleet, server: StateServer, browsers: Sequence[Browser], records: Records) -> None:
    """Stop the process of the database for ten seconds: connections stay open, and nothing is sent."""
    await outage(server.freeze, server.thaw, fleet, browsers, records)


async def killed(fleet: Fleet, server: StateServer, browsers: Sequence[Browser], records: Records) -> None:
    """Kill the database, and start it with its data ten seconds later."""
    await outage(server.kill, server.start, fleet, browsers, records)


async def outage(
    begin: Callable[[], object],
    end: Callable[[], object],
    fleet: Fleet,
    browsers: Sequence[Browser],
    records: Records,
) -> None:
    """Let the database be away under load."""
    unavailable: list[float] = []

    async def ask_as_stranger() -> None:
        while True:
            response = await browsers[0].request_as_stranger()
            if response.status_code != 401:
                unavailable.append(time.perf_counter())
            await asyncio.sleep(PAUSE)

    await log_in(browsers)
    began = time.perf_counter()
    async with keep_busy(browsers, pause=PAUSE), meanwhile(ask_as_stranger()):
        await asyncio.sleep(2 * CALM)
        gone = time.perf_counter()
        await asyncio.to_thread(begin)
        await asyncio.sleep(OUTAGE)
        await asyncio.to_thread(end)
        back = time.perf_counter()
        await asyncio.sleep(2 * CALM)
    ended = time.perf_counter()
    print(f"  before the outage: {described([each for each in records.outcomes if began <= each.at < gone])}")
    print(
        f"  in {back - gone:.1f} s without: {described([each for each in records.outcomes if gone <= each.at < back])}"
    )
    bad = [each.at for each in records.outcomes if each.status != 200 and each.at >= began] + unavailable
    print(f"  last response but 200 after {max(bad, default=back) - back:.2f} s; from then on:")
    print(f"  {described([each for each in records.outcomes if each.at > max(bad, default=back)])}")
    statuses = {(await each.request(number)).status_code for each in browsers for number in range(3)}
    print(f"  all sessions afterwards: {statuses}")
    await report(fleet, records, [each for each in records.outcomes if each.at >= began], ended - began)


async def during(
    event: Callable[[], Awaitable[None]], fleet: Fleet, browsers: Sequence[Browser], records: Records
) -> None:
    """Let something happen under load."""
    await log_in(browsers)
    await fleet.globus.ask("set_lifetime", A_DAY)
    began = time.perf_counter()
    async with keep_busy(browsers, pause=PAUSE):
        await asyncio.sleep(CALM)
        happens = time.perf_counter()
        await event()
        happened = time.perf_counter()
        await asyncio.sleep(CALM)
    ended = time.perf_counter()
    print(f"  it took {happened - happens:.1f} s; the requests that ended in it or up to a second later:")
    meanwhile_ = [each for each in records.outcomes if happens <= each.at < happened + 1]
    print(f"  {described(meanwhile_)}")
    await report(fleet, records, [each for each in records.outcomes if each.at >= began], ended - began)


async def report(fleet: Fleet, records: Records, outcomes: Sequence[Outcome], seconds: float) -> None:
    """Print what became of the requests."""
    print(f"  {len(outcomes) / seconds:.0f} requests/s; {described(outcomes)}")
    print(f"  refused: {dict(records.refused)}")
    print(f"  repeated by browsers: {records.repeats}; by the proxy: {await fleet.proxy.ask('counts')}")
    print(f"  Globus Auth: {await fleet.globus.ask('counts')}", flush=True)


def described(outcomes: Sequence[Outcome]) -> str:
    """Return the statuses of responses, and how long they took."""
    if not outcomes:
        return "no requests"
    seconds = sorted(each.seconds for each in outcomes)
    statuses = Counter(f"{each.status}{' with Retry-After' if each.retry_after else ''}" for each in outcomes)
    p50, p99 = (1000 * seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.99))
    return f"{dict(statuses)}; p50 {p50:.0f} ms, p99 {p99:.0f} ms, at most {1000 * seconds[-1]:.0f} ms"


async def sizes(state: State, browsers: Sequence[Browser]) -> None:
    """Measure what the sessions take, each with tokens of Transfer and the introspection of a bearer token."""
    await browsers[0].request(0)
    before = await asyncio.to_thread(state.size)
    await log_in(browsers)
    between = await asyncio.to_thread(state.size)
    await asyncio.gather(*(each.request(2) for each in browsers))
    after = await asyncio.to_thread(state.size)
    print(f"  {(between - before) / len(browsers):.0f} bytes for a session, {after - between} for all introspections")


OF_WORKERS = {each.__name__: each for each in (kills, replaced, restarted)}
OF_SERVERS = {each.__name__: each for each in (frozen, killed)}


async def run(name: str, engine: str, users: int, workers: int, lifetime: float) -> None:
    """Run a scenario with new processes."""
    records = Records()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        enter = stack.enter_async_context
        state = await enter(state_server(engine) if name in OF_SERVERS else state_in(engine, folder))
        fleet = await enter(assembled(folder, users=users))
        application = await enter(fleet.application(state.url, workers=workers, health_check=HEALTH_CHECK))
        browsers = await enter(fleet.browsers(users, records))
        await fleet.globus.ask("set_lifetime", lifetime)
        print(f"{name}, {engine}, {users} browsers, {workers} workers", flush=True)
        if name == sizes.__name__:
            await sizes(state, browsers)
        elif name in OF_SERVERS:
            await OF_SERVERS[name](fleet, cast("StateServer", state), browsers, records)
        else:
            await OF_WORKERS[name](fleet, application, browsers, records)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deployment", description=__doc__)
    parser.add_argument("--scenario", choices=[*OF_WORKERS, *OF_SERVERS, sizes.__name__], action="append")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--lifetime", type=float, default=8.0, help="seconds that the access tokens of the logins live")
    options = parser.parse_args()
    logging.disable(logging.INFO)
    for engine in options.engine or ENGINES:
        for name in options.scenario or (*OF_WORKERS, *OF_SERVERS, sizes.__name__):
            if name not in OF_SERVERS or engine in SERVERS:
                asyncio.run(run(name, engine, options.users, options.workers, options.lifetime))


if __name__ == "__main__":
    main()
