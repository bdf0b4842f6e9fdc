"""The value of an argument that was not given."""

from __future__ import annotations

import enum
from typing import Final, Literal

__all__ = (
    "MISSING",
    "MissingType",
)


class MissingType(enum.Enum):
    """The type of `MISSING`; narrows under ``is``, survives copying and pickling."""

    MISSING = "MISSING"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "MISSING"

    __str__ = __repr__


MISSING: Final = MissingType.MISSING
"""An argument that was not given. ``None`` always means null."""
