"""Processes that share the tokens of a login: one request per expiry, whatever is killed, or paused."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from globus_async.token_storage import TokenStorage, TokenStorageData
from tests.authorizers.sharing_process import SERVER, STORAGES, SharingProcesses
from tests.toolkit.redis_server import advance_redis, shared_redis_url
from tests.toolkit.rotating_auth import RotatingAuth

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
]

PROCESSES = 8
EXPIRIES = 25
KILLED = 30
LIFETIME = 3600
LEASE_SECONDS = 60
ENGINES = ("redis", "postgresql")


def place_of(kind: str, path: Path) -> str:
    """Return where a storage is: in its file, or in an engine that all tests share."""
    match kind:
        case "redis":
            return f"{shared_redis_url()} {path}"
        case "postgresql":
            from tests.toolkit.sql_databases import shared_url  # noqa: PLC0415 -- imports SQLAlchemy

            return f"{shared_url()} {path}"
        case _:
            return str(path)


def let_leases_end(kind: str, place: str) -> None:
    """Let so much time pass in an engine as a lease lasts."""
    url, name = place.split()
    if kind == "redis":
        advance_redis(url, name, LEASE_SECONDS)
        return
    from tests.toolkit.postgres_server import shared_server  # noqa: PLC0415

    shared_server().execute(f"UPDATE globus_async_leases SET expires_at = expires_at - {LEASE_SECONDS}", url=url)


async def until_requested(auth: RotatingAuth, number: int) -> None:
    """Wait until so many token requests have arrived."""
    while auth.token_requests < number:  # noqa: ASYNC110 -- the server counts them
        await asyncio.sleep(0.005)


@asynccontextmanager
async def sharing(
    kind: str, path: Path, *, delay: float = 0, grace: int = 0
) -> AsyncGenerator[tuple[RotatingAuth, TokenStorage, SharingProcesses]]:
    """Log a user in, and store the tokens, which have expired."""
    place = place_of(kind, path)
    async with RotatingAuth(lifetime=LIFETIME, delay=delay, grace=grace) as auth, STORAGES[kind](place) as storage:
        access, refresh = auth.login()
        entry = TokenStorageData(SERVER, "an-identity", "all", access, refresh, 0, "Bearer")
        await storage.store_token_data_by_resource_server({SERVER: entry})
        async with SharingProcesses(kind, place, auth.url) as processes:
            yield auth, storage, processes


@pytest.mark.parametrize("kind", STORAGES)
async def test_one_request_per_expiry(kind: str, tmp_path: Path, summary: Callable[[str], None]) -> None:
    """Eight processes with three callers each, 25 expiries: 25 requests, none with an old refresh token."""
    async with sharing(kind, tmp_path / "tokens") as (auth, storage, processes):
        running = [await processes.start() for _ in range(PROCESSES)]
        for number in range(EXPIRIES):
            found = await asyncio.gather(*(each.headers(number * 2 * LIFETIME) for each in running))
            assert {header for headers in found for header in headers} == {f"Bearer at-{number + 2}"}
        stored = await storage.get_token_data(SERVER)
        assert stored is not None
        assert stored.refresh_token is not None
        summary(f"8 processes share tokens in {kind}: {auth.token_requests} requests in {EXPIRIES} expiries")
        assert (auth.token_requests, auth.replays) == (EXPIRIES, 0)
        assert (stored.refresh_token.reveal(), stored.identity_id) == (auth.refresh_token(), "an-identity")


@pytest.mark.parametrize("kind", ["json", "sqlite"])
async def test_processes_that_are_killed(kind: str, tmp_path: Path, summary: Callable[[str], None]) -> None:
    """One of three is killed at 30 random moments: the others have a token soon, and the file stays readable."""
    pick = random.Random(13)
    seconds: list[float] = []
    async with sharing(kind, tmp_path / "tokens", delay=0.04, grace=KILLED) as (auth, storage, processes):
        running = [await processes.start() for _ in range(3)]
        for number in range(KILLED):
            victim = running.pop(pick.randrange(3))
            calls = [asyncio.create_task(each.headers(number * 2 * LIFETIME)) for each in (victim, *running)]
            await asyncio.sleep(pick.uniform(0, 0.08))
            victim.kill()
            killed = time.monotonic()
            found = await asyncio.gather(*calls, return_exceptions=True)
            seconds.append(time.monotonic() - killed)
            headers = {header for each in found[1:] if isinstance(each, list) for header in each}
            assert len(headers) == 1, f"after {number}: {found}"
            assert headers.pop().startswith("Bearer at-")
            stored = await storage.get_token_data(SERVER)
            assert stored is not None
            assert stored.refresh_token is not None
            assert stored.refresh_token.reveal() == auth.refresh_token()
            running.append(await processes.start())
        summary(
            f"{KILLED} processes killed while they share one {kind} file: the others have a token"
            f" {statistics.median(seconds) * 1e3:.0f} ms later (median; at most {max(seconds) * 1e3:.0f} ms),"
            f" {auth.token_requests} requests"
        )
        assert not auth.is_revoked()
        assert KILLED <= auth.token_requests <= 2 * KILLED
        assert statistics.median(seconds) < 1
    assert files_in(tmp_path) == {"tokens"}


@pytest.mark.parametrize("kind", ENGINES)
async def test_holders_that_are_paused(kind: str, tmp_path: Path, summary: Callable[[str], None]) -> None:
    """
    At every fifth of 25 expiries, one of eight processes is stopped while its token request is running.

    The others wait until its lease has ended, and refresh the token. When it goes on, two expiries later, it overwrites
    nothing, and uses what they have stored.
    """
    path = tmp_path / "tokens"
    async with sharing(kind, path, grace=1) as (auth, storage, processes):
        running = [await processes.start() for _ in range(PROCESSES)]
        holder = running[0]
        holding: asyncio.Task[list[str]] | None = None
        for number in range(EXPIRIES):
            seconds = number * 2 * LIFETIME
            if number % 5 == 0:
                holder = running.pop(0)
                auth.delay = 0.2
                holding = asyncio.create_task(holder.headers(seconds))
                await until_requested(auth, auth.token_requests + 1)
                holder.pause()
                auth.delay = 0
                waiting = [asyncio.create_task(each.headers(seconds)) for each in running]
                await asyncio.sleep(0.1)
                assert not any(task.done() for task in waiting)
                let_leases_end(kind, place_of(kind, path))
                found = await asyncio.gather(*waiting)
            else:
                found = await asyncio.gather(*(each.headers(seconds) for each in running))
            newest = await storage.get_token_data(SERVER)
            assert newest is not None
            assert {header for headers in found for header in headers} == {f"Bearer {newest.access_token.reveal()}"}
            if number % 5 == 2:
                assert holding is not None
                holder.resume()
                assert set(await holding) == {f"Bearer {newest.access_token.reveal()}"}
                running.append(holder)
            assert await storage.get_token_data(SERVER) == newest
            assert newest.refresh_token is not None
            assert newest.refresh_token.reveal() == auth.refresh_token()
        # the response to each paused process has not arrived, so that its refresh token is sent again
        assert (auth.token_requests, auth.replays, auth.is_revoked()) == (EXPIRIES + 5, 5, False)
        summary(f"8 processes share tokens in {kind}, 5 holders paused beyond the lease: nothing newer overwritten")


@pytest.mark.parametrize("kind", ENGINES)
async def test_a_holder_that_is_killed(kind: str, tmp_path: Path) -> None:
    """An engine does not notice it: the others have a token when the lease has ended."""
    path = tmp_path / "tokens"
    async with sharing(kind, path, delay=0.2, grace=1) as (auth, _storage, processes):
        holder, *others = [await processes.start() for _ in range(3)]
        holding = asyncio.create_task(holder.headers(0))
        await until_requested(auth, 1)
        holder.kill()
        with pytest.raises(EOFError):
            await holding
        waiting = [asyncio.create_task(each.headers(0)) for each in others]
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in waiting)
        assert auth.token_requests == 1
        let_leases_end(kind, place_of(kind, path))
        found = await asyncio.gather(*waiting)
        assert {header for headers in found for header in headers} == {"Bearer at-3"}
        assert (auth.token_requests, auth.replays, auth.is_revoked()) == (2, 1, False)


def files_in(folder: Path) -> set[str]:
    """Return the names of the files, without those of locks."""
    return {each.name for each in folder.iterdir() if each.suffix not in {".lock", ".lease"}}
