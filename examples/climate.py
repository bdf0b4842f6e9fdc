# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
"""
A data set on a collection: xarray writes it as a zarr store with shards, and reads the part that a question needs.

Usage: GLOBUS_ASYNC_CLIENT_ID=... GLOBUS_ASYNC_CLIENT_SECRET=... python examples/climate.py COLLECTION_ID [/folder]

Needs globus-async[fsspec], xarray and zarr.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import xarray as xr


def temperatures(days: int = 60) -> xr.Dataset:
    """Make up daily temperatures on a coarse grid of the Earth."""
    noise = np.random.default_rng(1)
    time = pd.date_range("2026-01-01", periods=days)
    latitude, longitude = np.arange(-88.0, 89.0, 4), np.arange(0.0, 360.0, 5)
    season = np.cos(2 * np.pi * (np.arange(days) - 15) / 365)[:, None, None]
    zone = np.deg2rad(latitude)[None, :, None]
    celsius = (
        30 * np.cos(zone) ** 2 - 15 * season * np.sin(zone) + noise.normal(size=(days, latitude.size, longitude.size))
    )
    coordinates = {"time": time, "latitude": latitude, "longitude": longitude}
    return xr.Dataset({"celsius": (("time", "latitude", "longitude"), celsius.astype("float32"))}, coords=coordinates)


def main(collection_id: str, folder: str = "/climate") -> None:
    """Write the store, and read one place and one day of it."""
    url = f"globus://{collection_id}{folder}/daily.zarr"

    # a shard is one file of many chunks: few files to write and to list, and small parts to read
    layout = {"celsius": {"chunks": (10, 15, 24), "shards": (30, 45, 72)}}
    temperatures().to_zarr(url, mode="w", zarr_format=3, consolidated=False, encoding=layout)

    data = xr.open_zarr(url, chunks=None, consolidated=False)
    print(dict(data.sizes))
    place = data["celsius"].sel(latitude=52, longitude=15, method="nearest")
    print(f"one place, {place.sizes['time']} days: {float(place.min()):.1f} to {float(place.max()):.1f} degrees")
    day = data["celsius"].sel(time="2026-02-01")
    weights = np.cos(np.deg2rad(data["latitude"]))
    print(f"one day, the whole Earth: {float(day.weighted(weights).mean()):.1f} degrees")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(*sys.argv[1:])
