"""Reads and downloads while the collection's server fails in every way that is known: never wrong bytes."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    GCSCollectionClient,
    GlobusError,
    GlobusSDKUsageError,
    RetryPolicy,
    Transport,
)
from globus_async.scopes import GCSCollectionScopes
from globus_async.services import files
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing import faults as f
from tests.toolkit.random_cases import cases

SIZE = 300_000
CONTENT = random.Random(17).randbytes(SIZE)
PATIENT = RetryPolicy(max_retries=6, base_delay=0)


class Lab(NamedTuple):
    """A collection on a socket, and the means to make clients of it."""

    emulator: GlobusEmulator
    collection: Any
    authorizer: AccessTokenAuthorizer

    def client(self, transport: Transport, **options: Any) -> GCSCollectionClient:
        """Make a client."""
        options.setdefault("authorizer", self.authorizer)
        return GCSCollectionClient(self.collection.id, self.collection.https_url, transport=transport, **options)


@pytest.fixture
async def lab() -> AsyncGenerator[Lab]:
    """Serve a collection."""
    async with GlobusEmulator() as emulator, emulator.serve():
        ada = emulator.add_identity("ada@example.edu")
        found = emulator.add_collection("Lab", storage=MemoryStorage({"a/data.bin": CONTENT, "a/empty": b""}))
        token = emulator.access_token(ada, scopes=[str(GCSCollectionScopes(found.id).https)])
        yield Lab(emulator, found, AccessTokenAuthorizer(token))


def arm(emulator: GlobusEmulator, chance: random.Random) -> None:
    """Arm one to three kinds of faults."""
    for _ in range(chance.randint(1, 3)):
        after = chance.choice((None, 0, 1, chance.randrange(SIZE)))
        method, fault = chance.choice(
            [
                ("*", f.false_404(chance.choice(("mapping", "manager", "shutdown")))),
                ("*", f.false_404("unknown")),
                ("*", f.status(503, headers=[("Retry-After", "0")])),
                ("*", f.drop_before()),
                ("*", f.drop_after()),
                ("*", f.html()),
                ("*", f.login_redirect()),
                ("GET", f.cut(after)),
                ("GET", f.short(after)),
                ("GET", f.short(after)),
                ("GET", f.hollow()),
                ("GET", f.hollow()),
                ("GET", f.cut(after)),
            ]
        )
        emulator.faults.add(
            method,
            "/a/*",
            fault,
            times=chance.choice((1, 2, 3, 30)),
            share=chance.choice((0.2, 0.5, 1.0)),
            sticky=chance.random() < 0.4,
            seed=chance.randrange(1000),
        )


async def attempt(client: GCSCollectionClient, chance: random.Random, folder: Path) -> tuple[bytes, bytes]:
    """Read something in one of the ways there are; return what was read, and what is right."""
    start, end = sorted(
        chance.choice((0, 1, SIZE // 2, SIZE - 1, SIZE, SIZE + 9, chance.randrange(SIZE))) for _ in "ab"
    )
    size = chance.choice((None, SIZE))
    path, content = chance.choice((("/a/data.bin", CONTENT), ("/a/data.bin", CONTENT), ("/a/empty", b"")))
    if path == "/a/empty":
        size = None if size is None else 0
    match chance.choice(("read", "range", "rest", "stream", "size", "download")):
        case "read":
            return await client.read(path, size=size), content
        case "range":
            return await client.read(path, start=start, end=end, size=size), content[start:end]
        case "rest":
            return await client.read(path, start=start, size=size), content[start:]
        case "stream":
            async with client.stream_file(path, start=start, size=size) as stream:
                return b"".join([chunk async for chunk in stream]), content[start:]
        case "size":
            return str(await client.size(path)).encode(), str(len(content)).encode()
        case _:
            done = await client.download(path, folder / "x", size=size, last_modified=chance.choice((None, "x")))
            return done.target.read_bytes(), content


async def test_never_wrong_bytes(lab: Lab, tmp_path: Path) -> None:
    """What is read is right, or there is an error, and none that says that the file is missing."""
    right = 0
    number = cases(int(os.environ.get("FILE_FAULT_CASES", "80")))
    for seed in range(number):
        chance = random.Random(seed)
        lab.emulator.faults.clear()
        arm(lab.emulator, chance)
        async with Transport(read_timeout=0.1, default_rate_limits=False) as transport:
            client = lab.client(transport, retry=PATIENT)
            try:
                found, expected = await attempt(client, chance, tmp_path)
            except GlobusError as error:
                assert not isinstance(error, files.NotFound | GlobusSDKUsageError), f"case {seed}: {error}"  # noqa: PT017
                continue
            finally:
                (tmp_path / "x").unlink(missing_ok=True)
            assert found == expected, f"case {seed}"
            right += 1
    assert right > number // 2


async def test_silence_ends(lab: Lab) -> None:
    """A body that stalls is continued on a new connection after the idle limit; there is no limit for all of it."""
    lab.emulator.faults.add("GET", "/a/data.bin", f.stall(SIZE // 3))
    lab.emulator.faults.add("GET", "/a/data.bin", f.stall(SIZE // 3), after=1)
    async with Transport(read_timeout=0.2, total_timeout=0.3, default_rate_limits=False) as transport:
        async with lab.client(transport, retry=PATIENT).stream_file("/a/data.bin", size=SIZE) as stream:
            assert b"".join([chunk async for chunk in stream]) == CONTENT
        assert stream.requests == 3


async def test_a_server_that_sends_a_byte_at_a_time(lab: Lab) -> None:
    """It gets no more requests than the retries allow."""
    lab.emulator.faults.add("GET", "/a/data.bin", f.short(1), times=None)
    async with (
        Transport(default_rate_limits=False) as transport,
        lab.client(transport, retry=PATIENT).stream_file("/a/data.bin", size=SIZE) as stream,
    ):
        with pytest.raises(files.FileTruncated, match="fewer bytes than the range"):
            _ = [chunk async for chunk in stream]
    assert len(lab.emulator.requests) == 1 + PATIENT.max_retries
