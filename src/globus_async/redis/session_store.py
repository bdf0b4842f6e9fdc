"""Sessions in Redis, which the processes of several machines share."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..errors.arguments import check_type
from ..secret import Secret
from ..session_store.protocol import SessionStoreUnavailable
from ..session_store.stored_values import StoredValues
from .database import RedisDatabase
from .leases import milliseconds
from .operations import Command, Script, ValueOfAnotherType

if TYPE_CHECKING:
    from .operations import Argument, Operation

__all__ = ("RedisSessionStore",)

_log = logging.getLogger("globus_async")

_GET: Final = Command("GET", repeatable=True)
_PUT: Final = Command("SET", durable=True)
_POP: Final = Command("GETDEL")
_REPLACE: Final = Script(
    """
    local stored = redis.pcall('GET', KEYS[1])
    if type(stored) == 'table' then stored = false end
    if (stored and ARGV[1] == 'none') or (ARGV[1] == 'some' and stored ~= ARGV[2]) then return 0 end
    if ARGV[3] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[3]) end
    return 1
    """,
    durable=True,
)
"""Replaces a value, or removes it if the time of the new one is 0; one of another type counts as missing."""


class RedisSessionStore:
    """
    A store in Redis, for the processes of several machines.

    Redis removes values when they expire. A value that is not one of this store, or was encrypted with another key,
    counts as missing, and the log says so once.

    Args:
        database: The Redis. It is not closed.
        key: A random text of 32 characters or more that encrypts the values; several, to replace one: the first
            encrypts, all of them decrypt. Without a key everybody who can read from Redis can use the tokens of users.

    Example:
        >>> store = RedisSessionStore(database, key=key)
        >>> login = GlobusLogin(globus, public_url="https://portal.example.org", store=store)
    """

    def __init__(self, database: RedisDatabase, *, key: str | Secret | Sequence[str | Secret] | None = None) -> None:
        if key is not None:  # wrapped, so that no traceback shows it
            key = [Secret.of(key)] if isinstance(key, str) or not isinstance(key, Sequence) else [*map(Secret.of, key)]
        check_type("database", database, RedisDatabase, "a RedisDatabase")
        self._database = database
        self._values = StoredValues(key, where=repr(database))
        self._has_warned = False

    def __repr__(self) -> str:
        values = getattr(self, "_values", None)  # its constructor may have failed
        encrypted = "encrypted" if values is not None and values.are_encrypted else "not encrypted"
        return f"<RedisSessionStore in {getattr(self, '_database', None)!r}, {encrypted}>"

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return self._open(key, await self._run(_GET, key))

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        await self._run(_PUT, key, self._seal(key, value), "PX", milliseconds(seconds))

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        replacement = (0, "") if new is None else (milliseconds(seconds), self._seal(key, new))
        while True:
            stored = await self._run(_GET, key)
            if self._open(key, stored) != old:
                return False
            current = ("none", "") if stored is None else ("some", stored)
            if await self._run(_REPLACE, key, *current, *replacement) is not None:
                return True

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return self._open(key, await self._run(_POP, key))

    async def _run(self, operation: Operation, key: str, *arguments: Argument) -> memoryview | None:
        """Execute an operation; return the text that it returns, an empty one for any other success."""
        name = self._database.key("sessions", *key.split(":"))
        try:
            response = await self._database.run(operation, name, *arguments, raises=SessionStoreUnavailable)
        except ValueOfAnotherType:
            self._warn()
            return None
        if response is None or response == 0:
            return None
        return memoryview(response if isinstance(response, bytes) else b"")

    def _seal(self, key: str, value: Secret) -> memoryview:
        return memoryview(self._values.seal(key, value).reveal().encode("utf-8", "surrogatepass"))

    def _open(self, key: str, text: memoryview | None) -> Secret | None:
        """Return the value of a stored text; ``None`` if there is none, or it cannot be read."""
        if text is None:
            return None
        try:
            stored = Secret(str(text, "utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            self._warn()
            return None
        return self._values.open(key, stored)

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning("%r has values that are not sessions; they count as missing", self._database)
