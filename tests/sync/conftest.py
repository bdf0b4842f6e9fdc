"""An emulated Globus in a thread of its own, and clients of it without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import pytest

from globus_async import AccessTokenAuthorizer
from globus_async.emulator.server import LoopbackServer
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage
from tests.toolkit.raw_server import RawServer, Received, Script

Serve = Callable[[Callable[[Received], Script]], AbstractContextManager[RawServer]]


@pytest.fixture
def lab(globus_emulator: GlobusEmulator, globus_server: LoopbackServer) -> Collection:
    """Return a collection with three files; the environment directs clients to the emulator."""
    files = {"a.txt": "1", "b.txt": "22", "c.txt": "333"}
    return globus_emulator.add_collection("Lab storage", storage=MemoryStorage(files))


@pytest.fixture
def authorizer(globus_emulator: GlobusEmulator, lab: Collection) -> AccessTokenAuthorizer:
    """Return an authorizer of the owner of the collection."""
    return AccessTokenAuthorizer(globus_emulator.access_token())


@pytest.fixture
def serve() -> Serve:
    """Return a context manager that serves scripted responses from a thread."""
    return _serve


@contextmanager
def _serve(script: Callable[[Received], Script]) -> Generator[RawServer]:
    served, ready, stop = RawServer(script), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with served:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait(5)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
