"""The tables of the emulator itself on its status page: requests and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .kit.status import Column, StatusTable
from .traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .injection import Faults
    from .recorder import RecordedRequest

__all__ = ("own_tables",)

_COUNTED_REQUESTS: Final = 10_000
"""The number of requests whose totals the status page shows; the newest ones."""
_SHOWN_REQUESTS: Final = 50
"""The number of requests on the status page; the newest ones."""


def own_tables(
    requests: Callable[[], Sequence[RecordedRequest]],
    faults: Callable[[], Faults],
    title_of: Callable[[str], str | None],
) -> list[StatusTable]:
    """
    Return the tables.

    Args:
        requests: Returns all requests so far.
        faults: Returns the faults.
        title_of: Returns the title of the service with a host that is made at run time; `None` for any other host.
    """

    def host_rows() -> list[dict[str, Any]]:
        by_host: dict[str, list[RecordedRequest]] = {}
        for each in requests()[-_COUNTED_REQUESTS:]:
            by_host.setdefault(each.host, []).append(each)
        titles = {host: title for host in by_host if (title := title_of(host)) is not None}
        return [{"id": host, "host": host, "service": titles[host], **_totals(by_host[host])} for host in titles]

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
    host_columns = (
        Column("Host", "host", "code"),
        Column("Service", "service"),
        Column("Requests", "requests", "number"),
        Column("Connections", "connections", "number"),
        Column("At once", "peak", "number"),
        Column("Received", "received", "bytes"),
        Column("Sent", "sent", "bytes"),
    )
    fault_columns = (
        Column("Fault", "name", "code"),
        Column("Method", "method", "code"),
        Column("Path", "path", "code"),
        Column("Requests left", "times", "number"),
        Column("After requests", "after", "number"),
    )
    return [
        StatusTable("hosts", "Servers of collections", host_columns, host_rows, "No requests yet."),
        StatusTable("faults", "Pending faults", fault_columns, fault_rows, "No fault will be injected."),
        StatusTable("recent", "Latest requests", request_columns, request_rows, "No requests yet."),
    ]


def _totals(requests: list[RecordedRequest]) -> dict[str, Any]:
    traffic = Traffic.of(requests)
    return {
        "requests": traffic.requests,
        "connections": traffic.connections,
        "peak": traffic.peak,
        "received": traffic.bytes_received,
        "sent": traffic.bytes_sent,
    }
