"""What is known of files: sizes, times, and the parts of them that were read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Facts", "KnownFile", "KnownFiles", "Segment")

_MAX_FILES: Final = 10_000
_MAX_TRUST: Final = 30.0
_BRIEFLY: Final = 2.0
_SHARE_OF_AGE: Final = 0.1
_COARSE: Final = 2.0
"""Times of files may be so many seconds too early."""


class Facts(NamedTuple):
    """
    What tells the versions of a file apart.

    Attributes:
        size: The size in bytes.
        mtime: The time of its last change, in seconds; ``None`` if it is not known.
        entry: The entry of the file, if it was requested.
    """

    size: int
    mtime: float | None = None
    entry: dict[str, Any] | None = None

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Facts | None:
        """Return the facts of an entry; ``None`` if it is not of a file whose size is known."""
        if entry["type"] != "file" or entry["size"] is None:
            return None
        return cls(entry["size"], entry["mtime"], entry)

    def differ_from(self, other: Facts) -> bool:
        """Return whether two facts cannot be of one version."""
        return self.size != other.size or (None not in {self.mtime, other.mtime} and self.mtime != other.mtime)


class Segment(NamedTuple):
    """
    A part of a file.

    Attributes:
        start: The number of its first byte.
        data: The bytes.
    """

    start: int
    data: bytes

    @property
    def end(self) -> int:
        """The number after its last byte."""
        return self.start + len(self.data)

    def part(self, start: int, end: int) -> bytes:
        """Return a part of it, which must be within."""
        if start == self.start and end == self.end:
            return self.data
        return self.data[start - self.start : end - self.start]


@dataclass(eq=False, slots=True)
class KnownFile:
    """
    One version of a file.

    Attributes:
        path: The path.
        facts: Its size and time.
        first_seen: When this version was first seen, by the monotonic clock.
        checked_at: When it was last seen.
        age: Its age at that time in seconds, by its own time; 0 or less if that is not known.
        segments: The parts that were read.
        ahead: The number of bytes to read ahead.
        last_end: Where the last part that was requested ends; ``None`` at first.
    """

    path: str
    facts: Facts
    first_seen: float
    checked_at: float
    age: float = 0.0
    segments: list[Segment] = field(default_factory=list[Segment])
    ahead: int = 0
    last_end: int | None = None

    def find(self, start: int, end: int) -> Segment | None:
        """Return a segment that has a range, if there is one."""
        return next((known for known in self.segments if known.start <= start and end <= known.end), None)

    def is_trusted(self, now: float, *, is_new_look: bool) -> bool:
        """
        Return whether the file is taken to be unchanged.

        As caches of HTTP do, for a tenth of the time for which it has not changed; within a reading also for as long as
        that was observed. At most half a minute.

        Args:
            now: The time by the monotonic clock.
            is_new_look: Whether the reader has no knowledge of the file, such as for its last bytes; not so for a range
                whose place it has found in other bytes a moment ago.
        """
        observed = 0.0 if is_new_look else max(self.checked_at - self.first_seen, _BRIEFLY)
        return now - self.checked_at <= min(max(self.age * _SHARE_OF_AGE, observed), _MAX_TRUST)


class KnownFiles:
    """
    The known files of one event loop, and the most recently used parts of them.

    Args:
        clock: The source of time.
        max_bytes: Maximum number of bytes of all parts.
    """

    def __init__(self, clock: Clock, max_bytes: int) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._files: OrderedDict[str, KnownFile] = OrderedDict()
        self._parts: OrderedDict[tuple[KnownFile, int], Segment] = OrderedDict()
        self._bytes = 0

    def get(self, path: str) -> KnownFile | None:
        """Return what is known of a file, whether it is trusted or not."""
        return self._files.get(path)

    def trusted(self, path: str, *, is_new_look: bool) -> KnownFile | None:
        """Return what is known of a file that is taken to be unchanged."""
        file = self._files.get(path)
        return file if file is not None and file.is_trusted(self._clock.monotonic(), is_new_look=is_new_look) else None

    def is_fresh(self, file: KnownFile) -> bool:
        """Return whether a version was seen a moment ago, as that of a file which has just been opened."""
        return self._clock.monotonic() - file.checked_at <= _BRIEFLY

    def see(self, path: str, facts: Facts) -> KnownFile:
        """Note the facts of a file, which have just been requested; return its version."""
        now = self._clock.monotonic()
        file = self._files.get(path)
        if file is not None and file.facts.differ_from(facts):
            self.discard(path)
            file = None
        if file is None:
            file = self._files[path] = KnownFile(path, facts, first_seen=now, checked_at=now)
        elif facts.mtime is not None:
            file.facts = facts
        file.checked_at = now
        file.age = 0.0 if file.facts.mtime is None else self._clock.wall() - file.facts.mtime - _COARSE
        self._files.move_to_end(path)
        while len(self._files) > _MAX_FILES:
            self.discard(next(iter(self._files)))
        return file

    def discard(self, path: str) -> None:
        """Discard what is known of a file."""
        file = self._files.pop(path, None)
        for segment in [] if file is None else [*file.segments]:
            self._drop(file, segment)

    def discard_below(self, path: str | None) -> None:
        """Discard what is known of a file, or of all in a directory; of all files without a path."""
        for known in [*self._files]:
            if path is None or known == path or known.startswith(f"{path}/"):
                self.discard(known)

    def keep(self, file: KnownFile, segment: Segment) -> None:
        """Keep a part of a file, unless another version of it has been seen."""
        if self._files.get(file.path) is not file or len(segment.data) > self._max_bytes:
            return
        for known in [*file.segments]:
            if segment.start <= known.start and known.end <= segment.end:
                self._drop(file, known)
        file.segments.append(segment)
        self._parts[file, segment.start] = segment
        self._bytes += len(segment.data)
        while self._bytes > self._max_bytes:
            (other, _), oldest = next(iter(self._parts.items()))
            self._drop(other, oldest)

    def use(self, file: KnownFile, segment: Segment) -> None:
        """Note that a part was used."""
        if (file, segment.start) in self._parts:
            self._parts.move_to_end((file, segment.start))

    def _drop(self, file: KnownFile | None, segment: Segment) -> None:
        if file is not None and self._parts.pop((file, segment.start), None) is not None:
            self._bytes -= len(segment.data)
            file.segments.remove(segment)
