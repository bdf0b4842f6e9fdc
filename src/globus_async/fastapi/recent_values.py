"""The values of a store that this process has seen lately, for the time in which the store is unavailable."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("RecentValues",)

_MAX_ENTRIES: Final = 20_000


class RecentValues:
    """
    Values that were read or written in the last seconds; of more than so many, the latest.

    Args:
        seconds: How long a value may be used after it was seen.
        max_entries: The maximum number of values, and of keys whose values have ended.
    """

    def __init__(self, seconds: float, *, max_entries: int = _MAX_ENTRIES) -> None:
        self._seconds = seconds
        self._max_entries = max_entries if seconds > 0 else 0
        self._seen: OrderedDict[str, tuple[Secret, float]] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<RecentValues: {len(self._seen)} values>"

    def get(self, key: str, now: float) -> Secret | None:
        """Return the value of a key, if it was seen lately."""
        value, seen_at = self._seen.get(key, (None, 0.0))
        return value if now - seen_at < self._seconds else None

    def note(self, key: str, value: Secret | None, now: float) -> None:
        """
        Keep a value of the store; ``None`` if it has none.

        Args:
            key: The key; it is not secret.
            value: The value.
            now: Seconds of a monotonic clock.
        """
        self._seen.pop(key, None)
        if value is not None and key not in self._ended:
            self._seen[key] = value, now
        while self._seen and (len(self._seen) > self._max_entries or self._is_old(now)):
            self._seen.popitem(last=False)

    def end(self, key: str) -> None:
        """Discard the value of a key for ever, even if a call that is under way still returns one."""
        self._seen.pop(key, None)
        self._ended[key] = None
        while len(self._ended) > self._max_entries:
            self._ended.popitem(last=False)

    def _is_old(self, now: float) -> bool:
        """Return whether the value that was seen first is no longer used."""
        _, seen_at = next(iter(self._seen.values()))
        return now - seen_at >= self._seconds
