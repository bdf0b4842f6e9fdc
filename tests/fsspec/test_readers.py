"""Readers on a collection: xarray with zarr, pandas and pyarrow with parquet, dask with processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from globus_async.testing import Collection, GlobusEmulator, faults


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_readers(emulator: GlobusEmulator, lab: Collection, tmp_path: Path) -> None:
    """All values are right while connections break, bodies are short and a backend fails; nothing is printed."""
    collection = emulator.add_collection("Data", path=tmp_path, owner=lab.owner_id)
    emulator.faults.add("GET", "/store.zarr/t/c/*", faults.drop_before(), times=2)
    emulator.faults.add("GET", "/store.zarr/t/c/*", faults.truncated(100), times=2, after=3)
    emulator.faults.add("GET", "/broken.zarr/t/c/*", faults.status(404), times=99)
    before = len(emulator.requests)
    program = [sys.executable, "-W", "error::RuntimeWarning", "-m", "tests.fsspec.readers"]
    arguments = [f"globus://{collection.id}", str(tmp_path)]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    reads = [request.path for request in emulator.requests[before:] if "/t/c/" in request.path]
    assert sum(path.startswith("/store.zarr") for path in reads) < 40
