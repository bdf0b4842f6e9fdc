"""A program that reads a collection with xarray, zarr, pandas, pyarrow and dask; a test runs it."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pyarrow.fs
import pyarrow.parquet
import pytest
import xarray as xr

VALUES: Any = np.arange(32 * 8 * 8, dtype="f4").reshape(32, 8, 8)
TABLE = pd.DataFrame({"a": np.arange(10_000), "b": np.linspace(0, 1, 10_000), "c": [str(i % 7) for i in range(10_000)]})


def write(directory: Path) -> None:
    """Write two sharded stores of zarr, and a file of parquet with groups of rows."""
    dataset = xr.DataArray(VALUES, dims=("time", "y", "x"), name="t").to_dataset()
    encoding = {"t": {"chunks": (1, 8, 8), "shards": (8, 8, 8)}}
    with warnings.catch_warnings(action="ignore"):
        dataset.to_zarr(directory / "store.zarr", zarr_format=3, encoding=encoding, consolidated=True)
    shutil.copytree(directory / "store.zarr", directory / "broken.zarr")
    TABLE.to_parquet(directory / "table.parquet", row_group_size=1000)


def open_store(url: str, chunks: Any = None) -> Any:
    """Open a sharded store of zarr."""
    return xr.open_zarr(url, zarr_format=3, consolidated=True, chunks=chunks).t


def read_shards(root: str) -> None:
    """Read a part of each shard, then all."""
    array = open_store(f"{root}/store.zarr")
    np.testing.assert_array_equal(array[:, 3, 5].to_numpy(), VALUES[:, 3, 5])
    np.testing.assert_array_equal(array.to_numpy(), VALUES)


def read_from_a_failing_backend(root: str) -> None:
    """Get an error, never fill values, for shards that may exist."""
    array = open_store(f"{root}/broken.zarr")
    with pytest.raises(OSError, match="404"):
        array.to_numpy()


def read_table(root: str) -> None:
    """Read a file of parquet by its URL, and through the file system."""
    pd.testing.assert_frame_equal(pd.read_parquet(f"{root}/table.parquet"), TABLE)
    column = pd.read_parquet(f"{root}/table.parquet", columns=["b"])
    pd.testing.assert_frame_equal(column, TABLE.drop(columns=["a", "c"]))
    arrow = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fsspec.filesystem("globus")))
    table = pyarrow.parquet.read_table(f"{root.removeprefix('globus://')}/table.parquet", filesystem=arrow)
    pd.testing.assert_frame_equal(table.to_pandas(), TABLE)


def read_in_processes(root: str) -> None:
    """Let four processes of dask read; they are forked from this one, which has open connections."""
    data = open_store(f"{root}/store.zarr", chunks={"time": 4}).data
    with ProcessPoolExecutor(4, multiprocessing.get_context("fork")) as pool:
        assert data.sum(dtype="f8").compute(scheduler="processes", pool=pool) == VALUES.sum(dtype="f8")


if __name__ == "__main__":
    write(Path(sys.argv[2]))
    for step in (read_shards, read_from_a_failing_backend, read_table, read_in_processes):
        step(sys.argv[1])
