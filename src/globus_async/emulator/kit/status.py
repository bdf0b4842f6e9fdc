"""The tables of a service on the status page of the emulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ("Column", "StatusTable")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on the status page."""

    title: str
    member: str
    """The member of a row that is shown."""
    kind: Literal[
        "bytes", "code", "duration", "http", "name", "number", "progress", "speed", "status", "text", "time"
    ] = "text"
    """
    ``name`` shows the row's id below; ``status`` and ``http``, the status of a response, are colored; ``progress`` is a
    bar from 0 to 1; ``bytes``, ``speed`` (bytes per second), ``duration`` (seconds) and ``time`` (POSIX seconds) are
    shown in readable units.
    """


@dataclass(frozen=True, slots=True)
class StatusTable:
    """A table on the status page."""

    name: str
    """The member of the snapshot with its rows."""
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[], Sequence[Mapping[str, Any]]]
    """Returns the rows as they are now; each has an ``id``."""
    empty: str = "None yet."
    """The text in place of an empty table."""
