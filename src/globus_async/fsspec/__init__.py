"""
Files of Globus collections for pandas, xarray, zarr, dask and pyarrow; requires the extra ``globus-async[fsspec]``.

`GlobusFileSystem` is registered for URLs of the form ``globus://<collection id>/<path>``.
"""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .filesystem import GlobusFileSystem
    from .paths import GlobusPath

__all__ = ("GlobusFileSystem", "GlobusPath")

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__, {"filesystem": ("GlobusFileSystem",), "paths": ("GlobusPath",)}, extra="fsspec"
    )
