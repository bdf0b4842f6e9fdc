"""The number of random cases of a test: a quarter in an ordinary run, all with ``TEST_THOROUGH=1``."""

from __future__ import annotations

import os

__all__ = ("cases",)


def cases(number: int) -> int:
    """Return how many of so many random cases are tried in this run."""
    return number if os.environ.get("TEST_THOROUGH") else number // 4
