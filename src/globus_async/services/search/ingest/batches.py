"""The batches of an input: as many items as a document may have, or as the journal says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ...._concurrency.item_source import ItemSource
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_iterable
from .outcomes import BatchOutcome

if TYPE_CHECKING:
    from .journal import BatchRecord

__all__ = ("Batch", "BatchReader", "ItemKind")

_ITEMS_PER_YIELD: Final = 100


@dataclass(frozen=True, slots=True)
class ItemKind:
    """
    What a submission consists of.

    Attributes:
        plural: The word for several of them, such as "entries".
        encode: Checks an item, and returns it as JSON.
        head: The document before its items.
        tail: The document after its items.
    """

    plural: str
    encode: Callable[[Any], bytes]
    head: bytes
    tail: bytes


@dataclass(slots=True)
class Batch:
    """
    The items of one document.

    Attributes:
        positions: The positions of the items in the input.
        items: The items as JSON.
        size: The size of the document in bytes.
        task_id: The task, once it is created.
    """

    size: int
    positions: list[int] = field(default_factory=list[int])
    items: list[bytes] = field(default_factory=list[bytes])
    task_id: str | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 digest of the items, in hexadecimal."""
        digest = hashlib.sha256()
        for item in self.items:
            digest.update(item)
            digest.update(b"\n")
        return digest.hexdigest()

    def position_sequence(self) -> Sequence[int]:
        """Return the positions; as a range if none is left out in between."""
        first, last = self.positions[0], self.positions[-1]
        return range(first, last + 1) if last - first + 1 == len(self.positions) else tuple(self.positions)


class BatchReader:
    """
    Reads an input once, and makes batches of its items.

    After an interruption it reads no further, because an interrupted generator appears to be exhausted.

    Attributes:
        count: Number of items read.
    """

    __slots__ = (
        "_invalid",
        "_is_reading",
        "_kind",
        "_max_bytes",
        "_max_items",
        "_next",
        "_source",
        "_started",
        "count",
    )

    def __init__(
        self,
        source: Iterable[Any] | AsyncIterable[Any],
        kind: ItemKind,
        *,
        max_bytes: int,
        max_items: int | None,
    ) -> None:
        check_iterable(kind.plural, source, Iterable | AsyncIterable, "an iterable")
        if isinstance(source, dict):
            raise GlobusSDKUsageError(f"{kind.plural} is a single dict; pass a list")
        self.count: int = 0
        self._source = ItemSource(source)
        self._kind = kind
        self._max_bytes = max_bytes
        self._max_items = max_items
        self._is_reading = False
        self._invalid: GlobusSDKUsageError | None = None
        self._started: Batch | None = None
        self._next: tuple[int, bytes] | None = None

    async def next(self, record: BatchRecord | None, *, report_invalid: bool) -> Batch | BatchOutcome | None:
        """
        Return the next batch, or the outcome of the next invalid item; ``None`` at the end.

        Args:
            record: The journal's record of the batch.
            report_invalid: Whether an invalid item is an outcome, and not an error.

        Raises:
            GlobusSDKUsageError: An item is invalid, or reading an earlier one was interrupted.
        """
        batch = self._started = self._started or Batch(len(self._kind.head) + len(self._kind.tail))
        while not self._is_full(batch, record):
            found = await self._read(report_invalid=report_invalid)
            # no await below: a cancellation would lose the item
            if isinstance(found, BatchOutcome):
                return found
            if found is None:
                break
            position, item = found
            size = batch.size + len(item) + bool(batch.items)
            if record is None and batch.items and size > self._max_bytes:
                self._next = found
                break
            batch.positions.append(position)
            batch.items.append(item)
            batch.size = size
        self._started = None
        return batch if batch.items else None

    def _is_full(self, batch: Batch, record: BatchRecord | None) -> bool:
        """Return whether a batch has all items that it may have, or that the journal says."""
        maximum = self._max_items if record is None else record.items
        return self._next is None and maximum is not None and len(batch.items) >= maximum

    async def _read(self, *, report_invalid: bool) -> tuple[int, bytes] | BatchOutcome | None:
        found, self._next = self._next, None
        if found is not None:
            return found
        if self._invalid is not None:
            raise self._invalid
        if self.count % _ITEMS_PER_YIELD == _ITEMS_PER_YIELD - 1:
            await asyncio.sleep(0)  # let other tasks run
        if self._is_reading:
            raise GlobusSDKUsageError(
                f"reading the {self._kind.plural} was interrupted; start again with the same journal"
            )
        self._is_reading = True
        numbered = await self._source.next()
        self._is_reading = False
        if numbered is None:
            return None
        position, item = numbered
        self.count += 1
        try:
            return position, self._kind.encode(item)
        except GlobusSDKUsageError as error:
            invalid = GlobusSDKUsageError(f"item {position} of {self._kind.plural} is invalid: {error}")
        if not report_invalid:
            self._invalid = invalid  # reading on would drop it
            raise invalid
        return BatchOutcome(None, (position,), error=invalid)
