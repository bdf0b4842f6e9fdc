"""Tokens in a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from sqlalchemy import delete, select, update

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text, check_type
from ..token_storage.base import TokenStorage
from ..token_storage.errors import TokenStorageDamaged, TokenStorageUnavailable
from ..token_storage.stored_tokens import check_names, checked_entries, decode_entry, encode_entry
from .database import SQLDatabase
from .leases import SQLLeases
from .statements import insert_unless_present, stored_text, text_of, upsert
from .tables import name_of, row_key, tokens

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ..token_storage.lease import Lease
    from ..token_storage.token_data import TokenStorageData

__all__ = ("SQLTokenStorage",)

R = TypeVar("R")


class SQLTokenStorage(TokenStorage):
    """
    Holds tokens in a database: a row for each namespace and resource server.

    Several entries are stored together or not at all. A damaged entry is kept, and reading it raises an error that
    names it; it can be replaced and removed. Tokens are stored in plain text; `EncryptedTokenStorage` encrypts them.

    Args:
        database: The database. It is not closed with the storage.
        namespace: The name of the login: at most 200 ASCII characters, or fewer others.

    Raises:
        GlobusSDKUsageError: An argument is wrong.

    Example:
        >>> storage = EncryptedTokenStorage(SQLTokenStorage(database, namespace="ada"), key)
        >>> await storage.store_token_response(tokens)
    """

    def __init__(self, database: SQLDatabase, *, namespace: str = "DEFAULT") -> None:
        check_type("database", database, SQLDatabase, "a SQLDatabase")
        super().__init__(namespace, clock=database.clock)
        if not check_names(namespace) or name_of(row_key(namespace)) != namespace:
            raise GlobusSDKUsageError("namespace must be a text of at most 200 ASCII characters, or fewer others")
        self._database = database
        self._shared_leases = SQLLeases(database)

    def __repr__(self) -> str:
        place = repr(getattr(self, "_database", "no database"))
        return f"<{type(self).__name__} in {place}, namespace {getattr(self, 'namespace', 'unknown')!r}>"

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Add or replace tokens: all of them, or none if it fails."""
        entries = checked_entries(token_data_by_resource_server)
        for name, data in entries.items():
            if name_of(row_key(name)) is None and name != data.resource_server:
                raise GlobusSDKUsageError("a long name of a resource server must be that in its tokens")
        if entries:
            await self._run(partial(self._store, entries), in_transaction=len(entries) > 1, idempotent=True)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """
        Return all tokens, by resource server.

        Raises:
            TokenStorageDamaged: An entry is damaged.
            TokenStorageUnavailable: The database cannot be used.
        """
        return await self._run(self._select_all, idempotent=True)

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """
        Return the tokens for a resource server; ``None`` if there are none.

        Raises:
            TokenStorageDamaged: The entry is damaged.
            TokenStorageUnavailable: The database cannot be used.
        """
        check_text("resource_server", resource_server)
        if not check_names(resource_server):
            return None
        return (await self._run(partial(self._select, resource_server), idempotent=True))[0]

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server, damaged ones too; return whether there were any."""
        check_text("resource_server", resource_server)
        if not check_names(resource_server):
            return False
        return await self._run(partial(self._delete, resource_server))

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """
        Replace the tokens for a resource server if they are still those that were read; return whether they were.

        Raises:
            TokenStorageDamaged: The stored entry is damaged; it was not replaced.
            TokenStorageUnavailable: The database cannot be used. If the connection was lost, the tokens may have been
                stored.
        """
        checked_entries({getattr(new, "resource_server", ""): new})
        return await self._run(partial(self._compare_and_set, old, new))

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other holder has the lease of this name, in any process.

        Its time runs by the database, so a holder that dies has it until then.

        Args:
            name: What the lease is for, such as the name of a resource server.
            seconds: How long it is held at most.
        """
        check_text("name", name)
        parts = (quote(part, safe="", errors="surrogatepass") for part in ("tokens", self.namespace, name))
        return self._shared_leases.lease(":".join(parts), seconds)

    async def iter_namespaces(self) -> AsyncIterator[str]:
        """
        Yield the namespaces that have tokens, in order.

        Raises:
            TokenStorageUnavailable: The database cannot be used.
        """
        for namespace in await self._run(_namespaces, idempotent=True):
            yield namespace

    async def _run(
        self,
        work: Callable[[AsyncConnection], Awaitable[R]],
        *,
        in_transaction: bool = False,
        idempotent: bool = False,
    ) -> R:
        return await self._database.run(
            work, raises=TokenStorageUnavailable, in_transaction=in_transaction, idempotent=idempotent
        )

    # with a connection

    async def _store(self, entries: Mapping[str, TokenStorageData], connection: AsyncConnection) -> None:
        for name, data in sorted(entries.items()):  # in the same order everywhere, so that no two wait for each other
            await connection.execute(upsert(connection, tokens, self._row(name, data)))

    async def _select_all(self, connection: AsyncConnection) -> dict[str, TokenStorageData]:
        server, document = (stored_text(connection, each) for each in (tokens.c.resource_server, tokens.c.document))
        rows = await connection.execute(select(server, document).where(tokens.c.namespace == row_key(self.namespace)))
        return dict(self._entry(text_of(key), text) for key, text in rows.all())

    async def _select(
        self, resource_server: str, connection: AsyncConnection
    ) -> tuple[TokenStorageData | None, str | bytes | None]:
        """Return the tokens for a resource server, and the document that they were read from."""
        document: str | bytes | None = await connection.scalar(
            select(stored_text(connection, tokens.c.document)).where(*self._is_row(resource_server))
        )
        return None if document is None else self._entry(row_key(resource_server), document)[1], document

    async def _delete(self, resource_server: str, connection: AsyncConnection) -> bool:
        deleted = await connection.execute(delete(tokens).where(*self._is_row(resource_server)))
        return deleted.rowcount > 0

    async def _compare_and_set(
        self, old: TokenStorageData | None, new: TokenStorageData, connection: AsyncConnection
    ) -> bool:
        row = self._row(new.resource_server, new)
        if old is None:
            return (await connection.execute(insert_unless_present(connection, tokens, row))).rowcount > 0
        while True:
            stored, document = await self._select(new.resource_server, connection)
            if stored != old or document is None:
                return False
            # compared with the document that was read, and not with tokens: another writer changes it, or this one
            replaced = await connection.execute(
                update(tokens)
                .where(*self._is_row(new.resource_server), stored_text(connection, tokens.c.document) == document)
                .values(document=row["document"])
            )
            if replaced.rowcount > 0:
                return True

    def _row(self, resource_server: str, data: TokenStorageData) -> dict[str, str]:
        return {
            "namespace": row_key(self.namespace),
            "resource_server": row_key(resource_server),
            "document": str(encode_entry(data), "ascii"),
        }

    def _is_row(self, resource_server: str) -> tuple[ColumnElement[bool], ...]:
        return tokens.c.namespace == row_key(self.namespace), tokens.c.resource_server == row_key(resource_server)

    def _entry(self, key: str | None, document: str | bytes) -> tuple[str, TokenStorageData]:
        """
        Return a resource server and its tokens.

        Raises:
            TokenStorageDamaged: The row is damaged.
        """
        text = text_of(document)
        data = None if text is None else decode_entry(text.encode())
        name = None if key is None else name_of(key)
        if data is not None and row_key(data.resource_server) == key:
            name = data.resource_server
        if data is None or name is None:
            raise TokenStorageDamaged(
                f"the tokens for {key or 'an unreadable name'!a} of namespace {self.namespace!a} in {self._database!r}"
                " are damaged; remove them with remove_token_data(), and log in again"
            )
        return name, data


async def _namespaces(connection: AsyncConnection) -> list[str]:
    column = tokens.c.namespace
    keys = await connection.scalars(select(stored_text(connection, column)).distinct())
    names = (name_of(text_of(key) or "\\") for key in keys)
    return sorted(name for name in names if name is not None)
