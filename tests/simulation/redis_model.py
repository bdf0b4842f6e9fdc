"""
A Redis in memory: the commands and scripts that this package sends, for the real storage above it.

`tests/simulation/test_redis_model.py` compares it with a real server.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeoutError

from globus_async.redis import RedisDatabase, RedisTokenStorage
from globus_async.redis import leases as lease_scripts
from globus_async.redis import token_storage as token_scripts
from tests.simulation.auth import SERVER
from tests.simulation.engine import Connection, SimulatedEngine
from tests.simulation.world import Process, World

__all__ = ("RedisModel", "SimulatedRedisClient", "redis_engine", "redis_storage")

_READS = frozenset({"HGET", "HGETALL"})
_ACQUIRE, _RELEASE = lease_scripts._ACQUIRE, lease_scripts._RELEASE
_REPLACE = token_scripts._REPLACE
_SCRIPTS = {script.digest: script for script in (_ACQUIRE, _RELEASE, _REPLACE)}


class RedisModel:
    """
    The server.

    Args:
        engine: Holds its keys: texts as bytes, hashes as dicts.
    """

    def __init__(self, engine: SimulatedEngine) -> None:
        self.engine = engine

    def execute(self, process: Process | None, *args: Any) -> Any:
        """Execute a command; return its response as redis-py does."""
        name, *rest = args
        arguments = [_bytes(each) for each in rest]
        match name:
            case "HGET":
                return self._hash(arguments[0]).get(arguments[1])
            case "HGETALL":
                return self._hash(arguments[0])
            case "HSET":
                return self._set(arguments[0], dict(zip(arguments[1::2], arguments[2::2], strict=True)))
            case "HDEL":
                kept = {key: value for key, value in self._hash(arguments[0]).items() if key not in arguments[1:]}
                return self._set(arguments[0], kept, replace=True)
            case "EVALSHA" | "EVAL":
                script = self._script(name, rest[0])
                assert arguments[1] == b"1"
                return self._evaluate(process, script, arguments[2], *arguments[3:])
            case _:
                raise NotImplementedError(name)

    def _script(self, name: str, text: str) -> Any:
        if name == "EVALSHA":
            if text not in self.engine.scripts:
                raise NoScriptError("No matching script. Please use EVAL.")
            return _SCRIPTS[text]
        script = next(each for each in _SCRIPTS.values() if each.source == text)
        self.engine.scripts.add(script.digest)
        return script

    def _evaluate(self, process: Process | None, script: Any, key: bytes, *arguments: bytes) -> int:
        engine, name = self.engine, key.decode()
        if script is _REPLACE:
            field, old, new = arguments
            stored = self._hash(key).get(field)
            if stored == b"" or (stored or b"") != old:
                return 0
            self._set(key, {field: new})
            return 1
        holder = engine.get(name)
        if script is _RELEASE:
            if holder == arguments[0]:
                engine.delete(name)
                if process is not None:
                    engine.released(process, arguments[0].decode())
            return 0
        wanted, milliseconds = arguments[0], int(arguments[1])
        if holder is not None and holder != wanted and (left := int(1000 * engine.seconds_left(name))) > 0:
            return left
        engine.set(name, wanted, milliseconds / 1000)
        if process is not None:
            engine.granted(process, wanted.decode(), milliseconds / 1000)
        return 0

    def _hash(self, key: bytes) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = self.engine.get(key.decode()) or {}
        return found

    def _set(self, key: bytes, fields: dict[bytes, bytes], *, replace: bool = False) -> int:
        before = self._hash(key)
        after = fields if replace else {**before, **fields}
        if after:
            self.engine.set(key.decode(), after)
        elif before:
            self.engine.delete(key.decode())
        return abs(len(after) - len(before))


class SimulatedRedisClient:
    """The client of one process: the part of redis-py's that `RedisDatabase` uses."""

    connection_pool = SimpleNamespace(connection_kwargs={"host": "simulated"})

    def __init__(self, model: RedisModel, connection: Connection) -> None:
        self._model = model
        self._connection = connection

    async def execute_command(self, *args: Any, **_options: Any) -> Any:
        """Send a command."""
        process = self._connection.process
        return await self._connection.call(lambda: self._model.execute(process, *args), writes=args[0] not in _READS)

    def pipeline(self) -> None:
        """Not simulated."""
        raise NotImplementedError


def redis_engine(world: World) -> tuple[SimulatedEngine, RedisModel]:
    """Return an engine that is a Redis."""
    engine = SimulatedEngine(
        world, tokens="globus_async:1:tokens:DEFAULT", decode=lambda value: value.get(SERVER.encode())
    )
    return engine, RedisModel(engine)


def redis_storage(model: RedisModel, process: Process) -> tuple[Connection, RedisTokenStorage]:
    """Return the real storage of a process, over a client that is simulated."""
    connection = Connection(model.engine, process, (RedisConnectionError, RedisTimeoutError, ConnectionResetError))
    client: Any = SimulatedRedisClient(model, connection)
    return connection, RedisTokenStorage(RedisDatabase(client, clock=process))


def _bytes(argument: str | int | memoryview) -> bytes:
    return bytes(argument) if isinstance(argument, memoryview) else str(argument).encode()
