"""The tables, which have the same columns in PostgreSQL and SQLite."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Double, Index, Integer, MetaData, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = (
    "METADATA",
    "VERSION",
    "leases",
    "posix_now",
    "rate_limits",
    "row_key",
    "schema_version",
    "sessions",
    "tokens",
)

VERSION: Final = 1
"""The version of the tables, which the first of them holds."""

METADATA: Final = MetaData()

schema_version: Final = Table("globus_async_schema", METADATA, Column("version", Integer, nullable=False))

tokens: Final = Table(
    "globus_async_tokens",
    METADATA,
    Column("namespace", Text, primary_key=True),
    Column("resource_server", Text, primary_key=True),
    Column("document", Text, nullable=False),
)
sessions: Final = Table(
    "globus_async_sessions",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("globus_async_sessions_by_end", "expires_at"),
)
leases: Final = Table(
    "globus_async_leases",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("globus_async_leases_by_end", "expires_at"),
)
rate_limits: Final = Table(
    "globus_async_rate_limits",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("expires_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Index("globus_async_rate_limits_by_end", "expires_at"),
)

_MAX_KEY: Final = 200


class posix_now(FunctionElement[float]):  # noqa: N801 -- as SQLAlchemy names functions
    """The time of the database's clock, in POSIX seconds; constant within a statement, so that an index can be used."""

    type: TypeEngine[float] = Double()
    inherit_cache = True


@compiles(posix_now, "postgresql")
def _in_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch FROM statement_timestamp())::double precision"


@compiles(posix_now, "sqlite")
def _in_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


def row_key(*names: str) -> str:
    r"""
    Return the key of a row: readable ASCII for names of the usual length, a hash for long ones.

    Names differ if their keys do: the escapes of JSON are reversible, and ``\s`` is not one of them.
    """
    text = " ".join(json.dumps(name)[1:-1].replace(" ", "\\u0020") for name in names)
    return text if len(text) <= _MAX_KEY else f"\\sha256:{hashlib.sha256(text.encode()).hexdigest()}"
