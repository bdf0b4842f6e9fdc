"""Tokens in Redis, which the processes of several machines share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..errors.arguments import check_text, check_type
from ..token_storage.base import TokenStorage
from ..token_storage.errors import TokenStorageDamaged, TokenStorageUnavailable
from ..token_storage.stored_tokens import check_names, checked_entries, decode_entry, encode_entry
from .database import RedisDatabase
from .leases import RedisLease
from .operations import Command, Script, ValueOfAnotherType

if TYPE_CHECKING:
    from ..token_storage.lease import Lease
    from ..token_storage.token_data import TokenStorageData
    from .operations import Argument, Operation

__all__ = ("RedisTokenStorage",)

_GET: Final = Command("HGET", repeatable=True)
_GET_ALL: Final = Command("HGETALL", repeatable=True)
_STORE: Final = Command("HSET", durable=True)
_REMOVE: Final = Command("HDEL", durable=True)
_REPLACE: Final = Script(
    """
    local stored = redis.call('HGET', KEYS[1], ARGV[1])
    if stored == '' or (stored or '') ~= ARGV[2] then return 0 end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
    return 1
    """,
    durable=True,
)


class _Entry(NamedTuple):
    """The stored text of an entry, and its tokens; ``None`` if there is none, or they cannot be read."""

    text: memoryview | None
    data: TokenStorageData | None


class RedisTokenStorage(TokenStorage):
    """
    Holds tokens in Redis, as a hash for each namespace, with a JSON document for each resource server.

    They do not expire: a refresh token outlives the access token that it came with. So Redis must not be set to evict
    keys, and should write to disk, or have replicas; see ``replicas`` of `RedisDatabase`. Everybody who can read from
    Redis can use the tokens: `EncryptedTokenStorage` encrypts them.

    Args:
        database: The Redis. It is not closed with the storage.
        namespace: The name of the login.

    Example:
        >>> storage = EncryptedTokenStorage(RedisTokenStorage(database, namespace="ada"), key)
        >>> await storage.store_token_response(tokens)
        >>> data = await storage.get_token_data("transfer.api.globus.org")
        >>> data.token_type
        'Bearer'

    **Differs from globus-sdk:** new.
    """

    def __init__(self, database: RedisDatabase, *, namespace: str = "DEFAULT") -> None:
        check_type("database", database, RedisDatabase, "a RedisDatabase")
        super().__init__(namespace, clock=database.clock)
        self._database = database
        self._key = database.key("tokens", namespace)

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Add or replace tokens: all of them, or none if it fails."""
        entries = checked_entries(token_data_by_resource_server)
        if entries:
            fields = (part for name, data in entries.items() for part in (_encoded(name), encode_entry(data)))
            await self._run(_STORE, *fields)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """
        Return all tokens, by resource server.

        Raises:
            TokenStorageDamaged: The tokens for a resource server cannot be read; the text names it.
            TokenStorageError: The storage cannot be used.
        """
        found = _entries(await self._run(_GET_ALL))
        if damaged := [name for name, data in found.items() if data is None]:
            raise self._damaged(*damaged)
        return {name: data for name, data in found.items() if data is not None}

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """
        Return the tokens for a resource server; ``None`` if there are none.

        Raises:
            TokenStorageDamaged: They cannot be read.
            TokenStorageError: The storage cannot be used.
        """
        check_text("resource_server", resource_server)
        if not check_names(resource_server):
            return None
        return (await self._get(resource_server)).data

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server, damaged ones too; return whether there were any."""
        check_text("resource_server", resource_server)
        if not check_names(resource_server):
            return False
        return bool(await self._run(_REMOVE, _encoded(resource_server)) == 1)

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """
        Replace the tokens for a resource server if they are still those that were read; return whether they were.

        Raises:
            TokenStorageDamaged: The stored ones cannot be read; they were not replaced.
            TokenStorageError: The storage cannot be used.
        """
        entries = checked_entries({getattr(new, "resource_server", ""): new})
        ((name, data),) = entries.items()
        while True:
            stored = await self._get(name)
            if stored.data != old:
                return False
            if await self._run(_REPLACE, _encoded(name), stored.text or "", encode_entry(data)) == 1:
                return True

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other process has the lease of this name, for a limited time.

        Its time runs by Redis, so a holder that dies has it until then.

        Args:
            name: What the lease is for, such as the name of a resource server.
            seconds: How long it is held at most.
        """
        check_text("name", name)
        return RedisLease(self._database, self._database.key("token-lease", self.namespace, name), name, seconds)

    def __repr__(self) -> str:
        database, namespace = getattr(self, "_database", None), getattr(self, "namespace", "")
        return f"<{type(self).__name__} in {database!r}, namespace {namespace!r}>"

    async def _get(self, resource_server: str) -> _Entry:
        """
        Return a stored entry.

        Raises:
            TokenStorageDamaged: It cannot be read.
        """
        entry = _entry(await self._run(_GET, _encoded(resource_server)))
        if entry.text is not None and entry.data is None:
            raise self._damaged(resource_server)
        return entry

    async def _run(self, operation: Operation, *arguments: Argument) -> Any:
        try:
            return await self._database.run(operation, self._key, *arguments, raises=TokenStorageUnavailable)
        except ValueOfAnotherType:
            raise TokenStorageDamaged(
                f"the key {self._key} in Redis does not hold tokens; delete it, or use another prefix or namespace"
            ) from None

    def _damaged(self, *resource_servers: str) -> TokenStorageDamaged:
        names = ", ".join(ascii(name) for name in resource_servers)
        return TokenStorageDamaged(
            f"the tokens for {names} in {self!r} cannot be read; remove them with remove_token_data() and log in again"
        )


def _encoded(name: str) -> memoryview:
    return memoryview(name.encode())


def _entry(text: object) -> _Entry:
    if not isinstance(text, bytes):
        return _Entry(None, None)
    return _Entry(memoryview(text), decode_entry(text))


def _entries(found: object) -> dict[str, TokenStorageData | None]:
    """Return the tokens of a hash; ``None`` for those that cannot be read."""
    fields = cast("dict[bytes, bytes]", found if isinstance(found, dict) else {})
    return {name.decode(errors="backslashreplace"): decode_entry(text) for name, text in fields.items()}
