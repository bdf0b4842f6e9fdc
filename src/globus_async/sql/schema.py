"""Making and checking the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from ..errors import GlobusSDKUsageError
from .tables import METADATA, VERSION, schema_version

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ("make_tables",)

_LOCK: Final = 0x676C6F6275736173
"""The number of the advisory lock under which tables are made."""


async def make_tables(connection: AsyncConnection) -> None:
    """
    Make the tables unless they exist, in a transaction; one process at a time.

    Raises:
        GlobusSDKUsageError: There are tables of a later version, or of another application.
    """
    if await connection.run_sync(_are_complete):
        return
    await _lock(connection)
    if await connection.run_sync(_are_complete):  # another process has made them
        return
    for table in METADATA.sorted_tables:
        await connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            await connection.execute(CreateIndex(index))
    await connection.execute(insert(schema_version).values(version=VERSION))


async def _lock(connection: AsyncConnection) -> None:
    """Wait for other processes, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # this call has a time of its own
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        return
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is not None and not driver.in_transaction:  # the driver begins one before INSERT only
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _are_complete(connection: Connection) -> bool:
    """
    Return whether there are all tables; ``False`` if there is none.

    Raises:
        GlobusSDKUsageError: There are some of them, others of the same names, or those of a later version.
    """
    inspector = inspect(connection)
    # by one statement: another process may make all of them at any moment
    found = METADATA.tables.keys() & set(inspector.get_table_names())
    if not found:
        return False
    for name, table in METADATA.tables.items():
        columns = {column["name"] for column in inspector.get_columns(name)} if name in found else set[str]()
        if name == schema_version.name and columns == set(schema_version.columns.keys()):
            _check_version(connection)
        elif columns != set(table.columns.keys()):
            raise GlobusSDKUsageError(
                f"the database has tables whose names begin with 'globus_async_', but not the expected {name}; nothing"
                " was changed. Use another database or schema, or remove those tables if they are not needed"
            )
    return True


def _check_version(connection: Connection) -> None:
    versions = list(connection.scalars(select(schema_version.c.version).limit(2)))
    if versions == [VERSION]:
        return
    if len(versions) == 1 and isinstance(versions[0], int) and versions[0] > VERSION:
        raise GlobusSDKUsageError(
            f"the tables of the database are of version {versions[0]}, and this version of globus_async uses {VERSION};"
            " nothing was changed. Install a later version of globus_async"
        )
    raise GlobusSDKUsageError(
        f"the table {schema_version.name} does not have one row with the version of the tables; nothing was changed."
        " Use another database or schema, or remove the tables whose names begin with 'globus_async_'"
    )
