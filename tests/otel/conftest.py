"""What the tests of spans and metrics share."""

from __future__ import annotations

import pytest

from tests.otel.telemetry import Telemetry


@pytest.fixture
def telemetry() -> Telemetry:
    """An observer whose spans and metrics stay in memory."""
    return Telemetry()
