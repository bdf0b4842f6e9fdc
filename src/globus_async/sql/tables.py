"""The tables, which have the same columns in PostgreSQL and SQLite."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Double, Index, Integer, MetaData, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .secret_text import SecretText

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = (
    "METADATA",
    "VERSION",
    "escaped",
    "leases",
    "name_of",
    "posix_now",
    "rate_limits",
    "row_key",
    "schema_version",
    "sessions",
    "tokens",
    "unescaped",
)

VERSION: Final = 1
"""The version of the tables, which the first of them holds."""

METADATA: Final = MetaData()

_NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""The type of primary keys: ASCII, which an index orders the same whatever the version of the operating system."""

schema_version: Final = Table("globus_async_schema", METADATA, Column("version", Integer, nullable=False))

tokens: Final = Table(
    "globus_async_tokens",
    METADATA,
    Column("namespace", _NAME, primary_key=True),
    Column("resource_server", _NAME, primary_key=True),
    Column("document", SecretText, nullable=False),
)
sessions: Final = Table(
    "globus_async_sessions",
    METADATA,
    Column("key", _NAME, primary_key=True),
    Column("value", SecretText, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("globus_async_sessions_by_end", "expires_at"),
)
leases: Final = Table(
    "globus_async_leases",
    METADATA,
    Column("key", _NAME, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("globus_async_leases_by_end", "expires_at"),
)
rate_limits: Final = Table(
    "globus_async_rate_limits",
    METADATA,
    Column("key", _NAME, primary_key=True),
    Column("expires_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Index("globus_async_rate_limits_by_end", "expires_at"),
)

_MAX_KEY: Final = 200


class posix_now(FunctionElement[float]):  # noqa: N801 -- as SQLAlchemy names functions
    """The time of the database's clock, in POSIX seconds; constant within a statement, so that an index can be used."""

    type: TypeEngine[float] = Double()
    inherit_cache: bool | None = True


@compiles(posix_now, "postgresql")
def _in_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch FROM statement_timestamp())::double precision"


@compiles(posix_now, "sqlite")
def _in_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


def escaped(text: str) -> str:
    """Return any text as ASCII without control characters, which each database can store."""
    return json.dumps(text)[1:-1]


def unescaped(text: str) -> str | None:
    """Return the text that was escaped; ``None`` if none was."""
    try:
        found = json.loads(f'"{text}"')
    except ValueError:
        return None
    return found if isinstance(found, str) and escaped(found) == text else None


def row_key(name: str) -> str:
    r"""Return the key of the row of a name: the escaped name, or a hash if it is long; ``\s`` is in no escaped name."""
    text = escaped(name)
    return text if len(text) <= _MAX_KEY else f"\\sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def name_of(key: str) -> str | None:
    """Return the name of the row of a key; ``None`` if the key is a hash, or damaged."""
    return unescaped(key) if len(key) <= _MAX_KEY else None
