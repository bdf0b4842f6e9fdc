"""The file system of Globus collections, for fsspec."""

from __future__ import annotations

from typing import Any

from .copying import CopyMethods
from .getting import GetMethods
from .read_file import AsyncReadFile, ReadFile
from .reading import ReadMethods
from .untyped import run

__all__ = ("GlobusFileSystem",)


class GlobusFileSystem(ReadMethods, GetMethods, CopyMethods):
    """
    The files of Globus collections for fsspec, and so for pandas, xarray, zarr, dask and pyarrow.

    A path is ``globus://<collection id>/<path>``, from the root of the collection; each character means itself, so that
    ``%20`` is no blank. Listings are those of Globus Transfer; files are read and written over HTTPS.

    An instance works without an event loop and, with ``asynchronous=True``, in coroutines; in any number of event
    loops, threads and processes, each of which makes connections of its own. Equal arguments make one instance. The
    arguments, which pickles and JSON contain, name where the credentials are: in ``token_storage``, else in the
    environment variables that `EnvironmentCredentials` reads. None of them asks a person to log in.

    Errors are those of the operating system, such as `FileNotFoundError` and `PermissionError`, with the `GlobusError`
    as their ``__cause__``. Only a file that the storage reports as missing is a `FileNotFoundError`.

    Args:
        client_id: The native app that the stored tokens were issued to; with it they are refreshed.
        token_storage: The file of the tokens: a SQLite database if it ends with ``.db``, else JSON.
        namespace: The name of the login in it.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        anonymous: Read files without credentials, as public collections allow. Listings and times need credentials
            always; without them, ``https_servers`` must have the address of the collection.
        https_servers: The addresses of HTTPS servers by collection id; that of any other collection is requested once.
        cache_bytes: The number of bytes of files that are kept in memory, for readers that want them part by part.
        block_size: The number of bytes that `open` reads at a time, if it is not given there.
        cache_type: The cache of open files, if it is not given there.
        asynchronous: Whether the methods are awaited in an event loop of the caller.
        loop: The event loop for the methods that are no coroutines, instead of fsspec's.
        batch_size: The number of files that methods for many files treat at a time.
        use_listings_cache: Whether listings are cached.
        listings_expiry_time: Seconds for which a listing is cached.
        max_paths: Maximum number of listings that are cached.

    Example:
        >>> fs = GlobusFileSystem(asynchronous=True)
        >>> fs.split_path("globus://ddb59aef-6d04-11e5-ba46-22000b92c6ec/project/data.csv")
        GlobusPath(collection_id='ddb59aef-6d04-11e5-ba46-22000b92c6ec', path='/project/data.csv')

    **Differs from globus-sdk:** is new.
    """

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        cache_type: str | None = None,
        **kwargs: Any,
    ) -> Any:
        if mode != "rb":
            return self.open_writer(path, mode, block_size=block_size, autocommit=autocommit)
        block_size = self._block_size if block_size is None else block_size
        file = run(self.loop, self.open_version, path)
        return ReadFile(
            self,
            path,
            file,
            block_size=block_size,
            cache_type=self._cache_type if cache_type is None else cache_type,
            cache_options=cache_options,
        )

    async def open_async(self, path: str, mode: str = "rb", block_size: int | None = None, **kwargs: Any) -> Any:
        """
        Open a file in an event loop.

        Args:
            path: The path.
            mode: ``"rb"`` to read, ``"wb"`` to write, ``"xb"`` to write a file that does not exist.
            block_size: Parts of this size and more are read exactly.
            **kwargs: Not used for reading.

        Raises:
            ValueError: A compression, which is for `open` only.
        """
        if kwargs.get("compression") is not None:
            raise ValueError("open_async has no compression: open reads and writes compressed files")
        if mode != "rb":
            return await self.open_async_writer(path, mode, block_size=block_size)
        return AsyncReadFile(
            self,
            path,
            await self.open_version(path),
            block_size=self._block_size if block_size is None else block_size,
        )
