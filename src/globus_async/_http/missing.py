"""`MISSING`, the default of optional arguments."""

from __future__ import annotations

import enum
from typing import Final, Literal

__all__ = (
    "MISSING",
    "MissingType",
)


class MissingType(enum.Enum):
    """The type of `MISSING`; it narrows under ``is``, and survives copying and pickling."""

    MISSING = "MISSING"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "MISSING"

    __str__ = __repr__


MISSING: Final = MissingType.MISSING
"""The default of an optional argument: it is not sent, while ``None`` is sent as null."""
