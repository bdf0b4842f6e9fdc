"""Requests to the HTTPS server of one collection: its address, its scopes, and the limit of connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...client import BaseClient
from ...errors.arguments import check_text, check_whole
from ...scopes import GCSCollectionScopes, Scope
from .errors import error_kinds

if TYPE_CHECKING:
    from ..._http.path import FilledPath
    from ..._http.stream_body import StreamBody
    from ...authorizers import GlobusAuthorizer
    from ...client.app import App
    from ...errors import ErrorKinds
    from ...transport import RateLimit, RetryPolicy, StreamedResponse, Transport

__all__ = ("MAX_CONNECTIONS", "FileRequests")

MAX_CONNECTIONS: Final = 16
"""Dozens of connections exhaust the workers of a server, which then responds to no client for minutes."""

_NO_REDIRECT: Final = {"X-Requested-With": "XMLHttpRequest"}
"""Makes servers refuse a bad token with 401 or 403, instead of a redirect to a login page."""


class _OfInstances:
    """An attribute of clients that their class does not have, since it depends on the collection."""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, client: FileRequests | None, cls: type) -> Any:
        if client is None:
            raise AttributeError(
                f"{cls.__name__} has no {self._name!r}: it depends on the collection; use that of a client,"
                f" {cls.__name__}(collection_id, collection_address).{self._name}",
                name=self._name,
                obj=cls,
            )
        return vars(client)[f"_collection_{self._name}"]


class FileRequests(BaseClient):
    """Requests to the HTTPS server of one collection; see `GCSCollectionClient`."""

    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    if TYPE_CHECKING:
        scopes: GCSCollectionScopes  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]
        resource_server: str  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]
    else:
        scopes = _OfInstances()
        resource_server = _OfInstances()

    def __init__(
        self,
        collection_id: UUID | str,
        collection_address: str,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        app: App | None = None,
        app_scopes: Iterable[Scope] | None = None,
        authorizer: GlobusAuthorizer | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.collection_id: str = uuid_text("collection_id", collection_id).lower()
        self._collection_scopes = GCSCollectionScopes(self.collection_id)
        self._collection_resource_server = self.collection_id
        check_text("collection_address", collection_address)
        check_whole("max_connections", max_connections)
        self._connections = asyncio.Semaphore(max_connections)
        address = collection_address if "://" in collection_address else f"https://{collection_address}"
        super().__init__(
            authorizer,
            app=app,
            app_scopes=app_scopes,
            environment=environment,
            base_url=address if base_url is None else base_url,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: access to the collection over HTTPS."""
        return [self.scopes.https]

    @asynccontextmanager
    async def _opened(
        self,
        method: str,
        path: FilledPath,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | StreamBody | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Make a request when a connection is free; yield its response, whose body is being received."""
        fields = {**_NO_REDIRECT, **(headers or {})}
        async with self._connections, self.stream(method, path, headers=fields, content=content) as response:
            yield response
