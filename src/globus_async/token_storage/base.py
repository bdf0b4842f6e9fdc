"""The interface of token storages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from .._concurrency.loop_locks import LoopLocks
from ..clock import SystemClock
from ..errors.arguments import check_clock, check_text
from ..porting import AsyncContextOnly, PortedStorage
from .lease import Lease, LocalLeases
from .token_data import TokenResponse, TokenStorageData, token_data_of

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("TokenStorage", "identity_of")


class TokenStorage(PortedStorage, AsyncContextOnly, ABC):
    """
    Holds the tokens of one login, by resource server; several logins have a namespace each.

    A subclass defines the three abstract methods. If several processes share its tokens, it also defines
    `compare_and_set` and `lease`: those of this class protect the tasks of one event loop from each other.

    Args:
        namespace: The name of the login; objects with different namespaces do not see each other's tokens.
        clock: The clock by which leases end; the default is the system's.

    Attributes:
        namespace: The name of the login.

    **Differs from globus-sdk:** the methods are coroutines, and an object may serve any number of apps: it holds no
    decoder of id_tokens. `compare_and_set` and `lease` are new.
    """

    def __init__(self, namespace: str = "DEFAULT", *, clock: Clock | None = None) -> None:
        check_text("namespace", namespace)
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        self.namespace = namespace
        self._clock = clock
        self._leases = LocalLeases(clock)
        self._writing = LoopLocks()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close what the storage has opened; idempotent. The next call opens it again."""

    @abstractmethod
    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """
        Add or replace tokens: all of them, or none if it fails.

        Args:
            token_data_by_resource_server: The tokens, by resource server.

        Raises:
            TokenStorageError: The storage cannot be used.
        """

    @abstractmethod
    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """
        Return all tokens, by resource server.

        Raises:
            TokenStorageError: The storage cannot be used.
        """

    @abstractmethod
    async def remove_token_data(self, resource_server: str) -> bool:
        """
        Remove the tokens for a resource server; return whether there were any.

        Raises:
            TokenStorageError: The storage cannot be used.
        """

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """
        Return the tokens for a resource server; ``None`` if there are none.

        Raises:
            TokenStorageError: The storage cannot be used.
        """
        return (await self.get_token_data_by_resource_server()).get(resource_server)

    async def store_token_response(self, token_response: TokenResponse) -> None:
        """
        Store the tokens of a response, with the identity that its id_token proves.

        Args:
            token_response: A response of Globus Auth, such as that of a login.

        Raises:
            IdTokenError: The id_token is invalid; nothing was stored.
            TokenStorageError: The storage cannot be used.
        """
        identity_id = await identity_of(token_response)
        await self.store_token_data_by_resource_server(token_data_of(token_response, identity_id))

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """
        Replace the tokens for a resource server if they are still those that were read.

        So a task that was paused does not overwrite the tokens that another one has stored in the meantime.

        Args:
            old: The tokens that were read; ``None`` if there were none.
            new: The tokens to store, for the same resource server.

        Returns:
            Whether they were stored.

        Raises:
            TokenStorageError: The storage cannot be used.
        """
        async with self._writing.of("tokens"):
            if await self.get_token_data(new.resource_server) != old:
                return False
            await self.store_token_data_by_resource_server({new.resource_server: new})
            return True

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other holder has the lease of this name, for a limited time.

        Entering it waits until the lease is released, its time has run out, or its holder has died.

        Args:
            name: What the lease is for, such as the name of a resource server.
            seconds: How long it is held at most.

        Example:
            >>> async with storage.lease("transfer.api.globus.org", seconds=60) as lease:
            ...     data = await storage.get_token_data("transfer.api.globus.org")
            ...     lease.check()
        """
        return self._leases.lease(name, seconds)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled; pass on its arguments instead")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, namespace {getattr(self, 'namespace', 'unknown')!r}>"


async def identity_of(token_response: Any) -> str | None:
    """Return the identity that the id_token of a response proves; ``None`` if the response has none."""
    get = getattr(token_response, "get", None)
    if get is None or not hasattr(token_response, "decode_id_token") or get("id_token") is None:
        return None
    claims = await token_response.decode_id_token()
    return str(claims["sub"])
