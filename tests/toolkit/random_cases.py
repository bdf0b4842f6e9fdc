"""The number of random cases of a test: some of them in an ordinary run, all with ``TEST_THOROUGH=1``."""

from __future__ import annotations

import os

__all__ = ("cases",)


def cases(number: int, *, one_in: int = 4) -> int:
    """Return how many of so many random cases are tried in this run."""
    return number if os.environ.get("TEST_THOROUGH") else number // one_in
