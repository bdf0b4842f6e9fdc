"""The Redis of the simulation, compared with a real server, command by command."""

from __future__ import annotations

import random
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import NoScriptError

from globus_async.redis import leases, token_storage
from tests.simulation.engine import SimulatedEngine
from tests.simulation.redis_model import RedisModel
from tests.simulation.world import World
from tests.toolkit.redis_server import shared_redis_url

SCRIPTS = (leases._ACQUIRE, leases._RELEASE, token_storage._REPLACE)
LONG = 10**6
"""Milliseconds that do not pass within a test."""


def outcome(execute: Any, *command: Any) -> Any:
    """Return the response to a command; of an error, its class."""
    try:
        return execute(*command)
    except NoScriptError:
        return NoScriptError


def random_command(pick: random.Random, prefix: str) -> tuple[Any, ...]:
    """Return one of the commands that the storages send, about few keys and values."""
    tokens, lease = f"{prefix}:tokens:{pick.choice('ab')}", f"{prefix}:lease:{pick.choice('ab')}"
    field, value, holder = (pick.choice(choices) for choices in (["f", "g"], ["", "1", "2"], ["x", "y"]))
    script = pick.choice(SCRIPTS)
    if script is token_storage._REPLACE:
        arguments: tuple[Any, ...] = (tokens, memoryview(field.encode()), value, memoryview(b"1"))
    else:
        arguments = (lease, holder, *((LONG,) if script is leases._ACQUIRE else ()))
    return pick.choice(
        [
            ("HGET", tokens, field),
            ("HGETALL", tokens),
            ("HSET", tokens, field, value),
            ("HSET", tokens, "f", value, "g", value),
            ("HDEL", tokens, field),
            ("HDEL", tokens, "f", "g", "h"),
            ("EVALSHA", script.digest, 1, *arguments),
            ("EVAL", script.source, 1, *arguments),
        ]
    )


@pytest.mark.parametrize("seed", range(5))
def test_random_commands(seed: int) -> None:
    """Both respond with the same, and hold the same."""
    pick, prefix = random.Random(seed), f"test-model-{uuid4()}"
    model = RedisModel(SimulatedEngine(World(seed), tokens="", decode=bytes))
    model.engine.scripts.update(script.digest for script in SCRIPTS)
    with Redis.from_url(shared_redis_url()) as server:
        for script in SCRIPTS:
            server.script_load(script.source)
        for number in range(400):
            command = random_command(pick, prefix)
            real = outcome(server.execute_command, *command)
            simulated = outcome(model.execute, None, *command)
            if isinstance(real, int) and real > LONG / 2:  # what is left of a lease
                assert real == pytest.approx(simulated, abs=LONG / 2), (number, command)
            else:
                assert real == simulated, (number, command)
        for key in server.scan_iter(f"{prefix}:*", count=1000):
            kind = server.type(key)
            real = server.hgetall(key) if kind == b"hash" else server.get(key)
            assert model.engine.get(key.decode()) == real
            server.delete(key)


def test_a_lease_that_has_ended() -> None:
    """Another holder has it then; the former one does not release it."""
    prefix = f"test-model-{uuid4()}"
    world = World(0)
    model = RedisModel(SimulatedEngine(world, tokens="", decode=bytes))
    with Redis.from_url(shared_redis_url()) as server:

        def both(script: Any, *arguments: Any) -> Any:
            command = ("EVAL", script.source, 1, f"{prefix}:lease", *arguments)
            simulated = model.execute(None, *command)
            assert server.execute_command(*command) == simulated
            return simulated

        assert both(leases._ACQUIRE, "x", LONG) == 0
        world.now += LONG / 1000 + 1
        server.pexpire(f"{prefix}:lease", -1)
        assert both(leases._ACQUIRE, "y", LONG) == 0
        both(leases._RELEASE, "x")
        assert server.get(f"{prefix}:lease") == model.engine.get(f"{prefix}:lease") == b"y"
        both(leases._RELEASE, "y")
        assert server.get(f"{prefix}:lease") is model.engine.get(f"{prefix}:lease") is None


def test_an_unknown_script() -> None:
    """A server that has just become the master has none."""
    model = RedisModel(SimulatedEngine(World(0), tokens="", decode=bytes))
    command = ("EVALSHA", leases._RELEASE.digest, 1, "key", "holder")
    with Redis.from_url(shared_redis_url()) as server:
        assert outcome(server.execute_command, "EVALSHA", "0" * 40, 1, "key", "holder") is NoScriptError
    assert outcome(model.execute, None, *command) is NoScriptError
