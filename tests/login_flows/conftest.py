"""The app that users log in to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.login_flows.world import Globus, open_globus


@pytest.fixture
async def globus() -> AsyncIterator[Globus]:
    """An emulator with a user and a native app."""
    async with open_globus() as globus:
        yield globus
