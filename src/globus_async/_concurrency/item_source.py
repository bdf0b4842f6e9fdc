"""Items of an iterable, asynchronous or not, for several readers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Sized
from typing import Final, Generic, TypeVar, cast

__all__ = ("ItemSource",)

I = TypeVar("I")  # noqa: E741 -- an item


class _End:
    """Stands for the end of an iterator."""


_END: Final = _End()


class ItemSource(Generic[I]):
    """
    Items with their indexes, one at a time. Readers take turns: an async generator has one reader at a time.

    Attributes:
        is_done: Whether there are no more items; set it to stop the readers.
        total: The number of items, if the iterable has a length, and has not grown since.
    """

    __slots__ = ("_asynchronous", "_count", "_synchronous", "is_done", "total")

    def __init__(self, items: Iterable[I] | AsyncIterable[I]) -> None:
        self.is_done = False
        self.total: int | None = len(items) if isinstance(items, Sized) else None
        self._count = 0
        self._asynchronous: AsyncIterator[I] | None = None
        self._synchronous: Iterator[I] = iter(())
        if isinstance(items, AsyncIterable):
            self._asynchronous = aiter(items)
        else:
            self._synchronous = iter(items)

    async def next(self) -> tuple[int, I] | None:
        """Return the index of the next item and the item; ``None`` at the end."""
        if self._asynchronous is None:
            return None if self.is_done else self._numbered(next(self._synchronous, _END))
        item = _END if self.is_done else await anext(self._asynchronous, _END)
        return None if self.is_done else self._numbered(item)

    def _numbered(self, item: I | _End) -> tuple[int, I] | None:
        if isinstance(item, _End):
            self.is_done = True
            return None
        self._count += 1
        if self.total is not None and self._count > self.total:
            self.total = None
        return self._count - 1, item

    async def aclose(self) -> None:
        """Close an async generator, which may hold resources."""
        source: object = self._asynchronous
        if isinstance(source, AsyncGenerator):
            await cast("AsyncGenerator[I, None]", source).aclose()
