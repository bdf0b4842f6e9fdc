"""The kinds of storages that processes of a history share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from globus_async.token_storage import TokenStorage, TokenStorageData
from globus_async.token_storage.stored_tokens import encode_entry
from tests.simulation.auth import SERVER
from tests.simulation.engine import Connection, SimulatedEngine
from tests.simulation.engine_storages import session_engine, session_storage, sql_engine, sql_storage, store_session
from tests.simulation.redis_model import redis_engine, redis_storage
from tests.simulation.storage import SimulatedServer, SimulatedStorage
from tests.simulation.world import Process, World

__all__ = ("ENGINES", "KINDS", "Kind", "make_kind")


@dataclass(frozen=True)
class Kind:
    """
    A kind of storage.

    Attributes:
        server: The server that all processes share.
        connect: Returns what counts the failures of a process, and its storage.
        store: Stores the tokens of a login.
        evicts_tokens: Whether a full memory may remove the tokens, too.
    """

    server: SimulatedServer | SimulatedEngine
    connect: Callable[[Process], tuple[Connection | SimulatedStorage, TokenStorage]]
    store: Callable[[TokenStorageData], None]
    evicts_tokens: bool = False


def _protocol(world: World) -> Kind:
    server = SimulatedServer(world)

    def connect(process: Process) -> tuple[SimulatedStorage, TokenStorage]:
        storage = SimulatedStorage(server, process)
        return storage, storage

    return Kind(server, connect, server.store)


def _redis(world: World) -> Kind:
    engine, model = redis_engine(world)

    def store(data: TokenStorageData) -> None:
        engine.log_in(lambda: model.execute(None, "HSET", engine.tokens, SERVER, encode_entry(data)))

    return Kind(engine, lambda process: redis_storage(model, process), store)


def _sql(world: World) -> Kind:
    engine = sql_engine(world)

    def store(data: TokenStorageData) -> None:
        engine.log_in(lambda: engine.set(engine.tokens, bytes(encode_entry(data))))

    return Kind(engine, lambda process: sql_storage(engine, process), store)


def _session(world: World) -> Kind:
    engine = session_engine(world)
    return Kind(
        engine, lambda process: session_storage(engine, process), lambda data: store_session(engine, data), True
    )


KINDS: Final[dict[str, Callable[[World], Kind]]] = {
    "protocol": _protocol,
    "redis": _redis,
    "sql": _sql,
    "session": _session,
}
ENGINES: Final = tuple(name for name in KINDS if name != "protocol")


def make_kind(name: str, world: World, **callbacks: Any) -> Kind:
    """Return a kind by its name, with the attributes of its server."""
    kind = KINDS[name](world)
    for attribute, value in callbacks.items():
        if hasattr(kind.server, attribute):
            setattr(kind.server, attribute, value)
    return kind
