"""
Downloads that are killed at a random moment and continued by another process: the same bytes, few of them twice.

``DOWNLOAD_KILLS=50 DOWNLOAD_MEBIBYTES=256`` makes it the full one; ``-s`` shows its figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from globus_async.emulator import Traffic
from globus_async.scopes import GCSCollectionScopes
from globus_async.testing import GlobusEmulator
from tests.services.files import downloading_process

KILLS = int(os.environ.get("DOWNLOAD_KILLS", "2"))
MEBIBYTES = int(os.environ.get("DOWNLOAD_MEBIBYTES", "64"))


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_killed_and_continued(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The target is missing until it has all bytes, in the end the right ones; few are moved twice."""
    chance = random.Random(MEBIBYTES)
    content = b"".join(chance.randbytes(1 << 20) for _ in range(MEBIBYTES))
    stored = tmp_path / "stored"
    stored.mkdir()
    (stored / "sky.fits").write_bytes(content)
    began, kept, kills = time.monotonic(), 0, 0
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        ada = emulator.add_identity("ada@example.edu")
        lab = emulator.add_collection("Lab", path=stored)
        for number in range(KILLS):
            target = tmp_path / f"{number}.fits"
            part = tmp_path / f".{target.name}.globus-part"
            told = {
                "transfer": server.environ["GLOBUS_SDK_SERVICE_URL_TRANSFER"],
                "transfer_token": emulator.access_token(ada),
                "https_token": emulator.access_token(ada, scopes=[str(GCSCollectionScopes(lab.id).https)]),
                "collection_id": lab.id,
                "address": lab.https_url,
                "path": "/sky.fits",
                "target": str(target),
            }
            command = (sys.executable, downloading_process.__file__, json.dumps(told))
            moment = chance.randrange(len(content))
            process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
            while process.returncode is None and not (part.exists() and part.stat().st_size >= moment):  # noqa: ASYNC110 -- of another process
                await asyncio.sleep(0.001)
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            if await process.wait() == -signal.SIGKILL:
                kills += 1
                assert not target.exists() or target.read_bytes() == content
            again = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
            out, err = await again.communicate()
            assert again.returncode == 0, err.decode()
            assert target.read_bytes() == content
            kept += int(out)
            target.unlink()
        assert [each.name for each in tmp_path.iterdir()] == ["stored"]  # noqa: ASYNC240
        sent = Traffic.of(request for request in emulator.requests if request.path == "/sky.fits").bytes_sent
    assert kills > 0
    in_buffers = 12 << 20  # bytes that had left the server when the process was killed
    assert sent <= KILLS * (len(content) + max(len(content) // 10, in_buffers))
    share = sent / (KILLS * len(content))
    figures = f"{kills} kills, {share:.3f} of the bytes, {kept >> 20} MiB kept, {time.monotonic() - began:.1f} s"
    record_property("downloads that were killed and continued", kills)
    print(f"\n{figures}")  # noqa: T201
