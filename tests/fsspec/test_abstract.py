"""The tests that fsspec has for every file system: copy, get, put, open, pipe."""

from __future__ import annotations

import pytest
from fsspec.tests import abstract

from globus_async.fsspec import GlobusFileSystem
from globus_async.testing import Collection

pytestmark = pytest.mark.slow


class GlobusFixtures(abstract.AbstractFixtures):  # type: ignore[misc]
    """A directory of an emulated collection."""

    @pytest.fixture
    def fs(self, filesystem: GlobusFileSystem) -> GlobusFileSystem:
        return filesystem

    @pytest.fixture
    def fs_path(self, lab: Collection) -> str:
        return f"{lab.id}/abstract"

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return True


class TestCopy(abstract.AbstractCopyTests, GlobusFixtures):  # type: ignore[misc]
    """Copying within a collection."""


class TestGet(abstract.AbstractGetTests, GlobusFixtures):  # type: ignore[misc]
    """Downloads."""


class TestPut(abstract.AbstractPutTests, GlobusFixtures):  # type: ignore[misc]
    """Uploads."""


class TestOpen(abstract.AbstractOpenTests, GlobusFixtures):  # type: ignore[misc]
    """Opening for exclusive creation."""


class TestPipe(abstract.AbstractPipeTests, GlobusFixtures):  # type: ignore[misc]
    """Writing for exclusive creation."""
