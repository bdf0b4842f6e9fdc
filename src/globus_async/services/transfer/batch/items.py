"""The items of a batch submission: read one at a time, each checked and encoded once."""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ...._concurrency.item_source import ItemSource
from ...._http.body import json_body
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_iterable
from ..data.items import add_transfer_item, each_item

if TYPE_CHECKING:
    from ..data import TransferData
    from ..data.items import TransferItem

__all__ = ("InputReader", "ItemReader")

T = TypeVar("T")

_ITEMS_PER_YIELD: Final = 200


class InputReader(Generic[T]):
    """
    Reads an input once; after an interruption no further, because an interrupted generator appears to be exhausted.

    Args:
        source: The input.
        name: What it consists of, for the error.
    """

    __slots__ = ("_is_reading", "_name", "_source")

    def __init__(self, source: Iterable[T] | AsyncIterable[T], name: str) -> None:
        if isinstance(source, Mapping):
            raise GlobusSDKUsageError(f"{name} is a single mapping; pass a list")
        check_iterable(name, source, Iterable | AsyncIterable, "an iterable")
        self._source = ItemSource(source)
        self._name = name
        self._is_reading = False

    async def next(self) -> tuple[int, T] | None:
        """
        Return the index of the next part and the part; ``None`` after the last one.

        Raises:
            GlobusSDKUsageError: Reading an earlier one was interrupted.
        """
        if self._is_reading:
            raise GlobusSDKUsageError(f"reading the {self._name} was interrupted; start again with the same journal")
        self._is_reading = True
        numbered = await self._source.next()
        self._is_reading = False
        return numbered


class ItemReader:
    """
    Reads and encodes items, and computes a digest of all items read.

    Attributes:
        count: Number of items read.
    """

    __slots__ = ("_digest", "_input", "_scratch", "count")

    def __init__(
        self,
        items: Mapping[str, str] | Iterable[TransferItem] | AsyncIterable[TransferItem],
        template: TransferData,
    ) -> None:
        self.count: int = 0
        self._input = InputReader(each_item(items), "items")
        self._scratch = copy.deepcopy(template)
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 digest of the encoded items, in hexadecimal."""
        return self._digest.hexdigest()

    async def next(self) -> bytes | None:
        """
        Read the next item.

        Returns:
            The item as JSON; ``None`` after the last one.

        Raises:
            GlobusSDKUsageError: The item is invalid, or reading an earlier one was interrupted.
        """
        if self.count % _ITEMS_PER_YIELD == _ITEMS_PER_YIELD - 1:
            await asyncio.sleep(0)  # let other tasks run
        numbered = await self._input.next()
        if numbered is None:
            return None
        # no await below: a cancellation would lose the item
        encoded = self._encode(*numbered)
        self._digest.update(encoded)
        self.count += 1
        return encoded

    def _encode(self, number: int, given: TransferItem) -> bytes:
        try:
            add_transfer_item(self._scratch.add_item, given)
            # this form is part of the journal's format: its digests are computed from it
            return json_body(self._scratch["DATA"].pop(), sort_keys=True, separators=(", ", ": "))
        except (TypeError, ValueError) as error:
            raise GlobusSDKUsageError(f"item {number} is invalid: {error}") from None
