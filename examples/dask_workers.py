# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false, reportPrivateImportUsage=false
"""
Dask reads a zarr store and a table from a collection, in worker processes that find their credentials by themselves.

Usage: GLOBUS_ASYNC_CLIENT_ID=... GLOBUS_ASYNC_CLIENT_SECRET=... python examples/dask_workers.py COLLECTION_ID [WORKERS]

Needs globus-async[fsspec], dask[array,dataframe], pyarrow, xarray and zarr. Reads what climate.py and tables.py have
written. What dask sends to its workers has the names of credentials, never a token: each worker reads the environment,
or the storage that ``storage_options`` names.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import dask
import dask.dataframe as dd
import xarray as xr


def main(collection_id: str, workers: int = 4) -> None:
    """Compute the mean of each day from the store, and the mean of each station from the table."""
    url = f"globus://{collection_id}"
    data = xr.open_zarr(f"{url}/climate/daily.zarr", chunks={"time": 10}, consolidated=False)
    table = dd.read_parquet(f"{url}/tables/by_station", columns=["celsius"])
    # new processes, which inherit no connections; both computations use them
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    with pool, dask.config.set(scheduler="processes", pool=pool):
        daily = data["celsius"].mean(("latitude", "longitude")).compute()
        hourly = table["celsius"].mean().compute()
    print(f"{daily.sizes['time']} days, from {float(daily.min()):.2f} to {float(daily.max()):.2f} degrees")
    print(f"all stations: {hourly:.2f} degrees")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
