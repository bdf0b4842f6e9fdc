# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
"""
A table on a collection: written by pandas, read in parts by pandas and pyarrow.

Usage: GLOBUS_ASYNC_CLIENT_ID=... GLOBUS_ASYNC_CLIENT_SECRET=... python examples/tables.py COLLECTION_ID [/folder]

Needs globus-async[fsspec], pandas and pyarrow.
"""

from __future__ import annotations

import sys

import fsspec
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds


def measurements(stations: int = 4, hours: int = 24 * 90) -> pd.DataFrame:
    """Make up the temperatures of some stations, one per hour."""
    noise = np.random.default_rng(7)
    time = pd.date_range("2026-01-01", periods=hours, freq="h")
    day = np.sin(2 * np.pi * (time.hour - 9) / 24)
    parts = [
        pd.DataFrame(
            {
                "station": f"S{number}",
                "time": time,
                "celsius": 10 + 3 * number + 5 * day + noise.normal(size=hours),
                "humidity": noise.uniform(30, 90, size=hours),
            }
        )
        for number in range(stations)
    ]
    return pd.concat(parts, ignore_index=True)


def main(collection_id: str, folder: str = "/tables") -> None:
    """Write the table as one file and as a directory of files, and read parts of both."""
    url = f"globus://{collection_id}{folder}"

    # one file: what was under its name before stays until the new file is complete
    measurements().to_parquet(f"{url}/hourly.parquet", index=False)
    celsius = pd.read_parquet(f"{url}/hourly.parquet", columns=["station", "celsius"])
    print(celsius.groupby("station")["celsius"].mean().round(1).to_string())

    # a directory with a file for each station: a filter on the station reads only that file
    measurements().to_parquet(f"{url}/by_station", partition_cols=["station"], index=False)
    fs, path = fsspec.url_to_fs(f"{url}/by_station")
    dataset = ds.dataset(path, filesystem=fs, format="parquet", partitioning="hive")
    warm = dataset.to_table(
        columns=["time", "celsius"], filter=(pc.field("station") == "S3") & (pc.field("celsius") > 25)
    )
    print(f"S3 was above 25 degrees in {warm.num_rows} hours")

    # text formats work as well
    summary = celsius.groupby("station").describe()
    summary.to_csv(f"{url}/summary.csv.gz")
    for found in fs.find(path.rpartition("/")[0], detail=True).values():
        print(f"{found['size']:>9,} {found['name'].partition('/')[2]}")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
