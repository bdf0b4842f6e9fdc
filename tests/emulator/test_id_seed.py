"""Ids from a seed: two runs with the same requests get the same responses, byte for byte."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid1

import pytest

from globus_async.emulator.kit.ids import current_ids, new_id, time_id
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage
from tests.emulator.scripted_run import SEED, play

Responses: TypeAlias = list[tuple[str, int, list[tuple[str, str]], bytes]]


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def made(emulator: GlobusEmulator) -> list[str]:
    """Return what tests make of every kind, outside any request."""
    ada = emulator.add_identity("ada@example.org")
    client = emulator.add_client("App", secret="s3cret")
    lab = emulator.add_collection("Lab", storage=MemoryStorage())
    point = emulator.add_stream_access_point("Point", host_endpoint=lab.id)
    return [
        client.id,
        client.credentials[0].id,
        lab.id,
        *lab.roles,
        point,
        emulator.add_group([ada]),
        emulator.add_subscription(),
        emulator.access_token(ada),
        emulator.auth.refresh_token(ada, scopes=["openid"], client=client),
    ]


def test_of_the_methods_for_tests() -> None:
    """Emulators of one seed make the same ids, and all others different ones."""
    emulators = [GlobusEmulator(id_seed=seed) for seed in (1, 1, 2, None, None)]
    first, same, *others = [made(each) for each in emulators]
    assert first == same
    assert len({name for each in (first, *others) for name in each}) == 4 * len(first)
    assert not current_ids().is_seeded


def test_resources_of_emulators_at_once() -> None:
    """Each takes its own, in whatever order they are used."""
    one, other = GlobusEmulator(id_seed=1), GlobusEmulator(id_seed=1)
    assert [one.add_client().id for _ in range(3)] == [other.add_client().id for _ in range(3)]
    with one.platform.ids.use():
        assert other.add_client().id == one.add_client().id


def test_an_id_with_the_time() -> None:
    """It has the form and the fields of a UUID of version 1."""
    made = UUID(time_id(1_800_000_000.25))
    assert (made.version, made.variant) == (1, uuid1().variant)
    assert (made.time - 0x01B21DD213814000) / 10_000_000 == 1_800_000_000.25
    assert len({time_id(0) for _ in range(100)}) == 100


@pytest.mark.parametrize("seed", ["1", True, 1.0])
def test_what_is_no_seed(seed: Any) -> None:
    with pytest.raises(TypeError, match="a seed of ids is an integer"):
        GlobusEmulator(id_seed=seed)


async def test_after_a_reset() -> None:
    """The sequence begins again: a test has the same ids whatever ran before it."""
    async with GlobusEmulator(id_seed=1, clock=ManualClock()) as emulator:
        first = emulator.add_client().id
        await emulator.reset()
        assert emulator.add_client().id == first
    assert new_id() != new_id()


def serve(port: int, hash_seed: str, seed_file: Path, id_seed: str = "1") -> tuple[str, Responses]:
    """Return what an emulator in a process of its own prints, and its responses to the script."""
    options = ["--port", str(port), "--clock", "manual", "--id-seed", id_seed, "--seed", str(seed_file)]
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}  # sets have another order in each run
    command = [sys.executable, "-m", "globus_async.testing", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        printed = ""
        try:
            while "# control" not in printed:
                printed += process.stdout.readline()
            return printed, play(f"http://127.0.0.1:{port}")
        finally:
            process.send_signal(signal.SIGTERM)


def test_two_processes(tmp_path: Path) -> None:
    """A script of more than a hundred requests over all services has the same bytes in both, headers included."""
    seed_file = tmp_path / "seed.json"
    seed_file.write_text(json.dumps(SEED))
    port = unused_port()
    printed, responses = serve(port, "1", seed_file)
    same_printed, same = serve(port, "2", seed_file)
    assert printed == same_printed
    for one, other in zip(responses, same, strict=True):
        assert one == other
    assert len(responses) > 100
    assert {status for _, status, _, _ in responses} >= {200, 302, 400, 401, 403, 404}


jsonschema: Final = import_module("jsonschema")
"""Imported here, since its import reads files, which these tests refuse in an event loop."""


async def in_process(port: int) -> Responses:
    async with GlobusEmulator(id_seed=1, clock=ManualClock()) as emulator:
        await emulator.load_seed(SEED)
        async with emulator.serve(port=port) as server:
            return await asyncio.to_thread(play, server.url)


async def test_twice_in_one_process() -> None:
    """The same holds for emulators of one process, one after the other."""
    port = unused_port()
    assert await in_process(port) == await in_process(port)


async def test_each_request_has_its_own() -> None:
    """Equal requests of one run get different ids."""
    async with GlobusEmulator(id_seed=1) as emulator, emulator.http_client(base_url="http://localhost") as http:
        ids = {(await http.get("/v0.10/task_list")).json()["request_id"] for _ in range(3)}
        assert len(ids) == 3
