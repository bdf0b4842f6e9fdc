"""
A demonstration of login, transfer and bulk calls: ``python -m globus_async.demo``.

It starts an emulator of Globus on a loopback socket and transfers real files from one directory to another, with the
same calls that transfer them between institutions.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anyio import to_thread

from . import (
    DeleteData,
    GlobusError,
    NativeAppAuthClient,
    RefreshTokenAuthorizer,
    TaskEndReason,
    TaskProgress,
    TransferClient,
    TransferData,
    Transport,
)
from .bulk_calls import bulk
from .clock import SystemClock
from .scopes import TransferScopes

if TYPE_CHECKING:
    from .testing import GlobusEmulator

__all__ = (
    "DemoFailedError",
    "check",
    "checksums",
    "fill",
    "log_in",
    "main",
    "run",
    "say",
    "show_progress",
    "small_tasks",
    "step",
    "transfer",
)

_LARGE_FILES: Final = (20, 40, 60, 80)  # MiB; of different sizes, so that they are completed one after the other
_PACE: Final = 20e6  # bytes per second of one file, slow enough to show progress
_COUNT: Final = 200
_BATCH: Final = 40
_CLOCK: Final = SystemClock()
_TTY: Final = sys.stdout.isatty()


class DemoFailedError(Exception):
    """A step had another result than expected."""


def say(text: str = "") -> None:
    """Print a line and flush it."""
    print(text, flush=True)  # noqa: T201 -- a demo prints


def fill(source: Path) -> tuple[int, int]:
    """
    Create a directory tree: the package's own sources, and some large random files.

    Returns:
        The number of files, and their bytes.
    """
    shutil.copytree(
        Path(__file__).parent, source / "globus_async", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    large = source / "measurements"
    large.mkdir()
    for number, mebibytes in enumerate(_LARGE_FILES):
        with (large / f"run-{number:02}.bin").open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(1 << 20))
    sizes = [path.stat().st_size for path in source.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def checksums(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a directory."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(root).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


@asynccontextmanager
async def step(title: str) -> AsyncGenerator[None]:
    """Print the title of a step, and its duration at the end of the block."""
    say(f"\n== {title}")
    start = _CLOCK.monotonic()
    yield
    say(f"   done in {_CLOCK.monotonic() - start:.2f} s")


async def log_in(emulator: GlobusEmulator, client: NativeAppAuthClient) -> RefreshTokenAuthorizer:
    """Log in as a native app: show a URL to the user, get an authorization code, exchange it for tokens."""
    client.oauth2_start_flow(requested_scopes=TransferScopes.all, refresh_tokens=True)
    url = client.oauth2_get_authorize_url()
    say(f"   URL for the user to open: {url[:96]}...")
    code = emulator.auth.authorize(url).code  # in place of a user with a browser
    tokens = await client.oauth2_exchange_code_for_tokens(code)
    token = tokens.by_resource_server["transfer.api.globus.org"]
    say(f"   logged in with PKCE; a token for {token['resource_server']}, with the scope {token['scope']}")
    return RefreshTokenAuthorizer(
        token["refresh_token"] or "",
        client,
        access_token=token["access_token"],
        expires_at=token["expires_at_seconds"],
    )


def show_progress(progress: TaskProgress) -> None:
    """Print the progress of a task; on a terminal it replaces the last line."""
    fraction = progress.fraction or 0.0
    line = f"   [{'#' * round(fraction * 30):<30}] {fraction:4.0%}  {progress}"
    if _TTY:
        print(f"\r\x1b[K{line}", end="\n" if progress.is_done else "", flush=True)  # noqa: T201
    else:
        say(line)


async def transfer(tc: TransferClient, source_id: str, destination_id: str, *, files: int, size: int) -> None:
    """Transfer the tree, and print the progress."""
    data = TransferData(
        source_endpoint=source_id,
        destination_endpoint=destination_id,
        items={"/": "/copy/"},
        label="globus_async demo",
        sync_level="checksum",
        verify_checksum=True,
    )
    task_id = (await tc.submit_transfer(data)).data["task_id"]
    say(f"   task {task_id}, submission {data['submission_id']}")
    again = await tc.submit_transfer(data)
    say(f"   submitted again, as after a lost response: {again['code']}, the same task: {again['task_id'] == task_id}")
    outcome = await tc.wait_for_task(
        task_id, polling_interval=1, progress=lambda progress: show_progress(replace(progress, bytes_total=size))
    )
    check(outcome.reason is TaskEndReason.SUCCEEDED, f"the task has {outcome.reason}")
    check(outcome.task["files"] == files, f"{outcome.task['files']} files instead of {files}")
    async for event in tc.task_event_list(task_id, num_results=None):
        say(f"   event: {event['time']} {event['code']}: {event['description']}")
    paths = [entry["destination_path"] async for entry in tc.task_successful_transfers(task_id, num_results=None)]
    check(len(paths) == files, f"{len(paths)} successful transfers instead of {files}")


async def small_tasks(tc: TransferClient, collection_id: str) -> list[str]:
    """Run many small tasks, a batch at a time: the service limits a user to 100 unfinished tasks."""

    async def run_task(number: int) -> str:
        data = DeleteData(collection_id, items=[f"/no-such-file-{number}"], ignore_missing=True, label=f"demo {number}")
        return (await tc.run_task(data, timeout=60)).task["task_id"]

    return await bulk(run_task, range(_COUNT), concurrency=_BATCH).values()


def check(condition: bool, message: str) -> None:
    """Raise `DemoFailedError` unless a condition holds."""
    if not condition:
        raise DemoFailedError(message)


async def run(base: Path) -> None:
    """Run all steps, with all files below one directory."""
    from .testing import GlobusEmulator, MemoryStorage, Pace  # noqa: PLC0415 -- needs the extra `emulator`

    start = _CLOCK.monotonic()
    source, destination = base / "laboratory", base / "archive"
    source.mkdir()
    destination.mkdir()
    async with step("fill the source collection"):
        files, size = await to_thread.run_sync(fill, source)
        say(f"   {files} files, {size / 1e6:.1f} MB: this package's sources and {len(_LARGE_FILES)} large random files")

    emulator = GlobusEmulator(pace=Pace(bytes_per_second=_PACE))
    ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
    lab = emulator.add_collection("Laboratory", path=source, owner=ada)
    archive = emulator.add_collection("Archive", path=destination, owner=ada)
    others = [emulator.add_collection(f"Collection {n}", storage=MemoryStorage(), owner=ada) for n in range(_COUNT)]
    app = emulator.add_client("globus_async demo")

    async with emulator, emulator.serve() as server, Transport() as transport:
        say(f"\n   an emulator of Globus listens on {server.url}")
        auth_client = NativeAppAuthClient(app.id, base_url=server.url, transport=transport)
        async with step("log in"):
            authorizer = await log_in(emulator, auth_client)
        # the default is the rate limit of Globus, 20 calls a second; the emulator has none
        tc = TransferClient(base_url=server.url, authorizer=authorizer, transport=transport, rate_limit=None)
        async with step("find and list"):
            found = [endpoint["display_name"] async for endpoint in tc.endpoint_search("Laboratory", num_results=None)]
            check(found == ["Laboratory"], f"the search found {found}")
            async for entry in tc.operation_ls(lab.id, path="/"):
                say(f"   {entry['type']:<5} {entry['size']:>12,}  {entry['name']}")
        async with step("transfer"):
            await transfer(tc, lab.id, archive.id, files=files, size=size)
        async with step("compare the checksums of both trees"):
            ours = await to_thread.run_sync(checksums, source)
            theirs = await to_thread.run_sync(checksums, destination / "copy")
            check(ours == theirs, "the trees differ")
            say(f"   {len(ours)} files are the same, byte for byte")
        async with step(f"run {_COUNT} small tasks, {_BATCH} at a time"):
            ids = await small_tasks(tc, archive.id)
        async with step(f"get {_COUNT} endpoints and {_COUNT} tasks concurrently"):
            before = _CLOCK.monotonic()
            endpoints = await bulk(tc.get_endpoint, [other.id for other in others]).values()
            tasks = await bulk(tc.get_task, ids).values()
            seconds = _CLOCK.monotonic() - before
            check(len({e["id"] for e in endpoints}) == _COUNT, "endpoints are missing")
            check({t["status"] for t in tasks} == {"SUCCEEDED"}, "tasks have failed")
            say(f"   {2 * _COUNT} responses in {seconds:.2f} s: {2 * _COUNT / seconds:.0f} per second")

    say(
        f"\nDone in {_CLOCK.monotonic() - start:.1f} s: {files} files and {size / 1e6:.1f} MB transferred, "
        f"checksums compared, {_COUNT} endpoints and {_COUNT} tasks read; "
        f"{len(emulator.requests)} requests."
    )


def main() -> int:
    """Run the demonstration; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="globus-async-demo-") as base:
        try:
            asyncio.run(run(Path(base)))
        except (DemoFailedError, GlobusError) as error:
            say(f"\nThe demo failed: {error}")
            return 1
        except KeyboardInterrupt:
            say("\nStopped.")
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
