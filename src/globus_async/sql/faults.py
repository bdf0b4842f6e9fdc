"""Why a call of a database has failed, in words without what a server or a library has put into its error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError

__all__ = ("Fault", "fault_of")

_MAX_CAUSES: Final = 10

_REASONS: Final = {
    "08003": "the connection was closed",
    "08006": "the connection was closed",
    "23505": "another process has created the tables at the same time",
    "25006": "it is read-only, as a standby is",
    "28000": "it refuses the user",
    "28P01": "it refuses the user or the password",
    "3D000": "there is no database of this name",
    "3F000": "its user has no schema to make tables in",
    "40001": "other transactions were always faster",
    "40P01": "other transactions were always faster",
    "42501": "its user lacks a permission",
    "53100": "its disk is full",
    "53300": "it has no connections left",
    "57014": "it has cancelled the statement",
    "57P01": "it is shutting down",
    "57P03": "it is starting, or shutting down",
    "SQLITE_BUSY": "another process has locked the file",
    "SQLITE_CANTOPEN": "the file cannot be opened; its folder must exist",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_NOTADB": "the file is not a SQLite database",
    "SQLITE_READONLY": "the file is read-only",
}
_CONFLICTS: Final = frozenset({"40001", "40P01", "25P02"})
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
_NO_TABLE: Final = "42P01"
_UNREACHABLE: Final = ("08", "57P", "53", "25006")
"""The beginnings of codes after which another connection, or a later one, may work."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Why a call has failed.

    Args:
        reason: The reason, for an error message.
        is_conflict: Whether it was in conflict with another transaction, and can be repeated.
        is_busy: Whether another process has locked the file, which is usually over in milliseconds.
        lacks_tables: Whether a table is missing.
        is_unreachable: Whether the server did not respond, or can serve no one.
        was_disconnected: Whether an open connection turned out to be closed.
    """

    reason: str
    is_conflict: bool = False
    is_busy: bool = False
    lacks_tables: bool = False
    is_unreachable: bool = False
    was_disconnected: bool = False


def fault_of(error: BaseException) -> Fault:
    """Return why a call has failed with an error of SQLAlchemy, of a driver or of the operating system."""
    was_disconnected = isinstance(error, DBAPIError) and error.connection_invalidated
    causes = list(_causes(error))
    code = next(filter(None, map(_code_of, causes)), "")
    if code:
        return Fault(
            _REASONS.get(code) or f"it reports {code}",
            is_conflict=code in _CONFLICTS,
            is_busy=code.startswith(_BUSY),
            lacks_tables=code == _NO_TABLE or _is_missing_table(causes),
            is_unreachable=was_disconnected or code.startswith(_UNREACHABLE),
            was_disconnected=was_disconnected,
        )
    system = next((cause for cause in causes if isinstance(cause, OSError)), None)
    if system is not None and system.strerror:
        return Fault(system.strerror, is_unreachable=True, was_disconnected=was_disconnected)
    if system is not None or was_disconnected or _is_lost_connection(causes):
        return Fault("the connection was closed", is_unreachable=True, was_disconnected=True)
    return Fault(f"the call failed with {type(causes[-1]).__name__}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that it was raised from."""
    cause: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if cause is None:
            return
        yield cause
        original = getattr(cause, "orig", None)
        cause = original if isinstance(original, BaseException) else cause.__cause__ or cause.__context__


def _code_of(error: BaseException) -> str | None:
    """Return the SQLSTATE of PostgreSQL, or the name of SQLite's code."""
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return code if isinstance(code, str) and code.isascii() and len(code) <= 40 else None


def _is_missing_table(causes: list[BaseException]) -> bool:
    return any(
        getattr(cause, "sqlite_errorname", None) == "SQLITE_ERROR" and "no such table: globus_async_" in str(cause)
        for cause in causes
    )


def _is_lost_connection(causes: list[BaseException]) -> bool:
    return any(type(cause).__name__ in {"InterfaceError", "ConnectionDoesNotExistError"} for cause in causes)
