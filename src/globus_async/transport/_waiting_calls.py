"""Calls that wait for a slot: those of a bulk after all others, and at most so many calls in flight."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

__all__ = ("InFlightLimit", "WaitingCall", "WaitingCalls")

_OTHERS_PER_BULK_CALL: Final = 4


class WaitingCall:
    """
    A call that waits for a slot.

    Attributes:
        woken: Done when the call has a slot, or has something else to do.
        has_slot: Whether the call has a slot.
    """

    __slots__ = ("has_slot", "woken")

    def __init__(self) -> None:
        self.woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_slot = False

    def wake(self) -> None:
        """Let the call go on; one that has been cancelled passes on what it was woken for."""
        if not self.woken.done():
            self.woken.set_result(None)


class WaitingCalls:
    """
    Waiting calls, in the order in which they get slots: first come, first served, but calls of a bulk after the others.

    While both wait, every fifth slot goes to a call of a bulk, so that a bulk makes progress whatever else is called.
    """

    __slots__ = ("_bulk_calls", "_others", "_passed_over")

    def __init__(self) -> None:
        self._others: OrderedDict[WaitingCall, None] = OrderedDict()
        self._bulk_calls: OrderedDict[WaitingCall, None] = OrderedDict()
        self._passed_over = 0

    def __len__(self) -> int:
        return len(self._others) + len(self._bulk_calls)

    def add(self, *, in_bulk: bool) -> WaitingCall:
        """Add a call at the end of its queue."""
        call = WaitingCall()
        (self._bulk_calls if in_bulk else self._others)[call] = None
        return call

    def discard(self, call: WaitingCall) -> None:
        """Remove a call that no longer waits."""
        self._others.pop(call, None)
        self._bulk_calls.pop(call, None)

    def pop(self) -> WaitingCall | None:
        """Remove the call whose turn it is, and give it a slot; ``None`` if no call waits."""
        if not self:
            return None
        is_bulk_turn = not self._others or (self._bulk_calls and self._passed_over >= _OTHERS_PER_BULK_CALL)
        self._passed_over = 0 if is_bulk_turn or not self._bulk_calls else self._passed_over + 1
        call, _ = (self._bulk_calls if is_bulk_turn else self._others).popitem(last=False)
        call.has_slot = True
        return call

    def first(self) -> WaitingCall | None:
        """Return a call that waits."""
        return next(iter(self._others or self._bulk_calls), None)


class InFlightLimit:
    """A limit on the number of calls in flight."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, maximum: int) -> None:
        self._free = maximum
        self._waiting = WaitingCalls()

    async def acquire(self, *, in_bulk: bool = False) -> None:
        """Wait for a slot, to be released with `release`."""
        if self._free:  # then no call waits: a slot that is released goes to one of them
            self._free -= 1
            return
        call = self._waiting.add(in_bulk=in_bulk)
        try:
            await call.woken
        except BaseException:
            if call.has_slot:
                self.release()
            else:
                self._waiting.discard(call)
            raise

    def release(self) -> None:
        """Give the slot to the next call."""
        call = self._waiting.pop()
        if call is None:
            self._free += 1
        else:
            call.wake()
