"""Leaks are found."""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from pathlib import Path

import pytest

from tests.toolkit.leaks import Snapshot, recorded_problems


async def test_finds_tasks() -> None:
    """A task that was not there before is reported until it has ended."""
    before = Snapshot.take()
    task = asyncio.create_task(asyncio.sleep(1))
    with pytest.raises(AssertionError, match="1 tasks are left over"):
        before.assert_nothing_new()
    task.cancel()
    await before.settle()
    before.assert_nothing_new()


def test_finds_descriptors(tmp_path: Path) -> None:
    """An open file is reported until it is closed."""
    before = Snapshot.take()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(AssertionError, match="1 descriptors are left over"):
        before.assert_nothing_new()
    os.close(descriptor)
    before.assert_nothing_new()


async def test_finds_unhandled_problems() -> None:
    """Errors never retrieved, warnings, and logged warnings are problems; slowness under debug is not."""

    async def failing() -> None:
        raise ValueError("unseen")

    with recorded_problems() as problems:
        await asyncio.sleep(0)
    problems.assert_none()
    with recorded_problems() as problems:
        task = asyncio.create_task(failing())
        await asyncio.sleep(0.001)
        del task
        warnings.warn("careful", stacklevel=1)
        logging.getLogger("somebody").warning("bad")
        logging.getLogger("asyncio").warning("Executing %s took %.3f seconds", "x", 1.0)
    with pytest.raises(AssertionError, match=r"3 problems.*never retrieved.*careful.*somebody: bad"):
        problems.assert_none()
