"""Tokens in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from .base import TokenStorage

if TYPE_CHECKING:
    from uuid import UUID

    from ..clock import Clock
    from .token_data import TokenStorageData

__all__ = ("MemoryTokenStorage",)


class MemoryTokenStorage(TokenStorage):
    """
    Holds tokens in memory: they end with the process.

    Args:
        namespace: The name of the login.
        clock: The clock by which leases end; the default is the system's.

    Example:
        >>> storage = MemoryTokenStorage()
        >>> await storage.store_token_response(tokens)
        >>> data = await storage.get_token_data("transfer.api.globus.org")
        >>> data.token_type
        'Bearer'
    """

    def __init__(self, namespace: str = "DEFAULT", *, clock: Clock | None = None) -> None:
        super().__init__(namespace, clock=clock)
        self._data: dict[str, TokenStorageData] = {}

    @classmethod
    def for_globus_app(cls, *, app_name: str, config: object, client_id: UUID | str, namespace: str) -> Self:  # noqa: ARG003
        """
        Create the storage of an app.

        Args:
            app_name: The name of the app; not used.
            config: The settings of the app; not used.
            client_id: The client of the app; not used.
            namespace: The name of the login.
        """
        return cls(namespace)

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """Add or replace tokens."""
        self._data.update(token_data_by_resource_server)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Return all tokens, by resource server."""
        return dict(self._data)

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server; return whether there were any."""
        return self._data.pop(resource_server, None) is not None
