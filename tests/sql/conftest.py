"""Databases of both engines, with the tables and without rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from globus_async.sql import SQLDatabase
from tests.toolkit.sql_databases import ENGINES, database_url


@pytest.fixture(params=ENGINES)
def engine(request: Any) -> str:
    name: str = request.param
    return name


@pytest.fixture
def url(engine: str, tmp_path: Path) -> str:
    return database_url(engine, tmp_path)


@pytest.fixture
async def database(url: str) -> AsyncIterator[SQLDatabase]:
    async with SQLDatabase.from_url(url, timeout=20) as database:
        yield database
