"""The storages that the contract applies to: a further one is a line in `FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from globus_async.clock import Clock
from globus_async.token_storage import (
    EncryptedTokenStorage,
    JSONTokenStorage,
    MemoryTokenStorage,
    TokenStorage,
    TokenStorageData,
)

__all__ = ("FACTORIES", "KEY", "SHARED", "Factory", "token_data")

Factory: TypeAlias = Callable[[Path, str, Clock | None], TokenStorage]
"""Makes a storage from a folder that is its own, a namespace and a clock."""

KEY: Final = "the key of the encrypted storages of the contract"

SHARED: Final[Mapping[str, Factory]] = {
    "json": lambda folder, namespace, clock: JSONTokenStorage(folder / "tokens.json", namespace=namespace, clock=clock),
    "encrypted json": lambda folder, namespace, clock: EncryptedTokenStorage(
        JSONTokenStorage(folder / "tokens.json", namespace=namespace, clock=clock), KEY
    ),
}
"""Storages whose objects in the same folder have the same tokens."""

FACTORIES: Final[Mapping[str, Factory]] = {
    "memory": lambda _, namespace, clock: MemoryTokenStorage(namespace, clock=clock),
    "encrypted memory": lambda _, namespace, clock: EncryptedTokenStorage(
        MemoryTokenStorage(namespace, clock=clock), KEY
    ),
    **SHARED,
}


def token_data(access_token: str, server: str = "transfer.api.globus.org", **members: object) -> TokenStorageData:
    """Return tokens for a resource server."""
    return TokenStorageData(server, None, "all", access_token, "refresh", 1_900_000_000, "Bearer", members)
