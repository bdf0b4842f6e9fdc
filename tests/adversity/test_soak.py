"""A short run of the soak benchmark."""

from __future__ import annotations

import pytest

from benchmarks import soak


@pytest.mark.slow
async def test_eight_hundred_calls() -> None:
    """With faults, cancellations and unsolicited responses: none is crossed, and nothing grows."""
    assert await soak.main(800)
