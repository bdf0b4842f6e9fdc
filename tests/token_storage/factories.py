"""The storages that the contract applies to: a further one is a line in `FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from globus_async.clock import Clock
from globus_async.redis import RedisDatabase, RedisTokenStorage
from globus_async.token_storage import (
    EncryptedTokenStorage,
    JSONTokenStorage,
    MemoryTokenStorage,
    SQLiteTokenStorage,
    TokenStorage,
    TokenStorageData,
)
from tests.toolkit.redis_server import shared_redis_url

__all__ = ("FACTORIES", "KEY", "SHARED", "Factory", "token_data")

Factory: TypeAlias = Callable[[Path, str, Clock | None], TokenStorage]
"""Makes a storage from a folder that is its own, a namespace and a clock."""

KEY: Final = "the key of the encrypted storages of the contract"


class OwnRedisTokenStorage(RedisTokenStorage):
    """A storage that closes its database; those of a folder have the same keys."""

    def __init__(self, folder: Path, namespace: str, clock: Clock | None) -> None:
        database = RedisDatabase.from_url(shared_redis_url(), prefix=f"test:{folder}", timeout=10, clock=clock)
        super().__init__(database, namespace=namespace)

    async def aclose(self) -> None:
        await self._database.aclose()


def _postgresql(folder: Path, name: str, clock: Clock | None) -> TokenStorage:
    """Return a storage in a database that is shared; the namespaces of a folder are its own."""
    from tests.toolkit.sql_databases import OwnSQLTokenStorage, shared_url  # noqa: PLC0415 -- imports SQLAlchemy

    return OwnSQLTokenStorage(shared_url(), f"{folder} {name}", clock)


def _sqlalchemy_sqlite(folder: Path, name: str, clock: Clock | None) -> TokenStorage:
    from tests.toolkit.sql_databases import OwnSQLTokenStorage, database_url  # noqa: PLC0415 -- imports SQLAlchemy

    folder.mkdir(parents=True, exist_ok=True)
    return OwnSQLTokenStorage(database_url("sqlite", folder), name, clock)


SHARED: Final[Mapping[str, Factory]] = {
    "json": lambda folder, name, clock: JSONTokenStorage(folder / "tokens.json", namespace=name, clock=clock),
    "sqlite": lambda folder, name, clock: SQLiteTokenStorage(folder / "tokens.db", namespace=name, clock=clock),
    "redis": OwnRedisTokenStorage,
    "encrypted redis": lambda folder, name, clock: EncryptedTokenStorage(
        OwnRedisTokenStorage(folder, name, clock), KEY
    ),
    "encrypted json": lambda folder, name, clock: EncryptedTokenStorage(
        JSONTokenStorage(folder / "tokens.json", namespace=name, clock=clock), KEY
    ),
    "encrypted sqlite": lambda folder, name, clock: EncryptedTokenStorage(
        SQLiteTokenStorage(folder / "tokens.db", namespace=name, clock=clock), KEY
    ),
    "postgresql": _postgresql,
    "encrypted postgresql": lambda folder, name, clock: EncryptedTokenStorage(_postgresql(folder, name, clock), KEY),
    "sqlalchemy sqlite": _sqlalchemy_sqlite,
}
"""Storages whose objects in the same folder have the same tokens."""

FACTORIES: Final[Mapping[str, Factory]] = {
    "memory": lambda _, name, clock: MemoryTokenStorage(name, clock=clock),
    "encrypted memory": lambda _, name, clock: EncryptedTokenStorage(MemoryTokenStorage(name, clock=clock), KEY),
    **SHARED,
}


def token_data(access_token: str, server: str = "transfer.api.globus.org", **members: object) -> TokenStorageData:
    """Return tokens for a resource server."""
    return TokenStorageData(server, None, "all", access_token, "refresh", 1_900_000_000, "Bearer", members)
