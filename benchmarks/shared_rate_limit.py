"""
One rate limit for several processes, against a server that enforces it: responses with 429, and calls per second.

    $ python -m benchmarks.shared_rate_limit redis --seconds 60
    $ python -m benchmarks.shared_rate_limit postgresql --processes 8

Each process makes calls through a client of its own, as many as it may. The server counts in fixed and in sliding
windows and with a bucket of tokens, and responds with 429 if one of them has too many calls. ``--url`` names a Redis or
a database in place of one that is started; ``alone`` measures the limit of a process without a store, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from globus_async import AccessTokenAuthorizer, BaseClient, GlobusAPIError, RateLimit, RetryPolicy
from globus_async.errors import NetworkError
from globus_async.transport import RateLimitStore

_STORES = ("redis", "postgresql", "alone")
_WORKERS = 20
_START_SECONDS = 10
"""After which the processes have started."""


class Counts:
    """
    A limit as a service may count it: three ways at once.

    Args:
        calls: Maximum number of calls in a period.
        seconds: Length of the period.
    """

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._recent: deque[float] = deque()
        self._fixed: Counter[int] = Counter()
        self._tokens, self._filled_at = float(calls), time.monotonic()
        self.refused: Counter[str] = Counter()
        self.served = 0
        self.largest = 0

    def is_allowed(self) -> bool:
        """Count a call."""
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - self._seconds:
            self._recent.popleft()
        self._recent.append(now)
        self._fixed[int(now / self._seconds)] += 1
        self._tokens = min(self._calls, self._tokens + self._calls / self._seconds * (now - self._filled_at)) - 1
        self._filled_at = now
        refused = {
            "fixed": self._fixed[int(now / self._seconds)] > self._calls,
            "sliding": len(self._recent) > self._calls,
            "bucket": self._tokens < 0,
        }
        self.largest = max(self.largest, len(self._recent))
        self.refused.update(name for name, is_refused in refused.items() if is_refused)
        self.served += 1
        return not any(refused.values())


async def serve(counts: Counts, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve the requests of one connection, which have no bodies."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            status = b"200 OK" if counts.is_allowed() else b"429 Too Many Requests"
            writer.write(b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" % status)
    writer.close()


@asynccontextmanager
async def connected(kind: str, url: str) -> AsyncIterator[RateLimitStore | None]:
    """Connect to a store."""
    async with AsyncExitStack() as stack:
        if kind == "redis":
            from globus_async.redis import RedisDatabase, RedisRateLimits  # noqa: PLC0415

            yield RedisRateLimits(await stack.enter_async_context(RedisDatabase.from_url(url)))
        elif kind == "postgresql":
            from globus_async.sql import SQLDatabase, SQLRateLimits  # noqa: PLC0415

            database = await stack.enter_async_context(SQLDatabase.from_url(url))
            await database.create_tables()
            yield SQLRateLimits(database)
        else:
            yield None


async def call(options: argparse.Namespace) -> None:
    """Make calls in this process until its input ends; print their numbers."""
    outcomes: Counter[str] = Counter()
    async with connected(options.store, options.url) as store:
        identity = "" if store is None else "benchmark"
        limit = RateLimit(options.calls, options.period, store=store, identity=identity)
        client = BaseClient(
            base_url=options.server,
            authorizer=AccessTokenAuthorizer("benchmark"),
            rate_limit=limit,
            retry=RetryPolicy(max_retries=0),
        )

        async def work() -> None:
            while True:
                try:
                    await client.get("/x")
                    outcomes["200"] += 1
                except GlobusAPIError as error:
                    outcomes[str(error.http_status)] += 1
                except NetworkError as error:
                    outcomes[type(error).__name__] += 1

        async with client:
            workers = [asyncio.create_task(work()) for _ in range(_WORKERS)]
            await asyncio.to_thread(sys.stdin.read)
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"outcomes": outcomes, "cpu": usage.ru_utime + usage.ru_stime}))


async def measure(options: argparse.Namespace) -> None:
    """Start the server and the processes; print what they report."""
    counts = Counts(options.calls, options.period)
    server = await asyncio.start_server(lambda reader, writer: serve(counts, reader, writer), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    arguments = {
        "store": options.store,
        "url": options.url,
        "calls": options.calls,
        "period": options.period,
        "server": address,
    }
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.shared_rate_limit", json.dumps(arguments)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(options.processes)
    ]
    await asyncio.sleep(_START_SECONDS)
    begin_count, begin = counts.served, time.monotonic()
    await asyncio.sleep(options.seconds)
    served, seconds = counts.served - begin_count, time.monotonic() - begin
    reports: list[dict[str, Any]] = []
    for process in processes:
        output, _ = await process.communicate(b"")
        reports.append(json.loads(output))
    outcomes = sum((Counter(report["outcomes"]) for report in reports), Counter[str]())
    rate = options.calls / options.period
    print(f"{options.store}: {options.processes} processes, {options.calls} calls in {options.period:g} s allowed")
    print(f"  calls per process: {', '.join(str(sum(report['outcomes'].values())) for report in reports)}")
    print(f"  outcomes: {dict(outcomes)}; too many, by way of counting: {dict(counts.refused) or 'none'}")
    print(f"  most calls in any {options.period:g} s: {counts.largest}")
    print(f"  {served / seconds:.2f} calls per second over {seconds:.0f} s: {served / seconds / rate:.3f} of the limit")
    print(f"  processor time of the processes: {sum(report['cpu'] for report in reports):.1f} s")
    server.close()


def _started(kind: str) -> str:
    """Start a server of the kind; return its URL."""
    if kind == "redis":
        from tests.toolkit.redis_server import shared_redis_url  # noqa: PLC0415

        return shared_redis_url()
    if kind == "postgresql":
        from tests.toolkit.postgres_server import shared_server  # noqa: PLC0415

        return shared_server().fresh_url()
    return ""


def main() -> None:
    """Measure, or make calls as one of the processes."""
    if sys.argv[1:2] and sys.argv[1].startswith("{"):
        asyncio.run(call(argparse.Namespace(**json.loads(sys.argv[1]))))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[1])
    parser.add_argument("store", choices=_STORES)
    parser.add_argument("--url", help="of a Redis or a database")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--period", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    options.url = options.url or _started(options.store)
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
