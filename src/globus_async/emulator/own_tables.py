"""The tables of the emulator itself on its status page: requests and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .kit.status import Column, StatusTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .injection import Faults
    from .recorder import RecordedRequest

__all__ = ("own_tables",)

_SHOWN_REQUESTS: Final = 50
"""The number of requests on the status page; the newest ones."""


def own_tables(requests: Callable[[], Sequence[RecordedRequest]], faults: Callable[[], Faults]) -> list[StatusTable]:
    """
    Return the tables.

    Args:
        requests: Returns all requests so far.
        faults: Returns the faults.
    """

    def request_rows() -> list[dict[str, Any]]:
        return [
            {
                "id": str(each.number),
                "time": each.received_at,
                "method": each.method,
                "path": each.path,
                "status": each.status,
            }
            for each in requests()[: -_SHOWN_REQUESTS - 1 : -1]
        ]

    def fault_rows() -> list[dict[str, Any]]:
        return [
            {
                "id": str(each.id),
                "name": each.name,
                "method": each.method,
                "path": each.path_pattern,
                "times": each.times,
                "after": each.after,
            }
            for each in faults().pending
        ]

    request_columns = (
        Column("Time", "time", "time"),
        Column("Method", "method", "code"),
        Column("Path", "path", "code"),
        Column("Status", "status", "http"),
    )
    fault_columns = (
        Column("Fault", "name", "code"),
        Column("Method", "method", "code"),
        Column("Path", "path", "code"),
        Column("Requests left", "times", "number"),
        Column("After requests", "after", "number"),
    )
    return [
        StatusTable("faults", "Pending faults", fault_columns, fault_rows, "No fault will be injected."),
        StatusTable("recent", "Latest requests", request_columns, request_rows, "No requests yet."),
    ]
