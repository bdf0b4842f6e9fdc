"""Totals of recorded requests: how many there were, by how many connections, with how many bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .recorder import RecordedRequest

__all__ = ("Traffic",)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The totals of some requests; `Emulator.traffic` returns them."""

    requests: int = 0
    methods: dict[str, int] = field(default_factory=dict[str, int])
    """The number of requests by method."""
    statuses: dict[int, int] = field(default_factory=dict[int, int])
    """The number of responses by status; a request whose connection was dropped has none."""
    connections: int = 0
    """The number of connections; in process there are none."""
    bytes_received: int = 0
    """The size of the bodies of requests, as far as they were read."""
    bytes_sent: int = 0
    """The size of the bodies of responses, as far as they were sent."""
    peak: int = 0
    """The largest number of requests that were in flight at the same time."""

    @classmethod
    def of(cls, requests: Iterable[RecordedRequest]) -> Traffic:
        """Return the totals of requests."""
        records = list(requests)
        return cls(
            len(records),
            dict(Counter(each.method for each in records)),
            dict(Counter(each.status for each in records if each.status is not None)),
            len({each.connection for each in records} - {None}),
            sum(each.bytes_received for each in records),
            sum(each.bytes_sent for each in records),
            _peak(records),
        )


def _peak(records: list[RecordedRequest]) -> int:
    """Return the largest number of requests between whose starts none of them ended."""
    changes = sorted(
        [(each.number, 1) for each in records]
        + [(each.ended, 0) for each in records if each.ended is not None]  # one ends before the next starts
    )
    current = peak = 0
    for _, is_start in changes:
        current += 1 if is_start else -1
        peak = max(peak, current)
    return peak
