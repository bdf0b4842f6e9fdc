# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
"""
Maps from a collection: the cells of this file run in Jupyter and in editors that know ``# %%``.

Usage: GLOBUS_ASYNC_CLIENT_ID=... GLOBUS_ASYNC_CLIENT_SECRET=... python examples/plot_collection.py ID [PICTURE.png]

As a program it writes the picture. Needs globus-async[fsspec], matplotlib, xarray and zarr, and the store that
climate.py has written on the collection with this id.
"""

# %%
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

mpl.rcParams["date.converter"] = "concise"
if "ipykernel" not in sys.modules:
    mpl.use("agg")  # without a screen

COLLECTION = sys.argv[1] if len(sys.argv) > 1 else "00000000-0000-0000-0000-000000000000"
PICTURE = sys.argv[2] if len(sys.argv) > 2 else "temperatures.png"

# %% [markdown]
# Opening the store reads its metadata only. Each selection then reads the chunks that it needs.

# %%
data = xr.open_zarr(f"globus://{COLLECTION}/climate/daily.zarr", chunks=None, consolidated=False)
celsius = data["celsius"]
first, last = celsius.isel(time=0), celsius.isel(time=-1)

# %% [markdown]
# The first and the last day on one scale, and the means of the zones on all days.

# %%
figure, (left, right, means) = plt.subplots(1, 3, figsize=(14, 4), width_ratios=(1, 1, 0.9), layout="constrained")
scale, colors = Normalize(float(celsius.min()), float(celsius.max())), "RdYlBu_r"
for axes, day in ((left, first), (right, last)):
    axes.pcolormesh(day["longitude"], day["latitude"], day, norm=scale, cmap=colors)
    axes.set(title=str(day["time"].values)[:10], xlabel="Longitude (°)")
left.set_ylabel("Latitude (°)")
figure.colorbar(ScalarMappable(scale, colors), ax=(left, right), label="Temperature (°C)")

zones = {"60° to 90° N": slice(60, 90), "Tropics": slice(-23, 23), "60° to 90° S": slice(-90, -60)}
for name, latitudes in zones.items():
    mean = celsius.sel(latitude=latitudes).mean(("latitude", "longitude"))
    means.plot(mean["time"], mean, label=name)
means.set(title="Mean of each day", ylabel="Temperature (°C)", ylim=(None, 38))
means.legend(frameon=False, ncols=3, loc="upper center", fontsize="small")

# %%
figure.savefig(PICTURE, dpi=110)
print(f"wrote {PICTURE}")
