"""Processes that share the tokens of a login in a file: one request per expiry, whatever is killed."""

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
from tests.toolkit.rotating_auth import RotatingAuth

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
]

PROCESSES = 8
EXPIRIES = 25
KILLED = 30
LIFETIME = 3600


@asynccontextmanager
async def sharing(
    kind: str, path: Path, *, delay: float = 0, grace: int = 0
) -> AsyncGenerator[tuple[RotatingAuth, TokenStorage, SharingProcesses]]:
    """Log a user in, and store the tokens, which have expired."""
    async with RotatingAuth(lifetime=LIFETIME, delay=delay, grace=grace) as auth, STORAGES[kind](path) as storage:
        access, refresh = auth.login()
        entry = TokenStorageData(SERVER, "an-identity", "all", access, refresh, 0, "Bearer")
        await storage.store_token_data_by_resource_server({SERVER: entry})
        async with SharingProcesses(kind, str(path), auth.url) as processes:
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
        summary(f"8 processes share one {kind} file: {auth.token_requests} requests in {EXPIRIES} expiries")
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


def files_in(folder: Path) -> set[str]:
    """Return the names of the files, without those of locks."""
    return {each.name for each in folder.iterdir() if each.suffix not in {".lock", ".lease"}}
