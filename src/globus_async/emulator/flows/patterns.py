"""The cost of the regular expressions of an input schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("may_take_long",)

_STEPS: Final = 1_000_000
"""Steps of `re` that take a tenth of a second or so."""
_BRANCH: Final = re.compile(r"[*+?|]|\{(?![0-9]+\})")
"""What lets an expression match a text in several ways; also within brackets, where it does not."""
_REPEATED_GROUP: Final = re.compile(r"\)[*+?{]")


def may_take_long(schema: object, value: object) -> bool:
    """Return whether the patterns of a schema might take more than an instant for the texts of a value."""
    patterns = list(_patterns(schema))
    if not patterns:
        return False
    if any(map(_REPEATED_GROUP.search, patterns)):
        return True  # the time may grow exponentially
    # every branch is tried at every place in a text, at most
    power = 1 + min(max(len(_BRANCH.findall(each)) for each in patterns), 20)
    steps: int = sum((len(each) + 2) ** power for each in _texts(value))
    return len(patterns) * steps > _STEPS


def _patterns(schema: object) -> Iterator[str]:
    for each in _objects(schema):
        if isinstance(pattern := each.get("pattern"), str):
            yield pattern
        if isinstance(named := each.get("patternProperties"), dict):
            yield from cast("dict[str, object]", named)


def _objects(value: object) -> Iterator[dict[str, object]]:
    return (cast("dict[str, object]", each) for each in _values(value) if isinstance(each, dict))


def _texts(value: object) -> Iterator[str]:
    yield from (each for each in _values(value) if isinstance(each, str))
    for each in _objects(value):
        yield from each


def _values(value: object) -> Iterator[object]:
    """Yield a JSON value and all values within it."""
    pending = [value]
    while pending:
        each = pending.pop()
        yield each
        if isinstance(each, dict):
            pending += cast("dict[str, object]", each).values()
        elif isinstance(each, list):
            pending += cast("list[object]", each)
