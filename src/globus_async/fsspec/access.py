"""What all operations need: the paths, the event loop, and the clients of a collection."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors.arguments import check_type, check_whole
from .paths import PROTOCOL, GlobusPath, parent_of, split_path, strip_protocol
from .recipe import Recipe
from .sessions import Sessions
from .untyped import AsyncFileSystem, get_loop

if TYPE_CHECKING:
    from ..services.transfer import TransferClient
    from .collection_files import CollectionFiles

__all__ = ("CollectionAccess",)

_EXPIRY_SECONDS: Final = 60.0
_CACHE_BYTES: Final = 128 << 20


class CollectionAccess(AsyncFileSystem):
    """The paths, the event loop and the clients; see `GlobusFileSystem`."""

    protocol: ClassVar[str] = PROTOCOL
    root_marker: ClassVar[str] = ""
    _pid: int
    _loop: asyncio.AbstractEventLoop | None

    def __init__(
        self,
        *,
        client_id: str | None = None,
        token_storage: str | os.PathLike[str] | None = None,
        namespace: str = "DEFAULT",
        environment: str | None = None,
        anonymous: bool = False,
        https_servers: Mapping[str, str] | None = None,
        cache_bytes: int = _CACHE_BYTES,
        block_size: int | None = None,
        cache_type: str | None = None,
        asynchronous: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        batch_size: int | None = None,
        use_listings_cache: bool = True,
        listings_expiry_time: float | None = _EXPIRY_SECONDS,
        max_paths: int | None = None,
    ) -> None:
        if self._cached:
            return
        check_whole("cache_bytes", cache_bytes, minimum=0)
        check_type("https_servers", https_servers, Mapping | None, "a mapping of collection ids to addresses")
        super().__init__(
            asynchronous=asynchronous,
            loop=loop,
            batch_size=batch_size,
            use_listings_cache=use_listings_cache,
            listings_expiry_time=listings_expiry_time,
            max_paths=max_paths,
        )
        self.recipe: Recipe = Recipe(
            client_id=None if client_id is None else str(client_id),
            token_storage=None if token_storage is None else os.fspath(token_storage),
            namespace=namespace,
            environment=environment,
            anonymous=anonymous,
        )
        addresses = {str(key).lower(): value for key, value in (https_servers or {}).items()}
        self._sessions = Sessions(self.recipe, addresses, cache_bytes)
        self._block_size = block_size
        self._cache_type = cache_type

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'recipe', '')}>"

    @property
    def fsid(self) -> str:
        """The name of the file system: paths have the collection."""
        return PROTOCOL

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of the methods that are no coroutines; after a fork that of the child process."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            if not self.asynchronous:
                self._loop = get_loop()
        return self._loop

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(part) for part in path]
        return strip_protocol(path)

    @classmethod
    def _parent(cls, path: str) -> str:
        return parent_of(strip_protocol(path))

    def split_path(self, path: str) -> GlobusPath:
        """
        Return the collection of a path, and the path on it.

        Raises:
            GlobusSDKUsageError: It does not begin with the id of a collection, or has segments such as ``..``.
        """
        return split_path(path)

    async def transfer_client(self) -> TransferClient:
        """Return the client of Globus Transfer for the running event loop."""
        return (await self._sessions.here()).transfer

    async def files_client(self, collection_id: str) -> CollectionFiles:
        """
        Return the client of the files of a collection for the running event loop.

        Raises:
            OSError: The collection has no HTTPS server.
        """
        return await (await self._sessions.here()).files(collection_id)

    def invalidate_cache(self, path: str | None = None) -> None:
        """
        Discard what is known of a path, its directory, and all below it.

        Args:
            path: The path; ``None`` for all.
        """
        path = None if path is None else strip_protocol(path)
        self._sessions.writes.add(path)
        if path is None:
            self.dircache.clear()
        else:
            for known in [*self.dircache]:
                if known in {path, parent_of(path)} or known.startswith(f"{path}/"):
                    self.dircache.pop(known, None)
        self._sessions.discard(path)
        super().invalidate_cache(path)
