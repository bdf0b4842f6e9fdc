"""The server that the compared calls are sent to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parity.recording import RecordingServer, recording


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    """Run one server for all tests of a module; each comparison sets how it responds."""
    with recording() as running:
        yield running
