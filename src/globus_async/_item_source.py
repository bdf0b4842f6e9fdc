"""Reading items from whatever can be iterated, asynchronous or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Sized
from typing import Final, Generic, TypeVar, cast

__all__ = ("Source",)

I = TypeVar("I")  # noqa: E741 -- an item


class _Nothing:
    """What an iterator is asked to give at its end."""


_NOTHING: Final = _Nothing()


class Source(Generic[I]):
    """
    Numbered items, one at a time, for any number of readers.

    Attributes:
        is_over: Whether there are no more; setting it ends the reading.
        total: How many items there are, if that is known beforehand.
    """

    __slots__ = ("_asynchronous", "_count", "_synchronous", "_turn", "is_done", "total")

    def __init__(self, items: Iterable[I] | AsyncIterable[I]) -> None:
        self.is_done = False
        self.total = len(items) if isinstance(items, Sized) else None
        self._count = 0
        self._turn = asyncio.Lock()
        self._asynchronous: AsyncIterator[I] | None = None
        self._synchronous: Iterator[I] = iter(())
        if isinstance(items, AsyncIterable):
            self._asynchronous = aiter(items)
        else:
            self._synchronous = iter(items)

    async def next(self) -> tuple[int, I] | None:
        """Return the next item and its index, or ``None`` when there is none."""
        if self._asynchronous is None:
            return None if self.is_done else self._numbered(next(self._synchronous, _NOTHING))
        async with self._turn:
            item = _NOTHING if self.is_done else await anext(self._asynchronous, _NOTHING)
            return None if self.is_done else self._numbered(item)

    def _numbered(self, item: I | _Nothing) -> tuple[int, I] | None:
        if isinstance(item, _Nothing):
            self.is_done = True
            return None
        self._count += 1
        return self._count - 1, item

    async def aclose(self) -> None:
        """Close an async generator: nobody else would, and it may hold something open."""
        source: object = self._asynchronous
        if isinstance(source, AsyncGenerator):
            await cast("AsyncGenerator[I, None]", source).aclose()
