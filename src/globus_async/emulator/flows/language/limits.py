"""Limits on JSON values: their size and depth, counted without recursion and no further than needed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, cast

from .failure import StateFailure

__all__ = ("MAX_DEPTH", "MAX_STATE_BYTES", "check_size", "is_too_deep")

MAX_STATE_BYTES: Final = 200_000
"""The largest state data of a run, as JSON."""
MAX_DEPTH: Final = 100
"""The greatest number of levels of objects and lists in definitions, schemas, inputs and state data."""
_MAX_BITS: Final = 1024


def check_size(value: object, *, limit: int = MAX_STATE_BYTES) -> None:
    """
    Require that a value is JSON within the limits; tuples count as lists.

    Raises:
        StateFailure: It is too large or too deep, or no JSON.
    """
    size = 0
    pending: list[tuple[object, int]] = [(value, 0)]
    while pending:
        each, depth = pending.pop()
        match each:
            case str():
                size += len(each.encode()) + 2
            case None | bool() | float():
                if isinstance(each, float) and not math.isfinite(each):
                    raise StateFailure("States.Runtime", "a number is infinite or undefined")
                size += 4
            case int():
                if each.bit_length() > _MAX_BITS:
                    raise StateFailure("States.Runtime", "a number is too large")
                size += each.bit_length() // 3 + 1
            case list() | tuple() | Mapping():
                size += 2
                if depth >= MAX_DEPTH:
                    raise StateFailure("States.DataLimitExceeded", f"the data have more than {MAX_DEPTH} levels")
                if isinstance(each, Mapping):
                    members = cast("Mapping[str, object]", each)
                    size += sum(len(str(name).encode()) + 4 for name in members)
                    items = list(members.values())
                else:
                    items = list(cast("list[object]", each))
                    size += len(items)
                pending += [(item, depth + 1) for item in items]
            case _:
                raise StateFailure("States.Runtime", f"a {type(each).__name__} is no JSON value")
        if size > limit or len(pending) > limit:
            raise StateFailure("States.DataLimitExceeded", f"the data are larger than {limit} bytes")


def is_too_deep(value: object) -> bool:
    """Return whether a JSON value has more levels of objects and lists than allowed."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        following: list[object] = []
        for each in level:
            if isinstance(each, dict):
                following += cast("dict[str, object]", each).values()
            elif isinstance(each, list):
                following += cast("list[object]", each)
        if not following:
            return False
        level = following
    return True
