"""PostgreSQL behind a pooler in transaction mode."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from globus_async import Secret
from globus_async.sql import SQLDatabase, SQLLeases, SQLRateLimits, SQLSessionStore, SQLTokenStorage
from tests.token_storage.factories import token_data
from tests.toolkit.postgres_server import own_server
from tests.toolkit.sql_databases import database_url
from tests.toolkit.transaction_pooler import pooled


async def test_each_transaction_has_another_connection(tmp_path: Path) -> None:
    """No state of a session is used: neither a prepared statement nor a parameter."""
    server = own_server()
    url = database_url("postgresql", tmp_path, tables=False)
    with TemporaryDirectory(dir="/tmp") as folder:
        pooler_url = url.replace(quote(str(server.folder), safe=""), quote(folder, safe=""))
        assert pooler_url != url
        async with (
            pooled(server.folder / ".s.PGSQL.5432", Path(folder)),
            SQLDatabase.from_url(pooler_url, timeout=20, pool_size=2, pgbouncer=True) as database,
        ):
            await database.create_tables()
            await database.create_tables()
            store, storage = SQLSessionStore(database), SQLTokenStorage(database)
            for number in range(4):
                await store.put("session:x", Secret(str(number)), seconds=100)
                assert await store.get("session:x") == Secret(str(number))
            assert await store.compare_and_set("session:x", Secret("3"), Secret("4"), seconds=100)
            assert await store.pop("session:x") == Secret("4")
            entries = {name: token_data("t", name) for name in "abc"}
            await storage.store_token_data_by_resource_server(entries)
            assert await storage.get_token_data_by_resource_server() == entries
            assert await storage.compare_and_set(entries["a"], token_data("u", "a"))
            async with SQLLeases(database).lease("x", 100):
                pass
            await asyncio.gather(*(SQLRateLimits(database).reserve("x", interval=1, burst=2) for _ in range(4)))
    rows = server.execute("SELECT count(*) FROM globus_async_leases", url=url)
    assert rows[0][0] == 0
