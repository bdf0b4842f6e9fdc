"""A session store in the memory of a process."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ..clock import Clock, SystemClock
from ..errors.arguments import check_clock, check_whole

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("MemorySessionStore",)


class MemorySessionStore:
    """
    A store in the memory of this process. Its sessions end with the process and are not shared with others.

    An application with several processes needs a store that they share, such as `SQLiteSessionStore`.

    Args:
        clock: The clock.
        max_entries: The maximum number of entries of each kind; the oldest are removed first.
    """

    def __init__(self, clock: Clock | None = None, *, max_entries: int = 100_000) -> None:
        if clock is not None:
            check_clock(clock)
        check_whole("max_entries", max_entries)
        self._clock: Clock = SystemClock() if clock is None else clock
        self._max_entries = max_entries
        self._entries: dict[str, OrderedDict[str, tuple[Secret, float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def __repr__(self) -> str:
        return f"<MemorySessionStore: {len(self)} entries>"

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return self._get(key)

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        self._put(key, value, seconds)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        if self._get(key) != old:
            return False
        if new is None:
            self._pop(key)
        else:
            self._put(key, new, seconds)
        return True

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return self._pop(key)

    def _get(self, key: str) -> Secret | None:
        value, until = self._of_same_kind(key).get(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    def _put(self, key: str, value: Secret, seconds: float) -> None:
        entries, now = self._of_same_kind(key), self._clock.monotonic()
        entries.pop(key, None)
        # the oldest entries usually expire first: remove expired ones from the front
        while entries and (len(entries) >= self._max_entries or next(iter(entries.values()))[1] <= now):
            entries.popitem(last=False)
        entries[key] = value, now + seconds

    def _pop(self, key: str) -> Secret | None:
        value, until = self._of_same_kind(key).pop(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    def _of_same_kind(self, key: str) -> OrderedDict[str, tuple[Secret, float]]:
        """Return the entries of a kind: unfinished logins must not displace sessions."""
        return self._entries.setdefault(key.partition(":")[0], OrderedDict())
